"""Crossings of a standing line: agreed only while accepted and running, never shown as accepted when over, equal at both nodes."""

from typing import Any, get_args

import msgspec
import pytest
from harness import T0, Node, World, circle, moved
from hypothesis import given, settings
from hypothesis import strategies as st
from test_arrangement import accept_now, both_persons

from how_many import examples
from skyparley.base.times import HOUR, MINUTE
from skyparley.domain import commands as c
from skyparley.domain.clause_records import Crossing, CrossingAct, CrossingState
from skyparley.domain.crossings import OVER, TRANSITIONS, next_state
from skyparley.domain.messages import arrangement_slots as a
from skyparley.domain.messages.matter_slots import ReadBackValues
from skyparley.domain.read_back import values_of

BOX = circle(hours=(2.0, 2.5))


def standing(one: Node, other: Node, *, version_m: int = 500) -> a.LineClause:
    return a.LineClause(
        id="RIVER",
        error_m=50,
        line=((0, 299_000_000), (0, 301_000_000)),
        buffer_m=version_m,
        left=one.party,
        right=other.party,
    )


def with_line() -> tuple[World, Node, Node]:
    world = World("A", "B")
    one, other = world.nodes
    accept_now(world, one, other, standing(one, other))
    return world, one, other


def cross(node: Node, peer: Node, **members: Any) -> str:
    command = c.CrossLine(peer=peer.name, line="RIVER", **{"form": "REQUESTED", "volumes": (BOX,), **members})
    return str(node.done(command).refs["id"])


def crossing(node: Node, by: Node, peer: Node, crossing_id: str) -> Crossing:
    return node.state.lines[peer.party].crossings[f"{by.party} {crossing_id}"]


def both(one: Node, other: Node, crossing_id: str) -> set[str]:
    """The state of a crossing of `one` at both nodes."""
    return {crossing(one, one, other, crossing_id).state, crossing(other, one, one, crossing_id).state}


def accept(node: Node, said: Crossing) -> None:
    matter = node.state.matters[said.hash]
    if matter.read_back != "MATCH":
        node.done(c.ReadBackMatter(statement=said.hash, values=values_of(matter.envelope.slots)))
    node.done(c.AnswerMatter(statement=said.hash, answer="ACC"))


def test_a_crossing_is_read_back_accepted_and_ends_by_itself_with_a_reminder():
    world, one, other = with_line()
    said = cross(one, other)
    world.settle()
    assert both(one, other, said) == {"REQUESTED"}
    held = crossing(other, one, one, said)
    assert other.refused(c.AnswerMatter(statement=held.hash, answer="ACC")) == ["READ_BACK_FIRST"]
    other.done(c.ReadBackMatter(statement=held.hash, values=ReadBackValues()))
    assert other.refused(c.AnswerMatter(statement=held.hash, answer="ACC")) == ["READ_BACK_MISMATCH"]
    accept(other, held)
    world.settle()
    assert both(one, other, said) == {"ACCEPTED"}
    world.pass_time(139)
    assert "CROSSING_ENDING" not in one.alarms()
    world.pass_time(2)
    for node in (one, other):
        assert node.alarms().count("CROSSING_ENDING") == 1
    world.pass_time(10)
    assert both(one, other, said) == {"EXPIRED"}
    for node in (one, other):
        assert node.alarms().count("CROSSING_EXPIRED") == 1
        node.state = node.replayed()
    assert both(one, other, said) == {"EXPIRED"}
    assert other.refused(c.AnswerMatter(statement=held.hash, answer="REJ", reason="SAFETY")) == ["STATE"]


def test_one_that_nobody_answers_is_not_agreed_and_rings_level_2_after_15_minutes_or_half_the_time():
    world, one, other = with_line()
    far, near = cross(one, other), cross(one, other, volumes=(circle(hours=(0.2, 0.5)),))
    world.settle()
    for said, minutes in ((far, 15), (near, 6)):
        matter = other.state.matters[crossing(other, one, one, said).hash]
        assert matter.due == {"ANSWER": T0 + minutes * MINUTE}
    world.pass_time(16)
    for node, peer in ((one, other), (other, one)):
        held = node.state.matters[crossing(node, one, peer, far).hash]
        assert "LEVEL2" in [rung.post for rung in held.rung]
        assert crossing(node, one, peer, far).state == "REQUESTED"


def test_a_counter_and_its_revision_follow_the_table_at_both_ends():
    world, one, other = with_line()
    said = cross(one, other, form="NOTIFIED")
    world.settle()
    held = crossing(other, one, one, said)
    lower = moved(BOX, end=BOX.end - 10 * MINUTE)
    other.done(c.AnswerMatter(statement=held.hash, answer="CPR", volumes=(lower,)))
    world.settle()
    assert both(one, other, said) == {"COUNTERED"}
    assert crossing(one, one, other, said).counter == (lower,)
    one.done(c.ReviseCrossing(peer="B", id=said, expected_version=1, volumes=(lower,)))
    world.settle()
    assert both(one, other, said) == {"REVISED"}
    assert other.refused(c.AnswerMatter(statement=held.hash, answer="ACC")) == ["STATE"]
    accept(other, crossing(other, one, one, said))
    world.settle()
    assert both(one, other, said) == {"ACCEPTED"}
    one.done(c.EndCrossing(peer="B", id=said, expected_version=2))
    world.settle()
    assert both(one, other, said) == {"CANCELLED"}


def test_what_was_accepted_of_the_old_version_is_not_accepted_of_the_new():
    world, one, other = with_line()
    said = cross(one, other)
    world.settle()
    accept(other, crossing(other, one, one, said))
    one.done(c.ReviseCrossing(peer="B", id=said, expected_version=1, volumes=(circle(hours=(2.0, 2.2)),)))
    world.settle()
    assert both(one, other, said) == {"REVISED"}


def test_a_line_that_is_not_settled_is_not_crossed():
    world = World("A", "B")
    one, other = world.nodes
    command = c.CrossLine(peer="B", line="RIVER", form="REQUESTED", volumes=(BOX,))
    assert one.refused(command) == ["UNSETTLED_LINE"]
    one.done(c.DraftClause(peer="B", body=standing(one, other)))
    both_persons(one, c.ProposeClause(peer="B", clause="LINE RIVER"))
    world.settle()
    assert one.refused(command) == ["UNSETTLED_LINE"]
    slots = {
        "id": "A-X0001",
        "version": 1,
        "line": {"id": "RIVER", "version": 1},
        "form": "REQUESTED",
        "volumes": [],
        "reason": "WX",
    }
    text = one.forge(other, type="XNG", code="C7", slots={**slots, "volumes": _plain(BOX)})
    world.receive(other, text)
    assert other.sealed(one)[-1].slots.code == "STATE"
    assert not other.state.lines[one.party].crossings


def _plain(volume: Any) -> Any:
    return [msgspec.to_builtins(volume)]


def test_a_withdrawn_line_and_a_suspended_one_are_not_crossed():
    world, one, other = with_line()
    body = standing(one, other)
    accept_now(world, one, other, msgspec.structs.replace(body, withdrawn=True))
    command = c.CrossLine(peer="B", line="RIVER", form="REQUESTED", volumes=(BOX,))
    assert one.refused(command) == ["UNSETTLED_LINE"]
    accept_now(world, one, other, body)
    both_persons(other, c.SuspendLine(peer="A", reason="POLITICAL"))
    world.settle()
    assert one.refused(command) == ["LINE_STATE"]


STATES = get_args(CrossingState)
ACTS_ = get_args(CrossingAct)


@pytest.mark.parametrize("act", ACTS_)
@pytest.mark.parametrize("state", STATES)
def test_the_table_leads_out_of_no_end_and_accepts_only_what_waits(state, act):
    after = next_state(state, act)
    if state in OVER:
        assert after == state
    if after == "ACCEPTED" and state != "ACCEPTED":
        assert act == "ACCEPT"
        assert state not in ("NO_CROSSING", "REJECTED")
    if act == "EXPIRE" and state not in (*OVER, "NO_CROSSING"):
        assert after == "EXPIRED"
    assert (state, act) not in TRANSITIONS or TRANSITIONS[(state, act)] == after


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["cross", "revise", "end", "accept", "reject", "counter", "carry", "carry", "time", "restart"]),
        st.sampled_from([0, 1]),
        st.integers(1, 4),
    ),
    max_size=25,
)


@settings(max_examples=examples(80), deadline=None)
@given(STEPS)
def test_in_any_order_both_nodes_end_equal_and_no_expired_crossing_is_shown_as_accepted(steps):
    world, one, other = with_line()
    for what, who, luck in steps:
        node, peer = (one, other) if who == 0 else (other, one)
        _step(world, node, peer, what, luck)
        for each, its in ((one, other), (other, one)):
            for held in each.state.lines[its.party].crossings.values():
                assert held.state != "ACCEPTED" or world.now < held.end
    world.settle()
    world.pass_time(1)
    shown = [
        {key: (held.state, held.version) for key, held in node.state.lines[peer.party].crossings.items()}
        for node, peer in ((one, other), (other, one))
    ]
    over = {"EXPIRED", "REJECTED", "CANCELLED"}
    for key, (state, version) in shown[0].items():
        theirs = shown[1][key]
        assert theirs[0] == state or {theirs[0], state} <= over, (key, state, theirs)
        assert theirs[1] == version or state in over


def _step(world: World, node: Node, peer: Node, what: str, luck: int) -> None:
    line = node.state.lines[peer.party]
    mine = [one for one in line.crossings.values() if one.by == node.party]
    theirs = [one for one in line.crossings.values() if one.by == peer.party]
    start = (world.now - T0) / HOUR + luck / 4
    box = (circle(hours=(start, start + 0.25)),)
    match what:
        case "cross":
            node.desk(c.CrossLine(peer=peer.name, line="RIVER", form="REQUESTED", volumes=box))
        case "revise" if mine:
            one = mine[-1]
            node.desk(c.ReviseCrossing(peer=peer.name, id=one.id, expected_version=one.version, volumes=box))
        case "end" if mine:
            one = mine[-1]
            node.desk(c.EndCrossing(peer=peer.name, id=one.id, expected_version=one.version))
        case "accept" | "reject" | "counter" if theirs:
            one = theirs[-1]
            matter = node.state.matters.get(one.hash)
            if matter is None:
                return
            if what == "accept":
                node.desk(c.ReadBackMatter(statement=one.hash, values=values_of(matter.envelope.slots)))
            answer = {"accept": "ACC", "reject": "REJ", "counter": "CPR"}[what]
            node.desk(c.AnswerMatter(statement=one.hash, answer=answer, reason="SAFETY", volumes=box))
        case "carry":
            world.carry(node, peer)
        case "time":
            world.now += luck * 5 * MINUTE
            for one_node in world.nodes:
                one_node.run(c.PassDeadlines())
        case "restart":
            node.state = node.replayed()
