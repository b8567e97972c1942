"""Single keys from a terminal, without waiting for the enter key."""

import select
import sys
import termios
import tty
from types import TracebackType
from typing import Self


class Keyboard:
    """Reads keys while it is entered; elsewhere than on a terminal it never has one."""

    def __init__(self) -> None:
        self._saved: list[int | list[bytes | int]] | None = None

    def __enter__(self) -> Self:
        if sys.stdin.isatty():
            self._saved = termios.tcgetattr(sys.stdin)
            tty.setcbreak(sys.stdin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._saved is not None:
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, self._saved)

    def wait(self, seconds: float) -> str:
        """The key pressed within `seconds`, or an empty string after them."""
        if self._saved is None:
            select.select([], [], [], seconds)
            return ""
        ready, _, _ = select.select([sys.stdin], [], [], seconds)
        return sys.stdin.read(1) if ready else ""
