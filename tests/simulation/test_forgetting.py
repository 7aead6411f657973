"""What is over leaves memory at both nodes, and a late word about it gets the answer that it would have got before."""

import asyncio

import pytest
from small_world import SmallWorld, raised, told, volume

from skyparley.base.errors import Refusal
from skyparley.base.times import MINUTE
from skyparley.domain import commands as c
from skyparley.domain.events import StatementReceived
from skyparley.state.projection import State
from skyparley.testing.liar import payload_of
from skyparley.testing.loop import sim_loop
from skyparley.testing.parties import party
from skyparley.testing.tape import content_of

KEEP_MS = 10 * MINUTE
CHECKS = {"CHECK", "CHECK AWAITED", "NEXT CHECK", "HUMAN CHECK"}
"""The clocks of a line's own checks, which go on for as long as it stands."""
NOTICE_TYPES = {"NTC", "NCH", "NCX", "NACT", "NEND"}
A, B = (party(name).card.fingerprint for name in "AB")


async def pass_min(minutes: float) -> None:
    """Time goes on, and what is due then is done."""
    for _ in range(round(minutes / 5)):
        sim_loop().jump(5 * 60)
        await asyncio.sleep(1)


def leaves(state: State) -> dict[str, int]:
    """How much of each kind is in memory.  The checks of a line go on while it stands: neither they nor their clocks count."""
    names = ("notices", "conflicts", "agreements", "pairs_of", "agreements_about", "agreed_on", "accepted", "pending")
    checks = {hash_ for hash_, matter in state.matters.items() if matter.type == "LCK"}
    clocks = [about for what, about, _ in state.deadlines.held() if what not in CHECKS and about not in checks]
    matters = len(set(state.matters) - checks)
    return {name: len(getattr(state, name)) for name in names} | {"matters": matters, "clocks": len(clocks)}


def verdicts(world: SmallWorld, name: str) -> list[str]:
    """What a node answered to each statement about a notice that it received."""
    entries = [entry for entry in world.hosts[name].disk.tape.entries if entry.kind == StatementReceived.__name__]
    received = [content_of(entry) for entry in entries]
    told = [one for one in received if payload_of(one["jws"])["type"] in NOTICE_TYPES]
    return [one.get("err", "FOLDED") for one in told]


async def settle_one(world: SmallWorld) -> tuple[str, str]:
    """A conflict that the two settle by an agreement; both notices end at 180 min."""
    ours = await world.file("A", volume())
    await asyncio.sleep(5)
    theirs = await world.file("B", volume())
    await asyncio.sleep(5)
    await world.propose("A", ours, theirs, theirs, raised(volume(), 6_000))
    await asyncio.sleep(5)
    assert not isinstance(await world.accept("B", theirs, ours), Refusal)
    await asyncio.sleep(5)
    return ours, theirs


def test_a_settled_conflict_leaves_nothing_but_its_names() -> None:
    async def story(world: SmallWorld) -> None:
        ours, theirs = await settle_one(world)
        pair = (await world.conflict("A", ours, theirs)).pair_id
        before = leaves(await world.state("A"))
        assert (before["notices"], before["conflicts"], before["agreements"]) == (2, 1, 1)
        await pass_min(180)
        assert leaves(await world.state("A"))["notices"] == 2, "not yet"
        await pass_min(45)
        for name in "AB":
            left = leaves(await world.state(name))
            # Nobody acknowledged the two notices: for a day people see that, and for one more that it was never done.
            assert {kind: count for kind, count in left.items() if count} == {"matters": 2, "clocks": 2}
        await pass_min(2 * 24 * 60)
        for name in "AB":
            state = await world.state(name)
            assert set(leaves(state).values()) == {0}
            assert set(state.forgotten.notices) == {(A, ours), (B, theirs)}
            assert state.forgotten.pairs == {pair: 1}
            assert len(state.forgotten.agreements) == 1

    told(story, "A", "B", keep_ms=KEEP_MS)


def test_an_id_is_not_given_again_and_what_is_over_is_said_to_be() -> None:
    async def story(world: SmallWorld) -> None:
        notice = await world.file("A", volume(start_min=10, end_min=30))
        theirs = await world.file("B", volume(start_min=300, end_min=330))
        await pass_min(60)
        assert (A, notice) in (await world.state("B")).forgotten.notices
        again = c.FileNotice(
            id=notice,
            kind="TRANSIT",
            volumes=(volume(),),
            due_regard=(await world.notice("B", "B", theirs)).current.due_regard,
        )
        codes = [await world.desk("A", again)]
        codes += [await world.desk("A", kind(id=notice, expected_version=1)) for kind in (c.CancelNotice, c.EndNotice)]
        codes.append(await world.desk("B", c.QueryNotice(party="A", id=notice, expected_version=1, field="AREA")))
        assert [answer.codes for answer in codes if isinstance(answer, Refusal)] == [
            ("ID_TAKEN",),
            ("STATE",),
            ("STATE",),
            ("STATE",),
        ]
        assert await world.file("A", volume(start_min=300, end_min=330, lower_ft=30_000)) != notice

    told(story, "A", "B", keep_ms=KEEP_MS)


@pytest.mark.parametrize("act", ["change", "cancel", "end", "activate late"])
def test_what_its_owner_did_in_time_and_the_other_hears_too_late(act: str) -> None:
    """The line was cut when A changed its mind.  B let go of the notice meanwhile, and takes the word all the same."""

    async def story(world: SmallWorld) -> None:
        notice = await world.file("A", volume(start_min=10, end_min=30))
        await asyncio.sleep(5)
        world.cut()
        if act == "activate late":
            await world.done("A", c.ActivateNotice(id=notice, expected_version=1))
        await pass_min(40)
        match act:
            case "change":
                assert not isinstance(await world.change("A", notice, volume(start_min=90, end_min=120)), Refusal)
            case "cancel":
                await world.done("A", c.CancelNotice(id=notice, expected_version=1))
            case "end":
                await world.done("A", c.EndNotice(id=notice, expected_version=1))
        await pass_min(20)
        assert (A, notice) in (await world.state("B")).forgotten.notices
        world.heal()
        await asyncio.sleep(60)
        assert verdicts(world, "B") == ["FOLDED", "FOLDED"]
        state = await world.state("B")
        if act == "change":
            assert (await world.notice("B", "A", notice)).live
            assert (A, notice) not in state.forgotten.notices
        else:
            wanted = {"cancel": "CANCELLED", "end": "ENDED", "activate late": "ACTIVE"}[act]
            assert state.forgotten.notices[(A, notice)].state == wanted

    told(story, "A", "B", keep_ms=KEEP_MS)


def test_nothing_leaves_before_the_other_side_was_compared_with() -> None:
    """After a restart something may be given back about a notice that is over: until then it stays."""

    async def story(world: SmallWorld) -> None:
        notice = await world.file("A", volume(start_min=10, end_min=30))
        await asyncio.sleep(5)
        world.cut()
        for name in "AB":
            world.hosts[name].crash()
            world.hosts[name].up()
        await pass_min(60)
        assert [leaves(await world.state(name))["notices"] for name in "AB"] == [1, 1]
        world.heal()
        await asyncio.sleep(60)
        await pass_min(15)
        assert [leaves(await world.state(name))["notices"] for name in "AB"] == [0, 0]
        assert (A, notice) in (await world.state("A")).forgotten.notices

    told(story, "A", "B", keep_ms=KEEP_MS)


def test_what_was_lost_with_a_backup_comes_back_to_what_was_let_go() -> None:
    """A's backup knows the notice and not its end.  B gives the end back; nothing asks for what is not there."""

    async def story(world: SmallWorld) -> None:
        notice = await world.file("A", volume(start_min=10, end_min=30))
        await asyncio.sleep(5)
        before = world.backup("A")
        await world.done("A", c.EndNotice(id=notice, expected_version=1))
        await pass_min(60)
        await world.restore("A", before)
        await asyncio.sleep(60)
        state = await world.state("A")
        assert state.notices[(A, notice)].state == "ENDED"
        await pass_min(15)
        assert (await world.state("A")).forgotten.notices[(A, notice)].state == "ENDED"

    told(story, "A", "B", keep_ms=KEEP_MS)


def test_what_waited_for_a_peer_that_never_came_is_let_go() -> None:
    """B was never reached: what it was to be told is over, and nobody tells it any more."""

    async def story(world: SmallWorld) -> None:
        world.hosts["B"].crash()
        world.hosts["A"].crash()
        world.cut()
        world.hosts["A"].up()
        await asyncio.sleep(1)
        notice = await world.file("A", volume(start_min=10, end_min=30))
        assert [owed.type for owed in (await world.state("A")).lines[B].owed] == ["NTC", "STAT"]
        await pass_min(60)
        state = await world.state("A")
        # How the desk is stays to be told: it is so still.
        assert ([owed.type for owed in state.lines[B].owed], leaves(state)["notices"]) == (["STAT"], 0)
        world.hosts["B"].up()
        world.heal()
        await asyncio.sleep(60)
        assert (A, notice) not in (await world.state("B")).notices

    told(story, "A", "B", keep_ms=KEEP_MS)
