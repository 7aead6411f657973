"""Shapes as people write them, in options and in files, and as they stand on the wire: one to the other and back.

What is written by `shape_text` is read back by `read_shape` as the same shape, except that holes are only counted; what
`shape_form` makes is read back by `shape_from`.  See docs/guide/desk.md.
"""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final, TypeAlias

import msgspec

from skyparley.base.units import E7_PER_DEGREE, MDEG_PER_DEGREE, METRES_PER_NM
from skyparley.cli.forms import (
    BadForm,
    Point,
    bearing_text,
    hollow_m,
    length_m,
    length_shown,
    length_text,
    position_text,
    read_bearing_mdeg,
    read_hollow_m,
    read_length_m,
    read_position,
    read_positions,
)
from skyparley.domain.messages.slots import (
    ArcSlot,
    CircleSlot,
    CorridorSlot,
    LineSlot,
    OrbitSlot,
    PolygonSlot,
    ShapeSlot,
)

_LENGTH: Final = r"\d[\d.]*\s*(?:NM|KM|M)"
_WITH_LENGTH = re.compile(rf"(.*\S)\s+({_LENGTH})", re.ASCII | re.IGNORECASE | re.DOTALL)
_ORBIT = re.compile(rf"(.*\S)\s+({_LENGTH})(?:\s+(CENTRE|CENTER|LEFT|RIGHT))?", re.ASCII | re.IGNORECASE | re.DOTALL)
_ARC = re.compile(
    rf"(.*\S)\s+(?:(\d[\d.]*)\s*(NM|KM|M)?\s*-\s*)?({_LENGTH})\s+([\d.]+)\s*-\s*([\d.]+)",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_SIDES: Final = {"CENTRE": "CENTRE", "CENTER": "CENTRE", "LEFT": "LEFT", "RIGHT": "RIGHT"}
_ORBIT_RIGHT: Final = "36.1,37.2 36.3,37.6 5NM left"
_ARC_RIGHT: Final = "36.1N 37.2E 10NM-20NM 030-090"


# --- in options ---------------------------------------------------------------------------------------------------


def read_shape(kind: str, text: str) -> ShapeSlot:
    """A shape from what stands behind the option of its name.  `kind` is one of SHAPE_WORDS.  Raises BadForm."""
    return _READERS[kind](text.strip())


def _read_circle(text: str) -> ShapeSlot:
    centre, radius_m = _with_length("circle", "radius", text, "36.1N 37.2E 20NM")
    return CircleSlot(centre=read_position(centre), radius_m=radius_m)


def _read_polygon(text: str) -> ShapeSlot:
    return PolygonSlot(rings=(_ring(read_positions(text)),))


def _read_corridor(text: str) -> ShapeSlot:
    line, half_width_m = _with_length("corridor", "half-width", text, "37.0,35.4 36.7,36.9 5NM")
    return CorridorSlot(line=read_positions(line), half_width_m=half_width_m)


def _read_line(text: str) -> ShapeSlot:
    line, buffer_m = _with_length("line", "buffer", text, "36.1,37.2 36.3,37.6 5NM")
    return LineSlot(line=read_positions(line), buffer_m=buffer_m)


def _read_orbit(text: str) -> ShapeSlot:
    match = _ORBIT.fullmatch(text)
    if match is None:
        raise BadForm(f"{text!r} is no orbit: it is a leg, a radius and centre, left or right, like {_ORBIT_RIGHT!r}")
    ends = read_positions(match[1])
    if len(ends) != 2:
        raise BadForm(f"an orbit has 2 ends of its leg; here are {len(ends)} positions; {_ORBIT_RIGHT!r} is right")
    return _orbit(ends[0], ends[1], read_length_m(match[2]), match[3] or "CENTRE")


def _read_arc(text: str) -> ShapeSlot:
    match = _ARC.fullmatch(text)
    if match is None:
        raise BadForm(f"{text!r} is no arc: it is a centre, radii and bearings, like {_ARC_RIGHT!r}")
    unit = match[4].lstrip("0123456789. ")
    return ArcSlot(
        centre=read_position(match[1]),
        inner_m=read_hollow_m(f"{match[2]} {match[3] or unit}") if match[2] else 0,
        outer_m=read_length_m(match[4]),
        from_mdeg=read_bearing_mdeg(match[5]),
        to_mdeg=read_bearing_mdeg(match[6]),
    )


_READERS: Final[dict[str, Callable[[str], ShapeSlot]]] = {
    "circle": _read_circle,
    "polygon": _read_polygon,
    "corridor": _read_corridor,
    "orbit": _read_orbit,
    "line": _read_line,
    "arc": _read_arc,
}
SHAPE_WORDS: Final = tuple(_READERS)
"""The word that a volume begins with; the name of the option of each shape."""


def _with_length(kind: str, what: str, text: str, right: str) -> tuple[str, int]:
    """The positions and the length that follows them."""
    match = _WITH_LENGTH.fullmatch(text)
    if match is None:
        raise BadForm(f"{text!r} is no {kind}: it ends with its {what}, like {right!r}")
    return match[1], read_length_m(match[2])


def _orbit(start: Point, end: Point, radius_m: int, side: str) -> OrbitSlot:
    if side.upper() not in _SIDES:
        raise BadForm(f"{side!r} is no side of a leg; centre, left or right is")
    return msgspec.convert(
        {"type": "orbit", "start": start, "end": end, "radius_m": radius_m, "side": _SIDES[side.upper()]}, OrbitSlot
    )


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
        case LineSlot():
            return f"line {_line_text(shape.line)} {length_text(shape.buffer_m)}"
        case OrbitSlot():
            return f"orbit {_line_text((shape.start, shape.end))} {length_text(shape.radius_m)} {shape.side.lower()}"
        case ArcSlot():
            radii = f"{length_text(shape.inner_m)}-{length_text(shape.outer_m)}"
            return f"arc {position_text(shape.centre)} {radii} {_bearings_text(shape)}"
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
        case LineSlot():
            return f"line with {length_shown(shape.buffer_m)} each side, {_line_text(shape.line, ', ')}"
        case OrbitSlot():
            where = "around" if shape.side == "CENTRE" else f"to the {shape.side.lower()} of"
            leg = f"the leg {_line_text((shape.start, shape.end), ' to ')}"
            return f"orbit of {length_shown(shape.radius_m)} radius {where} {leg}"
        case ArcSlot():
            radii = f"{length_shown(shape.inner_m)} to {length_shown(shape.outer_m)}"
            return f"arc, {radii} from {position_text(shape.centre)}, bearing {_bearings_text(shape, ' to ')}"
        case PolygonSlot():
            holes = len(shape.rings) - 1
            more = f", with {holes} {'hole' if holes == 1 else 'holes'}" if holes else ""
            return f"polygon {_line_text(shape.rings[0], ', ')}{more}"


def _line_text(points: Sequence[Point], between: str = " ") -> str:
    return between.join(position_text(point) for point in points)


def _bearings_text(shape: ArcSlot, between: str = "-") -> str:
    return between.join(bearing_text(mdeg) for mdeg in (shape.from_mdeg, shape.to_mdeg))


# --- in files -----------------------------------------------------------------------------------------------------

_Degrees = tuple[float, float]


class Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of what stands in a file: nothing unknown, so that a slip of the pen is noticed."""


class CircleForm(Form, frozen=True, kw_only=True, tag_field="type", tag="circle"):
    """Exactly one of the radii."""

    centre: _Degrees
    radius_nm: float | None = None
    radius_km: float | None = None
    radius_m: float | None = None


class PolygonForm(Form, frozen=True, kw_only=True, tag_field="type", tag="polygon"):
    """The outer ring first, then holes."""

    rings: tuple[tuple[_Degrees, ...], ...]


class CorridorForm(Form, frozen=True, kw_only=True, tag_field="type", tag="corridor"):
    """Exactly one of the half-widths."""

    line: tuple[_Degrees, ...]
    half_width_nm: float | None = None
    half_width_km: float | None = None
    half_width_m: float | None = None


class OrbitForm(Form, frozen=True, kw_only=True, tag_field="type", tag="orbit"):
    """Exactly one of the radii; `side` is centre, left or right."""

    start: _Degrees
    end: _Degrees
    side: str = "centre"
    radius_nm: float | None = None
    radius_km: float | None = None
    radius_m: float | None = None


class LineForm(Form, frozen=True, kw_only=True, tag_field="type", tag="line"):
    """Exactly one of the buffers."""

    line: tuple[_Degrees, ...]
    buffer_nm: float | None = None
    buffer_km: float | None = None
    buffer_m: float | None = None


class ArcForm(Form, frozen=True, kw_only=True, tag_field="type", tag="arc"):
    """Exactly one of the outer radii, at most one of the inner ones; bearings are true, clockwise."""

    centre: _Degrees
    from_deg: float
    to_deg: float
    inner_nm: float | None = None
    inner_km: float | None = None
    inner_m: float | None = None
    outer_nm: float | None = None
    outer_km: float | None = None
    outer_m: float | None = None


ShapeForm: TypeAlias = CircleForm | PolygonForm | CorridorForm | OrbitForm | LineForm | ArcForm


def shape_from(form: ShapeForm) -> ShapeSlot:
    """The shape of a file.  Raises BadForm."""
    match form:
        case CircleForm():
            return CircleSlot(centre=_point(form.centre), radius_m=_one_length(form, "radius"))
        case CorridorForm():
            line = tuple(map(_point, form.line))
            return CorridorSlot(line=line, half_width_m=_one_length(form, "half_width"))
        case LineForm():
            return LineSlot(line=tuple(map(_point, form.line)), buffer_m=_one_length(form, "buffer"))
        case OrbitForm():
            return _orbit(_point(form.start), _point(form.end), _one_length(form, "radius"), form.side)
        case ArcForm():
            return ArcSlot(
                centre=_point(form.centre),
                inner_m=_hollow(form),
                outer_m=_one_length(form, "outer"),
                from_mdeg=read_bearing_mdeg(_figure(form.from_deg)),
                to_mdeg=read_bearing_mdeg(_figure(form.to_deg)),
            )
        case PolygonForm():
            return PolygonSlot(rings=tuple(_ring(tuple(map(_point, ring))) for ring in form.rings))


def shape_form(shape: ShapeSlot) -> ShapeForm:
    """A shape as it stands in a file."""
    match shape:
        case CircleSlot():
            return CircleForm(centre=_degrees(shape.centre), **_length_form("radius", shape.radius_m))
        case CorridorSlot():
            line = tuple(map(_degrees, shape.line))
            return CorridorForm(line=line, **_length_form("half_width", shape.half_width_m))
        case LineSlot():
            return LineForm(line=tuple(map(_degrees, shape.line)), **_length_form("buffer", shape.buffer_m))
        case OrbitSlot():
            start, end, radius = _degrees(shape.start), _degrees(shape.end), _length_form("radius", shape.radius_m)
            return OrbitForm(start=start, end=end, side=shape.side.lower(), **radius)
        case ArcSlot():
            bearings = {
                "from_deg": shape.from_mdeg / MDEG_PER_DEGREE,
                "to_deg": shape.to_mdeg / MDEG_PER_DEGREE,
            }
            radii = {**_length_form("inner", shape.inner_m), **_length_form("outer", shape.outer_m)}
            return ArcForm(centre=_degrees(shape.centre), **bearings, **radii)
        case PolygonSlot():
            return PolygonForm(rings=tuple(tuple(map(_degrees, ring)) for ring in shape.rings))


def _length_form(name: str, metres: int) -> dict[str, float]:
    hundredths, rest = divmod(metres * 100, METRES_PER_NM)
    return {f"{name}_m": metres} if rest else {f"{name}_nm": hundredths / 100}


def _one_length(form: msgspec.Struct, name: str) -> int:
    """The one length that a form gives, in whole metres."""
    found = _lengths(form, name)
    if len(found) != 1:
        raise BadForm(f"a shape has one of {name}_nm, {name}_km, {name}_m; this one has {len(found)}")
    unit, figure = found[0]
    if not 0 < figure < 1e8:
        raise BadForm(f"{name}_{unit} is {figure:g}; above 0 and on the Earth is right")
    return length_m(Decimal(repr(figure)), unit)


def _hollow(form: ArcForm) -> int:
    """The inner radius of an arc in whole metres; 0 where none is given."""
    found = _lengths(form, "inner")
    if len(found) > 1:
        raise BadForm("an arc has at most one of inner_nm, inner_km, inner_m")
    for unit, figure in found:
        if not 0 <= figure < 1e8:
            raise BadForm(f"inner_{unit} is {figure:g}; 0 or more and on the Earth is right")
        return hollow_m(Decimal(repr(figure)), unit)
    return 0


def _lengths(form: msgspec.Struct, name: str) -> list[tuple[str, float]]:
    given = ((unit, getattr(form, f"{name}_{unit}")) for unit in ("nm", "km", "m"))
    return [(unit, figure) for unit, figure in given if figure is not None]


def _figure(degrees: float) -> str:
    """A figure of JSON as text, without an exponent and without the point of a whole one."""
    return f"{Decimal(repr(degrees)).normalize():f}"


def _point(degrees: _Degrees) -> Point:
    latitude, longitude = degrees
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise BadForm(f"[{latitude:g}, {longitude:g}] is not on the Earth: latitude first, both in degrees")
    return round(Decimal(repr(latitude)) * E7_PER_DEGREE), round(Decimal(repr(longitude)) * E7_PER_DEGREE)


def _degrees(point: Point) -> _Degrees:
    return point[0] / E7_PER_DEGREE, point[1] / E7_PER_DEGREE
