"""The folder of a node: what lies where in it, how it is made, and how it is known to be whole.

node.toml             settings; written last, so a folder that has it was made to the end
keys/                 party.pem, one for each role, seal.pem, and those that were replaced; encrypted
party-key-backup.pem  the party key once more, to be carried away
passphrase            opens the keys, if nobody chose one
own.card              this party's card, as last made
peers/                the cards of pinned peers; peers/old/ those that newer ones replaced
accounts.json         people and tokens
desk.token            the local command line's token
journal.db            the journal, made by the first start
journal.snapshot      the state at one entry of it, so that a start is quick; may be deleted
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

import msgspec
from msgspec import UnsetType

from skyparley.adapters.system.accounts import Accounts, one_time_password
from skyparley.adapters.system.files import FileFault, make_folder, read_public, write_atomic
from skyparley.adapters.system.keystore import KEY_NAMES, TokenBytes, check_passphrase, key_path, write_key
from skyparley.adapters.system.settings import (
    ClockSettings,
    DeskSettings,
    KeySettings,
    NodeConfig,
    PeerSettings,
    SettingsFault,
    parse_settings,
    problems,
    write_settings,
)
from skyparley.base.errors import Fault
from skyparley.base.ids import Fingerprint, b64url
from skyparley.base.times import DAY
from skyparley.evidence.card import Bearer, Draft, RoleKey, SealEntry, make_card
from skyparley.evidence.keys import PARTY_ROLE, ROLES, PrivateKey, fingerprint, from_seed, public_bytes
from skyparley.evidence.seal_keys import SEAL, SealKey, seal_from_seed, seal_public_bytes
from skyparley.evidence.words import as_text, to_words

OFFICER: Final = "officer"
DESK_TOKEN: Final = "local-command-line"
ROLE_KEY_BEFORE_MS: Final = DAY  # a role key counts from a day before it was made, for the peer whose clock is behind
ROLE_KEY_MS: Final = 3 * 366 * DAY  # three years: a line must not fall silent because nobody remembered a date

_BACKUP_TEXT: Final = """\
This is the backup of the party key of {name}.
Fingerprint: {fingerprint}

{words}

Move this file off this machine, to a place that a fire or a thief of the machine does not reach, and keep the
passphrase somewhere else. The key certifies your desk and machine keys.
If it is lost, you can never make a new card: when the role keys run out or must be replaced, every peer has to pin you
again as a stranger, with the words read aloud. Whoever else has it and the passphrase can certify keys in your name.

"""


class NodeFault(Fault):
    """A folder that cannot be used as asked.  `code` is for machines; the message says what is there and what to do."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class NodePaths(msgspec.Struct, frozen=True):
    """Where everything lies in a node's folder."""

    folder: Path

    @property
    def settings(self) -> Path:
        """node.toml."""
        return self.folder / "node.toml"

    @property
    def keys(self) -> Path:
        """The folder of the private keys."""
        return self.folder / "keys"

    @property
    def backup(self) -> Path:
        """The backup of the party key, if it has not been carried away yet."""
        return self.folder / "party-key-backup.pem"

    @property
    def passphrase(self) -> Path:
        """The generated passphrase, if there is one."""
        return self.folder / "passphrase"

    @property
    def own_card(self) -> Path:
        """This party's card."""
        return self.folder / "own.card"

    @property
    def peers(self) -> Path:
        """The folder of the peers' cards."""
        return self.folder / "peers"

    @property
    def accounts(self) -> Path:
        """People and tokens."""
        return self.folder / "accounts.json"

    @property
    def desk_token(self) -> Path:
        """The local command line's token."""
        return self.folder / "desk.token"

    @property
    def journal(self) -> Path:
        """The journal."""
        return self.folder / "journal.db"

    @property
    def snapshot(self) -> Path:
        """What saves folding the whole journal at a start; it can be deleted."""
        return self.folder / "journal.snapshot"

    @property
    def dss_journal(self) -> Path:
        """The journal of the DSS, where one is served."""
        return self.folder / "dss.db"

    @property
    def dss_snapshot(self) -> Path:
        """As `snapshot`, of the DSS."""
        return self.folder / "dss.snapshot"

    @property
    def dss_trial_key(self) -> Path:
        """The key that signs tokens for trials, if one was made."""
        return self.folder / "dss-trial-key.pem"

    @property
    def dss_trial_public(self) -> Path:
        """Its public half."""
        return self.folder / "dss-trial-key.public.pem"

    @property
    def all_of_init(self) -> tuple[Path, ...]:
        """What `init_node` makes besides node.toml, in that order.  The backup and the passphrase may go away later."""
        keys = (key_path(self.folder, role) for role in KEY_NAMES)
        return (self.passphrase, *keys, self.backup, self.own_card, self.peers, self.accounts, self.desk_token)


class NewNode(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of `init_node`.  Without `urls` the card says http:// and the peer door's address, unless that is
    a wildcard, which nobody can call.  Without a passphrase one is made and kept in a file."""

    name: str
    http_peer: str = "127.0.0.1:8441"
    http_desk: str = "127.0.0.1:8440"
    urls: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    clock: ClockSettings = ClockSettings()
    passphrase: str | None = None


class InitResult(msgspec.Struct, frozen=True, kw_only=True):
    """What people must be told once.  The one-time password is nowhere kept."""

    officer: str
    one_time_password: str
    fingerprint: Fingerprint
    words: str
    passphrase_file: Path | None
    backup: Path


def init_node(folder: Path, new: NewNode, *, luck: TokenBytes, now_ms: int) -> InitResult:
    """Makes the folder of a new node.  `now_ms` is the real time; `luck` gives fresh random bytes.

    If the process dies in here, node.toml is missing, and neither `load_node` nor another `init_node` takes the folder.
    Raises NodeFault (something is there), SettingsFault, KeyFault (the passphrase), and OSError from the disk.
    """
    config = _config(new)
    if wrong := problems(config):
        raise SettingsFault("; ".join(wrong))
    if new.passphrase is not None:
        check_passphrase(new.passphrase)
    paths = NodePaths(folder)
    _refuse_used(paths)
    make_folder(folder)
    passphrase = new.passphrase if new.passphrase is not None else b64url(luck(32))
    if new.passphrase is None:
        write_atomic(paths.passphrase, passphrase.encode() + b"\n")
    keys = {role: from_seed(luck(32)) for role in (PARTY_ROLE, *ROLES)}
    seal = seal_from_seed(luck(32))
    for role, key in keys.items():
        write_key(key_path(folder, role), key, passphrase, luck=luck)
    write_key(key_path(folder, SEAL), seal, passphrase, luck=luck)
    party = fingerprint(public_bytes(keys[PARTY_ROLE]))
    words = as_text(to_words(party))
    preamble = _BACKUP_TEXT.format(name=new.name, fingerprint=party, words=words)
    write_key(paths.backup, keys[PARTY_ROLE], passphrase, luck=luck, preamble=preamble)
    certified = _certified(keys, seal, new.clock.at(now_ms))
    card = make_card(draft_of(config, certified, new.clock.at(now_ms)), keys[PARTY_ROLE])
    write_atomic(paths.own_card, card.encode("ascii") + b"\n", mode=0o644)
    make_folder(paths.peers)
    password = _first_accounts(paths, luck, now_ms)
    write_atomic(paths.settings, write_settings(config))
    return InitResult(
        officer=OFFICER,
        one_time_password=password,
        fingerprint=party,
        words=words,
        passphrase_file=paths.passphrase if new.passphrase is None else None,
        backup=paths.backup,
    )


def load_node(folder: Path) -> NodeConfig:
    """The settings of a folder that is whole.

    Raises NodeFault (NODE_MISSING, NODE_HALF_MADE, NODE_DAMAGED) or SettingsFault.  Keys are not opened here.
    """
    paths = NodePaths(folder)
    if not paths.settings.exists():
        _refuse_half_made(paths)
        raise NodeFault("NODE_MISSING", f"{folder} is not the folder of a node; make one with: skyparley init {folder}")
    try:
        config = parse_settings(read_public(paths.settings, what="the settings of a node"), str(paths.settings))
    except FileFault as error:
        raise NodeFault("NODE_DAMAGED", str(error)) from None
    needed = (*(key_path(folder, role) for role in ("desk", "machine")), paths.own_card, paths.peers, paths.accounts)
    if missing := [str(path) for path in needed if not path.exists()]:
        raise NodeFault("NODE_DAMAGED", f"missing in the folder of the node: {', '.join(missing)}")
    return config


class Certified(Protocol):
    """The keys that a card names."""

    @property
    def roles(self) -> tuple[RoleKey, ...]: ...

    @property
    def seals(self) -> tuple[SealEntry, ...] | UnsetType: ...


class Keys(msgspec.Struct, frozen=True):
    """The keys that a new card is to name."""

    roles: tuple[RoleKey, ...]
    seals: tuple[SealEntry, ...] | UnsetType


def draft_of(config: NodeConfig, keys: Certified, issued_ms: int) -> Draft:
    """What a node with these settings and these keys says on its card."""
    return Draft(
        name=config.name,
        roles=keys.roles,
        seals=keys.seals,
        bearers=tuple(Bearer("http", url) for url in config.peer.url),
        clock=config.clock.kind,
        issued_ms=issued_ms,
    )


def _config(new: NewNode) -> NodeConfig:
    wildcard = new.http_peer.rpartition(":")[0] in ("0.0.0.0", "[::]", "")
    urls = new.urls or (() if wildcard else (f"http://{new.http_peer}",))
    return NodeConfig(
        name=new.name,
        peer=PeerSettings(listen=new.http_peer, url=urls),
        desk=DeskSettings(listen=new.http_desk, allowed_origins=new.allowed_origins),
        clock=new.clock,
        keys=KeySettings(passphrase_file="passphrase" if new.passphrase is None else ""),
    )


def _refuse_used(paths: NodePaths) -> None:
    """Raises NodeFault unless the folder is absent or empty; the message names what is in the way."""
    folder = paths.folder
    if not folder.exists():
        return
    if not folder.is_dir():
        raise NodeFault("NODE_FOLDER_USED", f"{folder} is a file; a node needs a folder")
    if paths.settings.exists():
        raise NodeFault("NODE_EXISTS", f"{folder} is the folder of a node already; nothing was changed")
    _refuse_half_made(paths)
    if names := sorted(path.name for path in folder.iterdir()):
        shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        raise NodeFault("NODE_FOLDER_USED", f"{folder} is not empty (it has {shown}); nothing was changed")


def _refuse_half_made(paths: NodePaths) -> None:
    """Raises NodeFault if there are traces of an init that did not come to its end."""
    made = [str(path.relative_to(paths.folder)) for path in paths.all_of_init if path.exists()]
    strays = [path.name for path in paths.folder.glob(".*.tmp")] if paths.folder.is_dir() else []
    if paths.keys.exists() or made or strays:
        there = ", ".join(made + strays) or "keys"
        raise NodeFault(
            "NODE_HALF_MADE",
            f"{paths.folder} was begun by an init that did not come to its end (there: {there}; missing: node.toml). "
            "No key in it was ever shown to anybody: remove the folder and init again",
        )


def _certified(keys: Mapping[str, PrivateKey], seal: SealKey, at_ms: int) -> Keys:
    return Keys(tuple(certify(role, keys[role], at_ms) for role in ROLES), (certify_seal(seal, at_ms),))


def certify(role: str, key: PrivateKey, at_ms: int) -> RoleKey:
    """What a card says of a role key that is made now."""
    return RoleKey(role, b64url(public_bytes(key)), max(0, at_ms - ROLE_KEY_BEFORE_MS), at_ms + ROLE_KEY_MS)


def certify_seal(key: SealKey, at_ms: int) -> SealEntry:
    """What a card says of a seal key that is made now."""
    return SealEntry(b64url(seal_public_bytes(key)), max(0, at_ms - ROLE_KEY_BEFORE_MS), at_ms + ROLE_KEY_MS)


def _first_accounts(paths: NodePaths, luck: TokenBytes, now_ms: int) -> str:
    """The officer's account, with a password that is good once, and the command line's token."""
    accounts = Accounts.create(paths.accounts)
    password = one_time_password(luck)
    accounts.add(OFFICER, "desk", password, luck=luck)
    token = accounts.add_token(DESK_TOKEN, "desk", luck=luck, now_ms=now_ms)
    write_atomic(paths.desk_token, token.encode("ascii") + b"\n")
    return password
