"""Sealed files: bytes that only the holder of one seal key can read.  Who made them, the seal does not say.

HPKE (RFC 9180) in its Base mode by the `cryptography` library.  The library draws the ephemeral key itself, so this is the
one module below the engine that is not the same in every run: a sealed file is no evidence, and nothing is decided by it.
Source: RFC 9180 5.1.1, 6.1; docs/spec/line-v1.md 12.2.
"""

import re
from collections.abc import Sequence
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from skyparley.base import limits
from skyparley.base.ids import Fingerprint, b64url, from_b64url
from skyparley.evidence.card import Card
from skyparley.evidence.seal_keys import SealKey, public_seal_key, seal_key_id, seal_public_bytes

MARK: Final = "skyparley-sealed/1"

_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_HEAD: Final = re.compile(rf"{MARK} ([A-Za-z0-9_-]{{43}}) ([A-Za-z0-9_-]{{11}})\n", re.ASCII)


class BadSeal(ValueError):
    """A file that cannot be opened, or a party that nothing can be sealed to.  `code` is for machines."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def seal(payload: bytes, to: Card, at_ms: int) -> bytes:
    """The bytes of a sealed file: two lines of ASCII.  Not the same for the same payload.

    Raises BadSeal NO_SEAL_KEY when the card names no key for that time.
    """
    assert len(payload) <= limits.FILE_CONTENT_BYTES, "who packs a file counts"
    entry = to.seal_entry(at_ms)
    if entry is None:
        text = f"the card of {to.name} names no key to seal to at this time; ask {to.name} for a newer card"
        raise BadSeal("NO_SEAL_KEY", text)
    head = f"{MARK} {to.fingerprint} {seal_key_id(entry.public)}\n".encode("ascii")
    body = _SUITE.encrypt(payload, public_seal_key(entry.public), info=head)
    sealed = head + b64url(body).encode("ascii") + b"\n"
    assert len(sealed) <= limits.FILE_BYTES, "the largest content fits the largest file"
    return sealed


def unseal(data: bytes, own: Fingerprint, keys: Sequence[SealKey]) -> bytes:
    """What was sealed, opened by the one of our keys that the file names.

    Raises BadSeal with the first of these that applies: FILE_TOO_LARGE, NOT_SEALED (another form), OTHER_PARTY,
    UNKNOWN_SEAL_KEY, FILE_DAMAGED (it does not open: changed, cut, or sealed by mistake).
    """
    if len(data) > limits.FILE_BYTES:
        raise BadSeal("FILE_TOO_LARGE", f"{len(data)} bytes; a sealed file has at most {limits.FILE_BYTES}")
    head, body = _parts(data)
    named = _HEAD.fullmatch(head.decode("ascii", errors="replace"))
    if named is None:
        text = f"this is not a sealed file: its first line should be {MARK}, a fingerprint and the id of a key"
        raise BadSeal("NOT_SEALED", text)
    if named[1] != own:
        text = (
            f"this file is sealed to {named[1][:8]}..., and this party is {own[:8]}...: it was put in the wrong place"
        )
        raise BadSeal("OTHER_PARTY", text)
    key = next((one for one in keys if seal_key_id(seal_public_bytes(one)) == named[2]), None)
    if key is None:
        text = f"this file is sealed to a key {named[2]} that is not here; whoever sent it may hold an old card of ours"
        raise BadSeal("UNKNOWN_SEAL_KEY", text)
    try:
        text, end = body[:-1].decode("ascii"), body[-1:]
        if end != b"\n":
            raise ValueError("the last line has no end")
        sealed = from_b64url(text)
        return _SUITE.decrypt(sealed, key, info=head)
    except (InvalidTag, ValueError):
        text = "this file does not open: it was changed or cut on the way; ask for it again"
        raise BadSeal("FILE_DAMAGED", text) from None


def _parts(data: bytes) -> tuple[bytes, bytes]:
    """The first line with its LF, and the rest."""
    end = data.find(b"\n", 0, 256) + 1
    return data[:end], data[end:]
