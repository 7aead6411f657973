"""RFC 9180, mode Base with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256 and AES-256-GCM, by hand from the RFC.

The slow twin of what the library does, with the ephemeral key as an argument, so that a vector is the same in every run.
"""

import hashlib
import hmac

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEM_SUITE = b"KEM" + (0x0020).to_bytes(2, "big")
HPKE_SUITE = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (0x0020, 0x0001, 0x0002))


def _extract(salt: bytes, suite: bytes, label: bytes, ikm: bytes) -> bytes:
    """LabeledExtract of section 4."""
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, hashlib.sha256)


def _expand(prk: bytes, suite: bytes, label: bytes, info: bytes, length: int) -> bytes:
    """LabeledExpand of section 4; one block of HKDF is enough for 32 bytes."""
    assert length <= 32
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(prk, labelled + b"\x01", hashlib.sha256)[:length]


def raw(key: X25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def _context(dh: bytes, enc: bytes, receiver: bytes, info: bytes) -> tuple[bytes, bytes]:
    """Key and base nonce: sections 4.1 and 5.1."""
    eae = _extract(b"", KEM_SUITE, b"eae_prk", dh)
    shared = _expand(eae, KEM_SUITE, b"shared_secret", enc + receiver, 32)
    mode = b"\x00"
    psk_id = _extract(b"", HPKE_SUITE, b"psk_id_hash", b"")
    context = mode + psk_id + _extract(b"", HPKE_SUITE, b"info_hash", info)
    secret = _extract(shared, HPKE_SUITE, b"secret", b"")
    return _expand(secret, HPKE_SUITE, b"key", context, 32), _expand(secret, HPKE_SUITE, b"base_nonce", context, 12)


def seal(payload: bytes, receiver: bytes, info: bytes, ephemeral: bytes) -> bytes:
    """enc and ct; `ephemeral` is the seed of the ephemeral key."""
    own = X25519PrivateKey.from_private_bytes(ephemeral)
    enc = raw(own.public_key())
    dh = own.exchange(X25519PublicKey.from_public_bytes(receiver))
    key, nonce = _context(dh, enc, receiver, info)
    return enc + AESGCM(key).encrypt(nonce, payload, b"")


def open_(sealed: bytes, seed: bytes, info: bytes) -> bytes:
    """What was sealed.  Raises InvalidTag."""
    own = X25519PrivateKey.from_private_bytes(seed)
    enc, ct = sealed[:32], sealed[32:]
    dh = own.exchange(X25519PublicKey.from_public_bytes(enc))
    key, nonce = _context(dh, enc, raw(own.public_key()), info)
    return AESGCM(key).decrypt(nonce, ct, b"")
