"""Sessions of people at the desk, in memory, and how often one may try to log on.

A restart ends every session; so does another password, another role, or the account's removal.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable

import msgspec

from skyparley.adapters.system.accounts import Accounts, Person, Token, may
from skyparley.adapters.system.keystore import TokenBytes
from skyparley.base import limits
from skyparley.base.ids import b64url
from skyparley.base.times import MINUTE

Ticks = Callable[[], int]
"""Milliseconds that only grow."""


class Actor(msgspec.Struct, frozen=True):
    """Who asks.  `name` is what the journal says of who did it; a machine's begins with `token:`."""

    name: str
    role: str
    must_change: bool = False
    person: bool = True


class _Session(msgspec.Struct, frozen=True):
    owner: Person | Token
    until: int


def actor_of(owner: Person | Token) -> Actor:
    """A person by name; a machine marked as one, so that the two cannot be taken for each other."""
    if isinstance(owner, Person):
        return Actor(owner.name, owner.role, owner.must_change)
    return Actor(f"token:{owner.name}", owner.role, person=False)


class Sessions:
    """Who is logged on.  The secret of a session is 256 random bits; only its hash is kept."""

    def __init__(self, accounts: Accounts, *, luck: TokenBytes, ticks: Ticks) -> None:
        self._accounts = accounts
        self._luck = luck
        self._ticks = ticks
        self._held: OrderedDict[bytes, _Session] = OrderedDict()

    def begin(self, owner: Person | Token) -> str:
        """A new session; its secret is given once, here.  Over SESSIONS the oldest ends."""
        secret = b64url(self._luck(32))
        self._held[_key(secret)] = _Session(owner, self._ticks() + limits.SESSION_MS)
        while len(self._held) > limits.SESSIONS:
            self._held.popitem(last=False)
        return secret

    def actor(self, secret: str) -> Actor | None:
        """Who has this session, as the accounts know them now; None when it is over."""
        session = self._held.get(_key(secret))
        if session is None:
            return None
        if self._ticks() >= session.until or not self._holds(session.owner):
            del self._held[_key(secret)]
            return None
        return actor_of(session.owner)

    def anyone(self, right: str) -> bool:
        """Whether a person with this right has a session that is not over."""
        now = self._ticks()
        return any(
            isinstance(one.owner, Person) and may(one.owner.role, right) and now < one.until and self._holds(one.owner)
            for one in self._held.values()
        )

    def end(self, secret: str) -> None:
        """No session has this secret from now on."""
        self._held.pop(_key(secret), None)

    def _holds(self, owner: Person | Token) -> bool:
        """The account is exactly what it was at log-on: the same password, the same role."""
        return owner in (self._accounts.people if isinstance(owner, Person) else self._accounts.tokens)


def _key(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


class LogonRate:
    """At most LOGONS_PER_MINUTE tries a minute for one name, whether or not there is such an account."""

    def __init__(self, ticks: Ticks) -> None:
        self._ticks = ticks
        self._tries: OrderedDict[str, list[int]] = OrderedDict()

    def wait_ms(self, name: str) -> int:
        """0, and the try is counted; or how long to wait, and it is not."""
        now = self._ticks()
        recent = [at for at in self._tries.get(name, []) if now - at < MINUTE]
        if len(recent) >= limits.LOGONS_PER_MINUTE:
            return recent[0] + MINUTE - now
        self._tries[name] = [*recent, now]
        self._tries.move_to_end(name)
        while self._tries and now - next(iter(self._tries.values()))[-1] >= MINUTE:
            self._tries.popitem(last=False)
        return 0
