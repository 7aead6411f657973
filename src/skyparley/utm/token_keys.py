"""The keys that tokens are verified with: read from PEM texts and from JSON Web Key sets.  Pure: bytes in, keys out."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any, Final, Literal, TypeAlias

import jwt
import msgspec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from skyparley.base import limits
from skyparley.base.errors import Fault

Algorithm: TypeAlias = Literal["RS256", "ES256", "EdDSA"]
Public: TypeAlias = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey

ALGORITHMS: Final[tuple[Algorithm, ...]] = ("RS256", "ES256", "EdDSA")
ACCEPTED: Final = "RS256 with an RSA key of at least 2048 bits, ES256 with P-256, or EdDSA with Ed25519"

_READERS: Final[dict[bytes, Callable[[bytes], object]]] = {
    b"PUBLIC KEY": load_pem_public_key,
    b"RSA PUBLIC KEY": load_pem_public_key,
    b"CERTIFICATE": lambda block: x509.load_pem_x509_certificate(block).public_key(),
}
_JWK_ALGORITHM: Final[dict[tuple[Any, Any], Algorithm]] = {
    ("RSA", None): "RS256",
    ("EC", "P-256"): "ES256",
    ("OKP", "Ed25519"): "EdDSA",
}
_ED25519_NAMES: Final = ("EdDSA", "Ed25519")
"""The second is what RFC 9864 calls the first with this curve."""


class KeyFault(Fault):
    """Keys could not be had.  The message names the source, what was wrong and what would be right."""

    code = "DSS_KEY_FAULT"


class Key(msgspec.Struct, frozen=True):
    """One public key.  `mark` is the SHA-256 of its SubjectPublicKeyInfo: the same key has the same wherever it is from.

    `alg` follows from the key alone, so that no token can choose how it is verified.  `kid` is "" where it has no name.
    """

    mark: str
    kid: str
    alg: Algorithm
    public: Public


class KeySet(msgspec.Struct, frozen=True):
    """What one source holds.  `skipped` says of each entry that is of no use to us why."""

    keys: tuple[Key, ...]
    skipped: tuple[str, ...] = ()


class _Unfit(ValueError):
    """An entry that tokens cannot be verified with; says why."""


def read_keys(data: bytes) -> KeySet:
    """The keys in a file: a JWKS where it begins as JSON does, PEM blocks otherwise.  Raises KeyFault."""
    return read_jwks(data) if data.lstrip()[:1] in (b"{", b"[") else read_pem(data)


def read_jwks(data: bytes) -> KeySet:
    """The keys of a JSON Web Key set.  An entry of another kind is skipped and not an error; an empty set is a set.

    Raises KeyFault where it is no such set or has over DSS_KEYS entries.  Source: RFC 7517 5, RFC 8037 2.
    """
    try:
        said = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise KeyFault('it is not JSON; a key set looks like {"keys": [...]}') from None
    entries = said.get("keys") if isinstance(said, dict) else None
    if not isinstance(entries, list):
        raise KeyFault('it has no list "keys"; a key set looks like {"keys": [...]}')
    _few(len(entries))
    keys, skipped = [], []
    for place, entry in enumerate(entries):
        try:
            keys.append(_of_jwk(entry))
        except _Unfit as unfit:
            skipped.append(f"keys[{place}]: {unfit}")
    return KeySet(tuple(keys), tuple(skipped))


def read_pem(data: bytes) -> KeySet:
    """The keys of PEM blocks, public keys or certificates; text around them is passed over.  They have no names.

    Of a certificate the key alone is taken: neither its dates nor its issuer are looked at, the file is what is trusted.
    Raises KeyFault: none in it, one that is cut off or cannot be read or used, a private key, over DSS_KEYS.  Source: RFC 7468.
    """
    keys = []
    for label, block in _pem_blocks(data):
        if b"PRIVATE" in label:
            raise KeyFault(
                "it holds a private key; give the public key alone, and keep the other where tokens are made"
            )
        if label not in _READERS:
            raise KeyFault(f"it holds a {_plain(label)}; PUBLIC KEY and CERTIFICATE are read")
        try:
            keys.append(_key(_READERS[label](block), kid=""))
        except _Unfit as unfit:
            raise KeyFault(str(unfit)) from None
        except (ValueError, UnsupportedAlgorithm):
            raise KeyFault(f"a {_plain(label)} in it is damaged or of an unknown kind; wanted is {ACCEPTED}") from None
    if not keys:
        raise KeyFault("there is no PUBLIC KEY or CERTIFICATE in it, and it is no JSON Web Key set")
    _few(len(keys))
    return KeySet(tuple(keys))


def _pem_blocks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(label, block with its boundaries) of each block.  Raises KeyFault where one does not end."""
    begin = data.find(b"-----BEGIN ")
    while begin >= 0:
        label = data[begin + 11 : begin + 75].partition(b"-----")[0]
        ending = b"-----END " + label + b"-----"
        end = data.find(ending, begin)
        if end < 0:
            raise KeyFault("its last block does not end: the file is cut off, or still being written")
        end += len(ending)
        yield label, data[begin:end] + b"\n"
        begin = data.find(b"-----BEGIN ", end)


def _of_jwk(entry: object) -> Key:
    """The key of one entry of a set.  Raises _Unfit."""
    if not isinstance(entry, dict):
        raise _Unfit("is no object")
    alg = _JWK_ALGORITHM.get((entry.get("kty"), entry.get("crv"))) if _hashable(entry) else None
    if alg is None:
        raise _Unfit("is of another kind; wanted is " + ACCEPTED)
    said = entry.get("alg", alg)
    if said != alg and not (alg == "EdDSA" and said in _ED25519_NAMES):
        raise _Unfit(f"is for another algorithm than {alg}")
    if entry.get("use", "sig") != "sig":
        raise _Unfit('is not for signatures; "use" should be "sig" or absent')
    uses = entry.get("key_ops", ["verify"])
    if not isinstance(uses, list) or "verify" not in uses:
        raise _Unfit('is not for verifying; "key_ops" should name "verify" or be absent')
    kid = entry.get("kid", "")
    if not isinstance(kid, str):
        raise _Unfit('has a "kid" that is no text')
    if "d" in entry:
        raise _Unfit("holds a private key, which whoever reads it can sign with; it is not used")
    try:
        public = jwt.PyJWK(entry, algorithm=alg).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, AttributeError, UnsupportedAlgorithm):
        raise _Unfit("is damaged: a member is missing or is no base64url number of the right size") from None
    return _key(public, kid=kid)


def _hashable(entry: dict[str, Any]) -> bool:
    """Whether its kind is said in words, or not at all."""
    return isinstance(entry.get("kty"), str) and isinstance(entry.get("crv"), str | None)


def _key(public: object, *, kid: str) -> Key:
    """A key with the one algorithm that goes with its type.  Raises _Unfit."""
    match public:
        case RSAPublicKey():
            if not limits.DSS_RSA_LEAST_BITS <= public.key_size <= limits.DSS_RSA_MOST_BITS:
                least, most = limits.DSS_RSA_LEAST_BITS, limits.DSS_RSA_MOST_BITS
                raise _Unfit(f"is an RSA key of {public.key_size} bits; from {least} to {most} are wanted")
            return Key(_mark(public), kid, "RS256", public)
        case EllipticCurvePublicKey():
            if not isinstance(public.curve, SECP256R1):
                raise _Unfit(f"is a key on {public.curve.name}; for ES256 it is P-256")
            return Key(_mark(public), kid, "ES256", public)
        case Ed25519PublicKey():
            return Key(_mark(public), kid, "EdDSA", public)
    raise _Unfit("is of another kind; wanted is " + ACCEPTED)


def _mark(public: Public) -> str:
    return hashlib.sha256(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def _few(count: int) -> None:
    if count > limits.DSS_KEYS:
        raise KeyFault(f"it holds {count} keys; at most {limits.DSS_KEYS} are taken")


def _plain(label: bytes) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in label.decode("ascii", "replace"))
