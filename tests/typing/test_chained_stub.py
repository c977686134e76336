"""The stub of the pipeline's commands is what the commands say."""

import inspect

from redis_aio.commands import Commands
from redis_aio.commands._chained import ChainedCommands
from tests.support.chained_stub import STUB, stub


def test_the_stub_matches_the_commands() -> None:
    assert STUB.read_text() == stub(), "run: python -m tests.support.chained_stub"


def test_every_command_is_in_the_stub() -> None:
    text = STUB.read_text()
    names = [name for name, _ in inspect.getmembers(Commands, inspect.isfunction) if not name.startswith("_")]
    assert len(names) > 200
    assert [name for name in names if f"    def {name}(" not in text] == []


def test_at_run_time_the_commands_are_the_same() -> None:
    """What the stub describes as methods of its own are those of Commands: nothing is written twice."""
    assert issubclass(ChainedCommands, Commands)
    assert [name for name in vars(ChainedCommands) if not name.startswith("__")] == []
