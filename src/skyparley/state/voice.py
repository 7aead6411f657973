"""What is heard of voice peers, and what becomes of calls to them: what each event does to the state."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from skyparley.base.ids import Fingerprint
from skyparley.domain import voice_events as ve
from skyparley.domain.calls import summary_steps
from skyparley.domain.event_base import Event
from skyparley.domain.heard_records import HeardFrom
from skyparley.domain.matter_records import Rung
from skyparley.domain.messages.catalogue import slots_of
from skyparley.domain.messages.codes import ReadBackField
from skyparley.domain.messages.envelope import Envelope, meaning_again
from skyparley.domain.messages.slots import AtSlots, CancelSlots, NoticeSlots
from skyparley.domain.notices import notice_lead_class
from skyparley.domain.records import NOTHING, Notice, NoticeState, NoticeVersion, Told
from skyparley.domain.rings_kept import Ring
from skyparley.domain.view import Taken
from skyparley.domain.voice_records import Call, Heard, VoicePeer, read_heard
from skyparley.state.contacts import contact_recorded, note_contact_told, taken_down
from skyparley.state.matters import act_about, take_up
from skyparley.state.projection import State
from skyparley.state.ringing import keep_ring
from skyparley.state.statements import set_content, settle

# --- peers and what they say -------------------------------------------------------------------------------------


def _pinned(state: State, event: ve.VoicePeerPinned, at: int) -> None:
    state.voice.peers[event.peer] = VoicePeer(
        peer=event.peer, name=event.name, languages=event.languages, numbers=event.numbers, pinned_at=at
    )


def _heard_notice(state: State, event: ve.HeardNotice, at: int) -> None:
    """It stands in the lists as any notice of another does; `heard` says how it came."""
    heard = read_heard(event.jws)
    slots = heard.envelope.slots
    if isinstance(slots, NoticeSlots):
        _told(state, event.peer, heard, slots, at)
        return
    assert isinstance(slots, CancelSlots | AtSlots), "what is heard of a notice"
    notice = state.notices[(event.peer, slots.id)]
    match heard.envelope.type:
        case "NCX":
            notice.state, notice.ended_at = "CANCELLED", at
        case "NEND" if isinstance(slots, AtSlots):
            notice.state, notice.ended_at = "ENDED", slots.at
        case "NACT" if isinstance(slots, AtSlots) and notice.state == "NOTIFIED":
            notice.state, notice.active_at = "ACTIVE", slots.at
    notice.heard = heard.source
    notice.told[event.peer] = msgspec.structs.replace(notice.told[event.peer], state=notice.state)
    settle(state, notice, at)


def _told(state: State, peer: Fingerprint, heard: Heard, slots: NoticeSlots, at: int) -> None:
    version = int(heard.envelope.version or 1)
    content = NoticeVersion(version=version, kind=slots.kind, volumes=slots.volumes, due_regard=slots.due_regard)
    notice = state.notices.get((peer, slots.id))
    if notice is None:
        notice = Notice(party=peer, id=slots.id, current=content, decided_at=at)
    set_content(state, notice, content, at)
    notice.heard = heard.source
    notice.told[peer] = Told(NOTHING, heard.source.hash, content, notice.state)
    notice.received_utc = at
    notice.lead_class = notice_lead_class(state.table_of(peer), content, at)
    settle(state, notice, at)
    if heard.envelope.type == "SAR":
        _ask(state, peer, heard.envelope, heard.source, at)


def _heard_matter(state: State, event: ve.HeardMatter, at: int) -> None:
    heard = read_heard(event.jws)
    _ask(state, event.peer, heard.envelope, heard.source, at)


def _ask(state: State, peer: Fingerprint, envelope: Envelope, source: HeardFrom, at: int) -> None:
    """It asks our people with the clocks and the ladder of any statement."""
    taken = Taken(envelope, source.hash, at)
    take_up(state, peer, taken, ours=False)
    matter = state.matters.get(source.hash)
    if matter is not None:
        matter.heard = source


def _acted(state: State, event: ve.HeardActed, at: int) -> None:
    """What our people did about it, as the reply that it would be on a line."""
    matter = state.matters.get(event.statement)
    if matter is None:
        return
    said = matter.envelope
    slots = msgspec.convert(event.slots, slots_of(event.type, in_dialogue=False))
    reply = msgspec.structs.replace(
        said,
        from_=state.own,
        to=event.peer,
        type=event.type,
        msg_id=event.msg_id,
        reply_to=matter.msg_id,
        created_utc=at,
        code=msgspec.UNSET,
        free_text=msgspec.UNSET,
        slots=slots,
    )
    act_about(state, Taken(reply, "", at), ours=True)


# --- calls -------------------------------------------------------------------------------------------------------


def _call_due(state: State, event: ve.CallDue, at: int) -> None:
    envelope = meaning_again(event.payload.encode())
    call = Call(
        id=event.call,
        peer=event.peer,
        payload=event.payload,
        cls=envelope.cls,
        about=event.about,
        made_at=at,
        due=event.due,
        steps=event.steps,
        ladder=event.steps,
    )
    state.voice.calls[call.id] = call
    state.voice.calls_made += 1
    _set_clock(state, call, at)


def _call_dropped(state: State, event: ve.CallDropped, at: int) -> None:
    call = state.voice.calls[event.call]
    call.outcome = "DROPPED"
    _close(state, call, "DROPPED", at)


def _call_started(state: State, event: ve.CallStarted, at: int) -> None:
    call = state.voice.calls[event.call]
    summary_ms = state.table_of(call.peer).voice_summary_ms
    call.state, call.started_at, call.summary_due = "CALLED", at, at + summary_ms
    call.tries += 1
    call.revision += 1
    call.ladder = summary_steps(call, at, summary_ms)
    _set_clock(state, call, at)


def _call_recorded(state: State, event: ve.CallRecorded, at: int) -> None:
    call = state.voice.calls[event.call]
    call.revision += 1
    call.outcome = event.outcome
    call.post = event.post or call.post
    call.summary = event.summary or call.summary
    if event.outcome == "NO ANSWER":
        call.state, call.started_at, call.summary_due = "DUE", None, None
        call.ladder = tuple(step for step in call.steps if step[0] > at)
        _set_clock(state, call, at)
        return
    if event.values is not None:
        call.read_back = "MISMATCH" if event.differs else "MATCH"
        call.read_back_values = event.values
        call.differs = msgspec.convert(event.differs, tuple[ReadBackField, ...])
    if event.outcome == "REACHED" and event.differs:
        return  # It is not over until it was read back rightly.
    if call.state == "CALLED":
        _note_said(state, call)
    if event.outcome == "REFUSED" or call.summary is not None:
        _close(state, call, "DONE", at)
    else:
        call.state = "SUMMARY"


def _note_said(state: State, call: Call) -> None:
    """What the peer knows of a notice of ours from here on."""
    envelope = call.envelope
    slots = envelope.slots
    if not isinstance(slots, NoticeSlots | CancelSlots | AtSlots):
        note_contact_told(state, slots, call.peer)
        return
    notice = state.notices.get((state.own, slots.id))
    if notice is None:
        return
    before = notice.called.get(call.peer)
    if isinstance(slots, NoticeSlots):
        content = NoticeVersion(
            version=int(envelope.version or 1), kind=slots.kind, volumes=slots.volumes, due_regard=slots.due_regard
        )
        notice.called[call.peer] = Told(NOTHING, call.id, content, before.state if before is not None else "NOTIFIED")
    elif before is not None:
        notice.called[call.peer] = msgspec.structs.replace(before, state=_AFTER[envelope.type], hash=call.id)


_AFTER: Final[Mapping[str, NoticeState]] = {"NCX": "CANCELLED", "NEND": "ENDED", "NACT": "ACTIVE"}


def _call_rang(state: State, event: ve.CallRang, at: int) -> None:
    call = state.voice.calls[event.call]
    call.rung.append(Rung(event.post, at))
    ring = Ring(
        state.position,
        at,
        event.post,
        event.code,
        event.text,
        cls=event.cls,
        peer=event.peer,
        msg_id=call.envelope.msg_id,
        about=call.id,
        phrase=call.envelope.code or "",
    )
    keep_ring(state.rings, ring)


def _close(state: State, call: Call, how: Any, at: int) -> None:
    call.state, call.closed_at, call.ladder = how, at, ()
    call.revision += 1
    state.deadlines.clear("CALL", call.id)
    state.deadlines.set("FORGET CALL", call.id, at + state.keep_ms)


def _set_clock(state: State, call: Call, at: int) -> None:
    if call.ladder:
        state.deadlines.set("CALL", call.id, call.ladder[0][0])
    else:
        state.deadlines.clear("CALL", call.id)


def call_rang(state: State, call_id: str, at: int) -> None:
    """The steps of its ladder up to now are behind us."""
    call = state.voice.calls[call_id]
    call.ladder = tuple(step for step in call.ladder if step[0] > at)
    _set_clock(state, call, at)


def forget_call(state: State, call_id: str) -> None:
    """It was over long ago; the journal keeps it."""
    state.voice.calls.pop(call_id, None)


VOICE_FOLDS: Final[Mapping[type[Event], Callable[[State, Any, int], None]]] = {
    ve.VoicePeerPinned: _pinned,
    ve.HeardNotice: _heard_notice,
    ve.HeardMatter: _heard_matter,
    ve.HeardActed: _acted,
    ve.CallDue: _call_due,
    ve.CallDropped: _call_dropped,
    ve.CallStarted: _call_started,
    ve.CallRecorded: _call_recorded,
    ve.CallRang: _call_rang,
    ve.ContactRecorded: contact_recorded,
    ve.BannerTakenDown: taken_down,
}
"""Which fold takes which event."""
