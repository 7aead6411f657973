"""Keys that sign (Ed25519), from a seed to the names that the line uses for parties and keys.

A party is the RFC 7638 thumbprint of its party key.  The party key signs nothing but cards; a card certifies role keys,
and role keys sign everything else.  A signature names its key by `kid`: party fingerprint / role / key id.
Nothing here draws luck: a seed is an argument.  Source: DESIGN "Keys"; RFC 8032; RFC 8037 2; RFC 7638 3.
"""

import hashlib
import re
from functools import lru_cache
from typing import Final, Literal, get_args

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from skyparley.base.ids import Fingerprint, b64url, from_b64url

PrivateKey = Ed25519PrivateKey
"""What signs.  Only `from_seed` and the encrypted file make one."""

SEED_BYTES: Final = 32
PUBLIC_BYTES: Final = 32
KEY_ID_CHARS: Final = 11  # 66 bits of the thumbprint: enough to tell a party's own keys apart, short enough to read

KEYS_AT_HAND: Final = 1024  # a few role keys for each of the few parties that a node knows

PARTY_ROLE: Final = "party"
SigningRole = Literal["desk", "machine", "supervisor", "exercise"]
ROLES: Final[tuple[SigningRole, ...]] = get_args(SigningRole)
"""The roles that a card may certify: `desk` for what officers say, `machine` for receipts, hellos and heartbeats,
`supervisor` for the second signature where two people must agree, `exercise` for exercises and nothing else."""

_KID = re.compile(
    rf"([A-Za-z0-9_-]{{43}})/({'|'.join((PARTY_ROLE, *ROLES))})/([A-Za-z0-9_-]{{{KEY_ID_CHARS}}})", re.ASCII
)

_P: Final = 2**255 - 19
_ORDER_8_Y: Final = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)
_SMALL_ORDER_Y: Final = frozenset({0, 1, _P - 1, _ORDER_8_Y, _P - _ORDER_8_Y})
"""The y coordinates of the eight points whose order divides 8.  Under such a key one signature fits many texts."""


class Kid(msgspec.Struct, frozen=True):
    """Which key signed: whose, in which role, and which of that role's keys."""

    party: Fingerprint
    role: str
    key_id: str

    def __str__(self) -> str:
        return f"{self.party}/{self.role}/{self.key_id}"


def from_seed(seed: bytes) -> PrivateKey:
    """The private key of a seed of 32 bytes.  Raises ValueError on another length.  Source: RFC 8032 5.1.5."""
    if len(seed) != SEED_BYTES:
        raise ValueError(f"a seed is {SEED_BYTES} bytes, not {len(seed)}")
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_bytes(key: PrivateKey) -> bytes:
    """The 32 public bytes of a private key."""
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def is_sound(public: bytes) -> bool:
    """Whether these bytes may stand as somebody's public key: 32 of them, in canonical form, not of small order.

    A key of small order would let its holder say that anybody could have signed, so no evidence may rest on one.
    Source: RFC 8032 5.1.3 for the canonical form.
    """
    if len(public) != PUBLIC_BYTES:
        return False
    y = int.from_bytes(public, "little") & (2**255 - 1)
    return y < _P and y not in _SMALL_ORDER_Y


def signature_holds(public: bytes, signature: bytes, signed: bytes) -> bool:
    """Whether `signature` (64 bytes) is this key's over `signed`; False for an unsound key.  Source: RFC 8032 5.1.7."""
    if not is_sound(public):
        return False
    try:
        _public_key(public).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(maxsize=KEYS_AT_HAND)
def _public_key(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


@lru_cache(maxsize=KEYS_AT_HAND)
def thumbprint(public: bytes) -> str:
    """The JWK thumbprint, 43 characters of base64url.  Source: RFC 7638 3; the members are those of RFC 8037 2."""
    if len(public) != PUBLIC_BYTES:
        raise ValueError(f"a public key is {PUBLIC_BYTES} bytes, not {len(public)}")
    jwk = f'{{"crv":"Ed25519","kty":"OKP","x":"{b64url(public)}"}}'
    return b64url(hashlib.sha256(jwk.encode("ascii")).digest())


def fingerprint(party_public: bytes) -> Fingerprint:
    """The party whose party key this is."""
    return Fingerprint(thumbprint(party_public))


def is_fingerprint(text: str) -> bool:
    """Whether the text has the form of a fingerprint: 43 characters that are base64url of 32 bytes."""
    try:
        return len(text) == 43 and len(from_b64url(text)) == 32
    except ValueError:
        return False


def make_kid(party: Fingerprint, role: str, public: bytes) -> Kid:
    """The name of one key of one party.  Raises ValueError if the party or the role is not well formed."""
    return parse_kid(str(Kid(party, role, thumbprint(public)[:KEY_ID_CHARS])))


def parse_kid(text: str) -> Kid:
    """The inverse of str(Kid).  Raises ValueError on anything else, roles outside the closed list included."""
    match = _KID.fullmatch(text)
    if match is None or not is_fingerprint(match[1]):
        raise ValueError("a kid is <party fingerprint>/<role>/<key id>, with role one of party, " + ", ".join(ROLES))
    return Kid(Fingerprint(match[1]), match[2], match[3])
