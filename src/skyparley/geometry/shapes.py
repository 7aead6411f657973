"""The shapes: circle, polygon with holes, corridor.  Values only; what they mean on the sphere is in sphere.py.

Axes: (lat, lon) in degrees, WGS-84, latitude north, longitude east.  Lengths in metres.  A shape may be built from
anything; `validation.problems` says whether it can be used.
"""

from typing import TypeAlias

import msgspec

Point: TypeAlias = tuple[float, float]
"""(lat, lon), degrees."""


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


Shape: TypeAlias = Circle | Polygon | Corridor


def contains_shape(outer: Shape, inner: Shape) -> bool:
    """Whether `inner` lies within `outer` as far as their representation tells: the same in every implementation.

    True for equal shapes, for circles of one centre and corridors of one line when the inner is no wider.  Every
    other pair is False, even where the area is in truth contained: what hangs on this answer (whether a changed
    notice keeps its place) must not hang on floating point.  Source: DOMAIN RES-09.
    """
    if isinstance(outer, Circle) and isinstance(inner, Circle):
        return (inner.lat, inner.lon) == (outer.lat, outer.lon) and inner.radius_m <= outer.radius_m
    if isinstance(outer, Corridor) and isinstance(inner, Corridor):
        return inner.line == outer.line and inner.half_width_m <= outer.half_width_m
    return outer == inner


def _points(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The same points as tuples, so that a shape built from lists (GeoJSON, JSON) is hashable like any other."""
    if type(points) is tuple and all(type(point) is tuple for point in points):
        return points
    return tuple(tuple(point) for point in points)  # type: ignore[misc]  # the length is validation's to judge
