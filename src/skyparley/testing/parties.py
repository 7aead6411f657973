"""The parties of a simulated world: real keys and cards, made once and the same in every run."""

import hashlib
from functools import lru_cache

import msgspec

from skyparley.base.ids import b64url
from skyparley.domain.profiles import profile
from skyparley.domain.table import Table
from skyparley.engine.signer import Signer
from skyparley.evidence import card as cards
from skyparley.evidence.keys import ROLES, PrivateKey, SigningRole, from_seed, public_bytes
from skyparley.evidence.seal_keys import SealKey, seal_from_seed, seal_public_bytes


class Party(msgspec.Struct, frozen=True):
    """Who somebody is: a card, and the keys behind it."""

    card: cards.Card
    keys: dict[SigningRole, PrivateKey]
    seal: SealKey

    @property
    def name(self) -> str:
        return self.card.name

    @property
    def url(self) -> str:
        return self.card.urls[0]

    def signer(self) -> Signer:
        return Signer(self.card, self.keys)


@lru_cache
def party(name: str, bearers: int = 1) -> Party:
    """The party of this name, reached at so many addresses."""
    own, seal = from_seed(_seed(name, "party")), seal_from_seed(_seed(name, "seal"))
    keys = {role: from_seed(_seed(name, role)) for role in ROLES}
    said = cards.Draft(
        name=name,
        roles=tuple(_role(role, key) for role, key in keys.items()),
        seals=(cards.SealEntry(key=b64url(seal_public_bytes(seal)), from_ms=0, until_ms=10**13),),
        bearers=tuple(
            cards.Bearer(kind="http", url=f"http://{name.lower()}{count or ''}.example") for count in range(bearers)
        ),
        clock="REAL",
        issued_ms=0,
    )
    return Party(cards.read_card(cards.make_card(said, own)), keys, seal)


def _seed(name: str, role: str) -> bytes:
    return hashlib.sha256(f"{name} {role}".encode()).digest()


def _role(role: SigningRole, key: PrivateKey) -> cards.RoleKey:
    return cards.RoleKey(role=role, key=b64url(public_bytes(key)), from_ms=0, until_ms=10**13)


@lru_cache
def table() -> Table:
    """The military table, which both sides hold."""
    return profile("military")
