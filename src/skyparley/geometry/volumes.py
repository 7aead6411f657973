"""Volumes in four dimensions, the gaps between two of them, and the verdict whether they conflict.

Three tests, and two volumes conflict only if all three say so: lateral gap < L, vertical gap < V, time gap < T.  With
a required gap of 0 each test asks for overlap: what merely touches is apart.

Lateral, with d the distance between the cores on the sphere and r the sum of the two radii: the gap reported is
max(0, d - r), and the volumes are too close exactly when d * (1 - ELLIPSOID_BOUND) - r < L.  The sphere may make a
distance up to 0.56 % too long (a meridian at the equator: 0.5583 %); the bound is taken on the whole of d and so
added to what is required, never subtracted.  Two polygons (r = 0) with L = 0 are too close when they share area; an
edge or a vertex in common is not area.  Source: DESIGN, Geometry; DOMAIN 8 and 11.3.
"""

from typing import Final

import msgspec

from skyparley.geometry.areas import area_m2
from skyparley.geometry.levels import Level, LevelRules, band_problems, signed_vertical_gap_ft
from skyparley.geometry.problem import Problem, Unusable
from skyparley.geometry.shapes import Shape, contains_shape
from skyparley.geometry.sphere import Core, core, core_distance_m, interiors_meet
from skyparley.geometry.validation import problems
from skyparley.geometry.windows import signed_time_gap_ms, window_problems

__all__ = [
    "ELLIPSOID_BOUND",
    "Gaps",
    "Separation",
    "Unusable",
    "Verdict",
    "Volume",
    "area_m2",
    "contains_shape",
    "gaps",
    "judge",
    "separated",
    "too_close",
    "verdict_of_cores",
    "volume_problems",
]

ELLIPSOID_BOUND: Final = 0.0056


class Volume(msgspec.Struct, frozen=True):
    """A shape between two levels during the half-open window [start_ms, end_ms), UTC milliseconds."""

    shape: Shape
    lower: Level
    upper: Level
    start_ms: int
    end_ms: int


class Separation(msgspec.Struct, frozen=True):
    """What the table requires between two volumes.  Raises ValueError on a negative number."""

    lateral_m: int
    vertical_ft: int
    time_ms: int
    reference_margin_ft: int
    highest_ground_ft: int

    def __post_init__(self) -> None:
        if min(self.lateral_m, self.vertical_ft, self.time_ms, self.reference_margin_ft, self.highest_ground_ft) < 0:
            raise ValueError("a separation has no negative numbers")

    @property
    def level_rules(self) -> LevelRules:
        return LevelRules(self.reference_margin_ft, self.highest_ground_ft)


class Gaps(msgspec.Struct, frozen=True):
    """How far apart two volumes are in each of the three senses; 0 where they touch or overlap."""

    lateral_m: float
    vertical_ft: int
    time_ms: int


class Verdict(msgspec.Struct, frozen=True):
    """Whether two volumes conflict, by which gaps, and the `margin_m` that was added to L for the ellipsoid."""

    conflict: bool
    gaps: Gaps
    margin_m: float


def volume_problems(volume: Volume) -> tuple[Problem, ...]:
    """All that is wrong with the shape, the band and the window; empty when the volume can be used."""
    return (
        *problems(volume.shape),
        *band_problems(volume.lower, volume.upper),
        *window_problems(volume.start_ms, volume.end_ms),
    )


def gaps(a: Volume, b: Volume, sep: Separation) -> Gaps:
    """The three gaps between two volumes that have no problems.  Raises Unusable if a shape has no core."""
    return judge(a, b, sep).gaps


def judge(a: Volume, b: Volume, sep: Separation) -> Verdict:
    """The verdict on two volumes that have no problems, with all three gaps.

    Symmetric.  Raises Unusable if a shape has no core.
    """
    return verdict_of_cores(a, b, sep, (core(a.shape), core(b.shape)))


def separated(a: Volume, b: Volume, sep: Separation) -> bool:
    """Whether time or levels alone keep two volumes apart: the cheap tests, made before any distance is computed."""
    if signed_time_gap_ms(a.start_ms, a.end_ms, b.start_ms, b.end_ms) >= sep.time_ms:
        return True
    return signed_vertical_gap_ft(a.lower, a.upper, b.lower, b.upper, sep.level_rules) >= sep.vertical_ft


def verdict_of_cores(a: Volume, b: Volume, sep: Separation, cores: tuple[Core, Core]) -> Verdict:
    """The same as judge, for a caller that holds the cores of both."""
    time_ms = signed_time_gap_ms(a.start_ms, a.end_ms, b.start_ms, b.end_ms)
    vertical_ft = signed_vertical_gap_ft(a.lower, a.upper, b.lower, b.upper, sep.level_rules)
    distance_m, radii_m = core_distance_m(*cores), cores[0].radius_m + cores[1].radius_m
    near = time_ms < sep.time_ms and vertical_ft < sep.vertical_ft
    conflict = near and _too_close(distance_m, radii_m, sep.lateral_m, cores)
    found = Gaps(lateral_m=max(0.0, distance_m - radii_m), vertical_ft=max(0, vertical_ft), time_ms=max(0, time_ms))
    return Verdict(conflict, found, distance_m * ELLIPSOID_BOUND)


def too_close(cores: tuple[Core, Core], lateral_m: int) -> bool:
    """Whether two cores with their radii are too close by area alone: the lateral test of the verdict."""
    return _too_close(core_distance_m(*cores), cores[0].radius_m + cores[1].radius_m, lateral_m, cores)


def reach_m(core_radius_m: float, sep: Separation) -> float:
    """One volume's share of the largest distance between two cores that can conflict.

    Grow one core by reach_m(its radius, sep) and the other by reach_m(its radius, no separation): cores that conflict
    meet.
    """
    return (core_radius_m + sep.lateral_m) / (1 - ELLIPSOID_BOUND)


def _too_close(distance_m: float, radii_m: float, required_m: int, cores: tuple[Core, Core]) -> bool:
    if distance_m * (1 - ELLIPSOID_BOUND) - radii_m < required_m:
        return True
    return distance_m == radii_m == required_m == 0 and interiors_meet(*cores)
