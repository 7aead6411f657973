"""The shapes: circle, polygon with holes, corridor, orbit, line, arc.  Values only; outline.py says what they cover.

Axes: (lat, lon) in degrees, WGS-84, latitude north, longitude east.  Lengths in metres.  A shape may be built from
anything; `validation.problems` says whether it can be used.
"""

from typing import Literal, TypeAlias

import msgspec

Point: TypeAlias = tuple[float, float]
"""(lat, lon), degrees."""

Side: TypeAlias = Literal["CENTRE", "LEFT", "RIGHT"]
"""Where an orbit lies, seen along its leg."""


class Circle(msgspec.Struct, frozen=True, tag="CIRCLE"):
    """All points within `radius_m` of a point."""

    lat: float
    lon: float
    radius_m: float


class Polygon(msgspec.Struct, frozen=True, tag="POLYGON"):
    """The side of `outer` that is smaller than a hemisphere, less the `holes`.

    Rings need not be closed: a last vertex equal to the first is dropped, and so are vertices repeated in a row.
    Either direction means the same area, so a ring can never mean more than half the Earth.  Edges are great circles;
    an edge over 500 km follows the WGS-84 geodesic (rings.py).
    """

    outer: tuple[Point, ...]
    holes: tuple[tuple[Point, ...], ...] = ()

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "outer", _points(self.outer))
        msgspec.structs.force_setattr(self, "holes", tuple(_points(hole) for hole in self.holes))


class Corridor(msgspec.Struct, frozen=True, tag="CORRIDOR"):
    """All points within `half_width_m` of a line: its ends are round.  The line may cross itself."""

    line: tuple[Point, ...]
    half_width_m: float

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "line", _points(self.line))


class Orbit(msgspec.Struct, frozen=True, tag="ORBIT"):
    """A racetrack: all points within `radius_m` of a leg.

    CENTRE: the leg is the middle of the racetrack.  LEFT or RIGHT: the leg is one straight side of it, and the
    racetrack lies to that hand of one who flies from `start` to `end`: each end is moved by `radius_m` at a right angle
    to the leg.  Source: DOMAIN NOT-02.
    """

    start: Point
    end: Point
    radius_m: float
    side: Side = "CENTRE"

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "start", tuple(self.start))
        msgspec.structs.force_setattr(self, "end", tuple(self.end))


class Line(msgspec.Struct, frozen=True, tag="LINE"):
    """A standing line or a border with a buffer to each side: all points within `buffer_m` of it.

    By its area it is a corridor; it has its own name since people mean another thing by it.
    """

    line: tuple[Point, ...]
    buffer_m: float

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "line", _points(self.line))


class Arc(msgspec.Struct, frozen=True, tag="ARC"):
    """All points from `inner_m` to `outer_m` from a centre, from the bearing `from_deg` clockwise to `to_deg`.

    Distances and true bearings are of the WGS-84 geodesic from the centre.  `inner_m` 0: a slice of a pie.  Equal
    bearings, or 0 and 360, are the full turn: a ring.
    """

    lat: float
    lon: float
    inner_m: float
    outer_m: float
    from_deg: float
    to_deg: float


Shape: TypeAlias = Circle | Polygon | Corridor | Orbit | Line | Arc


def contains_shape(outer: Shape, inner: Shape) -> bool:
    """Whether `inner` lies within `outer` as far as their representation tells: the same in every implementation.

    True for equal shapes; for circles of one centre, corridors or lines of one line and orbits around one leg when the
    inner is no wider; and for arcs of one centre and the same bearings when the inner one's radii lie within the
    outer's.  Every other pair is False, even where the area is in truth contained: what hangs on this answer (whether
    a changed notice keeps its place) must not hang on floating point.  Source: DOMAIN RES-09.
    """
    match outer, inner:
        case (Circle(), Circle()):
            return (inner.lat, inner.lon) == (outer.lat, outer.lon) and inner.radius_m <= outer.radius_m
        case (Corridor(), Corridor()):
            return inner.line == outer.line and inner.half_width_m <= outer.half_width_m
        case (Line(), Line()):
            return inner.line == outer.line and inner.buffer_m <= outer.buffer_m
        case (Orbit(side="CENTRE"), Orbit(side="CENTRE")):
            return (inner.start, inner.end) == (outer.start, outer.end) and inner.radius_m <= outer.radius_m
        case (Arc(), Arc()):
            return _fan(inner) == _fan(outer) and outer.inner_m <= inner.inner_m and inner.outer_m <= outer.outer_m
    return outer == inner


def _fan(arc: Arc) -> tuple[float, float, float, float]:
    """What two arcs share when only their radii differ."""
    return (arc.lat, arc.lon, arc.from_deg, arc.to_deg)


def _points(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The same points as tuples, so that a shape built from lists (GeoJSON, JSON) is hashable like any other."""
    if type(points) is tuple and all(type(point) is tuple for point in points):
        return points
    return tuple(tuple(point) for point in points)  # type: ignore[misc]  # the length is validation's to judge
