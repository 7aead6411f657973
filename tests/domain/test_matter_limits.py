"""What a matter withstands: a peer that names it, floods it, puts it off, never answers; people are rung all the same."""

from typing import Any

from harness import World
from matter_world import AREA, act, forged, rings, say, stop, understood

from skyparley.base import limits
from skyparley.base.errors import Refusal
from skyparley.domain import commands as c


def pair(*names: str) -> tuple[World, Any, Any]:
    world = World(*(names or ("A", "B")))
    a, b = world.nodes[:2]
    return world, a, b


# --- opening again -------------------------------------------------------------------------------------------------


def test_an_exercise_does_not_take_over_a_real_stop():
    world, a, b = pair()
    real = stop(a, b)
    assert isinstance(a.desk(_again(world, real, exercise=True)), Refusal), "not from our own desk"
    text = a.forge(
        b,
        type="STP",
        code="V8",
        exercise=True,
        slots={"area": AREA, "at": world.now, "reopens": real},
        patch={"class": "LIFE", "table_hash": None},
    )
    assert world.receive(b, text, receipt=False) == "RECEIVED", "and it is taken from a peer's, as a new one"
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
