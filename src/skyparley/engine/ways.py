"""The ways to one peer: an HTTP bearer each, asked in turn, so that one that is slow or dead delays nobody.

What is known here of a way is this process's own; what people see of it are heartbeats (heartbeats.py).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from skyparley.base import limits
from skyparley.base.errors import Fault, JournalFault, PeerFault
from skyparley.domain import link_health
from skyparley.domain.messages.codes import HttpBearerKind
from skyparley.domain.records import Line
from skyparley.engine.ports import Clock

T = TypeVar("T")


class Stale(PeerFault):
    """The peer's clock is elsewhere: ask again with its time."""

    code = "STALE"

    def __init__(self, time: int) -> None:
        super().__init__("the request was stale by the peer's clock")
        self.time = time


class NoWay(PeerFault):
    """Every way was tried, or there is none.  `code` is that of the last fault."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class PeerTime:
    """The peer's clock, as far as it corrected ours: what a signed request says."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.skew_ms = 0

    def now_ms(self) -> int:
        return self._clock.now_ms() + self.skew_ms

    def correct(self, stale: Stale) -> None:
        """Take over what the peer said."""
        self.skew_ms += stale.time - self.now_ms()


class Way:
    """One bearer to the peer.  `failing`: the last attempt did not work, or another was faster; it is asked last."""

    def __init__(self, name: HttpBearerKind, url: str) -> None:
        self.name: HttpBearerKind = name
        self.url = url
        self.failing = False


class Ways:
    """All ways to one peer, by the newest card of it."""

    def __init__(self) -> None:
        self.all: tuple[Way, ...] = ()
        self._order: tuple[str, ...] = ()

    def take(self, line: Line) -> bool:
        """Take up the addresses of the peer's card.  True when they are others than before."""
        self._order = link_health.order(line)
        wanted = list(zip(link_health.bearers_of(line.card), line.card.urls, strict=False))
        if [(way.name, way.url) for way in self.all] == wanted:
            return False
        held = {(way.name, way.url): way for way in self.all}
        self.all = tuple(held.get(one) or Way(*one) for one in wanted)
        return True

    async def ask(self, request: Callable[[Way], Awaitable[T]], first: str = "") -> T:
        """The first answer of any way; `first` names the one that is to be tried before all others.

        The next way is asked as soon as one fails, and beside one that takes long.  Raises the last fault when all fail.
        What a deferral or a stale clock says is the peer's word, whatever the way: it ends the asking.
        """
        ways = sorted(self.all, key=lambda way: (way.name != first, way.failing, self._order.index(way.name)))
        if not ways:
            raise NoWay("UNREACHABLE", "the card of this peer gives no address")
        if len(ways) == 1:
            return await _noted(ways[0], request)
        running: list[tuple[Way, asyncio.Task[T]]] = []
        try:
            return await _race(ways, request, running)
        finally:
            for _, task in running:
                if not task.cancel() and not task.cancelled():
                    task.exception()  # It failed in the same moment; nobody asks any more.


async def _race(
    ways: Sequence[Way], request: Callable[[Way], Awaitable[T]], running: list[tuple[Way, "asyncio.Task[T]"]]
) -> T:
    waiting = list(ways)
    faults: list[str] = []
    while True:
        if waiting:
            way = waiting.pop(0)
            running.append((way, asyncio.ensure_future(_noted(way, request))))
        patience_s = limits.OVERTAKE_MS / 1000 if waiting else None
        while running:
            done, _ = await asyncio.wait(
                [task for _, task in running], timeout=patience_s, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                break
            for way, task in [one for one in running if one[1] in done]:  # In their order: a set has none.
                running.remove((way, task))
                fault = task.exception()
                if fault is None:
                    _overtaken(running)
                    return task.result()
                if not isinstance(fault, Fault) or fault.code in ("STALE", "DEFERRED"):
                    raise fault
                faults.append(f"{way.name}: {fault}")
                if not (waiting or running):
                    raise NoWay(fault.code, "; ".join(faults))
            if waiting:
                break


def _overtaken(running: Sequence[tuple[Way, object]]) -> None:
    for way, _ in running:
        way.failing = True


async def _noted(way: Way, request: Callable[[Way], Awaitable[T]]) -> T:
    try:
        answer = await request(way)
    except Stale:
        way.failing = False
        raise
    except JournalFault:
        raise  # Ours; it says nothing about the way.
    except Fault:
        way.failing = True
        raise
    way.failing = False
    return answer
