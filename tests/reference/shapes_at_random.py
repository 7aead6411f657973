"""Shapes and volumes drawn from a seed: plain and nasty ones, at poles, over the antimeridian, thin, huge, touching, nested."""

import math
import random

from geographiclib.geodesic import Geodesic

from skyparley.geometry.levels import Level, Ref
from skyparley.geometry.shapes import Arc, Circle, Corridor, Line, Orbit, Polygon
from skyparley.geometry.validation import problems
from skyparley.geometry.volumes import Volume

HOUR_MS = 3_600_000
NASTY_PLACES = ((90.0, 0.0), (-90.0, 0.0), (89.9, 120.0), (0.0, 180.0), (52.0, -179.99), (0.0, 0.0), (-45.0, 179.5))


def moved(place, bearing, metres):
    """The place that lies so far from a place; longitudes in -180 to 180."""
    step = Geodesic.WGS84.Direct(*place, bearing, metres)
    return (step["lat2"], step["lon2"])


def some_place(rng):
    if rng.random() < 0.4:
        return rng.choice(NASTY_PLACES)
    return (math.degrees(math.asin(rng.uniform(-1, 1))), rng.uniform(-180, 180))


def some_size_m(rng, largest_m=2_000_000):
    return 10 ** rng.uniform(1.7, math.log10(largest_m))


def some_shape(rng, place, size_m, kind=None):
    """A shape without problems around a place, of one class if it is given."""
    makers = [maker for maker, made in MAKERS if kind in (None, made)]
    while True:
        shape = rng.choice(makers)(rng, place, size_m)
        if not problems(shape):
            return shape


def some_pair(rng):
    """Two shapes: apart, near, touching at a vertex, one in the other."""
    place, size_m = some_place(rng), some_size_m(rng)
    first = some_shape(rng, place, size_m)
    how = rng.choice(("apart", "near", "near", "nested", "touching"))
    if how == "apart":
        return first, some_shape(rng, some_place(rng), some_size_m(rng))
    if how == "nested":
        return first, some_shape(
            rng, moved(place, rng.uniform(0, 360), size_m * 0.05), size_m * 10 ** rng.uniform(-3, -1)
        )
    if how == "touching" and isinstance(first, Polygon):
        corner = rng.choice(first.outer)
        other = Polygon(
            (corner, *(moved(corner, turn, size_m / 2) for turn in sorted(rng.sample(range(0, 170, 5), 2))))
        )
        if not problems(other):
            return first, other
    return first, some_shape(rng, moved(place, rng.uniform(0, 360), size_m * rng.uniform(0.2, 4)), some_size_m(rng))


def some_volume(rng, place, size_m):
    """A volume with levels of any reference and a window from minutes to weeks."""
    lower, upper = some_band(rng)
    start = rng.randrange(-24, 72) * HOUR_MS + rng.randrange(HOUR_MS)
    length = rng.choice((1, 60_000, HOUR_MS, 3 * HOUR_MS, 24 * HOUR_MS, 30 * 24 * HOUR_MS, 380 * 24 * HOUR_MS))
    return Volume(some_shape(rng, place, size_m), lower, upper, start, start + length)


def some_band(rng):
    low, high = sorted(rng.sample(range(400), 2))
    lower_ref = rng.choice((Ref.FL, Ref.AMSL, Ref.W84, Ref.AGL))
    lower = Level(Ref.SFC) if rng.random() < 0.15 else Level(lower_ref, low * 100)
    upper_ref = lower_ref if rng.random() < 0.7 else rng.choice((Ref.FL, Ref.AMSL, Ref.W84))
    upper = Level(Ref.UNL) if rng.random() < 0.1 else Level(upper_ref, high * 100)
    return lower, upper


def some_volumes(rng, count):
    """Volumes crowded around a few places, of all sizes."""
    places = [some_place(rng) for _ in range(3)]
    return [
        some_volume(rng, moved(rng.choice(places), rng.uniform(0, 360), rng.uniform(0, 300_000)), some_size_m(rng))
        for _ in range(count)
    ]


def seeded(seed):
    return random.Random(seed)


def _circle(rng, place, size_m):
    return Circle(*place, size_m * rng.uniform(0.1, 1))


def _corridor(rng, place, size_m):
    line, bearing = [place], rng.uniform(0, 360)
    for _ in range(rng.randint(1, 6)):
        bearing += rng.uniform(-80, 80)
        line.append(moved(line[-1], bearing, size_m * rng.uniform(0.05, 1)))
    return Corridor(tuple(line), size_m * 10 ** rng.uniform(-3, -0.5))


def _star(rng, place, size_m, count=None):
    count = count or rng.randint(3, 14)
    turns = [360 * (i + rng.uniform(0, 0.7)) / count for i in range(count)]
    ring = [moved(place, turn, size_m * rng.uniform(0.3, 1)) for turn in turns]
    if rng.random() < 0.5:
        ring.reverse()
    if rng.random() < 0.3:
        ring.append(ring[0])
    return Polygon(tuple(ring))


def _sliver(rng, place, size_m):
    bearing = rng.uniform(0, 360)
    end = moved(place, bearing, size_m)
    width_m = max(2.0, size_m * 10 ** rng.uniform(-5, -1))
    return Polygon((place, end, moved(end, bearing + 90, width_m), moved(place, bearing + 90, width_m)))


def _holed(rng, place, size_m):
    ring = _star(rng, place, size_m, count=8)
    hole = _star(rng, place, size_m * 0.2)
    return Polygon(ring.outer, (hole.outer,))


def _line(rng, place, size_m):
    drawn = _corridor(rng, place, size_m)
    return Line(drawn.line, drawn.half_width_m)


def _orbit(rng, place, size_m):
    end = moved(place, rng.uniform(0, 360), size_m * rng.uniform(0.05, 1))
    return Orbit(place, end, size_m * 10 ** rng.uniform(-3, -0.2), rng.choice(("CENTRE", "LEFT", "RIGHT")))


def _arc(rng, place, size_m):
    """Slices, sectors and rings; fat ones and hair-thin ones; bearings often as people give them, in tens of degrees."""
    outer = max(2.0, size_m * rng.uniform(0.3, 1))
    inner = rng.choice((0.0, outer * rng.random(), outer - outer * 10 ** rng.uniform(-5, -0.5)))
    first = rng.choice((rng.randrange(0, 360, 10), rng.uniform(0, 360)))
    sweep = rng.choice((rng.uniform(0.05, 359.9), rng.choice((0.01, 90.0, 180.0, 270.0, 359.99)), 360.0))
    return Arc(*place, inner if inner >= 1 else 0.0, outer, first, (first + sweep) % 360)


MAKERS = (
    (_circle, Circle),
    (_corridor, Corridor),
    (_star, Polygon),
    (_star, Polygon),
    (_sliver, Polygon),
    (_holed, Polygon),
    (_line, Line),
    (_orbit, Orbit),
    (_arc, Arc),
)
