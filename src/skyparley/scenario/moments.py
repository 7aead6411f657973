"""Times of a timeline as people write them: `D4 07:20:00Z` is a moment of the fourth day, `+10s` ten seconds later.

A text that holds days is written again with dates, so that every other form of the desk can read it.
"""

import re
from datetime import date
from typing import Final

from skyparley.base.times import DAY, HOUR, MINUTE, SECOND, BadTime, format_utc, parse_utc

_DAY = re.compile(r"\bD(\d{1,3})[ T](\d{2}):(\d{2})(?::(\d{2}(?:\.\d{1,3})?))?Z", re.ASCII)
_SPAN = re.compile(r"(?:(\d{1,4})d)?\s*(?:(\d{1,4})h)?\s*(?:(\d{1,5})min)?\s*(?:(\d{1,6}(?:\.\d{1,3})?)s)?", re.ASCII)
DAY_ONE: Final = "2026-11-23"
"""The date of D1 where the file names none."""
RIGHT: Final = "write it like D4 07:20:00Z (the fourth day), 2026-11-23T07:20Z, or +10s after the step before"
SPAN_RIGHT: Final = "write it like 10s, 2min, 1h30min or 2d"


class BadMoment(ValueError):
    """Text that is no time of a timeline; the message says what would be right."""


class Calendar:
    """The days of one timeline.  `day_one_ms`: midnight UTC at which D1 begins."""

    def __init__(self, day_one_ms: int) -> None:
        self.day_one_ms = day_one_ms

    @staticmethod
    def read(text: str) -> "Calendar":
        """From the date of D1, `2026-11-23`.  Raises BadMoment."""
        try:
            return Calendar(parse_utc(f"{date.fromisoformat(text).isoformat()}T00:00Z"))
        except ValueError:
            raise BadMoment(f"{text!r} is no date; write it like {DAY_ONE}") from None

    def moment(self, text: str, *, before_ms: int | None = None) -> int:
        """UTC milliseconds.  `before_ms`: where `+10s` counts from.  Raises BadMoment."""
        text = text.strip()
        if text.startswith("+"):
            if before_ms is None:
                raise BadMoment(f"{text!r} counts from the step before, and there is none; {RIGHT}")
            return before_ms + span_ms(text[1:])
        try:
            return parse_utc(self.dated(text).replace(" ", "T", 1))
        except BadTime:
            raise BadMoment(f"{text!r} is no time; {RIGHT}") from None

    def dated(self, text: str) -> str:
        """The text with every `D4 07:20Z` written as a date.  Raises BadMoment for an hour that no day has."""
        return _DAY.sub(self._date, text)

    def _date(self, match: re.Match[str]) -> str:
        day, hour, minute, second = int(match[1]), int(match[2]), int(match[3]), float(match[4] or 0)
        if day < 1 or hour > 23 or minute > 59 or second >= 60:
            raise BadMoment(f"{match[0]!r} is no time of a day; days count from D1; {RIGHT}")
        return format_utc(self.day_one_ms + (day - 1) * DAY + hour * HOUR + minute * MINUTE + round(second * SECOND))

    def shown(self, millis: int) -> str:
        """`D4 07:20:00Z`; milliseconds only where there are any."""
        day, rest = divmod(millis - self.day_one_ms, DAY)
        return f"D{day + 1} {format_utc(rest)[11:]}"


def span_ms(text: str) -> int:
    """Milliseconds of `10s`, `2min`, `1h30min`, `2d`.  Raises BadMoment."""
    match = _SPAN.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise BadMoment(f"{text!r} is no span; {SPAN_RIGHT}")
    days, hours, minutes, seconds = match.groups()
    whole = int(days or 0) * DAY + int(hours or 0) * HOUR + int(minutes or 0) * MINUTE
    return whole + round(float(seconds or 0) * SECOND)


def span_shown(millis: int) -> str:
    """`1 h 5 min`, `9.25 s`: the two largest parts."""
    if millis < MINUTE:
        return f"{millis / SECOND:g} s"
    parts = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s"))
    said = []
    for size, name in parts:
        count, millis = divmod(millis, size)
        if count:
            said.append(f"{count} {name}")
    return " ".join(said[:2])
