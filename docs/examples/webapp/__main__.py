"""Run the app: ``make example``, or ``python -m webapp`` in the folder ``docs/examples``.

With ``REDIS_URL`` it uses that server, otherwise a private one that ends with it. ``PORT`` is 8000 by default.
"""

import contextlib
import os
import socket

import uvicorn
from starlette.applications import Starlette

from redis_aio.testing import RedisServer

from .app import create_app, end_streams


class Server(uvicorn.Server):
    """Ends the streams of events when it is told to end, and then waits for the other requests."""

    def __init__(self, app: Starlette, port: int) -> None:
        super().__init__(
            uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=5)
        )
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End."""
        await end_streams(self._app)
        await super().shutdown(sockets)


def main() -> None:
    """Serve until Ctrl-C."""
    with contextlib.ExitStack() as stack:
        url = os.environ.get("REDIS_URL") or stack.enter_context(RedisServer()).url
        port = int(os.environ.get("PORT", "8000"))
        print(f"Open http://127.0.0.1:{port}/ (Ctrl-C ends it)", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            Server(create_app(url), port).run()


if __name__ == "__main__":
    main()
