"""Times: UTC, whole milliseconds since 1970-01-01T00:00:00Z.  Nothing here reads a clock."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NewType

Millis = NewType("Millis", int)
"""A UTC instant, or a span, in milliseconds."""

SECOND: Final = 1_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)


class BadTime(ValueError):
    """The text is not an instant with a zone; the message says what would be right."""


def parse_utc(text: str) -> Millis:
    """RFC 3339 text, seconds optional, to milliseconds.  Refuses a time without a zone.

    Raises BadTime.  Source: RFC 3339 5.6; fractions finer than a millisecond are cut.
    """
    match = _ISO.fullmatch(text.strip())
    if match is None:
        raise BadTime(f"{text!r} is not a time; write it like 2026-11-22T09:00Z, with Z for UTC")
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=UTC)
    except ValueError as error:
        raise BadTime(f"{text!r} is not a time: {error}") from None
    millis = (moment - _EPOCH) // timedelta(milliseconds=1) + int((fraction or "0").ljust(3, "0")[:3])
    if zone != "Z":
        sign = 1 if zone[0] == "+" else -1
        millis -= sign * (int(zone[1:3]) * HOUR + int(zone[4:6]) * MINUTE)
    return Millis(millis)


def format_utc(millis: int) -> str:
    """Milliseconds to RFC 3339 with Z; milliseconds are written only where there are any."""
    moment = _EPOCH + timedelta(milliseconds=millis)
    return moment.strftime("%Y-%m-%dT%H:%M:%S") + (f".{millis % 1000:03d}" if millis % 1000 else "") + "Z"
