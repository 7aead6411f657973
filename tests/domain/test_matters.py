"""Matters at two ends: the four acts, acknowledgment is never agreement, two officers, reopening, exercise, identity."""

from typing import Any

import pytest
from harness import STATED, World, circle, conflicting
from hypothesis import given, settings
from hypothesis import strategies as st
from matter_world import AREA, act, both, newest, read_back, say, stop, understood

from how_many import examples
from skyparley.base.errors import Refusal
from skyparley.domain import commands as c
from skyparley.domain.events import Rang, StatementReceived
from skyparley.domain.messages.envelope import to_plain
from skyparley.domain.read_back import values_of
from skyparley.state.matter_views import matter_view
from skyparley.state.snapshot import freeze, thaw


def pair(**members: Any) -> tuple[World, Any, Any]:
    world = World("A", "B", **members)
    a, b = world.nodes
    return world, a, b


def heard(node: Any) -> tuple[str, str]:
    """What became of the last statement that a node received."""
    last = next(event for event in reversed(node.events) if isinstance(event, StatementReceived))
    return last.verdict, last.err


# --- the four acts -------------------------------------------------------------------------------------------------


def test_each_of_the_four_acts_is_the_same_at_both_ends():
    world, a, b = pair()
    statement = stop(a, b)
    assert (a.state.matters[statement].state, b.state.matters[statement].state) == ("SENT", "RECEIVED")
    assert [matter_view(node.state, node.state.matters[statement], world.now).state for node in (a, b)] == [
        "RECEIVED"
    ] * 2
    assert a.state.lines[b.party].delivered == a.state.lines[b.party].sent.head, "the receipt is there before any act"
    world.now += 10_000
    read_back(b, statement)
    assert both(a, b, statement)["acked"] == (None, None)
    world.now += 10_000
    act(b, c.Acknowledge, statement)
    assert both(a, b, statement)["acked"] == (world.now, "DESK")
    assert both(a, b, statement)["asked"] == ["DON", "PAS"]
    world.now += 10_000
    act(b, c.PassOn, statement, action="STOPPING")
    assert both(a, b, statement)["passed"].at == world.now
    world.now += 10_000
    act(b, c.ReportDone, statement, action="STOPPING")
    end = both(a, b, statement)
    assert (end["closed"], end["outcome"], end["asked"]) == ("DONE", "STOPPING", [])
    assert [step[0] for step in end["history"]] == ["RDB", "ACK", "PAS", "DON"]
    assert [step[2] for step in end["history"]] == [world.now - 30_000 + 10_000 * place for place in range(4)]
    assert a.state.matters[statement].state == b.state.matters[statement].state == "DONE"


def test_what_is_not_done_is_refused_with_a_reason_at_both_ends():
    _, a, b = pair()
    statement = stop(a, b)
    understood(b, statement)
    act(b, c.RefuseMatter, statement, reason="SAFETY")
    assert (both(a, b, statement)["closed"], both(a, b, statement)["outcome"]) == ("REFUSED", "SAFETY")
    again = act(b, c.ReportDone, statement, action="STOPPING")
    assert isinstance(again, Refusal)
    assert [reason.code for reason in again.reasons] == ["ALREADY_CLOSED"]


def test_the_acts_have_an_order():
    _, a, b = pair()
    statement = stop(a, b)
    for kind, members in ((c.PassOn, {}), (c.ReportDone, {"action": "STOPPING"}), (c.RefuseMatter, {"reason": "WX"})):
        answer = act(b, kind, statement, **members)
        assert isinstance(answer, Refusal)
        assert answer.reasons[0].code == "ACK_FIRST"
    assert both(a, b, statement)["history"] == []


def test_acknowledgment_is_never_agreement():
    """Of the notices of a conflict: nothing about notices, conflicts, offers or agreements changes by it."""
    world, a, b = conflicting()

    def held(node: Any) -> list[Any]:
        conflict = node.conflict()
        return [conflict.state, conflict.offer, conflict.live, conflict.turn, dict(node.state.agreements)]

    before = [held(a), held(b), a.notice("A-0001").current, b.notice("B-0001").current]
    for node, other in ((a, b), (b, a)):
        statement = next(m.hash for m in node.state.matters.values() if not m.ours)
        understood(node, statement)
        view = matter_view(node.state, node.state.matters[statement], world.now)
        assert view.state == "ACKNOWLEDGED"
        assert matter_view(other.state, other.state.matters[statement], world.now).state == "ACKNOWLEDGED"
        assert "AGREE" not in str(to_plain(view.history)).upper()
    assert [held(a), held(b), a.notice("A-0001").current, b.notice("B-0001").current] == before
    assert not {"AGR", "ACC"} & {*a.types(b), *b.types(a)}


def test_a_second_officer_is_told_who_was_first_and_says_nothing_twice():
    _, a, b = pair()
    statement = stop(a, b)
    read_back(b, statement)
    first = act(b, c.Acknowledge, statement, account="one")
    said = len(b.types(a))
    second = act(b, c.Acknowledge, statement, account="two")
    assert (first.result, second.result) == ("DONE", "ALREADY")
    assert second.refs["was"] == "acknowledged"
    act(b, c.PassOn, statement, account="one")
    assert act(b, c.PassOn, statement, account="two").result == "ALREADY"
    assert b.types(a)[said:].count("ACK") == 0
    assert b.types(a)[said:].count("PAS") == 1


def test_two_acknowledgments_that_cross_do_not_contradict_each_other():
    """As from two nodes of one desk: the first stands at the asker, the second is history."""
    world, a, b = pair()
    statement = stop(a, b)
    understood(b, statement)
    first = a.state.matters[statement].acked_at
    world.now += 5_000
    text = forged_ack(b, a, statement, post="ALTERNATE")
    world.receive(a, text, receipt=False)
    assert heard(a) == ("FOLDED", "")
    matter = a.state.matters[statement]
    assert (matter.acked_at, matter.acked_by) == (first, "DESK")
    assert [step.text for step in matter.history if step.what == "ACK"] == ["DESK", "ALTERNATE"]


def forged_ack(node: Any, peer: Any, statement: str, *, post: str = "DESK", **patch: Any) -> str:
    matter = (node.state.matters.get(statement)) or (peer.state.matters[statement])
    said = {"class": matter.cls} | patch
    return str(
        node.forge(
            peer, type="ACK", code="L3", reply_to=matter.msg_id, slots={"hash": statement, "post": post}, patch=said
        )
    )


# --- who may say what ----------------------------------------------------------------------------------------------


def test_an_acknowledgment_by_a_third_party_is_refused():
    world = World("A", "B", "C")
    a, b, third = world.nodes
    statement = stop(a, b)
    world.receive(a, forged_ack(third, a, statement), receipt=False)
    assert heard(a) == ("REFUSED", "NOT_OURS")
    assert a.state.matters[statement].acked_at is None
    assert both(a, b, statement)["history"] == []


def test_nobody_acknowledges_what_he_said_himself():
    world, a, b = pair()
    statement = stop(a, b)
    assert act(a, c.Acknowledge, statement).reasons
    world.receive(b, forged_ack(a, b, statement), receipt=False)
    assert heard(b) == ("REFUSED", "NOT_OURS")
    assert b.state.matters[statement].acked_at is None


@pytest.mark.parametrize(
    ("patch", "code"),
    [
        ({"class": "COORD"}, "SCHEMA"),
        ({"reply_to": "00000000-0000-4000-8000-00000000ffff"}, "SCHEMA"),
        ({"type": "DON", "code": None, "slots": {"hash": "", "action": "STOPPING"}}, "STATE"),
        ({"type": "IDA", "code": "V5", "class": "SAFETY", "slots": {"hash": "", "answer": "OURS"}}, "STATE"),
    ],
)
def test_an_act_that_does_not_fit_what_it_is_about_is_refused(patch, code):
    world, a, b = pair()
    statement = say(a, b, "LAS", area=AREA, since=world.now)
    said = dict(patch)
    if "slots" in said:
        said["slots"] = said["slots"] | {"hash": statement}
    world.receive(a, forged_ack(b, a, statement, **said), receipt=False)
    assert heard(a) == ("REFUSED", code)
    assert a.state.matters[statement].history == []


def test_a_late_act_about_a_forgotten_matter_is_taken_silently():
    world, a, b = pair(keep_ms=60_000)
    statement = stop(a, b)
    late = forged_ack(b, a, statement)
    understood(b, statement)
    act(b, c.PassOn, statement)
    act(b, c.ReportDone, statement, action="STOPPING")
    world.pass_time(10)
    assert statement not in a.state.matters
    assert statement in a.state.forgotten.matters
    alarms = a.alarms()
    slots = {"hash": statement, "post": "DESK"}
    msg_id = "00000000-0000-4000-8000-00000000ffff"
    late = b.forge(a, type="ACK", code="L3", reply_to=msg_id, slots=slots, patch={"class": "LIFE"})
    world.receive(a, late, receipt=False)
    assert heard(a) == ("FOLDED", "")
    assert (a.alarms(), statement in a.state.matters) == (alarms, False)


# --- again ---------------------------------------------------------------------------------------------------------


def test_a_stop_that_begins_again_keeps_its_history():
    world, a, b = pair()
    first = stop(a, b)
    understood(b, first)
    act(b, c.PassOn, first)
    act(b, c.ReportDone, first, action="STOPPING")
    world.now += 60_000
    second = stop(a, b, reopens=first)
    for node in (a, b):
        old, new = node.state.matters[first], node.state.matters[second]
        assert (old.state, old.due) == ("REOPENED", {})
        assert [step.what for step in new.history] == ["RDB", "ACK", "PAS", "DON", "REOPENED"]
        assert (new.acked_at, sorted(new.due)) == (None, ["ACK", "DON", "PAS"])
    both(a, b, second)


def test_only_an_own_stop_is_opened_again():
    _, a, b = pair()
    theirs = stop(b, a)
    with_theirs = a.desk(c.Say(peers=("B",), type="STP", slots={"area": AREA, "at": a.world.now, "reopens": theirs}))
    assert isinstance(with_theirs, Refusal)
    assert with_theirs.reasons[0].code == "UNKNOWN_STATEMENT"


def test_heard_early_and_then_in_its_turn_is_one_matter_and_one_ring():
    world, a, b = pair()
    a.file(circle(), to=[b])
    a.done(c.Say(peers=("B",), type="STP", slots={"area": AREA, "at": world.now}))
    waiting = a.sent[b.party][a.carried[b.party] :]
    assert world.receive(b, waiting[-1]) == "GAP"
    matter = newest(b, "STP")
    assert (matter.early, b.state.lines[a.party].received.hash_at(a.state.lines[b.party].sent.head)) == (True, None)
    assert a.state.lines[b.party].delivered < a.state.lines[b.party].sent.head, "no receipt yet"
    b.run(c.PassDeadlines())
    read_back(b, matter.hash)
    assert world.receive(b, waiting[-1]) in ("GAP", "RECEIVED", "DUPLICATE")
    world.settle()
    b.run(c.PassDeadlines())
    held = [one for one in b.state.matters.values() if one.type == "STP"]
    assert [(one.hash, one.early, one.read_back) for one in held] == [(matter.hash, False, "MATCH")]
    rings = [event for event in b.events if isinstance(event, Rang) and event.statement == matter.hash]
    assert len(rings) == 1
    act(b, c.Acknowledge, matter.hash)
    both(a, b, matter.hash)


# --- exercise ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "notice", "code", "cls"), [("SAR", "SAR", "D2", "LIFE"), ("HAZ", "HAZARD", "N8", "SAFETY")]
)
def test_an_exercise_notice_enters_neither_notices_nor_detection(kind, notice, code, cls):
    world, a, b = pair()
    b.file(circle(), to=[a])
    world.settle()
    slots = {
        "id": "A-0900",
        "kind": notice,
        "volumes": to_plain((circle(),)),
        "due_regard": to_plain(STATED),
        "key": [],
    }
    said = {"class": cls, "exercise": True, "role": "exercise"}
    text = a.forge(b, role="exercise", type=kind, code=code, version=1, slots=slots, patch=said)
    before = (dict(b.state.notices), dict(b.state.conflicts))
    world.receive(b, text, receipt=False)
    assert heard(b) == ("FOLDED", "")
    assert (b.state.notices, b.state.conflicts) == before
    taken = b.state.lines[a.party].received.receipts[1]
    assert taken[len(taken) - 1][2] is None, "no lead class in the receipt"
    matter = newest(b, kind)
    assert matter.exercise
    understood(b, matter.hash)
    assert b.told(a)[-1].role == "exercise"
    assert b.replayed().matters == b.state.matters


def test_exercise_and_real_do_not_answer_each_other():
    world, a, b = pair()
    drill = say(a, b, "LAS", exercise=True, area=AREA, since=world.now)
    world.receive(a, forged_ack(b, a, drill), receipt=False)
    assert heard(a) == ("REFUSED", "EXERCISE")
    assert a.state.matters[drill].acked_at is None


# --- identity ------------------------------------------------------------------------------------------------------

ANSWERS = st.lists(st.sampled_from(["NOT OURS", "CHECKING"]), min_size=1, max_size=4)
CLEAR = ("CLEAR", "HOSTILE", "OURS", "IDENTIFIED", "SAFE", "KNOWN")


def words(value: Any) -> set[str]:
    """Every text in plain data."""
    if isinstance(value, dict):
        return {word for inner in value.values() for word in words(inner)}
    if isinstance(value, list | tuple):
        return {word for inner in value for word in words(inner)}
    return {value} if isinstance(value, str) else set()


@settings(max_examples=examples(20), deadline=None)
@given(ANSWERS)
def test_not_ours_never_becomes_anything_but_unknown(answers):
    """Whatever is answered short of OURS: no word of the view says more, no notice, conflict or alarm changes, it stays revisable."""
    world, a, b = pair()
    asked = {"position": [0, 300_000_000], "level": {"ref": "FL", "ft": 20_000}, "at": world.now, "error_m": 1_000}
    statement = say(a, b, "IDQ", **asked)
    before = (dict(a.state.notices), dict(a.state.conflicts), a.alarms())
    for answer in answers:
        until = world.now + 60_000 if answer == "CHECKING" else None
        act(b, c.AnswerIdentity, statement, answer=answer, until=until)
        assert both(a, b, statement)["outcome"] == answer
        for node in (a, b):
            matter = node.state.matters[statement]
            view = to_plain(matter_view(node.state, matter, world.now))
            assert not {word for word in words(view) - {"NOT OURS"} if word.upper() in CLEAR}
            assert (matter.state, matter.closed, matter.passed) == ("ANSWERED", "", None)
        assert (dict(a.state.notices), dict(a.state.conflicts), a.alarms()) == before
    act(b, c.AnswerIdentity, statement, answer="OURS")
    assert both(a, b, statement)["outcome"] == "OURS"


# --- rescue boxes --------------------------------------------------------------------------------------------------


def test_a_rescue_box_is_answered_on_its_own_and_is_no_agreement_of_terms():
    """The answer has the class of the box, so it passes in every state; an ACC here countersigns nothing."""
    world, a, b = pair()
    a.file(circle(), to=[b], kind="SAR")
    world.settle()
    statement = newest(b, "SAR").hash
    understood(b, statement)
    act(b, c.AnswerMatter, statement, answer="SBY", until=world.now + 60_000)
    assert both(a, b, statement)["asked"] == ["ANSWER"]
    act(b, c.AnswerMatter, statement, answer="ACC")
    assert (both(a, b, statement)["outcome"], both(a, b, statement)["asked"]) == ("ACC", [])
    assert b.told(a)[-1].cls == "LIFE"
    assert not a.state.agreements
    assert act(b, c.AnswerMatter, statement, answer="REJ", reason="CAPACITY").result == "ALREADY"


# --- kept ----------------------------------------------------------------------------------------------------------


def test_matters_are_the_same_from_the_journal_and_from_a_snapshot():
    world, a, b = pair()
    first = stop(a, b)
    understood(b, first)
    act(b, c.PassOn, first, action="HOLDING")
    second = say(b, a, "GNI", area=AREA, since=world.now)
    world.pass_time(3)
    for node in (a, b):
        assert node.replayed().matters == node.state.matters
        assert sorted(node.replayed().deadlines.held()) == sorted(node.state.deadlines.held())
        again = node.fresh()
        thaw(freeze(node.state), again)
        assert again.matters == node.state.matters
        assert values_of(again.matters[second].envelope.slots) == values_of(node.state.matters[second].envelope.slots)
