"""Arcs made smaller: a smaller outer radius, a larger inner one, or less of the fan at either end.

The outline of an arc takes tens of milliseconds, since each of its vertices is a geodesic.  So the size is sought with a
draft on the sphere, which is right to 0.56 % of the radius, and only what was found is judged as it is.
Source: DOMAIN RES-02.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from skyparley.domain.settling_parts import Apart, is_clear
from skyparley.domain.settling_steps import most_steps, step_m
from skyparley.geometry.areas import area_m2
from skyparley.geometry.rings import EARTH_RADIUS_M, vector
from skyparley.geometry.sectors import sweep_deg
from skyparley.geometry.shapes import Arc, Point, Polygon
from skyparley.geometry.turning import place_of, tangent

CHORD_DEG: Final = 5.0
"""Of a draft."""
TRIES: Final = 3
"""Steps further down that are tried where a draft was clear and the arc itself is not."""


class _Way(NamedTuple):
    made: Callable[[float], Arc]
    size: float
    step: float


def trimmed(shape: Arc, apart: Sequence[Apart]) -> Iterator[Arc]:
    """The arc that keeps most of its area of those that one trim makes clear of what is met; nothing where none is."""
    sought = []
    for way in _ways(shape):
        steps = _most_drafted(way, apart)
        if steps:
            sought.append((area_m2(way.made(steps * way.step)), steps, way))
    for _, steps, way in sorted(sought, key=lambda one: one[0], reverse=True):
        for fewer in range(min(TRIES, steps)):
            arc = way.made((steps - fewer) * way.step)
            if is_clear(arc, apart):
                yield arc
                return


def draft(arc: Arc) -> Polygon:
    """The arc on the sphere, with chords of CHORD_DEG: for comparing sizes, never for a verdict."""
    sweep, centre = sweep_deg(arc), (arc.lat, arc.lon)
    chords = math.ceil(sweep / CHORD_DEG)
    bearings = [arc.from_deg + sweep * place / chords for place in range(chords + 1)]
    outer = _rim(centre, bearings, arc.outer_m / math.cos(math.radians(sweep / chords / 2)))
    inner = _rim(centre, bearings, arc.inner_m) if arc.inner_m else (centre,)
    if sweep == 360.0:
        return Polygon(outer[:-1], (inner[:-1],))
    return Polygon((*outer, *inner[::-1]))


def _rim(centre: Point, bearings: Sequence[float], radius_m: float) -> tuple[Point, ...]:
    at, cos, sin = vector(centre), math.cos(radius_m / EARTH_RADIUS_M), math.sin(radius_m / EARTH_RADIUS_M)
    aheads = [tangent(at, bearing) for bearing in bearings]
    return tuple(
        place_of((at[0] * cos + ahead[0] * sin, at[1] * cos + ahead[1] * sin, at[2] * cos + ahead[2] * sin))
        for ahead in aheads
    )


def _ways(shape: Arc) -> tuple[_Way, ...]:
    deep_m, sweep = shape.outer_m - shape.inner_m, sweep_deg(shape)
    deep_step, fan_step = step_m(deep_m), 5.0 if sweep > 30 else 1.0
    return (
        _Way(lambda deep: replace(shape, outer_m=int(shape.inner_m + deep)), deep_m, deep_step),
        _Way(lambda deep: replace(shape, inner_m=math.ceil(shape.outer_m - deep)), deep_m, deep_step),
        _Way(lambda left: replace(shape, to_deg=round((shape.from_deg + left) % 360, 3)), sweep, fan_step),
        _Way(lambda left: replace(shape, from_deg=round((shape.to_deg - left) % 360, 3)), sweep, fan_step),
    )


def _most_drafted(way: _Way, apart: Sequence[Apart]) -> int:
    return most_steps(way.size, way.step, lambda size: is_clear(draft(way.made(size)), apart))
