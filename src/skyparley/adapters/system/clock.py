"""The one module that reads a clock: the machine's, and a scaled one that is anchored to it."""

import time
from typing import TYPE_CHECKING, Final

from skyparley.domain.messages.codes import ClockKind, ClockQuality

if TYPE_CHECKING:  # The settings read keys; a command that only asks for the time should not wait for that.
    from skyparley.adapters.system.settings import ClockSettings

STEP_BAD_MS: Final = 60_000
"""A clock that was moved by more than this while the node ran was wrong before or is wrong now.  Source: DOMAIN 8."""


def ticks_ms() -> int:
    """Milliseconds that only ever grow, from no particular beginning: for time-outs, sessions and rates."""
    return time.monotonic_ns() // 1_000_000


class RealClock:
    """The machine's own UTC."""

    kind: ClockKind = "REAL"

    def __init__(self) -> None:
        self._offset_ms = _offset_ms()

    def now_ms(self) -> int:
        """UTC, milliseconds."""
        return time.time_ns() // 1_000_000

    def real_ms(self) -> int:
        """The same: the line goes by the machine's clock."""
        return self.now_ms()

    def quality(self) -> ClockQuality:
        """BAD once somebody moved the machine's clock by more than a minute, until the node is started again."""
        return "GOOD" if abs(_offset_ms() - self._offset_ms) <= STEP_BAD_MS else "BAD"

    def anchor(self, real_ms: int, shown_ms: int, rate_permille: int) -> None:
        """A real clock is not set.  The decision to anchor is refused long before this."""
        raise AssertionError("only a SCALED clock is anchored")

    async def sleep_ms(self, ms: int) -> None:
        await _sleep_ms(ms)

    def wait_ms(self, until_ms: int) -> int:
        return max(0, until_ms - self.now_ms())


class ScaledClock:
    """A clock for demonstrations and exercises: anchored to the machine's, it runs at a rate of its own.

    Transport goes on in real time: `sleep_ms` and the result of `wait_ms` are real milliseconds.
    """

    kind: ClockKind = "SCALED"

    def __init__(self, settings: "ClockSettings") -> None:
        """`settings` are those of a SCALED clock, with both anchors."""
        assert settings.anchor_real_ms is not None
        assert settings.anchor_ms is not None
        self._real_ms = settings.anchor_real_ms
        self._shown_ms = settings.anchor_ms
        self._rate_permille = max(1, round(settings.rate * 1000))

    def now_ms(self) -> int:
        """What the line's clock shows, UTC milliseconds."""
        return self._shown_ms + (self.real_ms() - self._real_ms) * self._rate_permille // 1000

    def real_ms(self) -> int:
        """The machine's own UTC, milliseconds."""
        return time.time_ns() // 1_000_000

    def quality(self) -> ClockQuality:
        """GOOD: it shows what it was set to show, and every statement says that it is SCALED."""
        return "GOOD"

    def anchor(self, real_ms: int, shown_ms: int, rate_permille: int) -> None:
        """At `real_ms` of the machine it shows `shown_ms`, and runs at `rate_permille` of real speed."""
        assert rate_permille > 0, "a clock runs forward"
        self._real_ms, self._shown_ms, self._rate_permille = real_ms, shown_ms, rate_permille

    async def sleep_ms(self, ms: int) -> None:
        await _sleep_ms(ms)

    def wait_ms(self, until_ms: int) -> int:
        """Real milliseconds until it shows `until_ms`, rounded up, so that who wakes then is not too early."""
        from_anchor_ms = -((self._shown_ms - until_ms) * 1000 // self._rate_permille)
        return max(0, from_anchor_ms - (self.real_ms() - self._real_ms))


def clock_of(settings: "ClockSettings") -> RealClock | ScaledClock:
    """The clock that the settings ask for."""
    return ScaledClock(settings) if settings.kind == "SCALED" else RealClock()


def _offset_ms() -> int:
    """How far UTC is from the clock that counts since the machine was started, sleep included where it can say so."""
    since = time.clock_gettime_ns(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
    return (time.time_ns() - since) // 1_000_000


async def _sleep_ms(ms: float) -> None:
    import asyncio  # Whoever sleeps has imported it; whoever only asks for the time has not.

    await asyncio.sleep(ms / 1000)
