"""Peers with only a telephone: pinned by name, heard by our desk, which signs what it heard as HEARD, one-sided.

What was heard takes part in detection and asks our people as any statement does; it is never proposed on and never becomes
an agreement.  What we do about it is recorded here and sent to nobody.  Source: DOMAIN LINE-06; journal-v1 6.4.
"""

from typing import Any

import msgspec

from skyparley.base import limits
from skyparley.base.errors import Reason, Refusal, refuse
from skyparley.base.ids import Fingerprint
from skyparley.domain import voice_commands as v
from skyparley.domain.commands import Outcome
from skyparley.domain.detection import by_notice, pair_id
from skyparley.domain.matters import shapes_said
from skyparley.domain.messages.catalogue import CATALOGUE, StatementType, told_by
from skyparley.domain.messages.envelope import Envelope
from skyparley.domain.messages.slots import AtSlots, CancelSlots, ChangeSlots, NoticeSlots, VolumeSlot, Wire
from skyparley.domain.notices import fields_changed
from skyparley.domain.parties import name_of, said_by_voice, usable_name, voice_peer
from skyparley.domain.records import LIVE_STATES, Notice, NoticeVersion
from skyparley.domain.view import Decided, Item, Moment, Ruling, View
from skyparley.domain.voice_events import VoicePeerPinned
from skyparley.domain.voice_records import HeardDraft, VoicePeer, heard_content, voice_id
from skyparley.domain.volumes import geometry_reasons, shape_reasons


def pin(view: View, command: v.PinVoicePeer, moment: Moment, by: str) -> Ruling:
    """A voice peer, or newer languages and numbers of one that is pinned."""
    wrong = usable_name(view, command.name)
    if wrong is not None:
        return wrong
    peer = voice_id(view.own, command.name)
    if peer not in view.voice.peers and len(view.voice.peers) >= limits.VOICE_PEERS:
        return refuse("TOO_MANY", f"at most {limits.VOICE_PEERS} peers with only a telephone", field="name")
    pinned = VoicePeerPinned(
        peer=peer,
        name=command.name,
        languages=tuple(dict.fromkeys(command.languages)),
        numbers=command.numbers,
        by=by,
    )
    return Decided((pinned,), Outcome(refs={"peer": command.name, "fingerprint": peer}))


# --- what was heard of notices -----------------------------------------------------------------------------------


def hear_notice(view: View, command: v.HearNotice, moment: Moment, by: str) -> Ruling:
    """A notice of theirs, version 1.  Sizes are not asked of it: it is kept as it was heard."""
    found = _source(view, command, moment.now)
    if isinstance(found, Refusal):
        return found
    peer, at = found
    key = (peer.peer, command.id)
    if key in view.notices or key in view.forgotten.notices:
        text = f"{peer.name} told {command.id} before; enter a change, or give this one another id"
        return refuse("ID_TAKEN", text, field="id")
    if view.live_notices(peer.peer) >= limits.NOTICES_LIVE_PER_PARTY:
        return refuse("TOO_MANY", f"at most {limits.NOTICES_LIVE_PER_PARTY} live notices of one party", field="")
    reasons = geometry_reasons(command.volumes)
    if reasons:
        return Refusal(tuple(reasons))
    slots = NoticeSlots(
        id=command.id, kind=command.kind, volumes=command.volumes, due_regard=command.due_regard, key=()
    )
    envelope = said_by_voice(view, told_by(command.kind), peer.peer, slots, moment, theirs=True, version=1)
    return _heard(view, envelope, command, at=at, by=by, met=_pairs(view, peer, command.id, command.volumes))


def hear_change(view: View, command: v.HearChange, moment: Moment, by: str) -> Ruling:
    """The next version of a notice that was heard before."""
    found = _held(view, command, moment.now)
    if isinstance(found, Refusal):
        return found
    peer, at, notice = found
    before = notice.current
    after = NoticeVersion(
        version=before.version + 1,
        kind=command.kind or before.kind,
        volumes=command.volumes or before.volumes,
        due_regard=command.due_regard or before.due_regard,
    )
    changed = fields_changed(before, after)
    reasons = geometry_reasons(after.volumes)
    if not changed:
        reasons.append(Reason("NOTHING_CHANGED", "the new version says the same as the one before", ""))
    if reasons:
        return Refusal(tuple(reasons))
    slots = ChangeSlots(
        id=notice.id,
        kind=after.kind,
        volumes=after.volumes,
        due_regard=after.due_regard,
        key=(),
        changed=tuple(changed),
    )
    envelope = said_by_voice(view, "NCH", peer.peer, slots, moment, theirs=True, version=after.version)
    return _heard(view, envelope, command, at=at, by=by, met=_pairs(view, peer, notice.id, after.volumes))


def hear_act(view: View, command: v.HearActive | v.HearCancel | v.HearEnd, moment: Moment, by: str) -> Ruling:
    """Their notice is in use, will not be, or is over."""
    found = _held(view, command, moment.now)
    if isinstance(found, Refusal):
        return found
    peer, at, notice = found
    kind: StatementType
    slots: Wire
    match command:
        case v.HearCancel():
            kind, slots = "NCX", CancelSlots(id=notice.id, reason="NOT STATED")
        case v.HearEnd():
            kind, slots = "NEND", AtSlots(id=notice.id, at=at)
        case _:
            kind, slots = "NACT", AtSlots(id=notice.id, at=at)
            if notice.state == "ACTIVE":
                return refuse("STATE", f"{notice.id} is active since before", field="id")
    envelope = said_by_voice(view, kind, peer.peer, slots, moment, theirs=True, version=notice.current.version)
    return _heard(view, envelope, command, at=at, by=by)


def _held(view: View, command: v.AboutHeard, now: int) -> tuple[VoicePeer, int, Notice] | Refusal:
    found = _source(view, command, now)
    if isinstance(found, Refusal):
        return found
    peer, at = found
    notice = view.notices.get((peer.peer, command.id))
    if notice is None and (peer.peer, command.id) in view.forgotten.notices:
        return refuse("STATE", f"{command.id} was over long ago; enter it as a new notice", field="id")
    if notice is None:
        return refuse("UNKNOWN_NOTICE", f"no notice {command.id!r} was heard of {peer.name}", field="id")
    if notice.state not in LIVE_STATES:
        return refuse("STATE", f"{notice.id} is {notice.state.lower()}; that is final", field="id")
    if notice.current.version != command.expected_version:
        text = (
            f"{notice.id} is at version {notice.current.version}, you decided on {command.expected_version}; look again"
        )
        return refuse("STALE_VERSION", text, field="expected_version", ids=(notice.ref,))
    return peer, at, notice


def _pairs(view: View, peer: VoicePeer, notice_id: str, volumes: tuple[VolumeSlot, ...]) -> tuple[str, ...]:
    """The conflicts that it makes with notices of ours: the answer says them at once."""
    return tuple(sorted(pair_id((peer.peer, notice_id), key) for key in by_notice(view.hits(peer.peer, volumes))))


# --- what was heard that asks for something ----------------------------------------------------------------------


def hear_matter(view: View, command: v.HearMatter, moment: Moment, by: str) -> Ruling:
    """A stop request, a distress, a question: it rings and runs its clocks as if it had come by a line."""
    found = _source(view, command, moment.now)
    if isinstance(found, Refusal):
        return found
    peer, at = found
    try:
        slots = msgspec.convert(command.slots, CATALOGUE[command.type].slots)
    except (msgspec.ValidationError, ValueError) as error:
        return refuse("SLOTS", f"slots of {command.type}: {error}", field="slots")
    reasons = [reason for shape in shapes_said(slots) for reason in shape_reasons(shape)]
    if reasons:
        return Refusal(tuple(reasons))
    envelope = said_by_voice(view, command.type, peer.peer, slots, moment, theirs=True)
    return _heard(view, envelope, command, at=at, by=by)


# --- leaves --------------------------------------------------------------------------------------------------------


def _source(view: View, command: v.Hear, now: int) -> tuple[VoicePeer, int] | Refusal:
    """Who was heard, and when."""
    peer = voice_peer(view, command.peer)
    if isinstance(peer, Refusal):
        return peer
    at = now if command.at is None else command.at
    if at > now:
        return refuse("AT", "it was heard now or before; the time lies ahead", field="at")
    return peer, at


def _heard(view: View, envelope: Envelope, command: v.Hear, *, at: int, by: str, met: tuple[str, ...] = ()) -> Decided:
    """To be signed by our own desk role as heard."""
    slots = envelope.slots
    notice_id = slots.id if isinstance(slots, NoticeSlots | CancelSlots | AtSlots) else ""
    content = heard_content(envelope, command.post, command.how, at)
    item: Item = HeardDraft(peer=Fingerprint(envelope.from_), id=notice_id, content=content, by=by)
    refs: dict[str, Any] = {"peer": name_of(view, envelope.from_), "msg_id": envelope.msg_id}
    if notice_id:
        refs |= {"id": notice_id, "version": envelope.version}
    return Decided((item,), Outcome(refs=refs, conflicts=met))
