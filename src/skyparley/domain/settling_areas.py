"""Smaller areas: a radius or a width reduced, an arc trimmed, a polygon cut by a line.

What is made smaller meets nothing new, so the least reduction is found by halving: what is clear stays clear when it is
made smaller still.  Source: DOMAIN RES-02.
"""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from msgspec.structs import replace

from skyparley.domain.settling_arcs import trimmed
from skyparley.domain.settling_lines import cut_clear
from skyparley.domain.settling_parts import Apart, Mover, Near, is_clear
from skyparley.domain.settling_steps import most_steps, step_m
from skyparley.geometry.areas import area_m2
from skyparley.geometry.shapes import Arc, Circle, Corridor, Line, Orbit, Polygon, Shape
from skyparley.geometry.volumes import Volume

Widened: TypeAlias = Circle | Orbit | Corridor | Line

LEAST_SHARE: Final = 0.9995
"""Of the least area: the sphere makes a circle of just the least radius a little smaller than pi r squared."""


def smaller(volume: Volume, met: Sequence[Near], mover: Mover) -> Volume | None:
    """The volume with the largest smaller area that is clear of what is met, or None.  A Change (settling_spans.py)."""
    apart = [near.apart for near in met]
    best = _largest(volume.shape, tuple(dict.fromkeys(apart)), mover.least_radius_m)
    return None if best is None else replace(volume, shape=best)


@lru_cache(maxsize=1_024)
def _largest(shape: Shape, apart: tuple[Apart, ...], least_radius_m: int) -> Shape | None:
    """The answer hangs on areas alone, and is asked for again with other levels and windows."""
    found = [made for made in _smaller_shapes(shape, apart) if is_large_enough(made, shape, least_radius_m)]
    return max(found, key=area_m2, default=None)


def is_large_enough(shape: Shape, before: Shape, least_radius_m: int) -> bool:
    """Whether an area is as large as a circle of the least radius, or as it was."""
    if shape == before:
        return True
    least_m2 = math.pi * least_radius_m**2 * LEAST_SHARE
    return area_m2(shape) >= min(least_m2, area_m2(before) * LEAST_SHARE)


def _smaller_shapes(shape: Shape, apart: Sequence[Apart]) -> Iterator[Shape]:
    match shape:
        case Polygon():
            yield from cut_clear(shape, apart)
        case Arc():
            yield from trimmed(shape, apart)
        case Circle() | Orbit() | Corridor() | Line():
            width_m = width_of(shape)
            step = step_m(width_m)
            steps = most_steps(width_m, step, lambda width: is_clear(with_width(shape, width), apart))
            if steps:
                yield with_width(shape, steps * step)


def width_of(shape: Widened) -> float:
    """The radius, half-width or buffer, metres."""
    match shape:
        case Circle() | Orbit():
            return shape.radius_m
        case Corridor():
            return shape.half_width_m
        case Line():
            return shape.buffer_m


def with_width(shape: Widened, width_m: float) -> Shape:
    """The shape with another radius, half-width or buffer in whole metres."""
    match shape:
        case Circle() | Orbit():
            return replace(shape, radius_m=int(width_m))
        case Corridor():
            return replace(shape, half_width_m=int(width_m))
        case Line():
            return replace(shape, buffer_m=int(width_m))
