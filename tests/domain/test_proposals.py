"""Proposals: every one settles, nothing cheaper of its sort is missed, and where there is none that is said."""

import itertools
from collections.abc import Sequence

import pytest
from harness import T0, Node, World, circle, conflicting, fl, moved
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_proposals import every_way, meets, obstacles

from how_many import examples
from skyparley.base import limits
from skyparley.base.times import HOUR, MINUTE
from skyparley.domain import commands as c
from skyparley.domain.detection import conflict_id, pair_id, redetect
from skyparley.domain.messages.slots import ConflictSlots, DueRegard, GapsSlot, NoticeRef, SfcSlot, UnlSlot, VolumeSlot
from skyparley.domain.proposals import Suggestion, suggest
from skyparley.domain.records import Conflict, Notice, NoticeVersion
from skyparley.domain.settling_cost import cost_of, drastic
from skyparley.domain.settling_spans import least_shift
from skyparley.domain.terms import kind_of, term_reasons, terms
from skyparley.domain.verdicts import check_claim
from skyparley.domain.volumes import volume_of
from skyparley.state.fold import fold
from skyparley.state.statements import settle

LEVELS = st.tuples(st.sampled_from([60, 100, 143, 150, 180, 200, 235]), st.sampled_from([20, 25, 40, 100])).map(
    lambda pair: (fl(pair[0]), fl(pair[0] + pair[1]))
)
WINDOWS = st.tuples(st.integers(1, 12), st.integers(1, 6)).map(lambda pair: (pair[0] / 4, (pair[0] + pair[1]) / 4))
VOLUMES = st.builds(
    lambda east, levels, hours: circle(east, levels=levels, hours=hours),
    st.sampled_from([0, 20, 45, 80]),
    LEVELS,
    WINDOWS,
)
ROUTES = st.lists(VOLUMES, min_size=1, max_size=2).map(tuple)


def held(node: Node, party: str, notice_id: str, volumes: Sequence[VolumeSlot]) -> Notice:
    """A notice as if it had been told, without the telling."""
    version = NoticeVersion(version=1, kind="TRANSIT", volumes=tuple(volumes), due_regard=DueRegard(stated=True))
    notice = Notice(party=party, id=notice_id, current=version)
    settle(node.state, notice, T0)
    return notice


def world_of(
    ours: Sequence[Sequence[VolumeSlot]], theirs: Sequence[Sequence[VolumeSlot]]
) -> tuple[Node, list[Conflict]]:
    """Our node with notices of both sides, and the conflicts that it finds."""
    world = World("A", "B")
    a, b = world.nodes
    for place, volumes in enumerate(theirs):
        held(a, b.party, f"B-{place}", volumes)
    for place, volumes in enumerate(ours):
        notice = held(a, a.party, f"A-{place}", volumes)
        for event in redetect(a.state, notice):
            fold(a.state, a.state.position + 1, T0, event)
    return a, list(a.state.conflicts.values())


def geometry(volumes: Sequence[VolumeSlot]) -> list:
    return [volume_of(slot) for slot in volumes]


def by_party(a: Node, made: Suggestion) -> dict:
    return {change.party: change.volumes for change in made.changes}


@pytest.fixture
def all_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PROPOSALS_SHOWN", 1_000)


@settings(max_examples=examples(120), deadline=None)
@given(
    st.lists(ROUTES, min_size=1, max_size=2), st.lists(ROUTES, min_size=1, max_size=3), st.sampled_from([0, 50, 100])
)
def test_the_fast_one_finds_what_trying_everything_finds(ours, theirs, minutes):
    """Not one more, not one less, over all conflicts of a small world."""
    a, conflicts = world_of(ours, theirs)
    now = T0 + minutes * MINUTE
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "PROPOSALS_SHOWN", 1_000)
        for conflict in conflicts:
            sides = [
                a.state.notices[(a.party, conflict.own_id)],
                a.state.notices[(conflict.other_party, conflict.other_id)],
            ]
            possible = {
                (notice.party, volumes): notice
                for notice in sides
                for volumes in every_way(a, conflict, notice, now)
                if not term_reasons(a.state, conflict, terms(a.state, conflict, {notice.party: volumes}), now)
            }
            wanted = {way for way, notice in possible.items() if not takes_too_much(notice, way[1])}
            answer = suggest(a.state, conflict, now)
            found = [
                (change.party, change.volumes)
                for made in answer.proposals
                if made.kind in ("VERT", "TIME") and len(made.changes) == 1
                for change in made.changes
            ]
            assert len(found) == len(set(found)), "each way is shown once"
            assert set(found) <= set(possible)
            kinds = {kind_of_way(a, conflict, way) for way in wanted}
            assert {way for way in found if kind_of_way(a, conflict, way) in kinds} == wanted
            others = [kind_of_way(a, conflict, way) for way in possible if kind_of_way(a, conflict, way) not in kinds]
            drastic_ones = [kind_of_way(a, conflict, way) for way in found if way not in wanted]
            assert sorted(drastic_ones) == sorted(set(others)), "of a kind with nothing better, one"
            assert bool(answer.none) == (not answer.proposals)


def takes_too_much(notice: Notice, volumes: Sequence[VolumeSlot]) -> bool:
    return drastic(geometry(notice.current.volumes), geometry(volumes))


def kind_of_way(a: Node, conflict: Conflict, way: tuple) -> str:
    return kind_of(a.state, terms(a.state, conflict, dict([way])))


@settings(max_examples=examples(100), deadline=None)
@given(
    st.lists(ROUTES, min_size=1, max_size=3), st.lists(ROUTES, min_size=1, max_size=3), st.integers(0, 240), st.data()
)
def test_each_proposal_keeps_the_table_and_every_third_notice(ours, theirs, minutes, data):
    """Judged by whole volumes, at any moment, with surfaces and unlimited tops, with active notices among them."""
    odd = data.draw(st.sampled_from(["", "SFC", "UNL"]))
    if odd == "SFC":
        theirs[0] = tuple(moved(slot, lower=SfcSlot()) for slot in theirs[0])
    elif odd == "UNL":
        ours[0] = tuple(moved(slot, upper=UnlSlot()) for slot in ours[0])
    a, conflicts = world_of(ours, theirs)
    now = T0 + minutes * MINUTE
    active = data.draw(st.sampled_from(list(a.state.notices)))
    a.state.notices[active].state = "ACTIVE"
    for conflict in conflicts:
        for made in suggest(a.state, conflict, now).proposals:
            if len(made.changes) == 2:
                continue  # A line between the two: settling's own laws cover it, and the gate that all terms pass.
            ((party, volumes),) = by_party(a, made).items()
            own, other = (a.party, conflict.own_id), (conflict.other_party, conflict.other_id)
            key = own if party == a.party else other
            notice, against = a.state.notices[key], a.state.notices[other if key == own else own]
            assert not notice.active(now)
            assert not any(meets(a, slot, against.current.volumes) for slot in volumes)
            assert not any(meets(a, slot, obstacles(a, notice, against)) for slot in volumes)
            assert made.cost == cost_of(geometry(notice.current.volumes), geometry(volumes)) > 0
            assert made.kind == kind_of(a.state, terms(a.state, conflict, {party: volumes}))
            assert all(
                new.start >= min(old.start, now + 1) for old, new in zip(notice.current.volumes, volumes, strict=True)
            )


def test_the_least_change_in_plain_words():
    """FL200-FL240 against FL150-FL250, an hour each, 2,000 ft, 10 min: every figure can be checked in the head.

    Two circles of 10 km, 5 km apart, need 38.52 km and 0.56 % between their middles: 33.8 km more, or 18.2 NM, to the east.
    """
    world, a, _ = conflicting()
    shown = suggest(a.state, a.conflict(), world.now).proposals
    assert [(made.text, made.cost) for made in shown if made.asked] == [
        ("B-0001: 18.5 NM further east", 55),
        ("B-0001: 21 NM further north", 63),
        ("B-0001: 70 min earlier, from 07:50Z", 70),
        ("B-0001: 70 min later, from 10:10Z", 70),
        ("B-0001: FL080-FL180 instead of FL150-FL250", 70),
        ("B-0001: FL260-FL360 instead of FL150-FL250", 110),
    ]
    assert [made.text for made in shown if not made.asked] == [
        "A-0001: 18.5 NM further west",
        "A-0001: 21 NM further north",
    ]
    assert len(shown) == limits.PROPOSALS_SHOWN


def test_both_desks_are_shown_the_same():
    world, a, b = conflicting()
    assert suggest(a.state, a.conflict(), world.now) == suggest(b.state, b.conflict(), world.now)


def test_what_is_shown_can_be_sent_as_it_is():
    """The desk sends back what it was shown; nothing in between may refuse it."""
    world, a, b = conflicting()
    for made in suggest(a.state, a.conflict(), world.now).proposals:
        conflict = a.conflict()
        command = c.Propose(
            pair_id=world.pair, expected_revision=conflict.revision, changes=made.changes, kind=made.kind
        )
        a.done(command)
        a.answer(c.Withdraw, world.pair)
        world.settle()
    assert "ERR" not in b.types(a)


def test_an_active_notice_is_not_asked_and_two_have_no_proposal(all_shown):
    world, a, b = conflicting()
    world.now = T0 + 3 * HOUR
    a.done(c.ActivateNotice(id="A-0001", expected_version=1))
    world.settle()
    for node in (a, b):
        shown = suggest(node.state, node.conflict(), world.now).proposals
        assert shown
        assert {made.moves for made in shown} == {"B"}
        assert all(made.asked for made in shown)
    b.done(c.ActivateNotice(id="B-0001", expected_version=1))
    world.settle()
    for node in (a, b):
        answer = suggest(node.state, node.conflict(), world.now)
        assert answer.proposals == ()
        assert "both notices are active" in answer.none


def test_no_shift_into_the_past(all_shown):
    """Half an hour before the start there is no 70 minutes earlier."""
    world, a, _ = conflicting()
    world.now = T0 + 2 * HOUR + 30 * MINUTE
    shown = suggest(a.state, a.conflict(), world.now).proposals
    assert [made.text for made in shown if "earlier" in made.text] == []
    assert [made.text for made in shown if "later" in made.text]


def test_a_conflict_that_is_over_has_none():
    world, a, _ = conflicting()
    a.done(c.CancelNotice(id="A-0001", expected_version=1))
    assert suggest(a.state, a.conflict(), world.now).none == "there is no conflict between these notices now"


def test_nothing_possible_is_said():
    """All levels of a country, their 390 days are active, our hour runs: only the time after is left, then that is taken."""
    everything = (SfcSlot(), UnlSlot())
    days = 390 * 24.0
    mine = circle(levels=everything, hours=(-0.5, 0.5))
    theirs = circle(levels=everything, hours=(-1, days), radius_km=400)
    after = circle(levels=everything, hours=(days + 0.5, days + 30), radius_km=400)
    for others, texts in (
        ([[theirs]], ["A-0: 9360 h 40 min later, from 2027-12-17 06:10Z"]),
        ([[theirs], [after]], []),
    ):
        a, (conflict,) = world_of([[mine]], others)
        a.state.notices[(conflict.other_party, "B-0")].state = "ACTIVE"
        answer = suggest(a.state, conflict, T0)
        assert [made.text for made in answer.proposals] == texts
        said = "no change of time, level or place keeps the table and the other notices clear"
        assert answer.none == ("" if texts else said)


def test_a_conflict_held_on_the_other_sides_word_is_settled_too(all_shown):
    """By our geometry they are just apart, so arithmetic on our verdict alone would find nothing to change.

    The centres are d = 38.740 km apart: d less 0.56 % less both radii is 18.523 km, and 18.520 km are required.
    """
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(), to=[b])
    b.file(circle(38.74), to=[a])
    world.settle()
    assert not a.state.conflicts
    sides = ((a.party, "A-0001"), 1), ((b.party, "B-0001"), 1)
    pair = pair_id(sides[0][0], sides[1][0])
    refs = sorted(
        (NoticeRef(party=side[0], id=side[1], version=version) for side, version in sides), key=lambda ref: ref.party
    )
    claim = ConflictSlots(
        pair_id=pair,
        conflict_id=conflict_id(pair, *sides, a.state.table_hash),
        notices=(refs[0], refs[1]),
        volumes=(0, 0),
        gaps=GapsSlot(lateral_m=18_740, vertical_ft=0, time_ms=0),
        start=T0 + 3 * HOUR,
        end=T0 + 4 * HOUR,
    )
    (found,) = check_claim(a.state, b.party, claim)
    fold(a.state, a.state.position + 1, world.now, found)
    assert a.conflict().adopted
    shown = suggest(a.state, a.conflict(), world.now).proposals
    assert {(made.moves, made.kind) for made in shown} == {
        *itertools.product("AB", ("TIME", "VERT", "LAT")),
        ("A and B", "LAT"),
    }


@given(st.lists(st.tuples(st.integers(-300, 300), st.integers(1, 200)), max_size=8))
def test_least_shift_against_counting(pairs):
    blocked = [(begin * 20_000, (begin + length) * 20_000) for begin, length in pairs]
    counted = next(
        minutes for minutes in range(1_000) if not any(begin < minutes * MINUTE < end for begin, end in blocked)
    )
    assert least_shift(blocked) == counted * MINUTE


def test_several_volumes_each_take_their_own_best(all_shown):
    """One leg must go down and the other up: no single sort of change does both, the mix does."""
    ours = [circle(0, levels=(fl(100), fl(140))), circle(300, levels=(fl(100), fl(140)))]
    theirs = [circle(0, levels=(fl(120), UnlSlot())), circle(300, levels=(SfcSlot(), fl(110)))]
    a, (conflict,) = world_of([ours], [theirs])
    texts = [
        made.text for made in suggest(a.state, conflict, T0).proposals if made.moves == "A" and made.kind == "VERT"
    ]
    assert "A-0 part 1: FL060-FL100 instead of FL100-FL140; A-0 part 2: FL130-FL170 instead of FL100-FL140" in texts
