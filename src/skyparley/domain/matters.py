"""What a desk says on its own, and what it does about what was said to it: acknowledge, read back, pass on, do, answer.

An acknowledgment is never agreement.  Any officer on duty may act; two who act at once do not contradict each other: the
second hears what the first said.  Source: DOMAIN 0.1, 10.2, 11.2, NOT-08, LIV-05 to LIV-08; line-v1 section 11.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import UNSET

from skyparley.base.errors import Reason, Refusal, refuse
from skyparley.base.ids import Fingerprint
from skyparley.base.times import SECOND
from skyparley.domain import commands as c
from skyparley.domain.calls import call_for
from skyparley.domain.clauses import free_text_allowed
from skyparley.domain.crossings import is_over
from skyparley.domain.drafts import draft
from skyparley.domain.events import MatterPutAway
from skyparley.domain.heard_acts import act_on_heard
from skyparley.domain.ladder import latest_put_off
from skyparley.domain.line_views import saying_reasons
from skyparley.domain.lines import named_peer
from skyparley.domain.matter_records import GAVE_WAY, Matter, may_reopen
from skyparley.domain.messages import matter_slots as m
from skyparley.domain.messages.arrangement_slots import CoverageSlots
from skyparley.domain.messages.catalogue import CATALOGUE, FIRST_TELLS, StatementType
from skyparley.domain.messages.slots import NoticeSlots, ShapeSlot, Wire
from skyparley.domain.parties import all_names, name_of, named_voice, said_by_voice
from skyparley.domain.read_back import differing, values_of
from skyparley.domain.records import Draft
from skyparley.domain.view import Decided, Moment, Ruling, View
from skyparley.domain.voice_events import CallDue
from skyparley.domain.volumes import geometry_reasons, shape_reasons
from skyparley.language.words import free_text_reasons

# --- saying --------------------------------------------------------------------------------------------------------


def say(view: View, command: c.Say, moment: Moment) -> Ruling:
    """A statement of its own to one or more peers."""
    if command.type in FIRST_TELLS and not command.exercise:
        return refuse("FILE_IT", "a real notice is filed, so that it is compared with the others", field="type")
    peers, called, reasons = _named(view, command.peers)
    version = 1 if command.type in FIRST_TELLS else 0
    try:
        slots = msgspec.convert(command.slots, CATALOGUE[command.type].slots)
    except (msgspec.ValidationError, ValueError) as error:
        return Refusal((*reasons, Reason("SLOTS", f"slots of {command.type}: {error}", "slots")))
    reasons += _content(view, slots, peers, exercise=command.exercise)
    if command.free_text is not None:
        reasons += free_text_reasons(command.free_text.text, command.free_text.lang)
    for peer in peers:
        if command.free_text is not None and not free_text_allowed(view.lines[peer]):
            text = f"the terms with {view.lines[peer].name} take no own words beside the code; leave them out"
            reasons.append(Reason("FREE_TEXT_OFF", text, "free_text"))
        reasons += saying_reasons(view, view.lines[peer], command.type, CATALOGUE[command.type].cls or "ADMIN")
    if called and command.exercise:
        text = "an exercise is not called in: a telephone has no mark that keeps it apart from what is real"
        reasons.append(Reason("EXERCISE", text, "peers"))
    if reasons:
        return Refusal(tuple(reasons))
    items = [
        draft(
            command.type,
            peer,
            slots,
            moment,
            version=version,
            exercise=command.exercise,
            free_text=command.free_text,
        )
        for peer in peers
    ]
    calls = _calls(view, command, slots, called, moment)
    refs: dict[str, Any] = {"msg_ids": {view.lines[item.peer].name: item.msg_id for item in items}}
    if calls:
        refs["calls"] = {name_of(view, call.peer): call.call for call in calls}
    return Decided((*items, *calls), c.Outcome(refs=refs))


def _calls(view: View, command: c.Say, slots: Wire, called: Sequence[Fingerprint], moment: Moment) -> list[CallDue]:
    """The same to those who have only a telephone: a person calls them."""
    return [
        call_for(
            view,
            said_by_voice(view, command.type, peer, slots, moment, free_text=command.free_text),
            moment,
            place=place,
        )
        for place, peer in enumerate(called)
    ]


def _named(view: View, names: Sequence[str]) -> tuple[list[Fingerprint], list[Fingerprint], list[Reason]]:
    """Peers with a line, peers that are called, and whoever is not known."""
    found: list[Fingerprint] = []
    called: list[Fingerprint] = []
    reasons: list[Reason] = []
    for name in names:
        peer = named_peer(view, name)
        voice = named_voice(view, name)
        if voice is not None:
            called += [voice.peer] if voice.peer not in called else []
        elif peer is None:
            known = ", ".join(all_names(view)) or "none is pinned"
            reasons.append(Reason("UNKNOWN_PEER", f"no peer is called {name!r}; there are: {known}", "peers"))
        elif peer not in found:
            found.append(peer)
    return found, called, reasons


def _content(view: View, slots: Wire, peers: Sequence[Fingerprint], *, exercise: bool) -> list[Reason]:
    """What is wrong with its places, and with what it says it re-opens."""
    reasons = [reason for shape in shapes_said(slots) for reason in shape_reasons(shape)]
    reopens = getattr(slots, "reopens", UNSET)
    if reopens is not UNSET:
        before = view.matters.get(reopens)
        if (
            before is None
            or list(peers) != [before.peer]
            or not may_reopen(before, before.peer, ours=True, exercise=exercise)
        ):
            text = (
                "no stop request of ours to this peer alone has this hash, real or exercise as this one is; "
                "leave `reopens` out for a new one"
            )
            reasons.append(Reason("UNKNOWN_STATEMENT", text, "reopens"))
    return reasons


def shapes_said(slots: Wire) -> list[ShapeSlot]:
    """The areas that a statement draws; usually none."""
    match slots:
        case NoticeSlots():
            return [volume.shape for volume in slots.volumes]
        case m.RelaySlots():
            inner = slots.stop if slots.stop is not UNSET else slots.distress
            return shapes_said(inner) if isinstance(inner, Wire) else []
        case m.StopSlots():
            return [slots.area]
        case CoverageSlots():
            return list(slots.areas)
        case m.DistressSlots() | m.InterferenceSlots():
            return [] if slots.area is UNSET else [slots.area]
    return []


# --- acting --------------------------------------------------------------------------------------------------------


def acknowledge(view: View, command: c.Acknowledge, moment: Moment, by: str) -> Ruling:
    """ACK.  What must be read back first is refused until it was, rightly."""
    matter = _theirs(view, command)
    if isinstance(matter, Refusal):
        return matter
    if matter.acked_at is not None:
        return _already(matter, "acknowledged")
    if matter.read_back in ("DUE", "MISMATCH"):
        return _read_back_first(view, matter)
    slots = m.AckSlots(hash=matter.hash, post=view.post_of(by))
    return _reply(view, matter, "ACK", slots, moment)


def _read_back_first(view: View, matter: Matter) -> Refusal:
    if matter.read_back == "DUE":
        return refuse("READ_BACK_FIRST", "read the data back first: it is compared with what was said", field="values")
    text = f"what was read back differs from what was said: {', '.join(matter.differs)}. Ask, and read it back again"
    return refuse("READ_BACK_MISMATCH", text, field="values", ids=matter.differs)


def read_back(view: View, command: c.ReadBackMatter, moment: Moment) -> Ruling:
    """RDB: compared here and there; a mismatch is shown at both ends and blocks the acknowledgment."""
    matter = _theirs(view, command)
    if isinstance(matter, Refusal):
        return matter
    if matter.read_back == "MATCH":
        return _already(matter, "read back rightly")
    if matter.acked_at is not None and not matter.read_back:
        return _already(matter, "acknowledged")
    said = values_of(matter.envelope.slots)
    if said == m.ReadBackValues():
        return refuse("NOTHING_TO_READ_BACK", f"this {matter.type} holds no place, level or time", field="values")
    differs = differing(view.table_of(matter.peer), said, command.values)
    slots = m.ReadBackSlots(hash=matter.hash, values=command.values, differs=differs)
    ruling = _reply(view, matter, "RDB", slots, moment)
    if isinstance(ruling, Refusal):
        return ruling
    return Decided(ruling.items, c.Outcome(result="MISMATCH" if differs else "MATCH", refs={"differs": list(differs)}))


def pass_on(view: View, command: c.PassOn, moment: Moment) -> Ruling:
    """PAS: the controlling unit was told."""
    matter = _theirs(view, command)
    if isinstance(matter, Refusal):
        return matter
    if matter.acked_at is None:
        return refuse(
            "ACK_FIRST", "acknowledge it first; then say when the controlling unit was told", field="statement"
        )
    if matter.passed is not None:
        return _already(matter, "passed on")
    at = moment.now if command.at is None else command.at
    if at > moment.now:
        return refuse("AT", "the time when the unit was told is now or before", field="at")
    slots = m.PassedSlots(hash=matter.hash, at=at, action=command.action or UNSET, level=command.level or UNSET)
    return _reply(view, matter, "PAS", slots, moment)


def report_done(view: View, command: c.ReportDone, moment: Moment) -> Ruling:
    """DON."""
    matter = _closable(view, command)
    if isinstance(matter, Refusal):
        return matter
    slots = m.DoneSlots(hash=matter.hash, action=command.action, level=command.level or UNSET)
    return _reply(view, matter, "DON", slots, moment)


def refuse_matter(view: View, command: c.RefuseMatter, moment: Moment) -> Ruling:
    """RFS: said plainly, with a coded reason: better than silence."""
    matter = _closable(view, command)
    if isinstance(matter, Refusal):
        return matter
    return _reply(view, matter, "RFS", m.RefusedSlots(hash=matter.hash, reason=command.reason), moment)


def _closable(view: View, command: c.AboutMatter) -> Matter | Refusal:
    matter = _theirs(view, command)
    if isinstance(matter, Refusal):
        return matter
    if "DON" not in CATALOGUE[matter.type].asks:
        return refuse(
            "NOTHING_TO_DO", f"{matter.type} asks nobody to do anything; pass it on or answer it", field="statement"
        )
    if matter.closed:
        text = f"it was said before: {matter.closed}, {matter.outcome}. A matter that begins again is re-opened by its sender"
        return refuse("ALREADY_CLOSED", text, field="statement")
    if matter.acked_at is None:
        return refuse("ACK_FIRST", "acknowledge it first", field="statement")
    return matter


def put_away(view: View, command: c.PutAway, by: str) -> Ruling:
    """A matter of either side that is over, or expired, leaves sight by a person's act.  What is still asked stays."""
    matter = _known(view, command)
    if isinstance(matter, Refusal):
        return matter
    if not matter.over:
        asked = ", ".join(sorted(matter.due))
        return refuse("STATE", f"{asked} is still asked of people; this is put away when it is over", field="statement")
    return Decided((MatterPutAway(statement=matter.hash, by=by),), c.Outcome(refs={"statement": matter.hash}))


def answer_identity(view: View, command: c.AnswerIdentity, moment: Moment) -> Ruling:
    """IDA.  It may be revised; only OURS ends the doubt, and NOT OURS clears nothing (LIV-05)."""
    matter = _theirs(view, command)
    if isinstance(matter, Refusal):
        return matter
    if matter.type != "IDQ":
        return refuse("NOT_A_QUESTION", f"{matter.type} does not ask whose aircraft it is", field="statement")
    limit = matter.taken_at + view.table_of(matter.peer).identity_revise_ms
    if moment.now > limit:
        return refuse("TOO_LATE", "an answer is revised within a day; call the other desk", field="statement")
    if (command.answer == "CHECKING") == (command.until is None) or (command.until or moment.now + 1) <= moment.now:
        return refuse(
            "UNTIL", "CHECKING says by when an answer comes, later than now; other answers do not", field="until"
        )
    if (command.until or 0) > limit:
        return refuse("UNTIL", "an answer comes within a day of the question; say an earlier time", field="until")
    until = UNSET if command.until is None else command.until
    slots = m.IdentityAnswerSlots(hash=matter.hash, answer=command.answer, until=until)
    return _reply(view, matter, "IDA", slots, moment)


def answer_matter(view: View, command: c.AnswerMatter, moment: Moment) -> Ruling:
    """ACC, REJ, CPR, SBY to what asks for an answer and is no conflict."""
    matter = _theirs(view, command)
    if isinstance(matter, Refusal):
        return matter
    if "ANSWER" not in CATALOGUE[matter.type].asks or matter.type not in ANSWERED_HERE:
        return refuse("NOTHING_TO_ANSWER", f"{matter.type} does not ask for this answer", field="statement")
    if matter.type == "XNG" and is_over(view.lines[matter.peer], matter.hash, moment.now):
        return refuse("STATE", "this crossing is over; it is answered no more", field="statement")
    if matter.outcome in GAVE_WAY:
        return refuse(
            "STATE", f"this statement is {matter.outcome}; answer the one that came after it", field="statement"
        )
    if matter.outcome in ("ACC", "REJ"):
        return _already(matter, f"answered {matter.outcome}")
    if matter.type == "TBL" and command.answer in ("ACC", "CPR"):
        text = "a clause is accepted (accept_clause) or countered (a draft, then propose) by two persons"
        return refuse("TWO_PERSONS", text, field="answer")
    if command.answer == "ACC" and matter.read_back in ("DUE", "MISMATCH"):
        return _read_back_first(view, matter)
    if command.answer == "SBY" and (late := _put_off_reason(view, matter, command, moment.now)) is not None:
        return late
    slots = _answer_slots(matter, command, moment.now)
    return slots if isinstance(slots, Refusal) else _reply(view, matter, command.answer, slots, moment)


def _put_off_reason(view: View, matter: Matter, command: c.AnswerMatter, now: int) -> Refusal | None:
    """Why an answer may not be put off so: it was once before, or the time is beyond what the table gives people."""
    if matter.stood_by:
        return refuse("STATE", "the answer was put off once; now it is ACC, REJ or CPR, or a call", field="answer")
    limit = latest_put_off(view.table_of(matter.peer), matter.envelope, taken_at=matter.taken_at, now=now)
    if command.until is not None and command.until > limit:
        text = f"an answer to this {matter.type} is put off by {(limit - now) // SECOND} s at most"
        return refuse("UNTIL", text, field="until")
    return None


ANSWERED_HERE: Final = frozenset({"SAR", "TBL", "MTG", "XNG"})
"""Types that the general answer serves.  A clause is accepted and countered by two persons, in acts of their own."""


def _answer_slots(matter: Matter, command: c.AnswerMatter, now: int) -> Wire | Refusal:
    match command.answer:
        case "ACC":
            return m.AcceptedSlots(hash=matter.hash)
        case "REJ" if command.reason is not None:
            return m.NotAcceptedSlots(hash=matter.hash, reason=command.reason)
        case "CPR" if matter.type == "MTG":
            if command.start is None or command.end is None or not now < command.start < command.end:
                return refuse("INCOMPLETE", "CPR to a meeting needs start and end of a time to come", field="start")
            return m.CounteredSlots(hash=matter.hash, start=command.start, end=command.end)
        case "CPR" if command.volumes:
            wrong = geometry_reasons(command.volumes)
            return Refusal(tuple(wrong)) if wrong else m.CounteredSlots(hash=matter.hash, volumes=command.volumes)
        case "SBY" if command.until is not None and command.until > now:
            return m.LaterSlots(hash=matter.hash, until=command.until)
    needs = {"REJ": "reason", "CPR": "volumes", "SBY": "until, later than now"}[command.answer]
    return refuse("INCOMPLETE", f"{command.answer} needs {needs}", field=needs.split(",")[0])


# --- leaves --------------------------------------------------------------------------------------------------------


def _theirs(view: View, command: c.AboutMatter) -> Matter | Refusal:
    matter = _known(view, command)
    if isinstance(matter, Matter) and matter.ours:
        return refuse("OWN_STATEMENT", "this is our own statement; the other side acts on it", field="statement")
    return matter


def _known(view: View, command: c.AboutMatter) -> Matter | Refusal:
    matter = view.matters.get(command.statement)
    if matter is None and command.statement in view.forgotten.matters:
        return refuse("STATE", "this statement was over long ago", field="statement")
    if matter is None:
        return refuse("UNKNOWN_STATEMENT", f"no statement has the hash {command.statement[:64]!r}", field="statement")
    if command.expected_revision and command.expected_revision != matter.revision:
        text = f"it is at revision {matter.revision}, you decided on {command.expected_revision}; look again"
        return refuse("STALE_REVISION", text, field="expected_revision")
    return matter


def _already(matter: Matter, what: str) -> Decided:
    """A colleague was first: that is an answer and no mistake, so nobody rings twice about it."""
    return Decided((), c.Outcome(result="ALREADY", refs={"statement": matter.hash, "state": matter.state, "was": what}))


def _reply(view: View, matter: Matter, kind: StatementType, slots: Wire, moment: Moment) -> Ruling:
    """What we say about a statement of the peer: its class, its exercise mark, and the right to say it come from there."""
    if matter.heard is not None:
        return act_on_heard(view, matter, kind, slots, moment)
    reasons = saying_reasons(view, view.lines[matter.peer], kind, matter.cls, parent=matter.type)
    if reasons:
        return Refusal(tuple(reasons))
    if any(owed.type in ONCE.get(kind, ()) and says_of(owed) == matter.hash for owed in view.lines[matter.peer].owed):
        return _already(matter, f"said {kind}; it waits for the line")
    item = reply_to(matter, kind, slots, moment)
    return Decided((item,), c.Outcome(refs={"statement": matter.hash, "msg_id": item.msg_id}))


ONCE: Final[Mapping[StatementType, tuple[StatementType, ...]]] = {
    "ACK": ("ACK",),
    "PAS": ("PAS",),
    "DON": ("DON", "RFS"),
    "RFS": ("DON", "RFS"),
    "ACC": ("ACC", "REJ"),
    "REJ": ("ACC", "REJ"),
}
"""What is said once about a statement, also while it waits for the line: an act beside it would contradict it."""


def says_of(owed: Draft) -> str:
    """The hash of the statement that a waiting act is about; empty where it is about none."""
    return "" if owed.dialog_id else str(owed.slots.get("hash", ""))


def reply_to(matter: Matter, kind: StatementType, slots: Wire, moment: Moment, **members: Any) -> Draft:
    """The draft of a reply to a matter."""
    return draft(
        kind, matter.peer, slots, moment, reply_to=matter.msg_id, cls=matter.cls, exercise=matter.exercise, **members
    )
