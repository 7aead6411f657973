"""Whether an expectation holds at a moment, and what shows it: a pure judgement over what was seen."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from skyparley.cli.forms import BadForm, read_position, time_text
from skyparley.cli.volume_forms import level_text, read_level
from skyparley.domain.messages.slots import LevelSlot, VolumeSlot
from skyparley.scenario.bodies import Gazetteer
from skyparley.scenario.moments import BadMoment
from skyparley.scenario.paths import follow, read_path
from skyparley.scenario.timeline import Expect

LONGEST: Final = 160
"""Characters of a value that are printed."""
_TIME = re.compile(r"D\d{1,3}[ T]\d{2}:\d{2}.*Z|\d{4}-\d{2}-\d{2}[T ].*Z", re.ASCII)
_LEVELS: Final = ("SFC", "UNL", "FL", "AMSL", "AGL", "W84")


class Verdict(msgspec.Struct, frozen=True):
    """Whether it holds, and the evidence in words."""

    holds: bool
    evidence: str


class Kept(msgspec.Struct, frozen=True):
    """One durable entry of a party's journal; `payload` is of the statement that it holds, if it holds one."""

    position: int
    at_ms: int
    kind: str
    content: dict[str, Any]
    payload: dict[str, Any] | None = None


class Meaning:
    """What a written value means beside a found one: days, levels and areas of the file are known."""

    def __init__(self, names: Gazetteer) -> None:
        self._names = names

    def same(self, written: Any, found: Any) -> bool:
        """Whether the two are the same; a text may be a time, a level, or a volume."""
        if isinstance(found, msgspec.Struct):
            if isinstance(found, VolumeSlot):
                return self._volume(written) == found
            found = msgspec.to_builtins(found)
        if isinstance(found, dict) and isinstance(written, str):
            return bool(self._level(written) == found)
        if isinstance(found, bool) or isinstance(written, bool):
            return str(found).lower() == str(written).lower()
        if isinstance(found, int) and isinstance(written, str):
            return self._number(written) == found
        if isinstance(found, list | tuple) and isinstance(written, str):
            return bool(self._position(written) == tuple(found))
        if isinstance(found, list | tuple) and isinstance(written, list):
            return len(found) == len(written) and all(map(self.same, written, found))
        if isinstance(found, dict) and isinstance(written, dict):
            return set(found) == set(written) and all(self.same(written[name], found[name]) for name in found)
        return bool(found == written)

    def number(self, written: Any) -> int | float:
        """A written bound as a number.  Raises ValueError."""
        if isinstance(written, int | float):
            return written
        number = self._number(str(written))
        if number is None:
            raise ValueError(f"{written!r} is neither a number nor a time")
        return number

    def _number(self, text: str) -> int | None:
        if text.lstrip("-").isdigit():
            return int(text)
        if not _TIME.fullmatch(text.strip()):
            return None
        try:
            return self._names.calendar.moment(text)
        except BadMoment:
            return None

    def _level(self, text: str) -> Any:
        try:
            return msgspec.to_builtins(read_level(text))
        except BadForm:
            return None

    def _position(self, text: str) -> Any:
        try:
            return read_position(self._names.placed(text))
        except (BadForm, BadMoment):
            return None

    def _volume(self, written: Any) -> VolumeSlot | None:
        try:
            return self._names.volume(written)
        except (BadForm, BadMoment):
            return None


def judge(expect: Expect, seen: Any, other: Any, meaning: Meaning) -> Verdict:
    """An expectation about a view.  `other`: the view of the second party where one is named."""
    found = follow(expect.path, seen, meaning.same)
    if expect.operator == "same_at":
        there = follow(expect.same_path, other, meaning.same)
        same = bool(found) and _plain(found) == _plain(there)
        return Verdict(same, f"{_shown(found)}, and {_shown(there)} at {expect.same_at}")
    return Verdict(_holds(expect, found, meaning), _shown(found))


def _holds(expect: Expect, found: Sequence[Any], meaning: Meaning) -> bool:
    value = expect.value
    match expect.operator:
        case "equals":
            return bool(found) and all(meaning.same(value, one) for one in found)
        case "differs":
            return bool(found) and not any(meaning.same(value, one) for one in found)
        case "one_of":
            return bool(found) and all(any(meaning.same(right, one) for right in value) for one in found)
        case "contains":
            return any(_contains(one, value, meaning) for one in found)
        case "at_least":
            return bool(found) and all(_number(one) >= meaning.number(value) for one in found)
        case "at_most":
            return bool(found) and all(_number(one) <= meaning.number(value) for one in found)
        case "count":
            return bool(_count(found) == value)
        case "absent":
            return all(_empty(one) for one in found)
    return any(not _empty(one) for one in found)


def _contains(found: Any, value: Any, meaning: Meaning) -> bool:
    if isinstance(found, list | tuple):
        return any(meaning.same(value, one) for one in found)
    if isinstance(found, str):
        return str(value).casefold() in found.casefold()
    return meaning.same(value, found)


def _count(found: Sequence[Any]) -> int:
    """How many: of one list of plain values its members, else what was found."""
    if len(found) == 1 and isinstance(found[0], list | tuple):
        return len(found[0])
    return len([one for one in found if not _empty(one)])


def _number(found: Any) -> float:
    return found if isinstance(found, int | float) else float("nan")


def _empty(found: Any) -> bool:
    return found is None or found == "" or found == () or found == []


def _plain(found: Sequence[Any]) -> Any:
    return msgspec.to_builtins(list(found))


def _shown(found: Sequence[Any]) -> str:
    """What was found, for people: short, with times and levels as they are read."""
    if not found:
        return "nothing"
    text = ", ".join(shown(one) for one in found)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def shown(value: Any) -> str:
    """One value for people."""
    plain = msgspec.to_builtins(value)
    if isinstance(plain, dict) and plain.get("ref") in _LEVELS and set(plain) <= {"ref", "ft"}:
        return level_text(msgspec.convert(plain, LevelSlot))
    if isinstance(plain, bool):
        return str(plain).lower()
    if isinstance(plain, int) and plain > 10**12:
        return time_text(plain)
    return plain if isinstance(plain, str) else msgspec.json.encode(_with_times(plain)).decode()


def _with_times(plain: Any) -> Any:
    """Times inside as people read them."""
    if isinstance(plain, dict):
        return {name: _with_times(one) for name, one in plain.items()}
    if isinstance(plain, list):
        return [_with_times(one) for one in plain]
    is_time = isinstance(plain, int) and not isinstance(plain, bool) and plain > 10**12
    return time_text(plain) if is_time else plain


# --- journals ------------------------------------------------------------------------------------------------------


def judge_kept(expect: Expect, kept: Sequence[Kept], meaning: Meaning, *, number_of: str) -> Verdict:
    """An expectation about entries or statements: `kept` are those of the right time and kind."""
    wanted = expect.statement or expect.entry or {}
    has: Mapping[str, Any] = wanted.get("has", {})
    fitting = [one for one in kept if _fits(one.payload if expect.statement else one.content, has, meaning)]
    evidence = ", ".join(_place(one, statement=bool(expect.statement)) for one in fitting[:3])
    if len(fitting) > 3:
        evidence += f" and {len(fitting) - 3} more"
    if not fitting and kept:
        evidence = f"{len(kept)} {number_of}, none with {msgspec.json.encode(dict(has)).decode()}"
    match expect.operator:
        case "count":
            holds = len(fitting) == expect.value
        case "absent":
            holds = not fitting
        case _:
            holds = bool(fitting)
    return Verdict(holds, evidence or f"no {number_of}")


def _fits(content: Any, has: Mapping[str, Any], meaning: Meaning) -> bool:
    for path, value in has.items():
        found = follow(read_path(path), content, meaning.same)
        if not any(
            _contains(one, value, meaning) if isinstance(one, list) else meaning.same(value, one) for one in found
        ):
            return False
    return True


def _place(one: Kept, *, statement: bool) -> str:
    if statement and one.payload is not None:
        number = f"{one.payload['epoch']}/{one.payload['seq']}"
        return f"{one.payload['type']} {number} at journal position {one.position}"
    return f"{one.kind} at journal position {one.position}"
