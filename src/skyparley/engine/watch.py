"""The watch: wakes at the next deadline of the state and says that it passed.  The deadline itself lives in the journal."""

import asyncio
from collections.abc import Sequence

from skyparley.base import limits
from skyparley.base.errors import Fault
from skyparley.domain.commands import PassDeadlines
from skyparley.engine.ports import Clock
from skyparley.engine.sequencer import Change, Sequencer


class Watch:
    """Hears every durable change, since each may move the next deadline."""

    def __init__(self, sequencer: Sequencer, clock: Clock) -> None:
        self._sequencer = sequencer
        self._clock = clock
        self._moved = asyncio.Event()

    def heard(self, changes: Sequence[Change]) -> None:
        self._moved.set()

    async def run(self) -> None:
        """Until cancelled.  A fault is retried: a clock that ran out must not be lost with one failed write."""
        while True:
            self._moved.clear()
            try:
                due = await self._sequencer.read(lambda state: state.deadlines.next())
                if due is not None and due <= self._clock.now_ms():
                    await self._sequencer.submit(PassDeadlines())
                    continue
            except Fault:
                await self._clock.sleep_ms(limits.RETRY_FIRST_MS)
                continue
            await self._until(due)

    async def _until(self, due: int | None) -> None:
        wait_ms = limits.WATCH_LONGEST_MS
        if due is not None:
            wait_ms = min(wait_ms, max(1, self._clock.wait_ms(due)))
        sleeping = asyncio.ensure_future(self._clock.sleep_ms(wait_ms))
        moving = asyncio.ensure_future(self._moved.wait())
        try:
            await asyncio.wait((sleeping, moving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            moving.cancel()
