"""Levels: a height in whole feet with its reference, bands of two levels, and the gap between two bands.

How a gap is computed, so that a second implementation gets the same integers:

1. A band is (lower, upper).  The gap of bands a and b is the larger of two: a above b, and b above a.
2. "x above y" is computed from the lower level of x and the upper level of y.
3. If that upper level is UNL there is no gap: nothing is above UNL.
4. If both levels have one reference (SFC counts as AGL with 0 ft): gap = lower - upper, and nothing more.
5. If the references differ: an AGL or SFC level of h ft lies anywhere from h to highest_ground_ft + h; any other
   level lies at its own figure.  gap = lowest place of the lower level - highest place of the upper level -
   reference_margin_ft.
6. Bands conflict under a required gap V exactly when that signed gap is less than V.  The gap reported is never below
   0.

Rule 4 also serves two AGL bands over different ground: heights above ground are compared as such.  W84 and AMSL are
different references: the geoid lies up to about 350 ft from the ellipsoid, which the margin covers.  Source: DOMAIN 8
and 11.3.
"""

import math
import re
from collections.abc import Callable
from enum import StrEnum
from fractions import Fraction
from typing import Final, Literal, TypeAlias

import msgspec

from skyparley.base.written import written_level
from skyparley.geometry.problem import Problem


class Ref(StrEnum):
    """What a height is measured from."""

    SFC = "SFC"  # the ground or water itself
    AGL = "AGL"  # feet above the ground below
    AMSL = "AMSL"  # feet above mean sea level, altimeter on QNH
    FL = "FL"  # pressure altitude, 1013.25 hPa; in feet here: FL200 is 20000
    W84 = "W84"  # feet above the WGS-84 ellipsoid
    UNL = "UNL"  # no upper limit


Rounding: TypeAlias = Literal["down", "up", "nearest"]

LOWEST_FT: Final = -30_000  # lower than any sea bed that a height could be measured to
HIGHEST_FT: Final = 400_000  # above the edge of space
_UNLIMITED_FT: Final = 1_000_000_000
_GROUND: Final = (Ref.SFC, Ref.AGL)
_UNL: Final = Ref.UNL
_METRES_PER_FOOT: Final = Fraction("0.3048")  # exact, so that 304.8 m is 1000 ft under every rounding
_ROUNDINGS: Final[dict[Rounding, Callable[[Fraction], int]]] = {"down": math.floor, "up": math.ceil, "nearest": round}
_FLIGHT_LEVEL = re.compile(r"FL\s*(\d{1,4})", re.ASCII)
_HEIGHT = re.compile(r"(-?\d{1,7}(?:\.\d{1,6})?)\s*(FT|M)\s+(AMSL|AGL|W84|FL)", re.ASCII)


class Level(msgspec.Struct, frozen=True):
    """One level.  SFC and UNL carry no feet; FL carries feet in steps of 100."""

    ref: Ref
    ft: int = 0


class LevelRules(msgspec.Struct, frozen=True):
    """The two numbers of the table that levels need."""

    reference_margin_ft: int
    highest_ground_ft: int


class BadLevel(ValueError):
    """The text is not a level; the message says what would be right."""


def vertical_gap_ft(a_lower: Level, a_upper: Level, b_lower: Level, b_upper: Level, rules: LevelRules) -> int:
    """Whole feet between two bands by the rules above; 0 when they touch, overlap or lie within the margin."""
    return max(0, signed_vertical_gap_ft(a_lower, a_upper, b_lower, b_upper, rules))


def signed_vertical_gap_ft(a_lower: Level, a_upper: Level, b_lower: Level, b_upper: Level, rules: LevelRules) -> int:
    """The signed gap of rule 6: bands conflict under a required gap V exactly when this is less than V."""
    return max(clearance_ft(a_lower, b_upper, rules), clearance_ft(b_lower, a_upper, rules))


def clearance_ft(lower: Level, upper: Level, rules: LevelRules) -> int:
    """Feet by which `lower` is known to lie above `upper`, by rules 2 to 5; below 0 when it is not."""
    lower_ref, upper_ref = lower.ref, upper.ref
    if upper_ref is _UNL:
        return -_UNLIMITED_FT
    if lower_ref is upper_ref or (lower_ref in _GROUND and upper_ref in _GROUND):
        return lower.ft - upper.ft
    ground_ft = rules.highest_ground_ft if upper_ref in _GROUND else 0
    return lower.ft - (upper.ft + ground_ft) - rules.reference_margin_ft


def band_problems(lower: Level, upper: Level) -> tuple[Problem, ...]:
    """All that is wrong with a band; empty when it can be used.

    Bands of two references are refused only when no ground and no pressure could make them right: an AGL top is never
    too low for an AMSL bottom, since the ground may be high.
    """
    found = [*_level_problems(lower, "the lower level"), *_level_problems(upper, "the upper level")]
    if lower.ref is _UNL:
        found.append(Problem("LOWER_UNLIMITED", "the lower level cannot be UNL; UNL is an upper level only"))
    elif upper.ref is not _UNL:
        comparable = upper.ref not in _GROUND or lower.ref in _GROUND
        if comparable and lower.ft >= upper.ft:
            text = f"the lower level ({format_level(lower)}) must be below the upper ({format_level(upper)})"
            found.append(Problem("BAND_EMPTY", text))
    return tuple(found)


def _level_problems(level: Level, name: str) -> list[Problem]:
    found = []
    if level.ref in (Ref.SFC, Ref.UNL) and level.ft != 0:
        found.append(Problem("LEVEL_FEET", f"{name} is {level.ref.value} and carries no feet"))
    if not LOWEST_FT <= level.ft <= HIGHEST_FT:
        found.append(Problem("LEVEL_RANGE", f"{name}: {level.ft} ft is outside {LOWEST_FT} to {HIGHEST_FT} ft"))
    if level.ref in (Ref.AGL, Ref.FL) and level.ft < 0:
        found.append(Problem("LEVEL_NEGATIVE", f"{name}: {level.ref.value} does not go below 0"))
    if level.ref is Ref.FL and level.ft % 100:
        found.append(Problem("FL_STEP", f"{name}: a flight level is a multiple of 100 ft, not {level.ft}"))
    return found


def format_level(level: Level) -> str:
    """A level as text that parse_level reads back: FL200, 4500 ft AMSL, 1000 ft AGL, SFC, UNL, 12000 ft W84."""
    return written_level(level.ref.value, level.ft)


def parse_level(text: str, rounding: Rounding = "nearest") -> Level:
    """Text to a level: the forms of format_level, with ft or m, in either case.

    Metres and fractions are rounded to whole feet: a lower level with "down" and an upper one with "up" keep the
    whole band. Refused with BadLevel: a height without a reference, since FL, AMSL and AGL differ by thousands of
    feet.
    """
    plain = text.strip().upper()
    if plain in ("SFC", "UNL"):
        return Level(Ref(plain))
    flight_level = _FLIGHT_LEVEL.fullmatch(plain)
    if flight_level is not None:
        return Level(Ref.FL, int(flight_level[1]) * 100)
    height = _HEIGHT.fullmatch(plain)
    if height is None:
        raise BadLevel(
            f"{text!r} is not a level; write it like FL200, 4500 ft AMSL, 1000 ft AGL, 1200 m AMSL, SFC or UNL"
        )
    figure, unit, ref = height.groups()
    feet = Fraction(figure) / (_METRES_PER_FOOT if unit == "M" else 1)
    return Level(Ref(ref), _ROUNDINGS[rounding](feet))
