"""A link in its back-off tries again as soon as the peer itself is heard: who calls us can very likely be called."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from skyparley.adapters.bearers.http import BearerFault
from skyparley.base import limits
from skyparley.base.errors import PeerFault
from skyparley.engine.link import Link


class _HandClock:
    """Time that moves only by hand."""

    kind = "REAL"

    def __init__(self) -> None:
        self.ms = 0
        self._sleepers: list[tuple[int, asyncio.Future[None]]] = []

    def now_ms(self) -> int:
        return self.ms

    real_ms = now_ms

    async def sleep_ms(self, ms: int) -> None:
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.ms + ms, sleeper))
        await sleeper

    async def pass_ms(self, ms: int) -> None:
        self.ms += ms
        for due, sleeper in self._sleepers:
            if due <= self.ms and not sleeper.done():
                sleeper.set_result(None)
        for _ in range(20):
            await asyncio.sleep(0)


def _link(clock: _HandClock) -> tuple[Link, list[int]]:
    tries: list[int] = []
    luck = SimpleNamespace(jitter=lambda: 1.0)
    nothing: Any = None
    link = Link(
        "p" * 43,
        sequencer=nothing,
        service=nothing,
        signer=nothing,
        bearer=nothing,
        clock=clock,
        luck=luck,
        store=nothing,
    )

    async def fail() -> None:
        tries.append(clock.ms)
        raise PeerFault("not there")

    link._exchange = fail  # type: ignore[method-assign]
    return link, tries


@pytest.mark.parametrize("spoken", [False, True])
def test_a_peer_that_speaks_ends_the_back_off(spoken: bool) -> None:
    async def run() -> None:
        clock = _HandClock()
        link, tries = _link(clock)
        running = asyncio.create_task(link.run())
        await clock.pass_ms(0)
        while clock.ms < 3 * limits.RETRY_LAST_MS:  # Until it rests as long as it ever does.
            await clock.pass_ms(limits.RETRY_FIRST_MS)
        while tries[-1] != clock.ms:
            await clock.pass_ms(limits.RETRY_FIRST_MS)
        count = len(tries)
        await clock.pass_ms(2 * limits.RETRY_FIRST_MS)
        if spoken:
            link.spoke(False)
        await clock.pass_ms(0)
        assert len(tries) == count + spoken
        running.cancel()

    asyncio.run(run())


@pytest.mark.parametrize("code", ["UNKNOWN_KEY", "BAD_SIGNATURE"])
def test_that_our_key_is_not_taken_is_told_once_and_that_it_is_taken_again(code: str) -> None:
    """Again after each change, whatever other failures lie between; and a link that never worked does not say it does."""

    class Desk:
        def __init__(self) -> None:
            self.told: list[bool] = []

        async def submit(self, command: Any) -> None:
            self.told.append(command.refused)

    async def run() -> None:
        clock, desk = _HandClock(), Desk()
        link, _ = _link(clock)
        link._sequencer = desk  # type: ignore[assignment]
        outcomes: list[str] = []

        async def exchange() -> None:
            if outcome := outcomes.pop(0):
                raise BearerFault(outcome, "HTTP 401")

        link._exchange, link._idle = exchange, lambda: clock.sleep_ms(1)  # type: ignore[method-assign, assignment]
        outcomes += ["UNREACHABLE", code, code, "UNREACHABLE", code, "", "", code, ""]
        task = asyncio.create_task(link.run())
        for _ in range(60):
            if not outcomes:
                break
            await clock.pass_ms(limits.RETRY_LAST_MS)
        task.cancel()
        assert desk.told == [True, False, True, False]

    asyncio.run(run())


def test_a_peer_that_speaks_without_end_does_not_set_our_pace() -> None:
    async def run() -> None:
        clock = _HandClock()
        link, tries = _link(clock)
        running = asyncio.create_task(link.run())
        for _ in range(1_000):
            link.spoke(False)
            await clock.pass_ms(10)
        assert len(tries) <= 10_000 // limits.RETRY_FIRST_MS + 2
        running.cancel()

    asyncio.run(run())
