"""The OpenAPI 3.1 document of the desk door, made from the structs that the door reads and writes."""

from importlib.metadata import version
from typing import Any, Final

import msgspec

from skyparley.adapters.doors.acts import ACTS, BODIES, QUESTION, TEXT_PATTERN, Act
from skyparley.adapters.doors.answers import ErrorBody
from skyparley.adapters.doors.call_sheets import PAGE, SHEET
from skyparley.adapters.doors.changes import PublicChange
from skyparley.adapters.doors.files import PACK, TAKE, WRITTEN, FileBody, FileMade, FileTaken, MakeFileBody, WrittenBody
from skyparley.adapters.doors.logon import LogonBody, PasswordBody, Session
from skyparley.adapters.doors.preview import PREVIEW, PreviewBody, WouldRead
from skyparley.adapters.doors.stream import LinkChange
from skyparley.base import limits
from skyparley.domain.commands import Outcome
from skyparley.domain.proposals import Suggestion
from skyparley.domain.what_if import WhatIf
from skyparley.state import views
from skyparley.state.matter_views import MatterView, Sentence
from skyparley.state.terms_views import TermsView
from skyparley.state.voice_views import CallSheet, CallView, ContactView, VoicePeerView

BASE: Final = "/desk/v1"
IDEMPOTENCY_KEY: Final = "idempotency-key"


class Health(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether this node can write.  `status` is OK, or the code of the journal's trouble; `text` says it in words."""

    status: str
    ready: bool
    text: str = ""
    hooks_failing: int = 0
    """Ways out for what rings that do not work.  The node writes all the same."""


class NoSuggestion(msgspec.Struct, frozen=True):
    """No proposal of the simple kinds settles this conflict, and why."""

    none: str


_Json = dict[str, Any]

_TEXT: Final = {
    "401": "Not logged on: no session, or a token that is not known",
    "403": "The role may not, the password must be changed first, or another site's page asked",
    "404": "There is nothing at this address",
    "405": "Not by this method",
    "408": "The body did not arrive in time",
    "409": "Refused, with every reason; nothing was changed",
    "413": "The body is larger than this door takes",
    "415": "Not said to be JSON",
    "422": "Malformed: the reasons name the field, what was wrong and what would be right",
    "429": "Too often; Retry-After says when",
    "500": "This node failed on the request; its log says how",
    "503": "This node cannot write, or is at its limit; Retry-After says when to try again",
}

_INFO: Final = """\
What the people and machines of one party see and do at their own node.

Times are UTC milliseconds, positions [latitude, longitude] in 1e-7 degrees, levels `{ref, ft}` in feet.
Every act needs an `Idempotency-Key`: the same key with the same body gets the same answer and is done once.

A machine sends its bearer token with each request. A browser logs on instead; then every address takes the session's
cookie in place of a token, and every act also needs `X-Skyparley-Desk: 1`, which a page of another site cannot send.
A token goes before a cookie.
"""


def document() -> _Json:
    """The document, as plain data."""
    types: list[Any] = [
        *(
            views.Overview,
            ErrorBody,
            Health,
            LogonBody,
            PasswordBody,
            Session,
            Outcome,
            Suggestion,
            NoSuggestion,
            Sentence,
            CallSheet,
        ),
        *(PublicChange, LinkChange, WhatIf, QUESTION, *BODIES.values()),
        *(FileMade, FileBody, FileTaken, MakeFileBody, WrittenBody, PreviewBody, WouldRead),
    ]
    _, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    schemas["DueRegard"] = _either(schemas["DueRegard"])
    for name in ("party", "id"):
        schemas["TermChange"]["properties"][name]["pattern"] = TEXT_PATTERN
    paths: _Json = {}
    for path, method, operation in [
        *_session_paths(),
        *_read_paths(),
        *_file_paths(),
        *(_act_path(act) for act in ACTS),
    ]:
        paths.setdefault(BASE + path, {})[method] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Skyparley desk door", "version": version("skyparley"), "description": _INFO},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "A machine's token: skp_..."},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "skyparley_FINGERPRINT",
                    "description": "Set by logging on. The name ends in the first 8 characters of this party's "
                    "fingerprint, since cookies do not tell the ports of a host apart.",
                },
            },
        },
    }


def _either(due_regard: _Json) -> _Json:
    """Stated, or not stated with a reason: what the struct refuses by code, said as a schema."""
    members = due_regard["properties"]
    stated = {**due_regard, "properties": {"stated": {"const": True}}, "required": ["stated"]}
    reason = {"stated": {"const": False}, "reason": members["reason"]}
    not_stated = {**due_regard, "properties": reason, "required": ["stated", "reason"]}
    return {"title": due_regard["title"], "description": due_regard["description"], "oneOf": [stated, not_stated]}


def _ref(kind: type | str) -> _Json:
    return {"$ref": f"#/components/schemas/{kind if isinstance(kind, str) else kind.__name__}"}


def _list_of(kind: type) -> _Json:
    return {"type": "array", "items": _ref(kind)}


def _content(schema: _Json, media_type: str = "application/json") -> _Json:
    return {"content": {media_type: {"schema": schema}}}


def _operation(name: str, summary: str, ok: _Json, errors: str, **more: Any) -> _Json:
    """One operation.  `errors`: statuses, parted by spaces, each answered with an ErrorBody."""
    responses = {"200": {"description": "Done", **ok}}
    for status in [*errors.split(), "500"]:
        responses[status] = {"description": _TEXT[status], **_content(_ref(ErrorBody))}
        if status in ("429", "503"):
            responses[status]["headers"] = {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds"}}
    return {"operationId": name, "summary": summary, "responses": responses, **more}


def _body(kind: type) -> _Json:
    return {"required": True, **_content(_ref(kind))}


_PUBLIC: Final[_Json] = {"security": []}
_DESK_HEADER: Final = {
    "name": "X-Skyparley-Desk",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "1, with a session's cookie; a token does not need it.",
}


def _session_paths() -> list[tuple[str, str, _Json]]:
    ok = _content(_ref(Session))
    log_off = _operation("log_off", "Log off", {}, "401 403", parameters=[_DESK_HEADER])
    log_off["responses"]["204"] = {"description": "No session has this secret any more"}
    del log_off["responses"]["200"]
    errors = "401 403 408 413 415 422 429 503"
    return [
        ("/session", "get", _operation("who_am_i", "Who is logged on", ok, "401")),
        ("/session", "post", _operation("log_on", "Log on", ok, errors, requestBody=_body(LogonBody), **_PUBLIC)),
        ("/session", "delete", log_off),
        (
            "/session/password",
            "post",
            _operation(
                "new_password",
                "Choose a new password; every other session of the account ends",
                ok,
                f"{errors} 409",
                requestBody=_body(PasswordBody),
                parameters=[_DESK_HEADER],
                security=[{"session": []}],
            ),
        ),
    ]


def _read_paths() -> list[tuple[str, str, _Json]]:
    parts = {
        "notices": views.NoticeView,
        "conflicts": views.ConflictView,
        "agreements": views.AgreementView,
        "lines": views.LineView,
        "statements": MatterView,
        "terms": TermsView,
        "duty": views.DutyView,
        "alarms": views.AlarmView,
        "hooks": views.HookView,
        "unauthenticated": views.UnauthenticatedView,
        "voice-peers": VoicePeerView,
        "calls": CallView,
        "contacts": ContactView,
    }
    read = [
        (f"/{part}", "get", _operation(part.replace("-", "_"), f"All {part}", _content(_list_of(kind)), "401 403 503"))
        for part, kind in parts.items()
    ]
    suggestions = _content({"anyOf": [_list_of(Suggestion), _ref(NoSuggestion)]})
    healthy = _operation("health", "Whether this node can write", _content(_ref(Health)), "", **_PUBLIC)
    healthy["responses"]["503"] = {"description": "It cannot write", **_content(_ref(Health))}
    document_itself = _operation("openapi", "This document", _content({"type": "object"}), "", **_PUBLIC)
    return [
        ("/overview", "get", _operation("overview", "The desk", _content(_ref(views.Overview)), "401 403 503")),
        *read,
        (
            "/conflicts/{pair_id}/suggestions",
            "get",
            _operation(
                "suggestions",
                "Proposals that would settle a conflict, the least disturbing first; or why there is none",
                suggestions,
                "401 403 404 503",
                parameters=[_path_member("pair_id")],
            ),
        ),
        (
            "/statements/{statement}/sentences",
            "get",
            _operation(
                "sentences",
                "What is read aloud of a statement in a language; drafts are marked",
                _content(_list_of(Sentence)),
                "401 403 404 422 503",
                parameters=[
                    _path_member("statement"),
                    {"name": "lang", "in": "query", "required": False, "schema": {"type": "string"}},
                ],
            ),
        ),
        (
            "/lines/{peer}/card",
            "get",
            _operation(
                "lost_line_card",
                "One page to print: what holds and whom to call when the line is lost; phrases in English and `lang`",
                _content({"type": "string"}, "text/html"),
                "401 403 404 422 503",
                parameters=[
                    _path_member("peer"),
                    {"name": "lang", "in": "query", "required": False, "schema": {"type": "string"}},
                ],
            ),
        ),
        *_sheets(),
        ("/what-if", "post", _what_if()),
        ("/events", "get", _events()),
        ("/health", "get", healthy),
        ("/openapi.json", "get", document_itself),
    ]


def _sheets() -> list[tuple[str, str, _Json]]:
    """The sheet beside the telephone, twice."""
    asked = [
        _path_member("call"),
        {"name": "lang", "in": "query", "required": False, "schema": {"type": "string"}},
    ]
    text = "What to say in a call, in their language and in English, what is read back, and what to do if it is refused"
    errors = "401 403 404 422 503"
    return [
        (SHEET, "get", _operation("call_sheet", text, _content(_ref(CallSheet)), errors, parameters=asked)),
        (
            PAGE,
            "get",
            _operation(
                "call_sheet_page",
                "The same as a page to read from and to print",
                _content({"type": "string"}, "text/html"),
                errors,
                parameters=asked,
            ),
        ),
    ]


def _what_if() -> _Json:
    text = (
        "Each notice and each change is answered at its place: the reasons for which the act would be refused now, the "
        "conflicts it would make, those it would end, who would be told, and how early. It binds nothing: `position` "
        "says as of which entry of the journal it was answered, and what comes after may make it otherwise."
    )
    return _operation(
        "what_if",
        "What filing or changing notices would come to; nothing is written",
        _content(_ref(WhatIf)),
        "401 403 408 413 415 422 503",
        parameters=[_DESK_HEADER],
        requestBody=_body(QUESTION),
        description=text,
    )


def _events() -> _Json:
    position = {"type": "string", "pattern": "^[0-9]{1,15}$"}
    text = (
        "Server-sent events. `event: change` has a PublicChange and, as its id, its position in the journal: none is "
        "lost and none is doubled. `event: link` has a LinkChange and no id. `event: reset` says that the position "
        "asked for is not of this journal: read everything again. A client that is too slow is cut off; it resumes."
    )
    after = {"name": "after", "in": "query", "required": False, "schema": position}
    last = {"name": "Last-Event-ID", "in": "header", "required": False, "schema": position}
    ok = _content({"type": "string"}, "text/event-stream")
    return _operation("events", "What changes", ok, "401 403 422 503", parameters=[after, last], description=text)


def _file_paths() -> list[tuple[str, str, _Json]]:
    """Files that carry a line, made and taken.  They need no key: each can be done twice."""
    made = _operation(
        "make_file",
        "A sealed file with what is owed to a peer, for any hand to carry",
        _content(_ref(FileMade)),
        "401 403 404 408 409 413 415 422 503",
        parameters=[_path_member("party"), _DESK_HEADER],
        requestBody=_body(MakeFileBody),
    )
    written = _operation(
        "file_written",
        "A file that was made is where it will not be lost: what is in it counts as carried",
        _content({"type": "object"}),
        "401 403 404 408 413 415 422 503",
        parameters=[_path_member("party"), _DESK_HEADER],
        requestBody=_body(WrittenBody),
    )
    taken = _operation(
        "take_file",
        "Take a sealed file of a peer; twice does no harm",
        _content(_ref(FileTaken)),
        "401 403 408 409 413 415 422 429 503",
        parameters=[_DESK_HEADER],
        requestBody=_body(FileBody),
    )
    preview = _operation(
        "release_preview",
        "Each statement that an act would let out, as the other side will read it, by each bearer; nothing is written",
        _content(_list_of(WouldRead)),
        "401 403 408 409 413 415 422 503",
        parameters=[_DESK_HEADER],
        requestBody=_body(PreviewBody),
    )
    return [(PACK, "post", made), (WRITTEN, "post", written), (TAKE, "post", taken), (PREVIEW, "post", preview)]


def _act_path(act: Act) -> tuple[str, str, _Json]:
    members = [part[1:-1] for part in act.path.split("/") if part.startswith("{")]
    key = {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "schema": {"type": "string", "pattern": f"^[!-~]{{1,{limits.IDEMPOTENCY_KEY_CHARS}}}$"},
        "description": "A new one for each act; the same one to retry it",
    }
    operation = _operation(
        act.path.removeprefix("/").replace("{", "").replace("}", "").replace("/", "_"),
        act.summary,
        _content(_ref(Outcome)),
        "401 403 404 408 409 413 415 422 503",
        parameters=[*(_path_member(name) for name in members), key, _DESK_HEADER],
        requestBody=_body(BODIES[act.command]),
    )
    return act.path, "post", operation


_MEMBERS: Final[_Json] = {
    "id": {"type": "string", "pattern": "^[A-Z][A-Z0-9-]{0,31}$", "description": "A notice, for example A-0001"},
    "pair_id": {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$", "description": "A pair of notices"},
    "statement": {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$", "description": "The hash of a statement"},
    "party": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,43}$", "description": "A peer's name or fingerprint"},
    "peer": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,43}$", "description": "A peer's name or fingerprint"},
    "call": {"type": "string", "pattern": "^CALL-[0-9]{4,9}$", "description": "A call, for example CALL-0001"},
    "contact": {"type": "string", "pattern": "^OOB-[0-9]{4,9}$", "description": "A contact, for example OOB-0001"},
}


def _path_member(name: str) -> _Json:
    return {"name": name, "in": "path", "required": True, "schema": _MEMBERS[name]}
