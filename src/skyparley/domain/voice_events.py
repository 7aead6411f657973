"""Events of peers with only a telephone, of calls to them, and of contact outside the line."""

from typing import Any, Literal

from skyparley.base.ids import Fingerprint
from skyparley.domain.event_base import Event
from skyparley.domain.messages.codes import Class, ContactHow, ContactKind, ContactWho, Language, Post
from skyparley.domain.messages.matter_slots import FreeText, ReadBackValues


class VoicePeerPinned(Event, frozen=True, kw_only=True):
    """A party without a node is known by name: no key, no card, no feed.  Pinned again it gets newer numbers."""

    peer: Fingerprint
    name: str
    languages: tuple[Language, ...]
    numbers: tuple[str, ...]
    by: str


class HeardNotice(Event, frozen=True, kw_only=True):
    """What a voice peer said of a notice of its own, as our desk heard it.  `jws`: signed by our own desk role alone."""

    peer: Fingerprint
    id: str
    jws: str
    by: str


class HeardMatter(Event, frozen=True, kw_only=True):
    """What a voice peer said that asks people for something, signed as heard by our own desk role alone."""

    peer: Fingerprint
    jws: str
    by: str


class HeardActed(Event, frozen=True, kw_only=True):
    """What our people did about a heard statement, named by its hash.  It is recorded here and sent to nobody."""

    peer: Fingerprint
    statement: str
    type: Literal["ACK", "RDB", "PAS", "DON", "RFS", "IDA", "ACC", "REJ", "CPR", "SBY"]
    msg_id: str
    slots: dict[str, Any]


class CallDue(Event, frozen=True, kw_only=True):
    """Something must be said to a voice peer by a person.  `payload`: the statement that it would be on a line.

    `due`: by when to call.  `steps`: whom to ring, and when, until somebody does.  `about`: the notice or contact.
    """

    call: str
    peer: Fingerprint
    payload: str
    due: int
    steps: tuple[tuple[int, Post], ...]
    about: str = ""


class CallDropped(Event, frozen=True, kw_only=True):
    """What was to be said is so no more, and nobody had been told."""

    call: str
    peer: Fingerprint
    why: str


class CallStarted(Event, frozen=True, kw_only=True):
    """Somebody picked up the telephone.  The summary is due within the table's time from here."""

    call: str
    peer: Fingerprint
    by: str


class CallRecorded(Event, frozen=True, kw_only=True):
    """What a call came to.  `differs`: what was read back otherwise than it was said."""

    call: str
    peer: Fingerprint
    outcome: Literal["REACHED", "NO ANSWER", "REFUSED"]
    by: str
    post: ContactWho | Literal[""] = ""
    values: ReadBackValues | None = None
    differs: tuple[str, ...] = ()
    summary: FreeText | None = None


class CallRang(Event, frozen=True, kw_only=True):
    """Somebody was rung about a call that was not made, or whose summary is missing.  `code`: CALL or SUMMARY."""

    call: str
    peer: Fingerprint
    post: Post
    cls: Class
    code: Literal["CALL", "SUMMARY"]
    text: str


class ContactRecorded(Event, frozen=True, kw_only=True):
    """Somebody spoke to us outside the line: one-sided, and nothing is inferred from it."""

    id: str
    how: ContactHow
    who: ContactWho
    at: int
    gist: FreeText
    kind: ContactKind
    by: str
    peer: Fingerprint = Fingerprint("")


class BannerTakenDown(Event, frozen=True, kw_only=True):
    """A person took down the banner of a contact."""

    id: str
    by: str


VOICE_EVENTS: tuple[type[Event], ...] = (
    VoicePeerPinned,
    HeardNotice,
    HeardMatter,
    HeardActed,
    CallDue,
    CallDropped,
    CallStarted,
    CallRecorded,
    CallRang,
    ContactRecorded,
    BannerTakenDown,
)
"""All of them, for the list of kinds in events.py."""
