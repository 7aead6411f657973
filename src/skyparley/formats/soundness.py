"""Whether a volume of a file can be used.  A file may hold more vertices than the line between two nodes carries."""

from functools import lru_cache
from typing import Final

from skyparley.geometry.areas import area_m2
from skyparley.geometry.levels import band_problems
from skyparley.geometry.problem import Problem, Unusable
from skyparley.geometry.shapes import Circle, Corridor, Point, Polygon, Shape
from skyparley.geometry.sphere import core, core_distance_m
from skyparley.geometry.validation import LEAST_AREA_M2, problems, vertices_needed
from skyparley.geometry.volumes import Volume
from skyparley.geometry.windows import window_problems

VERTICES_READ: Final = 100_000  # of one shape of a file, long edges split; a coast line has 10,000


def flaws_of(volume: Volume) -> tuple[Problem, ...]:
    """All that is wrong with a volume; empty when it can be used."""
    return (
        *shape_flaws(volume.shape),
        *band_problems(volume.lower, volume.upper),
        *window_problems(volume.start_ms, volume.end_ms),
    )


@lru_cache(maxsize=4_096)
def shape_flaws(shape: Shape) -> tuple[Problem, ...]:
    """All that is wrong with a shape, as `validation.problems` has it, save that it may have VERTICES_READ vertices.

    Cached: who has mended an outline has asked already.
    """
    found = problems(shape)
    if [problem.code for problem in found] != ["TOO_MANY_VERTICES"]:
        return found
    return _large_shape_flaws(shape)


def _large_shape_flaws(shape: Shape) -> tuple[Problem, ...]:
    """The same for a shape of thousands of vertices: its rings are judged one by one and then together."""
    vertices = vertices_needed(shape)
    if vertices > VERTICES_READ:
        text = f"{vertices} vertices, those counted that long edges need; at most {VERTICES_READ}"
        return (Problem("TOO_MANY_VERTICES", text),)
    try:
        core(shape)
    except Unusable as flaw:
        return flaw.problems
    if not isinstance(shape, Polygon):
        return ()
    if area_m2(Polygon(shape.outer)) < LEAST_AREA_M2:
        return (Problem("ZERO_AREA", f"the outer ring encloses less than {LEAST_AREA_M2:g} square metre"),)
    return tuple(
        Problem("HOLE_OUTSIDE", f"hole {place} must lie inside the outer ring without touching it")
        for place, hole in enumerate(shape.holes, 1)
        if not _inside(shape.outer, hole)
    )


def _inside(outer: tuple[Point, ...], hole: tuple[Point, ...]) -> bool:
    """Whether a hole lies in the ring and touches its edge nowhere.  That rings do not cross is known by now."""
    edge = core(Corridor((*outer, outer[0]), 0.0))
    first = core(Circle(*hole[0], 0.0))
    return core_distance_m(core(Polygon(outer)), first) == 0.0 and core_distance_m(edge, core(Polygon(hole))) > 0.0
