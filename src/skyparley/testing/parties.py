"""The parties of a simulated world: real keys and cards, made once and the same in every run."""

import hashlib
from functools import lru_cache

import msgspec

from skyparley.base.ids import b64url
from skyparley.domain.messages.codes import Role
from skyparley.domain.profiles import profile
from skyparley.domain.table import Table
from skyparley.engine.signer import Signer
from skyparley.evidence import card as cards
from skyparley.evidence.keys import PrivateKey, from_seed, public_bytes


class Party(msgspec.Struct, frozen=True):
    """Who somebody is: a card, and the role keys behind it."""

    card: cards.Card
    desk: PrivateKey
    machine: PrivateKey

    @property
    def name(self) -> str:
        return self.card.name

    @property
    def url(self) -> str:
        return self.card.urls[0]

    def signer(self) -> Signer:
        return Signer(self.card, {"desk": self.desk, "machine": self.machine})


@lru_cache
def party(name: str) -> Party:
    """The party of this name."""
    own, desk, machine = (from_seed(hashlib.sha256(f"{name} {role}".encode()).digest()) for role in _ROLES)
    said = cards.Draft(
        name=name,
        roles=(_role("desk", desk), _role("machine", machine)),
        bearers=(cards.Bearer(kind="http", url=f"http://{name.lower()}.example"),),
        clock="REAL",
        issued_ms=0,
    )
    return Party(cards.read_card(cards.make_card(said, own)), desk, machine)


_ROLES = ("party", "desk", "machine")


def _role(role: Role, key: PrivateKey) -> cards.RoleKey:
    return cards.RoleKey(role=role, key=b64url(public_bytes(key)), from_ms=0, until_ms=10**13)


@lru_cache
def table() -> Table:
    """The military table, which both sides hold."""
    return profile("military")
