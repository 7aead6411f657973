"""Volumes as people write them, in options and in files, and as they stand on the wire: one to the other and back.

In a file, positions are [latitude, longitude] in degrees, a radius or half-width is given once, in NM, km or m, levels are
text like FL200, times are RFC 3339.  The members are those of the desk API.  See docs/guide/desk.md.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from skyparley.base.units import E7_PER_DEGREE, METRES_PER_NM
from skyparley.cli.forms import (
    BadForm,
    Point,
    length_m,
    length_shown,
    length_text,
    position_text,
    read_length_m,
    read_position,
    read_positions,
    read_time,
    time_text,
)
from skyparley.domain.messages.slots import (
    CircleSlot,
    CorridorSlot,
    DueRegard,
    LevelSlot,
    PolygonSlot,
    ShapeSlot,
    VolumeSlot,
)
from skyparley.geometry.levels import BadLevel, Level, Ref, Rounding, format_level, parse_level

_WITH_LENGTH = re.compile(r"(.*\S)\s+(\d[\d.]*\s*(?:NM|KM|M))", re.ASCII | re.IGNORECASE | re.DOTALL)
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


# --- shapes -------------------------------------------------------------------------------------------------------


def read_shape(kind: str, text: str) -> ShapeSlot:
    """A shape from what stands behind --circle, --polygon or --corridor.  Raises BadForm."""
    if kind == "polygon":
        return PolygonSlot(rings=(_ring(read_positions(text)),))
    match = _WITH_LENGTH.fullmatch(text.strip())
    if match is None:
        right = "36.1N 37.2E 20NM" if kind == "circle" else "37.0,35.4 36.7,36.9 5NM"
        what = "radius" if kind == "circle" else "half-width"
        raise BadForm(f"{text!r} is no {kind}: it ends with its {what}, like {right!r}")
    if kind == "circle":
        return CircleSlot(centre=read_position(match[1]), radius_m=read_length_m(match[2]))
    line = read_positions(match[1])
    return CorridorSlot(line=line, half_width_m=read_length_m(match[2]))


def _ring(points: Sequence[Point]) -> tuple[Point, ...]:
    """A ring as the wire has it: not closed, though many write the first corner again."""
    if len(points) > 1 and points[0] == points[-1]:
        points = points[:-1]
    if len(points) < 3:
        raise BadForm(f"a polygon of {len(points)} corners has no area; 3 or more are right")
    return tuple(points)


def shape_text(shape: ShapeSlot) -> str:
    """A shape that reads back the same from --volume; holes are only counted."""
    match shape:
        case CircleSlot():
            return f"circle {position_text(shape.centre)} {length_text(shape.radius_m)}"
        case CorridorSlot():
            return f"corridor {_line_text(shape.line)} {length_text(shape.half_width_m)}"
        case PolygonSlot():
            holes = len(shape.rings) - 1
            return f"polygon {_line_text(shape.rings[0])}" + (f" ({holes} holes)" if holes else "")


def shape_shown(shape: ShapeSlot) -> str:
    """A shape for people, lengths in NM and km."""
    match shape:
        case CircleSlot():
            return f"circle of {length_shown(shape.radius_m)} about {position_text(shape.centre)}"
        case CorridorSlot():
            return f"corridor, {length_shown(shape.half_width_m)} each side of {_line_text(shape.line, ', ')}"
        case PolygonSlot():
            holes = len(shape.rings) - 1
            more = f", with {holes} {'hole' if holes == 1 else 'holes'}" if holes else ""
            return f"polygon {_line_text(shape.rings[0], ', ')}{more}"


def _line_text(points: Sequence[Point], between: str = " ") -> str:
    return between.join(position_text(point) for point in points)


# --- volumes from options -----------------------------------------------------------------------------------------


def read_volume(text: str, defaults: Mapping[str, str], *, now_ms: int | None = None) -> VolumeSlot:
    """A volume from `circle 36.1N 37.2E 20NM; lower=FL200; upper=FL240; start=...; end=...`.

    What it does not say is taken from `defaults`, which has the same keys.  Raises BadForm.
    """
    first, *rest = (part.strip() for part in text.split(";"))
    kind, _, area = first.partition(" ")
    if kind.lower() not in ("circle", "polygon", "corridor"):
        raise BadForm(f"{first!r}: a volume begins with circle, polygon or corridor")
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

_Degrees = tuple[float, float]


class _Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of what stands in a file: nothing unknown, so that a slip of the pen is noticed."""


class CircleForm(_Form, frozen=True, kw_only=True, tag_field="type", tag="circle"):
    """Exactly one of the radii."""

    centre: _Degrees
    radius_nm: float | None = None
    radius_km: float | None = None
    radius_m: float | None = None


class PolygonForm(_Form, frozen=True, kw_only=True, tag_field="type", tag="polygon"):
    """The outer ring first, then holes."""

    rings: tuple[tuple[_Degrees, ...], ...]


class CorridorForm(_Form, frozen=True, kw_only=True, tag_field="type", tag="corridor"):
    """Exactly one of the half-widths."""

    line: tuple[_Degrees, ...]
    half_width_nm: float | None = None
    half_width_km: float | None = None
    half_width_m: float | None = None


class VolumeForm(_Form, frozen=True, kw_only=True):
    """A volume in a file."""

    shape: CircleForm | PolygonForm | CorridorForm
    lower: str
    upper: str
    start: str
    end: str


class NoticeForm(_Form, frozen=True, kw_only=True):
    """A notice in a file: the body of the desk API in human forms.  For a change, what is absent stays."""

    kind: str = ""
    volumes: tuple[VolumeForm, ...] = ()
    due_regard: DueRegard | None = None
    audience: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    id: str = ""


class TermForm(_Form, frozen=True, kw_only=True):
    """The new volumes of one notice, in a file of terms."""

    party: str
    id: str
    volumes: tuple[VolumeForm, ...]


class TermsForm(_Form, frozen=True, kw_only=True):
    """Terms in a file."""

    changes: tuple[TermForm, ...]


def from_form(form: VolumeForm, place: int, *, now_ms: int | None = None) -> VolumeSlot:
    """A volume of a file.  `place` counts from 1, for messages.  Raises BadForm."""
    try:
        said = {"lower": form.lower, "upper": form.upper, "start": form.start, "end": form.end}
        return volume_of(_shape_from(form.shape), said, now_ms=now_ms)
    except BadForm as error:
        raise BadForm(f"volume {place}: {error}") from None


def to_form(volume: VolumeSlot) -> VolumeForm:
    """A volume as it stands in a file."""
    return VolumeForm(
        shape=_shape_form(volume.shape),
        lower=level_text(volume.lower),
        upper=level_text(volume.upper),
        start=time_text(volume.start).replace(" ", "T"),
        end=time_text(volume.end).replace(" ", "T"),
    )


def _shape_from(form: CircleForm | PolygonForm | CorridorForm) -> ShapeSlot:
    match form:
        case CircleForm():
            return CircleSlot(centre=_point(form.centre), radius_m=_one_length(form, "radius"))
        case CorridorForm():
            line = tuple(map(_point, form.line))
            return CorridorSlot(line=line, half_width_m=_one_length(form, "half_width"))
        case PolygonForm():
            return PolygonSlot(rings=tuple(_ring(tuple(map(_point, ring))) for ring in form.rings))


def _shape_form(shape: ShapeSlot) -> CircleForm | PolygonForm | CorridorForm:
    match shape:
        case CircleSlot():
            return CircleForm(centre=_degrees(shape.centre), **_length_form("radius", shape.radius_m))
        case CorridorSlot():
            line = tuple(map(_degrees, shape.line))
            return CorridorForm(line=line, **_length_form("half_width", shape.half_width_m))
        case PolygonSlot():
            return PolygonForm(rings=tuple(tuple(map(_degrees, ring)) for ring in shape.rings))


def _length_form(name: str, metres: int) -> dict[str, float]:
    hundredths, rest = divmod(metres * 100, METRES_PER_NM)
    return {f"{name}_m": metres} if rest else {f"{name}_nm": hundredths / 100}


def _one_length(form: msgspec.Struct, name: str) -> int:
    """The one length that a form gives, in whole metres."""
    given = {unit: getattr(form, f"{name}_{unit}") for unit in ("nm", "km", "m")}
    found = [(unit, figure) for unit, figure in given.items() if figure is not None]
    if len(found) != 1:
        raise BadForm(f"a shape has one of {name}_nm, {name}_km, {name}_m; this one has {len(found)}")
    unit, figure = found[0]
    if not 0 < figure < 1e8:
        raise BadForm(f"{name}_{unit} is {figure:g}; above 0 and on the Earth is right")
    return length_m(Decimal(repr(figure)), unit)


def _point(degrees: _Degrees) -> Point:
    latitude, longitude = degrees
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise BadForm(f"[{latitude:g}, {longitude:g}] is not on the Earth: latitude first, both in degrees")
    return round(Decimal(repr(latitude)) * E7_PER_DEGREE), round(Decimal(repr(longitude)) * E7_PER_DEGREE)


def _degrees(point: Point) -> _Degrees:
    return point[0] / E7_PER_DEGREE, point[1] / E7_PER_DEGREE
