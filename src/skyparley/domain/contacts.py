"""Contact outside the line: recorded one-sided, told and queried where the peer has a line, and never acted on by itself.

What was announced on television is a banner beside the line's word and does not change it; a call that nobody vouches for
is kept as UNAUTHENTICATED, with the numbers by which to call back.  Source: DOMAIN LINE-09, 10.2 OOB, 11.4 walk-in.
"""

from skyparley.base import limits
from skyparley.base.canonical import canonical
from skyparley.base.errors import Reason, Refusal, refuse
from skyparley.base.ids import Fingerprint, digest
from skyparley.domain import voice_commands as v
from skyparley.domain.calls import call_for
from skyparley.domain.clauses import free_text_allowed, in_force
from skyparley.domain.commands import NoteUnauthenticated, Outcome
from skyparley.domain.drafts import draft
from skyparley.domain.line_views import saying_reasons
from skyparley.domain.lines import named_peer
from skyparley.domain.messages.arrangement_slots import FrequenciesClause
from skyparley.domain.messages.codes import QueryField
from skyparley.domain.messages.matter_slots import ContactSlots
from skyparley.domain.messages.slots import QuerySlots
from skyparley.domain.misuse import decide_misuse
from skyparley.domain.parties import all_names, named_voice, said_by_voice
from skyparley.domain.records import Line
from skyparley.domain.view import Decided, Moment, Ruling, View
from skyparley.domain.voice_events import BannerTakenDown, ContactRecorded
from skyparley.domain.voice_records import BANNERS, Contact
from skyparley.language.words import free_text_reasons

QUERIES: tuple[QueryField, ...] = ("AREA", "LEVELS", "PERIOD")
"""What a walk-in leaves open and the desk is offered to ask (DOMAIN 11.4)."""


def record(view: View, command: v.RecordContact, moment: Moment, by: str) -> Ruling:
    """A contact, kept as it was made."""
    at = moment.now if command.at is None else command.at
    reasons = _gist_reasons(command)
    if at > moment.now:
        reasons.append(Reason("AT", "it was made now or before; the time lies ahead", "at"))
    peer = _party(view, command.peer) if command.peer else Fingerprint("")
    if peer is None:
        known = ", ".join(all_names(view)) or "none"
        reasons.append(Reason("UNKNOWN_PEER", f"no party is called {command.peer!r}; there are: {known}", "peer"))
    elif not peer and command.kind in BANNERS:
        reasons.append(Reason("PEER", f"a contact of kind {command.kind} names the party that it is about", "peer"))
    if reasons:
        return Refusal(tuple(reasons))
    contact_id = f"OOB-{view.voice.contacts_made + 1:04d}"
    recorded = ContactRecorded(
        id=contact_id,
        how=command.how,
        who=command.who,
        at=at,
        gist=command.gist,
        kind=command.kind,
        by=by,
        peer=peer or Fingerprint(""),
    )
    can = list(QUERIES) if peer else []
    return Decided((recorded,), Outcome(refs={"contact": contact_id, "ask": can, "inferred": "NOTHING"}))


def _gist_reasons(command: v.RecordContact) -> list[Reason]:
    found = free_text_reasons(command.gist.text, command.gist.lang)
    return [Reason(one.code, one.text, "gist") for one in found]


def tell(view: View, command: v.TellContact, moment: Moment, by: str) -> Ruling:
    """OOB to the peer that it is about; by a call, where that peer has only a telephone."""
    contact = _about_somebody(view, command)
    if isinstance(contact, Refusal):
        return contact
    if contact.peer in contact.told:
        return Decided((), Outcome(result="ALREADY", refs={"contact": contact.id}))
    slots = ContactSlots(id=contact.id, how=contact.how, who=contact.who, at=contact.at, gist=contact.gist)
    if contact.peer in view.voice.peers:
        said = said_by_voice(view, "OOB", contact.peer, slots, moment)
        return Decided((call_for(view, said, moment, about=contact.id),), Outcome(refs={"contact": contact.id}))
    line = view.lines[contact.peer]
    reasons = saying_reasons(view, line, "OOB", "ADMIN")
    if not free_text_allowed(line):
        text = f"the terms with {line.name} take no own words, and a gist is nothing else; speak by voice"
        reasons.append(Reason("FREE_TEXT_OFF", text, "contact"))
    if reasons:
        return Refusal(tuple(reasons))
    item = draft("OOB", contact.peer, slots, moment)
    return Decided((item,), Outcome(refs={"contact": contact.id, "msg_id": item.msg_id}))


def query(view: View, command: v.QueryContact, moment: Moment, by: str) -> Ruling:
    """N6 about a contact: the peer hears first what it is about (OOB), and then what we ask."""
    contact = _about_somebody(view, command)
    if isinstance(contact, Refusal):
        return contact
    slots = QuerySlots(id=contact.id, field=command.field)
    if contact.peer in view.voice.peers:
        said = said_by_voice(view, "NQR", contact.peer, slots, moment, version=1)
        return Decided((call_for(view, said, moment, about=contact.id),), Outcome(refs={"contact": contact.id}))
    if contact.peer not in contact.told:
        return refuse(
            "TELL_FIRST", "tell the contact to the peer first: it must know what is asked about", field="contact"
        )
    reasons = saying_reasons(view, view.lines[contact.peer], "NQR", "COORD")
    if reasons:
        return Refusal(tuple(reasons))
    item = draft("NQR", contact.peer, slots, moment, version=1)
    return Decided((item,), Outcome(refs={"contact": contact.id, "msg_id": item.msg_id}))


def take_down(view: View, command: v.TakeDownBanner, moment: Moment, by: str) -> Ruling:
    """The banner goes; the record stays."""
    contact = _ours(view, command)
    if isinstance(contact, Refusal):
        return contact
    if not contact.banner:
        return refuse("STATE", f"no banner of {contact.id} stands", field="contact")
    return Decided((BannerTakenDown(id=contact.id, by=by),), Outcome(refs={"contact": contact.id}))


def enter_unsigned(view: View, command: v.EnterUnsigned, moment: Moment, by: str) -> Ruling:
    """A call in somebody's name: kept among what is UNAUTHENTICATED, and the numbers by which to ask that party."""
    wrong = free_text_reasons(command.text.text, command.text.lang)
    if wrong:
        return Refusal(tuple(Reason(one.code, one.text, "text") for one in wrong))
    claimed = _party(view, command.claimed)
    text = f"{command.how}: {command.text.text}"[: limits.UNAUTHENTICATED_CHARS]
    hashed = digest(canonical([command.claimed, moment.now, text]))
    noted = NoteUnauthenticated(
        claimed=claimed or "", hash=hashed, text=text, source=command.how, why=f"SAID TO BE OF {command.claimed}"[:64]
    )
    decided = decide_misuse(view, noted, moment)
    if not decided.items:
        text = "as many unsigned texts as are kept in an hour are kept already; write this one down by hand"
        return refuse("TOO_MANY", text, field="text")
    numbers = call_back(view, claimed) if claimed else ()
    ask = f"call {command.claimed} back by the book, never by a number that the caller gave"
    return Decided(decided.items, Outcome(refs={"hash": hashed, "call_back": list(numbers), "do": ask}))


def call_back(view: View, party: Fingerprint) -> tuple[str, ...]:
    """By what to ask a party whether it called: its numbers, or the frequencies that both signed for its line."""
    peer = view.voice.peers.get(party)
    if peer is not None:
        return peer.numbers
    line = view.lines.get(party)
    return radio_of(line) if line is not None else ()


# --- leaves ------------------------------------------------------------------------------------------------------


def _party(view: View, text: str) -> Fingerprint | None:
    peer = named_peer(view, text)
    if peer is not None:
        return peer
    voice = named_voice(view, text)
    return voice.peer if voice is not None else None


def _ours(view: View, command: v.AboutContact) -> Contact | Refusal:
    contact = view.voice.contacts.get((view.own, command.contact))
    if contact is None:
        return refuse("UNKNOWN_CONTACT", f"no contact of ours is called {command.contact[:32]!r}", field="contact")
    return contact


def _about_somebody(view: View, command: v.AboutContact) -> Contact | Refusal:
    contact = _ours(view, command)
    if isinstance(contact, Refusal):
        return contact
    if not contact.peer:
        text = f"{contact.id} is about no party that is known here; record it again with its peer"
        return refuse("NO_PEER", text, field="contact")
    return contact


def radio_of(line: Line) -> tuple[str, ...]:
    """The frequencies of the radio card that both signed, as people say them."""
    body = in_force(line, "FREQUENCIES")
    if not isinstance(body, FrequenciesClause):
        return ()
    return tuple(f"{one.hz // 1_000_000}.{one.hz % 1_000_000 // 1_000:03d} MHz {one.use}" for one in body.frequencies)
