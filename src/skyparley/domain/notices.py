"""Notices: what a desk may cancel, activate, end and ask; what any version and a peer's notice are judged by.

Filing and changing are in filing.py.

Source: DOMAIN 9.2 (NOT-*), 9.8 (DIS-*), line-v1 section 5.
"""

from collections.abc import Collection, Sequence
from typing import Literal, get_args

import msgspec
from msgspec import UNSET

from skyparley.base import limits
from skyparley.base.errors import Reason, Refusal, refuse
from skyparley.base.ids import Fingerprint, short_id
from skyparley.domain.commands import (
    ActivateNotice,
    CancelNotice,
    EndNotice,
    Outcome,
    QueryNotice,
)
from skyparley.domain.detection import by_notice
from skyparley.domain.drafts import draft
from skyparley.domain.events import (
    AlarmRaised,
    NoticeActivated,
    NoticeCancelled,
    NoticeEnded,
    NoticeFiled,
)
from skyparley.domain.forgotten import judge_late_act, judge_late_notice
from skyparley.domain.line_tables import least_sizes
from skyparley.domain.lines import named_peer
from skyparley.domain.messages.catalogue import FIRST_TELLS, StatementType, class_of, may_be_next, told_by
from skyparley.domain.messages.codes import CHANGED_FIELDS, ChangedField, ErrCode, LeadClass
from skyparley.domain.messages.envelope import Envelope
from skyparley.domain.messages.slots import (
    AtSlots,
    CancelSlots,
    ChangeSlots,
    NoticeSlots,
    QuerySlots,
    VolumeSlot,
)
from skyparley.domain.records import LIVE_STATES, NOTHING, Draft, Notice, NoticeVersion, Number, lead_class
from skyparley.domain.table import Table
from skyparley.domain.view import Decided, Item, Moment, Ruling, View
from skyparley.domain.volumes import changed_fields, geometry_reasons, least_size_reasons, shrinks

# --- what the desk asks ----------------------------------------------------------------------------------------


def cancel_notice(view: View, command: CancelNotice, moment: Moment, by: str) -> Ruling:
    """The notice is void; final."""
    notice = own_notice(view, command.id, command.expected_version)
    if isinstance(notice, Refusal):
        return notice
    bound = _awaiting_countersignature(view, notice, moment.now)
    if bound:
        return Refusal(tuple(bound))
    slots = CancelSlots(id=notice.id, reason=command.reason)
    event = NoticeCancelled(id=notice.id, reason=command.reason, by=by)
    return Decided((event, *_each("NCX", notice, slots, moment)), Outcome(refs={"id": notice.id}))


def activate_notice(view: View, command: ActivateNotice, moment: Moment, by: str) -> Ruling:
    """The activity is in use.  It counts as active from the declared start, not before."""
    notice = own_notice(view, command.id, command.expected_version)
    if isinstance(notice, Refusal):
        return notice
    if notice.state == "ACTIVE":
        return refuse("STATE", f"{notice.id} is active since before", field="id")
    if moment.now >= notice.current.end:
        return refuse("STATE", f"{notice.id} ended by its own period; file a new notice", field="id")
    slots = AtSlots(id=notice.id, at=moment.now)
    event = NoticeActivated(id=notice.id, at=moment.now, by=by)
    return Decided((event, *_each("NACT", notice, slots, moment)), Outcome(refs={"id": notice.id}))


def end_notice(view: View, command: EndNotice, moment: Moment, by: str) -> Ruling:
    """Early release or end: our aircraft are clear of the area; final."""
    notice = own_notice(view, command.id, command.expected_version)
    if isinstance(notice, Refusal):
        return notice
    slots = AtSlots(id=notice.id, at=moment.now)
    event = NoticeEnded(id=notice.id, at=moment.now, by=by)
    return Decided((event, *_each("NEND", notice, slots, moment)), Outcome(refs={"id": notice.id}))


def query_notice(view: View, command: QueryNotice, moment: Moment) -> Ruling:
    """NQR: ask the owner of a notice to clarify one field."""
    peer = named_peer(view, command.party)
    if peer is None:
        return refuse("UNKNOWN_PEER", f"no peer is called {command.party!r}", field="party")
    notice = view.notices.get((peer, command.id))
    if notice is None and (peer, command.id) in view.forgotten.notices:
        return refuse("STATE", f"{command.id} was over long ago; its owner is not asked about it any more", field="id")
    if notice is None:
        return refuse("UNKNOWN_NOTICE", f"{command.party} told no notice {command.id!r}", field="id")
    if notice.current.version != command.expected_version:
        return _stale(notice, command.expected_version)
    slots = QuerySlots(id=notice.id, field=command.field)
    return Decided((draft("NQR", peer, slots, moment, version=notice.current.version),))


# --- what a peer tells -----------------------------------------------------------------------------------------


def judge_notice(view: View, envelope: Envelope, now: int) -> tuple[ErrCode, str] | None:
    """NTC and NCH: why the meaning is refused, or None.  Least sizes only mark (DIS-02), they do not refuse."""
    slots = envelope.slots
    assert isinstance(slots, NoticeSlots)
    late = view.forgotten.notices.get((envelope.from_, slots.id))
    if late is not None:
        return judge_late_notice(late, envelope) or _judge_geometry(slots)
    held = view.notices.get((envelope.from_, slots.id))
    wanted = 1 if held is None else held.current.version + 1
    if envelope.type in FIRST_TELLS and held is not None:
        return "VERSION", f"{slots.id} was told before; a change is NCH"
    if envelope.type == "NCH" and held is None:
        return "NOT_OURS", f"{slots.id} was never told"
    if held is not None and held.state not in LIVE_STATES:
        return "STATE", f"{slots.id} is {held.state}"
    if held is not None and not may_be_next(slots.kind, int(envelope.version or 0), held.current.version):
        return "VERSION", f"the next version of {slots.id} is {wanted}"
    if isinstance(slots, ChangeSlots) and held is not None:
        after = NoticeVersion(version=wanted, kind=slots.kind, volumes=slots.volumes, due_regard=slots.due_regard)
        if list(slots.changed) != fields_changed(held.current, after):
            return "SCHEMA", "changed does not list the fields that differ"
    if held is None and envelope.cls != "LIFE" and view.live_notices(envelope.from_) >= limits.NOTICES_LIVE_PER_PARTY:
        return "STATE", f"at most {limits.NOTICES_LIVE_PER_PARTY} live notices of one party"
    return _judge_geometry(slots)


def _judge_geometry(slots: NoticeSlots) -> tuple[ErrCode, str] | None:
    wrong = geometry_reasons(slots.volumes)
    return ("GEOMETRY", wrong[0].text) if wrong else None


def missing_in_key(view: View, envelope: Envelope) -> tuple[str, ...]:
    """Versions of ours that the sender had received, that conflict with its notice, and that its key does not name.

    Judged only against what the sender had seen: whatever came later is crossing.  A full key ends with its last id: what
    sorts behind that had no room.  The first KEY_ENTRIES are told.  Source: NOT-03, line-v1 5.4.
    """
    slots = envelope.slots
    assert isinstance(slots, NoticeSlots)
    seen: Number = NOTHING if envelope.seen is UNSET else envelope.seen.number
    last = slots.key[-1].id if len(slots.key) == limits.KEY_ENTRIES else None
    named = {(entry.id, entry.version): entry.hash for entry in slots.key}
    missing = []
    for key in sorted(by_notice(view.hits(envelope.from_, slots.volumes))):
        notice = view.notices[key]
        told = notice.told.get(envelope.from_)
        if key[0] != view.own or told is None or told.number > seen or told.version != notice.current.version:
            continue
        if last is not None and notice.id > last:
            continue
        if named.get((notice.id, told.version)) != told.hash:
            missing.append(notice.ref)
    return tuple(missing[: limits.KEY_ENTRIES])


def judge_act(view: View, envelope: Envelope) -> tuple[ErrCode, str] | None:
    """NCX, NACT, NEND: of a live notice of the sender, at its current version."""
    slots = envelope.slots
    assert isinstance(slots, CancelSlots | AtSlots)
    late = view.forgotten.notices.get((envelope.from_, slots.id))
    if late is not None:
        return judge_late_act(late, envelope)
    held = view.notices.get((envelope.from_, slots.id))
    if held is None:
        return "NOT_OURS", f"{slots.id} was never told"
    if held.state not in ("NOTIFIED", "ACTIVE") or (envelope.type == "NACT" and held.state == "ACTIVE"):
        return "STATE", f"{slots.id} is {held.state}"
    if _version_known_to_sender(view, held, envelope) != envelope.version:
        return "VERSION", f"{slots.id} is at version {held.current.version}"
    return None


def _version_known_to_sender(view: View, held: Notice, envelope: Envelope) -> int:
    """The version that its owner knew when it spoke: the one before, where our AGR crossed (line-v1 5.8)."""
    told = held.told[envelope.from_]
    seen: Number = NOTHING if envelope.seen is UNSET else envelope.seen.number
    agreed = told.hash in view.agreements or told.hash in view.forgotten.agreements
    crossed = agreed and told.number > seen
    return told.version - 1 if crossed else held.current.version


def judge_query(view: View, envelope: Envelope) -> tuple[ErrCode, str] | None:
    """NQR: about a notice of ours that the asker was told of."""
    slots = envelope.slots
    assert isinstance(slots, QuerySlots)
    late = view.forgotten.notices.get((view.own, slots.id))
    if late is not None and envelope.from_ in late.told:
        return None
    contact = view.voice.contacts.get((envelope.from_, slots.id))
    if contact is not None:
        return None  # It told us of a contact outside the line (OOB), and asks what was meant.
    notice = view.notices.get((view.own, slots.id))
    if notice is None or envelope.from_ not in notice.audience:
        return "NOT_OURS", f"{slots.id} was never told"
    return None


# --- leaves ----------------------------------------------------------------------------------------------------


def fields_changed(before: NoticeVersion, after: NoticeVersion) -> list[ChangedField]:
    """Which fields differ, in the order of the wire."""
    differs = set(changed_fields(before.volumes, after.volumes))
    if before.kind != after.kind:
        differs.add("KIND")
    if before.due_regard != after.due_regard:
        differs.add("DUE REGARD")
    return [name for name in CHANGED_FIELDS if name in differs]


def notice_lead_class(table: Table, version: NoticeVersion, received_utc: int) -> LeadClass:
    """The class of a version by when it was received, or would be (NOT-06)."""
    return lead_class(
        version.start - received_utc,
        planned_ms=table.lead_planned_ms,
        short_ms=table.lead_short_ms,
        immediate_ms=table.lead_immediate_ms,
    )


def shortest_lead(view: View, version: NoticeVersion, readers: Collection[Fingerprint], now: int) -> LeadClass:
    """The class of a version told now; where the readers' tables differ in it, the one that leaves least time."""
    tables = [view.table_of(peer) for peer in readers] or [view.table]
    return max((notice_lead_class(table, version, now) for table in tables), key=get_args(LeadClass).index)


def content_reasons(
    view: View, version: NoticeVersion, now: int, readers: Collection[Fingerprint] = ()
) -> list[Reason]:
    """Everything wrong with a version of ours: geometry, least sizes, a period that is over.

    `readers`: the parties whose tables say how small it may be (line_tables.py); with none, the starting table says.
    """
    return geometry_reasons(version.volumes) or sense_reasons(view, version, now, readers)


def sense_reasons(view: View, version: NoticeVersion, now: int, readers: Collection[Fingerprint] = ()) -> list[Reason]:
    """The same of volumes whose geometry is right: least sizes, a period that is over."""
    reasons = []
    if version.end <= now:
        reasons.append(
            Reason("PERIOD_OVER", "the whole period lies in the past; tell a period that is still ahead", "volumes")
        )
    return reasons + least_size_reasons(version.kind, version.volumes, least_sizes(view, readers))


def bound_reasons(
    view: View, notice: Notice, volumes: Sequence[VolumeSlot], now: int, *, but: str = ""
) -> list[Reason]:
    """What a signature forbids: any change before the countersignature, an enlargement under an agreement.

    `but` is a pair whose agreement does not count: its two parties are about to sign another.
    """
    reasons = _awaiting_countersignature(view, notice, now)
    if shrinks(notice.current.volumes, volumes):
        return reasons
    for record in view.agreements_of(notice.party, notice.id):
        if record.status(now) in ("PENDING", "IN_FORCE") and record.agreement.pair_id != but:
            text = (
                f"{notice.id} is part of agreement {short_id(record.agreement_id)}; until it ends the notice may only shrink. "
                "Cancel it and file a new one to do something else"
            )
            reasons.append(Reason("BOUND_BY_AGREEMENT", text, "volumes", (record.agreement_id,)))
    return reasons


def _awaiting_countersignature(view: View, notice: Notice, now: int) -> list[Reason]:
    return [
        Reason(
            "BOUND_BY_ACCEPTANCE",
            f"you accepted terms for {notice.id}; your signature holds until the other side countersigns or withdraws",
            "id",
            (conflict.pair_id,),
        )
        for conflict in view.conflicts_of(notice.party, notice.id)
        if conflict.acceptance is not None and now < conflict.acceptance.agreement.until
    ]


def own_notice(view: View, notice_id: str, expected_version: int) -> Notice | Refusal:
    """A notice of ours that may still be acted on, at the version that was decided on; or why not."""
    notice = view.notices.get((view.own, notice_id))
    if notice is None and (view.own, notice_id) in view.forgotten.notices:
        return refuse("STATE", f"{notice_id} was over long ago; that is final, file a new notice", field="id")
    if notice is None:
        return refuse("UNKNOWN_NOTICE", f"no notice of ours is called {notice_id!r}", field="id")
    if notice.state in ("ENDED", "CANCELLED"):
        return refuse("STATE", f"{notice_id} is {notice.state.lower()}; that is final", field="id")
    if notice.current.version != expected_version:
        return _stale(notice, expected_version)
    return notice


def _stale(notice: Notice, expected_version: int) -> Refusal:
    text = f"{notice.id} is at version {notice.current.version}, you decided on {expected_version}; look again"
    return refuse("STALE_VERSION", text, field="expected_version", ids=(notice.ref,))


def tell(
    kind: Literal["NTC", "NCH"], peer: Fingerprint, notice_id: str, version: NoticeVersion, moment: Moment
) -> Draft:
    """NTC, or the type that its kind is told by; NCH where the peer knows a version before.  `key` and `changed` are put in at sealing, by what is so then."""
    slots = NoticeSlots(id=notice_id, kind=version.kind, volumes=version.volumes, due_regard=version.due_regard, key=())
    if kind == "NTC":
        return draft(told_by(version.kind), peer, slots, moment, version=version.version)
    change = ChangeSlots(**{name: getattr(slots, name) for name in slots.__struct_fields__}, changed=())
    return draft("NCH", peer, change, moment, version=version.version, cls=class_of(version.kind))


def another_was_filed(notice: Notice, envelope: Envelope) -> bool:
    """Whether an NTC of ours that comes back names an id that our desk gave to another notice since (line-v1 7.7)."""
    return envelope.type in FIRST_TELLS and not notice.told and notice.filed_at > envelope.created_utc


def file_anew(view: View, notice: Notice, moment: Moment) -> list[Item]:
    """A notice whose id turned out to be taken by one that was lost: the same activity under the next free id."""
    fresh = view.next_notice_id()
    version = msgspec.structs.replace(notice.current, version=1)
    items: list[Item] = [
        NoticeFiled(
            id=fresh,
            kind=version.kind,
            volumes=version.volumes,
            due_regard=version.due_regard,
            audience=notice.audience,
            by="restore",
        )
    ]
    items += [tell("NTC", peer, fresh, version, moment) for peer in notice.audience]
    if notice.state == "ACTIVE":
        at = notice.active_at or moment.now
        items.append(NoticeActivated(id=fresh, at=at, by="restore"))
        slots = AtSlots(id=fresh, at=at)
        items += [draft("NACT", peer, slots, moment, version=1) for peer in notice.audience]
    text = f"{notice.id} was given twice: a lost notice of that id came back; what you filed since is {fresh} now"
    items.append(AlarmRaised(code="NOTICE_RENAMED", about=fresh, text=text))
    return items


def changed_since_told(view: View, peer: Fingerprint, slots: ChangeSlots) -> tuple[ChangedField, ...]:
    """What an NCH of ours changes in what the peer was told before."""
    before = view.notices[(view.own, slots.id)].told[peer].content
    after = NoticeVersion(version=0, kind=slots.kind, volumes=slots.volumes, due_regard=slots.due_regard)
    return tuple(fields_changed(before, after))


def _each(kind: StatementType, notice: Notice, slots: CancelSlots | AtSlots, moment: Moment) -> list[Item]:
    cls = class_of(notice.current.kind) if kind == "NCX" else ""
    return [draft(kind, peer, slots, moment, version=notice.current.version, cls=cls) for peer in notice.audience]
