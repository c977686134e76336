"""Run the app: ``make example``, or ``python -m webapp`` in the folder ``docs/examples``.

With ``REDIS_URL`` it uses that server, otherwise a private one that ends with it. ``PORT`` is 8000 by default.
"""

import contextlib
import os

import uvicorn

from redis_aio.testing import RedisServer

from .app import create_app


def main() -> None:
    """Serve until Ctrl-C."""
    with contextlib.ExitStack() as stack:
        url = os.environ.get("REDIS_URL") or stack.enter_context(RedisServer()).url
        port = int(os.environ.get("PORT", "8000"))
        print(f"Open http://127.0.0.1:{port}/ (Ctrl-C ends it)", flush=True)
        # Browsers keep their streams of events open: they are not waited for longer than this at the end.
        uvicorn.run(create_app(url), host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=1)


if __name__ == "__main__":
    main()
