"""Dialing: from an address to a connected transport, over TCP, TLS or a unix socket.

Host names are resolved without blocking the loop, and their addresses are tried with "happy eyeballs" (RFC 8305): a
dead first address costs a quarter of a second, not the whole timeout.
"""

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import anyio

from redis_aio._options import Options

AddressInfo = tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]]

#: Seconds until the next address is tried beside one that has not answered (RFC 8305, section 5).
HAPPY_EYEBALLS_DELAY = 0.25


async def open_transport(options: Options, factory: Callable[[], asyncio.Protocol]) -> socket.socket:
    """Connect the protocol that ``factory`` makes, and return the socket below its transport.

    Raises:
        OSError: the address cannot be resolved or reached, or TLS failed (``ssl.SSLError``).
    """
    loop = asyncio.get_running_loop()
    if options.unix_socket_path is not None:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.setblocking(False)
    else:
        sock = await _connect_tcp(options)
    try:
        if options.unix_socket_path is not None:
            await _connect(sock, options.unix_socket_path)
            await loop.create_unix_connection(
                factory, sock=sock, ssl=options.ssl_context, server_hostname=_server_hostname(options)
            )
        else:
            await loop.create_connection(
                factory, sock=sock, ssl=options.ssl_context, server_hostname=_server_hostname(options)
            )
    except BaseException:  # cancelled or failed: the socket must not outlive the attempt
        sock.close()
        raise
    return sock


def peer_of(sock: socket.socket) -> tuple[str, int] | None:
    """Return the address at the other end: host and port, or the path of a unix socket and 0."""
    try:
        name = sock.getpeername()
    except OSError:  # it is lost already
        return None
    return (name, 0) if isinstance(name, str) else (str(name[0]), int(name[1]))


def peer_has_gone(sock: socket.socket | None) -> bool:
    """Look, without reading, whether the peer has closed."""
    if sock is None:
        return False
    try:
        return sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except (BlockingIOError, InterruptedError):
        return False
    except OSError:
        return True


def _server_hostname(options: Options) -> str | None:
    if options.ssl_context is None:
        return None
    return options.server_hostname or options.host


async def _connect_tcp(options: Options) -> socket.socket:
    addresses = _interleaved(await _resolve(options))
    if len(addresses) == 1:
        return await _connect_one(addresses[0], options)
    return await _connect_first(addresses, options)


async def _resolve(options: Options) -> Sequence[AddressInfo]:
    with suppress(socket.gaierror):  # an IP address needs no resolver, and no thread to run one in
        return socket.getaddrinfo(options.host, options.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return await asyncio.get_running_loop().getaddrinfo(options.host, options.port, type=socket.SOCK_STREAM)


def _interleaved(found: Sequence[AddressInfo]) -> list[AddressInfo]:
    """Return the addresses with their families taking turns, the resolver's first choice first."""
    lines: dict[int, list[AddressInfo]] = {}
    for info in found:
        lines.setdefault(info[0], []).append(info)
    ordered: list[AddressInfo] = []
    for turn in range(max(map(len, lines.values()), default=0)):
        ordered.extend(line[turn] for line in lines.values() if turn < len(line))
    return ordered


async def _connect_first(addresses: list[AddressInfo], options: Options) -> socket.socket:
    """Return the first of the staggered attempts that succeeds; the others are cancelled and closed."""
    winners: list[socket.socket] = []
    errors: list[OSError] = []

    async def attempt(address: AddressInfo, failed: anyio.Event) -> None:
        try:
            winners.append(await _connect_one(address, options))
        except OSError as error:
            errors.append(error)
            failed.set()
        else:
            attempts.cancel_scope.cancel()

    try:
        async with anyio.create_task_group() as attempts:
            for address in addresses:
                failed = anyio.Event()
                attempts.start_soon(attempt, address, failed)
                with anyio.move_on_after(HAPPY_EYEBALLS_DELAY):
                    await failed.wait()
    except BaseException:  # cancelled: what has connected meanwhile is nobody's
        for sock in winners:
            sock.close()
        raise
    for late in winners[1:]:
        late.close()
    if winners:
        return winners[0]
    raise errors[0]


async def _connect_one(address: AddressInfo, options: Options) -> socket.socket:
    family, kind, protocol, _, target = address
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setblocking(False)
        _tune(sock, options)
        await _connect(sock, target)
    except BaseException:  # cancelled or failed: the socket must not outlive the attempt
        sock.close()
        raise
    return sock


async def _connect(sock: socket.socket, target: Any) -> None:
    """Connect a non-blocking socket.

    ``loop.sock_connect`` would do, but after uvloop's a forked child crashes when it ends.
    """
    try:
        sock.connect(target)
    except BlockingIOError:
        if sock.family == socket.AF_UNIX:
            raise  # the listener's backlog is full, and nothing tells when it is not
    else:
        return
    loop = asyncio.get_running_loop()
    connected: asyncio.Future[None] = loop.create_future()

    def writable() -> None:
        if not connected.done():
            connected.set_result(None)

    loop.add_writer(sock.fileno(), writable)
    try:
        await connected
    finally:
        loop.remove_writer(sock.fileno())
    error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        raise OSError(error, os.strerror(error))


def _tune(sock: socket.socket, options: Options) -> None:
    """Set what notices a dead peer: keepalive while idle, TCP_USER_TIMEOUT while data is unacknowledged."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if options.keepalive:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        idle = getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", None))
        interval = getattr(socket, "TCP_KEEPINTVL", None)
        count = getattr(socket, "TCP_KEEPCNT", None)
        for name, value in (
            (idle, options.keepalive_idle),
            (interval, options.keepalive_interval),
            (count, options.keepalive_count),
        ):
            if name is not None and value is not None:
                sock.setsockopt(socket.IPPROTO_TCP, name, max(1, round(value)))
    user_timeout = getattr(socket, "TCP_USER_TIMEOUT", None)
    if user_timeout is not None and options.tcp_user_timeout is not None:
        with suppress(OSError):  # not every kernel that names it has it
            sock.setsockopt(socket.IPPROTO_TCP, user_timeout, round(options.tcp_user_timeout * 1000))
    for option, setting in (options.socket_options or {}).items():
        sock.setsockopt(socket.IPPROTO_TCP, option, setting)
