"""What a matter withstands: a peer that names it, floods it, puts it off, never answers; people are rung all the same."""

from typing import Any

import pytest
from harness import World, circle
from matter_world import AREA, act, both, forged, newest, read_back, rings, say, stop, understood

from skyparley.base import limits
from skyparley.base.errors import Refusal
from skyparley.base.times import DAY, MINUTE
from skyparley.domain import commands as c
from skyparley.domain.messages.matter_slots import ReadBackValues
from skyparley.state.matter_views import matter_view
from skyparley.state.snapshot import freeze, thaw


def pair(*names: str) -> tuple[World, Any, Any]:
    world = World(*(names or ("A", "B")))
    a, b = world.nodes[:2]
    return world, a, b


# --- opening again -------------------------------------------------------------------------------------------------


def test_an_exercise_does_not_take_over_a_real_stop():
    world, a, b = pair()
    real = stop(a, b)
    assert isinstance(a.desk(_again(world, real, exercise=True)), Refusal), "not from our own desk"
    taken = forged(a, b, "STP", exercise=True, area=AREA, at=world.now, reopens=real)
    assert taken == ("FOLDED", ""), "and it is taken from a peer's, as a new one"
    assert (b.state.matters[real].state, sorted(b.state.matters[real].due)) == ("RECEIVED", ["ACK", "DON", "PAS"])


def _again(world: World, before: str, *, exercise: bool) -> c.Say:
    slots = {"area": AREA, "at": world.now, "reopens": before}
    return c.Say(peers=("B",), type="STP", slots=slots, exercise=exercise)


def test_a_peer_does_not_silence_our_stop_by_naming_it():
    world, a, b = pair()
    ours = stop(a, b)
    assert forged(b, a, "STP", area=AREA, at=world.now, reopens=ours) == ("FOLDED", "")
    assert (a.state.matters[ours].state, sorted(a.state.matters[ours].due)) == ("SENT", ["ACK", "DON", "PAS"])
    world.pass_time(10)
    assert "LEVEL2" in rings(a, ours)


def test_a_peer_does_not_silence_what_we_said_to_another():
    world = World("A", "B", "T")
    a, b, t = world.nodes
    said = stop(a, t)
    forged(b, a, "STP", area=AREA, at=world.now, reopens=said)
    assert sorted(a.state.matters[said].due) == ["ACK", "DON", "PAS"]


# --- floods --------------------------------------------------------------------------------------------------------


def test_exercises_do_not_make_a_real_statement_a_flood():
    world, a, b = pair()
    for _ in range(limits.LIFE_FLOOD_AT + 1):
        say(a, b, "STP", exercise=True, area=AREA, at=world.now)
    world.now += 1_000
    real = stop(a, b)
    world.pass_time(4)
    assert [post for post in rings(b, real) if post != "DESK"] == ["ALTERNATE", "SUPERVISOR", "LEVEL2"]
    assert b.alarms().count("EXERCISE_FLOOD") == 1
    assert "LIFE_FLOOD" not in b.alarms()


def test_a_later_flood_does_not_end_the_escalation_of_what_rang():
    world, a, b = pair()
    world.now += 599_000
    real = stop(a, b)
    b.run(c.PassDeadlines())
    world.now += 5_000
    for _ in range(limits.LIFE_FLOOD_AT + 20):
        late = stop(a, b)
    world.pass_time(5)
    assert "LEVEL2" in rings(b, real)
    assert b.state.matters[late].quiet
    assert rings(b, late) == []


def test_what_is_said_about_life_statements_makes_no_flood():
    """Four acts about each of six stop requests are 24 statements of class LIFE, and none of them asks for anything."""
    world, a, b = pair()
    for _ in range(6):
        one = stop(a, b)
        understood(b, one)
        act(b, c.PassOn, one)
        act(b, c.ReportDone, one, action="STOPPING")
    world.now += 1_000
    real = stop(b, a)
    world.pass_time(4)
    assert "LEVEL2" in rings(a, real)


# --- put off -------------------------------------------------------------------------------------------------------


def question(a: Any, b: Any) -> str:
    asked = {"position": [0, 300_000_000], "level": {"ref": "FL", "ft": 20_000}, "at": a.world.now, "error_m": 100}
    return say(a, b, "IDQ", **asked)


def rescue_box() -> tuple[World, Any, Any, str]:
    world, a, b = pair()
    a.file(circle(radius_km=20), to=[b], kind="SAR")
    world.settle()
    return world, a, b, newest(b, "SAR").hash


@pytest.mark.parametrize("minutes", [3, 20])
def test_checking_rings_again_when_its_time_has_passed(minutes):
    world, a, b = pair()
    asked = question(a, b)
    act(b, c.AnswerIdentity, asked, answer="CHECKING", until=world.now + minutes * MINUTE)
    world.pass_time(minutes - 0.5)
    before = len(rings(b, asked))
    assert rings(a, asked) == []
    world.pass_time(1)
    assert sorted(rings(b, asked)[before:]) == ["DESK", "LEVEL2"]
    assert sorted(rings(a, asked)) == ["DESK", "LEVEL2"]


def test_checking_is_no_longer_than_a_day():
    _, a, b = pair()
    asked = question(a, b)
    end = b.state.matters[asked].taken_at + b.state.table.identity_revise_ms
    refusal = act(b, c.AnswerIdentity, asked, answer="CHECKING", until=end + 1)
    assert refusal.reasons[0].code == "UNTIL"
    later = {"answer": "CHECKING", "until": end + 30 * DAY}
    assert forged(b, a, "IDA", about=asked, cls="SAFETY", **later) == ("FOLDED", "")
    assert a.state.matters[asked].due["ANSWER"] == a.state.matters[asked].taken_at + a.state.table.identity_revise_ms


def test_a_rescue_box_is_put_off_once_and_by_five_minutes_and_rings_then():
    world, a, b, box = rescue_box()
    wide = act(b, c.AnswerMatter, box, answer="SBY", until=world.now + 5 * MINUTE + 1)
    assert wide.reasons[0].code == "UNTIL"
    assert isinstance(act(b, c.AnswerMatter, box, answer="SBY", until=world.now + 4 * MINUTE), c.Outcome)
    assert act(b, c.AnswerMatter, box, answer="SBY", until=world.now + 4 * MINUTE).reasons[0].code == "STATE"
    world.pass_time(30)
    assert {"LEVEL2", "LEVEL3"} <= set(rings(a, box))
    assert {"LEVEL2", "LEVEL3"} <= set(rings(b, box))


def test_a_peer_that_puts_a_rescue_box_off_for_a_month_is_not_waited_for():
    world, a, b, box = rescue_box()
    for days in (1, 30):
        assert forged(b, a, "SBY", about=box, until=world.now + days * DAY) == ("FOLDED", "")
    assert a.state.matters[box].due["ANSWER"] == world.now + a.state.table.rescue_ms
    assert [step.what for step in a.state.matters[box].history] == ["SBY", "SBY"]
    world.pass_time(11)
    assert {"LEVEL2", "LEVEL3"} <= set(rings(a, box))


# --- never answered ------------------------------------------------------------------------------------------------


def test_a_life_statement_that_nobody_answers_expires_and_stays_in_sight_until_a_person_puts_it_away():
    world, a, b = pair()
    statement = stop(a, b)
    assert b.refused(c.PutAway(statement=statement)) == ["STATE"], "while it is asked it is not put away"
    world.pass_time(25 * 60)
    for node in (a, b):
        assert node.state.matters[statement].state == "EXPIRED"
        assert [alarm.about for alarm in node.state.alarms if alarm.code == "MATTER_EXPIRED"] == [statement]
        assert "put_away" in matter_view(node.state, node.state.matters[statement], world.now).can
    world.pass_time(60 * 24 * 60)
    assert statement in b.state.matters, "two months later it is still there"
    assert [alarm.about for alarm in b.state.alarms if alarm.code == "MATTER_EXPIRED"] == [statement]
    understood(b, statement)
    assert both(a, b, statement)["acked"][0] is not None, "late is better than never"
    for node in (a, b):
        node.done(c.PutAway(statement=statement))
        assert statement not in node.state.matters
        assert node.replayed().matters == node.state.matters
        assert sorted(node.replayed().deadlines.held()) == sorted(node.state.deadlines.held())


def test_what_is_not_of_life_leaves_memory_a_day_after_people_were_told():
    world, a, b = pair()
    asked = question(a, b)
    world.pass_time(25 * 60)
    assert (b.state.matters[asked].state, b.alarms().count("MATTER_EXPIRED")) == ("EXPIRED", 1)
    world.pass_time(25 * 60)
    assert asked not in b.state.matters


def test_nobody_is_told_that_an_exercise_was_never_answered():
    world, a, b = pair()
    played = say(a, b, "STP", exercise=True, area=AREA, at=world.now)
    world.pass_time(25 * 60)
    assert played not in b.state.matters
    assert "MATTER_EXPIRED" not in b.alarms()


# --- read-back -----------------------------------------------------------------------------------------------------


def test_a_rescue_box_is_not_accepted_before_it_is_read_back():
    _, a, b, box = rescue_box()
    assert act(b, c.AnswerMatter, box, answer="ACC").reasons[0].code == "READ_BACK_FIRST"
    act(b, c.AnswerMatter, box, answer="SBY", until=b.world.now + MINUTE)
    assert act(b, c.AnswerMatter, box, answer="ACC").reasons[0].code == "READ_BACK_FIRST"
    assert read_back(b, box).result == "MATCH", "who stood by first can still read it back"
    assert isinstance(act(b, c.AnswerMatter, box, answer="ACC"), c.Outcome)
    assert (a.state.matters[box].outcome, a.state.matters[box].unread) == ("ACC", False)


def test_a_read_back_is_compared_here_and_not_believed():
    world, a, b = pair()
    statement = stop(a, b)
    wrong = {"position": [100_000_000, 300_000_000], "start": world.now}
    assert forged(b, a, "RDB", about=statement, values=wrong, differs=[]) == ("FOLDED", "")
    held = a.state.matters[statement]
    assert (held.read_back, held.differs, held.history[-1].text) == ("MISMATCH", ("POSITION",), "POSITION")
    right = {"position": AREA["centre"], "start": world.now}
    forged(b, a, "RDB", about=statement, values=right, differs=["POSITION"])
    assert (held.read_back, held.differs) == ("MATCH", ())


@pytest.mark.parametrize(
    ("kind", "slots"), [("ACK", {"post": "DESK"}), ("DON", {"action": "STOPPING"}), ("PAS", {"at": 1_000})]
)
def test_what_was_acknowledged_without_its_read_back_is_shown_so(kind, slots):
    world, a, b = pair()
    statement = stop(a, b)
    assert forged(b, a, kind, about=statement, **slots) == ("FOLDED", "")
    held = a.state.matters[statement]
    assert matter_view(a.state, held, world.now).unread
    assert held.history[-1].text.endswith("(not read back)")
    forged(b, a, "RDB", about=statement, values={"position": AREA["centre"], "start": world.now}, differs=[])
    assert not matter_view(a.state, held, world.now).unread, "it was read back rightly after all"


def test_one_officers_match_is_not_undone_by_a_colleague():
    world, a, b = pair()
    statement = stop(a, b)
    read_back(b, statement)
    slip = {"position": [0, 0], "start": world.now}
    again = act(b, c.ReadBackMatter, statement, values=ReadBackValues(position=(0, 0), start=world.now))
    assert again.result == "ALREADY"
    forged(b, a, "RDB", about=statement, values=slip, differs=["POSITION"])
    assert a.state.matters[statement].read_back == "MATCH"
    assert isinstance(act(b, c.Acknowledge, statement), c.Outcome)


def test_what_is_done_at_once_was_understood_then_and_not_when_it_was_said():
    world, a, b = pair()
    statement = stop(a, b)
    world.now += 8 * MINUTE
    forged(b, a, "DON", about=statement, action="STOPPING")
    assert a.state.matters[statement].acked_at == world.now


# --- silence -------------------------------------------------------------------------------------------------------


def staffed() -> tuple[World, Any, Any]:
    world, a, b = pair()
    for node in (a, b):
        node.done(c.SetDesk(desk="STAFFED"))
    world.settle()
    return world, a, b


def test_an_exercise_makes_no_desk_silent():
    world, a, b = staffed()
    say(a, b, "LAS", exercise=True, area=AREA, since=world.now)
    world.pass_time(40)
    assert "HUMAN_SILENT" not in a.alarms()
    assert "DESK_SILENT" not in b.alarms()


def test_a_desk_is_not_silent_about_what_it_never_received():
    world, a, _ = staffed()
    a.done(c.Say(peers=("B",), type="LAS", slots={"area": AREA, "since": world.now}))
    until = world.now + 45 * MINUTE
    while (due := a.state.deadlines.next()) is not None and due <= until:
        world.now = max(world.now, due)
        a.run(c.PassDeadlines())
    assert "HUMAN_SILENT" not in a.alarms()
    world.now = until
    world.settle()
    world.pass_time(29)
    assert "HUMAN_SILENT" not in a.alarms(), "it counts from when their machine held it"
    assert sorted(a.replayed().deadlines.held()) == sorted(a.state.deadlines.held())
    world.pass_time(2)
    assert "HUMAN_SILENT" in a.alarms()


# --- how many ------------------------------------------------------------------------------------------------------


def test_what_means_least_leaves_memory_first_and_is_counted_once(monkeypatch):
    monkeypatch.setattr(limits, "MATTERS_PER_PEER", 4)
    monkeypatch.setattr(limits, "LIFE_FLOOD_AT", 3)
    world, a, b = pair()
    first = stop(a, b)
    played = say(a, b, "STP", exercise=True, area=AREA, at=world.now)
    flood = []
    for _ in range(8):
        world.now += 1
        flood.append(stop(a, b))
    held = [one for one in b.state.matters.values() if not one.ours and one.cls == "LIFE"]
    assert len(held) == 4
    assert played not in b.state.matters, "the exercise went first"
    assert [one.hash for one in held if not one.quiet] == [first, *flood[:2]], "what rang stays"
    assert b.alarms().count("MATTERS_MANY") == 1
    assert b.replayed().matters == b.state.matters


def test_hashes_of_what_is_over_are_kept_for_thirty_days():
    world, a, b = pair()
    for _ in range(2):
        played = say(a, b, "LAS", exercise=True, area=AREA, since=world.now)
        act(b, c.Acknowledge, played)
        first = next((one for one in b.state.forgotten.matters), None)
        world.pass_time(25 * 60)
    assert played in b.state.forgotten.matters
    kept = dict(b.state.forgotten.matters)
    assert sorted(kept.values()) == list(kept.values()), "in order"
    again = b.fresh()
    thaw(freeze(b.state), again)
    assert again.forgotten == b.state.forgotten
    assert first in kept
    world.pass_time(31 * 24 * 60)
    assert first not in b.state.forgotten.matters
