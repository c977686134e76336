"""How a connection is made: TCP with several addresses, TLS with its identities, unix sockets, and what cannot be."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import trustme

from redis_aio import ConnectionError, ConnectTimeoutError, Redis
from redis_aio._connection import transport
from redis_aio._options import Options
from redis_aio.testing import RedisServer, TLSFiles
from tests.conftest import MakeClient
from tests.support.server import Certificates, Program


@pytest.fixture
async def tls_client(tls_server: RedisServer, certificates: Certificates) -> AsyncIterator[Any]:
    """A factory of clients of the TLS server."""
    clients: list[Redis[Any]] = []

    def make(**options: Any) -> Redis[Any]:
        merged = {"host": "localhost", "port": tls_server.port, "ssl": True, "ssl_ca_certs": str(certificates.ca)}
        given = {name: value for name, value in {**merged, **options}.items() if value is not None}
        client: Redis[Any] = Redis(**given)
        clients.append(client)
        return client

    yield make
    for client in clients:
        await client.aclose()


# -- TLS --------------------------------------------------------------------------------------------------------------


async def test_commands_pipelines_and_leases_over_tls(tls_client: Any) -> None:
    client = tls_client(decode_responses=True)
    await client.set("k", "x" * 300_000)
    assert len(await client.get("k")) == 300_000
    values = await asyncio.gather(*(client.echo(str(number)) for number in range(500)))
    assert values == [str(number) for number in range(500)]
    assert await client.pipeline().set("a", 1).incr("a").execute() == [True, 2]
    assert await client.blpop("nothing", timeout=0.1) is None
    async with asyncio.timeout(1.5):
        await client.aclose()


async def test_a_client_shows_its_certificate(tls_client: Any, certificates: Certificates) -> None:
    client = tls_client(ssl_certfile=str(certificates.client.cert), ssl_keyfile=str(certificates.client.key))
    assert await client.ping()
    ready = tls_client(ssl_context=certificates.context(with_client=True), ssl=None, ssl_ca_certs=None)
    assert await ready.ping()


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"host": "127.0.0.1", "server_hostname": "another.test"}, id="wrong host"),
        pytest.param({"ssl_ca_certs": None}, id="unknown authority"),
    ],
)
async def test_a_server_that_cannot_prove_who_it_is_gets_no_command(tls_client: Any, options: Any) -> None:
    client = tls_client(max_retries=0, **options)
    with pytest.raises(ConnectionError, match="certificate"):
        await client.ping()


async def test_checks_are_left_out_only_where_that_is_said(tls_client: Any) -> None:
    client = tls_client(server_hostname="another.test", ssl_check_hostname=False)
    assert await client.ping()
    blind = tls_client(ssl_ca_certs=None, ssl_cert_reqs="none")
    assert await blind.ping()


async def test_plain_text_to_a_tls_port_and_tls_to_a_plain_port_are_errors(
    tls_server: RedisServer, server: RedisServer, make_client: MakeClient
) -> None:
    plain = make_client(host="localhost", port=tls_server.port, max_retries=0, dial_timeout=1)
    with pytest.raises(ConnectionError):
        await plain.ping()
    encrypted = make_client(ssl=True, max_retries=0, dial_timeout=1)
    with pytest.raises(ConnectionError):
        await encrypted.ping()


async def test_a_certificate_of_another_authority_is_refused(
    tls_program: Program, tmp_path: Any, certificates: Certificates
) -> None:
    authority = trustme.CA()
    bundle = tmp_path / "other.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(str(bundle))
    files = TLSFiles(cert=bundle, key=bundle, ca=certificates.ca)
    with tls_program.server(tls=files) as other:
        async with Redis(
            host="localhost", port=other.port, ssl=True, ssl_ca_certs=str(certificates.ca), max_retries=0
        ) as client:
            with pytest.raises(ConnectionError, match="certificate"):
                await client.ping()


# -- unix sockets and TCP ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unix_server(server_program: Program) -> Iterator[RedisServer]:
    """A server that listens on a unix socket."""
    with server_program.server(unix_socket=True) as server:
        yield server


async def test_a_unix_socket(unix_server: RedisServer) -> None:
    async with Redis(unix_socket_path=unix_server.unix_socket_path) as client:
        await client.set("k", "v")
        assert await client.get("k") == b"v"
        assert str(unix_server.unix_socket_path) in repr(client)
    async with Redis.from_url(f"unix://{unix_server.unix_socket_path}?db=1") as client:
        assert await client.get("k") is None


async def test_nobody_there(make_client: MakeClient, tmp_path: Any) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    client = make_client(host="127.0.0.1", port=port, max_retries=1)
    with pytest.raises(ConnectionError, match=f"cannot connect to 127.0.0.1:{port}"):
        await client.ping()
    assert client.pool_stats().failed_dials == 2
    nowhere = make_client(unix_socket_path=str(tmp_path / "none.sock"), max_retries=0)
    with pytest.raises(ConnectionError, match=r"none\.sock"):
        await nowhere.ping()
    unknown = make_client(host="no-such-host.invalid", max_retries=0)
    with pytest.raises(ConnectionError, match="no-such-host"):
        await unknown.ping()
    for host in ("redis..internal", "r" * 64):
        with pytest.raises(ConnectionError, match=f"cannot connect to {host}.*host name"):
            await make_client(host=host, max_retries=0).ping()


async def test_a_listener_that_never_answers(make_client: MakeClient) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        client = make_client(host="127.0.0.1", port=listener.getsockname()[1], dial_timeout=0.1, max_retries=0)
        with pytest.raises(ConnectTimeoutError, match="dial_timeout"):
            await client.ping()


async def test_a_dead_first_address_costs_a_quarter_of_a_second(
    make_client: MakeClient, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A listener whose backlog is full neither accepts nor refuses: its address is dead as far as a client can tell.
    with socket.socket() as dead:
        dead.bind(("127.0.0.2", 0))
        dead.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(dead.getsockname())
        addresses = [dead.getsockname(), (server.host, server.port)]
        interleave = transport._interleaved

        def both(_found: Any) -> Any:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]

        monkeypatch.setattr(transport, "_interleaved", both)
        client = make_client(dial_timeout=3)
        started = asyncio.get_running_loop().time()
        assert await client.ping()
        assert asyncio.get_running_loop().time() - started < 2
        assert interleave([]) == []
        for filler in fillers:
            filler.close()


def test_families_take_turns() -> None:
    found: Any = [
        (socket.AF_INET6, 1, 6, "", ("::1", 1)),
        (socket.AF_INET6, 1, 6, "", ("::2", 1)),
        (socket.AF_INET, 1, 6, "", ("1.1.1.1", 1)),
    ]
    assert [info[4][0] for info in transport._interleaved(found)] == ["::1", "1.1.1.1", "::2"]


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the platform has no TCP_USER_TIMEOUT")
def test_sockets_notice_a_dead_peer() -> None:
    options = Options.build(keepalive_idle=7, keepalive_interval=3, keepalive_count=2, tcp_user_timeout=9.5)
    with socket.socket() as sock:
        transport._tune(sock, options)
        read = [
            sock.getsockopt(socket.IPPROTO_TCP, name)
            for name in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
        ]
        assert read == [7, 3, 2, 9500]
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    context = Options.build(ssl=True).ssl_context
    assert context is not None
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.check_hostname
