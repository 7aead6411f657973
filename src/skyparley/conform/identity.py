"""The party that the tests speak as: its keys and its card, kept in a folder so that the tested side pins it once."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from skyparley.base.canonical import canonical
from skyparley.base.ids import b64url, from_b64url
from skyparley.evidence import jws
from skyparley.evidence.card import Bearer, Card, Draft, RoleKey, make_card, read_card
from skyparley.evidence.keys import PrivateKey, from_seed, make_kid, public_bytes

KEYS_FILE: Final = "conform-keys.json"
CARD_FILE: Final = "own.card"
FOR_EVER_MS: Final = 253_402_300_799_999  # the last time that the line can write; a tested clock may show any
SEED_BYTES: Final = 32

CERTIFIED: Final = {
    "desk": (0, FOR_EVER_MS),
    "machine": (0, FOR_EVER_MS),
    "supervisor": (0, FOR_EVER_MS),
    "desk-past": (0, 1),
    "machine-past": (0, 1),
}
"""The role keys on the card and the time in which each may sign.  The last two may not sign any more."""
UNCERTIFIED: Final = ("desk-none", "machine-none", "supervisor-none")
"""Keys of the right form that the card does not name."""


class NoIdentity(ValueError):
    """The folder holds no party for tests; the message says what would be right."""


class Identity:
    """Keys by name, the card, and signing.  A name is a role, with `-past` or `-none` where the key must be refused."""

    def __init__(self, seeds: dict[str, bytes], card: Card) -> None:
        self.card = card
        self.fingerprint = card.fingerprint
        self._keys = {name: from_seed(seed) for name, seed in seeds.items()}

    def key(self, name: str) -> PrivateKey:
        return self._keys[name]

    def kid(self, name: str) -> str:
        """The kid of a key of ours."""
        return str(make_kid(self.fingerprint, name.split("-")[0], public_bytes(self._keys[name])))

    def sign(self, payload: Any, typ: str, name: str = "machine") -> str:
        """The JWS of the canonical form of a value."""
        return self.sign_bytes(canonical(payload), typ, name)

    def sign_bytes(self, payload: bytes, typ: str, name: str = "machine") -> str:
        """The JWS of bytes that may be anything."""
        header = canonical({"alg": jws.ALG, "kid": self.kid(name), "typ": typ})
        return self.sign_raw(header, payload, name)

    def sign_raw(self, header: bytes, payload: bytes, name: str = "machine") -> str:
        """A signature over a header that may be anything, too."""
        signed = f"{b64url(header)}.{b64url(payload)}"
        return f"{signed}.{b64url(self._keys[name].sign(signed.encode('ascii')))}"

    def sign_detached(self, payload: bytes, name: str = "desk", *, typ: str = jws.AGREEMENT) -> str:
        """A signature that travels apart: under an agreement, or the second of two persons."""
        head, _, tail = self.sign_bytes(payload, typ, name).split(".")
        return f"{head}..{tail}"


def make(name: str, url: str, clock: str, *, luck: Callable[[int], bytes], now_ms: int) -> tuple[dict[str, bytes], str]:
    """Seeds of a new party by the names of their keys, and its card.  Raises BadCard on a name or address that will not do."""
    seeds = {key: luck(SEED_BYTES) for key in ("party", *CERTIFIED, *UNCERTIFIED)}
    roles = tuple(
        RoleKey(key.split("-")[0], b64url(public_bytes(from_seed(seeds[key]))), since, until)
        for key, (since, until) in CERTIFIED.items()
    )
    draft = msgspec.convert(
        {"name": name, "roles": roles, "bearers": (Bearer("http", url),), "clock": clock, "issued": now_ms}, Draft
    )
    return seeds, make_card(draft, from_seed(seeds["party"]))


def write(folder: Path, seeds: dict[str, bytes], card: str) -> None:
    """Puts a party into a folder.  Raises NoIdentity when one is there: a peer may have pinned it."""
    if (folder / KEYS_FILE).exists():
        raise NoIdentity(f"{folder} holds a party for tests already; its card is {folder / CARD_FILE}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / KEYS_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        json.dump({name: b64url(seed) for name, seed in seeds.items()}, file)
    (folder / CARD_FILE).write_text(f"{card}\n", encoding="ascii")


def load(folder: Path) -> Identity:
    """The party of a folder.  Raises NoIdentity."""
    try:
        kept = json.loads((folder / KEYS_FILE).read_text(encoding="ascii"))
        card = read_card((folder / CARD_FILE).read_text(encoding="ascii").strip())
        return Identity({name: from_b64url(seed) for name, seed in kept.items()}, card)
    except FileNotFoundError:
        raise NoIdentity(f"{folder} holds no party for tests: make one with skyparley conform init {folder}") from None
    except (ValueError, AttributeError) as error:
        raise NoIdentity(f"the party for tests in {folder} cannot be read: {error}") from None
