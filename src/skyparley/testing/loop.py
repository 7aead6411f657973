"""An event loop whose time is virtual: nothing sleeps, waiting moves the clock to the next timer.

The same tasks in the same order give the same run.  There are no threads, no sockets and no signals in it.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Deadlock(RuntimeError):
    """Every task waits for another and no timer is set: nobody would ever wake."""


class _Selector(selectors.SelectSelector):
    """Never looks at a file; where the loop would wait, time passes at once."""

    def __init__(self, advance: Callable[[float], None]) -> None:
        super().__init__()
        self._advance = advance

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Deadlock("every task waits and no timer is set")
        if timeout > 0:
            self._advance(timeout)
        return []


class SimLoop(asyncio.SelectorEventLoop):
    """Time starts at 0 s and moves only when everybody waits."""

    def __init__(self) -> None:
        self._virtual_s = 0.0
        super().__init__(_Selector(self.jump))

    def time(self) -> float:
        return self._virtual_s

    def jump(self, seconds: float) -> None:
        """Let time pass at once, as for a machine that slept: all timers within fire when it wakes, in their order."""
        assert seconds >= 0, "time does not go back"
        self._virtual_s += seconds


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run to the end on a loop of its own.  Raises what `main` raises, or Deadlock."""
    with asyncio.Runner(loop_factory=SimLoop) as runner:
        return runner.run(main)


def sim_loop() -> SimLoop:
    """The loop that runs now."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SimLoop), "the simulated world runs on a SimLoop"
    return loop
