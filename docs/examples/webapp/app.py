"""A message board: what a web app does with Redis, in one file that can be read at once.

* the client lives as long as the app: ``lifespan``
* posting stores a message and publishes it, in one transaction: ``post_message``
* browsers hear of it as server-sent events: ``events``
* many items are stored by one pipeline: ``put_items``
* a counter for each visitor, who is known by a cookie: ``visit``
* a health endpoint: ``health``
* spans of requests and commands, on the console and at ``/traces``: ``tracing.py``
"""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from weakref import WeakSet

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

import redis_aio as redis
from redis_aio.otel import instrument

from . import trace_page, tracing

HERE = Path(__file__).parent
#: Messages that are kept, and seconds that a session lasts.
KEPT = 50
SESSION = 3600
#: Seconds after which a silent stream of events says that it is still there; proxies close silent ones.
HEARTBEAT = 15.0


def create_app(url: str, *, console: bool = True) -> Starlette:
    """Return the app.

    Args:
        url: the server's, with the client's options.
        console: write finished spans to the console.
    """
    provider, traces = tracing.set_up(console=console)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with redis.from_url(url, decode_responses=True) as client:
            instrument(client, tracer_provider=provider)
            app.state.redis = client
            yield
        provider.shutdown()

    app = Starlette(
        routes=[
            Route("/", home),
            Route("/messages", messages),
            Route("/messages", post_message, methods=["POST"]),
            Route("/events", events),
            Route("/items", items),
            Route("/items", put_items, methods=["PUT"]),
            Route("/visit", visit, methods=["POST"]),
            Route("/health", health),
            Route("/traces", trace_list),
            Route("/traces/{trace_id}.svg", trace_picture),
        ],
        exception_handlers={redis.ConnectionError: unavailable, redis.TimeoutError: unavailable},
        lifespan=lifespan,
    )
    app.state.traces = traces
    app.state.streams = WeakSet()
    app.add_middleware(tracing.RequestSpans, provider=provider)
    return app


def db(request: Request) -> "redis.Redis[str]":
    """Return the client."""
    client: redis.Redis[str] = request.app.state.redis
    return client


async def sent(request: Request) -> Any:
    """Return the JSON that was sent.

    Raises:
        ValueError: it is none, or has text that is no Unicode (``"\\ud800"``): that could be stored, but not sent on.
    """
    given = await request.json()
    json.dumps(given, ensure_ascii=False).encode()
    return given


async def home(request: Request) -> Response:
    """Return the page that shows all this."""
    return FileResponse(HERE / "index.html")


async def unavailable(request: Request, error: Exception) -> Response:
    """Answer a request that needed Redis while it was away; what to do instead is up to each app."""
    return JSONResponse({"error": type(error).__name__}, status_code=503, headers={"Retry-After": "1"})


# -- the message board: a list, and pub/sub ---------------------------------------------------------------------------


async def messages(request: Request) -> Response:
    """Return the latest messages, the newest first."""
    return JSONResponse([json.loads(message) for message in await db(request).lrange("board", 0, KEPT - 1)])


async def post_message(request: Request) -> Response:
    """Store a message, drop the oldest, and tell everybody who listens: all of it or nothing."""
    try:
        text = str((await sent(request))["text"])[:500]
    except (ValueError, KeyError, TypeError):
        return JSONResponse({"error": 'send {"text": "..."}'}, status_code=400)
    message = {"text": text, "at": time.time()}
    line = json.dumps(message)
    async with db(request).pipeline(transaction=True) as pipe:
        pipe.lpush("board", line).ltrim("board", 0, KEPT - 1).publish("board", line)
        _, _, listeners = await pipe.execute()
    return JSONResponse({**message, "listeners": listeners}, status_code=201)


async def events(request: Request) -> Response:
    """Send each message to the browser as it is posted."""
    stream = board(db(request), request.app.state.streams)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def board(client: "redis.Redis[str]", streams: "WeakSet[redis.Messages[str]]") -> AsyncIterator[str]:
    """Yield server-sent events. All browsers of this process share one connection to Redis.

    When it ends, because Redis is away or the app ends, the browser asks again by itself.
    """
    with suppress(redis.ConnectionError, redis.TimeoutError, redis.PubSubError):
        async with client.subscribe("board") as subscription:
            streams.add(subscription)
            yield "event: ready\ndata: {}\n\n"
            while True:
                try:
                    message = await subscription.get(timeout=HEARTBEAT)
                except TimeoutError:
                    yield ": still there\n\n"
                    continue
                if isinstance(message, redis.Gap):
                    yield f"event: gap\ndata: {json.dumps(message.reason)}\n\n"  # the browser loads the list again
                else:
                    yield f"data: {message.data}\n\n"


async def end_streams(app: Starlette) -> None:
    """End all streams of events: browsers keep them open, and a server would wait for them for ever."""
    for subscription in list(app.state.streams):
        await subscription.aclose()


# -- many at once: a pipeline -----------------------------------------------------------------------------------------


async def items(request: Request) -> Response:
    """Return the items that ``?name=a&name=b`` names."""
    names = request.query_params.getlist("name")
    values = await db(request).mget([f"item:{name}" for name in names]) if names else []
    return JSONResponse(dict(zip(names, values, strict=True)))


async def put_items(request: Request) -> Response:
    """Store ``{"name": "value", ...}`` for an hour each: however many there are, it is one round trip."""
    try:
        given = {str(name): str(value) for name, value in (await sent(request)).items()}
    except (ValueError, AttributeError):
        return JSONResponse({"error": 'send {"name": "value", ...}'}, status_code=400)
    async with db(request).pipeline(transaction=False) as pipe:
        for name, value in given.items():
            pipe.set(f"item:{name}", value, ex=3600)
        stored = await pipe.execute(raise_on_error=False)
    failed = [name for name, result in zip(given, stored, strict=True) if isinstance(result, Exception)]
    return JSONResponse({"stored": len(given) - len(failed), "failed": failed}, status_code=207 if failed else 200)


# -- sessions ---------------------------------------------------------------------------------------------------------


async def visit(request: Request) -> Response:
    """Count the visit, and return all that the page needs to begin with.

    Three questions at the same time: they travel together, as all that is awaited at the same time does.
    """
    session = request.cookies.get("session", "")
    if not (len(session) == 32 and session.isalnum() and session.isascii()):
        session = secrets.token_hex(16)
    client = db(request)
    visits, latest, listeners = await asyncio.gather(
        count_visit(client, session), client.lrange("board", 0, KEPT - 1), client.pubsub_numsub("board")
    )
    messages = [json.loads(message) for message in latest]
    response = JSONResponse({"visits": visits, "messages": messages, "listeners": dict(listeners)["board"]})
    response.set_cookie("session", session, max_age=SESSION, httponly=True, samesite="lax")
    return response


async def count_visit(client: "redis.Redis[str]", session: str) -> int:
    """Count a visit of a session, which ends when nobody comes back for an hour."""
    async with client.pipeline(transaction=True) as pipe:
        pipe.hincrby(f"session:{session}", "visits", 1).expire(f"session:{session}", SESSION)
        visits, _ = await pipe.execute()
    return int(visits)


# -- looking on -------------------------------------------------------------------------------------------------------


async def health(request: Request) -> Response:
    """Say whether this process can serve: for load balancers."""
    found = await db(request).health(timeout=0.5)
    return JSONResponse(found.to_dict(), status_code=200 if found.ok else 503)


async def trace_list(request: Request) -> Response:
    """Show the latest requests, each with what it had Redis do."""
    return HTMLResponse(trace_page.page(request.app.state.traces.latest()))


async def trace_picture(request: Request) -> Response:
    """Show one request as a picture."""
    spans = request.app.state.traces.spans(request.path_params["trace_id"])
    if not spans:
        return JSONResponse({"error": "there is no such trace any more"}, status_code=404)
    return Response(trace_page.picture(spans), media_type="image/svg+xml")
