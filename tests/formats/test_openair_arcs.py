"""Arcs as chords: no ground is lost on either side of an arc, and none gained beyond the bound."""

import math

import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from how_many import examples
from skyparley.formats.arcs import OUTSIDE_M, Curve, arc_between, arc_of_bearings, at, ring_of
from skyparley.geometry.shapes import Circle, Point, Polygon
from skyparley.geometry.sphere import core, core_distance_m

centres = st.tuples(st.floats(-75, 75), st.floats(-180, 180))
radii_m = st.floats(300, 150_000)
ON_THE_EDGE_M = 0.02  # a tangent touches the circle: between ellipsoid and sphere that is a matter of millimetres


def outside_m(ring: tuple[Point, ...], point: Point) -> float:
    """Metres by which a point lies outside a ring; 0 inside."""
    return core_distance_m(core(Polygon(ring)), core(Circle(*point, 0.0)))


def along(arc: Curve, count: int = 40) -> list[Point]:
    """Points of the true arc, by the geodesics of the ellipsoid."""
    points = []
    for place in range(count + 1):
        share = place / count
        radius_m = arc.start_m + (arc.end_m - arc.start_m) * share
        points.append(at(arc.centre, arc.bearing_deg + arc.sweep_deg * share, radius_m))
    return points


def distance_m(a: Point, b: Point) -> float:
    return float(Geodesic.WGS84.Inverse(*a, *b)["s12"])


@settings(max_examples=examples(60), deadline=None)
@given(centres, radii_m, st.floats(0, 360), st.floats(5, 350), st.booleans())
def test_an_arc_that_bulges_out_loses_no_ground(
    centre: Point, radius_m: float, from_deg: float, turn_deg: float, clockwise: bool
) -> None:
    to_deg = from_deg + turn_deg if clockwise else from_deg - turn_deg
    arc = arc_of_bearings(centre, radius_m, from_deg, to_deg, clockwise=clockwise)
    ring = ring_of([arc, centre] if turn_deg < 175 or turn_deg > 185 else [arc])  # a sector: the arc bulges out of it
    for point in along(arc):
        assert outside_m(ring, point) < ON_THE_EDGE_M
    for point in ring:
        assert distance_m(centre, point) < radius_m + OUTSIDE_M


@settings(max_examples=examples(60), deadline=None)
@given(centres, st.floats(1_000, 100_000), st.floats(0, 360), st.floats(10, 170), st.booleans())
def test_an_arc_cut_into_an_area_loses_no_ground(
    centre: Point, radius_m: float, from_deg: float, turn_deg: float, clockwise: bool
) -> None:
    """The area is the ring between an arc and corners farther out; what lies just outside the circle is still in it."""
    to_deg = from_deg + turn_deg if clockwise else from_deg - turn_deg
    arc = arc_of_bearings(centre, radius_m, from_deg, to_deg, clockwise=clockwise)
    wide_m = 2 * radius_m / math.cos(math.radians(turn_deg / 2))
    ring = ring_of([arc, at(centre, to_deg, wide_m), at(centre, from_deg, wide_m)])
    for point in along(arc):
        assert outside_m(ring, point) < ON_THE_EDGE_M
    for point in ring[:-2]:
        assert radius_m - ON_THE_EDGE_M < distance_m(centre, point) < radius_m + ON_THE_EDGE_M
    middle = at(centre, from_deg + (to_deg - from_deg) / 2, radius_m - OUTSIDE_M - 1)
    assert outside_m(ring, middle) > 0.5  # and no more than the bound is gained inside the circle


@settings(max_examples=examples(40), deadline=None)
@given(centres, st.floats(2_000, 60_000), st.floats(-0.05, 0.05), st.floats(0, 360), st.floats(20, 340), st.booleans())
def test_an_arc_with_two_radii_goes_from_one_to_the_other_and_loses_no_ground(
    centre: Point, radius_m: float, more: float, from_deg: float, turn_deg: float, clockwise: bool
) -> None:
    sign = 1 if clockwise else -1
    start, end = at(centre, from_deg, radius_m), at(centre, from_deg + sign * turn_deg, radius_m * (1 + more))
    arc = arc_between(centre, start, end, clockwise=clockwise)
    assert (arc.start_m, arc.end_m) == (pytest.approx(radius_m), pytest.approx(radius_m * (1 + more)))
    assert arc.sweep_deg == pytest.approx(sign * turn_deg, abs=1e-6)
    ring = ring_of([arc, centre])
    if not 175 < turn_deg < 185:
        assert max(outside_m(ring, point) for point in along(arc)) < ON_THE_EDGE_M
    assert start in ring
    assert end in ring


def test_equal_ends_are_a_full_circle() -> None:
    centre, start = (50.0, 10.0), at((50.0, 10.0), 90, 5_000)
    for clockwise, sweep_deg in ((True, 360.0), (False, -360.0)):
        assert arc_between(centre, start, start, clockwise=clockwise).sweep_deg == sweep_deg


def test_a_ring_without_arcs_is_its_points() -> None:
    points = ((50.0, 10.0), (51.0, 10.0), (51.0, 11.0))
    assert ring_of(points) == points
