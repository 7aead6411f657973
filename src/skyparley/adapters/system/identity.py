"""Who this node is: its card, made again when the settings change, and the keys that it signs with."""

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from skyparley.adapters.system.files import FileFault, locked, read_public, write_atomic
from skyparley.adapters.system.keystore import find_passphrase, key_path, load_key, load_role_keys
from skyparley.adapters.system.node_dir import NodeFault, NodePaths, draft_of, load_node
from skyparley.adapters.system.settings import NodeConfig
from skyparley.base.ids import Fingerprint
from skyparley.evidence.card import BadCard, Card, make_card, read_card
from skyparley.evidence.keys import PARTY_ROLE, Kid, PrivateKey, make_kid, public_bytes


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What a running node signs with, and the card that certifies it."""

    card: Card
    desk: PrivateKey
    desk_kid: Kid
    machine: PrivateKey
    machine_kid: Kid

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
    """The role keys, opened and held against the card.  The party key is not touched.

    Raises KeyFault, and NodeFault if the card certifies other keys than those in the folder: peers would refuse
    everything that they sign.
    """
    card, keys = own_card(folder), load_role_keys(folder, passphrase)
    desk_kid = make_kid(card.fingerprint, "desk", public_bytes(keys.desk))
    machine_kid = make_kid(card.fingerprint, "machine", public_bytes(keys.machine))
    for kid in (desk_kid, machine_kid):
        if card.role_key(kid) is None:
            raise NodeFault(
                "NODE_DAMAGED", f"the {kid.role} key in {folder} is not one that {folder}/own.card certifies"
            )
    return Identity(card=card, desk=keys.desk, desk_kid=desk_kid, machine=keys.machine, machine_kid=machine_kid)


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
        if draft_of(config, old.said.roles, old.said.issued_ms) == old.said:
            return old
        # Peers refuse a card that is not newer than the one they have, whatever our clock says.
        issued_ms = max(config.clock.at(now_ms), old.said.issued_ms + 1)
        key = load_key(key_path(folder, PARTY_ROLE), passphrase())
        card = read_card(make_card(draft_of(config, old.said.roles, issued_ms), key))
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
