"""OpenAir line by line: which records there are, and the positions, widths and arcs in them.

Source: SeeYou OpenAir file format specification 2.1.0 (Naviter, 2025), which restates WinPilot's of 1998, and published
files, which leave out blanks, close lines with comments and mix seconds with decimal minutes.
"""

import re
from typing import Final, NamedTuple

from skyparley.formats.texts import shown
from skyparley.geometry.shapes import Point

GENERAL: Final = ("AC", "AN", "AY", "AH", "AL", "AA", "AF", "AG", "AX", "AT", "AI", "AM", "AP", "AW")
GEOMETRY: Final = ("DP", "DA", "DB", "DC", "DY", "V")
TERRAIN: Final = ("TO", "TC")
DRAWING: Final = ("SP", "SB", "TP")
_COMMAND = re.compile(
    rf"\s*(?:({'|'.join((*GENERAL, *TERRAIN, *DRAWING))})(?:\s+(.*)|\s*$)|(D[A-Z](?![A-Za-z])|V(?=\s*[A-Za-z]\s*=)|V(?![A-Za-z]))\s*(.*))"
)
_AXIS: Final = r"(\d{{1,3}})(?:(?:\s*[:°]\s*|\s+)(\d{{1,2}}(?:[.,]\d+)?)(?:(?:\s*[:'′]\s*|\s+)(\d{{1,3}}(?:[.,]\d+)?))?|([.,]\d+))?\s*[\"″'′:]*\s*([{signs}])"
_POSITION = re.compile(_AXIS.format(signs="NS") + r"\s*,?\s*" + _AXIS.format(signs="EW"), re.ASCII | re.IGNORECASE)
_FIGURE: Final = r"[+-]?\d+(?:[.,]\d+)?"
_SETTING = re.compile(r"([A-Za-z])\s*=\s*(.*)", re.DOTALL)
_LENGTH = re.compile(rf"({_FIGURE})\s*(?:NM)?", re.ASCII | re.IGNORECASE)


class BadLine(ValueError):
    """A line cannot be read; the message says what it says and what would be right."""


class Record(NamedTuple):
    """One line: its number in the file, its command and what follows, without the comment."""

    line: int
    command: str
    text: str


def records(text: str) -> list[Record]:
    """The records of a file, in order.  Comments and blank lines are none.  A line of no known command has command ""."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.strip()
        if not plain or plain[0] in "*;#":
            continue
        match = _COMMAND.match(plain[:3].upper() + plain[3:])
        if match is None:
            found.append(Record(number, "", _uncommented(plain)))
            continue
        command = match[1] or match[3]
        found.append(Record(number, command, _uncommented(match[2] or match[4] or "")))
    return found


def _uncommented(text: str) -> str:
    """The text before a comment; a name that begins with the sign of comments keeps it."""
    before = text.split("*", 1)[0].strip()
    return before or text.strip()


def position(text: str) -> Point:
    """(lat, lon) of one position, 48:53:13 N 008:05:31 E or 48:53.217N 008:05.517E.  Raises BadLine."""
    match = _POSITION.fullmatch(_until_semicolon(text))
    if match is None:
        raise BadLine(f"{shown(text)} is not a position; write it like 48:53:13 N 008:05:31 E")
    return _point(match, text)


def positions(text: str) -> list[Point]:
    """The positions of a DB line, in order.  Raises BadLine unless there are two."""
    plain = _until_semicolon(text)
    found = [_point(match, text) for match in _POSITION.finditer(plain)]
    rest = _POSITION.sub("", plain).strip(" ,\t")
    if len(found) != 2 or rest:
        raise BadLine(
            f"{shown(text)} is not two positions; write them like 48:53:13 N 008:05:31 E, 48:50:00 N 008:09:00 E"
        )
    return found


def figures(text: str) -> list[float]:
    """The figures of a DA line.  Raises BadLine unless there are three: radius in NM, and two bearings."""
    parts = [part for part in re.split(r"\s*,\s*|\s+", _until_semicolon(text)) if part]
    if len(parts) != 3 or not all(re.fullmatch(_FIGURE, part, re.ASCII) for part in parts):
        raise BadLine(f"{shown(text)} is not an arc; write radius in NM, start and end bearing, like 10, 270, 290")
    return [float(part) for part in parts]


def length_nm(text: str) -> float:
    """A length in nautical miles.  Raises BadLine."""
    match = _LENGTH.fullmatch(_until_semicolon(text))
    if match is None:
        raise BadLine(f"{shown(text)} is not a length in NM")
    return float(match[1].replace(",", "."))


def setting(text: str) -> tuple[str, str]:
    """The name and the value of a V line: ("X", "48:53:13 N 008:05:31 E").  Raises BadLine."""
    match = _SETTING.fullmatch(text)
    if match is None:
        raise BadLine(f"V {shown(text)} sets nothing; write V X=48:53:13 N 008:05:31 E, V D=+ or V D=-")
    return match[1].upper(), match[2].strip()


def _until_semicolon(text: str) -> str:
    return text.split(";", 1)[0].strip()


def _point(match: re.Match[str], text: str) -> Point:
    parts = match.groups()
    lat = _degrees(parts[:4], text) * (-1 if parts[4] in "Ss" else 1)
    lon = _degrees(parts[5:9], text) * (-1 if parts[9] in "Ww" else 1)
    if abs(lat) > 90 or abs(lon) > 180:
        raise BadLine(f"{shown(text)}: latitudes go to 90 and longitudes to 180")
    return (lat, lon)


def _degrees(parts: tuple[str, ...], text: str) -> float:
    """Degrees of whole degrees, minutes and seconds, or of decimal degrees; None stands for a part that is not there."""
    minutes = float(parts[1].replace(",", ".")) if parts[1] else 0.0
    seconds = float(parts[2].replace(",", ".")) if parts[2] else 0.0
    if minutes > 60 or seconds > 60:
        raise BadLine(f"{shown(text)}: minutes and seconds go to 60")
    fraction = float(parts[3].replace(",", ".")) if parts[3] else 0.0
    return int(parts[0]) + fraction + minutes / 60 + seconds / 3600
