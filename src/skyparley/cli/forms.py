"""Human forms and wire forms of positions, lengths, bearings and times, one to the other and back.

What is written by `..._text` is read back by the reader of the same thing as the same value; a test holds the two
against each other.  Axes: latitude north, longitude east, degrees, WGS-84, written latitude first.
"""

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

from skyparley.base.times import DAY, HOUR, MINUTE, SECOND, BadTime, parse_utc
from skyparley.base.units import E7_PER_DEGREE, MDEG_PER_DEGREE, METRES_PER_NM
from skyparley.base.written import written_utc

Point = tuple[int, int]
"""Latitude and longitude in 1e-7 degrees."""

_DEGREES = re.compile(r"([+-]?)(\d{1,3}(?:\.\d{1,12})?)([NSEW]?)", re.ASCII | re.IGNORECASE)
_SEXAGESIMAL = re.compile(r"(\d{2,3})(\d{2})(\d{2}(?:\.\d{1,4})?)?([NSEW])", re.ASCII | re.IGNORECASE)
_POSITION = re.compile(
    r"\s*([+-]?[\d.]{1,20}[NS]?)(?:\s*,\s*|\s+|(?<=[NS]))([+-]?[\d.]{1,20}[EW]?)(?=\s|$)", re.ASCII | re.IGNORECASE
)
_SIGNS = re.compile(
    r"(\d{1,3})\s*°\s*(?:(\d{1,2}(?:\.\d{1,6})?)\s*['′’]\s*)?(?:(\d{1,2}(?:\.\d{1,4})?)\s*(?:\"|″|''|”)\s*)?([NSEW])",
    re.ASCII | re.IGNORECASE,
)
_LENGTH = re.compile(r"(\d{1,8}(?:\.\d{1,6})?)\s*(NM|KM|M)", re.ASCII | re.IGNORECASE)
_BEARING = re.compile(r"\d{1,3}(?:\.\d{1,3})?", re.ASCII)
_SPAN = re.compile(r"([+-])(?:(\d{1,4})h)?(?:(\d{1,5})min)?", re.ASCII | re.IGNORECASE)
_CLOCK = re.compile(r"(\d{2}):(\d{2})(?::(\d{2}))?Z", re.ASCII | re.IGNORECASE)
_METRES: Final = {"NM": METRES_PER_NM, "KM": 1000, "M": 1}

POSITION_RIGHT: Final = "write it like 36.1N 37.2E, 36.1,37.2 (latitude first), 3606N 03712E or 36°06'N 37°12'E"
TIME_RIGHT: Final = "write it like 2026-11-23T08:00Z, with Z for UTC, or +30min, +2h from the node's clock"


class BadForm(ValueError):
    """Text that is not what it should be; the message says what would be right."""


# --- positions ----------------------------------------------------------------------------------------------------


def read_position(text: str) -> Point:
    """One position from `36.1N 37.2E`, `36.1,37.2`, `3606N 03712E`, `360600N0371200E` or `36°06'00"N 37°12'E`.

    Raises BadForm.
    """
    found = read_positions(text)
    if len(found) != 1:
        raise BadForm(f"{text!r} is {len(found)} positions where one is wanted; {POSITION_RIGHT}")
    return found[0]


def read_positions(text: str) -> tuple[Point, ...]:
    """All positions of a text, with white space between them.  Raises BadForm."""
    text = _SIGNS.sub(_without_signs, text)
    points: list[Point] = []
    place = 0
    while text[place:].strip():
        match = _POSITION.match(text, place)
        if match is None:
            raise BadForm(f"{text[place:].strip()!r} is not a position; {POSITION_RIGHT}")
        points.append((_e7(match[1], "NS", 90, text), _e7(match[2], "EW", 180, text)))
        place = match.end()
    return tuple(points)


def _without_signs(match: re.Match[str]) -> str:
    """Degrees, minutes and seconds with their signs as decimal degrees, finer than 1e-7.  Raises BadForm."""
    degrees, minutes, seconds = (Decimal(part or 0) for part in match.groups()[:3])
    if minutes >= 60 or seconds >= 60:
        raise BadForm(f"{match[0]!r}: minutes and seconds go to 59; {POSITION_RIGHT}")
    return f"{degrees + minutes / 60 + seconds / 3600:.12f}{match[4].upper()}"


def position_text(point: Point) -> str:
    """`36.1N 37.2E`."""
    latitude, longitude = point
    return f"{_degrees_text(latitude, 'NS')} {_degrees_text(longitude, 'EW')}"


def _degrees_text(e7: int, sides: str) -> str:
    whole, part = divmod(abs(e7), E7_PER_DEGREE)
    digits = f"{part:07d}".rstrip("0")
    return f"{whole}{'.' + digits if digits else ''}{sides[e7 < 0]}"


def _e7(text: str, sides: str, most: int, whole: str) -> int:
    """Degrees to 1e-7 degrees; `sides` are the letters of plus and minus."""
    sexagesimal = _SEXAGESIMAL.fullmatch(text)
    plain = _DEGREES.fullmatch(text)
    if sexagesimal is not None and len(sexagesimal[1]) == len(str(most)):
        degrees, sign, side = _from_sexagesimal(sexagesimal, text), "", sexagesimal[4]
    elif plain is not None:
        sign, figure, side = plain.groups()
        degrees = Decimal(figure)
    else:
        raise BadForm(f"{text!r} in {whole!r} is not a latitude or longitude; {POSITION_RIGHT}")
    if side and (side.upper() not in sides or sign):
        raise BadForm(f"{text!r} in {whole!r} stands where {' or '.join(sides)} is wanted; {POSITION_RIGHT}")
    if degrees > most:
        name = "latitude" if most == 90 else "longitude"
        raise BadForm(f"{text!r} in {whole!r}: a {name} goes to {most} degrees")
    e7 = int((degrees * E7_PER_DEGREE).to_integral_value())
    return -e7 if sign == "-" or side.upper() == sides[1] else e7


def _from_sexagesimal(match: re.Match[str], text: str) -> Decimal:
    minutes, seconds = Decimal(match[2]), Decimal(match[3] or 0)
    if minutes >= 60 or seconds >= 60:
        raise BadForm(f"{text!r}: minutes and seconds go to 59; {POSITION_RIGHT}")
    return Decimal(match[1]) + minutes / 60 + seconds / 3600


# --- lengths ------------------------------------------------------------------------------------------------------


def read_length_m(text: str) -> int:
    """Whole metres from `20NM`, `9260 m` or `37.04 km`, rounded up: an area is never smaller than was said."""
    match = _LENGTH.fullmatch(text.strip())
    if match is None:
        raise BadForm(f"{text!r} is not a length; write it like 20NM, 9260 m or 37.5 km")
    return length_m(Decimal(match[1]), match[2])


def length_m(figure: Decimal, unit: str) -> int:
    """Whole metres of so many NM, KM or M, rounded up.  Raises BadForm unless above 0."""
    metres = int((figure * _METRES[unit.upper()]).to_integral_value(ROUND_CEILING))
    if metres <= 0:
        raise BadForm(f"{figure} {unit} is no length; a radius or width is above 0")
    return metres


def read_hollow_m(text: str) -> int:
    """Whole metres of an inner radius, rounded down: what is left out is never more than was said; 0 for none."""
    match = _LENGTH.fullmatch(text.strip())
    if match is None:
        raise BadForm(f"{text!r} is not an inner radius; write it like 10NM, 9260 m or 0 m for none")
    return hollow_m(Decimal(match[1]), match[2])


def hollow_m(figure: Decimal, unit: str) -> int:
    """Whole metres of so many NM, KM or M, rounded down."""
    return int((figure * _METRES[unit.upper()]).to_integral_value(ROUND_FLOOR))


def length_text(metres: int) -> str:
    """A length that reads back the same: in NM where two figures after the point are exact, else in metres."""
    hundredths, rest = divmod(metres * 100, METRES_PER_NM)
    if rest:
        return f"{metres} m"
    return f"{Decimal(hundredths) / 100:f} NM"


def length_shown(metres: int) -> str:
    """A length for people: `20.0 NM (37.0 km)`, rounded down, so that a gap never looks larger than it is."""
    return f"{metres * 10 // METRES_PER_NM / 10:.1f} NM ({metres // 100 / 10:.1f} km)"


# --- bearings -----------------------------------------------------------------------------------------------------


def read_bearing_mdeg(text: str) -> int:
    """Thousandths of a degree from `030`, `90` or `123.456`: a true bearing, clockwise from north.  Raises BadForm."""
    if _BEARING.fullmatch(text.strip()) is None or Decimal(text) > 360:
        raise BadForm(f"{text!r} is not a bearing; 000 to 360 degrees true, at most three figures after the point")
    return int(Decimal(text) * MDEG_PER_DEGREE)


def bearing_text(mdeg: int) -> str:
    """`030`, `123.456`."""
    whole, part = divmod(mdeg, MDEG_PER_DEGREE)
    digits = f"{part:03d}".rstrip("0")
    return f"{whole:03d}{'.' + digits if digits else ''}"


# --- times --------------------------------------------------------------------------------------------------------


def read_time(text: str, *, now_ms: int | None = None, day_ms: int | None = None) -> int:
    """UTC milliseconds from RFC 3339; with a zone or not at all.  Raises BadForm.

    With `now_ms` also `+30min` and `+1h30min`, from the next whole minute; with `day_ms` also `09:30Z`, on that day.
    """
    text = text.strip()
    clock, span = _CLOCK.fullmatch(text), _SPAN.fullmatch(text)
    if clock is not None:
        if day_ms is None:
            raise BadForm(f"{text!r} does not say on which day; write it like 2026-11-23T{text.upper()}")
        hour, minute, second = (int(part or 0) for part in clock.groups())
        if hour > 23 or minute > 59 or second > 59:
            raise BadForm(f"{text!r} is not a time of day; write it like 09:30Z")
        return day_ms // DAY * DAY + hour * HOUR + minute * MINUTE + second * SECOND
    if span is not None and now_ms is not None:
        return -(-now_ms // MINUTE) * MINUTE + read_span_ms(text)
    try:
        return parse_utc(text.replace(" ", "T", 1).upper())
    except BadTime:
        raise BadForm(f"{text!r} is not a time; {TIME_RIGHT}") from None


def read_span_ms(text: str) -> int:
    """Milliseconds of `+30min`, `-1h` or `+1h30min`.  Raises BadForm."""
    match = _SPAN.fullmatch(text.strip())
    if match is None or not (match[2] or match[3]):
        raise BadForm(f"{text!r} is not a span; write it like +30min, -1h or +1h30min")
    span = int(match[2] or 0) * HOUR + int(match[3] or 0) * MINUTE
    return -span if match[1] == "-" else span


def time_text(millis: int) -> str:
    """`2026-11-23 08:00Z`; seconds and milliseconds only where there are any."""
    return written_utc(millis)


def time_shown(millis: int) -> str:
    """A time for people: cut to whole seconds."""
    return time_text(millis // SECOND * SECOND)


def window_text(start: int, end: int) -> str:
    """`2026-11-23 08:00Z to 09:30Z`; the day is written again where it is another."""
    first, last = time_text(start), time_text(end)
    return f"{first} to {last[11:] if first[:10] == last[:10] else last}"


def span_text(millis: int) -> str:
    """`1 h 30 min`, rounded down to whole minutes; seconds below ten minutes."""
    seconds = abs(millis) // SECOND
    if seconds < 600:
        return f"{seconds // 60} min {seconds % 60} s" if seconds >= 60 else f"{seconds} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
