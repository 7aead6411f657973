"""Link health by its laws: worse is seen at once, better takes heartbeats in a row, no flapping fills a journal, nothing agreed moves."""

from dataclasses import fields
from typing import Any

import msgspec
from harness import World
from hypothesis import given
from hypothesis import strategies as st

from skyparley.base import limits
from skyparley.base.times import HOUR
from skyparley.domain import commands as c
from skyparley.domain.feed_lists import HashList
from skyparley.domain.link_health import bearer_named, heads, links_of, order, state_after
from skyparley.domain.messages.envelope import FeedHead
from skyparley.domain.profiles import profile
from skyparley.domain.records import Line, LinkHealth

TABLE = profile("military")


def after(health: LinkHealth | None, silent_ms: int, in_a_row: int, now: int = 0) -> str | None:
    return state_after(health, silent_ms=silent_ms, in_a_row=in_a_row, table=TABLE, now=now)


def held(state: Any, *changed: int) -> LinkHealth:
    return LinkHealth(state=state, since=0, changed=changed)


def test_the_table_of_states() -> None:
    degraded, lost = TABLE.link_degraded_ms, TABLE.link_lost_ms
    assert after(None, 0, 0) is None, "nothing is known yet"
    assert after(None, 0, 1) == "UP"
    assert after(None, degraded, 0) == "DEGRADED"
    assert after(held("UP"), degraded - 1, 1) == "UP"
    assert after(held("UP"), degraded, 1) == "DEGRADED"
    assert after(held("UP"), lost, 1) == "LOST"
    assert after(held("DEGRADED"), lost - 1, 1) == "DEGRADED"
    assert after(held("LOST"), degraded, 1) == "LOST", "silence does not make it better"
    for state in ("DEGRADED", "LOST"):
        assert after(held(state), 0, 1) == state
        assert after(held(state), 0, limits.LINK_UP_HEARTBEATS) == "UP"


@given(st.lists(st.tuples(st.integers(1, 400_000), st.integers(0, 400_000), st.integers(0, 3)), max_size=200))
def test_no_hour_has_more_changes_than_the_limit_and_worse_is_never_hidden(beats: list[tuple[int, int, int]]) -> None:
    world = World("A", "B", link=False)
    a, peer = world.nodes[0], world.nodes[1].party
    at: list[int] = []
    for passed_ms, silent_ms, in_a_row in beats:
        world.now += passed_ms
        before = a.state.lines[peer].links.get(("http", "OUT"))
        a.run(c.NoteLink(peer=peer, bearer="http", direction="OUT", silent_ms=silent_ms, in_a_row=in_a_row))
        now = a.state.lines[peer].links.get(("http", "OUT"))
        if now is not before and now is not None:
            at.append(world.now)
            assert now.since == world.now
        if silent_ms >= TABLE.link_lost_ms:
            assert now is not None
            assert now.state == "LOST"
        elif silent_ms >= TABLE.link_degraded_ms:
            assert now is not None
            assert now.state != "UP"
    for one in at:
        assert sum(one - HOUR < other <= one for other in at) <= limits.LINK_CHANGES_PER_HOUR


def test_a_link_that_rested_is_up_again_after_the_hour() -> None:
    often = held("DEGRADED", *range(1, limits.LINK_CHANGES_PER_HOUR - 1))
    assert after(often, 0, 9, now=1_000) == "DEGRADED"
    assert after(often, 0, 9, now=HOUR + limits.LINK_CHANGES_PER_HOUR) == "UP"


@given(
    st.sampled_from(["OUT", "IN"]),
    st.sampled_from(["http", "http2"]),
    st.integers(0, 10**7),
    st.integers(0, 5),
)
def test_noting_a_link_changes_nothing_but_the_link(direction: Any, bearer: Any, silent_ms: int, in_a_row: int) -> None:
    """Law: link health never moves agreement state, whatever heartbeats say.  Source: DOMAIN 11.1."""
    world = World("A", "B", link=False)
    a, peer = world.nodes[0], world.nodes[1].party

    def all_else() -> list[Any]:
        line = a.state.lines[peer]
        kept = [getattr(line, one.name) for one in fields(Line) if one.name != "links"]
        return [*kept, dict(a.state.notices), dict(a.state.agreements), alarms(), a.sent.get(peer)]

    def alarms() -> list[str]:
        """All but that the last bearer is lost, which people hear and which changes nothing."""
        return [alarm.code for alarm in a.state.alarms if alarm.code != "LINE_LOST"]

    before, count = msgspec.msgpack.encode(all_else(), enc_hook=repr), len(a.events)
    a.run(c.NoteLink(peer=peer, bearer=bearer, direction=direction, silent_ms=silent_ms, in_a_row=in_a_row))
    assert msgspec.msgpack.encode(all_else(), enc_hook=repr) == before
    assert {type(event).__name__ for event in a.events[count:]} <= {"LinkChanged", "AlarmRaised"}
    assert set(a.state.lines[peer].links) <= {("http", direction)}, "the cards have one address each"


def test_heads_say_what_is_owed_and_what_has_to_be_compared() -> None:
    world = World("A", "B", link=False)
    b = world.nodes[1]
    line = Line(peer=b.party, card=b.card)
    feed = line.sent
    feed.hashes[1] = HashList()
    for last in "AE":
        feed.hashes[1].append("A" * 42 + last)
    feed.head = (1, 2)
    one, two = (FeedHead(epoch=1, seq=seq, hash=feed.hash_at((1, seq)) or "") for seq in (1, 2))
    absent = msgspec.UNSET
    line.delivered = (0, 0)
    assert heads(line, sent=absent, held=absent) == "OWED"
    assert heads(line, sent=absent, held=one) == "OWED"
    assert heads(line, sent=absent, held=two) == "EQUAL"
    assert heads(line, sent=absent, held=FeedHead(epoch=1, seq=3, hash=two.hash)) == "COMPARE"
    assert heads(line, sent=absent, held=FeedHead(epoch=1, seq=2, hash=one.hash)) == "COMPARE"
    line.delivered = (1, 2)
    assert heads(line, sent=one, held=two) == "EQUAL", "what it sent and we do not hold is on its way"
    line.received.hashes[1], line.received.head = HashList(), (1, 1)
    line.received.hashes[1].append(two.hash)
    assert heads(line, sent=one, held=two) == "COMPARE", "it sent another number 1"
    line.received.head = (0, 0)
    assert heads(line, sent=absent, held=one) == "COMPARE", "we took it for delivered"
    assert heads(line, sent=absent, held=absent) == "COMPARE"


def test_who_is_expected_to_be_heard() -> None:
    world = World("A", "B", link=False)
    a, b = world.nodes
    line = a.state.lines[b.party]
    assert list(links_of(a.card, line)) == [("http", "OUT"), ("http", "IN")]
    assert order(line) == ("http",)


def test_a_line_check_names_its_bearer_and_nothing_else_does() -> None:
    assert bearer_named(b'{"slots":{"bearer":"http2","n":1},"type":"LCK"}') == "http2"
    assert bearer_named(b'{"slots":{"bearer":"http2"},"type":"NTC"}') == ""
    assert bearer_named(b'{"slots":{},"type":"LCK"}') == ""
    assert bearer_named(b'{"slots":{"bearer":7},"type":"XXX"}') == ""
