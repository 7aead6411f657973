"""The audit: what a start with a snapshot did not read is verified afterwards, a page at a time, while the node works.

Source: docs/spec/journal-v1.md 8.5.
"""

import asyncio

import structlog

from skyparley.base import limits
from skyparley.base.errors import Fault, JournalDamaged, JournalFault
from skyparley.domain.commands import ReportDamage
from skyparley.engine.journal_port import Head, JournalPort
from skyparley.engine.ports import Clock
from skyparley.engine.sequencer import Sequencer

log = structlog.get_logger("skyparley.audit")


class Audit:
    """Verifies the entries up to `until`; damage raises an alarm.  The node goes on: what it knows, it read before."""

    def __init__(self, journal: JournalPort, sequencer: Sequencer, clock: Clock, until: Head) -> None:
        self._journal = journal
        self._sequencer = sequencer
        self._clock = clock
        self._until = until
        self.done = False
        """All of it was read, and found whole or not."""

    async def run(self) -> None:
        """Until cancelled; at rest once all was read."""
        try:
            await self._read_all()
            if self._until.position:
                log.info("journal_verified", until=self._until.position)
        except JournalDamaged as damage:
            log.error("journal_damaged", code=damage.code, error=str(damage))
            await self._report(str(damage))
        self.done = True
        await asyncio.Event().wait()

    async def _read_all(self) -> None:
        position = 0
        while position < self._until.position:
            count = min(limits.AUDIT_PAGE_ENTRIES, self._until.position - position)
            try:
                stored = await self._journal.read(position, count)
            except JournalDamaged:
                raise
            except JournalFault:
                await self._clock.sleep_ms(limits.RETRY_LAST_MS)
                continue
            position = stored[-1].position
            if position == self._until.position and stored[-1].header_hash != self._until.header_hash:
                raise JournalDamaged(f"position {position}: it is not the entry that was there at the start")
            await self._clock.sleep_ms(limits.AUDIT_REST_MS)

    async def _report(self, text: str) -> None:
        while True:
            try:
                await self._sequencer.submit(ReportDamage(text=text))
                return
            except Fault:
                await self._clock.sleep_ms(limits.RETRY_LAST_MS)
