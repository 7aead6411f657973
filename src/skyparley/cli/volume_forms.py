"""Volumes as people write them, in options and in files, and as they stand on the wire: one to the other and back.

In a file, positions are [latitude, longitude] in degrees, a radius or width is given once, in NM, km or m, levels are
text like FL200, times are RFC 3339.  The members are those of the desk API.  See docs/guide/desk.md.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from skyparley.cli.forms import BadForm, read_time, time_text
from skyparley.cli.shape_forms import (
    SHAPE_WORDS,
    Form,
    ShapeForm,
    read_shape,
    shape_form,
    shape_from,
    shape_text,
)
from skyparley.domain.messages.slots import DueRegard, LevelSlot, ShapeSlot, VolumeSlot
from skyparley.geometry.levels import BadLevel, Level, Ref, Rounding, format_level, parse_level

_KEYS: Final = ("lower", "upper", "start", "end")


# --- levels -------------------------------------------------------------------------------------------------------


def read_level(text: str, *, rounding: Rounding = "nearest") -> LevelSlot:
    """A level from `FL200`, `4500 ft AMSL`, `1000 ft AGL`, `SFC`, `UNL`.  Raises BadForm."""
    try:
        level = parse_level(text, rounding)
    except BadLevel as error:
        raise BadForm(str(error)) from None
    plain: dict[str, Any] = {"ref": level.ref.value}
    if level.ref not in (Ref.SFC, Ref.UNL):
        plain["ft"] = level.ft
    try:
        return msgspec.convert(plain, LevelSlot)  # type: ignore[no-any-return]
    except msgspec.ValidationError:
        raise BadForm(f"{text!r} is no level that can be flown; -2000 to 200000 ft is right") from None


def level_text(slot: LevelSlot) -> str:
    """A level that reads back the same."""
    plain = msgspec.to_builtins(slot)
    return format_level(Level(Ref(plain["ref"]), plain.get("ft", 0)))


def band_text(lower: LevelSlot, upper: LevelSlot) -> str:
    """`FL200 to FL240`."""
    return f"{level_text(lower)} to {level_text(upper)}"


# --- volumes from options -----------------------------------------------------------------------------------------


def read_volume(text: str, defaults: Mapping[str, str], *, now_ms: int | None = None) -> VolumeSlot:
    """A volume from `circle 36.1N 37.2E 20NM; lower=FL200; upper=FL240; start=...; end=...`.

    What it does not say is taken from `defaults`, which has the same keys.  Raises BadForm.
    """
    first, *rest = (part.strip() for part in text.split(";"))
    kind, _, area = first.partition(" ")
    if kind.lower() not in SHAPE_WORDS:
        raise BadForm(f"{first!r}: a volume begins with {', '.join(SHAPE_WORDS[:-1])} or {SHAPE_WORDS[-1]}")
    said = dict(defaults)
    for part in filter(None, rest):
        key, mark, value = part.partition("=")
        if not mark or key.strip().lower() not in _KEYS:
            raise BadForm(f"{part!r} in a volume: write {', '.join(f'{key}=' for key in _KEYS)} between semicolons")
        said[key.strip().lower()] = value.strip()
    return volume_of(read_shape(kind.lower(), area), said, now_ms=now_ms)


def volume_of(shape: ShapeSlot, said: Mapping[str, str], *, now_ms: int | None = None) -> VolumeSlot:
    """A volume from its shape and the texts of lower, upper, start and end.  Raises BadForm naming what is missing."""
    if missing := [key for key in _KEYS if not said.get(key)]:
        raise BadForm(f"a volume lacks {', '.join(missing)}")
    start = read_time(said["start"], now_ms=now_ms)
    return VolumeSlot(
        shape=shape,
        lower=read_level(said["lower"], rounding="down"),
        upper=read_level(said["upper"], rounding="up"),
        start=start,
        end=read_time(said["end"], now_ms=now_ms, day_ms=start),
    )


def volume_text(volume: VolumeSlot) -> str:
    """A volume that reads back the same from --volume, unless it has holes."""
    said = {
        "lower": level_text(volume.lower),
        "upper": level_text(volume.upper),
        "start": time_text(volume.start),
        "end": time_text(volume.end),
    }
    return "; ".join([shape_text(volume.shape), *(f"{key}={value}" for key, value in said.items())])


# --- volumes in files ---------------------------------------------------------------------------------------------


class VolumeForm(Form, frozen=True, kw_only=True):
    """A volume in a file."""

    shape: ShapeForm
    lower: str
    upper: str
    start: str
    end: str


class NoticeForm(Form, frozen=True, kw_only=True):
    """A notice in a file: the body of the desk API in human forms.  For a change, what is absent stays."""

    kind: str = ""
    volumes: tuple[VolumeForm, ...] = ()
    due_regard: DueRegard | None = None
    audience: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    id: str = ""


class TermForm(Form, frozen=True, kw_only=True):
    """The new volumes of one notice, in a file of terms."""

    party: str
    id: str
    volumes: tuple[VolumeForm, ...]


class TermsForm(Form, frozen=True, kw_only=True):
    """Terms in a file."""

    changes: tuple[TermForm, ...]


def from_form(form: VolumeForm, place: int, *, now_ms: int | None = None) -> VolumeSlot:
    """A volume of a file.  `place` counts from 1, for messages.  Raises BadForm."""
    try:
        said = {"lower": form.lower, "upper": form.upper, "start": form.start, "end": form.end}
        return volume_of(shape_from(form.shape), said, now_ms=now_ms)
    except BadForm as error:
        raise BadForm(f"volume {place}: {error}") from None


def to_form(volume: VolumeSlot) -> VolumeForm:
    """A volume as it stands in a file."""
    return VolumeForm(
        shape=shape_form(volume.shape),
        lower=level_text(volume.lower),
        upper=level_text(volume.upper),
        start=time_text(volume.start).replace(" ", "T"),
        end=time_text(volume.end).replace(" ", "T"),
    )
