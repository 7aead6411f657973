"""One command about voice peers, calls and contacts to its ruling: the table of who decides what."""

from skyparley.base.errors import refuse
from skyparley.domain import calls, contacts, voice_peers
from skyparley.domain import voice_commands as v
from skyparley.domain.commands import Outcome, QueryNotice
from skyparley.domain.messages.slots import QuerySlots
from skyparley.domain.parties import named_voice, said_by_voice
from skyparley.domain.view import Decided, Moment, Ruling, View


def decide_voice(view: View, command: v.VoiceCommand, moment: Moment, by: str) -> Ruling:
    """The ruling on a command whose person was asked for before."""
    match command:
        case v.PinVoicePeer():
            return voice_peers.pin(view, command, moment, by)
        case v.HearNotice():
            return voice_peers.hear_notice(view, command, moment, by)
        case v.HearChange():
            return voice_peers.hear_change(view, command, moment, by)
        case v.HearActive() | v.HearCancel() | v.HearEnd():
            return voice_peers.hear_act(view, command, moment, by)
        case v.HearMatter():
            return voice_peers.hear_matter(view, command, moment, by)
        case v.StartCall():
            return calls.start(view, command, moment, by)
        case v.RecordCall():
            return calls.record(view, command, moment, by)
        case v.RecordContact():
            return contacts.record(view, command, moment, by)
        case v.TellContact():
            return contacts.tell(view, command, moment, by)
        case v.QueryContact():
            return contacts.query(view, command, moment, by)
        case v.TakeDownBanner():
            return contacts.take_down(view, command, moment, by)
        case v.EnterUnsigned():
            return contacts.enter_unsigned(view, command, moment, by)
    raise AssertionError(f"no decision for {type(command).__name__}")


def query_by_voice(view: View, command: QueryNotice, moment: Moment) -> Ruling | None:
    """N6 about a notice that was heard: the question is called in.  None where the notice is of a peer with a line."""
    peer = named_voice(view, command.party)
    if peer is None:
        return None
    notice = view.notices.get((peer.peer, command.id))
    if notice is None:
        return refuse("UNKNOWN_NOTICE", f"no notice {command.id!r} was heard of {peer.name}", field="id")
    if notice.current.version != command.expected_version:
        text = (
            f"{notice.id} is at version {notice.current.version}, you decided on {command.expected_version}; look again"
        )
        return refuse("STALE_VERSION", text, field="expected_version", ids=(notice.ref,))
    slots = QuerySlots(id=notice.id, field=command.field)
    said = said_by_voice(view, "NQR", peer.peer, slots, moment, version=notice.current.version)
    due = calls.call_for(view, said, moment, about=f"{peer.name} {notice.id}")
    return Decided((due,), Outcome(refs={"calls": {peer.name: due.call}}))
