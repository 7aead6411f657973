"""What a desk does in a dialogue: propose, counter, accept, reject, stand by, withdraw.

Source: DOMAIN 9.3 (RES-*); line-v1 section 9.
"""

from collections.abc import Sequence

from msgspec import UNSET

from skyparley.base import limits
from skyparley.base.errors import Reason, Refusal, refuse
from skyparley.base.ids import Fingerprint
from skyparley.domain.agreements import agreement_id, agreement_of, reply
from skyparley.domain.commands import Accept, Answer, Outcome, Propose, Reject, StandBy, Withdraw
from skyparley.domain.dialogue_states import notices_of
from skyparley.domain.drafts import draft
from skyparley.domain.lines import named_peer, negotiation_reasons
from skyparley.domain.messages.slots import (
    AcceptSlots,
    ProposalSlots,
    RejectSlots,
    StandBySlots,
    VolumeSlot,
    WithdrawSlots,
)
from skyparley.domain.records import Conflict, Line, Notice, Offer
from skyparley.domain.terms import (
    bound_elsewhere,
    kind_of,
    own_content_reasons,
    separated,
    term_reasons,
    terms,
    third_conflicts,
    until_of,
)
from skyparley.domain.view import Decided, Moment, Ruling, View


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
    answer = view.table_of(conflict.other_party).proposal_answer_ms
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
    reasons += own_content_reasons(view, pair, moment.now)
    if reasons:
        return Refusal(tuple(reasons))
    agreement = agreement_of(view, conflict, offer, acceptor=view.own)
    slots = AcceptSlots(proposal=offer.proposal, agreement_id=agreement_id(agreement), signature="")
    item = draft("ACC", offer.by, slots, moment, agreement, **reply(conflict, offer))
    return Decided((item,), Outcome(refs={"pair_id": conflict.pair_id, "agreement_id": slots.agreement_id}))


def reject(view: View, command: Reject, moment: Moment) -> Ruling:
    """REJ, always with a coded reason."""
    found = _answerable(view, command, moment.now)
    if isinstance(found, Refusal):
        return found
    conflict, offer = found
    slots = RejectSlots(proposal=offer.proposal, reason=command.reason)
    return Decided((draft("REJ", offer.by, slots, moment, **reply(conflict, offer)),))


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
    return Decided((draft("SBY", offer.by, slots, moment, **reply(conflict, offer)),))


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
    return Decided((draft("WDR", line.peer, slots, moment, **reply(conflict, offer)),))


# --- leaves ----------------------------------------------------------------------------------------------------


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
