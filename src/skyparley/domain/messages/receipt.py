"""Receipts, HELLO, catch-up and heartbeats: signed, but off the feed.  Source: line-v1 sections 6 and 7."""

from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from skyparley.base import limits
from skyparley.base.canonical import parse_canonical
from skyparley.domain.messages.codes import BearerKind, ClockKind, HttpBearerKind, LeadClass
from skyparley.domain.messages.envelope import Count, FeedHead, Uuid
from skyparley.domain.messages.slots import FingerprintText, Hash, Utc, Wire

T = TypeVar("T")
Nonce = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{22}$")]


class Receipt(Wire, frozen=True, kw_only=True, rename={"from_": "from"}):
    """RCP: the receiving machine holds a statement durably."""

    proto: Literal["skyparley/1"]
    from_: FingerprintText
    to: FingerprintText
    epoch: Count
    seq: Count
    hash: Hash
    msg_id: Uuid
    received_utc: Utc
    bearer: BearerKind
    lead_class: LeadClass | UnsetType = UNSET


class Hello(Wire, frozen=True, kw_only=True, rename={"from_": "from"}):
    """HELLO and its answer."""

    proto: Literal["skyparley/1"]
    from_: FingerprintText
    to: FingerprintText
    time: Utc
    nonce: Nonce
    clock: ClockKind
    table_hash: Hash
    sent: FeedHead | UnsetType = UNSET
    held: FeedHead | UnsetType = UNSET


class CatchUp(Wire, frozen=True, kw_only=True, rename={"from_": "from"}):
    """A signed request for statements of a feed between the two."""

    proto: Literal["skyparley/1"]
    from_: FingerprintText
    to: FingerprintText
    time: Utc
    nonce: Nonce
    feed: Literal["OURS", "YOURS"]
    epoch: Count
    after: Annotated[int, Meta(ge=0)]
    limit: Annotated[int, Meta(ge=1, le=limits.CATCH_UP_STATEMENTS)]


class Heartbeat(Wire, frozen=True, kw_only=True, rename={"from_": "from"}):
    """HBT and its answer: `bearer` is that of the asked party, by which the request went."""

    proto: Literal["skyparley/1"]
    from_: FingerprintText
    to: FingerprintText
    time: Utc
    nonce: Nonce
    bearer: HttpBearerKind
    sent: FeedHead | UnsetType = UNSET
    held: FeedHead | UnsetType = UNSET


_receipt: Final = msgspec.json.Decoder(Receipt)


def read_receipt(payload: bytes) -> Receipt:
    """A receipt from canonical bytes.  Raises ValueError naming what is wrong."""
    return _read(payload, Receipt)


def receipt_again(payload: bytes) -> Receipt:
    """A receipt that was read before and that a journal kept."""
    return _receipt.decode(payload)


def read_hello(payload: bytes) -> Hello:
    """A HELLO, or its answer, from canonical bytes.  Raises ValueError naming what is wrong."""
    return _read(payload, Hello)


def read_catch_up(payload: bytes) -> CatchUp:
    """A catch-up request from canonical bytes.  Raises ValueError naming what is wrong."""
    return _read(payload, CatchUp)


def read_heartbeat(payload: bytes) -> Heartbeat:
    """A heartbeat, or its answer, from canonical bytes.  Raises ValueError naming what is wrong."""
    return _read(payload, Heartbeat)


def _read(payload: bytes, kind: type[T]) -> T:
    plain = parse_canonical(payload, max_bytes=limits.STATEMENT_BYTES, max_depth=limits.JSON_DEPTH)
    return msgspec.convert(plain, kind)
