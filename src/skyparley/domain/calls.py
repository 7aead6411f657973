"""What we owe a peer with only a telephone: calls, from what falls due to the summary of what was said.

A notice of ours that names it, a change, a cancellation, and whatever our desk says to it each become a call.  What nobody has
said yet is overtaken by what is so now; what was said is changed by another call.  Source: DOMAIN LINE-06, 8 "Voice summary".
"""

from collections.abc import Sequence
from typing import Final

from msgspec import UNSET

from skyparley.base.canonical import canonical
from skyparley.base.errors import Reason, Refusal, refuse
from skyparley.base.ids import Fingerprint
from skyparley.domain import voice_commands as v
from skyparley.domain.commands import Outcome
from skyparley.domain.ladder import MISSED, call_by, ladder, start_of
from skyparley.domain.messages.catalogue import StatementType, told_by
from skyparley.domain.messages.codes import Post
from skyparley.domain.messages.envelope import Envelope, to_plain
from skyparley.domain.messages.matter_slots import ReadBackValues
from skyparley.domain.messages.slots import AtSlots, CancelSlots, ChangeSlots, NoticeSlots, Wire
from skyparley.domain.notices import fields_changed
from skyparley.domain.parties import name_of, said_by_voice
from skyparley.domain.read_back import differing, values_of
from skyparley.domain.records import LIVE_STATES, Notice
from skyparley.domain.view import Decided, Item, Moment, Ruling, View
from skyparley.domain.voice_events import CallDropped, CallDue, CallRang, CallRecorded, CallStarted
from skyparley.domain.voice_records import Call
from skyparley.language.words import free_text_reasons

TAKES_UP: Final = frozenset({"NTC", "HAZ", "HUM", "SAR", "NCH", "NCX", "NACT", "NEND"})
"""What is said of a notice of ours: what is so now overtakes it while nobody called."""


# --- what falls due ----------------------------------------------------------------------------------------------


def call_for(view: View, envelope: Envelope, moment: Moment, *, place: int = 0, about: str = "") -> CallDue:
    """A call that says this.  `place`: how many calls the same decision makes before it.  By when: as an acknowledgment."""
    table = view.table_of(Fingerprint(envelope.to))
    due = call_by(table, envelope, moment.now, start_of(envelope))
    steps = ladder(table, envelope, {"ACK": due}, at=moment.now, ours=False, silent=False)
    return CallDue(
        call=f"CALL-{view.voice.calls_made + 1 + place:04d}",
        peer=Fingerprint(envelope.to),
        payload=canonical(to_plain(envelope)).decode(),
        due=due,
        steps=steps,
        about=about,
    )


def owed_about(view: View, notice: Notice, moment: Moment) -> list[Item]:
    """Calls that a notice of ours owes as it is now, to each voice peer that it names; and those that it overtakes."""
    items: list[Item] = []
    for peer in notice.by_voice:
        waiting = _waiting(view, notice.id, peer)
        if any(call.state == "CALLED" for call in waiting):
            continue  # Somebody is speaking: what is so now is looked at when that call was recorded.
        said = _to_say(view, notice, peer, moment)
        if said is not None and any(_says(call, said) for call in waiting):
            continue
        items += [CallDropped(call=call.id, peer=peer, why="OVERTAKEN") for call in waiting]
        if said is not None:
            made = sum(1 for item in items if isinstance(item, CallDue))
            items.append(call_for(view, said, moment, place=made, about=notice.id))
    return items


def _waiting(view: View, notice_id: str, peer: Fingerprint) -> list[Call]:
    """Calls about a notice that were not made, or are being made."""
    return [
        call
        for call in view.voice.calls.values()
        if call.peer == peer and call.about == notice_id and call.state in ("DUE", "CALLED")
    ]


def _says(call: Call, said: Envelope) -> bool:
    held = call.envelope
    return (held.type, held.version, held.slots) == (said.type, said.version, said.slots)


def _to_say(view: View, notice: Notice, peer: Fingerprint, moment: Moment) -> Envelope | None:
    """The next thing that the peer must hear so that it knows the notice as it is; None where it does."""
    told, current = notice.called.get(peer), notice.current
    version = current.version
    live = notice.live_for(peer)
    kind: StatementType
    slots: Wire
    if told is None:
        if not live:
            return None
        kind, slots = told_by(current.kind), _content(notice)
    elif told.state not in LIVE_STATES:
        return None
    elif notice.state == "CANCELLED":
        kind, slots = "NCX", CancelSlots(id=notice.id, reason="NOT STATED")
    elif notice.state == "ENDED":
        kind, slots = "NEND", AtSlots(id=notice.id, at=notice.ended_at or moment.now)
    elif not live:
        return None
    elif changed := fields_changed(told.content, current):
        slots = ChangeSlots(
            id=notice.id,
            kind=current.kind,
            volumes=current.volumes,
            due_regard=current.due_regard,
            key=(),
            changed=tuple(changed),
        )
        kind = "NCH"
    elif notice.state == "ACTIVE" and told.state == "NOTIFIED":
        kind, slots = "NACT", AtSlots(id=notice.id, at=notice.active_at or moment.now)
    else:
        return None
    return said_by_voice(view, kind, peer, slots, moment, version=version)


def _content(notice: Notice) -> NoticeSlots:
    current = notice.current
    return NoticeSlots(id=notice.id, kind=current.kind, volumes=current.volumes, due_regard=current.due_regard, key=())


# --- calling -----------------------------------------------------------------------------------------------------


def start(view: View, command: v.StartCall, moment: Moment, by: str) -> Ruling:
    """The stopwatch begins.  A colleague who was first is an answer and no mistake."""
    call = _call(view, command)
    if isinstance(call, Refusal):
        return call
    if call.state != "DUE":
        return Decided((), Outcome(result="ALREADY", refs={"call": call.id, "state": call.state}))
    return Decided((CallStarted(call=call.id, peer=call.peer, by=by),), Outcome(refs={"call": call.id}))


def record(view: View, command: v.RecordCall, moment: Moment, by: str) -> Ruling:
    """What the call came to.  A read-back that differs is kept, and the call is not over until it was read back rightly."""
    call = _call(view, command)
    if isinstance(call, Refusal):
        return call
    if call.state == "DUE":
        return refuse("CALL_FIRST", "start the call first: its time counts from when you pick up", field="call")
    if not call.open:
        text = f"this call is over: {call.outcome}"
        return refuse("STATE", text, field="call")
    reasons = _reasons(call, command)
    if reasons:
        return Refusal(tuple(reasons))
    said = values_of(call.envelope.slots)
    differs = differing(view.table_of(call.peer), said, command.values) if command.values is not None else ()
    recorded = CallRecorded(
        call=call.id,
        peer=call.peer,
        outcome=command.outcome,
        by=by,
        post=command.post or "",
        values=command.values,
        differs=differs,
        summary=command.summary,
    )
    result = "MISMATCH" if differs else "DONE"
    return Decided((recorded,), Outcome(result=result, refs={"call": call.id, "differs": list(differs)}))


def _reasons(call: Call, command: v.RecordCall) -> list[Reason]:
    reasons: list[Reason] = []
    has_data = values_of(call.envelope.slots) != ReadBackValues()
    if command.outcome == "REACHED":
        if command.post is None and not call.post:
            text = "say which post took the call: a role and never a name"
            reasons.append(Reason("POST", text, "post"))
        if has_data and command.values is None and call.read_back != "MATCH":
            text = "ask for the data to be read back and enter what was said"
            reasons.append(Reason("READ_BACK_FIRST", text, "values"))
        if not has_data and command.values is not None:
            reasons.append(Reason("NOTHING_TO_READ_BACK", "this call holds no place, level or time", "values"))
    elif command.values is not None:
        text = f"nothing was read back in a call that came to {command.outcome}"
        reasons.append(Reason("NOTHING_TO_READ_BACK", text, "values"))
    elif call.state == "SUMMARY":
        reasons.append(Reason("STATE", "it was reached and read back; enter the summary with REACHED", "outcome"))
    if command.outcome == "REFUSED" and command.summary is None:
        reasons.append(Reason("SUMMARY", "say in the summary how it was refused", "summary"))
    if command.summary is not None:
        found = free_text_reasons(command.summary.text, command.summary.lang)
        reasons += [Reason(one.code, one.text, "summary") for one in found]
    return reasons


def _call(view: View, command: v.AboutCall) -> Call | Refusal:
    call = view.voice.calls.get(command.call)
    if call is None:
        return refuse("UNKNOWN_CALL", f"no call is called {command.call[:32]!r}", field="call")
    if command.expected_revision and command.expected_revision != call.revision:
        text = f"it is at revision {call.revision}, you decided on {command.expected_revision}; look again"
        return refuse("STALE_REVISION", text, field="expected_revision")
    return call


# --- clocks ------------------------------------------------------------------------------------------------------


def summary_steps(call: Call, started_at: int, summary_ms: int) -> tuple[tuple[int, Post], ...]:
    """Whom to ring while the summary is missing: the desk at its time, and who is rung for what is missed as late again."""
    due = started_at + summary_ms
    return ((due, "DESK"), (due + summary_ms, MISSED[call.cls]))


def rings(view: View, call_id: str, now: int) -> Sequence[Item]:
    """Whoever is to be rung by now about a call; each post once, however many of its steps passed while the node was down."""
    call = view.voice.calls.get(call_id)
    if call is None or not call.open:
        return ()
    envelope = call.envelope
    said = f"{envelope.type} to {name_of(view, call.peer)} ({call.id})"
    code, missing = ("CALL", "call now") if call.state == "DUE" else ("SUMMARY", "the summary of the call is missing")
    if call.state == "DUE" and call.due <= now:
        missing = "not called in time"
    posts = dict.fromkeys(post for when, post in call.ladder if when <= now)
    return [
        CallRang(
            call=call.id,
            peer=call.peer,
            post=post,
            cls=call.cls,
            code="CALL" if code == "CALL" else "SUMMARY",
            text=f"{said}: {missing}",
        )
        for post in posts
    ]


def free_text_of(envelope: Envelope) -> str:
    """Own words that are said beside the phrase; empty where there are none."""
    return "" if envelope.free_text is UNSET else envelope.free_text.text
