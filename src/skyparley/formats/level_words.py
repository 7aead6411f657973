"""Levels as people write them in files: FL200, F200, 4500ft MSL, 1000F AGL, 500 M ASFC, SFC, GND, UNL, 1200 m."""

import math
import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple

from skyparley.formats.texts import shown
from skyparley.geometry.levels import HIGHEST_FT, Level, Ref

_METRES_PER_FOOT: Final = Fraction("0.3048")
_REFS: Final = {
    Ref.AMSL: ("AMSL", "MSL", "ASL", "ALT", "QNH", "NHN", "NN"),
    Ref.AGL: ("AGL", "ASFC", "SFC", "GND", "AGND", "GL", "SURFACE", "GROUND"),
    Ref.W84: ("W84", "WGS84", "WGS-84", "WGS 84", "HAE", "ELLIPSOID"),
    Ref.FL: ("STD", "FL", "QNE", "PA"),
}
_REF_OF: Final = {name: ref for ref, names in _REFS.items() for name in names}
_UNITS: Final = {"FT": ("FT", "F", "FEET", "FOOT", "'", "FTS"), "M": ("M", "METER", "METERS", "METRE", "METRES", "MTR")}
_UNIT_OF: Final = {name: unit for unit, names in _UNITS.items() for name in names}
_GROUND: Final = ("SFC", "GND", "SURFACE", "GROUND", "GRND")
_UNLIMITED: Final = ("UNL", "UNLTD", "UNLIM", "UNLIMITED", "UNLD", "INF")


def _one_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


_FLIGHT_LEVEL = re.compile(r"F(?:L|LIGHT\s*LEVEL)?\s*\.?\s*(\d{1,4})(?:\s*(?:STD|QNE))?", re.ASCII)
_ALTITUDE_HUNDREDS = re.compile(r"A\s?(\d{3})", re.ASCII)
_FIGURE: Final = r"(?P<figure>[+-]?(?:\d{1,3}(?:,\d{3})+|\d{1,9})(?:\.\d{1,9})?)"
_HEIGHT = re.compile(rf"{_FIGURE}\s*(?P<unit>{_one_of(_UNIT_OF)})?\.?\s*\(?(?P<ref>{_one_of(_REF_OF)})?\)?", re.ASCII)
_REF_FIRST = re.compile(rf"(?P<ref>{_one_of(_REF_OF)})\s*{_FIGURE}\s*(?P<unit>{_one_of(_UNIT_OF)})", re.ASCII)
LIKE: Final = "write it like FL200, 4500 ft AMSL, 1000 ft AGL, 1200 m AMSL, SFC or UNL"


class BadLevel(ValueError):
    """The value is not a level; `code` is for machines, the message says what would be right."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class Words(NamedTuple):
    """What a file says beside a figure: a unit and a reference of their own members, and how its format is read.

    `feet_unless_told`: OpenAir, whose heights are feet where nothing else is written.
    """

    unit: object = None
    ref: object = None
    feet_unless_told: bool = False


class ReadLevel(NamedTuple):
    """A level and, where it was read otherwise than written, a sentence that says how."""

    level: Level
    note: str = ""


class _Asked(NamedTuple):
    """What was asked for: the value as written, whether it is an upper level, and whether feet go without saying."""

    shown: str
    upper: bool
    feet_unless_told: bool


_NO_WORDS: Final = Words()


def read_level(value: object, *, upper: bool, words: Words = _NO_WORDS) -> ReadLevel:
    """A level of a file.  An upper one is rounded up and a lower one down, so that no band shrinks.  Raises BadLevel.

    A height with a unit and without a reference is read as AMSL, with a note.  A figure without a unit is refused: a
    thousand feet and a thousand metres are both usual.  0 without anything is the surface.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadLevel("LEVEL_UNREADABLE", f"{shown(value)} is not a level; {LIKE}")
    unit, ref = _unit(words.unit), _ref(words.ref)
    if isinstance(value, int | float):
        return _height(_exact(value), unit, ref, _Asked(shown(value), upper, words.feet_unless_told))
    return _read(value, unit, ref, _Asked(shown(value), upper, words.feet_unless_told))


@lru_cache(maxsize=16_384)
def _read(value: str, unit: str | None, ref: Ref | None, asked: _Asked) -> ReadLevel:
    """The same for text.  Cached: the plans of one file share their levels."""
    plain = " ".join(value.upper().replace("_", " ").split())
    if (named := _named(plain, upper=asked.upper)) is not None:
        return named
    match = _HEIGHT.fullmatch(plain) or _REF_FIRST.fullmatch(plain)
    if match is None:
        raise BadLevel("LEVEL_UNREADABLE", f"{asked.shown} is not a level; {LIKE}")
    said_unit, said_ref = _UNIT_OF.get(match["unit"] or ""), _REF_OF.get(match["ref"] or "")
    if (said_unit and unit and said_unit != unit) or (said_ref and ref and said_ref is not ref):
        text = f"{asked.shown} says one unit or reference and the member beside it another; say one"
        raise BadLevel("LEVEL_TWO_WAYS", text)
    figure = Fraction(match["figure"].replace(",", ""))
    return _height(figure, said_unit or unit, said_ref or ref, asked)


def _named(plain: str, *, upper: bool) -> ReadLevel | None:
    """SFC, UNL, FL200 and A045; None for what is a figure with a unit."""
    if plain in _GROUND:
        return ReadLevel(Level(Ref.SFC))
    if plain in _UNLIMITED:
        if not upper:
            raise BadLevel("LOWER_UNLIMITED", "the lower level cannot be unlimited; UNL is an upper level only")
        return ReadLevel(Level(Ref.UNL))
    if (flight_level := _FLIGHT_LEVEL.fullmatch(plain)) is not None:
        return ReadLevel(Level(Ref.FL, int(flight_level[1]) * 100))
    if (hundreds := _ALTITUDE_HUNDREDS.fullmatch(plain)) is not None:
        return ReadLevel(Level(Ref.AMSL, int(hundreds[1]) * 100))
    return None


def _height(figure: Fraction, unit: str | None, ref: Ref | None, asked: _Asked) -> ReadLevel:
    notes = []
    if unit is None and ref is None and figure == 0 and not asked.upper:
        return ReadLevel(Level(Ref.SFC), f"{asked.shown} without a unit is read as the surface")
    if unit == "FL" or (unit is None and ref is Ref.FL):
        return _checked(Level(Ref.FL, _whole(figure * 100, 100, asked.upper)), asked, "")
    if unit is None and asked.feet_unless_told:
        unit = "FT"
        notes.append(f"{asked.shown} is read as feet")
    if unit is None:
        text = f"{asked.shown} has no unit: feet and metres are both usual; {LIKE}"
        raise BadLevel("LEVEL_WITHOUT_UNIT", text)
    if ref is None:
        ref = Ref.AMSL
        notes.append(f"{asked.shown} says no reference and is read as above mean sea level (AMSL)")
    feet = figure / (_METRES_PER_FOOT if unit == "M" else 1)
    step_ft = 100 if ref is Ref.FL else 1
    return _checked(Level(ref, _whole(feet, step_ft, asked.upper)), asked, "; ".join(notes))


def _checked(level: Level, asked: _Asked, note: str) -> ReadLevel:
    if abs(level.ft) > HIGHEST_FT:
        text = f"{asked.shown} is above {HIGHEST_FT} ft; for no upper limit write UNL"
        raise BadLevel("LEVEL_RANGE", text)
    return ReadLevel(level, note)


def _whole(feet: Fraction, step_ft: int, upper: bool) -> int:
    rounded: Callable[[Fraction], int] = math.ceil if upper else math.floor
    return rounded(feet / step_ft) * step_ft


def _exact(value: float) -> Fraction:
    """The figure as written: 0.1 is a tenth and not the nearest binary number, so that 304.8 m is 1000 ft."""
    if isinstance(value, int):
        return Fraction(value)
    if not math.isfinite(value):
        raise BadLevel("LEVEL_UNREADABLE", f"{value} is not a level; {LIKE}")
    return Fraction(repr(value))


def is_unit(said: object) -> bool:
    """Whether a member of a file holds a unit of height, and not something else that is called so."""
    return isinstance(said, str) and (said.strip().upper() in _UNIT_OF or said.strip().upper() == "FL")


def is_reference(said: object) -> bool:
    """Whether a member of a file holds a reference of heights, and not something else that is called so."""
    return isinstance(said, str) and said.strip().upper() in _REF_OF


def _unit(said: object) -> str | None:
    if said is None:
        return None
    plain = said.strip().upper() if isinstance(said, str) else ""
    if plain == "FL":
        return "FL"
    if plain not in _UNIT_OF:
        raise BadLevel("LEVEL_UNIT", f"{shown(said)} is not a unit of height; write ft, m or FL")
    return _UNIT_OF[plain]


def _ref(said: object) -> Ref | None:
    if said is None:
        return None
    plain = said.strip().upper() if isinstance(said, str) else ""
    if plain not in _REF_OF:
        raise BadLevel("LEVEL_REFERENCE", f"{shown(said)} is not a reference; write AMSL, AGL, W84 or FL")
    return _REF_OF[plain]
