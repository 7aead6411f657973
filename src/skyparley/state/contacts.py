"""Contacts outside the line in the state: entered here, told to a peer, or told to us by one."""

from skyparley.base import limits
from skyparley.base.ids import Fingerprint
from skyparley.domain.messages.matter_slots import ContactSlots
from skyparley.domain.messages.slots import Wire
from skyparley.domain.view import Taken
from skyparley.domain.voice_events import BannerTakenDown, ContactRecorded
from skyparley.domain.voice_records import Contact
from skyparley.state.projection import State


def contact_recorded(state: State, event: ContactRecorded, at: int) -> None:
    """What somebody said outside the line, as our desk entered it."""
    state.voice.contacts_made += 1
    contact = Contact(
        party=state.own,
        id=event.id,
        how=event.how,
        who=event.who,
        at=event.at,
        gist=event.gist,
        kind=event.kind,
        entered_at=at,
        peer=event.peer,
    )
    _keep_contact(state, contact)


def _keep_contact(state: State, contact: Contact) -> None:
    """The oldest leave memory, and never one whose banner stands."""
    contacts = state.voice.contacts
    contacts[(contact.party, contact.id)] = contact
    over = len(contacts) - limits.CONTACTS_KEPT
    for key in [key for key, one in contacts.items() if not one.banner][: max(over, 0)]:
        del contacts[key]


def taken_down(state: State, event: BannerTakenDown, at: int) -> None:
    """The record stays, the banner goes."""
    contact = state.voice.contacts.get((state.own, event.id))
    if contact is not None:
        contact.taken_down_at = at


def fold_contact(state: State, taken: Taken, *, ours: bool) -> None:
    """OOB: ours is told; the peer's is kept as its word and infers nothing."""
    envelope = taken.envelope
    slots = envelope.slots
    assert isinstance(slots, ContactSlots), "OOB has such slots"
    if ours:
        note_contact_told(state, slots, Fingerprint(envelope.to))
        return
    contact = Contact(
        party=Fingerprint(envelope.from_),
        id=slots.id,
        how=slots.how,
        who=slots.who,
        at=slots.at,
        gist=slots.gist,
        kind="CONTACT",
        entered_at=taken.at,
        peer=Fingerprint(envelope.from_),
        told=(state.own,),
    )
    _keep_contact(state, contact)


def note_contact_told(state: State, slots: Wire, peer: Fingerprint) -> None:
    """A peer heard of a contact of ours; nothing where it is something else."""
    if not isinstance(slots, ContactSlots):
        return
    contact = state.voice.contacts.get((state.own, slots.id))
    if contact is not None and peer not in contact.told:
        contact.told = (*contact.told, peer)
