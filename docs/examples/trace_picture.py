"""Draw what two requests to the web app had Redis do, from a real run, into ``docs/guide/tracing-*.svg``.

Run it with ``python docs/examples/trace_picture.py [FOLDER]`` where the group ``example`` and a server are installed.
"""

import asyncio
import re
import sys
from pathlib import Path

import httpx
import uvicorn

sys.path.insert(0, str(Path(__file__).parent))

from webapp.app import create_app

from redis_aio.testing import RedisServer

GUIDE = Path(__file__).parents[1] / "guide"


async def pictures() -> dict[str, str]:
    """Start the app and a server, visit it twice, and return the pictures of these requests by their files' names."""
    async with RedisServer() as redis_server:
        config = uvicorn.Config(create_app(redis_server.url, console=False), port=0, log_level="warning")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110  # uvicorn tells by no event
            await asyncio.sleep(0.01)
        host, port = server.servers[0].sockets[0].getsockname()
        async with httpx.AsyncClient(base_url=f"http://{host}:{port}") as browser:
            await browser.post("/visit")
            await browser.post("/visit")
            second, first = re.findall(r'href="(/traces/\w+\.svg)"', (await browser.get("/traces")).text)
            drawn = {
                "tracing-first.svg": (await browser.get(first)).text,
                "tracing-example.svg": (await browser.get(second)).text,
            }
        server.should_exit = True
        await serving
    return drawn


def main() -> None:
    """Write the files."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else GUIDE
    for name, picture in asyncio.run(pictures()).items():
        (folder / name).write_text(picture + "\n")


if __name__ == "__main__":
    main()
