"""Whatever two desks do and however their statements travel: the journal gives the state, and both nodes end equal."""

from typing import Any

from harness import Node, World, circle, fl
from hypothesis import given, settings
from hypothesis import strategies as st

from how_many import examples
from skyparley.base import limits
from skyparley.base.times import HOUR, MINUTE
from skyparley.domain import commands as c
from skyparley.domain.proposals import suggest
from skyparley.state.projection import State

NUMBERS = st.tuples(*[st.integers(0, 1_000)] * 4)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["file", "change", "cancel", "activate", "end", "propose", "accept", "reject", "stand by", "withdraw"]
            + ["carry"] * 6
            + ["lose receipt", "time", "restart"]
        ),
        NUMBERS,
    ),
    min_size=5,
    max_size=60,
)


def plain(state: State) -> dict[str, Any]:
    """Everything that decisions read, without the indexes, which are tried by what they find."""
    return {
        "lines": state.lines,
        "notices": state.notices,
        "conflicts": state.conflicts,
        "agreements": state.agreements,
        "answers": state.answers,
        "alarms": list(state.alarms),
        "pairs": state.pairs_of,
        "offers": {peer: pairs for peer, pairs in state.offers_of.items() if pairs},
        "deficient": state.deficient,
        "agreed": {key: ids for key, ids in state.agreed_on.items() if ids},
        "pending": state.pending,
        "forgotten": state.forgotten,
        "next": state.next_notice_id(),
        "deadlines": state.deadlines.passed(10**15, 1_000),
        "counts": {party: state.live_notices(party) for party in (state.own, *state.lines)},
        "hits": {
            key: sorted((hit.notice, hit.given, hit.other) for hit in state.hits(key[0], one.current.volumes))
            for key, one in state.notices.items()
        },
    }


def act(world: World, name: str, numbers: tuple[int, int, int, int]) -> None:
    """One step of a desk or of the way between, made from numbers; what is not possible is refused or left out."""
    who, which, one, two = numbers
    a, b = world.nodes
    node, other = (a, b) if who % 2 else (b, a)
    own = sorted(key[1] for key, notice in node.state.notices.items() if key[0] == node.party)
    pairs = sorted(pair for pair, conflict in node.state.conflicts.items() if conflict.live)
    volume = circle(
        10 * (one % 4),
        levels=(fl(150 + 20 * (two % 3)), fl(200 + 20 * (two % 3))),
        hours=(0.5 + one % 2, 2.5 + two % 2),
    )
    if name == "file" and len(own) < 4 and volume.end > world.now:
        node.file(volume, to=[other] if which % 5 else [])
    elif name in ("change", "cancel", "activate", "end") and own:
        notice = node.notice(own[which % len(own)])
        kind = {"cancel": c.CancelNotice, "activate": c.ActivateNotice, "end": c.EndNotice}.get(name)
        command: c.DeskCommand = c.ChangeNotice(
            id=notice.id,
            expected_version=notice.current.version,
            volumes=(volume,),
            key=tuple(one.ref for one in node.state.notices.values()),
            audience=(other.name,),
        )
        node.desk(kind(id=notice.id, expected_version=notice.current.version) if kind else command)
    elif name == "propose" and pairs:
        pair = pairs[which % len(pairs)]
        offers = suggest(node.state, node.conflict(pair), world.now).proposals
        if offers:
            made, revision = offers[one % len(offers)], node.conflict(pair).revision
            node.desk(c.Propose(pair_id=pair, expected_revision=revision, changes=made.changes, kind=made.kind))
    elif name in ("accept", "reject", "stand by", "withdraw") and pairs:
        pair = pairs[which % len(pairs)]
        answers: dict[str, tuple[type[c.Answer], dict[str, Any]]] = {
            "accept": (c.Accept, {}),
            "reject": (c.Reject, {"reason": "SAFETY"}),
            "stand by": (c.StandBy, {"until": world.now + (1 + one % 20) * MINUTE}),
            "withdraw": (c.Withdraw, {}),
        }
        node.answer(answers[name][0], pair, **answers[name][1])
    elif name in ("carry", "lose receipt"):
        waiting = len(node.sent.get(other.party, [])) - node.carried.get(other.party, 0)
        world.carry(node, other, min(waiting, 1 + one % 3), receipt=name == "carry")
    elif name == "time":
        world.now += (1 + one % 40) * MINUTE
        node.run(c.PassDeadlines())
    elif name == "restart":
        node.state = node.replayed()
        node.run(c.Start(software="test"))
        world.hello(node, other)


def check(node: Node) -> None:
    """What must hold at every step."""
    for record in node.state.agreements.values():
        assert len(record.signatures) == 2
    for conflict in node.state.conflicts.values():
        assert (conflict.offer is None) or conflict.live
        assert (conflict.state in ("AGREED", "OVERTAKEN")) == (not conflict.live)
        if conflict.offer is not None:
            assert conflict.offer.conflict_id == conflict.conflict_id
            assert conflict.state in ("PROPOSED", "STANDBY", "UNRESOLVED")
    for notice in node.state.notices.values():
        assert not (notice.state in ("ENDED", "CANCELLED") and notice.live)


def shared(node: Node, other: Node) -> dict[str, Any]:
    """What both parties know, as one of them holds it."""
    state = node.state
    over = {*state.forgotten.notices, *other.state.forgotten.notices}
    return {
        "notices": {
            key: (notice.current, notice.state, notice.places.get(other.party if key[0] == node.party else key[0]))
            for key, notice in state.notices.items()
            if (other.party in notice.audience or key[0] == other.party) and key not in over
        },
        "conflicts": {
            pair: (
                conflict.conflict_id,
                conflict.live,
                conflict.offer and conflict.offer.proposal,
                conflict.agreement_id,
            )
            for pair, conflict in state.conflicts.items()
            if conflict.shared and conflict.live
        },
        "agreements": {
            key: (one.agreement, one.signatures)
            for key, one in state.agreements.items()
            if key not in state.forgotten.agreements | other.state.forgotten.agreements
        },
    }


@settings(max_examples=examples(80), deadline=None)
@given(STEPS, st.sampled_from([5 * MINUTE, HOUR, limits.FORGET_AFTER_MS]))
def test_two_desks_at_random(steps, keep_ms):
    """Both nodes hold the same notices, conflicts, offers and agreements once all has arrived; each replays as it is."""
    world = World("A", "B", keep_ms=keep_ms)
    a, b = world.nodes
    for name, numbers in steps:
        act(world, name, numbers)
        for node in (a, b):
            check(node)
    world.settle()
    world.pass_time(0)
    for node in (a, b):
        check(node)
        assert plain(node.replayed()) == plain(node.state)
    assert shared(a, b) == shared(b, a)
