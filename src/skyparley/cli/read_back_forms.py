"""What was understood of a statement, as people say it: a position, levels and times, read back to who said it."""

import re
from typing import TYPE_CHECKING, Any, Final

from msgspec import UNSET

from skyparley.base.times import DAY
from skyparley.cli.forms import BadForm, read_position, read_time
from skyparley.cli.volume_forms import read_level

if TYPE_CHECKING:
    from skyparley.domain.messages.matter_slots import ReadBackValues

_CLOCK: Final = re.compile(r"(\d{2}):?(\d{2})Z", re.ASCII | re.IGNORECASE)
_TO: Final = re.compile(r"\s+to\s+", re.IGNORECASE)
_BAND: Final = re.compile(r"\s+to\s+|(?<=\d)\s*-\s*(?=[FS\d])", re.IGNORECASE)


def read_values(asked: "ReadBackValues", position: str, levels: str, time: str, *, now_ms: int) -> dict[str, Any]:
    """The values that were read back, as the desk door takes them.  Raises BadForm for what is missing or too much.

    `asked`: the values of the statement, only to know which there are, and which day a bare time of day is on.
    """
    _all_there(asked, position, levels, time)
    values: dict[str, Any] = {}
    if position:
        values["position"] = read_position(position)
    if levels:
        values |= _levels(asked, levels)
    if time:
        values |= _times(asked, time, now_ms)
    return values


def _all_there(asked: "ReadBackValues", position: str, levels: str, time: str) -> None:
    """All of the data is read back at once, so that nothing of it is taken for understood."""
    wanted = {
        "--position": asked.position is not UNSET,
        "--levels": asked.lower is not UNSET or asked.upper is not UNSET,
        "--time": asked.start is not UNSET or asked.end is not UNSET,
    }
    given = {"--position": bool(position), "--levels": bool(levels), "--time": bool(time)}
    missing = [name for name, needed in wanted.items() if needed and not given[name]]
    if missing:
        raise BadForm(f"the statement holds more than was read back; add {' and '.join(missing)}")
    over = [name for name, there in given.items() if there and not wanted[name]]
    if over:
        raise BadForm(f"the statement says nothing of that kind; leave out {' and '.join(over)}")


def _levels(asked: "ReadBackValues", text: str) -> dict[str, Any]:
    parts = [part for part in _BAND.split(text.strip()) if part]
    names = [name for name in ("lower", "upper") if getattr(asked, name) is not UNSET]
    if len(parts) != len(names):
        raise BadForm(f"--levels {text!r}: {_LEVELS[len(names)]}")
    return {name: read_level(part) for name, part in zip(names, parts, strict=True)}


_LEVELS: Final = {1: "the statement has one level; write it like FL200", 2: "write both, like 'FL200 to FL240'"}


def _times(asked: "ReadBackValues", text: str, now_ms: int) -> dict[str, Any]:
    parts = [part for part in _TO.split(text.strip()) if part]
    names = [name for name in ("start", "end") if getattr(asked, name) is not UNSET]
    if len(parts) != len(names):
        raise BadForm(f"--time {text!r}: {_TIMES[len(names)]}")
    return {name: _time(part, getattr(asked, name), now_ms) for name, part in zip(names, parts, strict=True)}


_TIMES: Final = {1: "the statement has one time; write it like 2150Z", 2: "write both, like '0800Z to 0930Z'"}


def _time(text: str, said_ms: int, now_ms: int) -> int:
    """A time of day says nothing of the day: it stands on the one on which it is nearest to what was said."""
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        return read_time(text, now_ms=now_ms)
    written = f"{clock[1]}:{clock[2]}Z"
    near = [read_time(written, day_ms=said_ms + days * DAY) for days in (-1, 0, 1)]
    return min(near, key=lambda one: abs(one - said_ms))
