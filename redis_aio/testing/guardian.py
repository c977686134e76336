"""Ends a server when the process that started it is gone, whatever ended that.

A guardian is a small shell that reads a pipe whose writing end only this process holds. The kernel closes that end when
the process ends, by SIGKILL too; the shell then kills the server's process group and removes its folder. Unlike
Linux's parent-death signal this needs nothing of the server, does not fire when merely the thread that started the
server ends, and works on every POSIX system.
"""

import contextlib
import os
import subprocess
import weakref
from pathlib import Path

# The last number read is the process group to end, 0 for none.
_SCRIPT = """
group=0
while read -r number; do group=$number; done
[ "$group" = 0 ] || kill -s KILL -- "-$group"
rm -rf -- "$1"
"""

# The server writes its own number into the pipe before it becomes the server: there is no moment at which it runs
# unguarded. Its output then goes to the log ($2), which closes its end of the pipe.
_LAUNCH = 'echo "$$"; exec "$1" - >>"$2" 2>&1'


class Guardian:
    """A helper process that outlives us by as long as it takes to clean up."""

    def __init__(self, folder: Path) -> None:
        """Start watching over ``folder``, which is removed when this process ends or `close` is called."""
        reading, self._pipe = os.pipe()
        try:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", _SCRIPT, "sh", str(folder)],
                stdin=reading,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,  # Ctrl-C in the terminal must not reach it
            )
        except BaseException:  # without a guardian nobody reads the pipe
            os.close(self._pipe)
            raise
        finally:
            os.close(reading)
        _guardians.add(self)

    def launch(self, binary: Path, config: str, folder: Path, log: Path) -> subprocess.Popen[bytes]:
        """Start a server that reads ``config`` from its standard input, in a process group of its own.

        Nothing of the configuration, which may hold a password, shows in the process list.
        """
        process = subprocess.Popen(
            ["/bin/sh", "-c", _LAUNCH, "sh", str(binary), str(log)],
            stdin=subprocess.PIPE,
            stdout=self._pipe,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            start_new_session=True,
        )
        assert process.stdin is not None
        # A server that ended at once is found out, with its reason, by whoever waits for it.
        with contextlib.suppress(BrokenPipeError), process.stdin:
            process.stdin.write(config.encode())
        return process

    def forget(self) -> None:
        """Guard no process any more: the last one was waited for, and its number may be given to another."""
        with contextlib.suppress(BrokenPipeError):  # somebody has killed the guardian
            os.write(self._pipe, b"0\n")

    def close(self) -> None:
        """End the guardian; what it still guards ends with it."""
        _guardians.discard(self)
        self.abandon()
        self._process.wait()

    def abandon(self) -> None:
        """Let go of the pipe, as a forked child must: else the guardian would wait for the child as well."""
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1


_guardians: "weakref.WeakSet[Guardian]" = weakref.WeakSet()


def _abandon_all() -> None:
    for guardian in list(_guardians):
        guardian.abandon()


os.register_at_fork(after_in_child=_abandon_all)
