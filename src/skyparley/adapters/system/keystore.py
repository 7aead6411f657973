"""The node's private keys at rest, and the passphrase that opens them.

DIR/keys/party.pem, one file for each role, and seal.pem: encrypted PKCS#8, mode 0600, in a folder of mode 0700.  A
running node needs all but the party key, which only makes cards and may be kept elsewhere.  Source: DESIGN "Keys".
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from skyparley.adapters.system.files import FileFault, make_folder, read_private, write_atomic
from skyparley.base.errors import Fault
from skyparley.evidence import pem
from skyparley.evidence.keys import PARTY_ROLE, ROLES, PrivateKey, SigningRole
from skyparley.evidence.seal_keys import SEAL, SealKey

TokenBytes = Callable[[int], bytes]
"""Where luck comes from: as many fresh random bytes as asked for."""

K = TypeVar("K")

KEY_NAMES: Final = (PARTY_ROLE, *ROLES, SEAL)
"""Every key of a node, by the name of its file."""

CREDENTIAL: Final = "skyparley-passphrase"
CREDENTIALS_VARIABLE: Final = "CREDENTIALS_DIRECTORY"
PASSPHRASE_CHARS_MIN: Final = 12  # chosen by a person; a generated one has 43
PASSPHRASE_CHARS_MAX: Final = 1024


class KeyFault(Fault):
    """A key cannot be had.  The message names the file or the place, and says what would be right."""

    code = "KEY_FAULT"


class RoleKeys(msgspec.Struct, frozen=True):
    """What a running node signs with, and what opens files that were sealed to it.

    `seals` is the key that the card names first in time, and then those that it replaced.
    """

    desk: PrivateKey
    machine: PrivateKey
    supervisor: PrivateKey
    exercise: PrivateKey
    seals: tuple[SealKey, ...]

    def signing(self) -> dict[SigningRole, PrivateKey]:
        """The keys that sign, by role."""
        return {
            "desk": self.desk,
            "machine": self.machine,
            "supervisor": self.supervisor,
            "exercise": self.exercise,
        }


def key_path(folder: Path, role: str) -> Path:
    """Where the key in use lies; `role` is party, seal or one of ROLES."""
    assert role in KEY_NAMES, role
    return folder / "keys" / f"{role}.pem"


def next_path(folder: Path, role: str) -> Path:
    """Where a key lies that is to take the place of the one in use, until the card names it."""
    return key_path(folder, role).with_name(f"next-{role}.pem")


def old_seal_paths(folder: Path) -> list[Path]:
    """Where the seal keys lie that were replaced, newest first: files sealed to them may still be on their way."""
    return sorted((folder / "keys").glob(f"old-*-{SEAL}.pem"), reverse=True)


def missing_keys(folder: Path) -> list[str]:
    """Which of the keys that a running node needs are not in its folder."""
    return [role for role in KEY_NAMES if role != PARTY_ROLE and not key_path(folder, role).exists()]


def write_key(path: Path, key: PrivateKey | SealKey, passphrase: str, *, luck: TokenBytes, preamble: str = "") -> None:
    """Writes one encrypted key and reads it back.  Raises KeyFault if one is there: a key is never overwritten."""
    if path.exists():
        raise KeyFault(f"{path} is there already, and a key is never overwritten")
    make_folder(path.parent)
    data = pem.dump(key, passphrase, luck(pem.SALT_BYTES + pem.IV_BYTES), preamble=preamble)
    write_atomic(path, data)
    assert pem.load_any(path.read_bytes(), passphrase).private_bytes_raw() == key.private_bytes_raw()


def load_key(path: Path, passphrase: str) -> PrivateKey:
    """One signing key from its file.  Raises KeyFault: missing, open to others, no such key, or a wrong passphrase."""
    return _load(path, passphrase, pem.load)


def load_seal_key(path: Path, passphrase: str) -> SealKey:
    """One seal key from its file.  Raises KeyFault as `load_key`."""
    return _load(path, passphrase, pem.load_seal)


def _load(path: Path, passphrase: str, load: Callable[[bytes, str], K]) -> K:
    try:
        return load(read_private(path, what="a private key"), passphrase)
    except FileFault as error:
        raise KeyFault(str(error)) from None
    except pem.WrongPassphrase as error:
        raise KeyFault(f"{path}: {error}") from None
    except pem.BadPem as error:
        raise KeyFault(f"{path} is not a key of this node: {error}") from None


def load_role_keys(folder: Path, passphrase: str) -> RoleKeys:
    """What a running node needs.  The party key is not touched, so it may be off this machine.

    Raises KeyFault.  A folder of an earlier version lacks keys: the message names the command that makes them.
    """
    missing = missing_keys(folder)
    if missing and not {"desk", "machine"} & set(missing):
        raise KeyFault(
            f"missing in {folder / 'keys'}: {', '.join(missing)}. This folder was made by an earlier version. "
            f"Make what is missing, and a new card, with: skyparley keys complete {folder}"
        )
    desk, machine, supervisor, exercise = (load_key(key_path(folder, role), passphrase) for role in ROLES)
    seals = (key_path(folder, SEAL), *old_seal_paths(folder))
    return RoleKeys(desk, machine, supervisor, exercise, tuple(load_seal_key(path, passphrase) for path in seals))


def find_passphrase(
    passphrase_file: Path | None, environ: Mapping[str, str], prompt: Callable[[], str] | None = None
) -> str:
    """The passphrase from the first of these that is there: a service credential, the file, a person.

    A service credential is the file skyparley-passphrase in the folder that CREDENTIALS_DIRECTORY names, as a service
    manager passes it; its mode is the service manager's business.  Raises KeyFault naming all the places looked at.
    """
    tried: list[str] = []
    if folder := environ.get(CREDENTIALS_VARIABLE):
        credential = Path(folder) / CREDENTIAL
        if credential.exists():
            return _cleaned(_read_credential(credential), credential)
        tried.append(str(credential))
    else:
        tried.append(f"a service credential ({CREDENTIALS_VARIABLE} is not set)")
    if passphrase_file is not None:
        if passphrase_file.exists() or prompt is None:
            return _cleaned(_read_file(passphrase_file), passphrase_file)
        tried.append(str(passphrase_file))
    else:
        tried.append("keys.passphrase_file (not set)")
    if prompt is not None:
        return prompt()
    raise KeyFault("there is no passphrase for the keys; looked at: " + ", ".join(tried))


def check_passphrase(passphrase: str) -> None:
    """Raises KeyFault if a passphrase that a person chose is too short, too long, or cannot stand on one line."""
    if not PASSPHRASE_CHARS_MIN <= len(passphrase) <= PASSPHRASE_CHARS_MAX:
        raise KeyFault(f"a passphrase takes {PASSPHRASE_CHARS_MIN} to {PASSPHRASE_CHARS_MAX} characters")
    if passphrase != passphrase.strip() or not passphrase.isprintable():
        raise KeyFault("a passphrase stands on one line, with no space before or after it")


def _read_credential(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyFault(f"{path} cannot be read: {error.strerror}") from None


def _read_file(path: Path) -> bytes:
    try:
        return read_private(path, what="the passphrase of the keys")
    except FileFault as error:
        raise KeyFault(str(error)) from None


def _cleaned(data: bytes, path: Path) -> str:
    """The one line of a passphrase file, without the line end that editors add."""
    try:
        text = data.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise KeyFault(f"{path} is not text; it should hold the passphrase on one line") from None
    if not text or "\n" in text:
        raise KeyFault(f"{path} should hold the passphrase on one line")
    return text
