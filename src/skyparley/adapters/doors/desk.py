"""The desk door: what people and machines of this party see and do, over HTTP.  Source: issue "a desk door"; /desk/v1/openapi.json."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from skyparley.adapters.doors import answers
from skyparley.adapters.doors.acts import ACTS, TWO_PERSONS, Act, read_act, read_question
from skyparley.adapters.doors.answers import Denied, Malformed, answer, refused, said_no
from skyparley.adapters.doors.bodies import TooLarge, TooSlow, read_json
from skyparley.adapters.doors.call_sheets import CallSheetDoor
from skyparley.adapters.doors.card import CardDoor
from skyparley.adapters.doors.files import FileDoor
from skyparley.adapters.doors.guard import Guard
from skyparley.adapters.doors.logon import Logon
from skyparley.adapters.doors.openapi import BASE, IDEMPOTENCY_KEY, Health, document
from skyparley.adapters.doors.preview import PreviewDoor
from skyparley.adapters.doors.sessions import Actor
from skyparley.adapters.doors.stream import EventStream, Hub
from skyparley.adapters.system.accounts import may
from skyparley.base import limits
from skyparley.base.errors import Fault, JournalFault, Reason, Refusal, refuse
from skyparley.base.ids import Fingerprint
from skyparley.domain import commands as c
from skyparley.domain.clause_records import ClauseBook
from skyparley.domain.clauses import book_of_offer
from skyparley.domain.key_refusals import why
from skyparley.domain.line_changes import WHAT
from skyparley.domain.lines import named_peer
from skyparley.domain.phrases import sentences
from skyparley.domain.proposals import Suggestions, suggest
from skyparley.domain.what_if import foresee, ways, with_ways
from skyparley.engine.node import Node
from skyparley.language.languages import BadPhrase
from skyparley.state import views
from skyparley.state.matter_views import Sentence, matter_views
from skyparley.state.projection import State
from skyparley.state.terms_views import terms_views
from skyparley.state.voice_views import call_views, contact_views, voice_peer_views


class DeskDoor:
    """The parts of the door that wiring puts together.  `trouble` is the journal's last failure to write, or None."""

    def __init__(
        self,
        *,
        node: Node,
        hub: Hub,
        guard: Guard,
        logon: Logon,
        trouble: Callable[[], JournalFault | None],
        hooks: Callable[[State, int], tuple[views.HookView, ...]] = lambda state, now: (),
    ) -> None:
        self._node = node
        self._hub = hub
        self._guard = guard
        self._logon = logon
        self._trouble = trouble
        self._hooks = hooks
        self._two_persons = asyncio.Lock()
        logon.seen = self._seen

    async def _seen(self, staffed: bool, account: str) -> None:
        """Somebody logged on, or the last one left.  A node that cannot write now lets people in all the same."""
        with contextlib.suppress(Fault):
            await self._node.sequencer.submit(c.SeeDesk(staffed=staffed, account=account))

    def app(self) -> Starlette:
        """The door as an ASGI application."""
        openapi = msgspec.json.encode(document())
        routes = [
            Route(f"{BASE}/session", self._logon.session, methods=["GET", "POST", "DELETE"]),
            Route(f"{BASE}/session/password", self._logon.password, methods=["POST"]),
            Route(f"{BASE}/overview", self._overview, methods=["GET"]),
            Route(f"{BASE}/conflicts/{{pair_id}}/suggestions", self._suggestions, methods=["GET"]),
            Route(f"{BASE}/hooks", self._hooks_shown, methods=["GET"]),
            Route(f"{BASE}/statements/{{statement}}/sentences", self._sentences, methods=["GET"]),
            Route(f"{BASE}/what-if", self._what_if, methods=["POST"]),
            Route(f"{BASE}/events", _streaming(self._events), methods=["GET"]),
            Route(f"{BASE}/health", self._health, methods=["GET"]),
            Route(f"{BASE}/openapi.json", _fixed(openapi), methods=["GET"]),
        ]
        # Where an address is both read and written, one route serves both, so that another method hears 405 of both.
        acts = {act.path: act for act in ACTS}
        for part in PARTS:
            routes.append(
                Route(f"{BASE}/{part}", self._part_or_act(part, acts.pop(f"/{part}", None)), methods=_methods(part))
            )
        routes += [Route(BASE + act.path, partial(self._act, act), methods=["POST"]) for act in acts.values()]
        routes += FileDoor(self._node, self._guard, BASE).routes()
        routes += PreviewDoor(self._node, self._guard, BASE).routes()
        routes += CallSheetDoor(self._node, self._guard, BASE).routes()
        routes += CardDoor(self._node, self._guard, BASE).routes()
        return Starlette(
            routes=routes,
            exception_handlers={
                Denied: answers.on_denied,
                Malformed: answers.on_malformed,
                Fault: answers.on_fault,
                TooLarge: _on_too_large,
                TooSlow: _on_too_slow,
                HTTPException: _on_http,
                Exception: _on_our_fault,
            },
        )

    # --- reading -------------------------------------------------------------------------------------------

    def _part_or_act(self, part: str, act: Act | None) -> Callable[[Request], Awaitable[Response]]:
        async def serve(request: Request) -> Response:
            if request.method == "POST":
                assert act is not None, "only an act is posted"
                return await self._act(act, request)
            self._guard.allowed(request, "read")
            now = self._node.clock.now_ms()
            read = PARTS[part]
            seen = await self._node.sequencer.read(lambda state: read(state, now))
            return answer(self._with_links(seen) if part == "lines" else seen)

        return serve

    async def _overview(self, request: Request) -> Response:
        self._guard.allowed(request, "read")
        now = self._node.clock.now_ms()
        seen, hooks = await self._node.sequencer.read(
            lambda state: (views.overview(state, now), self._hooks(state, now))
        )
        return answer(msgspec.structs.replace(seen, lines=self._with_links(seen.lines), hooks=hooks))

    async def _hooks_shown(self, request: Request) -> Response:
        self._guard.allowed(request, "read")
        now = self._node.clock.now_ms()
        return answer(await self._node.sequencer.read(lambda state: self._hooks(state, now)))

    def _with_links(self, lines: tuple[views.LineView, ...]) -> tuple[views.LineView, ...]:
        found = []
        for line in lines:
            link = next((one for peer, one in self._node.links.items() if peer == line.fingerprint), None)
            if link is not None:
                down = None if link.up else link.since_ms
                line = msgspec.structs.replace(
                    line,
                    link_up=link.up,
                    link_error=link.last_error,
                    link_down_since=down,
                    link_why=why(line.peer, link.last_error),
                )
            if self._node.parcels.one_way(Fingerprint(line.fingerprint), line.peer):
                line = msgspec.structs.replace(line, receipts="NOT POSSIBLE")
            found.append(line)
        return tuple(found)

    async def _suggestions(self, request: Request) -> Response:
        self._guard.allowed(request, "read")
        now = self._node.clock.now_ms()
        pair_id = request.path_params["pair_id"]

        def read(state: State) -> Suggestions | None:
            conflict = state.conflicts.get(pair_id)
            return None if conflict is None else suggest(state, conflict, now)

        found = await self._node.sequencer.read(read)
        if found is None:
            raise Denied("NOT_FOUND", f"no conflict has the pair id {pair_id[:64]!r}")
        return answer({"none": found.none} if found.none else found.proposals)

    async def _sentences(self, request: Request) -> Response:
        """What is read aloud of a statement in a language, with its review state; English where no language is named."""
        self._guard.allowed(request, "read")
        statement, lang = request.path_params["statement"], request.query_params.get("lang", "en")
        matter = await self._node.sequencer.read(lambda state: state.matters.get(statement))
        if matter is None:
            raise Denied("NOT_FOUND", f"no statement has the hash {statement[:64]!r}")
        try:
            return answer(tuple(Sentence.of(one) for one in sentences(matter.envelope, lang)))
        except BadPhrase as error:
            raise Malformed(str(error), field="lang") from None

    async def _what_if(self, request: Request) -> Response:
        """What an act would come to.  It is posted since it has a body; it writes nothing, so it needs no key."""
        self._guard.allowed(request, "act")
        question = read_question(await read_json(request, most_bytes=limits.DESK_BATCH_BYTES))
        now = self._node.clock.now_ms()
        read = self._node.sequencer.read
        seen = await read(lambda state: foresee(state, question, now=now, position=state.position))
        found = []
        for place, notice in seen.unsettled:
            await asyncio.sleep(0)  # The node goes on with its work in between.
            found.append((place, await read(partial(ways, would_be=notice, now=now))))
        return answer(with_ways(seen.answer, found))

    async def _events(self, request: Request) -> ASGIApp:
        self._guard.allowed(request, "read")
        after = _position(request)
        if self._hub.full:
            raise Denied("BUSY", f"{limits.SSE_CLIENTS} clients listen already")
        if self._hub.closed:
            raise Denied("STOPPING", "this node is stopping")
        return EventStream(self._hub, after, partial(self._still, request))

    def _still(self, request: Request) -> bool:
        try:
            self._guard.allowed(request, "read")
        except Denied:
            return False
        return True

    async def _health(self, _: Request) -> Response:
        trouble = self._node.sequencer.fault or self._trouble()
        if trouble is None:
            now = self._node.clock.now_ms()
            hooks = await self._node.sequencer.read(lambda state: self._hooks(state, now))
            return answer(Health("OK", True, hooks_failing=sum(hook.failing for hook in hooks)))
        health = Health(
            trouble.code, False, "what is asked of this node is not recorded at the moment; reads still work"
        )
        return answer(health, status=503)

    # --- acting --------------------------------------------------------------------------------------------

    async def _act(self, act: Act, request: Request) -> Response:
        actor = self._guard.allowed(request, act.right)
        key = _idempotency_key(request)
        body = await read_json(request, most_bytes=act.most_bytes)
        given = {"real_ms": self._node.clock.real_ms()} if "real_ms" in act.given else {}
        command, digest = read_act(act, dict(request.path_params), body, given)
        by_desk = c.ByDesk(
            command=command, account=actor.name, key=f"{actor.name}:{key}", request=digest, person=actor.person
        )
        if strangers := self._strangers(command):
            return refused(Refusal(strangers))
        if act.command in TWO_PERSONS:
            ruling = await self._by_two_persons(actor, by_desk)
        else:
            ruling = await self._node.desk(by_desk)
        return refused(ruling) if isinstance(ruling, Refusal) else answer(ruling)

    def _strangers(self, command: c.DeskCommand) -> tuple[Reason, ...]:
        """Why those whom an act gives a post to cannot hold it; empty where all can, and of every other act."""
        match command:
            case c.SetRoster():
                named = [name for entry in command.posts for name in entry.accounts]
                return self._guard.strangers(named, field="posts")
            case c.HandOver():
                return self._guard.strangers([command.to], field="to")
        return ()

    async def _by_two_persons(self, actor: Actor, by_desk: c.ByDesk) -> c.Outcome | Refusal:
        """The second of two persons must be one who may supervise.  One at a time, so that it is known who is second."""
        if not actor.person:
            raise Denied("PERSON_NEEDED", "this takes two persons; log on as one")
        command = by_desk.command
        async with self._two_persons:
            first = await self._node.sequencer.read(lambda state: _first_person(state, command))
            if first not in ("", actor.name) and not may(actor.role, "supervise"):
                return refuse(
                    "SECOND_PERSON", f"{first} asked; the second person must be a supervisor", field="account"
                )
            return await self._node.desk(by_desk)


def _first_person(state: State, command: c.DeskCommand) -> str:
    """Who asked for the same before; empty where nobody did."""
    if isinstance(command, c.AnnounceKeys):
        return state.keys_asked.by if state.keys_asked is not None and state.keys_asked.card == command.card else ""
    if isinstance(command, c.AcceptClause):
        found = next(filter(None, (book_of_offer(line, command.statement) for line in state.lines.values())), None)
        return _who_asked(found[1], "ACC") if found is not None else ""
    fingerprint = named_peer(state, command.peer)  # type: ignore[attr-defined]
    line = state.lines.get(fingerprint) if fingerprint else None
    if line is None:
        return ""
    if isinstance(command, c.ProposeClause):
        return _who_asked(line.terms[command.clause], "TBL") if command.clause in line.terms else ""
    if isinstance(command, c.OpenEpoch):
        return line.epoch_asked[0] if line.epoch_asked else ""
    asked = line.change_asked
    what = WHAT.get(type(command))  # type: ignore[arg-type]
    return asked.by if asked is not None and asked.what == what else ""


def _who_asked(book: ClauseBook, what: str) -> str:
    """Who asked first to propose (TBL) or accept (ACC) a clause; empty where nobody waits for a second."""
    return book.asked.by if book.asked is not None and book.asked.what == what else ""


PARTS: Final[dict[str, Callable[[State, int], Any]]] = {
    "notices": lambda state, now: tuple(views.notice_view(state, one, now) for one in state.notices.values()),
    "conflicts": lambda state, now: tuple(views.conflict_view(state, one, now) for one in state.conflicts.values()),
    "agreements": lambda state, now: tuple(views.agreement_view(state, one, now) for one in state.agreements.values()),
    "lines": lambda state, now: tuple(views.line_view(state, one) for one in state.lines.values()),
    "statements": lambda state, now: matter_views(state, now),
    "terms": lambda state, now: terms_views(state, now),
    "duty": lambda state, now: views.duty_views(state),
    "alarms": lambda state, now: tuple(views.alarm_view(state, one) for one in state.alarms),
    "unauthenticated": lambda state, now: views.unauthenticated_views(state),
    "voice-peers": lambda state, now: voice_peer_views(state),
    "calls": lambda state, now: call_views(state, now),
    "contacts": lambda state, now: contact_views(state),
}
"""The parts of the overview, each on its own."""


def _methods(part: str) -> list[str]:
    return ["GET", "POST"] if any(act.path == f"/{part}" for act in ACTS) else ["GET"]


def _fixed(body: bytes) -> Callable[[Request], Awaitable[Response]]:
    async def serve(_: Request) -> Response:
        return Response(body, headers=answers.NO_STORE, media_type=answers.JSON)

    return serve


def _streaming(make: Callable[[Request], Awaitable[ASGIApp]]) -> Callable[[Request], Awaitable[Response]]:
    """An endpoint whose answer is an ASGI application and not a Response: Starlette only ever calls it."""

    async def serve(request: Request) -> Any:
        return await make(request)

    return serve


def _idempotency_key(request: Request) -> str:
    key = request.headers.get(IDEMPOTENCY_KEY, "")
    if not 1 <= len(key) <= limits.IDEMPOTENCY_KEY_CHARS or not key.isascii() or not key.isprintable() or " " in key:
        text = (
            f"every act needs one: 1 to {limits.IDEMPOTENCY_KEY_CHARS} visible ASCII characters, a new one for each act"
        )
        raise Malformed(text, field="Idempotency-Key")
    return key


def _position(request: Request) -> int | None:
    """Where a stream goes on: the header that a browser sends by itself goes before the first address."""
    text = request.headers.get("last-event-id") or request.query_params.get("after")
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise Malformed(f"{text[:32]!r} is not a position of the journal; it is a whole number from 0", field="after")
    return int(text)


async def _on_too_large(_: Request, error: Exception) -> Response:
    return said_no("TOO_LARGE", str(error), headers={"connection": "close"})


async def _on_too_slow(_: Request, __: Exception) -> Response:
    text = f"a body arrives whole within {limits.BODY_ARRIVES_MS // 1000} s"
    return said_no("TIMED_OUT", text, headers={"connection": "close"})


async def _on_http(_: Request, error: Exception) -> Response:
    """No such address, or not by this method."""
    assert isinstance(error, HTTPException)
    code = "METHOD" if error.status_code == answers.STATUS["METHOD"] else "NOT_FOUND"
    return said_no(code, f"the addresses of this door are in {BASE}/openapi.json", headers=error.headers)


async def _on_our_fault(_: Request, __: Exception) -> Response:
    return said_no("OUR_FAULT", "this node failed on the request; its log says how")
