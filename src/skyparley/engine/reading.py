"""Signed texts of a peer, verified: who signed, for whom, and that the bytes are ours to read.

Everything here runs before the sequencer, on bytes that nobody trusts.  Source: line-v1 3.2, 6, 7.
"""

import msgspec

from skyparley.base import limits
from skyparley.base.errors import Fault
from skyparley.base.ids import Fingerprint
from skyparley.domain.messages.envelope import PROTO, Chain, NotAStatement, read_chain
from skyparley.domain.messages.receipt import (
    CatchUp,
    Heartbeat,
    Hello,
    Receipt,
    read_catch_up,
    read_heartbeat,
    read_hello,
    read_receipt,
)
from skyparley.evidence import jws
from skyparley.evidence.card import Card
from skyparley.evidence.jws import Parsed


class Unusable(Fault):
    """A text of a peer that is not the protocol, or not for this line.  `code` is that of line-v1 7.5."""

    def __init__(self, code: str, text: str, extra: dict[str, int] | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.extra = extra or {}


class KeyEnded(Unusable):
    """Truly signed, by a key that the card lets sign no more: revoked, or replaced and run out."""

    def __init__(self, kid: str) -> None:
        super().__init__("UNKNOWN_KEY", f"the card lets {kid} sign no more: it was revoked or has run out")
        self.kid = kid


def party_of(text: str, *, max_bytes: int = limits.STATEMENT_BYTES) -> Fingerprint:
    """Whose key a signed text names.  Nothing is verified."""
    try:
        return jws.split(text, max_bytes=max_bytes).kid.party
    except jws.BadSignature as error:
        raise Unusable("MALFORMED", str(error)) from None


def read_signed(text: str, card: Card, typ: str, now_ms: int | None) -> Parsed:
    """A text signed by a role of the card, at a time when the card lets it; None for old texts of our own."""
    try:
        parsed = jws.read(text, typ=typ, key_of=card.role_key)
    except jws.UnknownKey as error:
        raise Unusable("UNKNOWN_KEY", str(error)) from None
    except (jws.NotJws, jws.WrongType) as error:
        raise Unusable("MALFORMED", str(error)) from None
    except jws.BadSignature as error:
        raise Unusable("BAD_SIGNATURE", str(error)) from None
    role = card.role(parsed.kid)
    if now_ms is not None and role is not None and now_ms >= role.until_ms:
        raise KeyEnded(str(parsed.kid))
    if now_ms is not None and (role is None or not role.valid_at(now_ms)):
        raise Unusable("UNKNOWN_KEY", f"the card does not let {parsed.kid} sign at this time")
    return parsed


def read_statement(text: str, card: Card, to: Fingerprint, now_ms: int | None) -> tuple[Parsed, Chain]:
    """A statement from the card's party to `to`: signature and chain members; its meaning is read later."""
    parsed = read_signed(text, card, jws.STATEMENT, now_ms)
    try:
        chain = read_chain(parsed.payload)
    except NotAStatement as error:
        raise Unusable("MALFORMED", str(error)) from None
    if (chain.from_, chain.to) != (card.fingerprint, to):
        raise Unusable("NOT_THIS_LINE", "this statement belongs to another line")
    return parsed, chain


def read_peer_receipt(text: str, card: Card, to: Fingerprint, now_ms: int) -> tuple[Receipt, bytes]:
    """A receipt of the card's party for a statement of `to`."""
    parsed = read_signed(text, card, jws.RECEIPT, now_ms)
    try:
        receipt = read_receipt(parsed.payload)
    except ValueError as error:
        raise Unusable("MALFORMED", str(error)) from None
    if (receipt.from_, receipt.to) != (card.fingerprint, to) or parsed.kid.role != "machine":
        raise Unusable("NOT_THIS_LINE", "this receipt belongs to another line")
    return receipt, parsed.payload


def read_peer_hello(text: str, card: Card, to: Fingerprint, typ: str, now_ms: int) -> Hello:
    """A HELLO or its answer from the card's party."""
    parsed = read_signed(text, card, typ, now_ms)
    try:
        hello = read_hello(parsed.payload)
    except ValueError as error:
        raise _not_understood(parsed.payload, error) from None
    _of_this_line(hello, card, to, parsed)
    return hello


def read_peer_catch_up(text: str, card: Card, to: Fingerprint, now_ms: int) -> CatchUp:
    """A catch-up request from the card's party."""
    parsed = read_signed(text, card, jws.CATCHUP, now_ms)
    try:
        request = read_catch_up(parsed.payload)
    except ValueError as error:
        raise _not_understood(parsed.payload, error) from None
    _of_this_line(request, card, to, parsed)
    return request


def read_peer_heartbeat(text: str, card: Card, to: Fingerprint, typ: str, now_ms: int) -> Heartbeat:
    """A heartbeat or its answer from the card's party."""
    parsed = read_signed(text, card, typ, now_ms)
    try:
        beat = read_heartbeat(parsed.payload)
    except ValueError as error:
        raise _not_understood(parsed.payload, error) from None
    _of_this_line(beat, card, to, parsed)
    return beat


def _of_this_line(request: Hello | CatchUp | Heartbeat, card: Card, to: Fingerprint, parsed: Parsed) -> None:
    if (request.from_, request.to) != (card.fingerprint, to) or parsed.kid.role != "machine":
        raise Unusable("NOT_THIS_LINE", "this request belongs to another line")


class _Speaks(msgspec.Struct, frozen=True):
    proto: str


def _not_understood(payload: bytes, error: ValueError) -> Unusable:
    """A request of another version of the protocol is told so; anything else is malformed."""
    try:
        speaks = msgspec.json.decode(payload, type=_Speaks).proto
    except (ValueError, RecursionError):
        speaks = PROTO
    if speaks != PROTO:
        return Unusable("PROTO", f"this node speaks {PROTO}")
    return Unusable("MALFORMED", str(error))
