"""Conflicts: the ids that both nodes compute alone, the pair of volumes that is told, and the word of the other side."""

import json
from typing import Any

import pytest
from harness import T0, Node, World, circle, conflicting, fl, moved
from hypothesis import given
from hypothesis import strategies as st

from skyparley.base.canonical import canonical
from skyparley.base.ids import digest
from skyparley.base.times import HOUR
from skyparley.domain import commands as c
from skyparley.domain.detection import conflict_id, conflict_slots, pair_id, worst
from skyparley.domain.messages.envelope import to_plain
from skyparley.domain.messages.slots import ConflictSlots, GapsSlot, NoticeRef
from skyparley.domain.view import Hit
from skyparley.evidence import jws
from skyparley.geometry.volumes import ELLIPSOID_BOUND, Gaps, Verdict

A, B, HASH = "A" * 43, "B" * 43, "H" * 43


def test_the_ids_are_those_of_the_specification():
    """Written out from line-v1 8.1; a second implementation gets these."""
    text = f'["skyparley-pair/1",["{A}","A-0001"],["{B}","B-0001"]]'
    pair = digest(text.encode())
    assert pair == "I8IaiOPLIKlYZD8CS6z9kkui5oNtdZebJRwRfeSPgIY"
    assert pair_id((A, "A-0001"), (B, "B-0001")) == pair
    text = f'["skyparley-conflict/1","{pair}",3,7,"{HASH}"]'
    one = digest(text.encode())
    assert one == "liEOfTJCAH5Q_kAxoQj6diyBSQqejnMT0x_6D0nz4Kg"
    assert conflict_id(pair, ((A, "A-0001"), 3), ((B, "B-0001"), 7), HASH) == one


SIDES = st.tuples(st.tuples(st.sampled_from([A, B, "C" * 43]), st.sampled_from(["A-1", "A-2", "Z"])), st.integers(1, 9))


@given(SIDES, SIDES, SIDES)
def test_the_order_is_nobodys_and_every_part_counts(one, two, three):
    pair = pair_id(one[0], two[0])
    assert pair == pair_id(two[0], one[0])
    whole = conflict_id(pair, one, two, HASH)
    assert whole == conflict_id(pair, two, one, HASH)
    assert (pair_id(one[0], three[0]) == pair) == ({one[0], three[0]} == {one[0], two[0]})
    if one[0] != two[0]:
        changed = conflict_id(pair, one, (two[0], three[1]), HASH)
        assert (changed == whole) == (two[1] == three[1])
    assert conflict_id(pair, one, two, A) != whole


def test_the_worst_pair_of_volumes_is_told_with_its_gaps():
    """Least lateral gap, then height, then time, then the lowest numbers."""
    world = World("A", "B")
    a, b = world.nodes
    far, near = circle(32), circle(25)
    a.file(circle(), to=[b])
    world.settle()
    b.file(far, near, moved(near, lower=fl(230), upper=fl(250)), to=[a])
    world.settle()
    assert a.conflict().volumes == (0, 1)
    gaps = a.conflict().gaps
    assert gaps == GapsSlot(lateral_m=5_000, vertical_ft=0, time_ms=0) or abs(gaps.lateral_m - 5_000) <= 1
    assert b.conflict().volumes == (1, 0)
    for node, peer in ((a, b), (b, a)):
        (told,) = [one.slots for one in node.told(peer) if one.type == "CFL"]
        first = told.notices[0].party
        assert told.volumes == ((0, 1) if first == a.party else (1, 0))


@pytest.mark.parametrize("given_first", [True, False])
def test_the_order_of_worst(given_first: bool):
    """Whole metres, then height, then time, then the numbers of the notice that sorts first."""

    def hit(lateral_m: float, vertical_ft: int, time_ms: int, one: int, two: int) -> Hit:
        given, other = (one, two) if given_first else (two, one)
        return Hit((B, "B-1"), given, other, Verdict(True, Gaps(lateral_m, vertical_ft, time_ms), 0.0))

    in_order = [
        hit(1.9, 0, 0, 5, 6),
        hit(1.2, 0, 0, 6, 5),
        hit(1.0, 0, 9, 0, 0),
        hit(1.0, 500, 0, 0, 0),
        hit(2.0, 0, 0, 0, 0),
    ]
    for place in range(len(in_order)):
        assert worst(reversed(in_order[place:]), given_first=given_first) == in_order[place]


def test_a_change_of_version_is_another_conflict_of_the_same_pair():
    world, a, b = conflicting()
    before = a.conflict().conflict_id
    a.change("A-0001", moved(circle(), upper=fl(235)))
    world.settle()
    assert a.conflict().conflict_id == b.conflict().conflict_id != before
    a.change("A-0001", moved(circle(), lower=fl(270), upper=fl(310)))
    world.settle()
    assert [node.conflict().state for node in (a, b)] == ["OVERTAKEN"] * 2
    a.change("A-0001", moved(circle(), upper=fl(235)), key=("B-0001 v1",))
    world.settle()
    assert [(node.conflict().live, node.conflict().state) for node in (a, b)] == [(True, "DETECTED")] * 2


@pytest.mark.parametrize("act", [c.CancelNotice, c.EndNotice])
def test_what_is_over_conflicts_no_more(act):
    world, a, b = conflicting()
    a.done(act(id="A-0001", expected_version=1))
    world.settle()
    assert [node.conflict().live for node in (a, b)] == [False, False]


def test_a_notice_takes_part_until_its_last_end_and_the_time_buffer():
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(), to=[b])
    world.settle()
    world.pass_time(4 * 60 + 10 - 0.001)
    assert a.notice("A-0001").live
    world.pass_time(0.001)
    assert [node.notice("A-0001", a).live for node in (a, b)] == [False, False]


# --- CFL against our own verdict ------------------------------------------------------------------------------

LIMIT_KM = 38.52 / (1 - ELLIPSOID_BOUND)
"""Centres of two circles of 10 km that are exactly as far apart as the table asks: 18.52 km and the bound."""


def claimed(apart_km: float, *, told_m: int | None = None, **members: Any) -> tuple[World, Node, Node]:
    """Two notices so far apart, and B's word that they conflict, with the gap that it told."""
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(), to=[b])
    world.settle()
    b.file(circle(apart_km), to=[a])
    world.settle()
    pair = pair_id((a.party, "A-0001"), (b.party, "B-0001"))
    sides = sorted(((a.party, "A-0001"), (b.party, "B-0001")))
    gap_m = round(apart_km * 1_000) - 20_000 if told_m is None else told_m
    slots = ConflictSlots(
        pair_id=pair,
        conflict_id=conflict_id(pair, (sides[0], 1), (sides[1], 1), a.state.table_hash),
        notices=tuple(NoticeRef(party=party, id=notice_id, version=1) for party, notice_id in sides),
        volumes=(0, 0),
        gaps=GapsSlot(lateral_m=gap_m, vertical_ft=0, time_ms=0),
        start=T0 + 3 * HOUR,
        end=T0 + 4 * HOUR,
    )
    text = b.forge(a, role="machine", type="CFL", code="C1", slots=to_plain(moved(slots, **members)))
    assert world.receive(a, text, receipt=False) == "RECEIVED"
    return world, a, b


def other_link(text: str, a: Node, b: Node) -> str:
    """B's statement linked behind what was forged in its name, which its own node does not know of."""
    received = a.state.lines[b.party].received
    payload = json.loads(jws.split(text).payload)
    return b.sign(canonical(payload | {"seq": received.head[1] + 1, "prev": received.head_hash}))


def test_within_ten_metres_both_hold_it():
    for beyond_m in (1, 9):
        world, a, b = claimed(LIMIT_KM + beyond_m / 1_000)
        assert a.alarms() == []
        assert (a.conflict().adopted, a.conflict().live, a.conflict().shared) == (True, True, True)
        b.done(c.ActivateNotice(id="B-0001", expected_version=1))
        text = b.sent[a.party][-1]
        assert world.receive(a, other_link(text, a, b), receipt=False) == "RECEIVED"
        assert (a.notice("B-0001", b).state, a.conflict().live) == ("ACTIVE", True)
        a.change("A-0001", moved(circle(), lower=fl(270), upper=fl(310)), key=())
        assert not a.conflict().live, "held on their word until a version changes"


@pytest.mark.parametrize("beyond_m", [12, 5_000])
def test_beyond_that_it_is_an_alarm_and_no_conflict(beyond_m: int):
    _, a, _ = claimed(LIMIT_KM + beyond_m / 1_000)
    assert a.alarms() == ["VERDICT_DIFFERS"]
    assert a.state.conflicts == {}


def test_another_gap_for_a_conflict_that_both_hold_is_an_alarm():
    for off_m, alarms in ((9, []), (15, ["VERDICT_DIFFERS"])):
        _, a, _ = claimed(30, told_m=10_000 + off_m)
        assert a.alarms() == alarms
        assert a.conflict().live


@pytest.mark.parametrize(
    "members",
    [
        {"conflict_id": "A" * 43},
        {"pair_id": "A" * 43},
        {"volumes": (0, 63)},
    ],
)
def test_what_cannot_be_is_an_alarm(members: dict[str, Any]):
    _, a, _ = claimed(30, **members)
    assert a.alarms() == ["VERDICT_DIFFERS"]


def test_versions_that_crossed_are_not_compared():
    world, a, b = conflicting()
    slots = conflict_slots(b.state, b.conflict())
    a.change("A-0001", moved(circle(), upper=fl(235)))
    text = b.forge(
        a,
        role="machine",
        type="CFL",
        code="C1",
        slots=to_plain(moved(slots, gaps=GapsSlot(lateral_m=9_999, vertical_ft=0, time_ms=0))),
    )
    world.receive(a, text, receipt=False)
    assert a.alarms() == []


# --- RES-05 ----------------------------------------------------------------------------------------------------


def about_conflicts(node: Node) -> list[str]:
    """Alarms, without those about desks where nobody acts."""
    return [code for code in node.alarms() if code.startswith("CONFLICT")]


def test_half_time_rings_once_and_the_start_makes_it_unresolved_at_both():
    world, a, b = conflicting()
    world.pass_time(3 * 60 / 2 - 0.001)
    assert about_conflicts(a) == about_conflicts(b) == []
    world.pass_time(0.001)
    assert about_conflicts(a) == about_conflicts(b) == ["CONFLICT_HALF_TIME"]
    world.pass_time(3 * 60 / 2)
    for node in (a, b):
        assert about_conflicts(node) == ["CONFLICT_HALF_TIME", "CONFLICT_UNRESOLVED"]
        assert node.conflict().state == "UNRESOLVED"


def test_a_conflict_found_after_its_start_is_unresolved_at_once():
    """Filed late, into what is under way: nobody waits for a start that has been."""
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(), to=[b])
    world.now = T0 + 3 * HOUR + 10
    world.settle()
    b.file(circle(5), to=[a], key=("A-0001 v1",))
    world.settle()
    world.pass_time(0)
    for node in (a, b):
        assert node.conflict().state == "UNRESOLVED"
        assert about_conflicts(node) == ["CONFLICT_UNRESOLVED"]
