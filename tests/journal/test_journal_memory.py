"""What the journal in memory adds for simulations: time to write, planned deaths, backups, rot."""

from __future__ import annotations

import asyncio

import pytest
from journal_support import as_written, batch, read_all

from skyparley.adapters.storage.memory_journal import MemoryJournal, WriteFault
from skyparley.base.errors import JournalDamaged, JournalFault, JournalFull, JournalReadOnly
from skyparley.engine.journal_port import Head


def test_nothing_is_written_before_the_latency_is_over() -> None:
    async def story() -> None:
        gate = asyncio.Event()

        async def latency() -> None:
            await gate.wait()

        journal = MemoryJournal(latency=latency)
        writing = asyncio.create_task(journal.append(0, batch(0, 2)))
        assert await journal.read(0, 10) == []
        assert not writing.done()
        gate.set()
        assert (await writing).position == 2
        assert len(await read_all(journal)) == 2

    asyncio.run(story())


@pytest.mark.parametrize(
    ("fault", "raises", "kept", "dead"),
    [
        (WriteFault.LOST, JournalFault, 2, False),
        (WriteFault.FULL, JournalFull, 2, False),
        (WriteFault.READ_ONLY, JournalReadOnly, 2, False),
        (WriteFault.KEPT, JournalFault, 5, False),
        (WriteFault.TORN, JournalFault, 2, True),
        (WriteFault.DIED_AFTER, JournalFault, 5, True),
    ],
)
def test_a_planned_fault_leaves_what_it_says(
    fault: WriteFault, raises: type[JournalFault], kept: int, dead: bool
) -> None:
    async def story() -> None:
        journal = MemoryJournal()
        await journal.append(0, batch(0, 2))
        journal.plan(fault)
        with pytest.raises(JournalFault) as caught:
            await journal.append(2, batch(2, 3))
        assert type(caught.value) is raises
        if dead:
            for call in (journal.head(), journal.read(0, 1), journal.append(kept, [])):
                with pytest.raises(JournalFault, match="process died"):
                    await call
            journal.reopen()
        assert [as_written(stored) for stored in await read_all(journal)] == batch(0, kept)
        await journal.append(kept, batch(kept, 1))

    asyncio.run(story())


def test_a_fault_waits_for_an_append_that_would_write() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        journal.plan(WriteFault.LOST)
        assert await journal.append(0, []) == Head(0, "")
        with pytest.raises(JournalFault):
            await journal.append(0, batch(0, 1))
        await journal.append(0, batch(0, 1))

    asyncio.run(story())


def test_an_older_backup_is_a_shorter_journal_valid_in_itself() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        await journal.append(0, batch(0, 3))
        backup, before = journal.snapshot(), await read_all(journal)
        await journal.append(3, batch(3, 3))
        longer = await read_all(journal)
        journal.restore(backup)
        assert await read_all(journal) == before
        # Another future grows from the same past, with other hashes: this is what heads at the peers reveal.
        await journal.append(3, batch(103, 1))
        assert (await journal.head()).header_hash != longer[3].header_hash
        journal.truncate_to(2)
        assert await read_all(journal) == before[:2]

    asyncio.run(story())


def test_rot_is_found_where_it_is() -> None:
    async def story() -> None:
        journal = MemoryJournal()
        await journal.append(0, batch(0, 4))
        journal.rot(3)
        assert len(await journal.read(0, 2)) == 2
        with pytest.raises(JournalDamaged, match="position 3"):
            await read_all(journal)

    asyncio.run(story())


def test_two_runs_keep_the_same_bytes() -> None:
    async def run() -> bytes:
        journal = MemoryJournal()
        await journal.append(0, batch(0, 4))
        return journal.snapshot()

    assert asyncio.run(run()) == asyncio.run(run())
