"""The door of a DSS: the 18 operations of ASTM F3548-21 over HTTP.

Who asks is known before a body is read: 401 and 403 cost nothing.  Then bytes become a command, the one writer decides,
and its answer becomes bytes.  Each error says which field, what was wrong, and what would be right.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, NamedTuple

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from skyparley.adapters.doors.bodies import TooLarge, TooSlow, read_body
from skyparley.base import limits
from skyparley.base.errors import Fault
from skyparley.engine.writer import OurFault
from skyparley.utm import answers, openapi, queries, requests, scopes
from skyparley.utm.commands import (
    Answer,
    AvailabilityChanged,
    Command,
    ConstraintChanged,
    IntentChanged,
    Problem,
    Refused,
    ReportKept,
    SubscriptionChanged,
)
from skyparley.utm.service import Dss
from skyparley.utm.state import DssState
from skyparley.utm.tokens import Caller, KeysAwaited, TokenRefused, Tokens
from skyparley.utm.wire import ErrorAnswer, Rejected

log = structlog.get_logger("skyparley.dss.door")

JSON: Final = "application/json"
RETRY_AFTER_S: Final = 1
INTENTS: Final = "/dss/v1/operational_intent_references"
CONSTRAINTS: Final = "/dss/v1/constraint_references"
SUBSCRIPTIONS: Final = "/dss/v1/subscriptions"
AVAILABILITY: Final = "/dss/v1/uss_availability"
CANNOT_WRITE: Final = Problem("", "the storage of this DSS fails", "the same request again, later")
_FAILED: Final = Problem("", "this DSS failed; its log says how", "a request of another kind, or the same one later")


class _Rest(Convertor[str]):
    """The rest of a path, whatever it is: nothing, or with slashes and line breaks in it."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("rest", _Rest())


class Asked(NamedTuple):
    """A request, and who asks, who may."""

    request: Request
    caller: Caller

    def part(self, name: str) -> str:
        """A part of the path; "" where the path ends with a slash instead."""
        return str(self.request.path_params.get(name, ""))

    async def body(self) -> bytes:
        """The whole body.  Raises TooLarge, TooSlow."""
        return await read_body(self.request, limits.DSS_BODY_BYTES)


class Operation(NamedTuple):
    """One method of one address: its name, the scopes of which one is enough, and who answers it."""

    name: str
    method: str
    path: str
    scopes: Sequence[str]
    answer: Callable[[Asked], Awaitable[Response]]


def dss_app(
    dss: Dss,
    tokens: Tokens,
    *,
    https_base_urls_only: bool = False,
    triggers_need_scope: bool = False,
    beside: Sequence[Operation] = (),
    open_to_all: Sequence[BaseRoute] = (),
) -> Starlette:
    """The door as an ASGI application, with operations beside those of the standard, and routes that need no token."""
    operations = [
        *_Standard(
            dss, https_base_urls_only=https_base_urls_only, triggers_need_scope=triggers_need_scope
        ).operations(),
        *beside,
    ]
    app = Starlette(
        routes=[*_addresses(operations, tokens), *open_to_all, _described(operations)],
        exception_handlers={
            Rejected: _on_rejected,
            TokenRefused: _on_token_refused,
            KeysAwaited: _on_keys_awaited,
            TooLarge: _on_too_large,
            TooSlow: _on_too_slow,
            Fault: _on_fault,
            HTTPException: _on_http,
            Exception: _on_our_fault,
        },
    )
    app.router.redirect_slashes = False  # A path that ends with a slash names an empty version, and that is said.
    return app


def said(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """An answer as JSON."""
    return Response(msgspec.json.encode(value), status, headers, JSON)


def said_no(
    status: int, message: str, problem: Problem, *more: Problem, headers: dict[str, str] | None = None
) -> Response:
    """An error, with one thing at least that is wrong."""
    return said(ErrorAnswer(message, (problem, *more)), status, headers)


class _Address:
    """All operations of one address.  It takes every method, so that no other address answers for one it does not have."""

    def __init__(self, operations: Sequence[Operation], tokens: Tokens) -> None:
        self._by_method = {operation.method: operation for operation in operations}
        if "GET" in self._by_method:
            self._by_method["HEAD"] = self._by_method["GET"]
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        operation = self._by_method.get(request.method)
        if operation is None:
            raise HTTPException(405, headers={"Allow": ", ".join(sorted(self._by_method))})
        await (await self._answer(request, operation))(scope, receive, send)

    async def _answer(self, request: Request, operation: Operation) -> Response:
        request.scope["operation"] = operation.name
        caller = await self._tokens.caller(request.headers.get("authorization"))
        request.scope["manager"] = caller.sub
        if caller.scopes.isdisjoint(operation.scopes):
            wanted = " or ".join(operation.scopes)
            problem = Problem("Authorization", "the token lacks a scope", f"a token with the scope {wanted}")
            return said_no(403, f"the token has none of the scopes that {operation.name} needs: {wanted}", problem)
        return await operation.answer(Asked(request, caller))


def _addresses(operations: Sequence[Operation], tokens: Tokens) -> list[Route]:
    """In the order of the operations: /query comes before what it could be the id in."""
    by_path: dict[str, list[Operation]] = {}
    for operation in operations:
        by_path.setdefault(operation.path, []).append(operation)
    return [Route(path, _Address(those, tokens)) for path, those in by_path.items()]


def _described(operations: Sequence[Operation]) -> Route:
    """The document of these operations, which needs no token."""
    text = msgspec.json.encode(openapi.document(operations))

    async def answer(_: Request) -> Response:
        return Response(text, media_type=JSON)

    return Route(openapi.PATH, answer, methods=["GET"], name="openapi")


class _Standard:
    """The operations of the standard over one DSS."""

    def __init__(self, dss: Dss, *, https_base_urls_only: bool, triggers_need_scope: bool) -> None:
        self._dss = dss
        self._https_base_urls_only = https_base_urls_only
        self._triggers_need_scope = triggers_need_scope

    def operations(self) -> list[Operation]:
        """In the order of the interface.  An update with an empty version reaches its handler, which says so."""
        return [
            Operation("queryOperationalIntentReferences", "POST", f"{INTENTS}/query", scopes.INTENTS, self.intents),
            Operation("getOperationalIntentReference", "GET", f"{INTENTS}/{{entityid}}", scopes.INTENTS, self.intent),
            Operation(
                "createOperationalIntentReference", "PUT", f"{INTENTS}/{{entityid}}", scopes.INTENTS, self.put_intent
            ),
            *_versioned(
                "OperationalIntentReference",
                f"{INTENTS}/{{entityid}}",
                "ovn",
                scopes.INTENTS,
                self.put_intent,
                self.delete_intent,
            ),
            Operation(
                "queryConstraintReferences", "POST", f"{CONSTRAINTS}/query", scopes.CONSTRAINTS_READ, self.constraints
            ),
            Operation(
                "getConstraintReference", "GET", f"{CONSTRAINTS}/{{entityid}}", scopes.CONSTRAINTS_READ, self.constraint
            ),
            Operation(
                "createConstraintReference",
                "PUT",
                f"{CONSTRAINTS}/{{entityid}}",
                scopes.CONSTRAINTS_WRITE,
                self.put_constraint,
            ),
            *_versioned(
                "ConstraintReference",
                f"{CONSTRAINTS}/{{entityid}}",
                "ovn",
                scopes.CONSTRAINTS_WRITE,
                self.put_constraint,
                self.delete_constraint,
            ),
            Operation("querySubscriptions", "POST", f"{SUBSCRIPTIONS}/query", scopes.SUBSCRIPTIONS, self.subscriptions),
            Operation(
                "getSubscription", "GET", f"{SUBSCRIPTIONS}/{{subscriptionid}}", scopes.SUBSCRIPTIONS, self.subscription
            ),
            Operation(
                "createSubscription",
                "PUT",
                f"{SUBSCRIPTIONS}/{{subscriptionid}}",
                scopes.SUBSCRIPTIONS,
                self.put_subscription,
            ),
            *_versioned(
                "Subscription",
                f"{SUBSCRIPTIONS}/{{subscriptionid}}",
                "version",
                scopes.SUBSCRIPTIONS,
                self.put_subscription,
                self.delete_subscription,
            ),
            Operation("makeDssReport", "POST", "/dss/v1/reports", scopes.REPORTS, self.report),
            Operation(
                "setUssAvailability",
                "PUT",
                f"{AVAILABILITY}/{{uss_id:rest}}",
                scopes.AVAILABILITY_WRITE,
                self.set_availability,
            ),
            Operation(
                "getUssAvailability",
                "GET",
                f"{AVAILABILITY}/{{uss_id:rest}}",
                scopes.AVAILABILITY_READ,
                self.availability,
            ),
        ]

    # --- operational intents ---------------------------------------------------------------------------------

    async def intents(self, asked: Asked) -> Response:
        area = requests.area_query(await asked.body(), oversize_status=400)
        now_us = self._dss.now_us()
        return await self._read(lambda state: queries.intents_in(state, asked.caller.sub, area, now_us))

    async def intent(self, asked: Asked) -> Response:
        name = requests.one_entity(asked.part("entityid"))
        return await self._read(lambda state: queries.intent(state, asked.caller.sub, name))

    async def put_intent(self, asked: Asked) -> Response:
        body, ovn = await asked.body(), asked.request.path_params.get("ovn")
        command = requests.put_intent(body, entity_id=asked.part("entityid"), ovn=ovn, asker=self._asker(asked))
        return await self._done(command, asked)

    async def delete_intent(self, asked: Asked) -> Response:
        name, ovn = asked.part("entityid"), asked.part("ovn")
        return await self._done(requests.delete_intent(entity_id=name, ovn=ovn, asker=self._asker(asked)), asked)

    # --- constraints -----------------------------------------------------------------------------------------

    async def constraints(self, asked: Asked) -> Response:
        area = requests.area_query(await asked.body(), oversize_status=413)
        now_us = self._dss.now_us()
        return await self._read(lambda state: queries.constraints_in(state, asked.caller.sub, area, now_us))

    async def constraint(self, asked: Asked) -> Response:
        name = requests.one_entity(asked.part("entityid"))
        return await self._read(lambda state: queries.constraint(state, asked.caller.sub, name))

    async def put_constraint(self, asked: Asked) -> Response:
        body, ovn = await asked.body(), asked.request.path_params.get("ovn")
        command = requests.put_constraint(body, entity_id=asked.part("entityid"), ovn=ovn, asker=self._asker(asked))
        return await self._done(command, asked)

    async def delete_constraint(self, asked: Asked) -> Response:
        name, ovn = asked.part("entityid"), asked.part("ovn")
        return await self._done(requests.delete_constraint(entity_id=name, ovn=ovn, asker=self._asker(asked)), asked)

    # --- subscriptions ---------------------------------------------------------------------------------------

    async def subscriptions(self, asked: Asked) -> Response:
        area = requests.area_query(await asked.body(), oversize_status=413)
        now_us = self._dss.now_us()
        return await self._read(lambda state: queries.subscriptions_in(state, asked.caller.sub, area, now_us))

    async def subscription(self, asked: Asked) -> Response:
        name = requests.one_entity(asked.part("subscriptionid"), place="subscriptionid")
        return await self._read(lambda state: queries.subscription(state, asked.caller.sub, name))

    async def put_subscription(self, asked: Asked) -> Response:
        body, version = await asked.body(), asked.request.path_params.get("version")
        name = asked.part("subscriptionid")
        command = requests.put_subscription(body, subscription_id=name, version=version, asker=self._asker(asked))
        return await self._done(command, asked)

    async def delete_subscription(self, asked: Asked) -> Response:
        name, version = asked.part("subscriptionid"), asked.part("version")
        command = requests.delete_subscription(subscription_id=name, version=version, asker=self._asker(asked))
        return await self._done(command, asked, deleting=True)

    # --- availability and reports ----------------------------------------------------------------------------

    async def set_availability(self, asked: Asked) -> Response:
        command = requests.set_availability(await asked.body(), uss=self._uss(asked), asker=self._asker(asked))
        return await self._done(command, asked)

    async def availability(self, asked: Asked) -> Response:
        name = self._uss(asked)
        return await self._read(lambda state: queries.availability(state, name))

    def _uss(self, asked: Asked) -> str:
        """The name in the path.  Raises Rejected."""
        return requests.uss_in(asked.request.scope["raw_path"], asked.part("uss_id"))

    async def report(self, asked: Asked) -> Response:
        command = requests.make_report(await asked.body(), asker=self._asker(asked))
        answer = await self._dss.submit(command)
        assert isinstance(answer, ReportKept), "a report is always kept"
        return said(answers.report_kept(answer.report_id, command.exchange), 201)

    # --- both ways -------------------------------------------------------------------------------------------

    def _asker(self, asked: Asked) -> requests.Asker:
        return requests.Asker(
            manager=asked.caller.sub,
            scopes=asked.caller.scopes,
            now_us=self._dss.now_us(),
            https_base_urls_only=self._https_base_urls_only,
            triggers_need_scope=self._triggers_need_scope,
        )

    async def _read(self, reader: Callable[[DssState], Any]) -> Response:
        return said(await self._dss.read(reader))

    async def _done(self, command: Command, asked: Asked, *, deleting: bool = False) -> Response:
        """The answer to a command, as its caller may see it."""
        answer = await self._dss.submit(command)
        return await self._dss.read(
            lambda state: _to_response(answer, queries.view(state, asked.caller.sub), deleting=deleting)
        )


def _versioned(
    entity: str,
    path: str,
    version: str,
    needed: Sequence[str],
    put: Callable[[Asked], Awaitable[Response]],
    delete: Callable[[Asked], Awaitable[Response]],
) -> list[Operation]:
    """Update and delete at a version; `:rest` takes an empty one too."""
    place = f"{path}/{{{version}:rest}}"
    return [
        Operation(f"update{entity}", "PUT", place, needed, put),
        Operation(f"delete{entity}", "DELETE", place, needed, delete),
    ]


def _to_response(answer: Answer, view: answers.View, *, deleting: bool) -> Response:
    match answer:
        case Refused():
            return said(answers.refused(answer, view), answer.status)
        case IntentChanged():
            return said(answers.intent_changed(answer, view), 201 if answer.created else 200)
        case ConstraintChanged():
            return said(answers.constraint_changed(answer, view), 201 if answer.created else 200)
        case SubscriptionChanged() if deleting:
            return said(answers.subscription_deleted(answer))
        case SubscriptionChanged():
            return said(answers.subscription_put(answer, view))
        case AvailabilityChanged():
            return said(answers.availability_changed(answer))
        case _:
            raise AssertionError(f"no answer for {type(answer).__name__}")


# --- what was raised, to an answer -------------------------------------------------------------------------------


async def _on_rejected(_: Request, error: Exception) -> Response:
    assert isinstance(error, Rejected)
    return said(answers.refused(error.refused), error.refused.status)


async def _on_token_refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, TokenRefused)
    problem = Problem("Authorization", str(error), "Bearer TOKEN, with a token for this DSS that is good now")
    return said_no(401, str(error), problem, headers={"www-authenticate": error.www_authenticate})


async def _on_keys_awaited(_: Request, error: Exception) -> Response:
    assert isinstance(error, KeysAwaited)
    problem = Problem("", "a source of keys was not reached yet", f"the same request again, in {error.retry_after_s} s")
    return said_no(503, str(error), problem, headers={"retry-after": str(error.retry_after_s)})


async def _on_too_large(_: Request, __: Exception) -> Response:
    text = f"the body has more than {limits.DSS_BODY_BYTES} bytes"
    return said_no(413, text, Problem("body", text, "a smaller one"), headers={"connection": "close"})


async def _on_too_slow(_: Request, __: Exception) -> Response:
    text = f"the body did not arrive whole within {limits.BODY_ARRIVES_MS // 1000} s"
    return said_no(400, text, Problem("body", text, "all of it, sooner"), headers={"connection": "close"})


async def _on_fault(_: Request, error: Exception) -> Response:
    """Nothing of the request was kept, or it is not known whether: the same request may be sent again."""
    assert isinstance(error, Fault)
    if isinstance(error, OurFault):
        log.error("failed", error=str(error))
        return said_no(500, "this DSS failed on the request; nothing of it was kept", _FAILED)
    text = f"this DSS cannot write at the moment: {error}"
    return said_no(503, text, CANNOT_WRITE, headers={"retry-after": str(RETRY_AFTER_S)})


async def _on_http(request: Request, error: Exception) -> Response:
    """No such address, or not by this method."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        text = f"{request.method} is nothing here; {allowed} is"
        problem = Problem("method", f"{request.method} is nothing here", allowed)
        return said_no(405, text, problem, headers=dict(error.headers or {}))
    problem = Problem("path", f"there is nothing at {request.url.path}", "an address that /openapi.json has")
    return said_no(
        error.status_code, f"there is nothing at {request.url.path}; /openapi.json tells what there is", problem
    )


async def _on_our_fault(_: Request, error: Exception) -> Response:
    log.error("failed", error=repr(error), exc_info=error)
    return said_no(500, "this DSS failed on the request", _FAILED)
