"""Makes docs/spec/vectors/keys.json, jws.json and card.json, from the RFCs' primitives and none of the package's code.

Run it to write the files: python tests/evidence/make_vectors.py.  The tests hold three things against one another: the
committed files, what this module gives, and what the package gives.
"""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import hpke_twin
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from mnemonic import Mnemonic

VECTORS = Path(__file__).parents[2] / "docs" / "spec" / "vectors"
ISSUED = 1_795_251_600_000  # 2026-11-21T09:00:00Z
UNTIL = ISSUED + 3 * 366 * 86_400_000


def b64(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The inverse of b64."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def canon(value: Any) -> bytes:
    """Canonical JSON: for ASCII keys and whole numbers Python's sorted and tight form is that of RFC 8785."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Key:
    """A key from a name, so that nobody takes a vector's key for a real one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.seed = hashlib.sha256(f"skyparley test vector: {name}".encode()).digest()
        self.private = Ed25519PrivateKey.from_private_bytes(self.seed)
        self.public = self.private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        jwk = canon({"crv": "Ed25519", "kty": "OKP", "x": b64(self.public)})
        self.thumbprint = b64(hashlib.sha256(jwk).digest())


class SealKey(Key):
    """The same for a key that files are sealed to."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.opens = X25519PrivateKey.from_private_bytes(self.seed)
        self.public = self.opens.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        jwk = canon({"crv": "X25519", "kty": "OKP", "x": b64(self.public)})
        self.thumbprint = b64(hashlib.sha256(jwk).digest())


A_PARTY, A_DESK, A_MACHINE = Key("A party"), Key("A desk"), Key("A machine")
A_SUPERVISOR, A_EXERCISE, A_SEAL = Key("A supervisor"), Key("A exercise"), SealKey("A seal")
B_PARTY, B_MACHINE = Key("B party"), Key("B machine")


def kid(party: Key, role: str, key: Key) -> str:
    """party fingerprint / role / key id."""
    return f"{party.thumbprint}/{role}/{key.thumbprint[:11]}"


def words(fingerprint: str) -> list[list[str]]:
    """BIP-39 by hand: 256 bits and the first 8 of their SHA-256, cut into 24 numbers of 11 bits."""
    entropy = base64.urlsafe_b64decode(fingerprint + "=")
    bits = "".join(f"{byte:08b}" for byte in entropy + hashlib.sha256(entropy).digest()[:1])
    listed = Mnemonic("english").wordlist
    spoken = [listed[int(bits[at : at + 11], 2)] for at in range(0, 264, 11)]
    return [spoken[at : at + 4] for at in range(0, 24, 4)]


def jws(payload: bytes, key: Key, named: str, typ: str, header: bytes | None = None) -> str:
    """A compact JWS; `header` puts other header bytes in its place."""
    signed = f"{b64(header or canon({'alg': 'Ed25519', 'kid': named, 'typ': typ}))}.{b64(payload)}"
    return f"{signed}.{b64(key.private.sign(signed.encode()))}"


def keys_vectors() -> dict[str, Any]:
    """Seed to public key, thumbprint, words and kid."""
    entries = []
    for key, party, role in (
        (A_PARTY, A_PARTY, "party"),
        (A_DESK, A_PARTY, "desk"),
        (A_MACHINE, A_PARTY, "machine"),
        (A_SUPERVISOR, A_PARTY, "supervisor"),
        (A_EXERCISE, A_PARTY, "exercise"),
        (B_PARTY, B_PARTY, "party"),
    ):
        entry: dict[str, Any] = {
            "name": key.name,
            "seed_hex": key.seed.hex(),
            "public": b64(key.public),
            "thumbprint": key.thumbprint,
            "kid": kid(party, role, key),
        }
        if role == "party":
            entry["words"] = words(key.thumbprint)
        entries.append(entry)
    return {"source": "docs/spec/line-v1.md 1.5; RFC 8032, RFC 7638, RFC 8037, BIP-39", "keys": entries}


def jws_vectors() -> dict[str, Any]:
    """Signed texts that hold, and texts that must be refused, with the code of the refusal."""
    desk, typ = kid(A_PARTY, "desk", A_DESK), "skyparley-statement"
    payload = canon({"epoch": 1, "proto": "skyparley/1", "seq": 1, "text": "Zürich – 東"})
    good = jws(payload, A_DESK, desk, typ)
    head, body, tail = good.split(".")

    def headed(header: bytes) -> str:
        return jws(payload, A_DESK, desk, typ, header)

    return {
        "source": "docs/spec/line-v1.md 1.4; RFC 7515, RFC 9864",
        "signed": [
            {
                "seed_hex": A_DESK.seed.hex(),
                "kid": desk,
                "typ": typ,
                "payload": payload.decode(),
                "jws": good,
                "detached": f"{head}..{tail}",
                "hash": b64(hashlib.sha256(good.encode()).digest()),
            }
        ],
        "refused": [
            {
                "why": "another algorithm name",
                "code": "NOT_JWS",
                "jws": headed(canon({"alg": "EdDSA", "kid": desk, "typ": typ})),
            },
            {"why": "no algorithm", "code": "NOT_JWS", "jws": headed(canon({"alg": "none", "kid": desk, "typ": typ}))},
            {
                "why": "one more header member",
                "code": "NOT_JWS",
                "jws": headed(canon({"alg": "Ed25519", "kid": desk, "typ": typ, "x5u": "https://a.example"})),
            },
            {
                "why": "a critical header member",
                "code": "NOT_JWS",
                "jws": headed(canon({"alg": "Ed25519", "crit": ["b64"], "kid": desk, "typ": typ})),
            },
            {"why": "no kid", "code": "NOT_JWS", "jws": headed(canon({"alg": "Ed25519", "typ": typ}))},
            {
                "why": "header members in another order",
                "code": "NOT_JWS",
                "jws": headed(f'{{"typ":"{typ}","alg":"Ed25519","kid":"{desk}"}}'.encode()),
            },
            {
                "why": "a space in the header",
                "code": "NOT_JWS",
                "jws": headed(f'{{"alg": "Ed25519","kid":"{desk}","typ":"{typ}"}}'.encode()),
            },
            {
                "why": "a role that does not exist",
                "code": "NOT_JWS",
                "jws": jws(payload, A_DESK, desk.replace("/desk/", "/chief/"), typ),
            },
            {"why": "an unknown typ", "code": "WRONG_TYPE", "jws": jws(payload, A_DESK, desk, "JWT")},
            {"why": "base64url with padding", "code": "NOT_JWS", "jws": f"{head}.{body}.{tail}=="},
            {
                "why": "the last bits of base64url not zero",
                "code": "NOT_JWS",
                "jws": good[:-1] + _next_letter(good[-1]),
            },
            {"why": "two parts", "code": "NOT_JWS", "jws": f"{head}.{body}"},
            {"why": "four parts", "code": "NOT_JWS", "jws": f"{good}."},
            {"why": "detached where it should not be", "code": "NOT_JWS", "jws": f"{head}..{tail}"},
            {"why": "a line end after it", "code": "NOT_JWS", "jws": f"{good}\n"},
            {
                "why": "signed by another key than the kid names",
                "code": "BAD_SIGNATURE",
                "jws": jws(payload, A_MACHINE, desk, typ),
            },
            {
                "why": "the signature of another payload",
                "code": "BAD_SIGNATURE",
                "jws": f"{head}.{b64(payload.replace(b'1', b'2'))}.{tail}",
            },
        ],
    }


def card_payload(**changes: Any) -> dict[str, Any]:
    """The payload of A's card, with members changed; a member changed to None is left out."""
    payload: dict[str, Any] = {
        "card": 1,
        "name": "A",
        "party_key": b64(A_PARTY.public),
        "roles": [
            {"role": "desk", "key": b64(A_DESK.public), "from": ISSUED, "until": UNTIL},
            {"role": "machine", "key": b64(A_MACHINE.public), "from": ISSUED, "until": UNTIL},
            {"role": "supervisor", "key": b64(A_SUPERVISOR.public), "from": ISSUED, "until": UNTIL},
            {"role": "exercise", "key": b64(A_EXERCISE.public), "from": ISSUED, "until": UNTIL},
        ],
        "seals": [{"key": b64(A_SEAL.public), "from": ISSUED, "until": UNTIL}],
        "bearers": [{"kind": "http", "url": "https://a.example:8441"}],
        "clock": "REAL",
        "issued": ISSUED,
        **changes,
    }
    return {name: value for name, value in payload.items() if value is not None}


def card_vectors() -> dict[str, Any]:
    """A card that holds, and cards that must be refused, with the code of the refusal."""
    named, typ = kid(A_PARTY, "party", A_PARTY), "skyparley-card"
    good = canon(card_payload())
    desk, machine, *_ = card_payload()["roles"]
    (seal,) = card_payload()["seals"]

    def signed(**changes: Any) -> str:
        return jws(canon(card_payload(**changes)), A_PARTY, named, typ)

    text = signed()
    head, body, _ = text.split(".")
    identity = b64(bytes([1]) + bytes(31))
    refused = [
        ("larger than 16 KiB", "CARD_TOO_LARGE", signed(name="A" * 16_000)),
        ("a statement and not a card", "WRONG_TYPE", jws(good, A_PARTY, named, "skyparley-statement")),
        ("one more member", "CARD_FORM", signed(unit="12 SQN")),
        ("a member is missing", "CARD_FORM", signed(clock=None)),
        ("another version", "CARD_FORM", signed(card=2)),
        ("another clock", "CARD_FORM", signed(clock="FAST")),
        ("a fraction", "CARD_FORM", signed(issued=1.5)),
        ("a space in the payload", "CARD_FORM", jws(good.replace(b",", b", ", 1), A_PARTY, named, typ)),
        ("no role at all", "CARD_FORM", signed(roles=[])),
        (
            "the party key is another's",
            "CARD_PARTY_KEY",
            signed(party_key=b64(B_PARTY.public)),
        ),
        ("the kid names the desk key", "CARD_PARTY_KEY", jws(good, A_DESK, kid(A_PARTY, "desk", A_DESK), typ)),
        ("a party key of small order", "CARD_PARTY_KEY", signed(party_key=identity)),
        ("signed by another key", "BAD_SIGNATURE", jws(good, B_PARTY, named, typ)),
        ("the signature of another card", "BAD_SIGNATURE", f"{head}.{body}.{signed(name='B').split('.')[2]}"),
        ("a name in small letters", "CARD_NAME", signed(name="a")),
        ("a name in another alphabet", "CARD_NAME", signed(name="\u0410")),
        ("a name too long", "CARD_NAME", signed(name="A" * 17)),
        ("a role that does not exist", "CARD_ROLES", signed(roles=[{**desk, "role": "chief"}])),
        ("one key in two roles", "CARD_ROLES", signed(roles=[desk, {**machine, "key": desk["key"]}])),
        ("the party key as a role key", "CARD_ROLES", signed(roles=[{**desk, "key": b64(A_PARTY.public)}])),
        ("a role key of small order", "CARD_ROLES", signed(roles=[{**desk, "key": identity}])),
        ("a role key that is valid at no time", "CARD_ROLES", signed(roles=[{**desk, "until": ISSUED}])),
        (
            "a seal key among the roles",
            "CARD_ROLES",
            signed(roles=[desk, {**desk, "role": "seal", "key": seal["key"]}]),
        ),
        ("seal keys that are none", "CARD_FORM", signed(seals=[])),
        ("a seal key with a role", "CARD_FORM", signed(seals=[{**seal, "role": "seal"}])),
        ("a seal key of small order", "CARD_SEALS", signed(seals=[{**seal, "key": identity}])),
        ("a seal key above the prime", "CARD_SEALS", signed(seals=[{**seal, "key": b64(b"\xf6" + b"\xff" * 31)}])),
        ("a seal key for no time", "CARD_SEALS", signed(seals=[{**seal, "until": ISSUED}])),
        ("a seal key that stands twice", "CARD_SEALS", signed(seals=[seal, seal])),
        (
            "a bearer that does not exist",
            "CARD_BEARERS",
            signed(bearers=[{"kind": "pigeon", "url": "https://a.example"}]),
        ),
        ("an address of another kind", "CARD_BEARERS", signed(bearers=[{"kind": "http", "url": "file:///etc/hosts"}])),
        ("an address with a user", "CARD_BEARERS", signed(bearers=[{"kind": "http", "url": "https://u:p@a.example"}])),
    ]
    return {
        "source": "docs/spec/line-v1.md 2",
        "cards": [
            {
                "party_seed_hex": A_PARTY.seed.hex(),
                "payload": good.decode(),
                "card": text,
                "fingerprint": A_PARTY.thumbprint,
                "role_kids": [
                    kid(A_PARTY, "desk", A_DESK),
                    kid(A_PARTY, "machine", A_MACHINE),
                    kid(A_PARTY, "supervisor", A_SUPERVISOR),
                    kid(A_PARTY, "exercise", A_EXERCISE),
                ],
                "seal_seed_hex": A_SEAL.seed.hex(),
                "seal_key_id": A_SEAL.thumbprint[:11],
            },
            _card_without_seals(named, typ),
        ],
        "refused": [{"why": why, "code": code, "card": card} for why, code, card in refused],
    }


def _card_without_seals(named: str, typ: str) -> dict[str, Any]:
    """A card as it was made before there were seal keys: it holds for ever."""
    desk, machine, *_ = card_payload()["roles"]
    payload = canon(card_payload(roles=[desk, machine], seals=None))
    return {
        "party_seed_hex": A_PARTY.seed.hex(),
        "payload": payload.decode(),
        "card": jws(payload, A_PARTY, named, typ),
        "fingerprint": A_PARTY.thumbprint,
        "role_kids": [kid(A_PARTY, "desk", A_DESK), kid(A_PARTY, "machine", A_MACHINE)],
    }


def sealed_vectors() -> dict[str, Any]:
    """A file sealed to A by the twin, and files that must be refused, with the code of the refusal."""
    receiver, key_id = A_PARTY.thumbprint, A_SEAL.thumbprint[:11]
    # What B writes to A when it owes nothing and asks: the head alone, for a body of no bytes.
    head = {
        "proto": "skyparley/1",
        "from": B_PARTY.thumbprint,
        "to": receiver,
        "time": ISSUED,
        "clock": "REAL",
        "table_hash": b64(hashlib.sha256(b"a table").digest()),
        "nonce": b64(bytes(range(16))),
        "body": b64(hashlib.sha256(b"").digest()),
    }
    content = jws(canon(head), B_MACHINE, kid(B_PARTY, "machine", B_MACHINE), "skyparley-file") + "\n"

    def sealed(first: str) -> str:
        body = hpke_twin.seal(content.encode(), A_SEAL.public, f"{first}\n".encode(), bytes(range(32)))
        return f"{first}\n{b64(body)}\n"

    good = sealed(f"skyparley-sealed/1 {receiver} {key_id}")
    first, body, _ = good.split("\n")
    return {
        "source": "docs/spec/line-v1.md 12.2, 12.3; RFC 9180",
        "files": [
            {
                "receiver": receiver,
                "seal_seed_hex": A_SEAL.seed.hex(),
                "ephemeral_seed_hex": bytes(range(32)).hex(),
                "head": canon(head).decode(),
                "content": content,
                "file": good,
            }
        ],
        "refused": [
            {"why": "another version", "code": "NOT_SEALED", "file": sealed(f"skyparley-sealed/2 {receiver} {key_id}")},
            {"why": "no first line", "code": "NOT_SEALED", "file": f"{body}\n"},
            {
                "why": "sealed to another party",
                "code": "OTHER_PARTY",
                "file": sealed(f"skyparley-sealed/1 {B_PARTY.thumbprint} {key_id}"),
            },
            {
                "why": "sealed to a key that is not held",
                "code": "UNKNOWN_SEAL_KEY",
                "file": f"skyparley-sealed/1 {receiver} {A_DESK.thumbprint[:11]}\n{body}\n",
            },
            {"why": "the end of the last line is missing", "code": "FILE_DAMAGED", "file": f"{first}\n{body}"},
            {"why": "cut", "code": "FILE_DAMAGED", "file": f"{first}\n{body[:-4]}\n"},
            {"why": "a line more", "code": "FILE_DAMAGED", "file": f"{good}more\n"},
            {"why": "base64url with padding", "code": "FILE_DAMAGED", "file": f"{first}\n{body}==\n"},
        ],
    }


ALL = {"keys.json": keys_vectors, "jws.json": jws_vectors, "card.json": card_vectors, "sealed.json": sealed_vectors}


def text_of(name: str) -> str:
    """The text of one vector file."""
    return json.dumps(ALL[name](), indent=2, ensure_ascii=True) + "\n"


def _next_letter(letter: str) -> str:
    """The letter whose six bits are one more: for the last of 86, one of the four bits that must be zero."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return letters[letters.index(letter) + 1]


if __name__ == "__main__":
    VECTORS.mkdir(parents=True, exist_ok=True)
    for file_name in ALL:
        (VECTORS / file_name).write_text(text_of(file_name), encoding="utf-8")
