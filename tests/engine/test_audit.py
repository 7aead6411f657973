"""What a start with a snapshot did not read is read afterwards; damage there is told to people, and the node goes on."""

from __future__ import annotations

import asyncio

import pytest
from test_snapshots import journal_of, lived

from skyparley.adapters.storage.memory_journal import MemoryJournal
from skyparley.base.errors import JournalFault, Refusal
from skyparley.domain.commands import Outcome, ReportDamage
from skyparley.engine import audit as audits
from skyparley.engine.audit import Audit
from skyparley.engine.journal_port import Head, StoredEntry


class Submitted:
    """A sequencer that only notes what it is asked."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def submit(self, command: ReportDamage) -> Outcome | Refusal:
        self.texts.append(command.text)
        return Outcome()


class Hurried:
    """A clock whose sleep takes a turn."""

    async def sleep_ms(self, ms: int) -> None:
        await asyncio.sleep(0)


async def audited(journal: MemoryJournal, until: Head) -> list[str]:
    submitted = Submitted()
    audit = Audit(journal, submitted, Hurried(), until)  # type: ignore[arg-type]
    task = asyncio.create_task(audit.run())
    for _ in range(1_000):
        await asyncio.sleep(0)
    assert audit.done
    task.cancel()
    return submitted.texts


async def head_at(journal: MemoryJournal, position: int) -> Head:
    return Head(position, (await journal.read(position - 1, 1))[0].header_hash)


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audits.limits, "AUDIT_PAGE_ENTRIES", 7)


def test_a_whole_journal_is_not_spoken_of() -> None:
    async def story() -> None:
        journal = await journal_of(lived())
        assert await audited(journal, await head_at(journal, 20)) == []
        assert await audited(journal, Head(0, "")) == []

    asyncio.run(story())


@pytest.mark.parametrize("position", [1, 7, 8, 13, 20])
def test_damage_anywhere_before_the_snapshot_is_told_with_its_place(position: int) -> None:
    async def story() -> None:
        journal = await journal_of(lived())
        until = await head_at(journal, 20)
        journal.rot(position)
        (text,) = await audited(journal, until)
        assert f"position {position}:" in text

    asyncio.run(story())


def test_another_history_behind_the_same_numbers_is_told() -> None:
    async def story() -> None:
        node = lived()
        until = await head_at(await journal_of(node), 20)
        node.journal[:] = [(at + 1, *rest) for at, *rest in node.journal]
        (text,) = await audited(await journal_of(node), until)
        assert "position 20:" in text

    asyncio.run(story())


def test_a_disk_that_does_not_answer_is_asked_again() -> None:
    class Slow(MemoryJournal):
        faults = 3

        async def read(self, after: int, limit: int) -> list[StoredEntry]:
            if after == 7 and self.faults:
                self.faults -= 1
                raise JournalFault("the disk does not answer")
            return await super().read(after, limit)

    async def story() -> None:
        whole = await journal_of(lived())
        journal = Slow()
        journal.restore(whole.snapshot())
        assert await audited(journal, await head_at(whole, 20)) == []
        assert journal.faults == 0

    asyncio.run(story())


def test_the_desk_is_alarmed() -> None:
    node = lived()
    node.run(ReportDamage(text="position 3: the chain is broken"))
    alarm = node.state.alarms[0]
    assert alarm.code == "JOURNAL_DAMAGED"
    assert "position 3: the chain is broken" in alarm.text
