import asyncio
import pytest
async def test_a(server, loop): print(server, loop)
@pytest.mark.one_loop
async def test_b(server, loop): assert loop == "uvloop"
def test_c(server): pass
async def test_leak(): t = asyncio.create_task(asyncio.sleep(100)); globals()["t"]=t
async def test_conn(server):
    r,w = await asyncio.open_connection(server.host, server.port); globals()["w"]=w
def test_tls(tls_server, certificates):
    import socket
    s = certificates.context(with_client=True).wrap_socket(socket.create_connection((tls_server.host, tls_server.port)), server_hostname="localhost")
    s.send(b"PING\r\n"); assert s.recv(10) == b"+PONG\r\n"; s.close()
