"""Dialogues about a conflict: propose, counter, accept, reject, stand by, withdraw; who is asked to move; agreements.

Source: DOMAIN 9.3 (RES-*), 11.2; line-v1 sections 5.7 and 9.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from msgspec import UNSET

from skyparley.base import limits
from skyparley.base.canonical import canonical
from skyparley.base.errors import Reason, Refusal, refuse
from skyparley.base.ids import Fingerprint, digest
from skyparley.domain.commands import Accept, Answer, Outcome, Propose, Reject, StandBy, Withdraw
from skyparley.domain.detection import by_notice, pair_id
from skyparley.domain.drafts import draft
from skyparley.domain.lines import named_peer, negotiation_reasons
from skyparley.domain.messages.codes import ErrCode, ProposalKind
from skyparley.domain.messages.envelope import Envelope
from skyparley.domain.messages.slots import (
    AGREEMENT_MEANS,
    AcceptSlots,
    Agreement,
    AgreementSignature,
    AgreementSlots,
    ProposalSlots,
    RejectSlots,
    StandBySlots,
    TermNotice,
    VolumeSlot,
    WithdrawSlots,
)
from skyparley.domain.notices import bound_reasons, content_reasons
from skyparley.domain.records import LIVE_STATES, Conflict, ConflictState, Line, Notice, NoticeVersion, Offer
from skyparley.domain.view import Decided, Item, Moment, Ruling, View
from skyparley.domain.volumes import changed_fields, geometry_reasons, volume_of
from skyparley.evidence import jws
from skyparley.evidence.card import Card
from skyparley.geometry.volumes import judge

Act = Literal["FOUND", "PRO", "CPR", "REJ", "SBY", "WDR", "AGR", "LAPSED", "START", "GONE"]

TRANSITIONS: Final[Mapping[tuple[ConflictState, Act], ConflictState]] = {
    ("DETECTED", "PRO"): "PROPOSED",
    ("DETECTED", "CPR"): "PROPOSED",
    ("DETECTED", "START"): "UNRESOLVED",
    ("PROPOSED", "PRO"): "PROPOSED",
    ("PROPOSED", "CPR"): "PROPOSED",
    ("PROPOSED", "SBY"): "STANDBY",
    ("PROPOSED", "REJ"): "REJECTED",
    ("PROPOSED", "WDR"): "DETECTED",
    ("PROPOSED", "LAPSED"): "DETECTED",
    ("PROPOSED", "AGR"): "AGREED",
    ("PROPOSED", "START"): "UNRESOLVED",
    ("STANDBY", "PRO"): "PROPOSED",
    ("STANDBY", "CPR"): "PROPOSED",
    ("STANDBY", "REJ"): "REJECTED",
    ("STANDBY", "WDR"): "DETECTED",
    ("STANDBY", "LAPSED"): "DETECTED",
    ("STANDBY", "AGR"): "AGREED",
    ("STANDBY", "START"): "UNRESOLVED",
    ("REJECTED", "PRO"): "PROPOSED",
    ("REJECTED", "CPR"): "PROPOSED",
    ("REJECTED", "WDR"): "DETECTED",
    ("REJECTED", "START"): "UNRESOLVED",
    ("UNRESOLVED", "PRO"): "PROPOSED",
    ("UNRESOLVED", "CPR"): "PROPOSED",
    ("UNRESOLVED", "AGR"): "AGREED",
    ("UNRESOLVED", "REJ"): "REJECTED",
    ("UNRESOLVED", "WDR"): "UNRESOLVED",
    ("UNRESOLVED", "SBY"): "UNRESOLVED",
    ("UNRESOLVED", "LAPSED"): "UNRESOLVED",
    **{(state, "FOUND"): "DETECTED" for state in ("DETECTED", "PROPOSED", "STANDBY", "REJECTED", "AGREED")},
    ("UNRESOLVED", "FOUND"): "DETECTED",
    ("OVERTAKEN", "FOUND"): "DETECTED",
    ("OVERTAKEN", "AGR"): "AGREED",
    **{(state, "GONE"): "OVERTAKEN" for state in ("DETECTED", "PROPOSED", "STANDBY", "REJECTED", "UNRESOLVED")},
    ("AGREED", "GONE"): "AGREED",
    ("OVERTAKEN", "GONE"): "OVERTAKEN",
}
"""Which act leads from which state to which.  What is not here changes nothing.  Source: DOMAIN 11.2."""


def next_state(state: ConflictState, act: Act) -> ConflictState:
    """The state after an act; the same one where the table has no line."""
    return TRANSITIONS.get((state, act), state)


# --- who is asked to move --------------------------------------------------------------------------------------


def asked_to_move(view: View, conflict: Conflict, now: int) -> tuple[Fingerprint, ...]:
    """The party, or both, of whom a move is asked; nobody where both are active.  Source: RES-09, line-v1 5.7."""
    own, other = notices_of(view, conflict)
    mine, theirs = own.standing(now), other.standing(now)
    if own.active(now) and other.active(now):
        return ()
    if own.active(now) or (mine > theirs and not other.active(now)):
        return (other.party,)
    if other.active(now) or theirs > mine:
        return (own.party,)
    one, two = own.places.get(other.party), other.places.get(other.party)
    own_later = one is not None and two is not None and one.seen >= two.number
    other_later = one is not None and two is not None and two.seen >= one.number
    if own_later == other_later:
        return (own.party, other.party)
    return (own.party,) if own_later else (other.party,)


def notices_of(view: View, conflict: Conflict) -> tuple[Notice, Notice]:
    """Ours and the other's."""
    return view.notices[(view.own, conflict.own_id)], view.notices[(conflict.other_party, conflict.other_id)]


# --- terms -----------------------------------------------------------------------------------------------------


def terms(
    view: View, conflict: Conflict, changes: Mapping[Fingerprint, tuple[VolumeSlot, ...]]
) -> tuple[TermNotice, TermNotice]:
    """Both notices in wire order, with new volumes where they change."""
    both = sorted(
        (
            TermNotice(
                party=notice.party,
                id=notice.id,
                version=notice.current.version,
                volumes=changes.get(notice.party, UNSET),
            )
            for notice in notices_of(view, conflict)
        ),
        key=lambda term: (term.party, term.id),
    )
    return both[0], both[1]


def new_volumes(view: View, term: TermNotice) -> tuple[VolumeSlot, ...]:
    """The volumes a notice has under the terms."""
    if term.volumes is not UNSET:
        return term.volumes
    return view.notices[(Fingerprint(term.party), term.id)].current.volumes


def separated(view: View, pair: tuple[TermNotice, TermNotice]) -> bool:
    """Whether the two notices keep the table's distance under the terms."""
    separation = view.table.separation
    return not any(
        judge(volume_of(one), volume_of(two), separation).conflict
        for one in new_volumes(view, pair[0])
        for two in new_volumes(view, pair[1])
    )


def third_conflicts(view: View, pair: tuple[TermNotice, TermNotice]) -> tuple[str, ...]:
    """Conflicts with other notices that the terms would newly make, as refs.  Both parties' new volumes are judged."""
    inside = {(term.party, term.id) for term in pair}
    made: list[str] = []
    for term in pair:
        if term.volumes is UNSET:
            continue
        party = Fingerprint(term.party)
        before = by_notice(view.hits(party, view.notices[(party, term.id)].current.volumes))
        after = by_notice(view.hits(party, term.volumes))
        made += [view.notices[key].ref for key in sorted(after) if key not in before and key not in inside]
    return tuple(made)


def kind_of(view: View, pair: tuple[TermNotice, TermNotice]) -> ProposalKind:
    """Which separation the terms use: one field changed gives its kind, several give MIX."""
    fields = {
        name
        for term in pair
        if term.volumes is not UNSET
        for name in changed_fields(view.notices[(Fingerprint(term.party), term.id)].current.volumes, term.volumes)
    }
    if len(fields) != 1:
        return "MIX"
    return _KIND_OF_FIELD[fields.pop()]


_KIND_OF_FIELD: Final[Mapping[str, ProposalKind]] = {"AREA": "LAT", "LEVELS": "VERT", "PERIOD": "TIME"}


def until_of(view: View, pair: tuple[TermNotice, TermNotice]) -> int:
    """The last end of both notices under the terms: then the agreement ends by itself."""
    return max(volume.end for term in pair for volume in new_volumes(view, term))


def term_reasons(view: View, conflict: Conflict, pair: tuple[TermNotice, TermNotice], now: int) -> list[Reason]:
    """What is wrong with terms of ours: each reason with what would be right."""
    reasons: list[Reason] = []
    for term in pair:
        if term.volumes is UNSET:
            continue
        notice = view.notices[(Fingerprint(term.party), term.id)]
        if notice.active(now):
            text = f"{term.id} is active; an active notice is not asked to move. Move the other"
            reasons.append(Reason("NOTICE_ACTIVE", text, "changes"))
        version = NoticeVersion(
            version=term.version + 1,
            kind=notice.current.kind,
            volumes=term.volumes,
            due_regard=notice.current.due_regard,
        )
        reasons += content_reasons(view, version, now)
    if reasons:
        return reasons
    if all(term.volumes is UNSET or term.volumes == notice_volumes(view, term) for term in pair):
        return [Reason("NOTHING_CHANGED", "terms change at least one of the two notices", "changes")]
    if not separated(view, pair):
        text = "under these terms the two still conflict by the table; give more side, height or time"
        reasons.append(Reason("TERMS_DO_NOT_SEPARATE", text, "changes"))
    third = third_conflicts(view, pair)
    if third:
        text = f"these terms make a new conflict with {', '.join(third)}"
        reasons.append(Reason("NEW_CONFLICT", text, "changes", third))
    return reasons + bound_elsewhere(view, conflict, pair, now)


def bound_elsewhere(view: View, conflict: Conflict, pair: tuple[TermNotice, TermNotice], now: int) -> list[Reason]:
    """What the signatures under other agreements, on this line or another, forbid these terms (line-v1 9.5).

    A notice that these terms leave alone counts too: what we accepted for it elsewhere would change it under them.
    """
    return [
        reason
        for term in pair
        for reason in bound_reasons(
            view, view.notices[(Fingerprint(term.party), term.id)], new_volumes(view, term), now, but=conflict.pair_id
        )
    ]


def notice_volumes(view: View, term: TermNotice) -> tuple[VolumeSlot, ...]:
    """The current volumes of the notice of a term."""
    return view.notices[(Fingerprint(term.party), term.id)].current.volumes


# --- what the desk asks ----------------------------------------------------------------------------------------


def propose(view: View, command: Propose, moment: Moment) -> Ruling:
    """PRO, or CPR where the other side's offer is open."""
    found = _open_conflict(view, command.pair_id, command.expected_revision)
    if isinstance(found, Refusal):
        return found
    conflict, line = found
    if conflict.offer is not None and conflict.offer.by == view.own:
        return refuse("OWN_OFFER_OPEN", "your own proposal is open; withdraw it first", field="pair_id")
    if conflict.acceptance is not None:
        return refuse("BOUND_BY_ACCEPTANCE", "you accepted; the other side's signature is awaited", field="pair_id")
    if conflict.turn >= limits.DIALOGUE_TURNS:
        return refuse("TOO_MANY_TURNS", f"at most {limits.DIALOGUE_TURNS} turns; settle it by voice or a higher level")
    changes, reasons = _changes(view, conflict, command)
    if reasons:
        return Refusal(tuple(reasons))
    pair = terms(view, conflict, changes)
    reasons = term_reasons(view, conflict, pair, moment.now)
    if reasons:
        return Refusal(tuple(reasons))
    kind = kind_of(view, pair)
    if command.kind is not None and command.kind != kind:
        return refuse("KIND", f"these terms are {kind}, not {command.kind}", field="kind")
    reply_by, valid_until = clocks(view, conflict, moment.now)
    slots = ProposalSlots(conflict_id=conflict.conflict_id, kind=kind, notices=pair, until=until_of(view, pair))
    counters = conflict.offer
    item = draft(
        "CPR" if counters else "PRO",
        line.peer,
        slots,
        moment,
        dialog_id=conflict.pair_id,
        version=conflict.turn + 1,
        reply_to=counters.msg_id if counters else "",
        reply_by=reply_by,
        valid_until=valid_until,
    )
    return Decided((item,), Outcome(refs={"pair_id": conflict.pair_id, "turn": conflict.turn + 1, "kind": kind}))


def clocks(view: View, conflict: Conflict, now: int) -> tuple[int, int]:
    """reply_by and valid_until of an offer made now.  Source: DOMAIN 8 "proposal answer", line-v1 9.2.

    After the first start of the conflict there is no half-time left: the table's answer time alone holds.
    """
    own, other = notices_of(view, conflict)
    first = max(own.current.start, other.current.start)
    answer = view.table.proposal_answer_ms
    if first > now:
        answer = min(answer, (first - now) // 2)
        return now + answer, min(now + 2 * answer, first)
    return now + answer, now + 2 * answer


def accept(view: View, command: Accept, moment: Moment) -> Ruling:
    """ACC with our signature under the agreement.  From here on we are bound."""
    found = _answerable(view, command, moment.now)
    if isinstance(found, Refusal):
        return found
    conflict, offer = found
    pair = offer.notices
    third = third_conflicts(view, pair)
    reasons = []
    if third:
        text = f"these terms make a new conflict with {', '.join(third)}; counter or reject"
        reasons.append(Reason("NEW_CONFLICT", text, "proposal", third))
    if not separated(view, pair):
        reasons.append(Reason("TERMS_DO_NOT_SEPARATE", "by our geometry the terms do not separate; counter or reject"))
    for term in pair:
        if term.volumes is not UNSET and view.notices[(Fingerprint(term.party), term.id)].active(moment.now):
            reasons.append(Reason("NOTICE_ACTIVE", f"{term.id} is active by now; reject or counter", "proposal"))
    reasons += bound_elsewhere(view, conflict, pair, moment.now)
    reasons += _own_content_reasons(view, pair, moment.now)
    if reasons:
        return Refusal(tuple(reasons))
    agreement = agreement_of(view, conflict, offer, acceptor=view.own)
    slots = AcceptSlots(proposal=offer.proposal, agreement_id=agreement_id(agreement), signature="")
    item = draft("ACC", offer.by, slots, moment, agreement, **_reply(conflict, offer))
    return Decided((item,), Outcome(refs={"pair_id": conflict.pair_id, "agreement_id": slots.agreement_id}))


def _own_content_reasons(view: View, pair: tuple[TermNotice, TermNotice], now: int) -> list[Reason]:
    """What our own notice may not become, whoever proposed it: least sizes, a period that is over (DIS-02)."""
    reasons: list[Reason] = []
    for term in pair:
        if term.party == view.own and term.volumes is not UNSET:
            current = view.notices[(view.own, term.id)].current
            after = NoticeVersion(
                version=term.version + 1, kind=current.kind, volumes=term.volumes, due_regard=current.due_regard
            )
            reasons += content_reasons(view, after, now)
    return reasons


def reject(view: View, command: Reject, moment: Moment) -> Ruling:
    """REJ, always with a coded reason."""
    found = _answerable(view, command, moment.now)
    if isinstance(found, Refusal):
        return found
    conflict, offer = found
    slots = RejectSlots(proposal=offer.proposal, reason=command.reason)
    return Decided((draft("REJ", offer.by, slots, moment, **_reply(conflict, offer)),))


def stand_by(view: View, command: StandBy, moment: Moment) -> Ruling:
    """SBY: once, and not beyond the offer's validity."""
    found = _answerable(view, command, moment.now)
    if isinstance(found, Refusal):
        return found
    conflict, offer = found
    if conflict.standby_until is not None:
        return refuse("STOOD_BY", "stand by extends a proposal once; accept, counter or reject", field="proposal")
    if not moment.now < command.until <= offer.valid_until:
        return refuse("UNTIL", "until lies after now and not beyond the proposal's validity", field="until")
    slots = StandBySlots(proposal=offer.proposal, until=command.until)
    return Decided((draft("SBY", offer.by, slots, moment, **_reply(conflict, offer)),))


def withdraw(view: View, command: Withdraw, moment: Moment) -> Ruling:
    """WDR of our own open proposal.  After AGR there is nothing to withdraw."""
    found = _open_conflict(view, command.pair_id, command.expected_revision)
    if isinstance(found, Refusal):
        return found
    conflict, line = found
    offer = conflict.offer
    if offer is None or offer.by != view.own or offer.proposal != command.proposal:
        return refuse("NO_OFFER", "no open proposal of ours has this hash", field="proposal")
    slots = WithdrawSlots(proposal=offer.proposal)
    return Decided((draft("WDR", line.peer, slots, moment, **_reply(conflict, offer)),))


# --- the agreement ---------------------------------------------------------------------------------------------


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
    return [draft("AGR", envelope.from_, body, moment, agreement, **_reply(conflict, offer))]


def still_countersigns(view: View, slots: AgreementSlots, now: int) -> bool:
    """Whether an AGR that waited for the line is still to be signed: nothing changed since the acceptance came."""
    conflict = view.conflicts.get(slots.agreement.pair_id)
    if conflict is None or not conflict.live or conflict.offer is None or slots.agreement_id in view.agreements:
        return False
    same = conflict.offer.proposal == slots.agreement.proposal and all(
        _current(view, term) for term in conflict.offer.notices
    )
    return same and not bound_elsewhere(view, conflict, conflict.offer.notices, now)


# --- what a peer says ------------------------------------------------------------------------------------------


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
    stale = [term.id for term in pair if not _current(view, term)]
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
    if conflict is None:
        return "NOT_OURS", "no such dialogue"
    offer = conflict.offer
    if offer is None or offer.by != view.own or offer.proposal != slots.proposal:
        return "OVERTAKEN", "this proposal of ours is not open any more"
    if not all(_current(view, term) for term in offer.notices):
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


# --- leaves ----------------------------------------------------------------------------------------------------


def _current(view: View, term: TermNotice) -> bool:
    notice = view.notices.get((Fingerprint(term.party), term.id))
    return notice is not None and notice.live and notice.current.version == term.version


def _open_conflict(view: View, pair: str, expected_revision: int) -> tuple[Conflict, Line] | Refusal:
    conflict = view.conflicts.get(pair)
    if conflict is None:
        return refuse("UNKNOWN_CONFLICT", f"no conflict has the pair id {pair!r}", field="pair_id")
    if conflict.revision != expected_revision:
        text = f"the dialogue is at revision {conflict.revision}, you decided on {expected_revision}; look again"
        return refuse("STALE_REVISION", text, field="expected_revision")
    if not conflict.live:
        return refuse("STATE", f"nothing is open about this pair: it is {conflict.state}", field="pair_id")
    if not conflict.shared:
        text = f"the other side was not told of {conflict.own_id}; change the notice's audience first"
        return refuse("LOCAL_ONLY", text, field="pair_id")
    line = view.lines[conflict.other_party]
    reasons = negotiation_reasons(view, line)
    return Refusal(tuple(reasons)) if reasons else (conflict, line)


def _answerable(view: View, command: Answer, now: int) -> tuple[Conflict, Offer] | Refusal:
    found = _open_conflict(view, command.pair_id, command.expected_revision)
    if isinstance(found, Refusal):
        return found
    conflict, _ = found
    offer = conflict.offer
    if conflict.acceptance is not None:
        return refuse("BOUND_BY_ACCEPTANCE", "you accepted; the other side's signature is awaited", field="pair_id")
    if offer is None or offer.by == view.own or offer.proposal != command.proposal:
        return refuse("NO_OFFER", "no open proposal of the other side has this hash", field="proposal")
    if now >= offer.valid_until:
        return refuse("OFFER_EXPIRED", "the proposal's validity is over; make one of your own", field="proposal")
    return conflict, offer


def _reply(conflict: Conflict, offer: Offer) -> dict[str, Any]:
    return {"dialog_id": conflict.pair_id, "reply_to": offer.msg_id, "version": offer.turn}


def _changes(
    view: View, conflict: Conflict, command: Propose
) -> tuple[dict[Fingerprint, tuple[VolumeSlot, ...]], list[Reason]]:
    changes: dict[Fingerprint, tuple[VolumeSlot, ...]] = {}
    reasons: list[Reason] = []
    sides: Sequence[Notice] = notices_of(view, conflict)
    for change in command.changes:
        party = view.own if change.party in (view.own, view.name) else named_peer(view, change.party)
        match = [notice for notice in sides if notice.party == party and notice.id == change.id]
        if not match:
            text = f"{change.party} {change.id} is not one of the two; they are {sides[0].ref} and {sides[1].ref}"
            reasons.append(Reason("NOT_OF_THE_PAIR", text, "changes"))
        elif match[0].party in changes:
            reasons.append(Reason("TWICE", f"{change.id} is changed twice", "changes"))
        elif not change.volumes:
            reasons.append(Reason("NO_VOLUMES", f"{change.id}: at least one volume", "changes"))
        else:
            changes[match[0].party] = change.volumes
    return changes, reasons
