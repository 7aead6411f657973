"""The envelope of a statement: what every statement carries, read in two layers.  Source: line-v1 section 3."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from skyparley.base import limits
from skyparley.base.canonical import canonical, parse_canonical
from skyparley.base.ids import Fingerprint, digest
from skyparley.domain.messages.catalogue import CATALOGUE, PHRASE_OF_KIND, StatementType
from skyparley.domain.messages.codes import Class, ClockQuality, Role
from skyparley.domain.messages.slots import FingerprintText, Hash, ProposalSlots, Slots, Utc, Version, Wire

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
    clock_quality: ClockQuality
    valid_until: Utc | UnsetType = UNSET
    reply_by: Utc | UnsetType = UNSET
    exercise: Literal[True] | UnsetType = UNSET
    table_hash: Hash
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
    clock_quality: ClockQuality
    valid_until: int | UnsetType = UNSET
    reply_by: int | UnsetType = UNSET
    exercise: bool | UnsetType = UNSET
    table_hash: str
    slots: Slots

    @property
    def number(self) -> tuple[int, int]:
        return (self.epoch, self.seq)


class NotAStatement(ValueError):
    """The payload has no readable chain: it is refused without a receipt."""


class NotUnderstood(ValueError):
    """The chain is right, the meaning is not: kept as opaque bytes, marked REFUSED, answered with ERR SCHEMA."""


_chain: Final = msgspec.json.Decoder(Chain)
_meaning: Final = msgspec.json.Decoder(_Meaning)
_slots: Final[dict[str, msgspec.json.Decoder[Slots]]] = {
    kind: msgspec.json.Decoder(row.slots) for kind, row in CATALOGUE.items()
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
    return Envelope(**dict(zip(_MEMBERS, members, strict=True)), slots=_slots[outer.type].decode(outer.slots))


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


def phrase_code(kind: StatementType, slots: Slots) -> str:
    """The phrase code that a type carries; empty where it has none."""
    if isinstance(slots, ProposalSlots):
        return PHRASE_OF_KIND[slots.kind]
    return CATALOGUE[kind].code


_DIALOGUE: Final = frozenset({"PRO", "CPR", "ACC", "REJ", "SBY", "WDR", "AGR"})
_VERSIONED: Final = _DIALOGUE | {"NTC", "NCH", "NCX", "NACT", "NEND", "NQR"}
_OFFERS: Final = frozenset({"PRO", "CPR"})


def _against_catalogue(envelope: Envelope) -> str:
    row = CATALOGUE[envelope.type]
    if envelope.cls != row.cls:
        return f"class of {envelope.type} is {row.cls}"
    if envelope.role != row.role:
        return f"role of {envelope.type} is {row.role}"
    if (envelope.code or "") != phrase_code(envelope.type, envelope.slots):
        return f"code of this {envelope.type} is {phrase_code(envelope.type, envelope.slots) or 'absent'}"
    wants = {
        "dialog_id": envelope.type in _DIALOGUE,
        "version": envelope.type in _VERSIONED,
        "valid_until": envelope.type in _OFFERS,
        "reply_by": envelope.type in _OFFERS,
    }
    for member, wanted in wants.items():
        if (getattr(envelope, member) is not UNSET) != wanted:
            return f"{member} of {envelope.type} must be {'there' if wanted else 'absent'}"
    return ""
