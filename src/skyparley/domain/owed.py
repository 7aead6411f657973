"""What waited for a line, when the line is ready: what still fits is sealed in its order, then the rest is told.

A node that was restored decided meanwhile on an older record.  What the peer holds came back before anything is sealed;
a waiting statement that does not follow from it is dropped, and what the peer does not know is told anew.
Source: line-v1 7.7.
"""

from collections.abc import Sequence

import msgspec

from skyparley.base.ids import Fingerprint
from skyparley.domain.agreements import still_countersigns
from skyparley.domain.clause_records import ClauseBook
from skyparley.domain.clauses import clause_name
from skyparley.domain.crossings import crossing_key, period
from skyparley.domain.drafts import draft
from skyparley.domain.events import OwedDropped
from skyparley.domain.lines import ACTS, may_seal, next_ready, reached
from skyparley.domain.messages.arrangement_slots import CrossingSlots, TermsSlots
from skyparley.domain.messages.catalogue import FIRST_TELLS, class_of, may_be_next, slots_of
from skyparley.domain.messages.matter_slots import LineSlots
from skyparley.domain.messages.slots import (
    AgreementSlots,
    AtSlots,
    CancelSlots,
    ConflictSlots,
    NoticeSlots,
)
from skyparley.domain.notices import tell
from skyparley.domain.records import LIVE_STATES, Draft, Line, Notice, OwedDraft
from skyparley.domain.view import Item, Moment, View


def release(view: View, line: Line, moment: Moment) -> Sequence[Item]:
    """The next that waited, sealed or dropped; when none waits, what the peer does not know yet."""
    if not reached(line):
        return ()
    first = next_ready(line)
    if first is None and (line.owed or not may_seal(line)):
        return ()
    if first is None:
        return [item for notice in _ours(view, line.peer) for item in untold(notice, line.peer, moment)]
    why = _unfit(view, first, moment.now)
    return [OwedDropped(peer=line.peer, msg_id=first.msg_id, why=why)] if why else [OwedDraft(first)]


def instead(line: Line, item: Draft) -> list[Item]:
    """A statement that says how things are now, in the place of those of its type that wait: they say how things were."""
    older = [owed for owed in line.owed if owed.type == item.type and not owed.exercise]
    return [*(OwedDropped(peer=line.peer, msg_id=owed.msg_id, why="a newer one waits") for owed in older), item]


def never_told(line: Line, notice: Notice) -> list[OwedDropped]:
    """What waits of a notice that the peer never heard of: none of it is said, for the notice is told as it is now.

    From the last to the first, so that none of them is ever the next to be sealed.  Nothing where the peer holds the
    notice, or where none waits.
    """
    about = [owed for owed in line.owed if owed.slots.get("id") == notice.id and not owed.exercise]
    if line.peer in notice.told or not any(owed.type in FIRST_TELLS for owed in about):
        return []
    return [
        OwedDropped(peer=line.peer, msg_id=owed.msg_id, why="the notice is told as it is now")
        for owed in reversed(about)
        if owed.type in FIRST_TELLS or owed.type in ACTS
    ]


def untold(notice: Notice, peer: Fingerprint, moment: Moment) -> list[Draft]:
    """What a peer of the audience must hear so that it holds a notice of ours as it is; mostly nothing."""
    told = notice.told.get(peer)
    drafts: list[Draft] = []
    if told is None:
        if not notice.live:
            return []
        drafts.append(tell("NTC", peer, notice.id, notice.current, moment))
    elif told.state not in LIVE_STATES:
        return []
    elif notice.state in LIVE_STATES:
        drafts += [
            tell("NCH", peer, notice.id, msgspec.structs.replace(notice.current, version=version), moment)
            for version in range(told.version + 1, notice.current.version + 1)
        ]
    known = "NOTIFIED" if told is None else told.state
    version = told.version if told is not None and notice.state not in LIVE_STATES else notice.current.version
    match notice.state:
        case "ACTIVE" if known == "NOTIFIED":
            at = AtSlots(id=notice.id, at=notice.active_at or moment.now)
            drafts.append(draft("NACT", peer, at, moment, version=version))
        case "CANCELLED":
            cancel = CancelSlots(id=notice.id, reason="NOT STATED")
            drafts.append(draft("NCX", peer, cancel, moment, version=version, cls=class_of(notice.current.kind)))
        case "ENDED":
            at = AtSlots(id=notice.id, at=notice.ended_at or moment.now)
            drafts.append(draft("NEND", peer, at, moment, version=version))
    return drafts


def _ours(view: View, peer: Fingerprint) -> list[Notice]:
    return [notice for notice in view.notices.values() if notice.party == view.own and peer in notice.audience]


def _unfit(view: View, owed: Draft, now: int) -> str:
    """Why a waiting statement is not to be sealed any more; empty where it is."""
    if owed.exercise:
        return ""  # It follows from nothing real, and no notice of ours stands behind it.
    slots = msgspec.convert(owed.slots, slots_of(owed.type, in_dialogue=bool(owed.dialog_id)))
    match slots:
        case NoticeSlots():
            return _notice_unfit(view.notices[(view.own, slots.id)], owed, slots)
        case CancelSlots() | AtSlots():
            told = view.notices[(view.own, slots.id)].told.get(owed.peer)
            live = told is not None and (told.state == "NOTIFIED" or (told.state == "ACTIVE" and owed.type != "NACT"))
            return "" if live and told is not None and told.version == owed.version else "the peer holds it otherwise"
        case LineSlots():
            return _change_unfit(view, owed)
        case ConflictSlots():
            conflict = view.conflicts.get(slots.pair_id)
            same = conflict is not None and conflict.live and conflict.conflict_id == slots.conflict_id
            return "" if same else "the conflict is gone"
        case TermsSlots():
            book = view.lines[owed.peer].terms.get(clause_name(slots.body), ClauseBook())
            answers = not owed.reply_to or (book.open is not None and book.open.msg_id == owed.reply_to)
            return "" if slots.version > book.signed_version and answers else "the clause was overtaken"
        case CrossingSlots():
            held = view.lines[owed.peer].crossings.get(crossing_key(view.own, slots.id))
            follows = slots.version == (1 if held is None else held.version + 1)
            return "" if follows and period(slots)[1] > now else "the crossing is over, or was said otherwise"
        case AgreementSlots():
            return "" if still_countersigns(view, slots, now) else "the terms were overtaken, or are signed already"
    return ""


def _change_unfit(view: View, owed: Draft) -> str:
    """A suspension that stands already, or one to be lifted that came back as lifted."""
    line = view.lines[owed.peer]
    stands = view.own in line.suspended_by
    if line.state == "TERMINATED":
        return "the line is terminated"
    coming = any(change.what == "SUSP" and change.by == view.own for change in line.changes)
    fits = {"SUSP": not stands, "RESM": stands or coming}.get(owed.type, True)
    return "" if fits else "it says of the line what is so already"


def _notice_unfit(notice: Notice, owed: Draft, slots: NoticeSlots) -> str:
    told = notice.told.get(owed.peer)
    if told is not None and told.state not in LIVE_STATES:
        return "the peer holds it as over"
    follows = told is None
    if owed.type not in FIRST_TELLS:
        follows = told is not None and may_be_next(slots.kind, owed.version, told.version)
    if not follows or owed.version > notice.current.version or notice.state not in LIVE_STATES:
        # A notice that is over meanwhile is told as over, if it was told at all.
        return "" if follows and notice.state not in LIVE_STATES and told is not None else "the peer holds it otherwise"
    now = (notice.current.kind, notice.current.volumes, notice.current.due_regard)
    if owed.version == notice.current.version and now != (slots.kind, slots.volumes, slots.due_regard):
        return "the notice says something else by now"
    return ""
