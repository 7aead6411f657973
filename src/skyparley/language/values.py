"""What stands in slots: times, positions, levels, bands and periods as ASCII that every desk reads the same (LNG-03).

Positions are latitude, then longitude, 1e-7 degrees, WGS-84, north and east positive; levels are whole feet.
"""

from collections.abc import Sequence
from typing import Final

from skyparley.base.times import DAY, MINUTE, format_utc
from skyparley.base.units import E7_PER_DEGREE
from skyparley.base.written import written_level, written_utc

_CORNERS: Final = 8
"""More corners than these nobody writes down as they are read aloud; of such an area it is said where they lie."""
_FINE: Final = E7_PER_DEGREE // 10_000

Point = tuple[int, int]


def time_value(millis: int) -> str:
    """`2026-11-22 21:50Z`; seconds only where there are any, cut to whole ones."""
    return written_utc(millis // 1000 * 1000)


def clock_value(millis: int) -> str:
    """`2150Z`: the time of day of something close, cut to the minute."""
    text = format_utc(millis // MINUTE * MINUTE)
    return f"{text[11:13]}{text[14:16]}Z"


def period_value(start_ms: int, end_ms: int) -> str:
    """`2026-11-22 21:50Z - 23:10Z`; the day is written again where it is another."""
    start, end = time_value(start_ms), time_value(end_ms)
    return f"{start} - {end[11:] if start_ms // DAY == end_ms // DAY else end}"


def position_value(point: Point) -> str:
    """`36.0200N 036.5500E`: ten-thousandths of a degree, some 11 m, rounded to the nearest."""
    return f"{_degrees(point[0], 2, 'NS')} {_degrees(point[1], 3, 'EW')}"


def _degrees(e7: int, width: int, sides: str) -> str:
    whole, part = divmod((abs(e7) + _FINE // 2) // _FINE, E7_PER_DEGREE // _FINE)
    return f"{whole:0{width}d}.{part:04d}{sides[e7 < 0 and (whole, part) != (0, 0)]}"


def level_value(ref: str, ft: int = 0) -> str:
    """`FL200`, `3000 FT AMSL`, `1000 FT AGL`, `12000 FT W84`, `SFC`, `UNL`."""
    return written_level(ref, ft).upper()


def band_value(lower: str, upper: str) -> str:
    """A band of two levels as `level_value` writes them: `FL150-FL250`, `SFC - 3000 FT AMSL`."""
    flight_levels = all(one.startswith("FL") and " " not in one for one in (lower, upper))
    return f"{lower}-{upper}" if flight_levels else f"{lower} - {upper}"


def corners_value(points: Sequence[Point]) -> str:
    """The corners of an area or the points of a line; of many only how many, and between which parallels and meridians.

    Points on both sides of the antimeridian are taken as lying round it when that is the shorter way.
    """
    if len(points) <= _CORNERS:
        return ", ".join(map(position_value, points))
    half = 180 * E7_PER_DEGREE
    plain = [east for _, east in points]
    round_it = [east + 2 * half if east < 0 else east for east in plain]
    eastings = min(plain, round_it, key=lambda each: max(each) - min(each))
    west, east = min(eastings), max(eastings)
    if east - west > 2 * half - E7_PER_DEGREE:  # All the way round: two ends that are read alike would say nothing.
        west, east = -half, half
    low, high = (one(north for north, _ in points) for one in (min, max))
    first = position_value((low, west - 2 * half if west > half else west))
    last = position_value((high, east - 2 * half if east > half else east))
    return f"{len(points)} POINTS BETWEEN {first} AND {last}"
