"""A start with a snapshot gives the state of the journal, whatever became of the snapshot; taking one is in nobody's way."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

sys.path.insert(0, str(Path(__file__).parents[1] / "domain"))
from harness import Node, World, circle, conflicting

from skyparley.adapters.storage.memory_journal import MemoryJournal
from skyparley.engine import snapshots
from skyparley.engine.journal_port import Entry, Head, StoredEntry
from skyparley.engine.sequencer import Sequencer, fold_stored
from skyparley.engine.snapshots import Keeper, Snapshots
from skyparley.state.projection import State
from skyparley.state.snapshot import freeze
from skyparley.testing.checkers import replay_equals


class Store:
    """One snapshot in memory."""

    def __init__(self) -> None:
        self.data: bytes | None = None
        self.saved = 0
        self.full = False

    async def load(self) -> bytes | None:
        return self.data

    async def save(self, parts: Sequence[bytes]) -> None:
        if self.full:
            raise OSError("no space")
        self.data = b"".join(parts)
        self.saved += 1


def lived() -> Node:
    """A node with a conflict and some notices behind it."""
    _, a, b = conflicting()
    for place in range(1, 5):
        a.file(circle(100 * place), to=[b])
    return a


async def journal_of(node: Node, count: int | None = None) -> MemoryJournal:
    journal = MemoryJournal()
    entries = [Entry(kind, schema, at, content) for at, kind, schema, content in node.journal]
    await journal.append(0, entries[:count])
    return journal


async def folded(node: Node, journal: MemoryJournal, until: int) -> tuple[State, Head]:
    state, head = node.fresh(), Head(0, "")
    for entry in await journal.read(0, until):
        fold_stored(state, entry)
        head = Head(entry.position, entry.header_hash)
    return state, head


async def snapshot_of(node: Node, journal: MemoryJournal, until: int, *, program: str = "P") -> bytes:
    store = Store()
    state, head = await folded(node, journal, until)
    await Snapshots(store, node.signer, program).save(head, list(freeze(state)))
    assert store.data is not None
    return store.data


async def restored(node: Node, journal: MemoryJournal, data: bytes | None, program: str = "P") -> State | None:
    store = Store()
    store.data = data
    found = await Snapshots(store, node.signer, program).restore(journal, node.fresh)
    return found[0] if found else None


def test_what_is_restored_is_what_was_folded_there() -> None:
    async def story() -> None:
        node = lived()
        journal = await journal_of(node)
        for until in range(1, len(node.journal) + 1):
            state, _ = await folded(node, journal, until)
            again = await restored(node, journal, await snapshot_of(node, journal, until))
            assert again is not None
            assert replay_equals(state, again) == []

    asyncio.run(story())


def test_a_snapshot_that_is_not_whole_is_not_used() -> None:
    async def story() -> None:
        node = lived()
        journal = await journal_of(node)
        data = await snapshot_of(node, journal, 20)
        assert await restored(node, journal, data) is not None
        line_end = data.index(b"\n")
        places = [*range(0, line_end + 1, 3), line_end, line_end + 1, line_end + 9, len(data) // 2, len(data) - 1]
        for place in places:
            flipped = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
            assert await restored(node, journal, flipped) is None, place
            assert await restored(node, journal, data[:place]) is None, place
        for odd in (b"", b"\n", data + b"x", b"no snapshot at all\n" + data):
            assert await restored(node, journal, odd) is None

    with capture_logs() as logs:
        asyncio.run(story())
    assert {entry["event"] for entry in logs} == {"snapshot_saved", "snapshot_ignored"}
    assert all(entry["why"] for entry in logs if entry["event"] == "snapshot_ignored")


def test_a_snapshot_of_something_else_is_not_used() -> None:
    async def story() -> None:
        node = lived()
        journal = await journal_of(node)
        data = await snapshot_of(node, journal, 20)
        assert await restored(node, journal, data, program="another program") is None
        assert await restored(node, await journal_of(node, 19), data) is None  # A backup was put back.
        assert await restored(node, await journal_of(node, 20), data) is not None
        changed = [(at + (place == 7), *rest) for place, (at, *rest) in enumerate(node.journal)]
        node.journal[:] = changed  # Another history up to there.
        assert await restored(node, await journal_of(node), data) is None

    asyncio.run(story())


def test_a_planted_snapshot_is_not_used() -> None:
    """Right in every part, of the right entry, by the wrong hand: another node, or this node's desk key."""

    async def story() -> None:
        node, other = lived(), World("B").nodes[0]
        journal = await journal_of(node)
        state, head = await folded(node, journal, 20)
        for signer, role in ((other.signer, "machine"), (node.signer, "desk")):
            store = Store()
            planted = Snapshots(store, _Signs(signer, role), "P")  # type: ignore[arg-type]
            await planted.save(head, list(freeze(state)))
            assert store.data is not None
            assert await restored(node, journal, store.data) is None
        _, later = await folded(node, journal, 21)
        store = Store()
        await Snapshots(store, node.signer, "P").save(later, list(freeze(state)))
        assert await restored(node, journal, store.data) is None  # Our own, with the name of another entry.

    asyncio.run(story())


class _Signs:
    """A signer that signs as another role than it is asked to."""

    def __init__(self, signer: Any, role: str) -> None:
        self.card = signer.card
        self._signer, self._role = signer, role

    def sign(self, role: str, value: Any, typ: str) -> str:
        return str(self._signer.sign(self._role, value, typ))


# --- when they are taken -------------------------------------------------------------------------------------------


class Durable:
    """A state at rest, or not, as the test says."""

    def __init__(self, state: State, head: Head) -> None:
        self.resting: tuple[State, Head] | None = (state, head)

    def moves(self) -> None:
        assert self.resting is not None
        state, head = self.resting
        self.resting = state, Head(head.position + 1, "later")


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def keeping(node: Node, every: int) -> tuple[Keeper, Store, Durable]:
    store = Store()
    durable = Durable(node.state, Head(node.state.position, "now"))
    return Keeper(Snapshots(store, node.signer, "P"), durable, every=every), store, durable


def test_one_is_taken_when_enough_came_and_not_before() -> None:
    async def story() -> None:
        node = lived()
        for every, taken in ((node.state.position + 1, 0), (node.state.position, 1)):
            keeper, store, _ = keeping(node, every)
            task = asyncio.create_task(keeper.run())
            await turns(200)
            assert store.saved == taken
            keeper.heard(())
            await turns(200)
            assert store.saved == taken, "not again before as many came"
            task.cancel()

    asyncio.run(story())


def test_whoever_decides_meanwhile_goes_first_and_it_begins_again() -> None:
    async def story() -> None:
        keeper, store, durable = keeping(lived(), 1)
        task = asyncio.create_task(keeper.run())
        await turns(2)  # Some pieces are taken.
        durable.moves()
        await turns(200)
        assert store.saved == 0
        keeper.heard(())
        await turns(200)
        assert store.saved == 1
        task.cancel()

    asyncio.run(story())


def test_who_never_rests_gets_one_in_one_go_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots.limits, "SNAPSHOT_SPOILT", 3)

    async def story() -> None:
        keeper, store, durable = keeping(lived(), 1)
        task = asyncio.create_task(keeper.run())
        for spoilt in range(3):
            await turns(2)
            durable.moves()
            await turns(200)
            assert store.saved == 0, spoilt
            keeper.heard(())
        await turns(1)
        durable.moves()
        await turns(200)
        assert store.saved == 1
        task.cancel()

    asyncio.run(story())


def test_while_a_batch_is_not_durable_none_is_taken() -> None:
    async def story() -> None:
        keeper, store, durable = keeping(lived(), 1)
        durable.resting = None
        await keeper.last()
        assert store.saved == 0

    asyncio.run(story())


def test_a_full_disk_is_not_asked_again_for_each_entry() -> None:
    async def story() -> None:
        node = lived()
        keeper, store, durable = keeping(node, 20)
        store.full = True
        task = asyncio.create_task(keeper.run())
        await turns(200)
        store.full = False
        for _ in range(19):
            durable.moves()
            keeper.heard(())
            await turns(50)
            assert store.saved == 0
        durable.moves()
        keeper.heard(())
        await turns(50)
        assert store.saved == 1
        task.cancel()

    asyncio.run(story())


# --- in a node -----------------------------------------------------------------------------------------------------


class Counted(MemoryJournal):
    """A journal that counts what is read of it."""

    given = 0

    async def read(self, after: int, limit: int) -> list[StoredEntry]:
        found = await super().read(after, limit)
        self.given += len(found)
        return found


def test_a_start_reads_only_what_came_behind_it_and_says_the_same() -> None:
    async def story() -> None:
        node = lived()
        journal = Counted()
        entries = [Entry(kind, schema, at, content) for at, kind, schema, content in node.journal]
        await journal.append(0, entries)
        store = Store()
        store.data = await snapshot_of(node, journal, len(entries) - 7)
        loaded = []
        for kept in (None, Snapshots(store, node.signer, "P")):
            journal.given = 0
            sequencer = Sequencer(
                journal=journal,
                fresh=node.fresh,
                signer=node.signer,
                clock=None,  # type: ignore[arg-type]
                luck=None,  # type: ignore[arg-type]
                snapshots=kept,
            )
            assert await sequencer.load() == len(entries)
            resting = sequencer.resting
            assert resting is not None
            assert resting[1] == await journal.head()
            assert resting[0].index.file_some(0), "the first to ask does not wait for all to be filed"
            loaded.append((resting[0], journal.given))
        assert replay_equals(loaded[0][0], loaded[1][0]) == []
        assert [given for _, given in loaded] == [len(entries), 1 + 7]

    asyncio.run(story())
