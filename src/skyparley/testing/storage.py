"""Simulated storage: the journal in memory, slow, failing before and after the write, dying with its node."""

import asyncio
import random
from collections.abc import Callable, Sequence

from skyparley.adapters.storage.memory_journal import MemoryJournal, WriteFault
from skyparley.base.errors import JournalFault
from skyparley.engine.journal_port import Entry, Head, StoredEntry
from skyparley.testing.tape import Tape


class _Rows(MemoryJournal):
    """The rows, which can be counted whether or not a process has them open."""

    @property
    def held(self) -> int:
        return len(self._rows)

    def forget_faults(self) -> None:
        """What was planned to fail will not."""
        self._faults.clear()


class Disk:
    """What outlives a crash: the rows, the tape of what is in them, and how well the disk does."""

    def __init__(self, rng: random.Random, kept: Callable[[Sequence[Entry]], None]) -> None:
        self.rng = rng
        self.tape = Tape()
        self.kept = kept
        """Hears each batch at the moment it is durable, before anybody else can."""
        self.slowest_s = 0.0
        self.unreadable_until_s = 0.0
        self.rows = _Rows(latency=self._latency)
        self.snapshot: bytes | None = None

    async def _latency(self) -> None:
        await asyncio.sleep(self.rng.uniform(0, self.slowest_s) if self.slowest_s else 0)

    def plan(self, fault: WriteFault) -> None:
        self.rows.plan(fault)

    def put_back(self, position: int) -> None:
        """As an older backup copied over the journal.  The snapshot that lies there is ahead of it now."""
        self.rows.truncate_to(position)
        self.tape.cut(position)


class SimSnapshots:
    """The store of snapshots of one disk: slow, full now and then, and sometimes what it keeps is spoilt."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    async def load(self) -> bytes | None:
        await asyncio.sleep(0)
        return self._disk.snapshot

    async def save(self, parts: Sequence[bytes]) -> None:
        rng = self._disk.rng
        await asyncio.sleep(rng.uniform(0, self._disk.slowest_s))
        roll, data = rng.random(), b"".join(parts)
        if roll < 0.1:
            raise OSError("simulated: no space for a snapshot")
        if roll < 0.2:
            place = rng.randrange(len(data))
            data = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        elif roll < 0.3:
            data = data[: rng.randrange(len(data))]
        self._disk.snapshot = data


class SimJournal:
    """The journal port of one life of a node.  After `dead` is set nothing of this life reaches the disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self.dead = False
        disk.rows.reopen()

    async def append(self, expected: int, entries: Sequence[Entry]) -> Head:
        self._alive()
        tape = self._disk.tape
        try:
            return await self._disk.rows.append(expected, entries)
        finally:
            # Also after a fault or a kill: what counts is what the disk holds.
            written = self._disk.rows.held - tape.position
            if written:
                assert written == len(entries), "a batch is kept whole or not at all"
                tape.keep(list(entries))
                self._disk.kept(entries)

    async def read(self, after: int, limit: int) -> list[StoredEntry]:
        self._alive()
        if asyncio.get_running_loop().time() < self._disk.unreadable_until_s:
            raise JournalFault("simulated: the disk does not answer")
        return await self._disk.rows.read(after, limit)

    async def head(self) -> Head:
        self._alive()
        return await self._disk.rows.head()

    async def close(self) -> None:
        self.dead = True

    def _alive(self) -> None:
        if self.dead:
            raise JournalFault("simulated: this process is dead")
