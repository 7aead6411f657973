"""Outlines of many shapes as arrays, with vertices as outline.py has them: plain spelling, no repeats, long edges split."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from skyparley.geometry.outline import Kind, Outline, outline
from skyparley.geometry.shapes import Circle, Corridor, Line, Polygon, Shape

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Flags: TypeAlias = npt.NDArray[np.bool_]

POINT, LINE, AREA = 0, 1, 2
_NUMBER: Final[dict[Kind, int]] = {"POINT": POINT, "LINE": LINE, "AREA": AREA}
_MAYBE_LONG_DEGREES: Final = 3.0  # an edge that spans less in both is surely not split.  Source: rings.edge_rad


class Outlines(NamedTuple):
    """n outlines.  Ring r has the vertices first_vertex[r] to first_vertex[r + 1], shape k the rings likewise.

    kinds [n], first_ring [n + 1], first_vertex [r + 1], lat_lon [v, 2] in degrees, radius_m [n].
    """

    kinds: npt.NDArray[np.int8]
    first_ring: Ints
    first_vertex: Ints
    lat_lon: Floats
    radius_m: Floats

    def shape(self, k: int) -> Shape:
        """The k-th outline as a shape: what had another name and the same outline comes back as one of these three."""
        rings = []
        for ring in range(self.first_ring[k], self.first_ring[k + 1]):
            points = self.lat_lon[self.first_vertex[ring] : self.first_vertex[ring + 1]].tolist()
            rings.append(tuple((lat, lon) for lat, lon in points))
        if self.kinds[k] == POINT:
            return Circle(*rings[0][0], float(self.radius_m[k]))
        if self.kinds[k] == LINE:
            return Corridor(rings[0], float(self.radius_m[k]))
        return Polygon(rings[0], tuple(rings[1:]))


def packed(outlines: Iterable[Outline]) -> Outlines:
    """Outlines one by one to arrays; nothing is changed."""
    kinds, radii, ring_counts, lengths = [], [], [], []
    points: list[tuple[float, float]] = []
    for kind, rings, radius_m in outlines:
        kinds.append(_NUMBER[kind])
        radii.append(radius_m)
        ring_counts.append(len(rings))
        for ring in rings:
            lengths.append(len(ring))
            points.extend(ring)
    lat_lon = np.array(points, np.float64).reshape(-1, 2)
    return Outlines(np.array(kinds, np.int8), _starts(ring_counts), _starts(lengths), lat_lon, np.array(radii, float))


AS_GIVEN: Final = (Circle, Corridor, Line, Polygon)
"""Shapes whose vertices are those that were given."""


def raw(shape: Shape) -> Outline:
    """A shape's vertices as they were given.  Shapes that compute theirs give those of their outline at once."""
    match shape:
        case Circle():
            return Outline("POINT", (((shape.lat, shape.lon),),), shape.radius_m)
        case Corridor():
            return Outline("LINE", (shape.line,), shape.half_width_m)
        case Line():
            return Outline("LINE", (shape.line,), shape.buffer_m)
        case Polygon():
            return Outline("AREA", (shape.outer, *shape.holes), 0.0)
        case _:
            return outline(shape)


def places_ok(given: Outlines) -> Flags:
    """For each outline whether it has vertices in every ring and all are places on the Earth."""
    lat, lon = given.lat_lon[:, 0], given.lat_lon[:, 1]
    with np.errstate(invalid="ignore"):
        bad_vertex = ~((np.abs(lat) <= 90.0) & (np.abs(lon) <= 180.0))
    lengths = np.diff(given.first_vertex)
    bad_ring = np.zeros(len(lengths), np.bool_)
    bad_ring[_ring_of_vertex(given)[bad_vertex]] = True
    bad_ring |= lengths == 0
    ok = np.diff(given.first_ring) > 0
    ok[_shape_of_ring(given)[bad_ring]] = False
    return ok


def tidied(given: Outlines) -> Outlines:
    """The same outlines with plain spelling, without repeats and with long edges split, as outline() would have them.

    All vertices must be places (places_ok); whether they make an area is not looked at.
    """
    plain = given._replace(lat_lon=_plain(given.lat_lon))
    closed = (plain.kinds == AREA)[_shape_of_ring(plain)]
    kept = _without(plain, _repeated(plain))
    tidy = _without(kept, _closing(kept, closed))
    long_edges = np.unique(_shape_of_ring(tidy)[_ring_of_vertex(tidy)[_maybe_long(tidy)]])
    return _replaced(tidy, long_edges.tolist())


def joined(parts: Sequence[Outlines]) -> Outlines:
    """The outlines of all parts, one after the other."""
    rings = np.cumsum([0, *(len(part.first_vertex) - 1 for part in parts)])
    vertices = np.cumsum([0, *(len(part.lat_lon) for part in parts)])
    first_ring = [part.first_ring[:-1] + start for part, start in zip(parts, rings, strict=False)]
    first_vertex = [part.first_vertex[:-1] + start for part, start in zip(parts, vertices, strict=False)]
    return Outlines(
        np.concatenate([part.kinds for part in parts]),
        np.concatenate([*first_ring, rings[-1:]]).astype(np.int64),
        np.concatenate([*first_vertex, vertices[-1:]]).astype(np.int64),
        np.concatenate([part.lat_lon for part in parts]),
        np.concatenate([part.radius_m for part in parts]),
    )


def unit_vectors(lat_lon: Floats) -> Floats:
    """Unit vectors [v, 3] of places [v, 2] in degrees."""
    lat, lon = np.radians(lat_lon[:, 0]), np.radians(lat_lon[:, 1])
    across = np.cos(lat)
    return np.stack((across * np.cos(lon), across * np.sin(lon), np.sin(lat)), axis=1)


def _starts(lengths: list[int]) -> Ints:
    return np.cumsum(np.array([0, *lengths], np.int64))


def _plain(lat_lon: Floats) -> Floats:
    """rings.plain_point for all: longitude -180 is 180, and a pole has longitude 0."""
    lat, lon = lat_lon[:, 0], lat_lon[:, 1]
    return np.stack((lat, np.where(np.abs(lat) == 90.0, 0.0, np.where(lon == -180.0, 180.0, lon))), axis=1)


def _ring_of_vertex(given: Outlines) -> Ints:
    return np.repeat(np.arange(len(given.first_vertex) - 1), np.diff(given.first_vertex))


def _shape_of_ring(given: Outlines) -> Ints:
    return np.repeat(np.arange(len(given.kinds)), np.diff(given.first_ring))


def _repeated(given: Outlines) -> Flags:
    """Vertices that equal the one before them in their ring."""
    again = np.zeros(len(given.lat_lon), np.bool_)
    again[1:] = np.all(given.lat_lon[1:] == given.lat_lon[:-1], axis=1)
    again[given.first_vertex[:-1]] = False
    return again


def _closing(given: Outlines, closed: Flags) -> Flags:
    """Last vertices of closed rings that equal the first."""
    first, last = given.first_vertex[:-1], given.first_vertex[1:] - 1
    same = closed & (last > first) & np.all(given.lat_lon[first] == given.lat_lon[last], axis=1)
    closing = np.zeros(len(given.lat_lon), np.bool_)
    closing[last[same]] = True
    return closing


def _without(given: Outlines, dropped: Flags) -> Outlines:
    if not dropped.any():
        return given
    before = np.concatenate(([0], np.cumsum(~dropped)))
    return given._replace(first_vertex=before[given.first_vertex], lat_lon=given.lat_lon[~dropped])


def _maybe_long(given: Outlines) -> Flags:
    """Vertices from which an edge starts that may have to be split; an open line's last counts as if it were closed."""
    if len(given.lat_lon) == 0:
        return np.zeros(0, np.bool_)
    following = np.arange(1, len(given.lat_lon) + 1)
    following[given.first_vertex[1:] - 1] = given.first_vertex[:-1]
    spans = np.abs(given.lat_lon[following] - given.lat_lon)
    long: Flags = np.any(spans >= _MAYBE_LONG_DEGREES, axis=1)
    return long


def _replaced(given: Outlines, places: list[int]) -> Outlines:
    """With the outlines at some places made anew by outline()."""
    if not places:
        return given
    parts, after = [], 0
    for k in places:
        parts += [_slice(given, after, k), packed([outline(given.shape(k))])]
        after = k + 1
    parts.append(_slice(given, after, len(given.kinds)))
    whole = joined(parts)
    return whole._replace(radius_m=given.radius_m)


def _slice(given: Outlines, start: int, end: int) -> Outlines:
    rings = given.first_ring[start : end + 1]
    vertices = given.first_vertex[rings[0] : rings[-1] + 1]
    return Outlines(
        given.kinds[start:end],
        rings - rings[0],
        vertices - vertices[0],
        given.lat_lon[vertices[0] : vertices[-1]],
        given.radius_m[start:end],
    )
