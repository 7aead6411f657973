"""What a peer says in a dialogue: why an offer, an acceptance, an agreement or an answer is refused.

Source: line-v1 sections 4 and 9.
"""

from msgspec import UNSET

from skyparley.base.ids import Fingerprint
from skyparley.domain.agreements import agreement_id, agreement_of, signed_by
from skyparley.domain.detection import pair_id
from skyparley.domain.messages.codes import ErrCode
from skyparley.domain.messages.envelope import Envelope
from skyparley.domain.messages.slots import (
    AcceptSlots,
    AgreementSlots,
    ProposalSlots,
    StandBySlots,
    TermNotice,
)
from skyparley.domain.records import LIVE_STATES, Conflict, Line
from skyparley.domain.terms import bound_elsewhere, current, kind_of, separated, until_of
from skyparley.domain.view import View
from skyparley.domain.volumes import geometry_reasons


def judge_offer(view: View, envelope: Envelope, now: int) -> tuple[ErrCode, str] | None:
    """PRO, CPR: exact current versions, terms that separate, no active notice moved."""
    slots = envelope.slots
    assert isinstance(slots, ProposalSlots)
    conflict = view.conflicts.get(str(envelope.dialog_id))
    pair = slots.notices
    sides = [(term.party, term.id) for term in pair]
    if sides != sorted(sides) or {envelope.from_, view.own} != {term.party for term in pair}:
        return "SCHEMA", "notices of a proposal are one of each side, sorted"
    if pair_id(sides[0], sides[1]) != envelope.dialog_id:  # type: ignore[arg-type]
        return "SCHEMA", "dialog_id is not the pair of these notices"
    if conflict is None or not conflict.live:
        return "OVERTAKEN", "no conflict is open between these notices"
    stale = [term.id for term in pair if not current(view, term)]
    if stale or slots.conflict_id != conflict.conflict_id:
        return "OVERTAKEN", f"not the current version of {', '.join(stale) or 'the conflict'}"
    if _ours_stands(view, conflict, envelope):
        return "OVERTAKEN", "our proposal crossed it and stands"
    if envelope.valid_until is not UNSET and envelope.valid_until <= now:
        return "OVERTAKEN", "its validity was over when it arrived"
    if conflict.acceptance is not None:
        return "STATE", "we signed the terms before; countersign or withdraw them first"
    return _judge_terms(view, slots, now)


def _judge_terms(view: View, slots: ProposalSlots, now: int) -> tuple[ErrCode, str] | None:
    changed = [term for term in slots.notices if term.volumes is not UNSET]
    if not changed:
        return "TERMS", "terms change at least one notice"
    for term in changed:
        assert term.volumes is not UNSET
        wrong = geometry_reasons(term.volumes)
        if wrong:
            return "GEOMETRY", wrong[0].text
        if view.notices[(Fingerprint(term.party), term.id)].active(now):
            return "TERMS", f"{term.id} is active; an active notice is not asked to move"
    if not separated(view, slots.notices):
        return "TERMS", "the two still conflict under these terms"
    if slots.until != until_of(view, slots.notices):
        return "SCHEMA", "until is not the last end of both"
    if slots.kind != kind_of(view, slots.notices):
        return "SCHEMA", "kind does not fit the terms"
    return None


def _ours_stands(view: View, conflict: Conflict, envelope: Envelope) -> bool:
    """Two offers crossed: the party whose fingerprint sorts first keeps its own.  Source: line-v1 9.1.

    Ours counts even when it was withdrawn since: the other side drops its own for it all the same.
    """
    offer = conflict.offer or conflict.last_offer
    if offer is None or offer.by != view.own or offer.conflict_id != conflict.conflict_id:
        return False
    knew = envelope.seen is not UNSET and envelope.seen.number >= offer.number
    return not knew and view.own < envelope.from_


def judge_accept(view: View, envelope: Envelope, line: Line, now: int) -> tuple[ErrCode, str] | None:
    """ACC: of our open offer, at versions still current, with a signature that verifies."""
    slots = envelope.slots
    assert isinstance(slots, AcceptSlots)
    conflict = view.conflicts.get(str(envelope.dialog_id))
    if conflict is None and envelope.dialog_id in view.forgotten.pairs:
        return "OVERTAKEN", "this proposal of ours is not open any more"
    if conflict is None:
        return "NOT_OURS", "no such dialogue"
    offer = conflict.offer
    if offer is None or offer.by != view.own or offer.proposal != slots.proposal:
        return "OVERTAKEN", "this proposal of ours is not open any more"
    if not all(current(view, term) for term in offer.notices):
        return "OVERTAKEN", "a notice changed since"
    if envelope.created_utc >= offer.valid_until:
        return "OVERTAKEN", "accepted after the proposal's validity"
    bound = bound_elsewhere(view, conflict, offer.notices, now)
    if bound:
        return "OVERTAKEN", bound[0].text  # We signed something else about our notice since we made this offer.
    agreement = agreement_of(view, conflict, offer, acceptor=envelope.from_)
    if slots.agreement_id != agreement_id(agreement):
        return "SIGNATURE", "agreement_id is not the hash of these terms"
    if not signed_by(line.card, slots.signature, agreement):
        return "SIGNATURE", "the signature under the agreement does not verify"
    return None


def judge_agreement(view: View, envelope: Envelope, line: Line) -> tuple[ErrCode, str] | None:
    """AGR: the agreement that we accepted, with both signatures."""
    slots = envelope.slots
    assert isinstance(slots, AgreementSlots)
    acceptance = view.accepted.get(slots.agreement_id)
    if acceptance is None or not all(_told_so(view, term) for term in slots.agreement.notices):
        return "NOT_OURS", "we accepted no such terms, or they were overtaken"
    if slots.agreement_id != agreement_id(slots.agreement) or slots.agreement.pair_id != envelope.dialog_id:
        return "TERMS", "this is not the text that we accepted"
    proposer, acceptor = slots.signatures
    if (proposer.party, acceptor.party) != (envelope.from_, view.own):
        return "SCHEMA", "signatures: the proposer's, then the acceptor's"
    if not signed_by(line.card, proposer.jws, slots.agreement):
        return "SIGNATURE", "the proposer's signature does not verify"
    if acceptor.jws != acceptance.signature or not signed_by(view.own_card, acceptor.jws, slots.agreement):
        return "SIGNATURE", "the acceptor's signature is not ours"
    return None


def judge_answer(view: View, envelope: Envelope) -> tuple[ErrCode, str] | None:
    """REJ, SBY, WDR: about a dialogue that we know.  What answers an offer that is not open any more changes nothing."""
    if envelope.dialog_id in view.forgotten.pairs and str(envelope.dialog_id) not in view.conflicts:
        return None
    if str(envelope.dialog_id) not in view.conflicts:
        return "NOT_OURS", "no such dialogue"
    slots = envelope.slots
    offer = view.conflicts[str(envelope.dialog_id)].offer
    if isinstance(slots, StandBySlots) and offer is not None and offer.proposal == slots.proposal:
        if slots.until > offer.valid_until:
            return "STATE", "stand by beyond the proposal's validity"
    return None


def _told_so(view: View, term: TermNotice) -> bool:
    """Whether the other side did not change its notice after it countersigned; ours we were bound not to change."""
    notice = view.notices.get((Fingerprint(term.party), term.id))
    if notice is None:
        return False
    return notice.party == view.own or (notice.current.version == term.version and notice.state in LIVE_STATES)
