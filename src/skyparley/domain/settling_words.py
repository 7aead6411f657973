"""A settlement in plain words: what is proposed instead of what was."""

from collections.abc import Sequence

from skyparley.base.times import MINUTE, format_utc
from skyparley.geometry.levels import format_level
from skyparley.geometry.volumes import Volume


def described(name: str, before: Sequence[Volume], after: Sequence[Volume]) -> str:
    """The change of one notice in one line, part by part where it has several volumes."""
    shifts = {(new.start_ms - old.start_ms, new.end_ms - old.end_ms) for old, new in zip(before, after, strict=True)}
    if len(shifts) == 1 and (0, 0) not in shifts:
        shift, same = shifts.pop()
        if shift == same:
            old_start, new_start = min(one.start_ms for one in before), min(one.start_ms for one in after)
            return f"{name}: {_length(abs(shift))} {'later' if shift > 0 else 'earlier'}, from {_clock(new_start, old_start)}"
    parts = []
    for place, (old, new) in enumerate(zip(before, after, strict=True), 1):
        if old != new:
            where = f" part {place}" if len(after) > 1 else ""
            parts.append(f"{name}{where}: {_changed(old, new)}")
    return "; ".join(parts)


def _changed(old: Volume, new: Volume) -> str:
    said = []
    if (old.lower, old.upper) != (new.lower, new.upper):
        said.append(f"{_levels(new)} instead of {_levels(old)}")
    if (old.start_ms, old.end_ms) != (new.start_ms, new.end_ms):
        said.append(f"{_window(new, old.start_ms)} instead of {_window(old, new.start_ms)}")
    return ", ".join(said)


def _levels(volume: Volume) -> str:
    return f"{format_level(volume.lower)}-{format_level(volume.upper)}"


def _window(volume: Volume, near_ms: int) -> str:
    return f"{_clock(volume.start_ms, near_ms)}-{_clock(volume.end_ms, volume.start_ms)}"


def _length(ms: int) -> str:
    hours, minutes = divmod(ms // MINUTE, 60)
    return f"{hours} h {minutes:02d} min" if hours >= 3 else f"{ms // MINUTE} min"


def _clock(ms: int, near_ms: int) -> str:
    """The time of day, with seconds where there are any, and with the date where it is not that of `near_ms`."""
    date, _, time = format_utc(ms).partition("T")
    said = time[:5] + "Z" if time.endswith(":00Z") else time
    return said if date == format_utc(near_ms)[:10] else f"{date} {said}"
