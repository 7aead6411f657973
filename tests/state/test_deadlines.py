"""Deadlines: the next one is right whatever was set, moved and cleared; what passed fires once, also after a restart."""

from harness import Node, World, circle, conflicting, fl, moved
from hypothesis import given
from hypothesis import strategies as st

from skyparley.base.times import MINUTE
from skyparley.domain import commands as c
from skyparley.domain.events import DeadlinePassed
from skyparley.state.clocks import Deadlines

WHAT, ABOUT = st.sampled_from(["PAST", "START"]), st.sampled_from(["one", "two", "three"])
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), WHAT, ABOUT, st.integers(0, 20)), st.tuples(st.just("clear"), WHAT, ABOUT, st.just(0))
    ),
    max_size=60,
)


@given(ACTS, st.integers(0, 20), st.integers(1, 4))
def test_against_a_plain_dictionary(acts, now, limit):
    held, plain = Deadlines(), {}
    for act, what, about, due in acts:
        if act == "set":
            held.set(what, about, due)
            plain[(what, about)] = due
        else:
            held.clear(what, about)
            plain.pop((what, about), None)
    in_order = sorted((due, *key) for key, due in plain.items())
    for _ in range(2):
        assert held.next() == (in_order[0][0] if in_order else None)
        assert held.passed(now, limit) == [one for one in in_order if one[0] <= now][:limit]
        assert len(held) == len(plain)


def test_set_moved_and_set_back_it_fires_once():
    held = Deadlines()
    for due in (5, 7, 5):
        held.set("START", "pair", due)
    assert held.passed(10, 10) == [(5, "START", "pair")]
    held.clear("START", "pair")
    assert held.passed(10, 10) == []


CLOCKS = {"PAST", "FORGET", "HALF", "START", "REPLY", "COUNTERSIGN"}
"""Of notices and conflicts; the clocks of people are those of test_ladder."""


def fired(node: Node) -> list[tuple[str, str, int]]:
    passed = [event for event in node.events if isinstance(event, DeadlinePassed) and event.what in CLOCKS]
    return [(event.what, event.about, event.due) for event in passed]


def held(node: Node) -> set[str]:
    return {what for what, _, _ in node.state.deadlines.held()} & CLOCKS


def test_each_fires_once_at_its_time_and_not_again_after_a_restart():
    world, a, b = conflicting()
    a.propose(world.pair, (b, "B-0001", [moved(b.notice("B-0001").current.volumes[0], upper=fl(180))]))
    world.settle()
    world.pass_time(45)
    once = fired(a)
    assert [what for what, _, _ in once] == ["REPLY"]
    a.state = a.replayed()
    a.run(c.PassDeadlines())
    assert fired(a) == once
    world.pass_time(5 * 60)
    assert [what for what, _, _ in fired(a)] == ["REPLY", "HALF", "START", "PAST", "PAST"]
    assert len(set(fired(a))) == len(fired(a))
    assert held(a) == {"FORGET"}
    world.pass_time(25 * 60)
    assert held(a) == set()
    assert len(fired(a)) == 5


def test_what_ran_out_while_the_node_was_down_fires_when_it_is_back():
    world, a, _ = conflicting()
    world.now += 100 * MINUTE
    a.state = a.replayed()
    a.run(c.Start(software="test"))
    a.run(c.PassDeadlines())
    assert [what for what, _, _ in fired(a)] == ["HALF"]
    assert [code for code in a.alarms() if code.startswith("CONFLICT")] == ["CONFLICT_HALF_TIME"]


def test_what_was_settled_does_not_ring():
    """Cancelled before half time: no clock of that pair is left."""
    world, a, b = conflicting()
    a.done(c.CancelNotice(id="A-0001", expected_version=1))
    world.settle()
    world.pass_time(6 * 60)
    assert not [code for code in (*a.alarms(), *b.alarms()) if code.startswith("CONFLICT")]
    assert {what for what, _, _ in fired(a) + fired(b)} == {"PAST"}


def test_more_than_one_batch_of_deadlines_passes_in_order():
    (a,) = World("A").nodes
    for place in range(300):
        a.file(circle(50 * place, hours=(1, 2 + place / 1_000)))
    a.world.now += 10 * 60 * MINUTE
    for left in (300, 44, 0):
        assert sum(what == "PAST" for what, _, _ in a.state.deadlines.held()) == left
        a.run(c.PassDeadlines())
    assert [due for _, _, due in fired(a)] == sorted(due for _, _, due in fired(a))
    assert not any(notice.live for notice in a.state.notices.values())
