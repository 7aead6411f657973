"""Who is rung, and when, for each class: the domain's times typed out; each ring once, also through a restart.

Source: DOMAIN 8 "Human ack", "Passed to controlling unit"; 10.2 "If missed"; 11.1 HUMAN-SILENT at half the times.
"""

from typing import Any

import pytest
from harness import World, circle
from matter_world import AREA, act, newest, say, stop, understood

from skyparley.domain import commands as c
from skyparley.domain.events import Rang

POINT = [0, 300_000_000]


def pair() -> tuple[World, Any, Any]:
    world = World("A", "B")
    a, b = world.nodes
    return world, a, b


def rung(node: Any, statement: str) -> list[tuple[float, str]]:
    """Seconds after it was taken, and the post, in order."""
    matter = node.state.matters[statement]
    return [((one.at - matter.taken_at) / 1_000, one.post) for one in matter.rung]


def ring_all(world: World, minutes: float) -> None:
    """Time passes, and rings what is due at once as well."""
    for node in world.nodes:
        node.run(c.PassDeadlines())
    world.pass_time(minutes)


def filed(kind: str, hours: float) -> tuple[World, Any, Any, str]:
    world, a, b = pair()
    a.file(circle(hours=(hours, hours + 1)), to=[b], kind=kind)
    world.settle()
    return world, a, b, next(m.hash for m in b.state.matters.values() if not m.ours)


def test_an_unacknowledged_life_statement():
    """Alternates 60 s, supervisor 120 s, level 2 at 180 s; not done after 5 min."""
    world, a, b = pair()
    statement = stop(a, b)
    ring_all(world, 4)
    here = rung(b, statement)
    assert [one for one in here if one[1] != "DESK"] == [(60, "ALTERNATE"), (120, "SUPERVISOR"), (180, "LEVEL2")]
    assert here[0] == (0, "DESK")
    there = rung(a, statement)
    assert [one for one in there if one[1] != "DESK"] == [(120, "SUPERVISOR"), (180, "LEVEL2")]
    assert there[0] == (60, "DESK"), "the desk that said it hears nothing before the other one is late"
    world.pass_time(2)
    assert (300, "LEVEL2") in rung(b, statement), "neither done nor refused"


def test_an_unacknowledged_safety_statement():
    """5 min; level 2 at 10 min."""
    world, a, b = pair()
    statement = say(a, b, "GNI", area=AREA, since=world.now)
    ring_all(world, 20)
    here = [one for one in rung(b, statement) if one[1] != "DESK"]
    assert here == [(300, "ALTERNATE"), (600, "LEVEL2")]
    assert [one for one in rung(a, statement) if one[1] != "DESK"] == [(600, "LEVEL2")]


def test_an_unacknowledged_humanitarian_movement():
    """4 h; level 2 at 8 h."""
    world, _, b, statement = filed("HUM", 20)
    ring_all(world, 9 * 60)
    assert [one for one in rung(b, statement) if one[1] != "DESK"] == [(14_400, "ALTERNATE"), (28_800, "LEVEL2")]


@pytest.mark.parametrize(("hours", "minutes"), [(7, 30), (6, 15), (3, 15), (1, 15), (0.9, 5)])
def test_an_unacknowledged_notice(hours, minutes):
    """30 min when the start is more than 6 h off, 15 min from 1 h, 5 min below."""
    world, _, b, statement = filed("TRANSIT", hours)
    assert b.state.matters[statement].due == {"ACK": b.state.matters[statement].taken_at + minutes * 60_000}
    ring_all(world, 40)
    assert [one for one in rung(b, statement) if one[1] != "DESK"] == [(minutes * 60, "LEVEL2")]


def test_a_humanitarian_movement_that_starts_soon_has_half_an_hour():
    _, _, b, statement = filed("HUM", 5)
    assert b.state.matters[statement].due["ACK"] - b.state.matters[statement].taken_at == 30 * 60_000


def test_an_identity_query_and_a_rescue_box_not_answered():
    """2 min: level 2.  5 min: level 2, 10 min: level 3."""
    world, a, b = pair()
    asked = {"position": POINT, "level": {"ref": "FL", "ft": 20_000}, "at": world.now, "error_m": 1_000}
    query = say(a, b, "IDQ", **asked)
    a.file(circle(), to=[b], kind="SAR")
    world.settle()
    box = newest(b, "SAR").hash
    understood(b, box)
    ring_all(world, 12)
    assert (120, "LEVEL2") in rung(b, query)
    assert b.state.matters[query].outcome == "", "it stays UNKNOWN"
    late = [one for one in rung(b, box) if one[1].startswith("LEVEL") and one[0] >= 300]
    assert late == [(300, "LEVEL2"), (600, "LEVEL3")]


def test_what_is_done_in_time_rings_nobody_more():
    world, a, b = pair()
    statement = stop(a, b)
    ring_all(world, 0.5)
    understood(b, statement)
    act(b, c.PassOn, statement)
    act(b, c.ReportDone, statement, action="STOPPING")
    world.pass_time(30)
    assert rung(b, statement) == [(0, "DESK")]
    assert rung(a, statement) == []


def test_acknowledged_and_not_passed_on():
    """120 s: the supervisor, then level 2 by the same steps."""
    world, a, b = pair()
    statement = stop(a, b)
    ring_all(world, 0.5)
    understood(b, statement)
    world.pass_time(3)
    assert [one for one in rung(b, statement) if one[1] != "DESK"] == [(120, "SUPERVISOR"), (180, "LEVEL2")]


def test_clocks_survive_a_restart_and_fire_once():
    world, a, b = pair()
    statement = stop(a, b)
    ring_all(world, 1.5)
    before = rung(b, statement)
    for node in (a, b):
        again = node.replayed()
        assert sorted(again.deadlines.held()) == sorted(node.state.deadlines.held())
        assert again.matters == node.state.matters
        node.state = again
        node.run(c.PassDeadlines())
    assert rung(b, statement) == before
    world.pass_time(10)
    rings = [(e.post, e.code) for e in b.events if isinstance(e, Rang) and e.statement == statement]
    assert len(rings) == len(b.state.matters[statement].rung)
    assert len(set(rung(b, statement))) == len(rung(b, statement)), "nobody is rung twice at one time"


def test_what_ran_out_while_the_node_was_down_rings_when_it_is_back():
    world, a, b = pair()
    statement = stop(a, b)
    world.now += 150_000
    b.state = b.replayed()
    b.run(c.Start(software="test"))
    b.run(c.PassDeadlines())
    assert {post for _, post in rung(b, statement)} == {"DESK", "ALTERNATE", "SUPERVISOR"}
    b.run(c.PassDeadlines())
    assert len(rung(b, statement)) == 3, "each post once"


def test_an_empty_desk_is_rung_at_half_the_times():
    """HUMAN-SILENT by its own word: people are rung sooner there, and at the desk that waits."""
    world, a, b = pair()
    b.done(c.SetDesk(desk="DECLINED"))
    world.settle()
    statement = stop(a, b)
    ring_all(world, 1.9)
    here = [one for one in rung(b, statement) if one[1] != "DESK"]
    assert here == [(30, "ALTERNATE"), (60, "SUPERVISOR"), (90, "LEVEL2")]
    assert [one for one in rung(a, statement) if one[1] != "DESK"] == [(60, "SUPERVISOR"), (90, "LEVEL2")]
    texts = [e.text for e in b.events if isinstance(e, Rang) and e.statement == statement and e.post == "ALTERNATE"]
    assert texts == ["STP from A: not acknowledged yet, half the time is gone and the desk is empty"]


def test_a_humanitarian_movement_that_starts_soon_rings_by_its_own_half_hour():
    """30 min when it starts in less than 6 h: an alternate then, level 2 at an hour, and not at 4 h and 8 h."""
    world, a, b, statement = filed("MEDEVAC", 1.5)
    ring_all(world, 120)
    assert [one for one in rung(b, statement) if one[1] != "DESK"] == [(1_800, "ALTERNATE"), (3_600, "LEVEL2")]
    assert [one for one in rung(a, statement) if one[1] != "DESK"] == [(3_600, "LEVEL2")]


@pytest.mark.parametrize(("change", "kind"), [(c.SuspendLine, "SUSP"), (c.TerminateLine, "TERM")])
def test_an_unacknowledged_change_of_the_agreement(change, kind):
    """The supervisor at 15 min, level 2 at 30."""
    world, a, b = pair()
    for account in ("one", "two"):
        b.desk(change(peer="A", reason="POLITICAL"), account=account)
    world.settle()
    statement = newest(a, kind).hash
    ring_all(world, 60)
    for node in (a, b):
        assert [one for one in rung(node, statement) if one[1] != "DESK"] == [(900, "SUPERVISOR"), (1_800, "LEVEL2")]


def test_an_unacknowledged_human_check_rings_the_supervisor_and_nobody_above():
    world, a, b = pair()
    a.done(c.CheckLine(peer="B"))
    world.settle()
    statement = newest(b, "LCK").hash
    ring_all(world, 60)
    assert [one[1] for one in rung(b, statement) if one[1] != "DESK"] == ["SUPERVISOR"]


@pytest.mark.parametrize(("seconds_ago", "at_once"), [(0, True), (120, True), (121, False)])
def test_a_distress_of_now_rings_everybody_at_once(seconds_ago, at_once):
    """DOMAIN 8 URGENT: desk, alternates, supervisor and level 2 at 0 s; one told as of earlier rings in turn."""
    world, a, b = pair()
    at = world.now - seconds_ago * 1_000
    statement = say(a, b, "DIS", aircraft="FIXED WING", position=POINT, precision="EXACT", at=at, pob=2)
    b.run(c.PassDeadlines())
    everybody = [(0, "DESK"), (0, "ALTERNATE"), (0, "SUPERVISOR"), (0, "LEVEL2")]
    assert rung(b, statement) == (everybody if at_once else everybody[:1])
    world.pass_time(4)
    assert {post for _, post in rung(b, statement)} == {"DESK", "ALTERNATE", "SUPERVISOR", "LEVEL2"}
    assert len(set(rung(b, statement))) == len(rung(b, statement))
