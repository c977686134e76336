"""The process behind :mod:`tests.support.proxy`: a TCP proxy that misbehaves on request.

It runs outside the client's event loop, so it neither hides the client's stalls nor causes any. Started as a program it
prints ``<data port> <control port>`` and lives until its standard input ends, so it cannot outlive the tests.

Control: one connection per request, one JSON object each way. A request that waits for something is answered late.
"""

import asyncio
import base64
import contextlib
import json
import socket
import struct
import sys
import time
from collections.abc import Coroutine
from typing import Any

from tests.support.proxy_flow import Flow, Rules

DIRECTIONS = ("up", "down")


def _close(sock: socket.socket, *, rst: bool) -> None:
    """Close with FIN, or with RST: linger for no time at all."""
    if sock.fileno() < 0:
        return
    loop = asyncio.get_running_loop()
    loop.remove_reader(sock.fileno())  # or the next socket of this number would inherit the registration
    loop.remove_writer(sock.fileno())
    with contextlib.suppress(OSError):
        if rst:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            sock.shutdown(socket.SHUT_RDWR)
    sock.close()


class Link:
    """One client connection and the one to the target that belongs to it."""

    def __init__(self, proxy: "Proxy", number: int, client: socket.socket, rules: dict[str, Rules]) -> None:
        self.proxy = proxy
        self.number = number
        self.client = client
        self.target = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.rules = rules
        self.opened = time.monotonic()
        self.closed: float | None = None
        self.reason = ""
        self.ended: dict[str, float | None] = {"up": None, "down": None}
        self.flows: dict[str, Flow] = {
            "up": Flow(self, "up", client, self.target, rules["up"]),
            "down": Flow(self, "down", self.target, client, rules["down"]),
        }
        self.tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        for sock in (self.client, self.target):
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.proxy.shrink(self.target)
        for rules in self.rules.values():
            if rules.cut_after == 0:
                self.close("cut", rst=rules.how == "rst")
                return
        try:
            await loop.sock_connect(self.target, self.proxy.target)
        except OSError:
            self.close("the target refused", rst=True)
            return
        coroutines: list[Coroutine[Any, Any, None]] = []
        for flow in self.flows.values():
            coroutines += [flow.read(), flow.write()]
        self.tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]

    def apply(self, direction: str, changes: dict[str, Any]) -> None:
        """Change the rules of a direction, and do what is to be done at once."""
        changes = dict(changes)
        flow = self.flows[direction]
        if (injected := changes.pop("inject", None)) is not None:
            flow.inject(base64.b64decode(injected))
        if changes.pop("half_close", False):
            flow.half_close()
        flow.rules.update(changes)
        if flow.rules.cut_after == 0:
            self.close("cut", rst=flow.rules.how == "rst")
        flow.changed()

    def notify(self) -> None:
        self.proxy.notify()

    def fired(self) -> None:
        self.proxy.fired += 1

    def flow_ended(self) -> None:
        if all(flow.eof for flow in self.flows.values()):
            self.close("both sides ended", rst=False)

    def close(self, reason: str, *, rst: bool) -> None:
        if self.closed is not None:
            return
        self.closed, self.reason = time.monotonic(), reason
        for task in self.tasks:
            if task is not asyncio.current_task():
                task.cancel()
        for sock in (self.client, self.target):
            _close(sock, rst=rst)
        self.notify()

    def describe(self) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "number": self.number,
            "opened": self.opened,
            "closed": self.closed,
            "reason": self.reason,
            "client_ended": self.ended["up"],
            "target_ended": self.ended["down"],
        }
        for name, flow in self.flows.items():
            entry[name] = {"received": flow.received, "forwarded": flow.forwarded}
        return entry


class Proxy:
    """The listener, its links and the control requests."""

    def __init__(self, target: tuple[str, int], buffer: int) -> None:
        self.target = self.first_target = target
        self.buffer = buffer
        self.port = 0
        self.fired = 0
        self.links: list[Link] = []
        self.defaults = {name: Rules() for name in DIRECTIONS}
        self.planned: dict[int, list[tuple[str, dict[str, Any]]]] = {}
        self.news = asyncio.Event()
        self.listener: socket.socket | None = None
        self.accepting: asyncio.Task[None] | None = None

    def notify(self) -> None:
        self.news.set()
        self.news = asyncio.Event()

    def shrink(self, sock: socket.socket) -> None:
        if self.buffer:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.buffer)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self.buffer)

    def listen(self, port: int) -> int:
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.shrink(self.listener)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(1024)
        self.listener.setblocking(False)
        self.accepting = asyncio.create_task(self._accept(self.listener))
        self.port = int(self.listener.getsockname()[1])
        return self.port

    def refuse(self) -> None:
        """Stop listening, so that the kernel refuses; existing connections go on."""
        if self.accepting is not None and self.listener is not None:
            self.accepting.cancel()
            _close(self.listener, rst=False)
            self.listener = None

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            client, _ = await loop.sock_accept(listener)
            number = len(self.links) + 1
            link = Link(self, number, client, {name: rules.copy() for name, rules in self.defaults.items()})
            self.links.append(link)
            for direction, changes in self.planned.pop(number, []):
                link.rules[direction].update(changes)
            link.tasks.append(asyncio.create_task(link.run()))
            self.notify()

    def _chosen(self, request: dict[str, Any]) -> list[Link]:
        number = request.get("connection")
        links = self.links if number is None else [self.links[number - 1]]
        return [link for link in links if link.closed is None]

    def _directions(self, request: dict[str, Any]) -> tuple[str, ...]:
        direction = request.get("direction", "both")
        return DIRECTIONS if direction == "both" else (direction,)

    def set(self, request: dict[str, Any]) -> dict[str, Any]:
        """Change rules: of one connection, or of all there are and (unless ``existing_only``) of all to come."""
        links = self._chosen(request)
        rules = request["rules"]
        for name in self._directions(request):
            if request.get("connection") is None and not request.get("existing_only"):
                self.defaults[name].update({k: v for k, v in rules.items() if k not in ("inject", "half_close")})
            for link in links:
                if link.closed is None:
                    link.apply(name, rules)
        return {"links": len(links)}

    def plan(self, request: dict[str, Any]) -> dict[str, Any]:
        """Give the n-th connection from now its own rules."""
        number = len(self.links) + request["nth"]
        for name in self._directions(request):
            self.planned.setdefault(number, []).append((name, request["rules"]))
        return {"number": number}

    def kill(self, request: dict[str, Any]) -> dict[str, Any]:
        links = self._chosen(request)
        for link in links:
            link.close("killed", rst=request["how"] == "rst")
        return {"links": len(links)}

    def recorded(self, request: dict[str, Any]) -> dict[str, Any]:
        flow = self.links[request["connection"] - 1].flows[request["direction"]]
        return {"data": base64.b64encode(bytes(flow.record)).decode()}

    def total(self, direction: str, what: str, number: int | None) -> int:
        links = self.links if number is None else self.links[number - 1 : number]
        return sum(getattr(link.flows[direction], what) for link in links)

    async def wait(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer when a count is reached: of connections, open links, or bytes received or forwarded."""
        kind, least = request["what"], request["least"]
        while True:
            news = self.news
            if kind == "connections":
                reached = len(self.links) >= least
            elif kind == "fired":
                reached = self.fired >= least
            elif kind == "open":
                reached = sum(link.closed is None for link in self.links) == least
            else:
                reached = self.total(request["direction"], kind, request.get("connection")) >= least
            if reached:
                return {}
            await news.wait()

    def reset(self) -> None:
        """Be as new: no connections, no rules, the first target."""
        for link in self.links:
            link.close("reset", rst=True)
        self.links.clear()
        self.fired = 0
        self.planned.clear()
        self.defaults = {name: Rules() for name in DIRECTIONS}
        self.target = self.first_target
        if self.listener is None:
            self.listen(self.port)

    async def handle(self, request: dict[str, Any]) -> dict[str, Any]:
        operation = request["op"]
        if operation in ("set", "plan", "kill", "recorded"):
            return dict(getattr(self, operation)(request))
        if operation == "wait":
            return await self.wait(request)
        if operation == "clear":
            self.defaults = {name: Rules() for name in DIRECTIONS}
            self.planned.clear()
            for link in self._chosen({}):
                for flow in link.flows.values():
                    flow.rules = Rules()
                    flow.changed()
        elif operation == "retarget":
            self.target = (request["host"], request["port"])
        elif operation == "refuse":
            self.refuse()
        elif operation == "accept" and self.listener is None:
            self.listen(self.port)
        elif operation == "reset":
            self.reset()
        elif operation == "log":
            return {"links": [link.describe() for link in self.links]}
        return {}

    async def control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = json.loads(await reader.readline())
            try:
                answer = await self.handle(request)
            except Exception as error:  # the test must see what was wrong with its request
                answer = {"error": repr(error)}
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        except (ConnectionError, json.JSONDecodeError):
            pass  # the test gave up waiting
        finally:
            writer.close()


async def _main(host: str, port: int, buffer: int) -> None:
    proxy = Proxy((host, port), buffer)
    control = await asyncio.start_server(proxy.control, "127.0.0.1", 0, limit=1 << 24)
    print(proxy.listen(0), control.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
