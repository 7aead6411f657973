"""What follows from an event at once: detection, CFL, the countersignature, news to the other peers.

A reaction is pure, like a decision: (view after the fold, event, moment) gives items that join the same batch.
"""

from collections.abc import Sequence

from msgspec import UNSET

from skyparley.base.ids import Fingerprint, short_id
from skyparley.domain import arrangement, checks, desks, duty
from skyparley.domain.agreements import countersign
from skyparley.domain.calls import owed_about
from skyparley.domain.detection import conflict_slots, redetect
from skyparley.domain.drafts import draft
from skyparley.domain.events import (
    AgreementVoid,
    AlarmRaised,
    ConflictFound,
    DeadlinePassed,
    DeskChanged,
    DutyTaken,
    EpochOpened,
    Event,
    HeadsCompared,
    HeardEarly,
    LineEstablished,
    LineOpened,
    LineTableSet,
    LinkChanged,
    NoticeActivated,
    NoticeCancelled,
    NoticeChanged,
    NoticeEnded,
    NoticeFiled,
    NoticePast,
    OfferLapsed,
    OwedDropped,
    StatementOwed,
    StatementReceived,
    StatementRestored,
    StatementSealed,
    TableSet,
)
from skyparley.domain.line_views import all_lost, lost
from skyparley.domain.lines import is_life, may_seal
from skyparley.domain.matter_limits import too_many
from skyparley.domain.messages.envelope import Envelope
from skyparley.domain.messages.matter_slots import AcceptedSlots, CheckSlots, LineSlots
from skyparley.domain.messages.slots import (
    AcceptSlots,
    AgreementSlots,
    AtSlots,
    CancelSlots,
    ConflictSlots,
    ErrSlots,
    NoticeSlots,
)
from skyparley.domain.notices import tell
from skyparley.domain.owed import release, untold
from skyparley.domain.parties import name_of
from skyparley.domain.records import Draft, Notice
from skyparley.domain.verdicts import check_claim
from skyparley.domain.view import Item, Moment, View
from skyparley.domain.voice_events import CallRecorded, HeardNotice
from skyparley.domain.volumes import shrinks


def react(view: View, event: Event, envelope: Envelope | None, moment: Moment) -> Sequence[Item]:
    """Items that follow from an event.  `envelope`: the statement in it, where it holds one that was folded."""
    match event:
        case LinkChanged():
            return [*_lost(view, event), *checks.link_is_up(view, view.lines[event.peer], event, moment)]
        case StatementOwed() if is_life(event.draft):
            return _cannot_carry(view, event.draft)
        case TableSet():
            return _judged_anew(view)
        case LineTableSet():
            return _line_judged_anew(view, event)
        case NoticeFiled() | NoticeChanged() | NoticeCancelled() | NoticeEnded():
            notice = view.notices[(view.own, event.id)]
            return [*redetect(view, notice), *owed_about(view, notice, moment)]
        case NoticeActivated():
            return owed_about(view, view.notices[(view.own, event.id)], moment)
        case NoticePast():
            notice = view.notices[(event.party, event.id)]
            return [*redetect(view, notice), *owed_about(view, notice, moment)]
        case HeardNotice():
            return redetect(view, view.notices[(event.peer, event.id)])
        case CallRecorded() if event.outcome != "NO ANSWER":
            return _after_call(view, event, moment)
        case ConflictFound() if event.shared:
            slots = conflict_slots(view, view.conflicts[event.pair_id])
            return [draft("CFL", event.other_party, slots, moment)]
        case LineEstablished() | HeadsCompared():
            line = view.lines[event.peer]
            vouched = desks.vouch(view, line, moment)
            return [*release(view, line, moment), *vouched, *checks.opening(view, line, moment, again=True)]
        case LineOpened() | EpochOpened() | OwedDropped():
            return release(view, view.lines[event.peer], moment)
        case DutyTaken():
            return duty.told(view, moment)
        case DeadlinePassed() if event.what == "LINE CHANGE":
            return _line_moved(view, Fingerprint(event.about), moment)
        case DeskChanged():
            return desks.tell_all(view, moment)
        case StatementSealed() | StatementRestored() if envelope is not None:
            more = (
                release(view, view.lines[event.peer], moment)
                if isinstance(event, StatementSealed) and event.owed
                else ()
            )
            return [*_sent(view, event, envelope, moment), *_outlived(view, envelope), *more]
        case StatementReceived() if envelope is not None:
            line = view.lines[event.peer]
            weighed = isinstance(envelope.slots, CheckSlots | LineSlots)  # These are asked below whether they open it.
            opens = checks.opening(view, line, moment) if line.checks.peer_opened and not weighed else ()
            many = too_many(view, event.peer, life=envelope.cls == "LIFE", now=moment.now)
            return [*_received(view, event.peer, envelope, moment), *_lapsed(view, event.peer, envelope), *opens, *many]
        case HeardEarly():
            return too_many(view, event.peer, life=True, now=moment.now)
    return ()


def _after_call(view: View, event: CallRecorded, moment: Moment) -> Sequence[Item]:
    """What was said may be otherwise by now; and what they would not take is told to the desk."""
    call = view.voice.calls[event.call]
    notice = view.notices.get((view.own, call.about))
    items: list[Item] = list(owed_about(view, notice, moment)) if notice is not None else []
    if event.outcome == "REFUSED":
        text = f"{name_of(view, call.peer)} would not take {call.envelope.type} ({call.id}): tell the supervisor"
        items.append(AlarmRaised(code="CALL_REFUSED", about=call.id, text=text, peer=call.peer))
    return items


def _lost(view: View, event: LinkChanged) -> list[Item]:
    """The last bearer was lost: people hear of it at once, and keep to what both signed."""
    line = view.lines[event.peer]
    rest = {key: health for key, health in line.links.items() if key != (event.bearer, event.direction)}
    own = view.own_card
    if event.state != "LOST" or not lost(own, line) or all_lost(own, line, rest):
        return []
    text = f"every bearer to {line.name} is lost: keep to the last agreements, use no shared volume anew, call by voice"
    return [AlarmRaised(code="LINE_LOST", about=line.peer, text=text, peer=line.peer)]


def _cannot_carry(view: View, owed: Draft) -> list[Item]:
    """A LIFE statement that waits for the line: people hear at once that it is not carried, and call."""
    name = view.lines[owed.peer].name
    text = f"{owed.type} to {name} is not carried: its node is not reached, or both records differ. Call by voice, now"
    return [AlarmRaised(code="LIFE_WAITS", about=owed.msg_id, text=text, peer=owed.peer)]


def _line_moved(view: View, peer: Fingerprint, moment: Moment) -> Sequence[Item]:
    """The agreement of a line may be another now: what waited for this state is said, or its checks begin."""
    line = view.lines[peer]
    return [*release(view, line, moment), *checks.opening(view, line, moment)]


def _judged_anew(view: View) -> list[Item]:
    """Other numbers: every pair is judged again, and people are told that what they saw before was by the old ones."""
    ours = [notice for (party, _), notice in view.notices.items() if party == view.own]
    if not view.notices:
        return []
    text = f"this node was started with another table ({view.table_hash[:8]}): conflicts were computed again"
    items: list[Item] = [AlarmRaised(code="TABLE_CHANGED", about=view.table_hash, text=text)]
    return items + [item for notice in ours for item in redetect(view, notice)]


def _line_judged_anew(view: View, event: LineTableSet) -> list[Item]:
    """Other numbers on one line: its pairs are judged again, those of the other lines are not touched."""
    theirs = [notice for (party, _), notice in view.notices.items() if party == event.peer]
    name = view.lines[event.peer].name
    text = f"another table ({event.table_hash[:8]}) holds on the line to {name}: its conflicts were computed again"
    items: list[Item] = [AlarmRaised(code="TABLE_CHANGED", about=event.table_hash, text=text, peer=event.peer)]
    return items + [item for notice in theirs for item in redetect(view, notice)]


def _sent(view: View, event: StatementSealed | StatementRestored, envelope: Envelope, moment: Moment) -> Sequence[Item]:
    slots = envelope.slots
    if isinstance(slots, LineSlots):
        return _line_moved(view, event.peer, moment)
    if isinstance(slots, CheckSlots):
        # An answer of ours may be the last good check of theirs.  Ours that was just sealed has others behind it.
        # The peer that asked is there: where none of ours is under way, what was missed is tried again.
        line = view.lines[event.peer]
        return checks.opening(view, line, moment, again=not line.checks.open) if envelope.reply_to else ()
    if isinstance(slots, AcceptedSlots):
        return arrangement.terms_now(view, view.lines[event.peer], moment.now)
    if isinstance(slots, AgreementSlots):
        return _agreed(view, slots, envelope.to, moment)
    if isinstance(event, StatementRestored) and isinstance(slots, NoticeSlots | CancelSlots | AtSlots):
        notice = view.notices.get((view.own, slots.id))
        return [*redetect(view, notice), *_tell_again(view, notice, moment)] if notice is not None else ()
    return ()


def _tell_again(view: View, notice: Notice, moment: Moment) -> list[Item]:
    """What came back from one peer may be news to another, or have moved the version that it was told."""
    items: list[Item] = []
    for peer in notice.audience:
        told = notice.told.get(peer)
        if may_seal(view.lines[peer]) and not view.lines[peer].owed:
            items += untold(notice, peer, moment)
        elif told is not None and told.version < notice.current.version:
            items.append(tell("NCH", peer, notice.id, notice.current, moment))
    return items


def _received(view: View, peer: Fingerprint, envelope: Envelope, moment: Moment) -> Sequence[Item]:
    slots = envelope.slots
    match slots:
        case CheckSlots():
            return checks.received(view, view.lines[peer], envelope, moment)
        case LineSlots():
            return _line_moved(view, peer, moment)
        case NoticeSlots() if envelope.exercise is not UNSET:
            return ()
        case NoticeSlots():
            return [*_breach(view, peer, slots), *redetect(view, view.notices[(peer, slots.id)])]
        case CancelSlots() | AtSlots():
            notice = view.notices.get((peer, slots.id))
            return redetect(view, notice) if notice is not None else ()
        case ConflictSlots():
            return check_claim(view, peer, slots)
        case AgreementSlots():
            return _agreed(view, slots, peer, moment)
        case ErrSlots():
            return [*_refused_by_peer(view, peer, slots), *arrangement.terms_now(view, view.lines[peer], moment.now)]
        case AcceptedSlots():
            return arrangement.terms_now(view, view.lines[peer], moment.now)
        case AcceptSlots():
            return countersign(view, envelope, moment)
    return ()


def _agreed(view: View, slots: AgreementSlots, peer: Fingerprint, moment: Moment) -> Sequence[Item]:
    """Both new versions took effect: detect again, and tell our change to the other peers of the audience."""
    items: list[Item] = []
    for term in slots.agreement.notices:
        notice = view.notices[(Fingerprint(term.party), term.id)]
        if term.volumes is UNSET and notice.party != view.own:
            continue
        if notice.party == view.own:
            items += [*_tell_again(view, notice, moment), *owed_about(view, notice, moment)]
        items += redetect(view, notice)
    return items


def _breach(view: View, peer: Fingerprint, slots: NoticeSlots) -> list[Item]:
    """A peer enlarged a notice that an agreement in force binds: kept, raised, judged again (line-v1 9.5)."""
    items: list[Item] = []
    for record in view.agreements_of(peer, slots.id):
        if not shrinks(record.bound[(peer, slots.id)], slots.volumes):
            text = f"{view.lines[peer].name} enlarged {slots.id} against agreement {short_id(record.agreement_id)}"
            items.append(AgreementVoid(agreement_id=record.agreement_id, cause="BREACHED"))
            items.append(AlarmRaised(code="AGREEMENT_BREACHED", about=record.agreement_id, text=text, peer=peer))
    return items


def _refused_by_peer(view: View, peer: Fingerprint, slots: ErrSlots) -> list[Item]:
    ids = f": {', '.join(slots.ids)}" if slots.ids else ""
    text = f"{view.lines[peer].name} could not use our statement {slots.epoch}/{slots.seq}: {slots.code}{ids}"
    return [AlarmRaised(code=f"PEER_{slots.code}", about=slots.hash, text=text, peer=peer)]


def _lapsed(view: View, peer: Fingerprint, envelope: Envelope) -> list[Item]:
    """A statement without a gap before it, created after an offer's validity, proves that no ACC was sent."""
    return [
        OfferLapsed(pair_id=conflict.pair_id, proposal=conflict.offer.proposal)
        for conflict in view.own_offers(peer)
        if not any(owed.type == "AGR" and owed.dialog_id == conflict.pair_id for owed in view.lines[peer].owed)
        if conflict.offer is not None and envelope.created_utc >= conflict.offer.valid_until and envelope.type != "ACC"
    ]


def _outlived(view: View, envelope: Envelope) -> list[Item]:
    """The same at the other node: what we sealed after the validity of an offer, without an ACC, ends it here too."""
    return [
        OfferLapsed(pair_id=conflict.pair_id, proposal=conflict.offer.proposal)
        for conflict in view.peer_offers(envelope.to)
        if conflict.offer is not None and conflict.acceptance is None
        if envelope.created_utc >= conflict.offer.valid_until and envelope.type != "ACC"
    ]
