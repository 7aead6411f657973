"""Times as people write them in files: a date, a time and a zone, in the forms of ISO 8601 that cannot be mistaken."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from skyparley.base.times import DAY, HOUR, MINUTE, SECOND
from skyparley.formats.records import ALWAYS
from skyparley.formats.texts import shown

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE = r"(?P<year>\d{4})-?(?P<month>\d{2})-?(?P<day>\d{2})"
_CLOCK = r"(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,12}))?)?"
_ZONE = r"(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?"
_TIME = re.compile(rf"{_DATE}(?:T|\s+){_CLOCK}\s*{_ZONE}", re.ASCII | re.IGNORECASE)
_DATE_ONLY = re.compile(_DATE, re.ASCII)
_LIKE: Final = "write it like 2026-11-22T09:00Z, with Z for UTC, or with an offset, 2026-11-22T10:00+01:00"


class BadTime(ValueError):
    """The value is not an instant; `code` is for machines, the message says what would be right."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def read_time(value: object, *, end: bool) -> int:
    """A time of a file as UTC milliseconds, within ALWAYS.  Raises BadTime, for one without a zone too.

    `end` says that a window ends with it: finer than a millisecond is rounded up there and down elsewhere, so that no
    window shrinks.  24:00 is the end of the day, and second 60 the start of the next minute.  Source: RFC 3339 5.6;
    ISO 8601 (basic form, 24:00) as files use it.
    """
    if not isinstance(value, str):
        raise BadTime("TIME_NOT_TEXT", f"{shown(value)} is not a time; {_LIKE}")
    return _read(value, end)


@lru_cache(maxsize=16_384)
def _read(value: str, end: bool) -> int:
    """The same for text.  Cached: the plans of one file share their times."""
    match = _TIME.fullmatch(value.strip())
    if match is None:
        missing = "has no time of day" if _DATE_ONLY.fullmatch(value.strip()) else "is not a time"
        raise BadTime("TIME_UNREADABLE", f"{shown(value)} {missing}; {_LIKE}")
    if match["zone"] is None:
        text = f"{shown(value)} has no zone, so it could be up to 14 hours off; {_LIKE}"
        raise BadTime("TIME_WITHOUT_ZONE", text)
    local_ms = _day_ms(match, value) + _clock_ms(match, value, end=end)
    return min(max(local_ms - _offset_ms(match["zone"], value), ALWAYS[0]), ALWAYS[1])


def _day_ms(match: re.Match[str], value: str) -> int:
    try:
        day = datetime(int(match["year"]), int(match["month"]), int(match["day"]), tzinfo=UTC)
    except ValueError as error:
        raise BadTime("TIME_UNREADABLE", f"{shown(value)} is not a date: {error}") from None
    return (day - _EPOCH) // timedelta(milliseconds=1)


def _clock_ms(match: re.Match[str], value: str, *, end: bool) -> int:
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"] or 0)
    fraction = (match["fraction"] or "").ljust(12, "0")
    finer = end and int(fraction[3:]) > 0
    of_day_ms = hour * HOUR + minute * MINUTE + second * SECOND + int(fraction[:3]) + finer
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and of_day_ms > DAY):
        raise BadTime("TIME_UNREADABLE", f"{shown(value)} is not a time of day: hours go to 24:00, minutes to 59")
    return of_day_ms


def _offset_ms(zone: str, value: str) -> int:
    if zone[0] not in "+-":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 23 or minutes > 59:
        raise BadTime("TIME_UNREADABLE", f"{shown(value)}: {zone} is not an offset from UTC, such as +01:00")
    return (hours * HOUR + minutes * MINUTE) * (1 if zone[0] == "+" else -1)
