"""A table for each line: each pair is judged by the numbers of its own line, the same at both ends, and no other line is touched."""

from typing import Any

import msgspec
import pytest
from harness import TABLE, Node, World, circle, fl, moved
from hypothesis import given, settings
from hypothesis import strategies as st

from how_many import examples
from skyparley.base.times import HOUR, MINUTE
from skyparley.domain import commands as c
from skyparley.domain.detection import conflict_id, pair_id
from skyparley.domain.events import ConflictGone, LineTableSet
from skyparley.domain.line_tables import least_sizes, separation_between
from skyparley.domain.messages.envelope import to_plain
from skyparley.domain.messages.slots import ConflictSlots, GapsSlot, NoticeRef
from skyparley.domain.table import NUMBERS, Change, Table, strictest, table_diff, table_hash
from skyparley.domain.volumes import volume_of
from skyparley.geometry.volumes import ELLIPSOID_BOUND, judge

WIDER = msgspec.structs.replace(TABLE, separation_lateral_m=50_000)


def hold(node: Node, peer: Node, table: Table, *, clause: str = "") -> None:
    node.happen(LineTableSet(peer=peer.party, table=table, table_hash=table_hash(table), clause=clause))


def both_hold(one: Node, other: Node, table: Table, *, clause: str = "clause") -> None:
    """As after a clause that both signed: each at its own effective time."""
    hold(one, other, table, clause=clause)
    hold(other, one, table, clause=clause)


def live(node: Node) -> set[tuple[str, str]]:
    """Who is in conflict, by party and conflict id."""
    return {(one.other_party, one.conflict_id) for one in node.state.conflicts.values() if one.live}


def three() -> tuple[World, Node, Node, Node]:
    """A in the middle; B and T both 60 km away: apart by the starting table, too close by the wider one."""
    world = World("A", "B", "T")
    a, b, t = world.nodes
    a.file(circle(), to=[b, t])
    world.settle()
    b.file(circle(60), to=[a])
    t.file(circle(60), to=[a])
    world.settle()
    assert not any(live(node) for node in world.nodes)
    return world, a, b, t


def test_two_lines_with_different_tables_judge_the_same_notices_differently_and_alike_at_both_ends() -> None:
    world, a, b, t = three()
    both_hold(a, b, WIDER)
    world.settle()
    (found,) = live(a)
    assert live(b) == {(a.party, found[1])}
    assert found[0] == b.party
    assert live(t) == set()
    sides = ((a.party, "A-0001"), 1), ((b.party, "B-0001"), 1)
    assert found[1] == conflict_id(pair_id(sides[0][0], sides[1][0]), *sides, table_hash(WIDER))
    assert {one.table_hash for one in b.told(a) if one.type == "CFL"} == {table_hash(WIDER)}
    for node in world.nodes:
        assert "VERDICT_DIFFERS" not in node.alarms()
        assert "TABLE_MISMATCH" not in node.alarms()


def test_a_table_that_changes_back_ends_what_it_made_and_says_so_each_time() -> None:
    world, a, b, _ = three()
    both_hold(a, b, WIDER)
    world.settle()
    both_hold(a, b, TABLE)
    world.settle()
    assert not live(a)
    assert not live(b)
    assert a.alarms().count("TABLE_CHANGED") == 2


def test_a_dialogue_on_one_line_is_overtaken_and_on_the_other_goes_on() -> None:
    world = World("A", "B", "T")
    a, b, t = world.nodes
    a.file(circle(), to=[b, t])
    world.settle()
    b.file(circle(20), to=[a])
    t.file(circle(20), to=[a])
    world.settle()
    for peer in (b, t):
        pair = pair_id((a.party, "A-0001"), (peer.party, f"{peer.name}-0001"))
        a.propose(pair, (peer, f"{peer.name}-0001", [moved(circle(20), lower=fl(270), upper=fl(310))]))
    world.settle()
    other = a.state.conflicts[pair_id((a.party, "A-0001"), (t.party, "T-0001"))]
    before = msgspec.json.encode(other)
    both_hold(a, b, WIDER)
    world.settle()
    conflict = a.state.conflicts[pair_id((a.party, "A-0001"), (b.party, "B-0001"))]
    assert conflict.live
    assert conflict.offer is None
    assert msgspec.json.encode(a.state.conflicts[other.pair_id]) == before, "the other line is not touched"
    assert other.offer is not None


def test_an_agreement_is_made_under_the_table_of_its_line() -> None:
    world, a, b, _ = three()
    both_hold(a, b, WIDER)
    world.settle()
    a.propose(a.conflict().pair_id, (b, "B-0001", [moved(circle(60), lower=fl(270), upper=fl(310))]))
    world.settle()
    b.answer(c.Accept, a.conflict().pair_id)
    world.settle()
    for node in (a, b):
        assert node.agreement().agreement.table_hash == table_hash(WIDER)
        assert node.agreement().status(world.now) == "IN_FORCE"


def test_terms_must_separate_by_the_table_of_the_line() -> None:
    world, a, b, t = three()
    both_hold(a, b, WIDER)
    both_hold(a, t, msgspec.structs.replace(TABLE, separation_lateral_m=45_000))
    world.settle()
    further = circle(66)  # 46 km between the edges: enough for T, not for B.
    for peer, refused in ((b, ["TERMS_DO_NOT_SEPARATE"]), (t, [])):
        name = f"{peer.name}-0001"
        pair = pair_id((a.party, "A-0001"), (peer.party, name))
        command = c.Propose(
            pair_id=pair,
            expected_revision=a.state.conflicts[pair].revision,
            changes=(c.TermChange(party=peer.party, id=name, volumes=(further,)),),
        )
        if refused:
            assert a.refused(command) == refused
        else:
            a.done(command)


def test_a_peer_that_holds_another_table_on_its_line_is_a_mismatch_there_alone() -> None:
    world, a, b, t = three()
    hold(a, b, WIDER)
    world.hello(b, a)
    assert b.alarms().count("TABLE_MISMATCH") == 1
    assert "TABLE_MISMATCH" not in t.alarms()
    assert b.state.lines[a.party].peer_table_hash == table_hash(WIDER)
    assert t.state.lines[a.party].peer_table_hash == table_hash(TABLE)


def test_a_statement_tells_which_table_its_sender_holds_unless_it_is_older_than_what_we_know() -> None:
    world, a, b, _ = three()
    hold(b, a, WIDER)
    b.file(circle(500), to=[a])  # Sealed under the wider table.
    world.settle()
    assert a.state.lines[b.party].peer_table_hash == table_hash(WIDER)
    assert a.alarms().count("TABLE_MISMATCH") == 1
    hold(a, b, WIDER)
    assert a.state.lines[b.party].peer_table_hash == a.state.table_hash_of(b.party), "equal again, without a HELLO"


def test_what_was_sealed_before_a_hello_is_no_news_about_the_table() -> None:
    world, a, b, _ = three()
    b.file(circle(500), to=[a])  # Sealed under the old table, and on its way.
    hold(b, a, WIDER)
    world.hello(a, b)
    world.carry(b, a, 1)
    assert a.told(b)[-1].type != "ERR"
    assert a.state.lines[b.party].peer_table_hash == table_hash(WIDER)
    assert a.alarms().count("TABLE_MISMATCH") == 1


def test_what_was_said_before_the_effective_time_raises_no_mismatch() -> None:
    world, a, b, _ = three()
    b.file(circle(500), to=[a])
    world.now += MINUTE  # It is on its way all the while.
    both_hold(a, b, WIDER)
    world.carry(b, a, 1)
    assert a.notice("B-0002", b).live
    assert "TABLE_MISMATCH" not in a.alarms()
    assert a.state.lines[b.party].peer_table_hash == table_hash(WIDER)


def test_a_table_that_both_signed_is_held_by_the_peer_until_it_says_otherwise() -> None:
    _, a, b, t = three()
    hold(a, b, WIDER)
    assert a.state.lines[b.party].peer_table_hash == table_hash(TABLE), "put there by one side alone"
    hold(a, b, WIDER, clause="signed by both")
    assert a.state.lines[b.party].peer_table_hash == table_hash(WIDER)
    assert a.state.lines[t.party].peer_table_hash == table_hash(TABLE)


@pytest.mark.parametrize(("beyond_m", "held"), [(5, True), (100, False)])
def test_the_word_of_the_other_side_is_weighed_by_the_table_of_the_line(beyond_m: int, held: bool) -> None:
    """B tells a conflict that A finds just apart by the numbers of their line, and far apart by those it started with."""
    world = World("A", "B")
    a, b = world.nodes
    both_hold(a, b, WIDER)
    a.file(circle(), to=[b])
    world.settle()
    b.file(circle(70 / (1 - ELLIPSOID_BOUND) + beyond_m / 1_000), to=[a])
    world.settle()
    sides = sorted(((a.party, "A-0001"), (b.party, "B-0001")))
    pair = pair_id(*sides)
    volumes = [volume_of(node.notice(f"{node.name}-0001").current.volumes[0]) for node in (a, b)]
    gap_m = int(judge(volumes[0], volumes[1], WIDER.separation).gaps.lateral_m)
    slots = ConflictSlots(
        pair_id=pair,
        conflict_id=conflict_id(pair, (sides[0], 1), (sides[1], 1), table_hash(WIDER)),
        notices=tuple(NoticeRef(party=party, id=notice_id, version=1) for party, notice_id in sides),
        volumes=(0, 0),
        gaps=GapsSlot(lateral_m=gap_m, vertical_ft=0, time_ms=0),
    )
    text = b.forge(a, role="machine", type="CFL", code="C1", slots=to_plain(slots))
    assert world.receive(a, text, receipt=False) == "RECEIVED"
    assert ("VERDICT_DIFFERS" in a.alarms()) == (not held)
    assert [one.adopted for one in a.state.conflicts.values() if one.live] == [True] * held


def test_a_notice_is_no_smaller_than_the_strictest_table_of_its_audience_lets_it_be() -> None:
    _, a, b, t = three()
    both_hold(a, b, msgspec.structs.replace(TABLE, least_radius_m=30_000, least_band_ft=0))
    both_hold(a, t, msgspec.structs.replace(TABLE, least_radius_m=0, least_band_ft=5_000))
    small = circle(900)

    def reasons(*peers: Node, **given: Any) -> list[str]:
        command = c.FileNotice(
            kind="TRANSIT",
            volumes=(given.get("volume", small),),
            due_regard=a.notice("A-0001").current.due_regard,
            audience=tuple(peer.name for peer in peers),
        )
        outcome = a.desk(command)
        return [] if isinstance(outcome, c.Outcome) else [one.code for one in outcome.reasons]

    assert reasons() == []  # Told to nobody: by the starting table.
    assert reasons(b) == ["AREA_TOO_SMALL"]
    assert reasons(t) == ["BAND_TOO_THIN"]
    assert reasons(b, t) == ["AREA_TOO_SMALL", "BAND_TOO_THIN"]
    large = circle(900, radius_km=31, levels=(fl(200), fl(260)))
    assert reasons(b, t, volume=large) == []


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=4))
def test_the_strictest_sizes_are_those_of_some_table_and_enough_for_all(sizes: list[tuple[int, int, int]]) -> None:
    tables = [
        msgspec.structs.replace(TABLE, least_radius_m=one, least_band_ft=two, least_duration_ms=three)
        for one, two, three in sizes
    ]
    least = strictest(tables)
    for name in ("radius_m", "band_ft", "duration_ms"):
        assert getattr(least, name) == max(getattr(table.least, name) for table in tables)


def test_a_replay_of_the_journal_gives_the_same_tables() -> None:
    world, a, b, _ = three()
    both_hold(a, b, WIDER)
    world.settle()
    again = a.replayed()
    assert again.lines[b.party].table == a.state.lines[b.party].table
    assert again.table_of(b.party) == WIDER
    assert {one.conflict_id for one in again.conflicts.values() if one.live} == {one for _, one in live(a)}


def test_another_starting_table_leaves_a_line_with_its_own_table_alone() -> None:
    world, a, b, t = three()
    both_hold(a, b, WIDER)
    world.settle()
    before = live(a)
    a.table = msgspec.structs.replace(TABLE, separation_lateral_m=45_000)
    a.state = a.replayed()
    a.run(c.Start(software="test"))
    assert {one for one in live(a) if one[0] == b.party} == before
    assert {one[0] for one in live(a)} == {b.party, t.party}
    assert a.state.table_of(t.party) == a.table
    assert separation_between(a.state, t.party, a.party) == a.table.separation
    assert least_sizes(a.state, ()) == a.table.least


def timed(minutes: int) -> Table:
    return msgspec.structs.replace(TABLE, separation_time_ms=minutes * MINUTE)


def test_a_notice_leaves_detection_on_each_line_when_that_lines_time_is_over() -> None:
    """Ours ends at 4:00; on the line to B it counts for 10 minutes more, on that to T for 30: the same at both ends."""
    world, a, b, t = three()
    both_hold(a, t, timed(30))
    for peer in (b, t):
        peer.file(circle(1, hours=(4.05, 6.0)), to=[a])
    world.settle()
    parties = {node.name: node.party for node in world.nodes}

    def pairs() -> list[set[str]]:
        return [{name for name, party in parties.items() if party in dict(live(node))} for node in (a, b, t)]

    assert pairs() == [{"B", "T"}, {"A"}, {"A"}]
    world.pass_time(4 * 60 + 10)
    world.settle()
    assert pairs() == [{"T"}, set(), {"A"}]
    assert [event.cause for event in a.events if isinstance(event, ConflictGone)] == ["PAST"]
    assert a.notice("A-0001").past_for == (b.party,)
    assert [node.notice("A-0001", a).past for node in (a, b, t)] == [False, True, False]
    b.change("B-0002", circle(1, hours=(3.5, 6.5)))  # Over the time of A-0001, which is past between A and B.
    world.settle()
    assert pairs() == [{"T"}, set(), {"A"}]
    assert a.replayed().notices == a.state.notices
    world.pass_time(20)
    world.settle()
    assert pairs() == [set(), set(), set()]
    assert [node.notice("A-0001", a).past for node in (a, b, t)] == [True] * 3
    assert not [what for what, about, _ in a.state.deadlines.held() if what == "PAST" and " A-0001" in about]
    for node in world.nodes:
        assert "VERDICT_DIFFERS" not in node.alarms()


def test_a_longer_time_brings_back_what_just_left_detection_on_that_line_alone() -> None:
    world, a, b, t = three()
    for peer in (b, t):
        peer.file(circle(1, hours=(4.2, 6.0)), to=[a])  # 12 minutes after: apart by 10.
    world.settle()
    world.pass_time(4 * 60 + 11)
    world.settle()
    assert a.notice("A-0001").past
    both_hold(a, b, timed(30))
    world.settle()
    assert {party for party, _ in live(a)} == {party for party, _ in live(t)} | {b.party} == {b.party}
    assert len(live(b)) == 1
    assert a.notice("A-0001").past_for == (t.party,)
    both_hold(a, b, TABLE)
    world.settle()
    assert not live(a)
    assert not live(b)
    world.pass_time(1)
    assert [node.notice("A-0001", a).past for node in (a, b, t)] == [True] * 3


def test_a_longer_time_counts_again_on_a_line_that_had_let_our_notice_go() -> None:
    world, a, b, t = three()
    both_hold(a, t, timed(30))
    world.pass_time(4 * 60 + 15)
    assert a.notice("A-0001").past_for == (b.party,)
    both_hold(a, b, timed(20))
    assert a.notice("A-0001").past_for == ()
    assert b.notice("A-0001", a).live
    world.pass_time(5)
    assert a.notice("A-0001").past_for == (b.party,)
    assert not b.notice("A-0001", a).live


@pytest.mark.parametrize("minutes", [5, 30])
def test_a_change_of_the_time_moves_the_clock_of_what_is_still_live(minutes: int) -> None:
    world, a, b, t = three()
    both_hold(a, b, timed(minutes))
    world.pass_time(4 * 60 + minutes - 0.001)
    assert b.notice("A-0001", a).live
    assert a.notice("A-0001").live_for(b.party)
    world.pass_time(0.001)
    assert not b.notice("A-0001", a).live
    assert not a.notice("A-0001").live_for(b.party)
    assert a.notice("A-0001").live_for(t.party) == t.notice("A-0001", a).live == (minutes < 10)


TABLES_AT_RANDOM = st.builds(
    lambda lateral_m, vertical_ft, time_ms: msgspec.structs.replace(
        TABLE, separation_lateral_m=lateral_m, separation_vertical_ft=vertical_ft, separation_time_ms=time_ms
    ),
    st.sampled_from([9_260, 18_520, 60_000]),
    st.sampled_from([1_000, 2_000, 6_000]),
    st.sampled_from([0, 10 * MINUTE, 2 * HOUR]),
)
PLACES = st.builds(
    lambda east_km, level, start: circle(east_km, levels=(fl(level), fl(level + 20)), hours=(start, start + 1)),
    st.integers(-100, 100),
    st.sampled_from([100, 140, 200]),
    st.sampled_from([3.0, 4.05, 5.5]),
)


@settings(max_examples=examples(40), deadline=None)
@given(st.lists(TABLES_AT_RANDOM, min_size=3, max_size=3), st.data())
def test_mixed_tables_hit_what_each_pair_by_itself_would(tables: list[Table], data: st.DataObject) -> None:
    """The slow twin judges every pair of volumes alone, by the table of its line."""
    world = World("A", "B", "T", "H")
    a, *peers = world.nodes
    for peer, table in zip(peers, tables, strict=True):
        both_hold(a, peer, table)
    mine = tuple(data.draw(st.lists(PLACES, min_size=1, max_size=3)))
    for peer in peers:
        for volume in data.draw(st.lists(PLACES, max_size=3)):
            peer.file(volume, to=[a])
    world.settle()
    wanted = {
        (key, given, place)
        for key, notice in a.state.notices.items()
        for given, volume in enumerate(mine)
        for place, other in enumerate(notice.current.volumes)
        if judge(volume_of(volume), volume_of(other), a.state.table_of(key[0]).separation).conflict
    }
    hits = a.state.hits(a.party, mine)
    assert {(hit.notice, hit.given, hit.other) for hit in hits} == wanted
    assert len(hits) == len(wanted), "each once"


# --- the difference of two tables ------------------------------------------------------------------------------


@given(st.dictionaries(st.sampled_from(NUMBERS), st.integers(1, 1_000), max_size=5))
def test_a_difference_names_just_the_numbers_that_differ(more: dict[str, int]) -> None:
    other = msgspec.structs.replace(TABLE, **{name: getattr(TABLE, name) + by for name, by in more.items()})
    changes = table_diff(TABLE, other)
    assert {one.name: one.after - one.before for one in changes} == more
    assert [one.name for one in changes] == [name for name in NUMBERS if name in more]
    assert table_diff(other, TABLE) == tuple(Change(one.name, one.after, one.before) for one in changes)
    assert (changes == ()) == (table_hash(other) == table_hash(TABLE))


@pytest.mark.parametrize("name", NUMBERS)
def test_every_number_has_its_unit(name: str) -> None:
    assert name.rsplit("_", 1)[1] in ("m", "ft", "ms")
