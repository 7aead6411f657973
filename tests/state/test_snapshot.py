"""A state that was frozen and thawed is the state, at every position of every journal, and goes on as it would have."""

import msgspec
import pytest
from harness import Node, World, conflicting, fl, moved
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_replay import STEPS, act, plain

from how_many import examples
from skyparley.base import limits
from skyparley.base.times import MINUTE
from skyparley.domain import commands as c
from skyparley.domain.events import decode
from skyparley.domain.proposals import suggest
from skyparley.state import snapshot
from skyparley.state.fold import fold
from skyparley.state.projection import State
from skyparley.state.snapshot import Unfit, freeze, thaw
from skyparley.testing.checkers import replay_equals


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    """So that a list of a feed lies in several."""
    monkeypatch.setattr(snapshot, "PACKED_PER_PIECE", 2)


def thawed(node: Node, state: State) -> State:
    again = node.fresh()
    thaw(list(freeze(state)), again)
    return again


def fold_from(node: Node, state: State) -> State:
    """What the journal says behind the state's position."""
    for position, (at, kind, _, content) in enumerate(node.journal, 1):
        if position > state.position:
            fold(state, position, at, decode(kind, msgspec.json.decode(content)))
    return state


def assert_same(one: State, two: State) -> None:
    assert replay_equals(one, two) == []
    assert plain(one) == plain(two)
    assert vars(one).keys() == vars(two).keys()
    for name in vars(one).keys() - {"index", "deadlines", "lines"}:
        assert getattr(one, name) == getattr(two, name), name


def settled() -> World:
    """A world in which two met, one proposed, the other accepted, and the clock went on until all of it was let go."""
    world, a, b = conflicting()
    offer = suggest(a.state, a.conflict(), world.now).proposals[0]
    a.done(c.Propose(pair_id=world.pair, expected_revision=a.conflict().revision, changes=offer.changes))
    world.settle()
    b.answer(c.Accept, world.pair)
    world.settle()
    world.pass_time(10 * 60)
    assert a.state.agreements
    world.pass_time(30 * 60)
    return world


def test_at_every_position_the_snapshot_and_what_follows_are_the_whole_journal():
    for node in settled().nodes:
        whole = node.replayed()
        so_far = node.fresh()
        for position, (at, kind, _, content) in enumerate(node.journal, 1):
            fold(so_far, position, at, decode(kind, msgspec.json.decode(content)))
            again = thawed(node, so_far)
            assert_same(so_far, again)
            assert_same(fold_from(node, again), whole)
        assert whole.forgotten.agreements, "a world in which nothing was settled and let go shows little"


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS, st.sampled_from([5 * MINUTE, limits.FORGET_AFTER_MS]))
def test_of_two_desks_at_random(steps, keep_ms):
    world = World("A", "B", keep_ms=keep_ms)
    for name, numbers in steps:
        act(world, name, numbers)
    world.settle()
    for node in world.nodes:
        assert_same(node.state, thawed(node, node.state))
        world.pass_time(60)
        assert_same(node.state, thawed(node, node.state))


def test_it_finds_what_the_state_finds():
    _, a, b = conflicting()
    again = thawed(a, a.state)
    theirs = b.notice("B-0001").current.volumes
    assert [hit.notice for hit in again.hits(b.party, theirs)] == [(a.party, "A-0001")]
    far = [moved(theirs[0], lower=fl(400), upper=fl(450))]
    assert again.hits(b.party, far) == []
    assert again.next_notice_id() == "A-0002"


def test_pieces_that_lack_something_are_refused():
    _, a, _ = conflicting()
    pieces = list(freeze(a.state))
    assert len(pieces) > 3
    spoilt = {
        "one lacks": pieces[:-1],
        "one twice": [*pieces, pieces[-1]],
        "not in order": [*pieces[1:], pieces[0]],
        "none": [],
        "cut": [*pieces[:-1], pieces[-1][:-1]],
        "of something else": [*pieces[:-1], msgspec.msgpack.encode(["zones", []])],
    }
    for some in spoilt.values():
        with pytest.raises(Unfit):
            thaw(some, a.fresh())
