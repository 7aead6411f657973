"""A journal that remembers whether its last append worked, for those who must say so without writing themselves."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from skyparley.base.errors import JournalFault
from skyparley.engine.journal_port import Entry, Head, JournalPort, StoredEntry

SPARE_BYTES: Final = 1024 * 1024
"""Room that must be there again before a journal that was full is called well: one entry of the largest size."""


def has_room(folder: Path) -> bool:
    """Whether a file of some size can be written where the journal lies; blocks."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(SPARE_BYTES))
            file.flush()
    except OSError:
        return False
    return True


class WatchedJournal:
    """The journal port around another one.  `trouble` is the last append's fault; None once one worked."""

    def __init__(self, journal: JournalPort) -> None:
        self._journal = journal
        self.trouble: JournalFault | None = None

    async def append(self, expected: int, entries: Sequence[Entry]) -> Head:
        """As JournalPort.append."""
        try:
            head = await self._journal.append(expected, entries)
        except JournalFault as fault:
            self.trouble = fault
            raise
        self.trouble = None
        return head

    async def read(self, after: int, limit: int) -> list[StoredEntry]:
        """As JournalPort.read."""
        return await self._journal.read(after, limit)

    async def head(self) -> Head:
        """As JournalPort.head."""
        return await self._journal.head()

    async def close(self) -> None:
        """As JournalPort.close."""
        await self._journal.close()
