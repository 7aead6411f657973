"""The sheet that lies beside the telephone: as JSON, and as one large page that also prints."""

from collections.abc import Sequence
from html import escape
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from skyparley.adapters.doors.answers import NO_STORE, Denied, Malformed, answer
from skyparley.adapters.doors.guard import Guard
from skyparley.domain.messages.codes import READ_BACK_FIELDS
from skyparley.domain.phrase_values import slot_value
from skyparley.engine.node import Node
from skyparley.language.languages import BadPhrase
from skyparley.language.values import position_value, time_value
from skyparley.state.matter_views import Sentence
from skyparley.state.projection import State
from skyparley.state.voice_views import CallSheet, call_sheet

SHEET: Final = "/calls/{call}/sheet"
PAGE: Final = "/calls/{call}/sheet.html"


class CallSheetDoor:
    """Two addresses of the desk door.  They write nothing."""

    def __init__(self, node: Node, guard: Guard, base: str) -> None:
        self._node = node
        self._guard = guard
        self._base = base

    def routes(self) -> list[Route]:
        """The addresses, to be put among those of the desk door."""
        return [
            Route(self._base + SHEET, self._json, methods=["GET"]),
            Route(self._base + PAGE, self._page, methods=["GET"]),
        ]

    async def _json(self, request: Request) -> Response:
        return answer(await self._sheet(request))

    async def _page(self, request: Request) -> Response:
        return HTMLResponse(page(await self._sheet(request)), headers=NO_STORE)

    async def _sheet(self, request: Request) -> CallSheet:
        self._guard.allowed(request, "read")
        name, lang = request.path_params["call"], request.query_params.get("lang", "")
        now = self._node.clock.now_ms()

        def read(state: State) -> CallSheet | None:
            call = state.voice.calls.get(name)
            return None if call is None else call_sheet(state, call, now, lang)

        try:
            sheet = await self._node.sequencer.read(read)
        except BadPhrase as error:
            raise Malformed(str(error), field="lang") from None
        if sheet is None:
            raise Denied("NOT_FOUND", f"no call is called {name[:32]!r}")
        return sheet


# --- the page ----------------------------------------------------------------------------------------------------


def page(sheet: CallSheet) -> str:
    """The sheet as HTML: everything in it comes escaped, since a gist is somebody's own words."""
    call = sheet.call
    title = f"{call.call}: {call.type} to {call.peer}"
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en-GB"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(title)}</title>",
            '<link rel="stylesheet" href="/sheet.css"><script type="module" src="/sheet.js"></script></head>',
            f'<body class="{escape(call.cls)}">',
            f"<header><h1>{escape(title)}</h1>{_badges(sheet)}{_stopwatch(sheet)}</header>",
            _numbers(sheet.numbers),
            '<section class="theirs" aria-label="Say this">' + "".join(map(_large, sheet.theirs)) + _none(sheet),
            "".join(f'<p class="aloud" lang="en"><b>Say it like this</b> {escape(text)}</p>' for text in sheet.aloud),
            "</section>",
            '<section class="ours" aria-label="In English">'
            + "".join(f"<p>{escape(one.text)}</p>" for one in sheet.ours)
            + "</section>",
            _own_words(sheet),
            _boxes(sheet),
            _after(sheet),
            "</body></html>",
        ]
    )


def _badges(sheet: CallSheet) -> str:
    call = sheet.call
    words = [call.cls, call.state, *(["LATE"] if call.late else []), *([call.read_back] if call.read_back else [])]
    return '<p class="badges">' + "".join(f"<span>{escape(word)}</span>" for word in words) + "</p>"


def _stopwatch(sheet: CallSheet) -> str:
    call = sheet.call
    if call.started_at is None:
        return f'<p class="watch">Call by <b>{time_value(call.due)}</b></p>'
    due = f" · summary by <b>{time_value(call.summary_due)}</b>" if call.summary_due and call.can else ""
    return (
        f'<p class="watch">Picked up <b>{time_value(call.started_at)}</b>{due} '
        f'<b id="stopwatch" data-since="{sheet.now - call.started_at}" data-late="{sheet.summary_within_ms}"></b></p>'
    )


def _numbers(numbers: Sequence[str]) -> str:
    if not numbers:
        return '<p class="numbers">No number is known: pin the party again with its numbers.</p>'
    return '<p class="numbers">Call ' + " · ".join(f"<b>{escape(one)}</b>" for one in numbers) + "</p>"


def _large(one: Sentence) -> str:
    mark = f'<p class="mark">{escape(one.mark)}</p>' if one.mark else ""
    return f'<p class="phrase" lang="{escape(one.lang)}" dir="{escape(one.direction)}">{escape(one.text)}</p>{mark}'


def _none(sheet: CallSheet) -> str:
    if sheet.theirs:
        return ""
    return (
        f'<p class="phrase">{escape(sheet.call.type)}</p><p class="mark">No phrase has this code: say it plainly.</p>'
    )


def _own_words(sheet: CallSheet) -> str:
    said = sheet.own_words
    return (
        "" if said is None else f'<section class="own"><p lang="{escape(said.lang)}">{escape(said.text)}</p></section>'
    )


def _boxes(sheet: CallSheet) -> str:
    """One box for each value: what was said, and room for what they read back."""
    values = msgspec.structs.asdict(sheet.read_back)
    rows = [
        f'<tr><th scope="row">{field}</th><td class="said">{escape(_plain(values[field.lower()]))}</td>'
        f'<td class="box{" differs" if field in sheet.call.differs else ""}"></td></tr>'
        for field in READ_BACK_FIELDS
        if values[field.lower()] is not msgspec.UNSET
    ]
    if not rows:
        return '<section class="boxes"><p>Nothing is read back. Ask: HAVE YOU UNDERSTOOD?</p></section>'
    head = "<tr><th></th><th>We said</th><th>They read back</th></tr>"
    return f'<section class="boxes"><h2>Ask for the read-back</h2><table>{head}{"".join(rows)}</table></section>'


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return position_value(value)
    return time_value(value) if isinstance(value, int) else slot_value(value)


def _after(sheet: CallSheet) -> str:
    minutes = sheet.summary_within_ms // 60_000
    refused = "".join(f"<li>{escape(text)}</li>" for text in sheet.if_refused)
    return (
        '<section class="after"><h2>Who took it (a role)</h2><p class="line"></p>'
        f"<h2>Summary, entered within {minutes} minutes</h2><p class='line'></p><p class='line'></p>"
        f"<h2>If they refuse</h2><ul>{refused}</ul><h2>If nobody answers</h2><p>{escape(sheet.if_no_answer)}</p>"
        "<p class='small'>What was understood is not agreed. Nothing of this call becomes an agreement.</p></section>"
    )
