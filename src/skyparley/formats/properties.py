"""The properties of a GeoJSON feature: which names are read, in which spellings, and what each must hold."""

import math
import re
from functools import lru_cache
from typing import Any, Final, NamedTuple

from skyparley.formats.geojson_shapes import Widths
from skyparley.formats.level_words import LIKE, BadLevel, ReadLevel, Words, is_reference, is_unit, read_level
from skyparley.formats.texts import Twice, label, shown
from skyparley.formats.time_words import BadTime, read_time
from skyparley.geometry.levels import Level
from skyparley.geometry.problem import Problem

_NAMES: Final = {
    "id": ("id",),
    "party": ("party",),
    "name": ("name",),
    "lower": ("lower", "lowerlimit", "lowerlevel", "floor"),
    "upper": ("upper", "upperlimit", "upperlevel", "ceiling"),
    "start": ("start", "starttime", "timestart", "startdatetime"),
    "end": ("end", "endtime", "timeend", "enddatetime"),
}
_BESIDE_LEVELS: Final = {
    "unit": ("unit", "units", "uom"),
    "ref": ("ref", "reference", "datum"),
}
_LENGTHS_M: Final = {"m": 1.0, "km": 1000.0, "nm": 1852.0, "ft": 0.3048}
_UNITS: Final = ("ft", "m", "fl")
_RARE: Final = {
    **{
        name: frozenset(f"{name}{one}" for names in (_UNITS, *_BESIDE_LEVELS.values()) for one in names).union(
            *_BESIDE_LEVELS.values()
        )
        for name in ("lower", "upper")
    },
    **{name: frozenset((name, *(f"{name}{unit}" for unit in _LENGTHS_M))) for name in ("radius", "halfwidth")},
}
_NUMBER = re.compile(r"\s*[+-]?\d{1,12}(?:\.\d{1,12})?\s*", re.ASCII)


class Told(NamedTuple):
    """What the properties of one feature tell, once read.  `dropped` names what is not read, `names` where id, party and name are said."""

    id: str
    party: str
    name: str
    lower: Level
    upper: Level
    start_ms: int
    end_ms: int
    widths: Widths
    dropped: tuple[str, ...]
    notes: tuple[str, ...]
    names: tuple[str, ...]


class Untold(NamedTuple):
    """What is wrong with the properties of one feature, and whose it is as far as that can be read."""

    id: str
    party: str
    problems: list[Problem]


class Members:
    """Properties by their plain names (lower case, without `_`, `-` and blanks), each looked at once.

    A name that stands twice, in two spellings with two values, is a problem of the feature: which was meant cannot be told.
    """

    def __init__(self, properties: object) -> None:
        self.problems: list[Problem] = []
        self._values: dict[str, Any] = {}
        self._spelt: dict[str, str] = {}
        self._read: set[str] = set()
        if properties is None:
            properties = {}
        if not isinstance(properties, dict):
            self._problem("PROPERTIES", f'"properties" is not an object: {shown(properties)}')
            properties = {}
        if isinstance(properties, Twice):
            self._problem("NAME_TWICE", f"said twice in one object: {', '.join(map(shown, properties.names))}")
        for name, value in properties.items():
            self._add(_plain(name), name, value)

    def _add(self, plain: str, name: str, value: object) -> None:
        already = self._values.get(plain)
        if already is not None and value is None:
            return
        if already is not None and already != value:
            self._clash(self._spelt[plain], name)
        self._values[plain], self._spelt[plain] = value, name

    def _clash(self, first: str, second: str) -> None:
        self._problem("NAME_TWICE", f"{shown(first)} and {shown(second)} say two things; keep one")

    def _problem(self, code: str, text: str) -> None:
        self.problems.append(Problem(code, text))

    def has_any(self, names: frozenset[str]) -> bool:
        """Whether any of the names stands here: most features have none of the rarer ones."""
        return not names.isdisjoint(self._values)

    def peek(self, names: tuple[str, ...]) -> Any:
        """The value that stands first under one of the names, not counted as read."""
        return next((self._values[plain] for plain in names if self._values.get(plain) is not None), None)

    def first(self, names: tuple[str, ...]) -> Any:
        """The value under the first of the names that has one; None for none.  Two that differ are a problem."""
        found = None
        for plain in names:
            if plain not in self._values:
                continue
            self._read.add(plain)
            value = self._values[plain]
            if value is None or value == "":
                continue
            if found is not None and self._values[found] != value:
                self._clash(self._spelt[found], self._spelt[plain])
            found = found or plain
        return None if found is None else self._values[found]

    def spelt(self, beginning: str) -> tuple[str, ...]:
        """The names, as they are spelt, whose plain form begins so."""
        return tuple(name for plain, name in self._spelt.items() if plain.startswith(beginning))

    def said(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Those of the names that have a value, as they are spelt."""
        return tuple(self._spelt[plain] for plain in names if self._values.get(plain) not in (None, ""))

    def unread(self) -> tuple[str, ...]:
        """The names that nobody asked for, as they are spelt."""
        return tuple(self._spelt[plain] for plain in self._values if plain not in self._read)


@lru_cache(maxsize=4_096)
def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").replace(" ", "")


def told(feature: dict[str, Any], members: Members, party: str) -> Told | Untold:
    """All that the properties tell, or all that is wrong with them.  `party` is whose a plan is that names none."""
    problems = members.problems
    said_id = _word(members.first(_NAMES["id"]), "id", problems) or _word(feature.get("id"), "id", problems)
    said_party = _word(members.first(_NAMES["party"]), "party", problems) or party
    name = label(members.first(_NAMES["name"]))
    notes: list[str] = []
    lower = _level(members, "lower", notes)
    upper = _level(members, "upper", notes)
    start_ms, end_ms = _time(members, "start"), _time(members, "end")
    widths = Widths(_length(members, "radius"), _length(members, "halfwidth"))
    if problems or lower is None or upper is None or start_ms is None or end_ms is None:
        return Untold(said_id, said_party, problems)
    dropped = tuple(f"properties.{label(name)}" for name in members.unread())
    return Told(
        said_id,
        said_party,
        name,
        lower,
        upper,
        start_ms,
        end_ms,
        widths,
        dropped,
        tuple(notes),
        _names(feature, members),
    )


def _names(feature: dict[str, Any], members: Members) -> tuple[str, ...]:
    """Where the feature says its id, its party and its name, as they are spelt."""
    said = [name for what in ("id", "party", "name") for name in members.said(_NAMES[what])]
    return (*(f"properties.{label(name)}" for name in said), *(("id",) if label(feature.get("id")) else ()))


def _word(value: object, name: str, problems: list[Problem]) -> str:
    text = label(value)
    if value is not None and value != "" and not text:
        problems.append(
            Problem(f"{name.upper()}_UNREADABLE", f"the {name} must be text or a number, not {shown(value)}")
        )
    return text


def _level(members: Members, name: str, notes: list[str]) -> Level | None:
    value = members.first(_NAMES[name])
    words: dict[str, Any] = dict.fromkeys(_BESIDE_LEVELS)
    if members.has_any(_RARE[name]):
        for unit in _UNITS:
            named = members.first((f"{name}{unit}",))
            if named is not None:
                value, words["unit"] = named if value is None else value, unit
        for said, names in _BESIDE_LEVELS.items():
            own = members.first(tuple(f"{name}{one}" for one in names))
            words[said] = own or words[said] or _common(members, said, bare=isinstance(value, int | float))
    if isinstance(value, dict):
        inner = Members(value)
        words = {said: inner.first(names) or words[said] for said, names in _BESIDE_LEVELS.items()}
        value = inner.first(("value", "level", "altitude"))
        members.problems.extend(inner.problems)
    if value is None:
        text = f'"{name}" is missing: a plan needs a lower and an upper level; {LIKE}'
        members.problems.append(Problem(f"{name.upper()}_MISSING", text))
        return None
    return _read_level(members, name, value, Words(words["unit"], words["ref"]), notes)


def _common(members: Members, said: str, *, bare: bool) -> object:
    """The unit or reference that stands once for both levels.  `bare`: the level is a number, and needs one.

    "unit" and "reference" are names that files use for other things too: those are not looked at for a level that says all itself.
    """
    value = members.peek(_BESIDE_LEVELS[said])
    known = is_unit(value) if said == "unit" else is_reference(value)
    return members.first(_BESIDE_LEVELS[said]) if known or bare else None


def _read_level(members: Members, name: str, value: object, words: Words, notes: list[str]) -> Level | None:
    try:
        read: ReadLevel = read_level(value, upper=name == "upper", words=words)
    except BadLevel as error:
        members.problems.append(Problem(error.code, f"{name}: {error}"))
        return None
    if read.note:
        notes.append(f"{name}: {read.note}")
    return read.level


def _time(members: Members, name: str) -> int | None:
    value = members.first(_NAMES[name])
    if value is None:
        text = f'"{name}" is missing: a plan needs a start and an end; write them like 2026-11-22T09:00Z'
        members.problems.append(Problem(f"{name.upper()}_MISSING", text))
        return None
    try:
        return read_time(value, end=name == "end")
    except BadTime as error:
        members.problems.append(Problem(error.code, f"{name}: {error}"))
        return None


def _length(members: Members, name: str) -> float | None:
    """Metres of `radius_nm` and the like; None where there is none.  The same said in two units must agree to 1 m."""
    if not members.has_any(_RARE[name]):
        return None
    spoken = "half_width" if name == "halfwidth" else name
    found: list[float] = []
    for unit, metres in _LENGTHS_M.items():
        value = members.first((f"{name}{unit}",))
        if value is None:
            continue
        number = _positive(value)
        if number is None:
            text = f"{spoken}_{unit} must be a number more than 0, not {shown(value)}"
            members.problems.append(Problem("LENGTH_UNREADABLE", text))
            continue
        found.append(number * metres)
    if members.first((name,)) is not None and not found:
        text = f"{spoken} has no unit in its name; write {spoken}_nm, {spoken}_km or {spoken}_m"
        members.problems.append(Problem("LENGTH_WITHOUT_UNIT", text))
    if found and max(found) - min(found) > 1:
        members.problems.append(Problem("NAME_TWICE", f"{spoken} is said in two units that do not agree; keep one"))
    return max(found) if found else None


def _positive(value: object) -> float | None:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, float | int) or not 0 < value < 1e9:
        return None
    return float(value) if math.isfinite(value) else None
