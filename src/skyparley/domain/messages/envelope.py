"""The envelope of a statement: what every statement carries, read in two layers.  Source: line-v1 section 3."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from skyparley.base import limits
from skyparley.base.canonical import canonical, parse_canonical
from skyparley.base.ids import Fingerprint, digest
from skyparley.domain.messages.arrangement_slots import CrossingSlots
from skyparley.domain.messages.catalogue import (
    CATALOGUE,
    FIRST_TELLS,
    PHRASE_OF_CROSSING,
    PHRASE_OF_IDENTITY,
    PHRASE_OF_KIND,
    StatementType,
    class_of,
    slots_of,
    told_by,
)
from skyparley.domain.messages.codes import Class, ClockQuality, Role
from skyparley.domain.messages.matter_slots import CheckSlots, FreeText, IdentityAnswerSlots
from skyparley.domain.messages.slots import (
    ChangeSlots,
    FingerprintText,
    Hash,
    NoticeSlots,
    ProposalSlots,
    Utc,
    Version,
    Wire,
)

PROTO: Final = "skyparley/1"
Uuid = Annotated[str, Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")]
Count = Annotated[int, Meta(ge=1)]


class FeedHead(Wire, frozen=True, kw_only=True):
    """The last statement of a feed: its number and hash."""

    epoch: Count
    seq: Count
    hash: Hash

    @property
    def number(self) -> tuple[int, int]:
        return (self.epoch, self.seq)


class Chain(msgspec.Struct, frozen=True, kw_only=True, rename={"from_": "from"}):
    """The first layer: what places a statement on its feed.  Other members are not looked at."""

    proto: Literal["skyparley/1"]
    epoch: Count
    seq: Count
    prev: Hash | UnsetType = UNSET
    seen: FeedHead | UnsetType = UNSET
    from_: FingerprintText
    to: FingerprintText
    msg_id: Uuid

    @property
    def number(self) -> tuple[int, int]:
        return (self.epoch, self.seq)


class _Meaning(Wire, frozen=True, kw_only=True, rename={"from_": "from", "cls": "class"}):
    """The second layer as it stands on the wire, with the slots still unread."""

    proto: Literal["skyparley/1"]
    epoch: Count
    seq: Count
    prev: Hash | UnsetType = UNSET
    seen: FeedHead | UnsetType = UNSET
    from_: FingerprintText
    to: FingerprintText
    msg_id: Uuid
    role: Role
    cls: Class
    type: StatementType
    code: Annotated[str, Meta(max_length=4)] | UnsetType = UNSET
    dialog_id: Hash | UnsetType = UNSET
    reply_to: Uuid | UnsetType = UNSET
    version: Version | UnsetType = UNSET
    created_utc: Utc
    clock_quality: ClockQuality | UnsetType = UNSET
    """Absent is GOOD."""
    valid_until: Utc | UnsetType = UNSET
    reply_by: Utc | UnsetType = UNSET
    exercise: Literal[True] | UnsetType = UNSET
    table_hash: Hash | UnsetType = UNSET
    free_text: FreeText | UnsetType = UNSET
    slots: msgspec.Raw


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"from_": "from", "cls": "class"}):
    """A statement understood: both layers, slots read by type."""

    proto: str
    epoch: int
    seq: int
    prev: str | UnsetType = UNSET
    seen: FeedHead | UnsetType = UNSET
    from_: Fingerprint
    to: Fingerprint
    msg_id: str
    role: Role
    cls: Class
    type: StatementType
    code: str | UnsetType = UNSET
    dialog_id: str | UnsetType = UNSET
    reply_to: str | UnsetType = UNSET
    version: int | UnsetType = UNSET
    created_utc: int
    clock_quality: ClockQuality | UnsetType = UNSET
    """Absent is GOOD."""
    valid_until: int | UnsetType = UNSET
    reply_by: int | UnsetType = UNSET
    exercise: bool | UnsetType = UNSET
    table_hash: str | UnsetType = UNSET
    """Absent on a LIFE statement: no table says whether it is taken."""
    free_text: FreeText | UnsetType = UNSET
    slots: Wire

    @property
    def number(self) -> tuple[int, int]:
        return (self.epoch, self.seq)

    @property
    def seen_number(self) -> tuple[int, int]:
        """The number of the last statement that its sender had received; nothing sorts before every statement."""
        return (0, 0) if self.seen is UNSET else self.seen.number


class NotAStatement(ValueError):
    """The payload has no readable chain: it is refused without a receipt."""


class NotUnderstood(ValueError):
    """The chain is right, the meaning is not: kept as opaque bytes, marked REFUSED, answered with ERR SCHEMA."""


_chain: Final = msgspec.json.Decoder(Chain)
_meaning: Final = msgspec.json.Decoder(_Meaning)
_slots: Final[dict[tuple[str, bool], msgspec.json.Decoder[Wire]]] = {
    (kind, in_dialogue): msgspec.json.Decoder(slots_of(kind, in_dialogue=in_dialogue))
    for kind in CATALOGUE
    for in_dialogue in (True, False)
}
_MEMBERS: Final = _Meaning.__struct_fields__[:-1]
assert _Meaning.__struct_fields__ == Envelope.__struct_fields__, "the same members in the same order"


def read_chain(payload: bytes) -> Chain:
    """The first layer of a payload.  Raises NotAStatement when it is not canonical JSON or has no chain."""
    try:
        plain = parse_canonical(payload, max_bytes=limits.STATEMENT_BYTES, max_depth=limits.JSON_DEPTH)
        return msgspec.convert(plain, Chain)
    except (ValueError, msgspec.ValidationError) as error:
        raise NotAStatement(str(error)) from None


def chain_again(payload: bytes) -> Chain:
    """The first layer of a payload that `read_chain` read before and a journal kept: what was looked at then is so."""
    return _chain.decode(payload)


def meaning_again(payload: bytes) -> Envelope:
    """Both layers of a payload that was understood before and that a journal kept, without judging it anew."""
    return _understood(payload)


def read_meaning(payload: bytes) -> Envelope:
    """Both layers of a payload whose chain was read.  Raises NotUnderstood with the member at fault."""
    try:
        envelope = _understood(payload)
    except (ValueError, msgspec.ValidationError) as error:
        raise NotUnderstood(str(error)) from None
    wrong = _against_catalogue(envelope)
    if wrong:
        raise NotUnderstood(wrong)
    return envelope


def _understood(payload: bytes) -> Envelope:
    outer = _meaning.decode(payload)
    # In the order of the members, which both have in common.
    members = msgspec.structs.astuple(outer)[:-1]
    slots = _slots[(outer.type, outer.dialog_id is not UNSET)].decode(outer.slots)
    return Envelope(**dict(zip(_MEMBERS, members, strict=True)), slots=slots)


def write(envelope: Envelope) -> bytes:
    """The canonical payload.  Asserts that it reads back as the same envelope."""
    payload = canonical(to_plain(envelope))
    assert read_meaning(payload) == envelope, "what we seal, we can read"
    return payload


def to_plain(value: Any) -> Any:
    """Plain JSON data of a Struct, without its unset members."""
    return msgspec.to_builtins(value)


def statement_hash(jws: str) -> str:
    """The hash that names a statement: over the ASCII bytes of its JWS."""
    return digest(jws.encode("ascii"))


def phrase_code(kind: StatementType, slots: Wire, *, answers: bool) -> str:
    """The phrase code that a type carries; empty where it has none.  `answers`: it has `reply_to`."""
    match slots:
        case ProposalSlots():
            return PHRASE_OF_KIND[slots.kind]
        case IdentityAnswerSlots():
            return PHRASE_OF_IDENTITY[slots.answer]
        case CrossingSlots():
            return PHRASE_OF_CROSSING[slots.form]
        case CheckSlots():
            return "L2" if answers else "L1"
    code = CATALOGUE[kind].code
    return "" if code == "*" else code


_DIALOGUE: Final = frozenset({"PRO", "CPR", "ACC", "REJ", "SBY", "WDR", "AGR"})
"""Types with `dialog_id`, the four in the middle only where they are about a conflict."""
_ABOUT_NOTICE: Final = FIRST_TELLS | {"NCH", "NCX", "NACT", "NEND", "NQR"}
_OFFERS: Final = frozenset({"PRO", "CPR"})
_ANSWERS: Final = frozenset({"ACK", "RDB", "PAS", "DON", "RFS", "IDA"})
"""Types that always answer a statement."""


def _against_catalogue(envelope: Envelope) -> str:
    row = CATALOGUE[envelope.type]
    in_dialogue = envelope.dialog_id is not UNSET
    role: Role = "exercise" if envelope.exercise is not UNSET else row.role
    if envelope.role != role:
        return f"role of {envelope.type} is {role}"
    matter = row.matter is not None and not in_dialogue
    wrong = _class_is(envelope, matter)
    if wrong:
        return wrong
    code = phrase_code(envelope.type, envelope.slots, answers=envelope.reply_to is not UNSET)
    if (envelope.code or "") != code:
        return f"code of this {envelope.type} is {code or 'absent'}"
    offers = envelope.type in _OFFERS and not matter
    wants = {
        "dialog_id": envelope.type in _DIALOGUE and not matter,
        "version": (envelope.type in _DIALOGUE and not matter) or envelope.type in _ABOUT_NOTICE,
        "valid_until": offers,
        "reply_by": offers,
    }
    for member, wanted in wants.items():
        if (getattr(envelope, member) is not UNSET) != wanted:
            return f"{member} of {envelope.type} must be {'there' if wanted else 'absent'}"
    if envelope.table_hash is UNSET and envelope.cls != "LIFE":
        return "table_hash is there on every statement but those of class LIFE"
    if envelope.reply_to is UNSET and (matter or envelope.type in _ANSWERS):
        return f"{envelope.type} says in reply_to what it answers"
    return ""


def _class_is(envelope: Envelope, matter: bool) -> str:
    """What is wrong with the class, as far as the statement alone tells; one that answers has its parent's."""
    row = CATALOGUE[envelope.type]
    slots = envelope.slots
    wanted = None if matter else row.cls
    if isinstance(slots, ChangeSlots):
        wanted = class_of(slots.kind)
    elif isinstance(slots, NoticeSlots) and envelope.type != told_by(slots.kind):
        return f"a notice of kind {slots.kind} is told by {told_by(slots.kind)}"
    if wanted is not None and envelope.cls != wanted:
        return f"class of this {envelope.type} is {wanted}"
    return ""
