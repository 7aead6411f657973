"""Peers with only a telephone, the calls that we owe them, and contacts outside the line, as the state holds them.

A voice peer is no line: it has no key, no card and no feed, so nothing can be sealed or owed to it, and no word of the seven
fits it.  It stands in a list of its own, where no part of the line looks.  Source: DOMAIN LINE-06, LINE-09, 11.1.
"""

from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec

from skyparley.base.canonical import canonical
from skyparley.base.ids import Fingerprint, digest
from skyparley.domain.heard_records import HeardFrom
from skyparley.domain.matter_records import Rung
from skyparley.domain.messages.codes import (
    Class,
    ContactHow,
    ContactKind,
    ContactWho,
    Language,
    Post,
    ReadBackField,
)
from skyparley.domain.messages.envelope import Envelope, meaning_again, to_plain
from skyparley.domain.messages.matter_slots import FreeText, ReadBackValues
from skyparley.domain.rings_kept import NOBODY
from skyparley.evidence import jws

BY_VOICE: Final = "BY VOICE"
"""The word that stands for a voice peer where a line has one of the seven."""
BANNERS: Final[frozenset[ContactKind]] = frozenset(
    {"SUSPENSION ANNOUNCED", "RESUMPTION ANNOUNCED", "TERMINATION ANNOUNCED"}
)
"""Kinds of contact that stand as a banner beside a line's word until a person takes it down; they never change it."""

CallState = Literal["DUE", "CALLED", "SUMMARY", "DONE", "DROPPED"]
"""DUE: to be called.  CALLED: on the telephone, or read back wrongly.  SUMMARY: said, the summary is missing."""


def voice_id(own: Fingerprint, name: str) -> Fingerprint:
    """What names a voice peer at our node: a hash of its name and ours, so that it can be no key's thumbprint."""
    return Fingerprint(digest(canonical(["skyparley-voice", own, name])))


class VoicePeer(msgspec.Struct, frozen=True, kw_only=True):
    """A party with only a telephone.  `numbers`: where it is called, by the book."""

    peer: Fingerprint
    name: str
    languages: tuple[Language, ...]
    numbers: tuple[str, ...]
    pinned_at: int


class HeardDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What our desk heard, not signed yet: the sequencer signs it with our desk role.  `id`: of a notice, else empty."""

    peer: Fingerprint
    id: str
    content: dict[str, Any]
    by: str


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What our desk signed as heard."""

    envelope: Envelope
    source: HeardFrom


class _Payload(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The signed text: `statement` is what it would have been on a line, with its sender's and our names in it."""

    heard: Literal[1]
    post: ContactWho
    how: ContactHow
    at: int
    statement: msgspec.Raw


def heard_content(envelope: Envelope, post: ContactWho, how: ContactHow, at: int) -> dict[str, Any]:
    """What our desk signs.  Source: journal-v1 6.4."""
    return {"heard": 1, "post": post, "how": how, "at": at, "statement": to_plain(envelope)}


def read_heard(text: str) -> Heard:
    """What our desk signed as heard; of a text that this node made and kept."""
    said = msgspec.json.decode(jws.payload_again(text), type=_Payload)
    source = HeardFrom(post=said.post, how=said.how, at=said.at, hash=digest(text.encode("ascii")))
    return Heard(envelope=meaning_again(bytes(said.statement)), source=source)


@dataclass
class Call:
    """Something that a person says to a voice peer.  `payload`: the statement that it would be on a line."""

    id: str
    peer: Fingerprint
    payload: str
    cls: Class
    about: str
    made_at: int
    due: int
    steps: tuple[tuple[int, Post], ...]
    """Whom to ring, and when, until somebody calls."""
    ladder: tuple[tuple[int, Post], ...]
    """What of it is still ahead; after the call began, for the summary."""
    state: CallState = "DUE"
    started_at: int | None = None
    summary_due: int | None = None
    tries: int = 0
    outcome: Literal["", "REACHED", "NO ANSWER", "REFUSED", "DROPPED"] = ""
    post: ContactWho | Literal[""] = ""
    read_back: Literal["", "MATCH", "MISMATCH"] = ""
    read_back_values: ReadBackValues | None = None
    differs: tuple[ReadBackField, ...] = ()
    summary: FreeText | None = None
    closed_at: int | None = None
    rung: list[Rung] = field(default_factory=list)
    revision: int = 1
    """Grows with every act, so that a desk can say on which state it decided."""

    @property
    def envelope(self) -> Envelope:
        """What is to be said, as the statement that it would be."""
        return meaning_again(self.payload.encode())

    @property
    def open(self) -> bool:
        """Something is still to be done about it."""
        return self.state in ("DUE", "CALLED", "SUMMARY")

    def overdue(self, now: int) -> bool:
        """It should have been made by now, or its summary entered."""
        by = self.due if self.state == "DUE" else self.summary_due
        return self.open and by is not None and by <= now


@dataclass
class Contact:
    """Somebody spoke outside the line.  `party`: whose desk recorded it, ours or the peer that told it to us (OOB)."""

    party: Fingerprint
    id: str
    how: ContactHow
    who: ContactWho
    at: int
    gist: FreeText
    kind: ContactKind
    entered_at: int
    peer: Fingerprint = NOBODY
    """About which party, where that is known."""
    told: tuple[Fingerprint, ...] = ()
    """To which peers it was told as OOB."""
    taken_down_at: int | None = None

    @property
    def banner(self) -> bool:
        """It stands beside a line's word."""
        return self.kind in BANNERS and self.taken_down_at is None


@dataclass
class VoiceBook:
    """All that is known of voice peers, calls and contacts."""

    peers: dict[Fingerprint, VoicePeer] = field(default_factory=dict)
    calls: dict[str, Call] = field(default_factory=dict)
    contacts: dict[tuple[Fingerprint, str], Contact] = field(default_factory=dict)
    """By whose desk recorded it, and its id; the oldest first."""
    calls_made: int = 0
    contacts_made: int = 0
