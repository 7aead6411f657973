"""Local accounts of people and tokens of machines, in DIR/accounts.json: they work when every other service is down.

Passwords are kept as argon2id hashes, tokens as SHA-256 (a token is 256 random bits, so there is nothing to guess).
Each change takes a lock, reads the file again, and replaces it whole, so the command line and a running node may both
write.
Source: DOMAIN IAM-01, IAM-04, IAM-05; RFC 9106 4 for the costs of argon2id.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable
from hmac import compare_digest
from pathlib import Path
from typing import Annotated, Final, Literal, cast

import argon2
import msgspec

from skyparley.adapters.system.files import FileFault, locked, read_private, write_atomic
from skyparley.adapters.system.keystore import TokenBytes
from skyparley.base.errors import Fault
from skyparley.base.ids import b64url

RIGHTS: Final[dict[str, frozenset[str]]] = {
    "desk": frozenset({"read", "act"}),
    "supervisor": frozenset({"read", "act", "supervise"}),
    "custodian": frozenset({"read", "custody"}),
    "observer": frozenset({"read"}),
}
"""What a role may do.  `read`: see everything that the desk sees.  `act`: file, propose, answer, and everything LIFE.
`supervise`: be the second person of a two-person act, and add people.  `custody`: keys, archive, purge."""

PASSWORD_CHARS_MIN: Final = 12
PASSWORD_CHARS_MAX: Final = 256  # argon2 takes more, but a door must not hash a megabyte
TOKEN_PREFIX: Final = "skp_"
TOKEN_CHARS: Final = len(TOKEN_PREFIX) + 43
ACCOUNTS_MAX: Final = 1_000  # people, and as many tokens

_HASHER: Final = argon2.PasswordHasher()
_DUMMY: Final = "$argon2id$v=19$m=65536,t=3,p=4$c2t5cGFybGV5LW5vYm9keQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
"""Verified when a name is unknown, so that the answer takes as long as for a known one.  No password gives this."""
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?", re.ASCII)
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # none that can be taken for another when read from paper

Role = Literal["desk", "supervisor", "custodian", "observer"]


class AccountFault(Fault):
    """The accounts cannot be read, or a change to them is not allowed.  The message says what would be right."""

    code = "ACCOUNT_FAULT"


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person who may log on.  `must_change`: the password came from somebody else and is good only for a new one."""

    name: str
    role: Role
    hash: str
    must_change: bool


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A machine that may call the desk door.  `sha256` is of the token's text, base64url."""

    name: str
    role: Role
    sha256: str
    created_ms: int


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    accounts: Literal[1]
    people: Annotated[tuple[Person, ...], msgspec.Meta(max_length=ACCOUNTS_MAX)] = ()
    tokens: Annotated[tuple[Token, ...], msgspec.Meta(max_length=ACCOUNTS_MAX)] = ()


def may(role: str, right: str) -> bool:
    """Whether a role has a right.  A role or a right that is not in the table has none."""
    return right in RIGHTS.get(role, frozenset())


def one_time_password(luck: TokenBytes) -> str:
    """A password to hand over on paper: five groups of four letters and figures, 99 bits."""
    letters: list[str] = []
    while len(letters) < 20:
        # Bytes above the last whole multiple of the alphabet are thrown away, so that each letter is as likely.
        letters += [_LETTERS[byte % len(_LETTERS)] for byte in luck(32) if byte < 256 - 256 % len(_LETTERS)]
    return "-".join("".join(letters[at : at + 4]) for at in range(0, 20, 4))


class Accounts:
    """The accounts of one node.  Reads follow what others write to the file; every write is durable when it returns."""

    def __init__(self, path: Path) -> None:
        """Raises AccountFault if the file is missing, open to others, or not what this module writes."""
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self._file = _File(1)
        self._refresh()

    @staticmethod
    def create(path: Path) -> "Accounts":
        """Empty accounts at a path where there are none."""
        if path.exists():
            raise AccountFault(f"{path} is there already")
        write_atomic(path, _encode(_File(1)))
        return Accounts(path)

    @property
    def people(self) -> tuple[Person, ...]:
        """Everybody who may log on, in the order in which they were added."""
        self._refresh()
        return self._file.people

    @property
    def tokens(self) -> tuple[Token, ...]:
        """Every machine that may call, in the order in which they were added."""
        self._refresh()
        return self._file.tokens

    def verify_password(self, name: str, password: str) -> Person | None:
        """The person, or None.  It takes as long for an unknown name as for a wrong password (some 0.1 s, 64 MiB)."""
        person = next((one for one in self.people if one.name == name), None)
        fits = len(password) <= PASSWORD_CHARS_MAX
        try:
            _HASHER.verify(person.hash if person else _DUMMY, _typed(password) if fits else b"")
        except argon2.exceptions.VerifyMismatchError:
            return None
        except argon2.exceptions.InvalidHashError:
            raise AccountFault(f"{self._path}: the hash of {name} is damaged; set a new password") from None
        return person if fits else None

    def verify_token(self, text: str) -> Token | None:
        """The token with this text, or None.  Every stored hash is compared, each in constant time."""
        given = _token_hash(text) if len(text) == TOKEN_CHARS else ""
        found = None
        for token in self.tokens:
            if compare_digest(token.sha256, given):
                found = token
        return found

    def add(self, name: str, role: str, password: str, *, luck: TokenBytes, must_change: bool = True) -> Person:
        """A new person.  Raises AccountFault: a name that is taken or malformed, an unknown role, a short password."""
        person = Person(_checked_name(name), _checked_role(role), _hash(password, luck), must_change)

        def change(file: _File) -> _File:
            if any(one.name == name for one in file.people):
                raise AccountFault(f"there is a person named {name} already")
            return msgspec.structs.replace(file, people=(*file.people, person))

        self._change(change)
        return person

    def set_password(self, name: str, password: str, *, luck: TokenBytes, must_change: bool = False) -> None:
        """A new password for a person.  Raises AccountFault: nobody of that name, too short, the same again."""
        new = _hash(password, luck)

        def change(file: _File) -> _File:
            old = next((one for one in file.people if one.name == name), None)
            if old is None:
                raise AccountFault(f"there is no person named {name}")
            if _matches(old.hash, password):
                raise AccountFault("the new password is the old one")
            person = msgspec.structs.replace(old, hash=new, must_change=must_change)
            return msgspec.structs.replace(
                file, people=tuple(person if one.name == name else one for one in file.people)
            )

        self._change(change)

    def remove(self, name: str) -> None:
        """Takes a person's account away.  Raises AccountFault if there is nobody of that name."""

        def change(file: _File) -> _File:
            rest = tuple(one for one in file.people if one.name != name)
            if len(rest) == len(file.people):
                raise AccountFault(f"there is no person named {name}")
            return msgspec.structs.replace(file, people=rest)

        self._change(change)

    def add_token(self, name: str, role: str, *, luck: TokenBytes, now_ms: int) -> str:
        """A new token; its text is given once, here, and is nowhere kept.  Raises AccountFault as `add`."""
        text = TOKEN_PREFIX + b64url(luck(32))
        assert len(text) == TOKEN_CHARS, "luck gives as many bytes as asked for"
        token = Token(_checked_name(name), _checked_role(role), _token_hash(text), now_ms)

        def change(file: _File) -> _File:
            if any(one.name == name for one in file.tokens):
                raise AccountFault(f"there is a token named {name} already")
            return msgspec.structs.replace(file, tokens=(*file.tokens, token))

        self._change(change)
        return text

    def remove_token(self, name: str) -> None:
        """Takes a token away.  Raises AccountFault if there is none of that name."""

        def change(file: _File) -> _File:
            rest = tuple(one for one in file.tokens if one.name != name)
            if len(rest) == len(file.tokens):
                raise AccountFault(f"there is no token named {name}")
            return msgspec.structs.replace(file, tokens=rest)

        self._change(change)

    def _change(self, change: Callable[[_File], _File]) -> None:
        """One change, on what the file holds now.  If the process dies in here, the file is the old or the new one."""
        with locked(self._path):
            self._stamp = None
            self._refresh()
            file = change(self._file)
            if max(len(file.people), len(file.tokens)) > ACCOUNTS_MAX:
                raise AccountFault(f"a node has at most {ACCOUNTS_MAX} people and as many tokens")
            write_atomic(self._path, _encode(file))
            self._stamp = None

    def _refresh(self) -> None:
        """Reads the file again if it is another one than was read last: a rename always gives another."""
        try:
            status = self._path.stat()
            stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
            if stamp == self._stamp:
                return
            self._file = msgspec.json.decode(read_private(self._path, what="accounts"), type=_File)
        except FileNotFoundError:
            raise AccountFault(f"{self._path} is missing; it should hold accounts") from None
        except FileFault as error:
            raise AccountFault(str(error)) from None
        except msgspec.DecodeError as error:
            raise AccountFault(f"{self._path} is not a file of accounts: {error}") from None
        self._stamp = stamp


def _encode(file: _File) -> bytes:
    return msgspec.json.format(msgspec.json.encode(file), indent=2) + b"\n"


def _hash(password: str, luck: TokenBytes) -> str:
    if not PASSWORD_CHARS_MIN <= len(password) <= PASSWORD_CHARS_MAX:
        raise AccountFault(f"a password takes {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters")
    return _HASHER.hash(_typed(password), salt=luck(16))


def _typed(password: str) -> bytes:
    """One form for what keyboards send in several: an accented letter may come as one character or as two."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")


def _matches(hashed: str, password: str) -> bool:
    try:
        return _HASHER.verify(hashed, _typed(password))
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False


def _token_hash(text: str) -> str:
    return b64url(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())


def _checked_name(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise AccountFault(f"{name!r} is not a name; use 1 to 32 of a-z 0-9 . _ -, and begin and end with a-z or 0-9")
    return name


def _checked_role(role: str) -> Role:
    if role not in RIGHTS:
        raise AccountFault(f"{role!r} is not a role; the roles are {', '.join(RIGHTS)}")
    return cast(Role, role)
