"""The contract of the journal port, the same for every implementation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from journal_support import MemoryKit, SqliteKit, as_written, batch, entry, read_all

from skyparley.base.errors import JournalFault, WrongPosition
from skyparley.base.limits import ENTRY_CONTENT_BYTES
from skyparley.engine.journal_port import Entry, Head

Kit = MemoryKit | SqliteKit


@pytest.fixture(params=[MemoryKit, SqliteKit], ids=["memory", "sqlite"])
def kit(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kit]:
    made: Callable[[Path], Kit] = request.param
    opened = made(tmp_path)
    yield opened
    opened.done()


def test_an_empty_journal_has_no_head_and_no_entries(kit: Kit) -> None:
    async def story() -> None:
        assert await kit.journal.head() == Head(0, "")
        assert await kit.journal.read(0, 10) == []
        assert await kit.journal.append(0, []) == Head(0, "")

    asyncio.run(story())


def test_what_was_appended_is_read_back_in_order(kit: Kit) -> None:
    async def story() -> None:
        written = batch(0, 7)
        first = await kit.journal.append(0, written[:3])
        second = await kit.journal.append(3, written[3:])
        found = await read_all(kit.journal)
        assert [as_written(stored) for stored in found] == written
        assert [stored.position for stored in found] == [1, 2, 3, 4, 5, 6, 7]
        assert (first, second) == (Head(3, found[2].header_hash), Head(7, found[6].header_hash))
        assert await kit.journal.head() == second
        assert len({stored.header_hash for stored in found}) == 7

    asyncio.run(story())


@pytest.mark.parametrize(
    ("after", "limit", "positions"),
    [(0, 3, [1, 2, 3]), (2, 2, [3, 4]), (4, 100, [5]), (5, 1, []), (6, 1, []), (0, 1, [1])],
)
def test_a_part_is_read(kit: Kit, after: int, limit: int, positions: list[int]) -> None:
    async def story() -> list[int]:
        await kit.journal.append(0, batch(0, 5))
        return [stored.position for stored in await kit.journal.read(after, limit)]

    assert asyncio.run(story()) == positions


def test_the_journal_is_the_same_after_it_was_closed_and_opened(kit: Kit) -> None:
    async def story() -> None:
        await kit.journal.append(0, batch(0, 5))
        before = await read_all(kit.journal)
        await kit.reopen()
        assert await read_all(kit.journal) == before
        assert await kit.journal.head() == Head(5, before[-1].header_hash)
        await kit.journal.append(5, batch(5, 1))
        assert len(await read_all(kit.journal)) == 6

    asyncio.run(story())


@pytest.mark.parametrize("expected", [0, 2, 4, 1_000_000])
@pytest.mark.parametrize("count", [0, 2])
def test_a_wrong_position_writes_nothing(kit: Kit, expected: int, count: int) -> None:
    async def story() -> None:
        head = await kit.journal.append(0, batch(0, 3))
        with pytest.raises(WrongPosition, match="head is at 3"):
            await kit.journal.append(expected, batch(expected, count))
        assert await kit.journal.head() == head
        assert len(await read_all(kit.journal)) == 3
        await kit.journal.append(3, batch(3, 1))

    asyncio.run(story())


def test_of_two_who_append_at_one_position_one_succeeds(kit: Kit) -> None:
    async def story() -> None:
        append = kit.journal.append
        answers = await asyncio.gather(append(0, batch(0, 2)), append(0, batch(0, 5)), return_exceptions=True)
        heads = [answer for answer in answers if isinstance(answer, Head)]
        assert len(heads) == 1
        assert sum(isinstance(answer, WrongPosition) for answer in answers) == 1
        assert await kit.journal.head() == heads[0]
        assert len(await read_all(kit.journal)) == heads[0].position

    asyncio.run(story())


def test_an_append_gives_way_to_others(kit: Kit) -> None:
    async def story() -> None:
        seen: list[str] = []
        asyncio.get_running_loop().call_soon(seen.append, "someone else ran")
        await kit.journal.append(0, batch(0, 1))
        assert seen, "the durability gate is never shut for anybody if nobody else can run"

    asyncio.run(story())


def test_a_lost_write_leaves_nothing_and_the_journal_usable(kit: Kit) -> None:
    async def story() -> None:
        head = await kit.journal.append(0, batch(0, 2))
        kit.lose_next()
        with pytest.raises(JournalFault):
            await kit.journal.append(2, batch(2, 20, content_bytes=2_000))
        assert await kit.journal.head() == head
        assert len(await read_all(kit.journal)) == 2
        again = await kit.journal.append(2, batch(2, 3))
        assert [as_written(stored) for stored in await read_all(kit.journal)] == batch(0, 5)
        await kit.reopen()
        assert await kit.journal.head() == again
        assert [as_written(stored) for stored in await read_all(kit.journal)] == batch(0, 5)

    asyncio.run(story())


def test_a_write_kept_but_reported_lost_is_there_whole_and_the_journal_usable(kit: Kit) -> None:
    async def story() -> None:
        await kit.journal.append(0, batch(0, 2))
        kit.keep_next()
        with pytest.raises(JournalFault):
            await kit.journal.append(2, batch(2, 20, content_bytes=2_000))
        assert (await kit.journal.head()).position == 22
        with pytest.raises(WrongPosition):
            await kit.journal.append(2, batch(2, 1))
        await kit.journal.append(22, batch(22, 1))
        written = batch(0, 2) + batch(2, 20, content_bytes=2_000) + batch(22, 1)
        assert [as_written(stored) for stored in await read_all(kit.journal)] == written
        await kit.reopen()
        assert [as_written(stored) for stored in await read_all(kit.journal)] == written

    asyncio.run(story())


def test_a_purge_removes_the_content_and_leaves_the_chain(kit: Kit) -> None:
    async def story() -> None:
        head = await kit.journal.append(0, batch(0, 4))
        before = await read_all(kit.journal)
        for position in (2, 4, 2):
            await kit.journal.purge(position)
        after = await read_all(kit.journal)
        assert [stored.content is None for stored in after] == [False, True, False, True]
        assert [stored.header_hash for stored in after] == [stored.header_hash for stored in before]
        assert await kit.journal.head() == head
        await kit.journal.append(4, batch(4, 1))
        await kit.reopen()
        assert [stored.content is None for stored in await read_all(kit.journal)] == [False, True, False, True, False]

    asyncio.run(story())


@pytest.mark.parametrize("position", [-1, 0, 4])
def test_only_what_exists_is_purged(kit: Kit, position: int) -> None:
    async def story() -> None:
        await kit.journal.append(0, batch(0, 3))
        with pytest.raises(WrongPosition, match="no entry"):
            await kit.journal.purge(position)
        assert all(stored.content is not None for stored in await read_all(kit.journal))

    asyncio.run(story())


@pytest.mark.parametrize(
    "bad",
    [
        Entry("", 1, 0, b"{}"),
        Entry("Notice Filed", 1, 0, b"{}"),
        Entry("Größe", 1, 0, b"{}"),
        Entry("K" * 65, 1, 0, b"{}"),
        Entry("Kind\n", 1, 0, b"{}"),
        Entry("Kind", 0, 0, b"{}"),
        Entry("Kind", 1, -1, b"{}"),
        Entry("Kind", 1, 2**53, b"{}"),
        Entry("Kind", 1, 0, b""),
        Entry("Kind", 1, 0, b"x" * (ENTRY_CONTENT_BYTES + 1)),
    ],
    ids=lambda bad: f"{bad.kind[:12]!r}-{bad.schema}-{bad.at_ms}-{len(bad.content)}",
)
def test_what_the_specification_has_no_bytes_for_is_not_written(kit: Kit, bad: Entry) -> None:
    async def story() -> None:
        with pytest.raises(ValueError):
            await kit.journal.append(0, [entry(1), bad])
        assert await kit.journal.head() == Head(0, "")

    asyncio.run(story())


def test_the_largest_entry_is_kept(kit: Kit) -> None:
    async def story() -> None:
        large = Entry("Kind", 1, 0, b"x" * ENTRY_CONTENT_BYTES)
        await kit.journal.append(0, [large])
        assert [as_written(stored) for stored in await read_all(kit.journal)] == [large]

    asyncio.run(story())


def test_a_closed_journal_answers_nothing(kit: Kit) -> None:
    async def story() -> None:
        journal = kit.journal
        await journal.append(0, batch(0, 1))
        await journal.close()
        await journal.close()
        for call in (journal.append(1, batch(1, 1)), journal.read(0, 1), journal.head(), journal.purge(1)):
            with pytest.raises(JournalFault, match="closed"):
                await call
        await kit.reopen()
        assert len(await read_all(kit.journal)) == 1

    asyncio.run(story())


def test_the_same_entries_and_salts_make_the_same_hashes_everywhere(tmp_path: Path) -> None:
    async def story() -> None:
        memory, sqlite = MemoryKit(tmp_path), SqliteKit(tmp_path)
        # The SQLite journal drew one salt for its id; let the other draw one too, so that both go on alike.
        memory.journal._salt()
        heads = [await kit.journal.append(0, batch(0, 3)) for kit in (memory, sqlite)]
        assert heads[0] == heads[1]
        sqlite.done()

    asyncio.run(story())
