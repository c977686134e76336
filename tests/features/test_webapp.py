"""The web app of the docs, over real HTTP: in a process of its own, as ``make example`` starts it."""

import asyncio
import json
import os
import re
import signal
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from redis_aio.testing import RedisServer
from redis_aio.testing.ports import free_port
from tests.support.server import Program

pytestmark = pytest.mark.one_loop

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
SVG = "{http://www.w3.org/2000/svg}"


@dataclass
class App:
    """The running app: where it is, and what it writes."""

    url: str
    process: asyncio.subprocess.Process

    @property
    def output(self) -> asyncio.StreamReader:
        assert self.process.stdout is not None
        return self.process.stdout


@asynccontextmanager
async def running(redis_url: str | None) -> AsyncIterator[App]:
    """Start the app; end it as Ctrl-C would."""
    port = free_port("127.0.0.1")
    environment = {**os.environ, "PORT": str(port), "PYTHONPATH": str(EXAMPLES.parents[1]), "PYTHONUNBUFFERED": "1"}
    environment.pop("REDIS_URL", None)
    if redis_url is not None:
        environment["REDIS_URL"] = redis_url
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "webapp"),
        cwd=EXAMPLES,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        app = App(f"http://127.0.0.1:{port}", process)
        assert b"Open http://" in await asyncio.wait_for(app.output.readline(), 20)
        async with httpx.AsyncClient() as http, asyncio.timeout(20):
            while True:
                try:
                    await http.get(app.url)
                    break
                except httpx.ConnectError:
                    await asyncio.sleep(0.05)
        yield app
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        try:
            _, errors = await asyncio.wait_for(process.communicate(), 10)
        except BaseException:  # interrupted or too slow: the process does not outlive the test
            process.kill()
            await process.wait()
            raise
    assert not errors, errors.decode()


@pytest.fixture
async def app(server: RedisServer, clean: None) -> AsyncIterator[App]:
    async with running(server.url) as app:
        yield app


@pytest.fixture
async def http(app: App) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=app.url, timeout=10) as client:
        yield client


async def server_sent(lines: AsyncIterator[str]) -> dict[str, str]:
    """Return the next event of a stream."""
    event: dict[str, str] = {}
    async for line in lines:
        if not line and event:
            return event
        name, colon, value = line.partition(": ")
        if colon and name:
            event[name] = value
    raise AssertionError("the stream has ended")


async def test_messages_are_stored_and_sent_to_all_who_listen(http: httpx.AsyncClient) -> None:
    async with http.stream("GET", "/events") as first, http.stream("GET", "/events") as second, asyncio.timeout(10):
        assert first.headers["content-type"].startswith("text/event-stream")
        streams = [stream.aiter_lines() for stream in (first, second)]
        for lines in streams:
            assert await server_sent(lines) == {"event": "ready", "data": "{}"}
        answers = [await http.post("/messages", json={"text": f"message {number}"}) for number in range(3)]
        assert [answer.status_code for answer in answers] == [201] * 3
        assert answers[0].json()["listeners"] == 1, "all browsers of a process share a connection"
        for lines in streams:
            heard = [json.loads((await server_sent(lines))["data"])["text"] for _ in range(3)]
            assert heard == ["message 0", "message 1", "message 2"]
    kept = [message["text"] for message in (await http.get("/messages")).json()]
    assert kept == ["message 2", "message 1", "message 0"]


async def test_old_messages_are_dropped(http: httpx.AsyncClient, server: RedisServer) -> None:
    await asyncio.gather(*(http.post("/messages", json={"text": str(number)}) for number in range(60)))
    assert len((await http.get("/messages")).json()) == 50
    assert server.command("LLEN", "board") == 50


@pytest.mark.parametrize("body", [b"no json", b"[]", b'{"other": 1}', b"5", rb'{"text": "\ud800"}'])
async def test_a_message_that_makes_no_sense(http: httpx.AsyncClient, body: bytes) -> None:
    assert (await http.post("/messages", content=body)).status_code == 400
    assert (await http.get("/messages")).json() == [], "nothing is stored that cannot be sent on"


async def test_it_ends_at_once_though_browsers_listen(app: App, http: httpx.AsyncClient) -> None:
    async with http.stream("GET", "/events") as stream, asyncio.timeout(10):
        lines = stream.aiter_lines()
        await server_sent(lines)
        app.process.send_signal(signal.SIGINT)
        assert [line async for line in lines] == [], "the stream comes to its end"
    async with asyncio.timeout(2):
        await app.process.wait()


async def test_items_in_bulk(http: httpx.AsyncClient, server: RedisServer) -> None:
    given = {f"item-{number}": str(number) for number in range(500)}
    stored = await http.put("/items", json=given)
    assert (stored.status_code, stored.json()) == (200, {"stored": 500, "failed": []})
    found = await http.get("/items", params={"name": ["item-7", "item-499", "nothing"]})
    assert found.json() == {"item-7": "7", "item-499": "499", "nothing": None}
    ttl = server.command("TTL", "item:item-7")
    assert isinstance(ttl, int)
    assert 0 < ttl <= 3600
    for nonsense in (b"[]", rb'{"a": "\ud800"}'):
        assert (await http.put("/items", content=nonsense)).status_code == 400
    assert (await http.get("/traces")).text.count(">PIPELINE SET<") == 1, "one round trip"


async def test_sessions(app: App, http: httpx.AsyncClient, server: RedisServer) -> None:
    assert [(await http.post("/visit")).json()["visits"] for _ in range(3)] == [1, 2, 3]
    session = http.cookies["session"]
    ttl = server.command("TTL", f"session:{session}")
    assert isinstance(ttl, int)
    assert 0 < ttl <= 3600
    async with httpx.AsyncClient(base_url=app.url, cookies={"session": "board"}) as other:
        answer = await other.post("/visit")
        assert answer.json() == {"visits": 1, "messages": [], "listeners": 0}
        assert answer.cookies["session"] not in ("board", session)


async def test_the_page(http: httpx.AsyncClient) -> None:
    page = await http.get("/")
    assert page.status_code == 200
    assert "<title>Message board</title>" in page.text


async def test_health(http: httpx.AsyncClient, server: RedisServer) -> None:
    answer = await http.get("/health")
    assert answer.status_code == 200
    assert answer.json()["ok"] is True
    assert answer.json()["server"] == server.flavour


async def test_traces(app: App, http: httpx.AsyncClient) -> None:
    await http.post("/visit")
    caller = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    await http.post("/visit", headers={"traceparent": caller})
    await http.get("/health")
    page = (await http.get("/traces")).text
    assert "0af7651916cd43dd8448eb211c80319c" in page
    picture = await http.get("/traces/0af7651916cd43dd8448eb211c80319c.svg")
    assert picture.headers["content-type"] == "image/svg+xml"
    names = [text.text for text in ElementTree.fromstring(picture.text).iter(f"{SVG}text")][::2]
    assert names[0] == "POST /visit"
    assert sorted(filter(None, names[1:])) == ["LRANGE", "MULTI", "PUBSUB NUMSUB"]
    assert "PING" not in page, "commands outside of requests, and health checks, are not shown"
    assert (await http.get("/traces/0.svg")).status_code == 404
    async with asyncio.timeout(10):
        while True:  # the console has them too, in batches
            line = (await app.output.readline()).decode()
            if re.match(r"0af7651916cd43dd8448eb211c80319c   LRANGE [\d.]+ ms$", line):
                break


async def test_a_server_that_goes_away_and_comes_back(server_program: Program) -> None:
    async with (
        server_program.server() as own,
        running(own.url) as app,
        httpx.AsyncClient(base_url=app.url, timeout=10) as http,
        http.stream("GET", "/events") as stream,
        asyncio.timeout(20),
    ):
        lines = stream.aiter_lines()
        await server_sent(lines)
        own.kill()
        answer = await http.get("/messages")
        assert (answer.status_code, answer.json()) == (503, {"error": "ConnectionError"})
        assert (await http.get("/health")).status_code == 503
        own.restart()
        assert (await http.get("/messages")).json() == []
        assert (await http.get("/health")).status_code == 200
        assert await server_sent(lines) == {
            "event": "gap",
            "data": '"connection"',
        }  # the subscription came back by itself
        assert (await http.post("/messages", json={"text": "again"})).json()["listeners"] == 1
        assert json.loads((await server_sent(lines))["data"])["text"] == "again"


async def test_a_browser_that_comes_while_the_server_is_away(server_program: Program) -> None:
    with server_program.server() as own:
        async with running(own.url) as app, httpx.AsyncClient(base_url=app.url, timeout=10) as http:
            own.kill()
            answer = await http.get("/events")
            assert (answer.status_code, answer.text) == (200, ""), "so browsers ask again"


async def test_without_a_server_it_brings_its_own() -> None:
    async with running(None) as app, httpx.AsyncClient(base_url=app.url, timeout=10) as http:
        assert (await http.post("/messages", json={"text": "hello"})).status_code == 201
        assert [message["text"] for message in (await http.get("/messages")).json()] == ["hello"]


async def test_the_pictures_of_the_guide_can_be_drawn(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(EXAMPLES / "trace_picture.py"), str(tmp_path)),
        env={**os.environ, "PYTHONPATH": str(EXAMPLES.parents[1])},
    )
    assert await asyncio.wait_for(process.wait(), 30) == 0
    for name in ("tracing-first.svg", "tracing-example.svg"):
        drawn, shown = ((folder / name).read_text() for folder in (tmp_path, EXAMPLES.parent / "guide"))
        assert _names(drawn) == _names(shown), "draw it again: python docs/examples/trace_picture.py"


def _names(picture: str) -> list[str]:
    return sorted(text.text or "" for text in list(ElementTree.fromstring(picture).iter(f"{SVG}text"))[::2])
