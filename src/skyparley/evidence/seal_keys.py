"""X25519 keys that files are sealed to: from a seed, to public bytes, to a key id.

A seal key signs nothing and proves nothing; it only lets its holder read.  So it is no role and has no `kid`.
Source: RFC 7748 5 and 6.1; RFC 8037 2 (the JWK); docs/spec/line-v1.md 1.5, 2.
"""

import hashlib
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from skyparley.base.ids import b64url
from skyparley.evidence.keys import KEY_ID_CHARS, PUBLIC_BYTES, SEED_BYTES

SealKey = X25519PrivateKey
"""What opens sealed files.  Only `seal_from_seed` and the encrypted file make one."""

SEAL: Final = "seal"
"""What the key is called among the keys of a folder."""

_P: Final = 2**255 - 19
_PROBE: Final = X25519PrivateKey.from_private_bytes(bytes(range(32)))
"""A key that is nobody's: an exchange with it shows a point of small order.  Source: RFC 7748 6.1, the last paragraph."""


def seal_from_seed(seed: bytes) -> SealKey:
    """The private key of a seed of 32 bytes.  Raises ValueError on another length."""
    if len(seed) != SEED_BYTES:
        raise ValueError(f"a seed is {SEED_BYTES} bytes, not {len(seed)}")
    return X25519PrivateKey.from_private_bytes(seed)


def seal_public_bytes(key: SealKey) -> bytes:
    """The 32 public bytes of a private key."""
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def public_seal_key(public: bytes) -> X25519PublicKey:
    """The key of 32 public bytes.  Raises ValueError on another length."""
    return X25519PublicKey.from_public_bytes(public)


def is_sound_seal(public: bytes) -> bool:
    """Whether these bytes may stand as somebody's seal key: 32 of them, below the prime, and not of small order.

    What is sealed to a point of small order can be read by anybody.
    """
    if len(public) != PUBLIC_BYTES or int.from_bytes(public, "little") >= _P:
        return False
    try:
        _PROBE.exchange(public_seal_key(public))
    except ValueError:  # The shared secret would be all zero.
        return False
    return True


def seal_key_id(public: bytes) -> str:
    """The first 11 characters of the RFC 7638 thumbprint of the key as an OKP JWK."""
    jwk = f'{{"crv":"X25519","kty":"OKP","x":"{b64url(public)}"}}'
    return b64url(hashlib.sha256(jwk.encode("ascii")).digest())[:KEY_ID_CHARS]
