"""A terminal with a program in it: keys go in, and the screen can be read as a person reads it."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Callable
from types import TracebackType

import pyte

__all__ = ["Terminal", "heed_ctrl_c"]


class Terminal:
    """Runs ``command`` on a pseudo-terminal of the given size, and follows its screen."""

    def __init__(
        self, command: list[str], environment: dict[str, str], *, rows: int = 24, columns: int = 100
    ) -> None:
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._master, follower = pty.openpty()
        self.process = subprocess.Popen(
            command,
            stdin=follower,
            stdout=follower,
            stderr=follower,
            start_new_session=True,
            # So that Ctrl-C reaches the program as a signal.
            preexec_fn=lambda: _take_terminal(follower),
            env={**environment, "TERM": "xterm", "LINES": str(rows), "COLUMNS": str(columns)},
        )
        os.close(follower)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    def type(self, keys: str) -> None:
        """Press these keys."""
        os.write(self._master, keys.encode())

    @property
    def lines(self) -> list[str]:
        """The lines of the screen that are not empty."""
        return [line.rstrip() for line in self._screen.display if line.strip()]

    def wait_for(self, seen: Callable[[list[str]], bool], seconds: float = 15) -> list[str]:
        """Follow the screen until ``seen`` says so; fails after ``seconds``."""
        deadline = time.monotonic() + seconds
        while not seen(self.lines):
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError("the screen shows:\n" + "\n".join(self.lines))
            if select.select([self._master], [], [], min(left, 0.1))[0]:
                try:
                    self._stream.feed(os.read(self._master, 65536))
                except OSError:  # the program has ended and the terminal with it
                    if not seen(self.lines):
                        raise AssertionError("it ended with:\n" + "\n".join(self.lines)) from None
        return self.lines


def heed_ctrl_c() -> None:
    """Undo what a background job inherits: that SIGINT is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _take_terminal(follower: int) -> None:
    import fcntl
    import termios

    heed_ctrl_c()
    fcntl.ioctl(follower, termios.TIOCSCTTY, 0)
