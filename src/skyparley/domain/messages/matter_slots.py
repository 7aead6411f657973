"""The slots of statements that ask people for something, and of what people do about them.

Source: DOMAIN 10.2, 11.2; line-v1 sections 4 and 11.
"""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from skyparley.base import limits
from skyparley.domain.messages.codes import (
    ActionCode,
    AircraftClass,
    CheckKind,
    ContactHow,
    ContactWho,
    DeskState,
    IdentityAnswer,
    Language,
    LineReason,
    Post,
    Precision,
    ReadBackField,
    RefusalReason,
    RejectReason,
    RelaySource,
)
from skyparley.domain.messages.slots import (
    DetachedJws,
    Hash,
    LevelSlot,
    Metres,
    NoticeIdText,
    Position,
    ShapeSlot,
    Utc,
    Volumes,
    Wire,
)

People = Annotated[int, Meta(ge=0, le=2_000, description="persons on board")]
CheckNumber = Annotated[int, Meta(ge=1, le=1_000_000_000)]
BearerName = Annotated[str, Meta(pattern=r"^(http|file|voice)[0-9]{0,2}$", description="a bearer's name")]


# --- what people do about a statement ----------------------------------------------------------------------------


class AckSlots(Wire, frozen=True, kw_only=True):
    """ACK: a human has received and understood the statement with this hash.  It is not agreement."""

    hash: Hash
    post: Post


class ReadBackValues(Wire, frozen=True, kw_only=True):
    """What was read back of a statement; only what it holds."""

    position: Position | UnsetType = UNSET
    lower: LevelSlot | UnsetType = UNSET
    upper: LevelSlot | UnsetType = UNSET
    start: Utc | UnsetType = UNSET
    end: Utc | UnsetType = UNSET


class ReadBackSlots(Wire, frozen=True, kw_only=True):
    """RDB: the values as they were understood, and which of them differ from the statement by more than the table allows."""

    hash: Hash
    values: ReadBackValues
    differs: Annotated[tuple[ReadBackField, ...], Meta(max_length=5)]


class PassedSlots(Wire, frozen=True, kw_only=True):
    """PAS: the controlling unit was told at this time, and what it does, where that is known."""

    hash: Hash
    at: Utc
    action: ActionCode | UnsetType = UNSET
    level: LevelSlot | UnsetType = UNSET


class DoneSlots(Wire, frozen=True, kw_only=True):
    """DON: what was asked is done."""

    hash: Hash
    action: ActionCode
    level: LevelSlot | UnsetType = UNSET


class RefusedSlots(Wire, frozen=True, kw_only=True):
    """RFS: what was asked is not done, with a coded reason."""

    hash: Hash
    reason: RefusalReason


class AcceptedSlots(Wire, frozen=True, kw_only=True):
    """ACC of what is not a conflict: a rescue box, a crossing, a clause, a meeting.  `signature`: under a clause."""

    hash: Hash
    signature: DetachedJws | UnsetType = UNSET


class NotAcceptedSlots(Wire, frozen=True, kw_only=True):
    """REJ of what is not a conflict, always with a coded reason (RES-04)."""

    hash: Hash
    reason: RejectReason


class CounteredSlots(Wire, frozen=True, kw_only=True):
    """CPR of a rescue box or a crossing: the volumes that we would accept; of a meeting: the time that we offer."""

    hash: Hash
    volumes: Volumes | UnsetType = UNSET
    start: Utc | UnsetType = UNSET
    end: Utc | UnsetType = UNSET

    def __post_init__(self) -> None:
        times = (self.start is not UNSET, self.end is not UNSET)
        if times not in ((True, True), (False, False)) or (self.volumes is UNSET) != times[0]:
            raise ValueError("a counter holds volumes, or start and end, and not both")


class LaterSlots(Wire, frozen=True, kw_only=True):
    """SBY to what is not a conflict: an answer comes by then."""

    hash: Hash
    until: Utc


# --- life and safety ---------------------------------------------------------------------------------------------


class StopSlots(Wire, frozen=True, kw_only=True):
    """STP: activity in this area endangers our people: an area and a time, no unit, no purpose (LIV-07).

    `reopens`: the hash of an earlier request that was done and is so no more (LIV-08).
    """

    area: ShapeSlot
    at: Utc
    reopens: Hash | UnsetType = UNSET


class DistressSlots(Wire, frozen=True, kw_only=True):
    """DIS: an aircraft or crew in distress.  A person chooses the exact point, a rounded one, or an area."""

    aircraft: AircraftClass
    id: NoticeIdText | UnsetType = UNSET
    position: Position | UnsetType = UNSET
    precision: Precision | UnsetType = UNSET
    area: ShapeSlot | UnsetType = UNSET
    at: Utc
    pob: People | UnsetType = UNSET

    def __post_init__(self) -> None:
        if (self.position is UNSET) == (self.area is UNSET):
            raise ValueError("distress has a position or an area, and not both")
        if (self.position is UNSET) != (self.precision is UNSET):
            raise ValueError("a position says its precision, and an area has none")


class RelaySlots(Wire, frozen=True, kw_only=True):
    """RLY: a stop request or a distress of somebody who is not on the line, as it was told to us."""

    source: RelaySource
    heard_at: Utc
    stop: StopSlots | UnsetType = UNSET
    distress: DistressSlots | UnsetType = UNSET

    def __post_init__(self) -> None:
        if (self.stop is UNSET) == (self.distress is UNSET):
            raise ValueError("a relay holds a stop request or a distress, and not both")


class IdentitySlots(Wire, frozen=True, kw_only=True):
    """IDQ: is the aircraft there and then yours?  `error_m`: how far our report of it may be off."""

    position: Position
    level: LevelSlot
    at: Utc
    error_m: Metres


class IdentityAnswerSlots(Wire, frozen=True, kw_only=True):
    """IDA: ours, not ours, or an answer by a time.  Not ours leaves the identity unknown and clears nothing (LIV-05)."""

    hash: Hash
    answer: IdentityAnswer
    until: Utc | UnsetType = UNSET

    def __post_init__(self) -> None:
        if (self.answer == "CHECKING") == (self.until is UNSET):
            raise ValueError("until belongs to CHECKING, and to no other answer")


class InterferenceSlots(Wire, frozen=True, kw_only=True):
    """LAS, GNI: laser or light, interference with satellite navigation: where, since when, how high (LIV-09)."""

    position: Position | UnsetType = UNSET
    area: ShapeSlot | UnsetType = UNSET
    level: LevelSlot | UnsetType = UNSET
    since: Utc

    def __post_init__(self) -> None:
        if (self.position is UNSET) == (self.area is UNSET):
            raise ValueError("it has a position or an area, and not both")


# --- the line and the desks --------------------------------------------------------------------------------------


class CheckSlots(Wire, frozen=True, kw_only=True):
    """LCK: the line is tested by this bearer.  With `reply_to` it is the answer to one.

    The digests of both feeds are the envelope's `prev` and `seen`: whoever checks signs both heads.
    """

    n: CheckNumber
    kind: CheckKind
    bearer: BearerName


class OnDuty(Wire, frozen=True, kw_only=True):
    post: Post
    languages: Annotated[tuple[Language, ...], Meta(max_length=7)]


class ShiftSlots(Wire, frozen=True, kw_only=True):
    """SHIFT: who is on duty from now on, as roles and languages, and how many stand behind them."""

    on: Annotated[tuple[OnDuty, ...], Meta(min_length=1, max_length=6)]
    alternates: Annotated[int, Meta(ge=0, le=100)]
    since: Utc


class StatusSlots(Wire, frozen=True, kw_only=True):
    """STAT: how our own desk is."""

    desk: DeskState


class LineSlots(Wire, frozen=True, kw_only=True):
    """SUSP, RESM, TERM: the agreement state changes at `effective`.  `second`: the supervisor's signature (IAM-02)."""

    effective: Utc
    reason: LineReason
    second: DetachedJws


class KeySlots(Wire, frozen=True, kw_only=True):
    """KEY: a newer card of the sender: keys rotated or revoked.  `second`: the supervisor's signature."""

    card: Annotated[str, Meta(max_length=limits.CARD_BYTES)]
    second: DetachedJws


class FreeText(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Own-language words beside the code: the sender's are authoritative, the code is what counts (LNG-02, DIS-06)."""

    lang: Language
    text: Annotated[str, Meta(min_length=1, max_length=limits.FREE_TEXT_CHARS, pattern=r"^[^\x00-\x1f\x7f]*$")]


class ContactSlots(Wire, frozen=True, kw_only=True):
    """OOB: somebody spoke to us outside the line: how, who as a role, when, and what it came to in few words.

    It is the sender's one-sided record.  Nothing is inferred from it (LINE-09).
    """

    id: NoticeIdText
    how: ContactHow
    who: ContactWho
    at: Utc
    gist: FreeText
