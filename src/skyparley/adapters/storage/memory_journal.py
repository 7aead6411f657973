"""A journal in memory with planned failures, for tests and simulation: the same rows, the same contract."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Final

import msgspec

from skyparley.adapters.storage.journal_row import EMPTY, Chain, Row, make_rows, salts_from_seed
from skyparley.base.errors import JournalFault, JournalFull, JournalReadOnly, WrongPosition
from skyparley.base.ids import digest
from skyparley.engine.journal_port import Entry, Head, StoredEntry, check_batch

Latency = Callable[[], Awaitable[None]]
_WHERE: Final = "journal in memory"


class WriteFault(Enum):
    """What goes wrong with one append, in the order of what is left behind."""

    LOST = "nothing is kept, and the caller hears of a fault"
    FULL = "nothing is kept: no space"
    READ_ONLY = "nothing is kept: not writable"
    KEPT = "everything is kept, and the caller hears of a fault all the same"
    TORN = "the process dies while it writes: nothing is kept, and nothing more can be done until reopen()"
    DIED_AFTER = "the process dies after the write: everything is kept, and nothing more can be done until reopen()"


_KEEPS: Final = {WriteFault.KEPT, WriteFault.DIED_AFTER}
_DIES: Final = {WriteFault.TORN, WriteFault.DIED_AFTER}
_RAISES: Final[dict[WriteFault, type[JournalFault]]] = {
    WriteFault.FULL: JournalFull,
    WriteFault.READ_ONLY: JournalReadOnly,
}


async def _one_turn() -> None:
    await asyncio.sleep(0)


class MemoryJournal:
    """The journal port over a list.  `latency` is awaited before each write; it gives way to the loop at least once.

    `salt` repeats with a seed by default, so that two runs of one simulation keep the same bytes.
    """

    def __init__(self, *, salt: Callable[[], bytes] | None = None, latency: Latency = _one_turn) -> None:
        self._rows: list[Row] = []
        self._salt = salt or salts_from_seed(0)
        self._latency = latency
        self._faults: deque[WriteFault] = deque()
        self._shut = ""

    # --- the port ---------------------------------------------------------------------------------------------

    async def append(self, expected: int, entries: Sequence[Entry]) -> Head:
        """As JournalPort.append.  Two who append at one position: one succeeds, one gets WrongPosition."""
        check_batch(expected, entries)
        self._check_open()
        await self._latency()
        self._check_open()
        # From here to the next await nobody else runs: comparing and writing are one act.
        head = self._head()
        if head.position != expected:
            raise WrongPosition(f"{_WHERE}: the head is at {head.position}, the append expected {expected}")
        rows, after = make_rows(head, entries, self._salt)
        fault = self._faults.popleft() if self._faults and rows else None
        if fault is None or fault in _KEEPS:
            self._rows.extend(rows)
        if fault in _DIES:
            self._shut = "the process died"
        # The batch is written and nobody has been told: readers of this journal can see it before its writer does.
        await asyncio.sleep(0)
        if fault is not None:
            raise _RAISES.get(fault, JournalFault)(f"{_WHERE}: planned failure: {fault.value}")
        return after

    async def read(self, after: int, limit: int) -> list[StoredEntry]:
        """As JournalPort.read."""
        _check_range(after, limit)
        self._check_open()
        await asyncio.sleep(0)
        if after >= len(self._rows):
            return []
        chain = Chain(_WHERE, self._head_at(after))
        return chain.take_all(self._rows[after : after + limit])

    async def head(self) -> Head:
        """As JournalPort.head."""
        self._check_open()
        await asyncio.sleep(0)
        return self._head()

    async def close(self) -> None:
        """As JournalPort.close.  reopen() opens it again with what it held."""
        self._shut = self._shut or "it is closed"

    # --- purging ----------------------------------------------------------------------------------------------

    async def purge(self, position: int) -> None:
        """Remove salt and content at a position for ever; twice is as once.  Raises WrongPosition where no entry is."""
        self._check_open()
        await asyncio.sleep(0)
        if not 1 <= position <= len(self._rows):
            raise WrongPosition(f"{_WHERE}: there is no entry at {position}")
        row = self._rows[position - 1]
        self._rows[position - 1] = Row(row.position, row.header, None, None)

    # --- what a simulation does to it -------------------------------------------------------------------------

    def plan(self, *faults: WriteFault) -> None:
        """Let the next appends that have entries fail, one fault each, in this order."""
        self._faults.extend(faults)

    def reopen(self) -> None:
        """As a new process: what was kept is there, planned failures are forgotten."""
        self._shut = ""
        self._faults.clear()

    def truncate_to(self, position: int) -> None:
        """As an older backup put back: a shorter journal, valid in itself."""
        assert 0 <= position <= len(self._rows), "a backup is not ahead of what was backed up"
        del self._rows[position:]

    def rot(self, position: int) -> None:
        """Flip one bit of the content at a position, as a disk may.  Reading it raises JournalDamaged."""
        row = self._rows[position - 1]
        assert row.content is not None, "a purged entry has no content"
        flipped = bytes([row.content[0] ^ 1]) + row.content[1:]
        self._rows[position - 1] = Row(row.position, row.header, row.salt, flipped)

    def snapshot(self) -> bytes:
        """Everything that is kept, as bytes for restore()."""
        return msgspec.msgpack.encode(self._rows)

    def restore(self, snapshot: bytes) -> None:
        """Hold what snapshot() held, as after copying a file back; then reopen()."""
        self._rows = msgspec.msgpack.decode(snapshot, type=list[Row])
        self.reopen()

    # --- inside -----------------------------------------------------------------------------------------------

    def _head(self) -> Head:
        return self._head_at(len(self._rows))

    def _head_at(self, position: int) -> Head:
        return Head(position, digest(self._rows[position - 1].header)) if position else EMPTY

    def _check_open(self) -> None:
        if self._shut:
            raise JournalFault(f"{_WHERE}: {self._shut}")


def _check_range(after: int, limit: int) -> None:
    if after < 0 or limit < 1:
        raise ValueError(f"cannot read {limit} entries behind position {after}")
