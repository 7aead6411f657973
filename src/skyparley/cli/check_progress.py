"""What a person sees while a check runs: one line on standard error that is written over, and only on a terminal."""

import shutil
import sys
from types import TracebackType
from typing import Final, Self

import typer

from skyparley.adapters.system.clock import ticks_ms

QUIET_MS: Final = 500  # a check that is over by then shows nothing
EVERY_MS: Final = 100
CLEAR: Final = "\r\x1b[K"


class Progress:
    """Says which step is under way.  No decision hangs on its clock."""

    def __init__(self) -> None:
        self._began = ticks_ms()
        self._next = self._began + QUIET_MS
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            typer.echo(CLEAR, nl=False, err=True)

    def step(self, text: str) -> None:
        """Shows what is done now, unless something was shown a moment ago."""
        now = ticks_ms()
        if not sys.stderr.isatty() or now < self._next:
            return
        self._next, self._shown = now + EVERY_MS, True
        width = shutil.get_terminal_size().columns - 1
        typer.echo(f"{CLEAR}{text[:width]}", nl=False, err=True)

    def part(self, done: float) -> None:
        """Shows how much of a comparison is done, 0 to 1."""
        self.step(f"comparing: {done:.0%}")

    def took(self) -> str:
        """How long it took until now, for people."""
        return f"Checked in {(ticks_ms() - self._began) / 1000:.2f} s."
