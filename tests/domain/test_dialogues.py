"""Dialogues between two nodes: every act, every crossing, the same result at both."""

from itertools import product
from typing import Any, get_args

import pytest
from harness import TABLE, Node, World, circle, conflicting, fl, moved

from skyparley.base.times import HOUR, MINUTE
from skyparley.domain import commands as c
from skyparley.domain.dialogue_states import TRANSITIONS, Act, next_state
from skyparley.domain.messages.envelope import to_plain
from skyparley.domain.records import ConflictState

STATES, ACTS = get_args(ConflictState), get_args(Act)


def below(node: Node) -> Any:
    """B's notice capped at FL180: what both would sign."""
    return (node, "B-0001", [moved(node.notice("B-0001").current.volumes[0], upper=fl(180))])


def above(node: Node) -> Any:
    """A's notice at FL270-FL310: the other way round."""
    return (node, "A-0001", [moved(node.notice("A-0001").current.volumes[0], lower=fl(270), upper=fl(310))])


def same(a: Node, b: Node) -> dict[str, Any]:
    """What both nodes hold of their one pair, asserted to be equal."""

    def seen(node: Node) -> dict[str, Any]:
        conflict = node.conflict()
        return {
            "conflict": conflict.conflict_id,
            "live": conflict.live,
            "state": conflict.state,
            "offer": conflict.offer.proposal if conflict.offer else None,
            "agreement": conflict.agreement_id,
            "agreements": {
                key: (one.signatures, one.void, one.agreement) for key, one in node.state.agreements.items()
            },
            "notices": {
                key: (one.current, one.state, one.told.get(b.party if node is a else a.party) is not None)
                for key, one in node.state.notices.items()
            },
        }

    one, two = seen(a), seen(b)
    assert one == two
    return one


def first_and_second(a: Node, b: Node) -> tuple[Node, Node]:
    """The node whose offer stands when two cross, and the other."""
    return (a, b) if a.party < b.party else (b, a)


# --- the table -------------------------------------------------------------------------------------------------

SAID = """
             FOUND     PRO       CPR       REJ       SBY         WDR         AGR      LAPSED      START       GONE
DETECTED     DETECTED  PROPOSED  PROPOSED  -         -           -           -        -           UNRESOLVED  OVERTAKEN
PROPOSED     DETECTED  PROPOSED  PROPOSED  REJECTED  STANDBY     DETECTED    AGREED   DETECTED    UNRESOLVED  OVERTAKEN
STANDBY      DETECTED  PROPOSED  PROPOSED  REJECTED  -           DETECTED    AGREED   DETECTED    UNRESOLVED  OVERTAKEN
REJECTED     DETECTED  PROPOSED  PROPOSED  -         -           DETECTED    -        -           UNRESOLVED  OVERTAKEN
AGREED       DETECTED  -         -         -         -           -           -        -           -           AGREED
UNRESOLVED   DETECTED  PROPOSED  PROPOSED  REJECTED  UNRESOLVED  UNRESOLVED  AGREED   UNRESOLVED  -           OVERTAKEN
OVERTAKEN    DETECTED  -         -         -         -           -           AGREED   -           -           OVERTAKEN
"""


def said() -> dict[tuple[str, str], str]:
    head, *rows = [line.split() for line in SAID.strip().splitlines()]
    return {(row[0], act): new for row in rows for act, new in zip(head, row[1:], strict=True)}


@pytest.mark.parametrize(("state", "act"), list(product(STATES, ACTS)))
def test_every_state_and_every_act(state, act):
    """The table as people would check it; a dash changes nothing."""
    new = said()[(state, act)]
    assert next_state(state, act) == (state if new == "-" else new)
    assert ((state, act) in TRANSITIONS) == (new != "-")


# --- one after the other ---------------------------------------------------------------------------------------


def test_propose_counter_accept_and_both_sign():
    """Two signatures by the two desks, under the same bytes; the new versions take effect at both."""
    world, a, b = conflicting()
    a.propose(world.pair, below(b))
    world.settle()
    assert same(a, b)["state"] == "PROPOSED"
    b.propose(world.pair, above(a))
    world.settle()
    assert (same(a, b)["state"], a.types(b)[-1], b.types(a)[-1]) == ("PROPOSED", "PRO", "CPR")
    assert (a.conflict().turn, b.conflict().turn) == (2, 2)
    a.answer(c.Accept, world.pair)
    world.settle()
    end = same(a, b)
    assert (end["state"], end["live"]) == ("AGREED", False)
    for node in (a, b):
        record = node.agreement()
        assert record.status(world.now) == "IN_FORCE"
        assert set(record.signatures) == {a.party, b.party}
        assert (record.agreement.proposer, record.agreement.acceptor) == (b.party, a.party)
        assert node.notice("A-0001", a).current.version == 2
        assert node.notice("B-0001", b).current.version == 1
        assert not node.alarms()


def test_reject_carries_its_reason_and_a_new_proposal_takes_the_next_turn():
    world, a, b = conflicting()
    a.propose(world.pair, below(b))
    world.settle()
    b.answer(c.Reject, world.pair, reason="CAPACITY")
    world.settle()
    assert same(a, b)["state"] == "REJECTED"
    assert a.conflict().reject_reason == "CAPACITY"
    b.propose(world.pair, above(a))
    world.settle()
    assert (same(a, b)["state"], b.types(a)[-1]) == ("PROPOSED", "PRO")
    assert (a.conflict().turn, b.conflict().turn) == (2, 2)


def test_stand_by_once_and_not_beyond_the_validity():
    world, a, b = conflicting()
    a.propose(world.pair, below(b))
    world.settle()
    offer = b.conflict().offer
    assert (offer.reply_by, offer.valid_until) == (world.now + 30 * MINUTE, world.now + 60 * MINUTE)
    stand_by = {"pair_id": world.pair, "proposal": offer.proposal}
    revision = b.conflict().revision
    for until in (offer.valid_until + 1, world.now):
        assert b.refused(c.StandBy(**stand_by, expected_revision=revision, until=until)) == ["UNTIL"]
    b.answer(c.StandBy, world.pair, until=offer.valid_until)
    world.settle()
    assert same(a, b)["state"] == "STANDBY"
    revision = b.conflict().revision
    assert b.refused(c.StandBy(**stand_by, expected_revision=revision, until=offer.valid_until)) == ["STOOD_BY"]
    world.pass_time(40)
    assert "PROPOSAL_UNANSWERED" not in a.alarms(), "the answer was put off"
    for node in (a, b):  # Nobody acted for 40 minutes: terms are agreed again once people are back.
        node.run(c.SeeDesk(staffed=True, account="officer"))
    world.settle()
    b.answer(c.Accept, world.pair)
    world.settle()
    assert same(a, b)["state"] == "AGREED"


def test_withdraw_leaves_both_where_they_began():
    world, a, b = conflicting()
    a.propose(world.pair, below(b))
    world.settle()
    a.answer(c.Withdraw, world.pair)
    world.settle()
    assert (same(a, b)["state"], same(a, b)["offer"]) == ("DETECTED", None)


def test_who_may_do_what():
    """Each act by the wrong side, twice, too early or too late is refused with its code, and changes nothing."""
    world, a, b = conflicting()
    pair, unknown = world.pair, "0" * 43
    answers = {"pair_id": pair, "expected_revision": 1}
    for command in (c.Accept, c.Withdraw):
        assert a.refused(command(**answers, proposal=unknown)) == ["NO_OFFER"]
    assert a.refused(c.Accept(pair_id=unknown, expected_revision=1, proposal=unknown)) == ["UNKNOWN_CONFLICT"]
    assert a.refused(c.Accept(pair_id=pair, expected_revision=7, proposal=unknown)) == ["STALE_REVISION"]
    a.propose(pair, below(b))
    world.settle()
    own = {"pair_id": pair, "expected_revision": a.conflict().revision, "proposal": a.conflict().offer.proposal}
    assert a.refused(c.Accept(**own)) == ["NO_OFFER"], "nobody accepts what he offered"
    change = c.TermChange("B", "B-0001", tuple(below(b)[2]))
    again = c.Propose(pair_id=pair, expected_revision=a.conflict().revision, changes=(change,))
    assert a.refused(again) == ["OWN_OFFER_OPEN"]
    theirs = {"pair_id": pair, "expected_revision": b.conflict().revision, "proposal": b.conflict().offer.proposal}
    assert b.refused(c.Withdraw(**theirs)) == ["NO_OFFER"]
    b.done(c.Accept(**theirs))
    theirs["expected_revision"] = b.conflict().revision
    assert b.refused(c.Accept(**theirs)) == ["BOUND_BY_ACCEPTANCE"]
    assert b.refused(c.Reject(**theirs, reason="SAFETY")) == ["BOUND_BY_ACCEPTANCE"]
    world.settle()
    closed = {"pair_id": pair, "expected_revision": a.conflict().revision, "proposal": own["proposal"]}
    assert a.refused(c.Withdraw(**closed)) == ["STATE"], "after AGR there is nothing to withdraw"


def test_terms_that_would_not_do_are_refused_before_they_are_sent():
    world, a, b = conflicting()
    third = b.file(circle(5, levels=(fl(320), fl(340))), to=[a])
    world.settle()
    volumes = a.notice("A-0001").current.volumes
    for change, codes in (
        (c.TermChange("A", "A-0001", volumes), ["NOTHING_CHANGED"]),
        (c.TermChange("A", "A-0001", (moved(volumes[0], upper=fl(225)),)), ["TERMS_DO_NOT_SEPARATE"]),
        (c.TermChange("A", "A-0001", (moved(volumes[0], lower=fl(270), upper=fl(310)),)), ["NEW_CONFLICT"]),
        (c.TermChange("A", "A-0001", (moved(volumes[0], lower=fl(235)),)), ["BAND_TOO_THIN"]),
        (c.TermChange("A", "A-0001", (moved(volumes[0], lower=fl(250)),)), ["BAND_EMPTY"]),
        (c.TermChange("A", "A-0002", volumes), ["NOT_OF_THE_PAIR"]),
        (c.TermChange("B", third.id, volumes), ["NOT_OF_THE_PAIR"]),
        (c.TermChange("A", "A-0001", ()), ["NO_VOLUMES"]),
    ):
        assert a.refused(c.Propose(pair_id=world.pair, expected_revision=1, changes=(change,))) == codes
    twice = (c.TermChange("A", "A-0001", tuple(above(a)[2])),) * 2
    assert a.refused(c.Propose(pair_id=world.pair, expected_revision=1, changes=twice)) == ["TWICE"]


def test_a_peer_that_proposes_what_does_not_do_is_answered_with_why():
    """Its own node would not send this; another implementation might."""
    world, a, b = conflicting()
    world.now += 4 * HOUR - 30 * MINUTE
    b.done(c.ActivateNotice(id="B-0001", expected_version=1))
    world.settle()
    volumes = {"A": a.notice("A-0001").current.volumes, "B": b.notice("B-0001").current.volumes}

    def pro(**changed: Any) -> str:
        notices = [
            {"party": node.party, "id": f"{node.name}-0001", "version": 1}
            | ({"volumes": to_plain(changed[node.name])} if node.name in changed else {})
            for node in sorted((a, b), key=lambda node: node.party)
        ]
        slots = {"conflict_id": a.conflict().conflict_id, "kind": "VERT", "notices": notices}
        members = {"type": "PRO", "code": "C2", "dialog_id": world.pair, "version": 1, "valid_until": world.now + 9}
        slots["until"] = max(volume.end for volume in volumes["A"])
        text = a.forge(b, **members, reply_by=world.now + 9, slots=slots)
        a.sent[b.party].append(text)
        return text

    for changed, code in (
        ({}, "TERMS"),
        ({"A": (moved(volumes["A"][0], upper=fl(225)),)}, "TERMS"),
        ({"B": (moved(volumes["B"][0], upper=fl(180)),)}, "TERMS"),
        ({"A": (moved(volumes["A"][0], lower=fl(250)),)}, "GEOMETRY"),
        ({"A": (moved(volumes["A"][0], lower=fl(270), upper=fl(310), start=world.now),)}, "SCHEMA"),
    ):
        fresh = a.state.lines[b.party].sent
        before = (fresh.head, fresh.head_hash)
        text = pro(**changed)
        assert world.receive(b, text, receipt=False) == "RECEIVED"
        assert b.told(a)[-1].slots.code == code
        assert b.conflict().offer is None
        received = b.state.lines[a.party].received
        fresh.head, fresh.head_hash = received.head, received.head_hash
        assert fresh.head == (before[0][0], before[0][1] + 1)


# --- messages that cross ---------------------------------------------------------------------------------------


def crossing() -> tuple[World, Node, Node]:
    """A conflict, and the two nodes in the order in which their offers stand."""
    world, a, b = conflicting()
    return world, *first_and_second(a, b)


def offer(node: Node, world: World) -> None:
    a, b = world.nodes
    assert isinstance(node.propose(world.pair, below(b) if node is a else above(a)), c.Outcome)


def test_two_proposals_cross_and_the_first_fingerprint_stands():
    world, first, second = crossing()
    offer(first, world)
    offer(second, world)
    standing = first.conflict().offer.proposal
    world.settle()
    assert same(*world.nodes)["offer"] == standing
    assert [one.slots.code for one in first.told(second) if one.type == "ERR"] == ["OVERTAKEN"]
    second.answer(c.Accept, world.pair)
    world.settle()
    assert same(*world.nodes)["state"] == "AGREED"


@pytest.mark.parametrize("who", ["first", "second"])
def test_two_proposals_cross_and_one_was_withdrawn_at_once(who):
    """What crossed a withdrawn offer is open at both nodes or at neither."""
    world, first, second = crossing()
    offer(first, world)
    offer(second, world)
    (first if who == "first" else second).answer(c.Withdraw, world.pair)
    world.settle()
    end = same(*world.nodes)
    assert end["state"] == ("DETECTED" if who == "first" else "PROPOSED")


@pytest.mark.parametrize("proposer_first", [True, False])
def test_a_counter_crosses_a_withdrawal(proposer_first):
    world, first, second = crossing()
    proposer, other = (first, second) if proposer_first else (second, first)
    offer(proposer, world)
    world.settle()
    proposer.answer(c.Withdraw, world.pair)
    offer(other, world)
    world.settle()
    end = same(*world.nodes)
    assert (end["state"], end["offer"]) == ("PROPOSED", other.conflict().offer.proposal)


@pytest.mark.parametrize("proposer_first", [True, False])
def test_a_counter_crosses_a_withdrawal_and_a_new_proposal(proposer_first):
    world, first, second = crossing()
    proposer, other = (first, second) if proposer_first else (second, first)
    offer(proposer, world)
    world.settle()
    proposer.answer(c.Withdraw, world.pair)
    offer(proposer, world)
    offer(other, world)
    standing = first.conflict().offer.proposal
    world.settle()
    assert same(*world.nodes)["offer"] == standing


def test_a_counter_that_is_refused_ends_what_it_counters_at_both():
    """B activates its notice while A's counter, that would move it, is under way."""
    world, a, b = conflicting()
    world.now += 3 * HOUR
    offer(b, world)
    world.settle()
    b.done(c.ActivateNotice(id="B-0001", expected_version=1))
    offer(a, world)
    world.settle()
    end = same(a, b)
    assert (end["offer"], [one.slots.code for one in b.told(a) if one.type == "ERR"]) == (None, ["TERMS"])


def test_a_rejection_crosses_a_withdrawal():
    world, a, b = conflicting()
    offer(a, world)
    world.settle()
    a.answer(c.Withdraw, world.pair)
    b.answer(c.Reject, world.pair, reason="WEATHER")
    world.settle()
    assert same(a, b)["state"] == "DETECTED"


def test_an_acceptance_crosses_a_withdrawal_and_binds_nobody():
    world, a, b = conflicting()
    offer(a, world)
    world.settle()
    a.answer(c.Withdraw, world.pair)
    b.answer(c.Accept, world.pair)
    assert b.conflict().acceptance is not None
    world.settle()
    end = same(a, b)
    assert (end["state"], end["agreements"]) == ("DETECTED", {})
    assert b.conflict().acceptance is None
    assert [one.slots.code for one in a.told(b) if one.type == "ERR"] == ["OVERTAKEN"]
    b.change("B-0001", kind="TEST", key=("A-0001 v1",))
    world.settle()
    same(a, b)


@pytest.mark.parametrize("answer", ["accept", "nothing"])
def test_a_change_of_the_proposer_overtakes_its_offer(answer):
    world, a, b = conflicting()
    offer(a, world)
    world.settle()
    a.change("A-0001", moved(a.notice("A-0001").current.volumes[0], upper=fl(235)))
    if answer == "accept":
        b.answer(c.Accept, world.pair)
    world.settle()
    end = same(a, b)
    assert (end["state"], end["offer"], end["agreements"]) == ("DETECTED", None, {})
    assert b.conflict().acceptance is None


def test_a_change_of_the_other_side_overtakes_an_offer_under_way():
    world, a, b = conflicting()
    offer(a, world)
    b.change("B-0001", moved(b.notice("B-0001").current.volumes[0], upper=fl(245)))
    world.settle()
    end = same(a, b)
    assert (end["state"], end["offer"]) == ("DETECTED", None)
    assert [one.slots.code for one in b.told(a) if one.type == "ERR"] == ["OVERTAKEN"]


def test_the_acceptor_is_bound_until_the_other_signs():
    world, a, b = conflicting()
    offer(a, world)
    world.settle()
    b.answer(c.Accept, world.pair)
    lower = (moved(b.notice("B-0001").current.volumes[0], upper=fl(245)),)
    key = ("A-0001 v1",)
    change = c.ChangeNotice(id="B-0001", expected_version=1, volumes=lower, key=key)
    assert b.refused(change) == ["BOUND_BY_ACCEPTANCE"]
    assert b.refused(c.CancelNotice(id="B-0001", expected_version=1)) == ["BOUND_BY_ACCEPTANCE"]
    world.settle()
    b.done(c.CancelNotice(id="B-0001", expected_version=2))


@pytest.mark.parametrize("act", [c.ActivateNotice, c.EndNotice])
def test_the_acceptor_activates_or_ends_while_the_other_signature_is_under_way(act):
    """NACT and NEND name the version that their sender knew; that AGR crossed them must not hide them."""
    world, a, b = conflicting()
    offer(a, world)
    world.settle()
    b.answer(c.Accept, world.pair)
    b.done(act(id="B-0001", expected_version=1))
    world.settle()
    same(a, b)
    assert a.notice("B-0001", b).state == ("ACTIVE" if act is c.ActivateNotice else "ENDED")
    assert a.alarms() == b.alarms() == []


def test_an_acceptance_after_the_validity_is_refused_at_home_and_by_the_peer():
    world, a, b = conflicting()
    offer(a, world)
    world.settle()
    valid_until = b.conflict().offer.valid_until
    accept = c.Accept(pair_id=world.pair, expected_revision=b.conflict().revision, proposal=b.conflict().offer.proposal)
    world.now = valid_until
    assert b.refused(accept) == ["OFFER_EXPIRED"]
    world.now = valid_until - 1
    b.done(accept)
    world.now = valid_until + HOUR
    world.settle()
    assert same(a, b)["state"] == "AGREED", "accepted in time, carried late"


def test_an_acceptance_made_after_the_validity_is_refused_by_the_proposer():
    """B's own node would refuse; here it takes the offer for a longer one."""
    world, a, b = conflicting()
    offer(a, world)
    world.settle()
    valid_until = b.conflict().offer.valid_until
    b.conflict().offer = moved(b.conflict().offer, valid_until=valid_until + HOUR)
    world.now = valid_until
    b.answer(c.Accept, world.pair)
    world.settle()
    assert [one.slots.code for one in a.told(b) if one.type == "ERR"] == ["OVERTAKEN"]
    assert a.state.agreements == b.state.agreements == {}


def test_an_offer_lapses_only_when_it_is_proved_that_nobody_accepted():
    """Silence proves nothing: the acceptance may be on its way.  A later statement of the peer proves it."""
    world, a, b = conflicting()
    offer(a, world)
    world.settle()
    valid_until = a.conflict().offer.valid_until
    b.file(circle(700), to=[a])
    world.now = valid_until - 1
    b.file(circle(800), to=[a])
    world.now = valid_until + HOUR
    world.settle()
    assert a.conflict().offer is not None, "what arrived was created before"
    b.file(circle(900), to=[a])
    world.settle()
    assert (a.conflict().offer, a.conflict().state) == (None, "DETECTED")
    offer(a, world)
    world.settle()
    assert same(a, b)["state"] == "PROPOSED"


def test_an_offer_that_ran_out_is_open_at_nobody():
    """Whoever sealed the proof ends it as well; one that arrives after its validity is answered with OVERTAKEN."""
    world, a, b = conflicting()
    offer(a, world)
    world.settle()
    world.now = a.conflict().offer.valid_until
    b.file(circle(900), to=[a])
    assert b.conflict().offer is None
    world.settle()
    assert same(a, b)["state"] == "DETECTED"
    offer(a, world)
    world.now = a.conflict().offer.valid_until
    world.settle()
    assert same(a, b)["offer"] is None
    assert [one.slots.code for one in b.told(a) if one.type == "ERR"] == ["OVERTAKEN"]


def test_a_counter_to_an_offer_that_lapsed_meanwhile():
    world, a, b = conflicting()
    offer(a, world)
    world.settle()
    world.now = a.conflict().offer.valid_until + MINUTE
    b.file(circle(900), to=[a])
    world.settle()
    offer(b, world)
    world.settle()
    assert same(a, b)["state"] == "PROPOSED"


def test_different_tables_let_notices_pass_and_no_dialogue():
    other = moved(TABLE, separation_vertical_ft=1_000)
    world = World("A", "B", tables={"B": other})
    a, b = world.nodes
    a.file(circle(), to=[b])
    world.settle()
    b.file(circle(5), to=[a])
    world.settle()
    assert b.notice("A-0001", a).live
    assert a.notice("B-0001", b).live
    assert (a.alarms(), b.alarms()) == (["TABLE_MISMATCH"], ["TABLE_MISMATCH"])
    assert a.conflict().pair_id == b.conflict().pair_id
    assert a.conflict().conflict_id != b.conflict().conflict_id
    change = c.TermChange("A", "A-0001", tuple(above(a)[2]))
    for node in (a, b):
        assert node.refused(c.Propose(pair_id=world.pair, expected_revision=1, changes=(change,))) == ["TABLE_MISMATCH"]


def test_a_line_that_is_not_in_force_lets_nothing_be_negotiated():
    world, a, b = conflicting()
    a.run(c.Start(software="test"))
    change = c.TermChange("A", "A-0001", tuple(above(a)[2]))
    command = c.Propose(pair_id=world.pair, expected_revision=1, changes=(change,))
    assert a.refused(command) == ["LINE_NOT_READY"]
    world.hello(a, b)
    a.done(command)
