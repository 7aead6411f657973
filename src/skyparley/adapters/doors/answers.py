"""What a door says in HTTP: one table turns refusals and faults into statuses, one function writes JSON."""

import difflib
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from skyparley.base.canonical import canonical
from skyparley.base.errors import Fault, JournalFault, Reason, Refusal
from skyparley.engine.reading import Unusable

JSON: Final = "application/json"
NO_STORE: Final = {"cache-control": "no-store"}

STATUS: Final[Mapping[str, int]] = {
    # The request, before anything is decided.
    "NOT_LOGGED_ON": 401,
    "LOGON_FAILED": 401,
    "CROSS_SITE": 403,
    "ROLE": 403,
    "PERSON_NEEDED": 403,
    "PASSWORD_MUST_CHANGE": 403,
    "NOT_FOUND": 404,
    "METHOD": 405,
    "TIMED_OUT": 408,
    "TOO_LARGE": 413,
    "NOT_JSON": 415,
    "TOO_MANY_LOGONS": 429,
    # A refusal is an answer.
    "REFUSED": 409,
    # line-v1 7.5.
    "MALFORMED": 400,
    "UNKNOWN_KEY": 401,
    "BAD_SIGNATURE": 401,
    "STALE": 401,
    "NOT_THIS_LINE": 403,
    "CLOCK": 403,
    "PROTO": 403,
    "DEFERRED": 429,
    "NOT_READY": 503,
    # Faults: retry, unless it is ours.
    "OUR_FAULT": 500,
    "BUSY": 503,
    "STOPPING": 503,
    "JOURNAL_FAULT": 503,
    "JOURNAL_DAMAGED": 503,
    "JOURNAL_LOCKED": 503,
    "JOURNAL_FULL": 503,
    "JOURNAL_READ_ONLY": 503,
    "JOURNAL_WRONG_POSITION": 503,
}
"""Code to HTTP status, of every door.  A refusal of a malformed body is the one exception: 422, said by `malformed`."""

RETRY_AFTER_S: Final = 1  # of a deferral and of a fault that passes


class ErrorSaid(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a request was not done.  `reasons` with REFUSED: each one, with the field that it is about."""

    code: str
    text: str = ""
    reasons: tuple[Reason, ...] = ()


class ErrorBody(msgspec.Struct, frozen=True):
    """Every answer that is not a success."""

    error: ErrorSaid


class Denied(Exception):
    """The door itself says no, before anything is decided.  `code` is one of STATUS."""

    def __init__(self, code: str, text: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(text)
        assert code in STATUS, code
        self.code = code
        self.headers = dict(headers or {})


class Malformed(Exception):
    """The body, the path or a header is not what this address takes: 422 with reasons that name the field."""

    def __init__(self, text: str, *, field: str = "") -> None:
        super().__init__(text)
        self.reason = Reason("MALFORMED", text, field)


def answer(value: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A value as JSON, which nobody on the way keeps."""
    return Response(msgspec.json.encode(value), status, {**NO_STORE, **(headers or {})}, JSON)


def said_no(code: str, text: str, *, headers: Mapping[str, str] | None = None) -> Response:
    """An error with its status from the table.  What passes by itself says when to try again."""
    status = STATUS[code]
    more = {"retry-after": str(RETRY_AFTER_S)} if status in (429, 503) else {}
    return answer(ErrorBody(ErrorSaid(code, text)), status=status, headers={**more, **(headers or {})})


def refused(refusal: Refusal, *, status: int = STATUS["REFUSED"]) -> Response:
    """A refusal with all its reasons."""
    return answer(ErrorBody(ErrorSaid("REFUSED", reasons=refusal.reasons)), status=status)


# --- Starlette's handlers: what was raised, to an answer ---------------------------------------------------------


async def on_denied(_: Request, error: Exception) -> Response:
    assert isinstance(error, Denied)
    return said_no(error.code, str(error), headers=error.headers)


async def on_malformed(_: Request, error: Exception) -> Response:
    assert isinstance(error, Malformed)
    return refused(Refusal((error.reason,)), status=422)


async def on_fault(_: Request, error: Exception) -> Response:
    """A fault of the desk door: the node's own, or the journal's."""
    assert isinstance(error, Fault)
    return said_no(error.code if error.code in STATUS else "OUR_FAULT", str(error))


async def on_peer_fault(_: Request, error: Exception) -> Response:
    """A fault of the peer door: the peer learns what is its own business, and of our troubles only that there are some."""
    assert isinstance(error, Fault)
    if isinstance(error, Unusable):
        return peer_said_no(error.code, str(error), time=error.extra.get("time"))
    ours = "the record cannot be written now" if isinstance(error, JournalFault) else "this node cannot answer now"
    return peer_said_no("NOT_READY", f"{ours}; try again")


def peer_said_no(code: str, text: str, *, time: int | None = None) -> Response:
    """A refusal of line-v1 7.5, canonical as everything on the line."""
    error: dict[str, Any] = {"code": code, "text": _plain(text)}
    if time is not None:
        error["time"] = time
    status = STATUS[code]
    headers = {"retry-after": str(RETRY_AFTER_S)} if status in (429, 503) else {}
    return Response(canonical({"error": error}), status, headers, JSON)


def _plain(text: str) -> str:
    """Text that canonical JSON takes: an exception may quote control characters of what it was given."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


# --- what was wrong with a body ----------------------------------------------------------------------------------

_PLACE = re.compile(r" - at `(?P<place>[^`]*)`$")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*)`$", re.DOTALL)
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]*)`$")


def explain(error: Exception, known: tuple[str, ...]) -> Malformed:
    """A decoding error as a reason that names the field.  `known`: the fields of the outermost object."""
    text = str(error)
    place = ""
    if found := _PLACE.search(text):
        text, place = text[: found.start()], found["place"].removeprefix("$").removeprefix(".")
    if unknown := _UNKNOWN.fullmatch(text):
        name = unknown["name"]
        near = difflib.get_close_matches(name, known, n=1) if not place else []
        right = f"perhaps {near[0]} is meant" if near else "take it out"
        if not place:
            right += f"; the fields are {', '.join(known)}" if known else ""
        return Malformed(f"{name!r} is not a field here: {right}", field=_join(place, name))
    if missing := _MISSING.fullmatch(text):
        return Malformed(f"{missing['name']} is missing", field=_join(place, missing["name"]))
    return Malformed(text, field=place)


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
