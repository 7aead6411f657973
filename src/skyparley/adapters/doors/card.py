"""The lost-line card: one page to print daily and keep beside the telephone, for when the line is lost (DOMAIN CON-02).

Rendered here, without a script: whoever needs it may have nothing but a browser and a printer.  Everything on it is what
the node holds at one moment, which the card names; what does not fit is counted, never left out silently.
"""

from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from skyparley.adapters.doors.answers import NO_STORE, Denied, Malformed
from skyparley.adapters.doors.guard import Guard
from skyparley.base.ids import Fingerprint, short_id
from skyparley.base.times import MINUTE
from skyparley.base.written import written_level, written_utc
from skyparley.domain.lines import named_peer
from skyparley.domain.messages.slots import LevelSlot, VolumeSlot
from skyparley.engine.node import Node
from skyparley.evidence.words import to_words
from skyparley.language.languages import DRAFT_MARK, LANGUAGES, BadPhrase, Lang, language
from skyparley.language.phrasebook import phrase
from skyparley.state import views
from skyparley.state.projection import State

PHRASES: Final = ("V8", "D1", "D2", "V2", "V4", "V5", "V6", "V7", "V9", "L3", "L4", "L5", "L6", "L7", "L8", "N5", "N8", "C1", "C5", "C6")  # fmt: skip
"""Those that are read by voice when nothing else is left: lives first, then identity, read-back and what settles a conflict."""
AGREEMENTS_SHOWN: Final = 6
STANDING_SHOWN: Final = 4
FREQUENCIES_SHOWN: Final = 8
CALL_SIGNS_SHOWN: Final = 8
"""What one A4 page holds beside the phrases; the rest is counted on it."""
UNSETTLED_SHOWN: Final = 5
STYLE: Final = (Path(__file__).parent / "static" / "card.css").read_text(encoding="utf-8")
"""It stands in the page: the card is kept as a file, and opened where no node answers."""
HEADERS: Final = {
    **NO_STORE,
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    f"style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'",
}
"""A browser takes this one style from it, and nothing else."""


class CardDoor:
    """One address of the desk door.  It only reads."""

    def __init__(self, node: Node, guard: Guard, base: str) -> None:
        self._node = node
        self._guard = guard
        self._base = base

    def routes(self) -> list[Route]:
        """The address, to be put among those of the desk door."""
        return [Route(f"{self._base}/lines/{{peer}}/card", self._card, methods=["GET"])]

    async def _card(self, request: Request) -> Response:
        self._guard.allowed(request, "read")
        now = self._node.clock.now_ms()
        name, lang = request.path_params["peer"], request.query_params.get("lang", "")
        try:
            chosen = language(lang).code if lang else None
        except BadPhrase as error:
            raise Malformed(str(error), field="lang") from None
        page = await self._node.sequencer.read(lambda state: lost_line_card(state, name, now, chosen))
        if page is None:
            raise Denied("NOT_FOUND", f"no peer is called {name[:64]!r}")
        return HTMLResponse(page, headers=HEADERS)


def lost_line_card(state: State, peer: str, now: int, lang: Lang | None = None) -> str | None:
    """The page for a peer by name or fingerprint; None where there is no such peer.

    `lang`: the language beside English; where it is None, the first one that the people on duty there understand.
    """
    fingerprint = named_peer(state, peer)
    if fingerprint is None:
        return None
    seen = views.overview(state, now)
    line = next(one for one in seen.lines if one.fingerprint == fingerprint)
    return page_of(seen, line, lang or _their_language(line))


def page_of(seen: views.Overview, line: views.LineView, second: Lang | None) -> str:
    """The page for one line of an overview.  `second`: the language beside English, None where it is not known."""
    parts = [
        _head(seen, line),
        _what_to_do(seen, line),
        f"<div class=three>{_radio(line)}{_versions(seen, line)}</div>",
        _agreements(seen, line),
        _standing(seen, line),
        _phrases(second),
        _words(seen, line),
        f"<footer>{escape(seen.statement)} Printed cards grow old: print it again each day.</footer>",
    ]
    title = f"Lost-line card {seen.own.name} - {line.peer}"
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8>"
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>{''.join(parts)}</main></body></html>"
    )


def _their_language(line: views.LineView) -> Lang | None:
    """The first language besides English of those on duty there; None where they have not said any."""
    said = [one for post in (line.peer_shift.on if line.peer_shift else ()) for one in post.languages]
    return next((one for one in said if one != "en"), None)


def _head(seen: views.Overview, line: views.LineView) -> str:
    return (
        f"<header><h1>LOST-LINE CARD &nbsp; {escape(seen.own.name)} – {escape(line.peer)}</h1>"
        f"<p>As the node of {escape(seen.own.name)} held it at <b>{written_utc(seen.now // MINUTE * MINUTE)}</b>. "
        f"The line was <b>{escape(line.word)}</b>.</p></header>"
    )


def _what_to_do(seen: views.Overview, line: views.LineView) -> str:
    table = line.numbers or seen.table
    steps = (
        "<b>Keep to the last agreements</b>, those listed below, each until its end. Nothing new is agreed by silence.",
        f"<b>No new use of shared volumes</b> later than {_minutes(table.lost_no_new_use_ms)} after the line was lost.",
        "<b>Call by voice</b>: the frequencies and call signs below. Say the phrase by its code, in both languages.",
        "<b>Read back</b> every position, level and time. Received and understood is never agreement.",
        "<b>Lives first</b>: a stop request, a distress or a rescue box goes by every way there is, and again.",
        f"<b>Write it down</b>: what was said by voice is entered within {_minutes(table.voice_summary_ms)} of the call.",
    )
    return f"<section class=do><h2>When the line is lost</h2><ol>{''.join(f'<li>{step}</li>' for step in steps)}</ol></section>"


def _radio(line: views.LineView) -> str:
    card = line.radio
    rows = [f"<tr><th>{one.use}</th><td>{escape(one.text)}</td></tr>" for one in card.frequencies]
    signs = [
        f"<tr><th>{escape(one.party)} {one.post}</th><td>{escape(one.call_sign)}</td></tr>" for one in card.call_signs
    ]
    note = "" if card.settled else "<p class=warn>No frequencies are signed: guard only.</p>"
    none = "" if signs else "<p class=warn>No call signs are signed.</p>"
    return (
        f"<section><h2>Radio</h2>{note}<table>{_most(rows, FREQUENCIES_SHOWN, 2)}</table>"
        f"</section><section><h2>Call signs</h2>{none}<table>{_most(signs, CALL_SIGNS_SHOWN, 2)}</table></section>"
    )


def _versions(seen: views.Overview, line: views.LineView) -> str:
    last = line.checks.last_good_at
    rows = (
        ("Line protocol", "line-v1"),
        ("Table of numbers", f"{short_id(line.table_hash)} {_TABLE[line.table]}"),
        ("Our last statement", f"{line.sent_epoch}/{line.sent}; {escape(line.peer)} held {line.delivered}"),
        ("Their last statement", f"{line.received_epoch}/{line.received}"),
        ("Last good check", written_utc(last // 1000 * 1000) if last else "none"),
        ("Unsettled clauses", escape(_unsettled(line.unsettled))),
    )
    return f"<section><h2>Versions</h2><table>{''.join(f'<tr><th>{name}</th><td>{text}</td></tr>' for name, text in rows)}</table></section>"


def _unsettled(names: tuple[str, ...]) -> str:
    """What no two signatures stand under: guard frequencies and good sense are all that is left there."""
    over = len(names) - UNSETTLED_SHOWN
    first = ", ".join(names[:UNSETTLED_SHOWN])
    return (f"{len(names)}: {first} and {over} more" if over > 0 else first) or "none"


_TABLE: Final = {"EQUAL": "(equal at both)", "MISMATCH": "(TABLES DIFFER)", "UNKNOWN": "(theirs is not known)"}


def _agreements(seen: views.Overview, line: views.LineView) -> str:
    """In force by the clock: an expired one is never printed."""
    held = [
        one
        for one in seen.agreements
        if one.status == "IN_FORCE" and line.peer in (one.proposer, one.acceptor) and one.until > seen.now
    ]
    rows = [_agreement(seen, one) for one in sorted(held, key=lambda one: one.until)]
    body = _most(rows, AGREEMENTS_SHOWN, 4) or "<tr><td>None is in force.</td></tr>"
    return f"<section class=held><h2>Standing agreements</h2><table>{body}</table></section>"


def _agreement(seen: views.Overview, one: views.AgreementView) -> str:
    sides = []
    for term in one.notices:
        notice = next((held for held in seen.notices if (held.party, held.id) == (term.party, term.id)), None)
        volumes = term.volumes or (notice.volumes if notice is not None and notice.version == term.version else ())
        sides.append(f"<td><b>{escape(term.party)} {escape(term.id)}</b> {_volumes(volumes)}</td>")
    until = written_utc(one.until // 1000 * 1000)
    return f"<tr><th>{one.short_id}<br>{one.kind}</th>{''.join(sides)}<td>until {until}</td></tr>"


def _volumes(volumes: Sequence[VolumeSlot]) -> str:
    if not volumes:
        return "as notified"
    first = volumes[0]
    more = f" and {len(volumes) - 1} more" if len(volumes) > 1 else ""
    band = f"{_level(first.lower)}–{_level(first.upper)}"
    return escape(f"{band}, {written_utc(first.start)} – {written_utc(first.end)[11:]}{more}")


def _level(level: LevelSlot) -> str:
    return written_level(type(level).__struct_config__.tag, getattr(level, "ft", 0))  # type: ignore[arg-type]


def _standing(seen: views.Overview, line: views.LineView) -> str:
    """Lines, zones and caution areas in force."""
    terms = next((one for one in seen.terms if one.peer == line.peer), None)
    clauses = terms.clauses if terms is not None else ()
    rows = [
        f"<tr><th>{escape(one.clause)}</th><td>version {one.in_force.version}, read as {one.in_force.short_id}, "
        f"in force since {written_utc((one.in_force_since or one.in_force.effective) // MINUTE * MINUTE)}</td></tr>"
        for one in clauses
        if one.in_force is not None and one.clause.split(" ")[0] in ("LINE", "ZONE", "CAUTION")
    ]
    if not rows:
        return ""
    return f"<section class=held><h2>Standing lines, zones and caution areas</h2><table>{_most(rows, STANDING_SHOWN, 2)}</table></section>"


def _phrases(second: Lang | None) -> str:
    other = LANGUAGES[second] if second is not None and second != "en" else None
    draft = other is not None and any(phrase(code).review.get(other.code) == "draft" for code in PHRASES)
    mark = f"<p class=warn>{escape(other.name)}: {DRAFT_MARK}.</p>" if other is not None and draft else ""
    rows = []
    for code in PHRASES:
        one = phrase(code)
        text = one.text.get(other.code) if other is not None else None
        there = (
            f"<td lang={other.code} dir={other.direction}>{_template(text)}</td>" if other is not None and text else ""
        )
        rows.append(f"<tr><th>{code}</th><td>{_template(one.text['en'])}</td>{there}</tr>")
    note = "" if other is not None else "<p class=warn>What is understood there is not known: English only.</p>"
    return f"<section class=phrases><h2>Phrases by code</h2>{mark}{note}<table>{''.join(rows)}</table></section>"


def _template(text: str) -> str:
    """A phrase with a box for each of its slots; each is isolated, so that it moves nothing around it."""
    shown: list[str] = []
    for part in text.replace("}", "{").split("{"):
        is_slot = len(shown) % 2 == 1
        shown.append(f"<bdi>{escape(part)}</bdi>" if is_slot else escape(part))
    return "".join(shown)


def _words(seen: views.Overview, line: views.LineView) -> str:
    sides = [(seen.own.name, seen.own.fingerprint), (line.peer, line.fingerprint)]
    said = "".join(f"<p><b>{escape(name)}</b> {_groups(Fingerprint(key))}</p>" for name, key in sides)
    return f"<section class=words><h2>Fingerprints in words, to know whom you speak to</h2>{said}</section>"


def _groups(fingerprint: Fingerprint) -> str:
    return " · ".join(" ".join(group) for group in to_words(fingerprint))


def _minutes(ms: int) -> str:
    return f"{ms // MINUTE} min"


def _most(rows: Sequence[str], most: int, columns: int) -> str:
    """As many rows as the page holds, and how many there are besides."""
    over = len(rows) - most
    more = f"<tr><td colspan={columns}>and {over} more, in the node</td></tr>" if over > 0 else ""
    return "".join(rows[:most]) + more
