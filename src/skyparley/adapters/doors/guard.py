"""Who may pass the desk door: a bearer token, or a session's cookie that no other site could have used."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request

from skyparley.adapters.doors.answers import Denied
from skyparley.adapters.doors.sessions import Actor, Sessions, actor_of
from skyparley.adapters.system.accounts import Accounts, may
from skyparley.base.errors import Reason

DESK_HEADER: Final = "x-skyparley-desk"
"""A page of another site cannot send it without asking first, and this door never says yes."""
BEARER: Final = "bearer "


class Guard:
    """Looks at every request of the desk door."""

    def __init__(self, accounts: Accounts, sessions: Sessions, *, cookie: str) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self.cookie = cookie

    def actor(self, request: Request) -> Actor:
        """Who asks, whatever they may do.  Raises Denied NOT_LOGGED_ON, CROSS_SITE."""
        given = request.headers.get("authorization", "")
        if given:
            token = self._accounts.verify_token(given[len(BEARER) :]) if given.lower().startswith(BEARER) else None
            if token is None:
                raise Denied("NOT_LOGGED_ON", "this bearer token is not known here", headers=CHALLENGE)
            return actor_of(token)
        actor = self._sessions.actor(request.cookies.get(self.cookie, ""))
        if actor is None:
            raise Denied("NOT_LOGGED_ON", "log on first, or send a bearer token", headers=CHALLENGE)
        if request.method not in SAFE_METHODS:
            self.check_site(request)
            if request.headers.get(DESK_HEADER) != "1":
                raise Denied("CROSS_SITE", "with a session, an act needs the header X-Skyparley-Desk: 1")
        return actor

    def allowed(self, request: Request, right: str) -> Actor:
        """Who asks, if they may.  Raises Denied, also for one whose password is good only for a new one."""
        actor = self.actor(request)
        if actor.must_change:
            raise Denied("PASSWORD_MUST_CHANGE", "choose a password of your own first")
        if not may(actor.role, right):
            raise Denied("ROLE", f"the role {actor.role} does not have the right to {right}")
        return actor

    def strangers(self, names: Sequence[str], *, field: str) -> tuple[Reason, ...]:
        """Why these names cannot hold a post: no person who may act is called so.  Empty where all may.

        The engine knows no accounts, so a post given to nobody would ring nobody.
        """
        able = [one.name for one in self._accounts.people if may(one.role, "act")]
        known = ", ".join(able) or "none; add one with: skyparley account add"
        roles = {one.name: one.role for one in self._accounts.people}
        return tuple(
            Reason(
                "UNKNOWN_ACCOUNT",
                (
                    f"{name} has the role {roles[name]}, which holds no post"
                    if name in roles
                    else f"nobody is called {name!r} here"
                )
                + f"; there are: {known}",
                field,
            )
            for name in dict.fromkeys(names)
            if name not in able
        )

    def check_site(self, request: Request) -> None:
        """A browser says which site asks: it must be this door.  A page that only shows the desk in a frame does not act.  Raises Denied."""
        origin = request.headers.get("origin")
        if origin is not None and not self._knows(origin, request.headers.get("host", "")):
            raise Denied("CROSS_SITE", "a page of another site may not act here")
        if origin is None and request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise Denied("CROSS_SITE", "a page of another site may not act here")

    @staticmethod
    def _knows(origin: str, host: str) -> bool:
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        # A proxy in front may speak https for this door, so the scheme is not held against the connection's.
        return parts.scheme in ("http", "https") and bool(host) and parts.netloc.lower() == host.lower()


SAFE_METHODS: Final = ("GET", "HEAD", "OPTIONS")
CHALLENGE: Final = {"www-authenticate": 'Bearer realm="skyparley desk"'}
