"""What a desk asks about peers with only a telephone, calls to them, and contact outside the line."""

from typing import Annotated, Any, Literal

import msgspec

from skyparley.base import limits
from skyparley.domain.commands import DeskCommand
from skyparley.domain.messages.codes import ContactHow, ContactKind, ContactWho, Language, NoticeKind, QueryField
from skyparley.domain.messages.matter_slots import FreeText, ReadBackValues
from skyparley.domain.messages.slots import DueRegard, NoticeIdText, Volumes

CallNumber = Annotated[str, msgspec.Meta(min_length=1, max_length=limits.VOICE_NUMBER_CHARS, pattern=r"^[!-~ ]+$")]


class VoiceCommand(DeskCommand, frozen=True, kw_only=True):
    """Base of them all.  They are for people: a machine hears nobody and calls nobody."""


class PinVoicePeer(VoiceCommand, frozen=True, kw_only=True):
    """A party without a node, by name; pinned again, its languages and numbers are replaced."""

    name: str
    languages: Annotated[tuple[Language, ...], msgspec.Meta(max_length=7)] = ()
    numbers: Annotated[tuple[CallNumber, ...], msgspec.Meta(max_length=limits.VOICE_NUMBERS)] = ()


class Hear(VoiceCommand, frozen=True, kw_only=True):
    """Base of what was heard: from which post there, by what, and when; `at` is now where it is absent."""

    peer: str
    post: ContactWho
    how: ContactHow = "PHONE"
    at: int | None = None


class HearNotice(Hear, frozen=True, kw_only=True):
    """A notice of theirs, under the id that they gave, or that the desk gave for them."""

    id: NoticeIdText
    kind: NoticeKind
    volumes: Volumes
    due_regard: DueRegard


class AboutHeard(Hear, frozen=True, kw_only=True):
    """Base of what was heard about a notice that was heard before."""

    id: NoticeIdText
    expected_version: int


class HearChange(AboutHeard, frozen=True, kw_only=True):
    """It is otherwise; what is absent stays."""

    kind: NoticeKind | None = None
    volumes: Volumes | None = None
    due_regard: DueRegard | None = None


class HearActive(AboutHeard, frozen=True, kw_only=True):
    """It is in use."""


class HearCancel(AboutHeard, frozen=True, kw_only=True):
    """It will not be; final."""


class HearEnd(AboutHeard, frozen=True, kw_only=True):
    """Their aircraft have left the area; final."""


class HearMatter(Hear, frozen=True, kw_only=True):
    """A statement of theirs that asks our people for something.  `slots` are those of the type, as on the wire."""

    type: Literal["STP", "DIS", "RLY", "IDQ", "LAS", "GNI"]
    slots: dict[str, Any]


class AboutCall(VoiceCommand, frozen=True, kw_only=True):
    """Base of what people do about a call."""

    call: str
    expected_revision: int = 0
    """0: whatever the state is."""


class StartCall(AboutCall, frozen=True, kw_only=True):
    """Somebody picks up the telephone now."""


class RecordCall(AboutCall, frozen=True, kw_only=True):
    """What it came to: who took it as a post, what was read back, and the summary, now or within the table's time."""

    outcome: Literal["REACHED", "NO ANSWER", "REFUSED"]
    post: ContactWho | None = None
    values: ReadBackValues | None = None
    summary: FreeText | None = None


class RecordContact(VoiceCommand, frozen=True, kw_only=True):
    """Somebody spoke to us outside the line.  `who` is a role and never a name; `peer`: about whom, where it is known."""

    how: ContactHow
    who: ContactWho
    gist: FreeText
    kind: ContactKind = "CONTACT"
    at: int | None = None
    peer: str = ""


class AboutContact(VoiceCommand, frozen=True, kw_only=True):
    """Base of what people do about a contact of ours, by its id."""

    contact: str


class TellContact(AboutContact, frozen=True, kw_only=True):
    """OOB: tell the peer that it is about that this was said outside the line."""


class QueryContact(AboutContact, frozen=True, kw_only=True):
    """N6: ask the peer that it is about to clarify one field.  Nothing is inferred meanwhile."""

    field: QueryField


class TakeDownBanner(AboutContact, frozen=True, kw_only=True):
    """The banner of a contact has done its work."""


class EnterUnsigned(VoiceCommand, frozen=True, kw_only=True):
    """A call that nobody vouches for: kept, shown, and changing nothing.  `claimed`: whom the caller said to be."""

    claimed: str
    how: ContactHow
    text: FreeText
