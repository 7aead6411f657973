"""Signed texts: RFC 7515 compact JWS with one algorithm and one form of header; all else is refused unread.

`sign` writes exactly one text for a payload, key, kid and typ (Ed25519 signatures are deterministic), and `split` takes
nothing that `sign` would not have written: no other algorithm, no further header field (`crit` and `b64` included), no
padding, no other order or spacing.  So a text is a name for itself, and its SHA-256 can be chained.
Source: RFC 7515 3.1, 7.1 and Appendix F (detached content); RFC 9864 2.2 (`alg` Ed25519); RFC 8725 3.1 and 3.11.
"""

from binascii import a2b_base64
from collections.abc import Callable
from typing import Final

import msgspec

from skyparley.base import limits
from skyparley.base.canonical import NotCanonical, canonical, parse_canonical
from skyparley.base.ids import b64url, from_b64url
from skyparley.evidence.keys import Kid, PrivateKey, parse_kid, signature_holds

ALG: Final = "Ed25519"
STATEMENT: Final = "skyparley-statement"
RECEIPT: Final = "skyparley-receipt"
HELLO: Final = "skyparley-hello"
HELLO_ANSWER: Final = "skyparley-hello-answer"
CATCHUP: Final = "skyparley-catchup"
HEARTBEAT: Final = "skyparley-heartbeat"
HEARTBEAT_ANSWER: Final = "skyparley-heartbeat-answer"
CARD: Final = "skyparley-card"
AGREEMENT: Final = "skyparley-agreement"
SNAPSHOT: Final = "skyparley-snapshot"
SECOND: Final = "skyparley-second"  # of what two persons decide
FILE: Final = "skyparley-file"
CLAUSE: Final = "skyparley-clause"  # of terms, by a supervisor
HEARD: Final = "skyparley-heard"  # what a desk heard by voice, one-sided
TYPES: Final = (
    STATEMENT,
    RECEIPT,
    HELLO,
    HELLO_ANSWER,
    CATCHUP,
    HEARTBEAT,
    HEARTBEAT_ANSWER,
    CARD,
    AGREEMENT,
    SNAPSHOT,
    SECOND,
    FILE,
    CLAUSE,
    HEARD,
)
"""Every kind of signed text.  What is signed as one kind can never be taken for another."""

_FROM_URL: Final = bytes.maketrans(b"-_", b"+/")
HEADER_CHARS: Final = 256  # in base64url; the longest header that `sign` writes takes 164
SIGNATURE_CHARS: Final = 86  # 64 bytes in base64url


class BadSignature(ValueError):
    """A signed text that proves nothing.  `code` is for machines; the message says what was wrong."""

    code = "BAD_SIGNATURE"


class NotJws(BadSignature):
    """Not the text that `sign` would have written, or too large to look at."""

    code = "NOT_JWS"


class WrongType(BadSignature):
    """Well formed, but not of the kind that is wanted here."""

    code = "WRONG_TYPE"


class UnknownKey(BadSignature):
    """Signed by a key that nobody here has certified."""

    code = "UNKNOWN_KEY"


class Parsed(msgspec.Struct, frozen=True):
    """A signed text taken apart.  Nothing is verified yet: `payload` is a claim until `verify` has said True."""

    kid: Kid
    typ: str
    payload: bytes
    signing_input: bytes
    signature: bytes


def sign(payload: bytes, key: PrivateKey, kid: Kid, typ: str) -> str:
    """The compact JWS of a payload, ASCII.  Raises ValueError on an empty payload, an unknown typ, a malformed kid."""
    if not payload:
        raise ValueError("an empty payload is the sign of detached content and cannot be signed as it stands")
    if typ not in TYPES:
        raise ValueError(f"{typ!r} is not a kind of signed text; the kinds are {', '.join(TYPES)}")
    header = canonical({"alg": ALG, "kid": str(parse_kid(str(kid))), "typ": typ})
    signed = f"{b64url(header)}.{b64url(payload)}"
    return f"{signed}.{b64url(key.sign(signed.encode('ascii')))}"


def split(text: str, *, max_bytes: int = limits.STATEMENT_BYTES) -> Parsed:
    """The parts of a compact JWS, if it is exactly what `sign` would have written.

    Size is looked at first.  Raises NotJws, or WrongType for a typ that is none of ours.  Detached texts are refused:
    put their payload back with `attach`.
    """
    if len(text) > max_bytes:
        raise NotJws(f"{len(text)} characters; at most {max_bytes}")
    parts = text.split(".", 3)
    if len(parts) != 3:
        raise NotJws("a compact JWS has three parts between two dots")
    head, body, tail = parts
    if len(head) > HEADER_CHARS:
        raise NotJws(f"the header takes {len(head)} characters; at most {HEADER_CHARS}")
    if not body:
        raise NotJws("the payload is detached or empty")
    if len(tail) != SIGNATURE_CHARS:
        raise NotJws(f"the signature takes {len(tail)} characters; an Ed25519 signature takes {SIGNATURE_CHARS}")
    kid, typ = _header(_bytes_of(head, "header"))
    return Parsed(kid, typ, _bytes_of(body, "payload"), f"{head}.{body}".encode("ascii"), _bytes_of(tail, "signature"))


def payload_again(text: str) -> bytes:
    """The payload of a text that `split` took before and that was kept since under a hash: it is not judged again."""
    body = text.split(".", 2)[1].encode("ascii")
    return a2b_base64(body.translate(_FROM_URL) + b"=" * (-len(body) % 4))


def verify(parsed: Parsed, public: bytes) -> bool:
    """Whether the key with these 32 public bytes signed the text.  It does not ask whether the kid names them."""
    return signature_holds(public, parsed.signature, parsed.signing_input)


def read(
    text: str, *, typ: str, key_of: Callable[[Kid], bytes | None], max_bytes: int = limits.STATEMENT_BYTES
) -> Parsed:
    """A signed text, verified: split, of the wanted typ, by a key that `key_of` knows, with a signature that holds.

    Raises one of the BadSignature family, the first that applies in that order.
    """
    parsed = split(text, max_bytes=max_bytes)
    if parsed.typ != typ:
        raise WrongType(f"this is a {parsed.typ}; wanted is a {typ}")
    public = key_of(parsed.kid)
    if public is None:
        raise UnknownKey(f"no certified key is named {parsed.kid}")
    if not verify(parsed, public):
        raise BadSignature(f"the signature is not that of {parsed.kid} over this text")
    return parsed


def sign_detached(payload: bytes, key: PrivateKey, kid: Kid, typ: str) -> str:
    """A signature that travels apart from its payload: the payload part is empty.  Source: RFC 7515 Appendix F."""
    head, _, tail = sign(payload, key, kid, typ).split(".")
    return f"{head}..{tail}"


def attach(detached: str, payload: bytes) -> str:
    """The whole JWS from a detached one and the payload that it is about.  Raises NotJws if it was not detached."""
    parts = detached.split(".", 3)
    if len(parts) != 3 or parts[1]:
        raise NotJws("a detached JWS has three parts, the middle one empty")
    return f"{parts[0]}.{b64url(payload)}.{parts[2]}"


def verify_detached(detached: str, payload: bytes, public: bytes) -> bool:
    """Whether a detached JWS is this key's over this payload.  Raises NotJws on what is no detached JWS of ours."""
    return verify(split(attach(detached, payload)), public)


def _header(data: bytes) -> tuple[Kid, str]:
    """kid and typ of header bytes; refused unless they are the canonical JSON of exactly alg, kid and typ."""
    try:
        header = parse_canonical(data, max_bytes=HEADER_CHARS, max_depth=1)
    except NotCanonical as error:
        raise NotJws(f"the header is {error}") from None
    if not isinstance(header, dict) or set(header) != {"alg", "kid", "typ"}:
        raise NotJws("the header holds alg, kid and typ and nothing else")
    if header["alg"] != ALG:
        raise NotJws(f"alg is not {ALG}")
    kid, typ = header["kid"], header["typ"]
    if not isinstance(kid, str) or not isinstance(typ, str):
        raise NotJws("kid and typ are text")
    try:
        key = parse_kid(kid)
    except ValueError as error:
        raise NotJws(str(error)) from None
    if typ not in TYPES:
        raise WrongType(f"typ is none of {', '.join(TYPES)}")
    return key, typ


def _bytes_of(part: str, what: str) -> bytes:
    try:
        return from_b64url(part)
    except ValueError:
        raise NotJws(f"the {what} is not base64url without padding") from None
