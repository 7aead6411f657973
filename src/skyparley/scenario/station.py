"""One party of a timeline: a whole node on a simulated machine, and its desk door, through which everything is asked.

The door is the one that people and machines use over HTTP; only who asks is said by the timeline and not by a password.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final, cast

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request

from skyparley.adapters.doors.answers import Denied
from skyparley.adapters.doors.desk import DeskDoor
from skyparley.adapters.doors.guard import Guard
from skyparley.adapters.doors.logon import Logon
from skyparley.adapters.doors.openapi import BASE, IDEMPOTENCY_KEY
from skyparley.adapters.doors.sessions import Actor
from skyparley.adapters.doors.stream import Hub
from skyparley.base.errors import Fault
from skyparley.engine.node import Node
from skyparley.testing.host import Down, Host
from skyparley.testing.storage import SimJournal

ACCOUNT: Final = b"x-scenario-account"


class Seats(Guard):
    """Who may pass: whoever the timeline names, in the role that it gives them."""

    def __init__(self, people: dict[str, str]) -> None:
        self.cookie = "none"
        self._people = people

    def actor(self, request: Request) -> Actor:
        name = request.headers.get(ACCOUNT.decode(), "")
        if name not in self._people:
            raise Denied("NOT_LOGGED_ON", f"nobody called {name!r} is at this desk")
        role = self._people[name]
        return Actor(f"token:{name}", "desk", person=False) if role == "machine" else Actor(name, role)


class Said(msgspec.Struct, frozen=True):
    """What a door answered."""

    status: int
    body: bytes

    @property
    def plain(self) -> Any:
        """The JSON, or None where there is none."""
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return None

    @property
    def codes(self) -> tuple[str, ...]:
        """Why it was not done; empty where it was."""
        if self.status < 400:
            return ()
        error = (self.plain or {}).get("error", {})
        reasons = [reason["code"] for reason in error.get("reasons", ())]
        return tuple(reasons) or (str(error.get("code", self.status)),)

    @property
    def words(self) -> str:
        """Why it was not done, in the node's words."""
        error = (self.plain or {}).get("error", {})
        reasons = [_reason(reason) for reason in error.get("reasons", ())]
        return "; ".join(reasons) or f"{error.get('code', self.status)}: {error.get('text', '')}"


def _reason(reason: dict[str, Any]) -> str:
    where = f" [{reason['field']}]" if reason.get("field") else ""
    return f"{reason['code']}{where}: {reason.get('text', '')}"


class Station(Host):
    """A simulated machine whose node has its desk door."""

    people: dict[str, str]
    _app: Starlette | None = None
    _asked = 0

    async def _start(self, node: Node) -> None:
        try:
            self._app = _door(node, self.people, SimJournal(self.disk))
            await super()._start(node)
        except Exception as error:  # noqa: BLE001 - the outermost loop of a process: it would end with a traceback
            self.report("no_fault_of_ours", [f"{self.party.name} does not start: {error!r}"])

    def crash(self) -> None:
        """As a machine that loses its power."""
        super().crash()
        self._app = None

    async def pin(self, cards: Sequence[str]) -> None:
        """Take up peers while the node runs, as the command line does."""
        for card in cards:
            await self._within(self._alive().pin(card))

    async def post(self, address: str, body: Any, account: str) -> Said:
        """A desk's act, with an idempotency key of its own.  Raises Down where no node runs."""
        self._asked += 1
        headers = [
            (b"content-type", b"application/json"),
            (IDEMPOTENCY_KEY.encode(), f"{self.party.name}-{self._asked}".encode()),
        ]
        return await self._ask("POST", address, account, headers, msgspec.json.encode(body))

    async def get(self, address: str, account: str) -> Said:
        """What a desk reads.  Raises Down where no node runs."""
        return await self._ask("GET", address, account, [], b"")

    async def _ask(
        self, method: str, address: str, account: str, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> Said:
        self._alive()
        assert self._app is not None, "a node that runs has its door"
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": BASE + address.partition("?")[0],
            "raw_path": (BASE + address.partition("?")[0]).encode(),
            "query_string": address.partition("?")[2].encode(),
            "root_path": "",
            "headers": [*headers, (ACCOUNT, account.encode()), (b"content-length", str(len(body)).encode())],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 1),
        }
        try:
            return await self._within(_asgi(self._app, scope, body))
        except Fault as fault:
            raise Down(str(fault)) from None


async def _asgi(app: Starlette, scope: dict[str, Any], body: bytes) -> Said:
    """One request and its whole answer."""
    given = [{"type": "http.request", "body": body, "more_body": False}]
    status, parts = 0, []

    async def receive() -> dict[str, Any]:
        if given:
            return given.pop()
        await asyncio.Event().wait()  # The client stays: it waits for its answer.
        raise AssertionError("nobody sets that event")

    async def send(message: Any) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(scope, receive, send)
    return Said(status, b"".join(parts))


def _door(node: Node, people: dict[str, str], journal: SimJournal) -> Starlette:
    # Nobody logs on in a timeline: the addresses of sessions have no accounts behind them and are never asked.
    guard = Seats(people)
    nobody = cast(Any, None)
    logon = Logon(nobody, nobody, guard, luck=nobody, ticks=nobody)
    return DeskDoor(node=node, hub=Hub(node, journal), guard=guard, logon=logon, trouble=lambda: None).app()
