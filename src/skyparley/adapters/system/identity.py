"""Who this node is: its card, made again when the settings change, and the keys that it signs and opens with."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from skyparley.adapters.system.files import FileFault, locked, read_public, write_atomic
from skyparley.adapters.system.keystore import (
    RoleKeys,
    find_passphrase,
    key_path,
    load_key,
    load_role_keys,
    load_seal_key,
    next_path,
)
from skyparley.adapters.system.node_dir import NodeFault, NodePaths, draft_of, load_node
from skyparley.adapters.system.settings import NodeConfig
from skyparley.base.ids import Fingerprint
from skyparley.evidence.card import BadCard, Card, make_card, read_card
from skyparley.evidence.keys import PARTY_ROLE, ROLES, Kid, PrivateKey, SigningRole, make_kid, public_bytes
from skyparley.evidence.seal_keys import SEAL, seal_key_id, seal_public_bytes


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What a running node signs and opens files with, and the card that certifies it."""

    card: Card
    keys: RoleKeys

    @property
    def desk(self) -> PrivateKey:
        """The key for what officers say."""
        return self.keys.desk

    @property
    def desk_kid(self) -> Kid:
        """Its name."""
        return self.kid("desk")

    @property
    def machine(self) -> PrivateKey:
        """The key for what the node says by itself."""
        return self.keys.machine

    @property
    def machine_kid(self) -> Kid:
        """Its name."""
        return self.kid("machine")

    @property
    def signing(self) -> dict[SigningRole, PrivateKey]:
        """The keys that sign, by role."""
        return self.keys.signing()

    def kid(self, role: SigningRole) -> Kid:
        """The name of a role's key."""
        return make_kid(self.card.fingerprint, role, public_bytes(self.signing[role]))

    @property
    def fingerprint(self) -> Fingerprint:
        """This party."""
        return self.card.fingerprint


def passphrase_of(
    folder: Path, config: NodeConfig, environ: Mapping[str, str], prompt: Callable[[], str] | None = None
) -> str:
    """The passphrase of a node's keys, from wherever its settings and its service manager say.  Raises KeyFault."""
    named = config.keys.passphrase_file
    return find_passphrase(folder / named if named else None, environ, prompt)


def open_identity(folder: Path, passphrase: str) -> Identity:
    """The keys, opened and held against the card.  The party key is not touched.

    Raises KeyFault, and NodeFault if the card certifies other keys than those in the folder: peers would refuse
    everything that they sign.
    """
    card = own_card(folder)
    finish_rotation(folder, card, passphrase)
    identity = Identity(card=card, keys=load_role_keys(folder, passphrase))
    strange: list[str] = [role for role in identity.signing if identity.card.role_key(identity.kid(role)) is None]
    named = {seal_key_id(entry.public) for entry in identity.card.seals}
    if seal_key_id(seal_public_bytes(identity.keys.seals[0])) not in named:
        strange.append(SEAL)
    if strange:
        raise NodeFault(
            "NODE_DAMAGED",
            f"the keys {', '.join(strange)} in {folder} are not those that {folder}/own.card certifies; if this folder "
            f"is whole, a new card certifies them: skyparley keys complete {folder}",
        )
    return identity


def finish_rotation(folder: Path, card: Card, passphrase: str) -> None:
    """Puts each next key in its place that the card names already: a rotation died between the two writes."""
    for role in (*ROLES, SEAL):
        path = next_path(folder, role)
        if not path.exists():
            continue
        if role == SEAL:
            named = seal_public_bytes(load_seal_key(path, passphrase)) in {entry.public for entry in card.seals}
        else:
            named = public_bytes(load_key(path, passphrase)) in {entry.public for entry in card.said.roles}
        if named:
            os.replace(path, key_path(folder, role))


def own_card(folder: Path) -> Card:
    """This party's card as last made.  Raises NodeFault if it is missing or does not hold."""
    return read_card_file(NodePaths(folder).own_card, "this party's card")


def card_of(folder: Path, *, passphrase: Callable[[], str], now_ms: int) -> Card:
    """This party's card for today's settings.  It is made again, with the party key, only if they have changed.

    `passphrase` is asked only then.  The role keys and their times stay as they are.  `now_ms` is the real time.
    Raises NodeFault, SettingsFault, KeyFault, BadCard (the settings make no card that holds).
    """
    config = load_node(folder)
    paths = NodePaths(folder)
    with locked(paths.own_card):
        old = own_card(folder)
        if draft_of(config, old.said, old.said.issued_ms) == old.said:
            return old
        # Peers refuse a card that is not newer than the one they have, whatever our clock says.
        issued_ms = max(config.clock.at(now_ms), old.said.issued_ms + 1)
        key = load_key(key_path(folder, PARTY_ROLE), passphrase())
        card = read_card(make_card(draft_of(config, old.said, issued_ms), key))
        if card.fingerprint != old.fingerprint:
            raise NodeFault("NODE_DAMAGED", f"the party key in {paths.keys} is not the one that made {paths.own_card}")
        write_atomic(paths.own_card, card.text.encode("ascii") + b"\n", mode=0o644)
        return card


def read_card_file(path: Path, what: str) -> Card:
    """A card of the folder, verified again.  Raises NodeFault naming the file."""
    try:
        return read_card(read_public(path, what=what).decode("ascii").strip())
    except (FileFault, UnicodeDecodeError, BadCard) as error:
        raise NodeFault("NODE_DAMAGED", f"{path} does not hold {what}: {error}") from None
