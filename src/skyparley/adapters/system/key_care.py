"""Keys after `init`: making what an older folder lacks, rotating a key, revoking one; each ends in a newer card.

The card is written before the new key takes its place, and names old and new.  So whenever the process dies, the folder
holds keys that its card certifies, or a `next-ROLE.pem` that the card certifies and that `finish_rotation` puts in place.
No key ever leaves the card: what it signed must verify for ever.  Source: DESIGN "Keys"; DOMAIN IAM-01, IAM-02.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from skyparley.adapters.system.files import locked, write_atomic
from skyparley.adapters.system.identity import finish_rotation, own_card
from skyparley.adapters.system.keystore import (
    TokenBytes,
    key_path,
    load_key,
    load_seal_key,
    missing_keys,
    next_path,
    write_key,
)
from skyparley.adapters.system.node_dir import (
    Keys,
    NodeFault,
    NodePaths,
    certify,
    certify_seal,
    draft_of,
    load_node,
)
from skyparley.base.times import DAY
from skyparley.evidence.card import Card, RoleKey, SealEntry, make_card, read_card
from skyparley.evidence.keys import PARTY_ROLE, ROLES, from_seed, public_bytes
from skyparley.evidence.seal_keys import SEAL, seal_from_seed, seal_key_id, seal_public_bytes

OVERLAP_MS: Final = 14 * DAY  # a replaced key goes on this long: peers must fetch the newer card by hand meanwhile
ROTATED: Final = (*ROLES, SEAL)

E = TypeVar("E", RoleKey, SealEntry)


class Keeper:
    """Changes the keys of one folder.  `now_ms` is the real time; `passphrase` is asked once, when a key is touched.

    Every method raises NodeFault, KeyFault, or BadCard when the card would become too large.
    """

    def __init__(self, folder: Path, *, passphrase: Callable[[], str], luck: TokenBytes, now_ms: int) -> None:
        self._folder = folder
        self._config = load_node(folder)
        self._passphrase = passphrase
        self._luck = luck
        self._at_ms = self._config.clock.at(now_ms)

    def complete(self) -> tuple[Card, list[str]]:
        """Makes the keys that are missing, and a card that names every key in use; says which keys are new on it."""
        with locked(NodePaths(self._folder).own_card):
            secret = self._passphrase()
            finish_rotation(self._folder, own_card(self._folder), secret)
            for role in missing_keys(self._folder):
                self._make(role, key_path(self._folder, role), secret)
            old = own_card(self._folder).said
            roles, seals, added = list(old.roles), list(own_card(self._folder).seals), []
            for role in ROLES:
                entry = certify(role, load_key(key_path(self._folder, role), secret), self._at_ms)
                if entry.key not in {one.key for one in roles}:
                    roles.append(entry)
                    added.append(str(role))
            sealing = certify_seal(load_seal_key(key_path(self._folder, SEAL), secret), self._at_ms)
            if sealing.key not in {one.key for one in seals}:
                seals.append(sealing)
                added.append(SEAL)
            card = self._issue(Keys(tuple(roles), tuple(seals)), secret) if added else own_card(self._folder)
            return card, added

    def rotate(self, role: str) -> Card:
        """A new key for a role, or to seal to.  The one before goes on for OVERLAP_MS."""
        return self._replace(role, self._at_ms + OVERLAP_MS)

    def revoke(self, named: str) -> Card:
        """Ends a key now.  `named` is a role (its key in use, which is replaced), a kid, or a key id on the card."""
        if named in ROTATED:
            return self._replace(named, self._at_ms)
        key_id = named.rsplit("/", 1)[-1]
        card = own_card(self._folder)
        for role, entry_id in [
            *((entry.role, card.kid_of(entry).key_id) for entry in card.said.roles),
            *((SEAL, seal_key_id(entry.public)) for entry in card.seals),
        ]:
            if entry_id == key_id:
                return self._revoke_one(role, key_id)
        there = ", ".join([*ROTATED, *(str(card.kid_of(entry)) for entry in card.said.roles)])
        raise NodeFault("KEY_UNKNOWN", f"no key of this party is called {named!r}; on the card stand: {there}")

    def _revoke_one(self, role: str, key_id: str) -> Card:
        """The key in use is replaced; one that was replaced before only ends."""
        secret = self._passphrase()
        if key_id == self._id_in_use(role, secret):
            return self._replace(role, self._at_ms)
        with locked(NodePaths(self._folder).own_card):
            card = own_card(self._folder)
            return self._issue(self._ended(card, role, {key_id}, self._at_ms), secret)

    def _replace(self, role: str, until_ms: int) -> Card:
        if role not in ROTATED:
            raise NodeFault(
                "KEY_UNKNOWN", f"{role!r} is not a key that can be replaced; these can: {', '.join(ROTATED)}"
            )
        with locked(NodePaths(self._folder).own_card):
            secret = self._passphrase()
            finish_rotation(self._folder, own_card(self._folder), secret)
            path = next_path(self._folder, role)
            if not path.exists():  # One that was made by a rotation that died is as good as a new one.
                self._make(role, path, secret)
            card = own_card(self._folder)
            keys = self._ended(card, role, {self._id_in_use(role, secret)}, until_ms)
            if role == SEAL:
                self._keep_seal(secret)
                added = Keys(keys.roles, (*_entries(keys), certify_seal(load_seal_key(path, secret), self._at_ms)))
            else:
                added = Keys((*keys.roles, certify(role, load_key(path, secret), self._at_ms)), keys.seals)
            made = self._issue(added, secret)
            os.replace(path, key_path(self._folder, role))
            return made

    def _ended(self, card: Card, role: str, key_ids: set[str], until_ms: int) -> Keys:
        """The keys of the card, with some of a role ended; a key never gets more time than it had."""
        roles = tuple(
            _until(entry, until_ms) if entry.role == role and card.kid_of(entry).key_id in key_ids else entry
            for entry in card.said.roles
        )
        seals = tuple(
            _until(entry, until_ms) if role == SEAL and seal_key_id(entry.public) in key_ids else entry
            for entry in card.seals
        )
        return Keys(roles, seals or card.said.seals)

    def _issue(self, keys: Keys, secret: str) -> Card:
        """Signs and writes the card.  Peers take a newer one only, whatever our clock says."""
        old = own_card(self._folder)
        issued_ms = max(self._at_ms, old.said.issued_ms + 1)
        party = load_key(key_path(self._folder, PARTY_ROLE), secret)
        card = read_card(make_card(draft_of(self._config, keys, issued_ms), party))
        if card.fingerprint != old.fingerprint:
            raise NodeFault("NODE_DAMAGED", f"the party key in {self._folder} is not the one that made its card")
        write_atomic(NodePaths(self._folder).own_card, card.text.encode("ascii") + b"\n", mode=0o644)
        return card

    def _make(self, role: str, path: Path, secret: str) -> None:
        make = seal_from_seed if role == SEAL else from_seed
        write_key(path, make(self._luck(32)), secret, luck=self._luck)

    def _id_in_use(self, role: str, secret: str) -> str:
        path = key_path(self._folder, role)
        if role == SEAL:
            return seal_key_id(seal_public_bytes(load_seal_key(path, secret)))
        public = public_bytes(load_key(path, secret))
        card = own_card(self._folder)
        return next((card.kid_of(entry).key_id for entry in card.said.roles if entry.public == public), "")

    def _keep_seal(self, secret: str) -> None:
        """A copy of the seal key in use under an old name: what was sealed to it may still be on its way."""
        key = load_seal_key(key_path(self._folder, SEAL), secret)
        kept = key_path(self._folder, SEAL).with_name(f"old-{self._at_ms}-{SEAL}.pem")
        if not kept.exists():
            write_key(kept, key, secret, luck=self._luck)


def _entries(keys: Keys) -> tuple[SealEntry, ...]:
    return () if isinstance(keys.seals, msgspec.UnsetType) else keys.seals


def _until(entry: E, until_ms: int) -> E:
    return msgspec.structs.replace(entry, until_ms=max(entry.from_ms + 1, min(entry.until_ms, until_ms)))
