"""What-if and filing agree: the same reasons, the same conflicts, the same ids; and a question changes nothing."""

from typing import Any

import msgspec
import pytest
from harness import STATED, Node, World, circle, conflicting, fl, moved
from hypothesis import given, settings
from hypothesis import strategies as st

from how_many import examples
from skyparley.base import limits
from skyparley.base.errors import Refusal
from skyparley.domain import commands as c
from skyparley.domain.messages.slots import VolumeSlot
from skyparley.domain.what_if import Question, WhatIf, WouldBe, what_if


def ask(node: Node, *, notices: tuple[c.FileNotice, ...] = (), changes: tuple[c.ChangeNotice, ...] = ()) -> WhatIf:
    """The answer; the record and the next id stay as they were."""
    before = (len(node.journal), node.state.position, node.state.next_notice_id(), len(node.state.conflicts))
    answer = what_if(
        node.state, Question(notices=notices, changes=changes), now=node.world.now, position=node.state.position
    )
    after = (len(node.journal), node.state.position, node.state.next_notice_id(), len(node.state.conflicts))
    assert before == after, "a question changes nothing"
    assert answer.position == node.state.position
    return answer


def one(*volumes: VolumeSlot, **members: Any) -> c.FileNotice:
    return c.FileNotice(**{"kind": "TRANSIT", "volumes": volumes or (circle(),), "due_regard": STATED} | members)


def told(would: WouldBe) -> set[tuple[Any, ...]]:
    """The conflicts of an answer as the state would hold them."""
    return {
        (one.pair_id, one.notice, one.version, one.volumes, one.gaps, one.start, one.end, one.shared)
        for one in would.conflicts
    }


def held(node: Node, notice_id: str) -> set[tuple[Any, ...]]:
    """The live conflicts of a notice of ours, likewise."""
    return {
        (
            *(one.pair_id, one.other_id, one.other_version, one.volumes, one.gaps),
            *(one.window or (None, None)),
            one.shared,
        )
        for one in node.state.conflicts_of(node.party, notice_id)
    }


places = st.integers(0, 8)
volumes = st.builds(
    lambda east, size, low, start: circle(
        10 * east, radius_km=8 + size, levels=(fl(200 + 10 * low), fl(230 + 10 * low)), hours=(start, start + 1)
    ),
    places,
    st.integers(0, 6),
    st.integers(0, 6),
    st.integers(-2, 6),
)
contents = st.lists(volumes, min_size=1, max_size=3).map(tuple)
audiences = st.sampled_from(((), ("B",), ("B", "Z")))


def world_of(theirs: list[tuple[VolumeSlot, ...]]) -> tuple[World, Node]:
    """A node that was told these notices by B."""
    world = World("A", "B")
    a, b = world.nodes
    for said in theirs:
        b.desk(one(*said, kind="SAR", audience=("A",)))
    world.settle()
    return world, a


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(contents, max_size=4), contents, audiences, st.booleans())
def test_filing_comes_to_what_was_answered(theirs: Any, ours: Any, audience: Any, named: bool):
    world, a = world_of(theirs)
    command = one(*ours, audience=audience)
    if named:
        (would,) = ask(a, notices=(command,)).notices
        command = msgspec.structs.replace(command, key=tuple(conflict.ref for conflict in would.conflicts))
    (would,) = ask(a, notices=(command,)).notices
    answer = a.desk(command)
    if isinstance(answer, Refusal):
        assert would.reasons == answer.reasons
        return
    assert would.reasons == ()
    assert would.id == answer.refs["id"]
    assert would.ref == answer.refs["ref"]
    assert told(would) == held(a, would.id)
    assert {conflict.pair_id for conflict in would.conflicts} == set(answer.conflicts)
    assert would.told == tuple(name for name in audience)
    world.settle()
    if audience:
        assert world.nodes[1].notice(would.id, a).lead_class == would.lead_class


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(contents, max_size=4), contents, contents, st.booleans())
def test_a_change_comes_to_what_was_answered(theirs: Any, before: Any, after: Any, grows: bool):
    _, a = world_of(theirs)
    filed = one(*before, kind="SAR", audience=())
    refs = tuple(conflict.ref for conflict in ask(a, notices=(filed,)).notices[0].conflicts)
    if isinstance(a.desk(msgspec.structs.replace(filed, key=refs)), Refusal):
        return
    had = {one.pair_id for one in a.state.conflicts_of(a.party, "A-0001")}
    command = c.ChangeNotice(id="A-0001", expected_version=1, volumes=after, audience=("B",) if grows else None)
    refs = tuple(conflict.ref for conflict in ask(a, changes=(command,)).changes[0].conflicts)
    command = msgspec.structs.replace(command, key=refs)
    (would,) = ask(a, changes=(command,)).changes
    answer = a.desk(command)
    if isinstance(answer, Refusal):
        assert would.reasons == answer.reasons
        return
    assert (would.reasons, would.ref) == ((), "A-0001 v2")
    assert told(would) == held(a, "A-0001")
    assert {conflict.pair_id for conflict in would.conflicts if conflict.held} == had & set(answer.conflicts)
    assert len(would.ends) == len(had - set(answer.conflicts))


@settings(max_examples=examples(30), deadline=None)
@given(st.lists(contents, max_size=3), st.lists(contents, min_size=1, max_size=4), st.booleans())
def test_a_batch_comes_to_what_was_answered(theirs: Any, ours: Any, named: bool):
    _, a = world_of(theirs)
    notices = tuple(one(*said) for said in ours)
    if named:
        notices = tuple(
            msgspec.structs.replace(command, key=tuple(conflict.ref for conflict in would.conflicts))
            for command, would in zip(notices, ask(a, notices=notices).notices, strict=True)
        )
    answers = ask(a, notices=notices).notices
    answer = a.desk(c.FileNotices(notices=notices))
    if isinstance(answer, Refusal):
        assert [(reason.code, reason.text, reason.ids) for would in answers for reason in would.reasons] == [
            (reason.code, reason.text, reason.ids) for reason in answer.reasons
        ]
        return
    assert [entry["id"] for entry in answer.refs["notices"]] == [would.id for would in answers]
    for would in answers:
        assert told(would) == held(a, would.id)


def test_a_conflict_is_told_with_all_that_an_officer_needs():
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(), to=[b])
    world.settle()
    (would,) = ask(b, notices=(one(circle(5, levels=(fl(150), fl(250)), hours=(3.5, 5))),)).notices
    (conflict,) = would.conflicts
    assert (conflict.ref, conflict.party, conflict.kind) == ("A A-0001 v1", "A", "TRANSIT")
    assert (conflict.gaps.lateral_m, conflict.gaps.vertical_ft, conflict.gaps.time_ms) == (0, 0, 0)
    assert (conflict.start, conflict.end) == (circle(hours=(3.5, 5)).start, circle().end)
    assert not conflict.shared, "A would not be told of it"
    assert [reason.code for reason in would.reasons] == ["KEY_INCOMPLETE"]


def test_what_cannot_be_filed_still_says_whom_it_would_meet():
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(), to=[b])
    world.settle()
    (would,) = ask(b, notices=(one(circle(radius_km=1), audience=("Z",)),)).notices
    assert [reason.code for reason in would.reasons] == ["UNKNOWN_PEER", "AREA_TOO_SMALL"]
    assert [conflict.notice for conflict in would.conflicts] == ["A-0001"]


def test_a_change_says_which_conflicts_stay_which_are_new_and_which_end():
    world, a, b = conflicting()
    b.file(circle(300), to=[a])
    world.settle()
    away = c.ChangeNotice(id="A-0001", expected_version=1, volumes=(circle(300),))
    (would,) = ask(a, changes=(away,)).changes
    assert would.ends == ("B B-0001 v1",)
    assert [(conflict.notice, conflict.held) for conflict in would.conflicts] == [("B-0002", False)]
    (stays,) = ask(a, changes=(msgspec.structs.replace(away, volumes=(circle(1),)),)).changes
    assert [(conflict.notice, conflict.held) for conflict in stays.conflicts] == [("B-0001", True)]
    assert stays.ends == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (c.ChangeNotice(id="A-0009", expected_version=1), "UNKNOWN_NOTICE"),
        (c.ChangeNotice(id="A-0001", expected_version=2), "STALE_VERSION"),
        (c.ChangeNotice(id="A-0001", expected_version=1), "NOTHING_CHANGED"),
    ],
)
def test_a_change_that_cannot_be_is_answered_with_its_reason(change: c.ChangeNotice, code: str):
    (a,) = World("A").nodes
    a.file(circle())
    (would,) = ask(a, changes=(change,)).changes
    assert [reason.code for reason in would.reasons] == [code]
    assert would.conflicts == ()


def test_a_way_that_is_shown_can_be_taken():
    """Each way that a what-if offers, filed in place of what was asked, meets nothing and is not refused."""
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(), to=[b])
    a.file(circle(30, levels=(fl(250), fl(290))), to=[b])
    world.settle()
    command = one(circle(5), circle(20, levels=(fl(260), fl(300))))
    (would,) = ask(b, notices=(command,)).notices
    assert {way.kind for way in would.ways} >= {"TIME", "VERT"}
    for way in would.ways:
        assert would.id in way.text
        (clear,) = ask(b, notices=(msgspec.structs.replace(command, volumes=way.volumes),)).notices
        assert (clear.reasons, clear.conflicts, clear.ways) == ((), (), ())


def test_what_conflicts_with_nothing_is_offered_no_way():
    (a,) = World("A").nodes
    assert ask(a, notices=(one(),)).notices[0].ways == ()


def test_ways_are_sought_for_the_first_that_conflict_and_it_is_said_for_which(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(limits, "WAYS_NOTICES", 2)
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(), to=[b])
    world.settle()
    answer = ask(b, notices=(one(circle(500)), one(), one(circle(1)), one(circle(2))))
    assert [(bool(would.conflicts), would.sought, bool(would.ways)) for would in answer.notices] == [
        (False, False, False),
        (True, True, True),
        (True, True, True),
        (True, False, False),
    ]


def test_a_way_for_a_notice_that_an_agreement_binds_does_not_enlarge_it():
    world, a, b = conflicting()
    pair = world.pair
    b_volumes = b.notice("B-0001").current.volumes
    lower = tuple(moved(volume, upper=fl(180)) for volume in b_volumes)
    a.propose(pair, (b, "B-0001", lower))
    world.settle()
    b.answer(c.Accept, pair)
    world.settle()
    change = c.ChangeNotice(id="B-0001", expected_version=2, volumes=b_volumes)
    (would,) = ask(b, changes=(change,)).changes
    assert "BOUND_BY_AGREEMENT" in [reason.code for reason in would.reasons]
    assert would.sought
    for way in would.ways:
        (as_way,) = ask(b, changes=(msgspec.structs.replace(change, volumes=way.volumes),)).changes
        assert "BOUND_BY_AGREEMENT" not in [reason.code for reason in as_way.reasons], way.text
