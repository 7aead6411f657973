"""Logging on and off, and a password of one's own.  Argon2 runs beside the node, a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from skyparley.adapters.doors.answers import Denied, answer, explain, refused
from skyparley.adapters.doors.bodies import read_json
from skyparley.adapters.doors.guard import Guard
from skyparley.adapters.doors.sessions import Actor, LogonRate, Sessions, Ticks, actor_of
from skyparley.adapters.system.accounts import AccountFault, Accounts, Person, Token, may
from skyparley.adapters.system.keystore import TokenBytes
from skyparley.base import limits
from skyparley.base.errors import refuse

T = TypeVar("T")
PATH: Final = "/desk/v1"


Seen = Callable[[bool, str], Awaitable[None]]


async def _nobody_asks(staffed: bool, account: str) -> None:
    """A door without a node behind it."""


class LogonBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An account and its password, or a machine's token: one of the two."""

    account: str = ""
    password: str = ""
    token: str = ""


class PasswordBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The password of now, and the one that takes its place (12 to 256 characters)."""

    old: str
    new: str


class Session(msgspec.Struct, frozen=True):
    """Who is logged on.  With `must_change` nothing is allowed but to choose a password."""

    account: str
    role: str
    must_change: bool


class Logon:
    """The addresses /session and /session/password."""

    def __init__(self, accounts: Accounts, sessions: Sessions, guard: Guard, *, luck: TokenBytes, ticks: Ticks) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._guard = guard
        self._luck = luck
        self.seen: Seen = _nobody_asks
        """Told when a person who may act logs on, and when the last one leaves."""
        self._rate = LogonRate(ticks)
        self._at_once = asyncio.Semaphore(limits.LOGONS_AT_ONCE)
        self._waiting = 0

    async def session(self, request: Request) -> Response:
        """GET: who am I.  POST: log on.  DELETE: log off."""
        if request.method == "POST":
            return await self._log_on(request)
        actor = self._guard.actor(request)
        if request.method == "DELETE":
            self._sessions.end(request.cookies.get(self._guard.cookie, ""))
            await self._left(actor)
            return self._cookie(request, Response(b"", 204), "")
        return answer(_session(actor))

    async def password(self, request: Request) -> Response:
        """A new password.  Every session of the account ends, and this one goes on under a new secret."""
        actor = self._guard.actor(request)
        if not actor.person:
            raise Denied("PERSON_NEEDED", "a token has no password")
        body = await _read(request, PasswordBody)
        self._take_turn(actor.name)
        if await self._beside(lambda: self._accounts.verify_password(actor.name, body.old)) is None:
            return refused(refuse("OLD_PASSWORD", "this is not the password of now", field="old"))
        try:
            await self._beside(lambda: self._accounts.set_password(actor.name, body.new, luck=self._luck))
        except AccountFault as fault:
            return refused(refuse("NEW_PASSWORD", str(fault), field="new"))
        person = next((one for one in self._accounts.people if one.name == actor.name), None)
        if person is None:
            raise Denied("NOT_LOGGED_ON", "this account was removed")
        return self._begin(request, person)

    async def _log_on(self, request: Request) -> Response:
        self._guard.check_site(request)
        body = await _read(request, LogonBody)
        owner: Person | Token | None
        if body.token:
            owner = self._accounts.verify_token(body.token)
        else:
            self._take_turn(body.account[:64])
            owner = await self._beside(lambda: self._accounts.verify_password(body.account, body.password))
        if owner is None:
            raise Denied("LOGON_FAILED", "no account has this name and password, no machine this token")
        if isinstance(owner, Person) and may(owner.role, "act"):
            await self.seen(True, owner.name)
        return self._begin(request, owner)

    async def _left(self, actor: Actor) -> None:
        """The last person who may act logged off: nobody is at the desk."""
        if actor.person and not self._sessions.anyone("act"):
            await self.seen(False, actor.name)

    def _begin(self, request: Request, owner: Person | Token) -> Response:
        """Always a new secret: one that somebody planted in the browser before is worth nothing."""
        self._sessions.end(request.cookies.get(self._guard.cookie, ""))
        said = answer(_session(actor_of(owner)))
        return self._cookie(request, said, self._sessions.begin(owner))

    def _cookie(self, request: Request, response: Response, secret: str) -> Response:
        """With TLS in front, which the browser's own Origin tells, the cookie keeps to TLS."""
        response.set_cookie(
            self._guard.cookie,
            secret,
            max_age=limits.SESSION_MS // 1000 if secret else 0,
            path=PATH,
            secure=request.headers.get("origin", "").startswith("https://"),
            httponly=True,
            samesite="strict",
        )
        return response

    def _take_turn(self, name: str) -> None:
        if self._waiting >= limits.LOGONS_WAITING:
            raise Denied("BUSY", "too many log on at this moment; try again")
        if wait_ms := self._rate.wait_ms(name):
            text = f"over {limits.LOGONS_PER_MINUTE} tries in a minute for this account"
            raise Denied("TOO_MANY_LOGONS", text, headers={"retry-after": str(-(-wait_ms // 1000))})

    async def _beside(self, work: Callable[[], T]) -> T:
        self._waiting += 1
        try:
            async with self._at_once:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


def _session(actor: Actor) -> Session:
    return Session(actor.name, actor.role, actor.must_change)


async def _read(request: Request, kind: type[T]) -> T:
    """The body as the struct that this address takes.  Raises Malformed, Denied, TooLarge, TooSlow."""
    body = await read_json(request)
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise explain(error, tuple(kind.__annotations__)) from None
