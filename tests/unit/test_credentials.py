"""Credential providers."""

import asyncio
import threading

import pytest
from redis.credentials import StreamingCredentialProvider as TheirProvider

from redis_aio.credentials import (
    CredentialProvider,
    Credentials,
    StreamingCredentialProvider,
    UsernamePasswordCredentialProvider,
)


async def test_user_name_and_password() -> None:
    provider = UsernamePasswordCredentialProvider("me", "geheim")
    assert provider.get_credentials() == ("me", "geheim")
    assert await provider.get_credentials_async() == ("me", "geheim")


async def test_password_alone_is_the_default_user() -> None:
    assert UsernamePasswordCredentialProvider(password="geheim").get_credentials() == ("geheim",)
    assert await UsernamePasswordCredentialProvider().get_credentials_async() == ("",)


async def test_one_of_the_methods_must_be_defined() -> None:
    with pytest.raises(NotImplementedError, match="must define get_credentials or get_credentials_async"):
        await CredentialProvider().get_credentials_async()


class Blocking(CredentialProvider):
    """A provider that blocks until it is let go."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.thread: int | None = None

    def get_credentials(self) -> Credentials:
        self.thread = threading.get_ident()
        self.gate.wait(10)
        return ("me", "geheim")


async def test_a_blocking_provider_does_not_block_the_loop() -> None:
    provider = Blocking()
    asyncio.get_running_loop().call_soon(provider.gate.set)  # only runs if the loop does
    assert await provider.get_credentials_async() == ("me", "geheim")
    assert provider.thread != threading.get_ident()


async def test_a_blocking_provider_can_be_given_up() -> None:
    provider = Blocking()
    try:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await provider.get_credentials_async()
    finally:
        provider.gate.set()


def test_a_provider_that_streams_must_define_how() -> None:
    with pytest.raises(TypeError, match=r"is_streaming.*on_error.*on_next"):
        StreamingCredentialProvider()  # type: ignore[abstract]  # that is the point
    ours = {name for name in vars(StreamingCredentialProvider) if not name.startswith("_")}
    assert ours == {name for name in vars(TheirProvider) if not name.startswith("_")}


def test_repr_shows_no_secret() -> None:
    assert repr(UsernamePasswordCredentialProvider("me", "geheim")) == "<UsernamePasswordCredentialProvider>"
    assert repr(Blocking()) == "<Blocking>"
