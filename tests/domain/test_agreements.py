"""Agreements: two signatures or none, who is bound and how long, what a breach is, and what a third party hears."""

import json

import pytest
from harness import Node, World, circle, conflicting, fl, moved

from skyparley.base.canonical import canonical
from skyparley.base.times import HOUR, MINUTE
from skyparley.domain import commands as c
from skyparley.domain.agreements import agreement_id, signed_by
from skyparley.domain.messages.slots import VolumeSlot
from skyparley.domain.proposals import suggest
from skyparley.evidence import jws


def agreed() -> tuple[World, Node, Node]:
    """A proposed that B stays under FL180; B accepted; AGR is sealed and has not been carried."""
    world, a, b = conflicting()
    a.propose(world.pair, (b, "B-0001", [moved(b.notice("B-0001").current.volumes[0], upper=fl(180))]))
    world.settle()
    b.answer(c.Accept, world.pair)
    world.carry(b, a)
    return world, a, b


def volume(node: Node, notice_id: str) -> VolumeSlot:
    return node.notice(notice_id).current.volumes[0]


def test_the_agreement_is_one_text_with_two_true_signatures():
    """Verified with nothing but the cards: the id is the hash, and each signature is of a desk key over those bytes."""
    world, a, b = agreed()
    world.settle()
    record = a.agreement()
    assert record == b.agreement() or record.agreement == b.agreement().agreement
    assert agreement_id(record.agreement) == record.agreement_id
    for node in (a, b):
        assert signed_by(node.card, record.signatures[node.party], record.agreement)
    assert not signed_by(a.card, record.signatures[b.party], record.agreement)
    assert not signed_by(a.card, record.signatures[a.party], moved(record.agreement, turn=2))


def test_pending_until_the_acceptor_is_known_to_hold_it():
    world, a, b = agreed()
    assert (a.agreement().status(world.now), b.state.agreements) == ("PENDING", {})
    world.carry(a, b, receipt=False)
    assert (a.agreement().status(world.now), b.agreement().status(world.now)) == ("PENDING", "IN_FORCE")
    b.file(circle(900), to=[a])
    world.carry(b, a)
    assert a.agreement().status(world.now) == "IN_FORCE", "its `seen` covers AGR"


def test_a_receipt_proves_it_too():
    world, a, b = agreed()
    world.carry(a, b, receipt=True)
    assert a.agreement().status(world.now) == "IN_FORCE"


def test_it_warns_ten_minutes_before_and_ends_by_itself():
    world, a, b = agreed()
    world.settle()
    until = a.agreement().agreement.until
    world.pass_time((until - 10 * MINUTE - 1 - world.now) / MINUTE)
    assert "AGREEMENT_EXPIRING" not in a.alarms() + b.alarms()
    world.pass_time(1)
    assert a.alarms().count("AGREEMENT_EXPIRING") == b.alarms().count("AGREEMENT_EXPIRING") == 1
    assert [node.agreement().status(until - 1) for node in (a, b)] == ["IN_FORCE"] * 2
    assert [node.agreement().status(until) for node in (a, b)] == ["EXPIRED"] * 2, "whether or not a clock told us"
    world.pass_time(30)
    assert [node.agreement().expired for node in (a, b)] == [True, True]
    assert a.alarms().count("AGREEMENT_EXPIRING") == 1


def test_a_signer_may_shrink_and_nothing_else():
    world, a, b = agreed()
    world.settle()
    wider = c.ChangeNotice(id="B-0001", expected_version=2, volumes=(moved(volume(b, "B-0001"), upper=fl(185)),))
    assert b.refused(wider) == ["BOUND_BY_AGREEMENT"]
    later = c.ChangeNotice(
        id="A-0001", expected_version=1, volumes=(moved(volume(a, "A-0001"), end=world.now + 5 * HOUR),)
    )
    assert a.refused(later) == ["BOUND_BY_AGREEMENT"], "the side that did not move is bound as well"
    b.change("B-0001", moved(volume(b, "B-0001"), upper=fl(175)))
    world.settle()
    assert a.notice("B-0001", b).current.version == 3
    assert a.alarms() == b.alarms() == []


def test_after_its_end_nobody_is_bound():
    world, a, b = agreed()
    world.settle()
    world.now = a.agreement().agreement.until
    longer = moved(volume(b, "B-0001"), upper=fl(185), end=world.now + HOUR)
    b.change("B-0001", longer)


def test_a_breach_by_the_other_side_is_kept_raised_and_judged_again():
    """B's own node would refuse this change; here it is sent by a node that does not care."""
    world, a, b = agreed()
    world.settle()
    b.state.agreed_on.clear()
    b.change("B-0001", moved(volume(b, "B-0001"), upper=fl(250)), key=("A-0001 v1",))
    world.settle()
    assert a.alarms() == ["AGREEMENT_BREACHED"]
    assert a.agreement().status(world.now) == "VOID"
    assert a.notice("B-0001", b).current.version == 3
    assert (a.conflict().live, a.conflict().state) == (True, "DETECTED")


@pytest.mark.parametrize("party", ["proposer", "acceptor"])
def test_a_signature_that_does_not_verify_makes_no_agreement(party: str):
    """Neither half is taken on trust, not even our own coming back."""
    world, a, b = agreed()
    (agr,) = [text for text in a.sent[b.party] if json.loads(jws.split(text).payload)["type"] == "AGR"]
    payload = json.loads(jws.split(agr).payload)
    place = 0 if party == "proposer" else 1
    payload["slots"]["signatures"][place]["jws"] = payload["slots"]["signatures"][1 - place]["jws"]
    assert world.receive(b, a.sign(canonical(payload)), receipt=False) == "RECEIVED"
    assert b.state.agreements == {}
    assert b.told(a)[-1].slots.code == "SIGNATURE"


def test_a_late_countersignature_rings():
    world, _, b = agreed()
    world.now += 5 * MINUTE
    b.run(c.PassDeadlines())
    assert "COUNTERSIGNATURE_LATE" in b.alarms()


# --- more than two parties -------------------------------------------------------------------------------------


def three() -> tuple[World, Node, Node, Node]:
    """A-0001 conflicts with B-0001 and with T-0001, which do not know of one another."""
    world = World("A", "B", "T")
    a, b, t = world.nodes
    a.file(circle(), to=[b, t])
    world.settle()
    b.file(circle(5, levels=(fl(150), fl(250))), to=[a], key=("A-0001 v1",))
    t.file(circle(-5, levels=(fl(200), fl(220))), to=[a], key=("A-0001 v1",))
    world.settle()
    return world, a, b, t


def pair_with(node: Node, other: Node) -> str:
    (found,) = [pair for pair, one in node.state.conflicts.items() if one.other_party == other.party]
    return found


def test_a_new_version_by_agreement_is_told_to_the_others():
    world, a, b, t = three()
    higher = [moved(volume(a, "A-0001"), lower=fl(270), upper=fl(310))]
    a.propose(pair_with(a, b), (a, "A-0001", higher))
    world.settle()
    b.answer(c.Accept, pair_with(b, a))
    world.settle()
    assert t.notice("A-0001", a).current == a.notice("A-0001").current
    assert a.types(t)[-1] == "NCH"
    assert a.told(t)[-1].slots.changed == ("LEVELS",)
    assert "NCH" not in a.types(b), "AGR alone carries it to B"
    assert not t.conflict().live
    assert a.alarms() == b.alarms() == t.alarms() == []


def test_an_agreement_with_one_is_not_broken_by_terms_with_another():
    """A signed to B that its notice only shrinks.  What it would sign to T must keep that."""
    world, a, b, t = three()
    to_t = pair_with(a, t)
    a.propose(pair_with(a, b), (b, "B-0001", [moved(volume(b, "B-0001"), upper=fl(180))]))
    world.settle()
    b.answer(c.Accept, pair_with(b, a))
    world.settle()
    higher = (moved(volume(a, "A-0001"), lower=fl(250), upper=fl(290)),)
    change = c.TermChange("A", "A-0001", higher)
    propose = c.Propose(pair_id=to_t, expected_revision=a.conflict(to_t).revision, changes=(change,))
    assert a.refused(propose) == ["BOUND_BY_AGREEMENT"]
    t.propose(to_t, (a, "A-0001", higher))
    world.settle()
    answer = a.answer(c.Accept, to_t)
    assert [reason.code for reason in answer.reasons] == ["BOUND_BY_AGREEMENT"]
    shown = suggest(a.state, a.conflict(to_t), world.now).proposals
    assert {made.moves for made in shown if "earlier" in made.text or "later" in made.text} == {"T"}


@pytest.mark.parametrize("other_first", [True, False])
def test_two_acceptances_about_one_notice_never_both_take_effect_on_one_version(other_first: bool):
    """A accepted B's terms and waits for B's signature; T accepts an older offer of A's for the same notice."""
    world, a, b, t = three()
    to_b, to_t = pair_with(a, b), pair_with(a, t)
    a.propose(to_t, (a, "A-0001", [moved(volume(a, "A-0001"), lower=fl(270), upper=fl(310))]))
    b.propose(to_b, (a, "A-0001", [moved(volume(a, "A-0001"), lower=fl(270), upper=fl(300))]))
    world.carry(b, a)
    world.carry(a, t)
    a.answer(c.Accept, to_b)
    t.answer(c.Accept, to_t)
    if other_first:
        world.carry(t, a)
        world.settle()
    else:
        world.carry(a, b)
        world.carry(b, a)
        world.settle()
    record = a.agreement()
    assert set(record.signatures) == {a.party, b.party}
    assert a.state.agreements.keys() == b.state.agreements.keys()
    assert t.state.agreements == {}
    for node in (b, t):
        assert node.notice("A-0001", a).current == a.notice("A-0001").current
    assert not any(node.state.conflicts[pair].acceptance for node in (a, b, t) for pair in node.state.conflicts)
