"""A DSS on the engine's one writer: of many at once one wins, what is answered is kept, what is not kept is not seen."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "domain"))
from dss_support import BARE, MINUTE_US, PROCESSING, T0_US, changed, extent, missing, picture, status
from harness import World

from skyparley.adapters.storage.journal_row import salts_from_seed
from skyparley.adapters.storage.memory_journal import MemoryJournal, WriteFault
from skyparley.adapters.storage.sqlite_journal import SqliteJournal
from skyparley.base import limits
from skyparley.base.errors import JournalFault, JournalFull
from skyparley.engine.journal_port import JournalPort
from skyparley.state.snapshot import Unfit
from skyparley.testing.loop import run as run_simulated
from skyparley.testing.loop import sim_loop
from skyparley.testing.ports import SimClock, SimLuck
from skyparley.utm.commands import (
    Answer,
    DeleteIntent,
    PutConstraint,
    PutIntent,
    PutSubscription,
    Refused,
    SetAvailability,
)
from skyparley.utm.records import Extent
from skyparley.utm.rulings import Rules
from skyparley.utm.service import SWEEP_MS, Dss
from skyparley.utm.snapshot import DssSnapshots
from skyparley.utm.state import DssState

HERE = extent()
MANY = 64
assert limits.BATCH_COMMANDS >= MANY, "those at once are decided in one batch"


class Still:
    """A clock that stands where the simulated one begins."""

    def now_ms(self) -> int:
        return T0_US // 1000

    async def sleep_ms(self, ms: int) -> None:
        await asyncio.Event().wait()


class Store:
    """One snapshot in memory."""

    def __init__(self) -> None:
        self.data: bytes | None = None

    async def load(self) -> bytes | None:
        return self.data

    async def save(self, parts: Sequence[bytes]) -> None:
        self.data = b"".join(parts)


class Ground:
    """Where a DSS runs: a journal that can be opened again, a loop, a clock, and luck that is new each time."""

    def __init__(self, run: Callable[[Coroutine[Any, Any, None]], None], journal: Callable[[], JournalPort]) -> None:
        self.run, self.journal = run, journal
        self.simulated = run is run_simulated
        self._lives = 0

    @asynccontextmanager
    async def dss(self, store: Store | None = None, **rules: Any) -> Any:
        self._lives += 1
        clock: Any = SimClock(sim_loop(), 0) if self.simulated else Still()
        luck = SimLuck(f"life {self._lives}")
        snapshots = None if store is None else DssSnapshots(store, SIGNER, "P")
        dss = Dss(journal=self.journal(), rules=Rules(**rules), clock=clock, luck=luck, snapshots=snapshots)
        await dss.start()
        try:
            yield dss
        finally:
            await dss.stop()


SIGNER = World("A").nodes[0].signer


@pytest.fixture(params=["memory", "sqlite"])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Ground:
    if request.param == "sqlite":
        return Ground(asyncio.run, lambda: SqliteJournal(tmp_path / "dss.db", salt=salts_from_seed(1)))
    return simulated(MemoryJournal())


def simulated(journal: MemoryJournal) -> Ground:
    def opened() -> JournalPort:
        journal.reopen()
        return journal

    return Ground(run_simulated, opened)


def plan(name: str, *, by: str, where: Extent = HERE, **more: Any) -> PutIntent:
    return PutIntent(id=name, manager=by, state="Accepted", extent=where, base_url=f"https://{by}.example", **more)


def all_of(dss: Dss) -> Awaitable[dict[str, Any]]:
    """Everything, as what a restart gives is compared with."""
    return dss.read(lambda state: deepcopy(picture(state)))


# --- many at once ----------------------------------------------------------------------------------------------------


def test_of_many_conflicting_creations_at_once_one_wins_and_the_others_are_told_which(ground: Ground) -> None:
    """And again with the key that the others were told of, until each has won."""

    async def story() -> None:
        async with ground.dss() as dss:
            waiting, key, won = list(range(MANY)), frozenset[str](), list[str]()
            while waiting:
                ask = [plan(f"i{place}", by=f"uss{place}", key=key, new_subscription=BARE) for place in waiting]
                answers: list[Answer] = await asyncio.gather(*(dss.submit(one) for one in ask))
                winners = [changed(one) for one in answers if not isinstance(one, Refused)]
                assert len(winners) == 1
                for answer in answers:
                    if isinstance(answer, Refused):
                        assert (answer.status, missing(answer)) == (409, {winners[0].id})
                won.append(winners[0].id)
                key |= {winners[0].ovn}
                waiting.remove(int(winners[0].id[1:]))
            assert set(won) == {f"i{place}" for place in range(MANY)}
            assert len(key) == MANY
            assert set((await all_of(dss))["intents"]) == set(won)

    ground.run(story())


def test_of_many_changes_from_one_version_at_once_one_wins(ground: Ground) -> None:
    async def story() -> None:
        async with ground.dss() as dss:
            first = changed(await dss.submit(plan("a", by="alpha")))
            ask = [plan("a", by="alpha", ovn=first.ovn) for _ in range(MANY)]
            answers = await asyncio.gather(*(dss.submit(one) for one in ask))
            assert sorted(status(one) for one in answers) == [200] + [409] * (MANY - 1)
            kept = (await all_of(dss))["intents"]["a"]
            assert kept.version == 2
            assert kept in [one.intent for one in answers if not isinstance(one, Refused)]

    ground.run(story())


def test_a_key_check_and_a_constraint_do_not_pass_each_other(ground: Ground) -> None:
    """Whichever is first: a plan that won did not have to know the constraint, or the plan is refused for it."""

    async def story() -> None:
        async with ground.dss() as dss:
            for place in range(8):
                where = extent([place])
                zone = PutConstraint(manager="police", id=f"z{place}", extent=where, base_url="https://police.example")
                ask = [zone, plan(f"a{place}", by="alpha", where=where, new_subscription=PROCESSING)]
                first = place % 2
                zoned, planned = (await asyncio.gather(*(dss.submit(one) for one in (ask[::-1] if first else ask))))[
                    :: -1 if first else 1
                ]
                assert status(zoned) == 201
                if status(planned) == 201:
                    told = [one.subscription for one in zoned.notify]
                    assert told == [changed(planned).subscription], "who did not know it is told of it"
                else:
                    assert missing(planned) == {f"z{place}"}

    ground.run(story())


# --- restart ---------------------------------------------------------------------------------------------------------


def all_ovns(state: DssState) -> frozenset[str]:
    return frozenset(one.ovn for one in state.intents.values()).union(one.ovn for one in state.constraints.values())


async def live_a_while(dss: Dss, tag: str) -> None:
    """Some of everything: overlapping plans, zones, subscriptions, changes, deletions, what was declared."""
    for place in range(12):
        where = extent([place, place + 1])
        sub = PutSubscription(
            manager="watch",
            id=f"{tag}s{place}",
            extent=where,
            base_url="https://watch.example",
            for_intents=True,
            for_constraints=place % 2 == 0,
        )
        await dss.submit(sub)
        zone = PutConstraint(manager="police", id=f"{tag}z{place}", extent=where, base_url="https://police.example")
        await dss.submit(zone)
        known = await dss.read(all_ovns)
        ask = plan(f"{tag}i{place}", by=f"uss{place % 3}", where=where, key=known, new_subscription=PROCESSING)
        intent = changed(await dss.submit(ask))
        if place % 3 == 0:
            more: dict[str, Any] = {"key": known, "ovn": intent.ovn, "subscription": intent.subscription}
            intent = changed(await dss.submit(plan(intent.id, by=intent.manager, where=extent([place + 50]), **more)))
        if place % 4 == 0:
            await dss.submit(DeleteIntent(manager=intent.manager, id=intent.id, ovn=intent.ovn))
    await dss.submit(SetAvailability(manager="judge", uss=f"{tag}uss", old_version="", availability="Down"))


def test_a_restart_from_the_journal_gives_the_same_state_and_goes_on(ground: Ground) -> None:
    async def story() -> None:
        async with ground.dss() as dss:
            await live_a_while(dss, "a")
            before = await all_of(dss)
        assert before["position"] > 40
        async with ground.dss() as dss:
            assert await all_of(dss) == before
            await live_a_while(dss, "b")
            after = await all_of(dss)
        async with ground.dss() as dss:
            assert await all_of(dss) == after

    ground.run(story())


def test_a_restart_from_a_snapshot_gives_the_same_state(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SNAPSHOT_AT_END_ENTRIES", 30)
    monkeypatch.setattr("skyparley.utm.snapshot.PER_PIECE", 5)
    store = Store()

    async def story() -> None:
        async with ground.dss(store) as dss:
            await live_a_while(dss, "a")
        first = store.data
        assert first is not None
        async with ground.dss(store) as dss:
            assert dss.sequencer._snapshots.used.position > 40, "it began with the snapshot"
            await live_a_while(dss, "b")
            after = await all_of(dss)
        assert store.data != first
        store.data = first
        async with ground.dss(store) as dss:
            assert 40 < dss.sequencer._snapshots.used.position < after["position"]
            assert await all_of(dss) == after
        store.data = first[:-1]
        async with ground.dss(store) as dss:
            assert dss.sequencer._snapshots.used.position == 0
            assert await all_of(dss) == after

    ground.run(story())


def test_a_snapshot_that_is_not_whole_is_not_used() -> None:
    async def story() -> None:
        async with simulated(MemoryJournal()).dss() as dss:
            await live_a_while(dss, "a")
            pieces = await dss.read(lambda state: list(DssSnapshots(Store(), SIGNER, "P").freeze(state)))
        snapshots = DssSnapshots(Store(), SIGNER, "P")
        snapshots.thaw(pieces, DssState())
        for spoilt in (*(pieces[:count] for count in range(len(pieces))), [*pieces, pieces[0]], pieces[1:], [b"?"]):
            with pytest.raises(Unfit):
                snapshots.thaw(spoilt, DssState())

    run_simulated(story())


# --- what fails ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [WriteFault.LOST, WriteFault.FULL, WriteFault.KEPT])
def test_an_append_that_fails_answers_a_fault_and_only_what_the_journal_holds_is_seen(fault: WriteFault) -> None:
    journal = MemoryJournal()
    ground = simulated(journal)

    async def story() -> None:
        async with ground.dss() as dss:
            first = changed(await dss.submit(plan("first", by="alpha", new_subscription=BARE)))
            before = await all_of(dss)
            journal.plan(fault)
            ask = [plan(f"i{place}", by="bravo", where=extent([10 + place])) for place in range(5)]
            ask.append(plan("first", by="alpha", ovn=first.ovn, where=extent([2])))
            answers = await asyncio.gather(*(dss.submit(one) for one in ask), return_exceptions=True)
            wanted = JournalFull if fault is WriteFault.FULL else JournalFault
            assert all(isinstance(one, wanted) for one in answers), answers
            kept = fault is WriteFault.KEPT
            after = await all_of(dss)
            assert (after == before) is not kept
            assert after["position"] == (await journal.head()).position == (7 if kept else 1)
            again = await asyncio.gather(*(dss.submit(one) for one in ask))
            assert [status(one) for one in again] == ([409] * 6 if kept else [201] * 5 + [200])
            last = await all_of(dss)
        async with ground.dss() as dss:
            assert await all_of(dss) == last

    run_simulated(story())


def test_nobody_reads_what_is_not_yet_durable() -> None:
    async def story() -> None:
        let_through = asyncio.Event()
        let_through.set()

        async def slow() -> None:
            await let_through.wait()

        async with simulated(MemoryJournal(latency=slow)).dss() as dss:
            let_through.clear()
            asked = asyncio.create_task(dss.submit(plan("a", by="alpha")))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            read = asyncio.create_task(dss.read(lambda state: set(state.intents)))
            await asyncio.sleep(1)
            assert not asked.done()
            assert not read.done()
            let_through.set()
            assert status(await asked) == 201
            assert await read == {"a"}

    run_simulated(story())


def test_a_change_that_no_entry_can_hold_is_refused_and_the_others_go_on(ground: Ground) -> None:
    """The bound of an intent and that of its implicit subscription are in one entry."""

    async def story() -> None:
        async with ground.dss() as dss:
            large = extent(range(2_000_000_000, 2_000_000_000 + limits.DSS_CELLS))
            ask = [
                plan("before", by="alpha"),
                plan("large", by="alpha", where=large, new_subscription=BARE),
                plan("after", by="alpha", where=extent([2])),
            ]
            answers = await asyncio.gather(*(dss.submit(one) for one in ask))
            assert [status(one) for one in answers] == [201, 413, 201]
            assert set((await all_of(dss))["intents"]) == {"before", "after"}
            assert status(await dss.submit(plan("large", by="alpha", where=large))) == 201

    ground.run(story())


# --- what ended ------------------------------------------------------------------------------------------------------


def test_what_ended_leaves_without_being_asked_however_much_it_is() -> None:
    async def story() -> None:
        async with simulated(MemoryJournal()).dss(keep_us=MINUTE_US) as dss:
            count = 2 * limits.DSS_SWEPT + 100
            ask = [
                plan(f"i{place}", by="alpha", where=extent([place]), new_subscription=BARE) for place in range(count)
            ]
            await asyncio.gather(*(dss.submit(one) for one in ask))
            assert dss.sizes()["operational_intents"] == dss.sizes()["subscriptions"] == count
            await asyncio.sleep(61 * 60 - 1)
            assert dss.sizes()["operational_intents"] == count
            await asyncio.sleep(1 + 2 * SWEEP_MS / 1000)
            assert dss.sizes()["operational_intents"] == dss.sizes()["subscriptions"] == 0
            entries = dss.sizes()["journal_entries"]
            await asyncio.sleep(24 * 3600)
            assert dss.sizes()["journal_entries"] == entries, "nothing is written while nothing happens"

    run_simulated(story())


def test_a_sweep_that_the_journal_does_not_take_is_tried_again() -> None:
    journal = MemoryJournal()

    async def story() -> None:
        async with simulated(journal).dss(keep_us=0) as dss:
            await dss.submit(plan("a", by="alpha"))
            await asyncio.sleep(60 * 60 - 1)
            journal.plan(WriteFault.LOST)
            await asyncio.sleep(1 + 1.5 * SWEEP_MS / 1000)
            assert dss.sizes()["operational_intents"] == 1
            await asyncio.sleep(SWEEP_MS / 1000)
            assert dss.sizes()["operational_intents"] == 0

    run_simulated(story())
