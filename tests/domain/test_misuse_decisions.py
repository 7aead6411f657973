"""Alarms that grow, a peer's clock, texts that nobody signed: what is decided, and that a replay says the same."""

import pytest
from harness import Node, World

from skyparley.base import limits
from skyparley.domain import commands as c
from skyparley.domain.events import AlarmCounted, AlarmRaised, PeerClockNoted, UnauthenticatedHeard
from skyparley.domain.misuse import is_step


def two() -> tuple[World, Node, Node]:
    world = World("A", "B")
    a, b = world.nodes
    return world, a, b


def note(node: Node, peer: Node, count: int, what: str = "PEER_FLOOD") -> list[str]:
    """The kinds of events that a count comes to."""
    before = len(node.events)
    node.run(c.NoteMisuse(peer=peer.party, what=what, count=count))
    return [type(event).__name__ for event in node.events[before:]]


def assert_replays(node: Node) -> None:
    again = node.replayed()
    assert (again.alarms, again.misuse, again.rings) == (node.state.alarms, node.state.misuse, node.state.rings)


@pytest.mark.parametrize(("count", "step"), [(0, False), (1, True), (2, False), (10, True), (20, False), (1000, True)])
def test_steps(count: int, step: bool) -> None:
    assert is_step(count) is step


def test_an_alarm_grows_while_the_matter_goes_on_and_is_told_anew_after_a_quiet_hour() -> None:
    world, a, b = two()
    assert note(a, b, 10) == ["AlarmRaised", "AlarmCounted"]
    assert note(a, b, 10) == []
    assert note(a, b, 9) == [], "a count does not fall"
    world.now += limits.ALARM_EPISODE_MS
    assert note(a, b, 100) == ["AlarmCounted"]
    world.now += limits.ALARM_EPISODE_MS
    assert note(a, b, 1_000) == ["AlarmCounted"], "it grew within the hour"
    assert [(alarm.code, alarm.count) for alarm in a.state.alarms] == [("PEER_FLOOD", 1_000)]
    world.now += limits.ALARM_EPISODE_MS + 1
    assert note(a, b, 10) == ["AlarmRaised", "AlarmCounted"]
    assert [alarm.count for alarm in a.state.alarms] == [10, 1_000]
    assert_replays(a)


def test_alarms_of_two_peers_are_two() -> None:
    world = World("A", "B", "C")
    a, b, third = world.nodes
    note(a, b, 10)
    note(a, third, 10)
    assert {(alarm.peer, alarm.count) for alarm in a.state.alarms} == {(b.party, 10), (third.party, 10)}


def hello(node: Node, peer: Node, skew_ms: int, *, fresh: bool = True) -> list[type]:
    before = len(node.events)
    compare = c.CompareHello(
        peer=peer.party,
        table_hash=peer.state.table_hash,
        clock="REAL",
        held=None,
        sent=None,
        fresh=fresh,
        skew_ms=skew_ms,
    )
    node.run(compare)
    return [type(event) for event in node.events[before:] if isinstance(event, AlarmRaised | PeerClockNoted)]


def test_a_clock_that_is_off_is_one_alarm_with_how_much_until_it_is_right_again() -> None:
    _, a, b = two()
    assert hello(a, b, limits.PEER_CLOCK_OFF_MS - 1) == []
    assert hello(a, b, -3_600_000) == [PeerClockNoted, AlarmRaised]
    assert "B is 3600 s behind ours" in a.state.alarms[0].text
    assert a.state.misuse.clock_off_ms == {b.party: -3_600_000}
    assert hello(a, b, -3_600_100) == []
    assert hello(a, b, 100) == [PeerClockNoted]
    assert a.state.misuse.clock_off_ms == {}
    assert hello(a, b, 3_600_000) == [PeerClockNoted, AlarmRaised]
    assert "3600 s ahead of ours" in a.state.alarms[0].text
    assert_replays(a)


def test_only_a_fresh_answer_shows_a_clock() -> None:
    """One that came by itself may be old, or said again by somebody else."""
    _, a, b = two()
    assert hello(a, b, -3_600_000, fresh=False) == []


def heard(node: Node, text: str) -> list[type]:
    before = len(node.events)
    said = c.NoteUnauthenticated(claimed="", hash=text, text=text, source="http", why="MALFORMED")
    node.run(said)
    return [type(event) for event in node.events[before:]]


def test_texts_that_nobody_signed_are_kept_once_and_so_many_an_hour() -> None:
    world, a, _ = two()
    assert heard(a, "one") == [UnauthenticatedHeard, AlarmRaised]
    assert heard(a, "one") == []
    assert heard(a, "two") == [UnauthenticatedHeard, AlarmCounted]
    for number in range(2 * limits.UNAUTHENTICATED_KEPT):
        heard(a, str(number))
    assert len(a.state.misuse.unauthenticated) == limits.UNAUTHENTICATED_KEPT
    assert heard(a, "over") == []
    world.now += limits.UNAUTHENTICATED_WINDOW_MS
    assert heard(a, "an hour later")[0] is UnauthenticatedHeard
    assert len(a.state.misuse.unauthenticated) == limits.UNAUTHENTICATED_KEPT
    assert a.state.misuse.unauthenticated[0].text == "an hour later"
    assert_replays(a)
