"""Hashes and their text form.  An id is either given from outside or computed from what it names; none is drawn here."""

import hashlib
from binascii import a2b_base64, b2a_base64
from typing import NewType

Fingerprint = NewType("Fingerprint", str)
"""A party: the RFC 7638 thumbprint of its Ed25519 party key, 43 characters of base64url."""

NoticeId = NewType("NoticeId", str)
"""A notice as its owner named it, for example A-0001.  Unique within its party."""

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_", b"+/")


def b64url(data: bytes) -> str:
    """base64url without padding.  Source: RFC 7515 2."""
    return b2a_base64(data, newline=False).translate(_TO_URL, b"=").decode("ascii")


def from_b64url(text: str) -> bytes:
    """The inverse of b64url.  Raises ValueError on anything that b64url would not have written."""
    raw = a2b_base64(text.encode("ascii").translate(_FROM_URL) + b"=" * (-len(text) % 4))
    if b64url(raw) != text:
        raise ValueError("not base64url without padding")
    return raw


_ALOUD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def short_id(long_id: str) -> str:
    """The first 40 bits of a hash in 8 characters without look-alikes (Crockford base32): what people read aloud."""
    bits = int.from_bytes(from_b64url(long_id)[:5], "big")
    return "".join(_ALOUD[bits >> shift & 31] for shift in range(35, -1, -5))


def digest(data: bytes) -> str:
    """SHA-256 as 43 characters of base64url."""
    return b64url(hashlib.sha256(data).digest())
