"""Signed texts of a peer, verified: who signed, for whom, and that the bytes are ours to read.

Everything here runs before the sequencer, on bytes that nobody trusts.  Source: line-v1 3.2, 6, 7.
"""

from collections.abc import Sequence

import msgspec
from msgspec import UNSET

from skyparley.base import limits
from skyparley.base.errors import Fault
from skyparley.base.ids import Fingerprint
from skyparley.domain.messages.envelope import PROTO, Chain, NotAStatement, read_chain, statement_hash
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

    def __init__(self, parsed: Parsed) -> None:
        super().__init__("UNKNOWN_KEY", f"the card lets {parsed.kid} sign no more: it was revoked or has run out")
        self.kid = str(parsed.kid)
        self.parsed = parsed


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
        raise KeyEnded(parsed)
    if now_ms is not None and (role is None or not role.valid_at(now_ms)):
        raise Unusable("UNKNOWN_KEY", f"the card does not let {parsed.kid} sign at this time")
    return parsed


def read_statement(text: str, card: Card, to: Fingerprint, now_ms: int | None) -> tuple[Parsed, Chain]:
    """A statement from the card's party to `to`: signature and chain members; its meaning is read later."""
    parsed = read_signed(text, card, jws.STATEMENT, now_ms)
    return parsed, _chain_of(parsed, card, to)


def _chain_of(parsed: Parsed, card: Card, to: Fingerprint) -> Chain:
    try:
        chain = read_chain(parsed.payload)
    except NotAStatement as error:
        raise Unusable("MALFORMED", str(error)) from None
    if (chain.from_, chain.to) != (card.fingerprint, to):
        raise Unusable("NOT_THIS_LINE", "this statement belongs to another line")
    return chain


Read = tuple[Parsed, Chain] | Unusable
"""A statement that was read, or why it cannot be."""


def vouched(texts: Sequence[str], read: Sequence[Read], card: Card, to: Fingerprint) -> list[Read]:
    """The same, with those under an ended key taken that the party vouches for: the one that follows on its feed bears
    its hash and is signed by a key that holds, or is vouched for itself.  Source: line-v1 3.7.

    Whoever stole the ended key cannot make what follows, so nothing of a thief is taken; and nothing that the party said
    before it ended the key, and that was still on its way, is lost.
    """
    found = list(read)
    vouches: tuple[int, int, str] | None = None
    for place in range(len(found) - 1, -1, -1):
        one = found[place]
        if isinstance(one, KeyEnded):
            try:
                chain = _chain_of(one.parsed, card, to)
            except Unusable:
                vouches = None
                continue
            if vouches == (chain.epoch, chain.seq, statement_hash(texts[place])):
                found[place] = one = (one.parsed, chain)
        vouches = None
        if not isinstance(one, Unusable) and one[1].prev is not UNSET:
            vouches = (one[1].epoch, one[1].seq - 1, one[1].prev)
    return found


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
