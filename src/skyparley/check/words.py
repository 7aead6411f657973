"""A report in words for people: calm, the same without colour, and 80 columns are enough.

Every text that comes from a file is made plain first: a name cannot move the cursor, hide a line or reverse one.
"""

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from skyparley.base.times import SECOND, parse_utc
from skyparley.base.units import METRES_PER_NM
from skyparley.check.detection import Met
from skyparley.check.report import Amounts, Clearing, Conflict, Counts, Flawed, Position, Report, Required, Side, Told
from skyparley.formats.records import Plan

LABEL: Final = 10  # columns of "vertical  "
INDENT: Final = 5
NAMED: Final = 8  # plans that are named among those beyond the limit
NOTES: Final = 3  # of one plan; --json has them all


class Line(NamedTuple):
    """One line of the answer.  `bold` is all that a terminal may add: nothing is told by it."""

    text: str
    bold: bool = False


def answer(report: Report, rest: Sequence[tuple[str, int]], *, limit: int, width: int) -> Iterator[Line]:
    """The whole answer; `limit` conflicts are written out, 0 means all, and `rest` are those beyond it (untold).

    Lines are at most `width` long where words allow.
    """
    shown = report.conflicts[: limit or None]
    clearing = {(one.file, one.party, one.id): one for one in report.clearing}
    for key, group in groupby(shown, key=lambda conflict: _key(conflict.plans[0])):
        together = list(group)
        yield from _heading(together[0].plans[0], width)
        for conflict in together:
            yield from _conflict(conflict, width)
            yield Line("")
        if key in clearing:
            yield from _all_at_once(clearing[key], width)
            yield Line("")
    if rest:
        yield from _rest(rest, width)
    yield from _end(report, width)


def flaw_text(flaw: Flawed) -> str:
    """One flaw: file, feature, what is wrong and what would be right."""
    where = ", ".join(filter(None, (flaw.file, flaw.place, flaw.id)))
    field = f"{flaw.field}: " if flaw.field and flaw.field not in flaw.text else ""
    return plain(f"{where}: {field}{flaw.text}")


def plain(text: str) -> str:
    """Text of others without anything that a terminal or an eye would take for more than a letter."""
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def length_text(metres: int) -> str:
    """A distance, never larger than it is: metres under a nautical mile, else tenths of one."""
    if metres < METRES_PER_NM:
        return f"{metres} m"
    whole, tenth = divmod(metres * 10 // METRES_PER_NM, 10)
    return f"{whole:,}.{tenth} NM" if tenth else f"{whole:,} NM"


def span_text(millis: int) -> str:
    """A span of time, rounded down: 45 s, 12 min, 1 h 30 min, 3 days 4 h."""
    seconds = millis // SECOND
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min" + (f" {seconds % 60} s" if minutes < 10 and seconds % 60 else "")
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h" + (f" {minutes} min" if minutes else "")
    days, hours = divmod(hours, 24)
    return f"{days:,} days" + (f" {hours} h" if hours else "")


def window_text(start: str | None, end: str | None) -> str:
    """`2026-11-22 09:00Z to 10:30Z`; the day again where it is another; always, from and until."""
    if start is None:
        return "always" if end is None else f"until {_time(end)}"
    if end is None:
        return f"from {_time(start)}"
    first, last = _time(start), _time(end)
    return f"{first} to {last[11:] if first[:10] == last[:10] else last}"


def position_text(position: Position) -> str:
    """`36.0123N 037.2811E`, to 1e-4 degrees."""
    north, east = ("N", "S")[position.lat < 0], ("E", "W")[position.lon < 0]
    return f"{abs(position.lat):07.4f}{north} {abs(position.lon):08.4f}{east}"


def required_text(required: Required) -> str:
    """What the check went by, in one sentence."""
    plans, edge = required.plans, required.airspace
    text = f"Plans are kept {_three(plans)} apart ({plain(required.table)})"
    off = [length_text(edge.lateral_m)] if edge.lateral_m else []
    off += [f"{edge.vertical_ft:,} ft"] if edge.vertical_ft else []
    if off:
        return f"{text}, and {' or '.join(off)} off airspace."
    return f"{text}, and out of airspace."


# --- one conflict ---------------------------------------------------------------------------------------------------


def _heading(side: Side, width: int) -> Iterator[Line]:
    yield Line(_fit(_called(side), width), bold=True)
    yield from _wrapped(_what(side), 2, 2, width)
    yield Line("")


def _conflict(conflict: Conflict, width: int) -> Iterator[Line]:
    other = conflict.plans[1]
    number = f"{conflict.number:>3}  "
    yield Line(_fit(f"{number}with {_called(other)}", width), bold=True)
    yield from _wrapped(_what(other), INDENT, INDENT, width)
    for label, text in facts(conflict):
        yield from _labelled(label, text, width)
    for place, text in enumerate(ways(conflict)):
        yield from _labelled("settle" if place == 0 else "or", text, width)


def _all_at_once(clearing: Clearing, width: int) -> Iterator[Line]:
    yield from _wrapped(f"To clear all {len(clearing.conflicts)} at once:", INDENT, INDENT, width)
    for text in [way.text for way in clearing.ways] or [clearing.no_way]:
        yield from _wrapped(plain(text), INDENT + LABEL, INDENT + LABEL + 2, width)


def facts(conflict: Conflict) -> Iterator[tuple[str, str]]:
    """What is known of a conflict: a label and a text each, the same on the terminal and on the page."""
    yield "lateral", _lateral(conflict)
    yield "vertical", _vertical(conflict)
    yield "time", _in_time(conflict)
    if conflict.position is not None:
        halfway = " (halfway between them)" if conflict.facing else ""
        yield "where", f"{position_text(conflict.position)}{halfway}"
    if conflict.volume_pairs > 1:
        yield "volumes", f"{conflict.volume_pairs:,} pairs of their volumes conflict; this is the closest"
    for side in conflict.plans:
        for text in side.notes[:NOTES]:
            yield "note", f"{side.party} {side.id}: {text}"


def ways(conflict: Conflict) -> list[str]:
    """What would settle it, the best first; or that nothing does; empty where nobody looked."""
    if conflict.ways is None:
        return []
    return [way.text for way in conflict.ways] or [conflict.no_way]


def called(party: str, plan_id: str, name: str) -> str:
    """What a plan is called: party, id, and its name where that says more."""
    said = f" “{name}”" if name and name != plan_id else ""
    return plain(f"{party} {plan_id}{said}")


def place_text(file: str, place: str) -> str:
    """Where a plan stands: the file without its folders, which are nobody else's business and fill the line."""
    name = file.replace("\\", "/").rsplit("/", 1)[-1]
    return plain(f"{place} of {name}" if place else name)


def volume_text(volume: Told | Side) -> str:
    """The levels and the window of one volume."""
    return f"{volume.lower} to {volume.upper}, {window_text(volume.start, volume.end)}"


def _lateral(conflict: Conflict) -> str:
    gap, required = conflict.gap.lateral_m, conflict.required.lateral_m
    if gap == 0:
        return "overlap" + (f", {length_text(required)} required" if required else "")
    apart = f"{length_text(gap)} apart"
    if gap < required:
        return f"{apart}, {length_text(required)} required"
    added = f"{length_text(conflict.margin_m)} added for the shape of the Earth"
    return f"{apart}, {length_text(required)} required and {added}" if required else f"{apart}, {added}"


def _vertical(conflict: Conflict) -> str:
    gap, required = conflict.gap.vertical_ft, conflict.required.vertical_ft
    text = f"{gap:,} ft apart" if gap else "overlap"
    if conflict.by_margin:
        text += " once the table's margin and highest ground are counted in, for levels of different references"
    if required:
        text += f", {required:,} ft required"
    return text


def _in_time(conflict: Conflict) -> str:
    required = f", {span_text(conflict.required.time_ms)} required" if conflict.required.time_ms else ""
    window = conflict.window
    if window is None:
        first, then = sorted((side.start or "", side.end or "") for side in conflict.plans)
        if conflict.gap.time_ms == 0:
            return f"one ends as the other begins, at {_time(then[0])}{required}"
        return f"{span_text(conflict.gap.time_ms)} apart, {_time(first[1])} to {_time(then[0])}{required}"
    if window.start is None or window.end is None:
        return f"overlap, {window_text(window.start, window.end)}"
    span = span_text(parse_utc(window.end) - parse_utc(window.start))
    return f"overlap, {window_text(window.start, window.end)} ({span})"


def _called(side: Side) -> str:
    return called(side.party, side.id, side.name)


def _what(side: Side) -> str:
    volume = f", volume {side.volume} of {side.volumes}" if side.volumes > 1 else ""
    return plain(f"{volume_text(side)}; {place_text(side.file, side.place)}{volume}")


def _key(side: Side) -> tuple[str, ...]:
    return (side.file, side.party, side.id)


# --- the end --------------------------------------------------------------------------------------------------------


def untold(plans: Sequence[Plan], mets: Sequence[Met]) -> list[tuple[str, int]]:
    """What the first plan of each conflict is called, and how many of these conflicts it has; in their order."""
    counts = Counter(met.one for met in mets)
    return [(called(plans[one].party, plans[one].id, plans[one].name), count) for one, count in counts.items()]


def _rest(rest: Sequence[tuple[str, int]], width: int) -> Iterator[Line]:
    """Conflicts beyond the limit: only who with how many, so that nobody thinks that they are not there."""
    listed = ", ".join(f"{name} ({count:,})" for name, count in rest[:NAMED])
    more = f" and {_some(len(rest) - NAMED, 'other plan')}" if len(rest) > NAMED else ""
    count = _some(sum(count for _, count in rest), "more conflict")
    yield from _wrapped(f"{count} not shown (--limit 0 shows all): {listed}{more}.", 0, 2, width)
    yield Line("")


def _end(report: Report, width: int) -> Iterator[Line]:
    yield Line(_fit(verdict(report), width), bold=True)
    for sentence in summary(report):
        yield from _wrapped(sentence, 0, 0, width)


def summary(report: Report) -> Iterator[str]:
    """What was read and what the answer went by, one sentence a line."""
    counts = report.counts
    yield from map(plain, report.remarks)
    if counts.flawed:
        was = "was" if counts.flawed == 1 else "were"
        what = _some(counts.flawed, "feature or file", "features or files")
        yield f"{what} could not be used and {was} not compared with anything: the answer is incomplete."
    yield _read(counts)
    if report.notes:
        yield f"{_some(len(report.notes), 'note')} on what was read otherwise than written: --json lists them."
    yield required_text(report.required)


def verdict(report: Report) -> str:
    """The answer in one sentence.  Never says that there is no conflict where nothing was compared."""
    counts = report.counts
    if not counts.plans + counts.airspace:
        return "Nothing was checked."
    if not counts.conflicts:
        return "No conflict found among what could be read." if counts.flawed else "No conflict found."
    text = _some(counts.conflicts, "conflict")
    plans = counts.conflicts - counts.with_airspace
    if counts.with_airspace and plans:
        return f"{text}: {plans:,} between plans, {counts.with_airspace:,} with airspace."
    return f"{text} with airspace." if counts.with_airspace else f"{text} between plans."


def _read(counts: Counts) -> str:
    kinds = ((counts.plans, "plan"), (counts.airspace, "published area"))
    what = " and ".join(_some(count, name) for count, name in kinds if count) or "nothing"
    volumes, parties = _some(counts.volumes, "volume"), _some(counts.parties, "party", "parties")
    source = f"{_some(counts.features, 'feature')} of {_some(counts.files, 'file')}"
    rest = f"{counts.flawed:,} flawed, {counts.left_out:,} left out"
    return f"Read: {what} ({volumes}) of {parties}, from {source}; {rest}."


def _some(count: int, one: str, more: str = "") -> str:
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def _three(required: Amounts) -> str:
    parts = [length_text(required.lateral_m), f"{required.vertical_ft:,} ft"]
    if required.time_ms:
        parts.append(span_text(required.time_ms))
    return " or ".join(parts)


# --- lines ----------------------------------------------------------------------------------------------------------


def _time(text: str) -> str:
    """RFC 3339 as people read it: a space for the T, no seconds where there are none."""
    text = text.replace("T", " ")
    return text[:-4] + "Z" if text.endswith(":00Z") else text


def _labelled(label: str, text: str, width: int) -> Iterator[Line]:
    first = f"{'':<{INDENT}}{label:<{LABEL}}"
    yield from map(Line, _fill(plain(text), first, " " * (INDENT + LABEL), width))


def _wrapped(text: str, first: int, then: int, width: int) -> Iterator[Line]:
    yield from map(Line, _fill(text, " " * first, " " * then, width))


def _fill(text: str, first: str, then: str, width: int) -> list[str]:
    # A word too long for a line (an id) is kept whole, so that it can be copied.
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=then, break_long_words=False, break_on_hyphens=False
    ) or [first.rstrip()]


def _fit(text: str, width: int) -> str:
    """A heading in one line; a name that is longer is cut, its end marked."""
    return text if len(text) <= width else text[: width - 1] + "…"
