"""An application written for redis.asyncio prints the same with nothing changed but its imports."""

import re
import subprocess
import sys
from pathlib import Path

from redis_aio.testing import RedisServer

PROGRAM = Path(__file__).with_name("idioms.py")


def ours(program: str) -> str:
    """Return the program with its imports changed."""
    return re.sub(r"^(import|from) redis(\.asyncio)?(?=[. ])", r"\1 redis_aio", program, flags=re.MULTILINE)


def run(program: str, server: RedisServer, folder: Path) -> str:
    """Run a program in a process of its own and return what it prints."""
    server.command("FLUSHALL")
    server.command("SCRIPT", "FLUSH")
    path = folder / "application.py"
    path.write_text(program)
    command = [sys.executable, "-W", "ignore", str(path), server.host, str(server.port)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "Task exception was never retrieved" not in done.stderr
    return done.stdout


def test_an_application_prints_the_same(server: RedisServer, tmp_path: Path) -> None:
    theirs = PROGRAM.read_text()
    changed = ours(theirs)
    different = [(a, b) for a, b in zip(theirs.splitlines(), changed.splitlines(), strict=True) if a != b]
    assert len(different) > 10
    assert all(re.match(r"(import|from) redis", before) for before, _ in different)
    assert not re.search(r"^(import|from) redis\b", changed, re.MULTILINE)
    try:
        expected = run(theirs, server, tmp_path)
        assert len(expected.splitlines()) > 50
        assert run(changed, server, tmp_path).splitlines() == expected.splitlines()
    finally:
        server.command("ACL", "DELUSER", "app")
