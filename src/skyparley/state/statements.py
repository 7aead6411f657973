"""What a statement does to the state: the same rules for ours and for the peer's, so that both nodes end equal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec import UNSET

from skyparley.base.ids import Fingerprint
from skyparley.domain.agreements import agreement_of
from skyparley.domain.dialogue_states import Act, next_state
from skyparley.domain.forgotten import after_late_act
from skyparley.domain.ladder import asks_of
from skyparley.domain.messages.catalogue import FIRST_TELLS, StatementType
from skyparley.domain.messages.envelope import Envelope
from skyparley.domain.messages.slots import (
    AcceptSlots,
    AgreementSlots,
    AtSlots,
    CancelSlots,
    ConflictSlots,
    ErrSlots,
    NoticeSlots,
    ProposalSlots,
    RejectSlots,
    StandBySlots,
    VolumeSlot,
    WithdrawSlots,
)
from skyparley.domain.notices import another_was_filed, notice_lead_class
from skyparley.domain.records import (
    NOTHING,
    Acceptance,
    AgreementRecord,
    Conflict,
    Line,
    Notice,
    NoticeState,
    NoticeVersion,
    Offer,
    OpenAcceptance,
    Place,
    Told,
)
from skyparley.domain.view import Taken
from skyparley.domain.volumes import shrinks
from skyparley.state import pasts
from skyparley.state.contacts import fold_contact
from skyparley.state.crossings import fold_crossings
from skyparley.state.lines import acted_there, fold_line
from skyparley.state.matters import act_about, take_up
from skyparley.state.projection import State
from skyparley.state.terms import fold_terms


@dataclass(frozen=True)
class Statement:
    """A statement whose meaning holds.  `missing`: what its key lacked.  `received_utc`: None for ours."""

    envelope: Envelope
    hash: str
    at: int
    missing: tuple[str, ...] = ()
    received_utc: int | None = None
    restored: bool = False


def fold_statement(state: State, line: Line, statement: Statement) -> None:
    """Let a statement on a line take effect.  An exercise is only told and acted on: nothing real changes by it."""
    if statement.envelope.exercise is UNSET:
        _take_effect(state, line, statement)
        ours = statement.received_utc is None
        fold_crossings(state, line, Taken(statement.envelope, statement.hash, statement.at), ours=ours)
        fold_terms(state, line, Taken(statement.envelope, statement.hash, statement.at), ours=ours)
    _ask_people(state, line, statement)


def _ask_people(state: State, line: Line, statement: Statement) -> None:
    """What it asks of people, and what people did about another."""
    envelope = statement.envelope
    ours = statement.received_utc is None
    lead = None
    if isinstance(envelope.slots, NoticeSlots) and not ours and envelope.exercise is UNSET:
        notice = state.notices.get((envelope.from_, envelope.slots.id))
        lead = notice.lead_class if notice is not None else None
    taken = Taken(envelope, statement.hash, statement.at, lead)
    if not ours and envelope.role == "desk":
        acted_there(state, line, statement.at)
    if envelope.exercise is UNSET:
        fold_line(state, line, taken, ours=ours)
    if envelope.type == "OOB" and envelope.exercise is UNSET:
        fold_contact(state, taken, ours=ours)
    if asks_of(envelope):
        take_up(state, line.peer, taken, ours=ours)
    elif envelope.reply_to is not UNSET and envelope.dialog_id is UNSET and envelope.type != "ERR":
        act_about(state, taken, ours=ours)


def _take_effect(state: State, line: Line, statement: Statement) -> None:
    slots = statement.envelope.slots
    match slots:
        case NoticeSlots():
            _notice(state, line, statement, slots)
        case CancelSlots() | AtSlots():
            _act_on_notice(state, line, statement, slots)
        case ConflictSlots():
            conflict = state.conflicts.get(slots.pair_id)
            if conflict is not None and statement.received_utc is not None:
                conflict.peer_conflict_id = slots.conflict_id
        case ProposalSlots():
            _offer(state, line, statement, slots)
        case AcceptSlots():
            _accepted(state, statement, slots)
        case RejectSlots() | StandBySlots() | WithdrawSlots():
            _answered(state, statement, slots)
        case AgreementSlots():
            _agreed(state, line, statement, slots)
        case ErrSlots():
            if statement.received_utc is not None:
                _could_not_process(state, line, slots)
            elif statement.restored:
                _refused_before(state, line, slots)


def settle(state: State, notice: Notice, at: int = 0) -> None:
    """Take up a notice, or what changed in it `at` a time: index, clocks, id counter."""
    state.notices[(notice.party, notice.id)] = notice
    state.index.put(notice)
    about = f"{notice.party} {notice.id}"
    pasts.set_clocks(state, notice)
    if notice.live:
        state.deadlines.clear("FORGET", about)
    else:
        state.deadlines.set("FORGET", about, max(notice.current.end, at) + state.keep_ms)
    if notice.party == state.own:
        state.count_id(notice.id)


def set_content(state: State, notice: Notice, content: NoticeVersion, at: int) -> None:
    """A new version, which may bring back a notice whose period was over: what it says now is what counts."""
    notice.current = content
    pasts.weigh(state, notice, at)


# --- notices ---------------------------------------------------------------------------------------------------


def _notice(state: State, line: Line, statement: Statement, slots: NoticeSlots) -> None:
    envelope = statement.envelope
    version = int(envelope.version or 0)
    notice = state.notices.get((envelope.from_, slots.id))
    content = NoticeVersion(version=version, kind=slots.kind, volumes=slots.volumes, due_regard=slots.due_regard)
    if notice is not None and statement.restored and another_was_filed(notice, envelope):
        # What waits about this id was decided about the other notice: it must not be said of this one.
        _forget_owed(state, slots.id, (*FIRST_TELLS, "NCH", "NCX", "NACT", "NEND"))
        notice = None
    late = state.forgotten.notices.pop((envelope.from_, slots.id), None)
    if notice is None:
        notice = Notice(party=envelope.from_, id=slots.id, current=content, decided_at=envelope.created_utc)
        if late is not None:
            notice.state = late.state
            set_content(state, notice, content, statement.at)
    elif statement.restored:
        _take_back(state, notice, content, statement)
    elif version > notice.current.version:
        set_content(state, notice, content, statement.at)
    before = notice.told.get(line.peer)
    if before is None or not shrinks(before.volumes, slots.volumes):
        notice.places[line.peer] = Place(envelope.number, envelope.seen_number)
    told_state = before.state if before is not None else late.state if late is not None else "NOTIFIED"
    notice.told[line.peer] = Told(envelope.number, statement.hash, content, told_state)
    if envelope.from_ == state.own:
        state.deficient.discard((state.own, slots.id))
        if line.peer not in notice.audience:
            notice.audience = (*notice.audience, line.peer)
    else:
        notice.missing_key = statement.missing
        notice.received_utc = statement.received_utc
        notice.lead_class = notice_lead_class(state.table_of(line.peer), content, statement.at)
    settle(state, notice, statement.at)


def _take_back(state: State, notice: Notice, content: NoticeVersion, statement: Statement) -> None:
    """A version of ours comes back.  What our desk decided later stays, and counts on from it (line-v1 7.7)."""
    created = statement.envelope.created_utc
    if notice.decided_at > created and content != notice.current:
        later = max(notice.current.version, content.version + 1)
        notice.current = msgspec.structs.replace(notice.current, version=later)
    elif content.version >= notice.current.version:
        set_content(state, notice, content, statement.at)
        notice.decided_at = created


def _act_on_notice(state: State, line: Line, statement: Statement, slots: CancelSlots | AtSlots) -> None:
    key = (statement.envelope.from_, slots.id)
    late = state.forgotten.notices.get(key)
    if late is not None:
        state.forgotten.notices[key] = after_late_act(late, statement.envelope)
        return
    notice = state.notices.get(key)
    assert notice is not None, "judged, or ours"
    match statement.envelope.type:
        case "NCX":
            notice.state, notice.ended_at = "CANCELLED", statement.at
        case "NEND" if isinstance(slots, AtSlots):
            notice.state, notice.ended_at = "ENDED", slots.at
        case "NACT" if isinstance(slots, AtSlots) and notice.state == "NOTIFIED":
            notice.state, notice.active_at = "ACTIVE", slots.at
    told = notice.told.get(line.peer)
    if told is not None:
        notice.told[line.peer] = msgspec.structs.replace(told, state=_TOLD_STATE[statement.envelope.type])
    settle(state, notice, statement.at)


_TOLD_STATE: Final[Mapping[str, NoticeState]] = {"NCX": "CANCELLED", "NEND": "ENDED", "NACT": "ACTIVE"}


# --- dialogues -------------------------------------------------------------------------------------------------


def _offer(state: State, line: Line, statement: Statement, slots: ProposalSlots) -> None:
    envelope = statement.envelope
    conflict = state.conflicts.get(str(envelope.dialog_id))
    if conflict is None or not conflict.live or conflict.conflict_id != slots.conflict_id:
        return  # Ours, restored after a loss: the conflict was overtaken, and so is the offer.
    offer = Offer(
        by=envelope.from_,
        number=envelope.number,
        proposal=statement.hash,
        msg_id=envelope.msg_id,
        turn=int(envelope.version or 0),
        conflict_id=slots.conflict_id,
        kind=slots.kind,
        notices=slots.notices,
        until=slots.until,
        reply_by=int(envelope.reply_by or 0),
        valid_until=int(envelope.valid_until or 0),
        table_hash=envelope.table_hash or "",
    )
    if statement.restored and _theirs_stands(state, conflict, envelope):
        conflict.turn = max(conflict.turn, offer.turn)
        return
    _move(conflict, "CPR" if envelope.type == "CPR" else "PRO")
    conflict.offer = conflict.last_offer = offer
    conflict.turn = max(conflict.turn, offer.turn)
    conflict.standby_until = None
    conflict.acceptance = None
    state.deadlines.clear("COUNTERSIGN", conflict.pair_id)
    state.deadlines.set("REPLY", conflict.pair_id, offer.reply_by)
    state.offers_of.setdefault(line.peer, set()).add(conflict.pair_id)


def _answered(state: State, statement: Statement, slots: RejectSlots | StandBySlots | WithdrawSlots) -> None:
    conflict = state.conflicts.get(str(statement.envelope.dialog_id))
    if isinstance(slots, WithdrawSlots) and statement.received_utc is not None:
        _given_back(state, proposal=slots.proposal)
    if conflict is None:
        return
    open_offer = conflict.offer
    if open_offer is None or open_offer.proposal != slots.proposal:
        # It crossed something.  A withdrawal of what was rejected meanwhile leaves both sides where they began.
        last = conflict.last_offer
        if isinstance(slots, WithdrawSlots) and open_offer is None and last and last.proposal == slots.proposal:
            _move(conflict, "WDR")
        return
    match slots:
        case RejectSlots():
            _move(conflict, "REJ")
            conflict.reject_reason = slots.reason
        case StandBySlots():
            _move(conflict, "SBY")
            conflict.standby_until = slots.until
            state.deadlines.set("REPLY", conflict.pair_id, slots.until)
            return
        case WithdrawSlots():
            _move(conflict, "WDR")
    _drop_offer(state, conflict)


def _accepted(state: State, statement: Statement, slots: AcceptSlots) -> None:
    """Ours: we are bound from here on.  The peer's: its countersignature follows in the same batch."""
    envelope = statement.envelope
    conflict = state.conflicts.get(str(envelope.dialog_id))
    if envelope.from_ != state.own:
        if conflict is not None and conflict.offer is not None and conflict.offer.proposal == slots.proposal:
            conflict.accepted_by_peer = statement.hash
        return
    # Also where the offer is not open here any more: an ACC that comes back after a loss binds all the same.
    pair = str(envelope.dialog_id)
    state.accepted[slots.agreement_id] = OpenAcceptance(slots.proposal, statement.hash, slots.signature, pair)
    if conflict is None or conflict.offer is None or conflict.offer.proposal != slots.proposal:
        return
    agreement = agreement_of(state, conflict, conflict.offer, acceptor=state.own)
    conflict.acceptance = Acceptance(agreement, slots.agreement_id, slots.signature, statement.hash)
    conflict.revision += 1
    state.deadlines.clear("REPLY", conflict.pair_id)
    wait_ms = state.table_of(conflict.other_party).countersignature_ms
    state.deadlines.set("COUNTERSIGN", conflict.pair_id, statement.at + wait_ms)


def _agreed(state: State, line: Line, statement: Statement, slots: AgreementSlots) -> None:
    """Both signatures are here: the agreement stands, and the new versions take effect with it."""
    envelope = statement.envelope
    agreement = slots.agreement
    record = AgreementRecord(
        agreement=agreement,
        agreement_id=slots.agreement_id,
        signatures={Fingerprint(signature.party): signature.jws for signature in slots.signatures},
        sealed=envelope.number,
        in_force_at=statement.at,
        bound={},
        peer_holds=envelope.from_ != state.own or line.delivered >= envelope.number,
    )
    state.keep_agreement(record)
    state.accepted.pop(slots.agreement_id, None)
    if not record.peer_holds:
        state.pending.add(slots.agreement_id)
    for term in agreement.notices:
        state.agreed_on.setdefault((Fingerprint(term.party), term.id), set()).add(slots.agreement_id)
    warning_ms = state.table_of(line.peer).agreement_warning_ms
    state.deadlines.set("EXPIRING", slots.agreement_id, agreement.until - warning_ms)
    state.deadlines.set("EXPIRES", slots.agreement_id, agreement.until)
    for term in agreement.notices:
        if term.volumes is not UNSET:
            _set_version(state, line, statement, Fingerprint(term.party), term.id, term.version + 1, term.volumes)
        elif term.party == state.own:
            notice = state.notices[(state.own, term.id)]
            _hold_to(state, notice, notice.told[line.peer].content, statement.at)
            settle(state, notice, statement.at)
        record.bound[(term.party, term.id)] = (
            state.notices[(Fingerprint(term.party), term.id)].current.volumes if term.volumes is UNSET else term.volumes
        )
    conflict = state.conflicts.get(agreement.pair_id)
    if conflict is not None:
        _move(conflict, "AGR")
        conflict.agreement_id = slots.agreement_id
        conflict.acceptance = None
        _drop_offer(state, conflict)


def _set_version(
    state: State,
    line: Line,
    statement: Statement,
    party: Fingerprint,
    notice_id: str,
    version: int,
    volumes: tuple[VolumeSlot, ...],
) -> None:
    notice = state.notices.get((party, notice_id))
    assert notice is not None, "agreed about a notice that both hold"
    number = statement.envelope.number if statement.envelope.from_ == state.own else NOTHING
    before = notice.told[line.peer]
    content = NoticeVersion(
        version=version, kind=before.content.kind, volumes=volumes, due_regard=before.content.due_regard
    )
    # One of ours that comes back prevails over what our desk decided since and told nobody: we signed it.
    if all(told.version < version for told in notice.told.values()):
        if notice.current.version >= version:
            _forget_owed(state, notice.id, ("NCH",))  # The second of two such changes would seem to follow from it.
        set_content(state, notice, content, statement.at)
        notice.decided_at = statement.envelope.created_utc
    elif party == state.own:
        _hold_to(state, notice, content, statement.at)
    slots = statement.envelope.slots
    assert isinstance(slots, AgreementSlots)
    notice.told[line.peer] = Told(number, slots.agreement_id, content, before.state)
    settle(state, notice, statement.at)


def _theirs_stands(state: State, conflict: Conflict, envelope: Envelope) -> bool:
    """An offer of ours comes back and theirs, which it had crossed, is open already: as at first, the one that sorts first stands."""
    theirs = conflict.offer
    if theirs is None or theirs.by == state.own or theirs.by > state.own:
        return False
    return theirs.number > (NOTHING if envelope.seen is UNSET else envelope.seen.number)


def _refused_before(state: State, line: Line, slots: ErrSlots) -> None:
    """An ERR of ours comes back: the offer or acceptance that it answered was not taken, however it looked to us by now."""
    for conflict in (*state.own_offers(line.peer), *state.peer_offers(line.peer)):
        assert conflict.offer is not None, "listed by its open offer"
        if slots.hash in (conflict.accepted_by_peer, conflict.offer.proposal):
            _move(conflict, "LAPSED")
            _drop_offer(state, conflict)


def _hold_to(state: State, notice: Notice, agreed: NoticeVersion, at: int) -> None:
    """Take back a change of our notice that was decided while an agreement was lost and enlarges against it.

    Somebody may have heard of the change: so what was agreed is said again, as the next version.  A change that may
    stay is said again too where it bears the number of what was agreed.
    """
    current = notice.current
    if current.version < agreed.version or current == agreed:
        return
    allowed = shrinks(agreed.volumes, current.volumes)
    if allowed and current.version > agreed.version:
        return
    content = current if allowed else agreed
    set_content(state, notice, msgspec.structs.replace(content, version=current.version + 1), at)
    notice.decided_at = at
    _forget_owed(state, notice.id, ("NCH",))


def _forget_owed(state: State, notice_id: str, types: Sequence[StatementType]) -> None:
    """Waiting statements about a notice of ours that do not count any more: what the peers need is told at release."""
    for line in state.lines.values():
        line.owed = [owed for owed in line.owed if owed.type not in types or owed.slots["id"] != notice_id]


def _could_not_process(state: State, line: Line, slots: ErrSlots) -> None:
    """The peer refused our offer or our acceptance: it is not open there, so it is not open here."""
    if slots.code == "KEY_INCOMPLETE":
        state.deficient |= {
            key
            for key, notice in state.notices.items()
            if key[0] == state.own and line.peer in notice.told and notice.told[line.peer].hash == slots.hash
        }
        return
    _given_back(state, statement=slots.hash)
    for pair in sorted({pair for key, pairs in state.pairs_of.items() if key[0] == line.peer for pair in pairs}):
        conflict = state.conflicts[pair]
        if conflict.acceptance is not None and conflict.acceptance.statement == slots.hash:
            conflict.acceptance = None
            _move(conflict, "LAPSED")
            _drop_offer(state, conflict)
        elif conflict.offer is not None and conflict.offer.proposal == slots.hash:
            _move(conflict, "LAPSED")
            _drop_offer(state, conflict)


def _given_back(state: State, *, proposal: str = "", statement: str = "") -> None:
    """The proposer withdrew, or could not use our ACC: we are free again."""
    for name, open_one in tuple(state.accepted.items()):
        if open_one.proposal == proposal or open_one.statement == statement:
            del state.accepted[name]


# --- leaves ----------------------------------------------------------------------------------------------------


def _move(conflict: Conflict, act: Act) -> None:
    conflict.state = next_state(conflict.state, act)
    conflict.revision += 1


def _drop_offer(state: State, conflict: Conflict) -> None:
    conflict.offer = None
    conflict.standby_until = None
    conflict.acceptance = None
    conflict.accepted_by_peer = ""
    state.offers_of.get(conflict.other_party, set()).discard(conflict.pair_id)
    for what in ("REPLY", "COUNTERSIGN"):
        state.deadlines.clear(what, conflict.pair_id)
