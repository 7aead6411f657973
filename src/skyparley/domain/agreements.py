"""The agreement: the text that both sign, the signatures, and the countersignature.

Source: DOMAIN 11.2 "Agreement under loss"; line-v1 9.3, 9.4.
"""

from typing import Any

from skyparley.base.canonical import canonical
from skyparley.base.ids import Fingerprint, digest
from skyparley.domain.drafts import draft
from skyparley.domain.messages.envelope import Envelope
from skyparley.domain.messages.slots import (
    AGREEMENT_MEANS,
    AcceptSlots,
    Agreement,
    AgreementSignature,
    AgreementSlots,
)
from skyparley.domain.records import Conflict, Offer
from skyparley.domain.terms import bound_elsewhere, current
from skyparley.domain.view import Item, Moment, View
from skyparley.evidence import jws
from skyparley.evidence.card import Card


def agreement_of(view: View, conflict: Conflict, offer: Offer, *, acceptor: Fingerprint) -> Agreement:
    """The text both sign, the same bytes at both nodes."""
    return Agreement(
        agreement=1,
        means=AGREEMENT_MEANS,
        pair_id=conflict.pair_id,
        conflict_id=offer.conflict_id,
        proposer=offer.by,
        acceptor=acceptor,
        proposal=offer.proposal,
        turn=offer.turn,
        kind=offer.kind,
        notices=offer.notices,
        until=offer.until,
        table_hash=offer.table_hash,
    )


def agreement_id(agreement: Agreement) -> str:
    """The hash of the canonical text."""
    return digest(canonical(agreement))


def signed_by(card: Card, signature: str, agreement: Agreement) -> bool:
    """Whether a desk key that the card certifies signed this agreement."""
    try:
        whole = jws.attach(signature, canonical(agreement))
        parsed = jws.read(whole, typ=jws.AGREEMENT, key_of=card.role_key)
    except jws.BadSignature:
        return False
    return parsed.kid.role == "desk"


def countersign(view: View, envelope: Envelope, moment: Moment) -> list[Item]:
    """What the proposer answers to an ACC that verified: AGR at once, or ERR OVERTAKEN through the caller's judgement."""
    slots = envelope.slots
    assert isinstance(slots, AcceptSlots)
    conflict = view.conflicts.get(str(envelope.dialog_id))
    if conflict is None or conflict.offer is None or conflict.offer.proposal != slots.proposal:
        return []
    offer = conflict.offer
    agreement = agreement_of(view, conflict, offer, acceptor=envelope.from_)
    both = (
        AgreementSignature(party=view.own, jws=""),
        AgreementSignature(party=envelope.from_, jws=slots.signature),
    )
    body = AgreementSlots(agreement_id=slots.agreement_id, agreement=agreement, signatures=both)
    return [draft("AGR", envelope.from_, body, moment, agreement, **reply(conflict, offer))]


def still_countersigns(view: View, slots: AgreementSlots, now: int) -> bool:
    """Whether an AGR that waited for the line is still to be signed: nothing changed since the acceptance came."""
    conflict = view.conflicts.get(slots.agreement.pair_id)
    if conflict is None or not conflict.live or conflict.offer is None or slots.agreement_id in view.agreements:
        return False
    same = conflict.offer.proposal == slots.agreement.proposal and all(
        current(view, term) for term in conflict.offer.notices
    )
    return same and not bound_elsewhere(view, conflict, conflict.offer.notices, now)


def reply(conflict: Conflict, offer: Offer) -> dict[str, Any]:
    return {"dialog_id": conflict.pair_id, "reply_to": offer.msg_id, "version": offer.turn}
