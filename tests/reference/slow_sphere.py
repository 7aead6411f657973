"""The slow twin of geometry/sphere.py: distances between cores by vectors, edge by edge.

It shares nothing with the fast code but the definitions: mean sphere, great-circle edges, edges over 500 km cut along the WGS-84
geodesic in equal pieces of at most 100 km, a ring read as its smaller side.
"""

import math
from itertools import pairwise

import numpy as np
from geographiclib.geodesic import Geodesic

from reference.slow_outlines import arc_rings, racetrack_line
from skyparley.geometry.shapes import Arc, Circle, Corridor, Line, Orbit, Polygon

RADIUS_M = 6_371_008.8  # (2 a + b) / 3 of WGS-84, to the decimetre


def unit(lat, lon):
    lat, lon = math.radians(lat), math.radians(lon)
    return (math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat))


def dot(a, b):
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a, b):
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


def scaled(a, by):
    return (a[0] * by, a[1] * by, a[2] * by)


def plus(a, b):
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def norm(a):
    return math.sqrt(dot(a, a))


def normalised(a):
    return scaled(a, 1 / norm(a))


def between_points(a, b):
    """Radians between two points."""
    return math.atan2(norm(cross(a, b)), dot(a, b))


def on_arc(point, arc):
    """Whether a point of an arc's great circle lies between the arc's ends."""
    a, b = arc
    normal = cross(a, b)
    return dot(cross(a, point), normal) >= 0 and dot(cross(point, b), normal) >= 0


def to_arc(point, arc):
    """Radians from a point to an arc: to its great circle where the foot is on the arc, else to the nearer end."""
    a, b = arc
    normal = cross(a, b)
    ends = min(between_points(point, a), between_points(point, b))
    foot = cross(normal, cross(point, normal))
    if norm(normal) < 1e-15 or norm(foot) < 1e-15 or not on_arc(normalised(foot), arc):
        return ends
    return min(ends, abs(math.atan2(dot(point, normal), norm(cross(point, normal)))))


def arcs_cross(first, second):
    """Whether two arcs have a point in common, by the two points where their great circles meet."""
    line = cross(cross(*first), cross(*second))
    if norm(line) < 1e-20:
        return False
    place = normalised(line)
    return any(on_arc(p, first) and on_arc(p, second) for p in (place, scaled(place, -1)))


def between_arcs(first, second):
    """Radians between two arcs."""
    if arcs_cross(first, second):
        return 0.0
    return min(to_arc(first[0], second), to_arc(first[1], second), to_arc(second[0], first), to_arc(second[1], first))


def cut(points, closed):
    """Arcs of a line or ring in degrees, long ones cut along the geodesic."""
    pairs = list(pairwise([*points, points[0]] if closed else points))
    arcs = []
    for start, end in pairs:
        if start == end:
            continue
        geodesic = Geodesic.WGS84.Inverse(*start, *end)
        pieces = math.ceil(geodesic["s12"] / 100_000) if geodesic["s12"] > 500_000 else 1
        stops = [start]
        for piece in range(1, pieces):
            step = Geodesic.WGS84.Direct(*start, geodesic["azi1"], geodesic["s12"] * piece / pieces)
            stops.append((step["lat2"], step["lon2"]))
        stops.append(end)
        arcs += [(unit(*a), unit(*b)) for a, b in pairwise(stops)]
    return arcs


class Ring:
    """The smaller side of a ring, and whether a point lies in it: by counting crossings from a point known to lie in it."""

    def __init__(self, points):
        self.arcs = cut(points, closed=True)
        turned = 0.0
        for (a, b), (_, c) in pairwise([*self.arcs, self.arcs[0]]):
            before, after = cross(a, b), cross(b, c)
            turned += math.atan2(dot(b, cross(before, after)), dot(before, after))
        left_is_inside = turned > 0  # Gauss and Bonnet: the area to the left is 2 pi less all turns
        a, b = max(self.arcs, key=lambda arc: between_points(*arc))
        middle = normalised(plus(a, b))
        room = nearest_of_many([(middle, middle)], [arc for arc in self.arcs if arc != (a, b)])
        aside = scaled(normalised(cross(a, b)), math.tan(0.3 * min(room, 0.5)) * (1 if left_is_inside else -1))
        self.inner = normalised(plus(middle, aside))

    def has(self, point):
        if between_points(point, self.inner) < 1e-14:
            return True
        for waypoint in ((0.3, 0.5, 0.7), (-0.6, 0.2, 0.5), (0.1, -0.8, 0.3), (0.4, 0.3, -0.9)):
            via = normalised(plus(normalised(waypoint), plus(self.inner, point)))
            legs = [(self.inner, via), (via, point)]
            if all(1e-12 < between_points(*leg) < 3.0 for leg in legs):
                return sum(arcs_cross(leg, arc) for leg in legs for arc in self.arcs) % 2 == 0
        raise AssertionError("no way from the inner point to this one")


class SlowCore:
    """Arcs (or one point), and for an area its rings."""

    def __init__(self, shape):
        self.rings = []
        match shape:
            case Circle():
                point = unit(shape.lat, shape.lon)
                self.radius_m, self.points, self.arcs = shape.radius_m, [point], [(point, point)]
            case Corridor():
                self._along(shape.line, shape.half_width_m)
            case Line():
                self._along(shape.line, shape.buffer_m)
            case Orbit():
                self._along(racetrack_line(shape), shape.radius_m)
            case Polygon():
                self._within((shape.outer, *shape.holes))
            case Arc():
                self._within(arc_rings(shape))

    def _along(self, line, width_m):
        self.radius_m, self.arcs = width_m, cut(line, closed=False)
        self.points = [self.arcs[0][0], *(end for _, end in self.arcs)]

    def _within(self, rings):
        self.radius_m = 0.0
        self.rings = [Ring(ring) for ring in rings]
        self.arcs = [arc for ring in self.rings for arc in ring.arcs]
        self.points = [start for start, _ in self.arcs]

    def has(self, point):
        return bool(self.rings) and self.rings[0].has(point) and not any(hole.has(point) for hole in self.rings[1:])


def slow_distance_m(a, b):
    """Metres between the cores of two shapes: 0 if an edge crosses or one lies in the other, else the nearest two edges."""
    first, second = SlowCore(a), SlowCore(b)
    if len(first.arcs) * len(second.arcs) > 2_000:
        nearest = nearest_of_many(first.arcs, second.arcs)
    else:
        nearest = min(between_arcs(p, q) for p in first.arcs for q in second.arcs)
    if nearest == 0.0 or first.has(second.points[0]) or second.has(first.points[0]):
        return 0.0
    return nearest * RADIUS_M


def nearest_of_many(first, second):
    """The least of between_arcs over all pairs, by arrays: for shapes of thousands of vertices."""
    few, many = sorted((first, second), key=len)
    a, b = (np.array(ends) for ends in zip(*many, strict=True))
    normals = np.cross(a, b)
    least = math.inf
    for arc in few:
        start, end = np.array(arc[0]), np.array(arc[1])
        normal = np.cross(start, end)
        if _any_cross(arc, a, b, normals):
            return 0.0
        gaps = [_to_arcs(point, a, b, normals) for point in (start, end)]
        gaps += [_to_arcs(points, start, end, normal) for points in (a, b)]
        least = min(least, *(float(gap.min()) for gap in gaps))
    return least


def _angles(a, b):
    return np.arctan2(np.linalg.norm(np.cross(a, b), axis=-1), (a * b).sum(-1))


def _on_arcs(points, a, b, normals):
    return ((np.cross(a, points) * normals).sum(-1) >= 0) & ((np.cross(points, b) * normals).sum(-1) >= 0)


def _to_arcs(point, a, b, normals):
    """Radians from one point to each of many arcs, or from each of many points to one arc."""
    ends = np.minimum(_angles(a, point), _angles(b, point))
    across = np.cross(point, normals)
    beside = np.abs(np.arctan2((normals * point).sum(-1), np.linalg.norm(across, axis=-1)))
    feet = np.cross(normals, across)
    sound = (np.linalg.norm(normals, axis=-1) >= 1e-15) & (np.linalg.norm(feet, axis=-1) >= 1e-15)
    return np.where(sound & _on_arcs(feet, a, b, normals), np.minimum(ends, beside), ends)


def _any_cross(arc, a, b, normals):
    """Whether one arc has a point in common with any of the others."""
    own = np.array(arc[0]), np.array(arc[1])
    normal = np.cross(*own)
    lines = np.cross(normal, normals)
    sound = np.linalg.norm(lines, axis=-1) >= 1e-20
    return any(
        bool((sound & _on_arcs(points, a, b, normals) & _on_arcs(points, own[0], own[1], normal)).any())
        for points in (lines, -lines)
    )
