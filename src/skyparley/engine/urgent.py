"""What is LIFE does not wait: it goes by every bearer at once, before the backlog and whatever the state of the line.

Ordinary delivery carries the same statements again in their turn, where the peer could not place them on the feed yet.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from skyparley.base import limits
from skyparley.base.errors import Fault, JournalFault
from skyparley.base.ids import Fingerprint
from skyparley.domain.records import Number
from skyparley.engine.ports import Bearer, Carried, Clock, Luck
from skyparley.engine.sequencer import Sequencer
from skyparley.engine.statements import StatementStore, fitting
from skyparley.engine.waiting import sleep_or
from skyparley.engine.ways import Way, Ways
from skyparley.state.projection import State


class Urgent:
    """One for each peer.  `take` keeps the receipts, and says which result came without one."""

    def __init__(
        self,
        peer: Fingerprint,
        *,
        sequencer: Sequencer,
        store: StatementStore,
        bearer: Bearer,
        clock: Clock,
        luck: Luck,
        take: Callable[[Way, Sequence[Carried]], Awaitable[str]],
    ) -> None:
        self._peer = peer
        self._sequencer = sequencer
        self._store = store
        self._bearer = bearer
        self._clock = clock
        self._luck = luck
        self._take = take
        self._news: dict[Way, asyncio.Event] = {}
        self._told: set[Number] = set()
        """Of what is undelivered, what one bearer at least has carried."""
        self._moved = asyncio.Event()

    def wake(self) -> None:
        """There may be something."""
        for news in self._news.values():
            news.set()

    async def first(self, ways: Ways) -> None:
        """Nothing goes before a LIFE statement that no bearer has carried: where the bearers' own loops wait for what
        hangs or failed, it is carried here and now, by the best of them.  Raises a Fault when that fails too.
        """
        if self._news and await self._untold():
            self._moved.clear()
            await sleep_or(self._clock, limits.RETRY_FIRST_MS, self._moved)
        while untold := await self._untold():
            wanted = sorted(untold)[: limits.STATEMENTS_PER_BATCH]
            places = await self._sequencer.read(lambda state: urgent(state, self._peer))
            texts = fitting(await self._store.at([places[number] for number in wanted if number in places]))
            if not texts:
                return

            async def by(way: Way, texts: Sequence[str] = texts) -> tuple[Way, list[Carried]]:
                return way, await self._bearer.push(way.url, texts, way.name)

            await self._take(*await ways.ask(by))
            self._told.update(wanted[: len(texts)])

    async def _untold(self) -> set[Number]:
        return await self._sequencer.read(lambda state: set(urgent(state, self._peer))) - self._told

    async def carry(self, way: Way) -> None:
        """By one bearer, until cancelled: each statement once, and again until this bearer has carried it."""
        news = self._news[way] = asyncio.Event()
        carried: set[Number] = set()
        back_off_ms = limits.RETRY_FIRST_MS
        try:
            while True:
                news.clear()
                try:
                    if await self._carry_some(way, carried):
                        back_off_ms = limits.RETRY_FIRST_MS
                        continue
                    await news.wait()
                except Fault:
                    self._moved.set()
                    await self._clock.sleep_ms(round(back_off_ms * self._luck.jitter()))
                    back_off_ms = min(2 * back_off_ms, limits.LIFE_RETRY_LAST_MS)
        finally:
            del self._news[way]

    async def _carry_some(self, way: Way, carried: set[Number]) -> bool:
        """Some that this bearer has not carried yet.  True while there may be more."""
        places = await self._sequencer.read(lambda state: urgent(state, self._peer))
        carried &= set(places)
        self._told &= set(places)
        wanted = [number for number in places if number not in carried][: limits.STATEMENTS_PER_BATCH]
        texts = fitting(await self._store.at([places[number] for number in wanted]))
        if not texts:
            return False
        try:
            results = await self._bearer.push(way.url, texts, way.name)
            await self._take(way, results)
        except JournalFault:
            raise
        except Fault:
            way.failing = True
            raise
        carried.update(wanted[: len(texts)])
        self._told.update(wanted[: len(texts)])
        self._moved.set()
        way.failing = False
        return True


def urgent(state: State, peer: Fingerprint) -> dict[Number, int]:
    """Our LIFE statements that the peer is not known to hold, by number, with their places in the journal."""
    line = state.lines[peer]
    found = {}
    for epoch, seq in line.urgent:
        places = line.sent.places.get(epoch)
        assert places is not None, "what was sealed has a place"
        found[(epoch, seq)] = places.some(seq - 1, 1)[0]
    return found
