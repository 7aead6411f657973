"""Arcs: their chords hold the true sector of the ellipsoid and add at most 10 m, wherever it lies and however thin it is.

The true sector is told by PROJ's geodesics, which the package does not use.
"""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from how_many import examples
from reference.shapes_at_random import seeded, some_place, some_shape, some_size_m
from reference.slow_outlines import arc_rings
from skyparley.base.limits import ARC_OUTER_M
from skyparley.geometry.areas import area_m2
from skyparley.geometry.outline import outline
from skyparley.geometry.rings import EARTH_RADIUS_M, angle, vector
from skyparley.geometry.sectors import sector_vertices, sweep_deg
from skyparley.geometry.shapes import Arc, Circle, contains_shape
from skyparley.geometry.sphere import core, core_area_m2, core_distance_m
from skyparley.geometry.validation import problems, vertices_needed

WGS84 = Geod(ellps="WGS84")
MOST_ADDED_M = 10.0
seeds = st.integers(0, 2**32)
RING = Arc(36.0, 37.0, 90_000, 100_000, 0, 360)


def some_arc(seed):
    rng = seeded(seed)
    return rng, some_shape(rng, some_place(rng), some_size_m(rng, largest_m=ARC_OUTER_M), Arc)


def placed(arc, bearing, distance_m):
    lon, lat, _ = WGS84.fwd(arc.lon, arc.lat, bearing, distance_m)
    return Circle(lat, lon, 1.0)


def true_place(rng, arc):
    """A place of the true sector: most often on its edge or in a corner of it."""
    bearing = arc.from_deg + sweep_deg(arc) * rng.choice((0.0, 1.0, rng.random(), rng.random()))
    distance_m = rng.choice((arc.inner_m, arc.outer_m, rng.uniform(arc.inner_m, arc.outer_m)))
    return placed(arc, bearing, distance_m)


def outside_m(arc, lat, lon):
    """About how far a place lies outside the true sector: beyond a rim, or beside the nearer side; 0 within."""
    bearing, _, distance_m = WGS84.inv(arc.lon, arc.lat, lon, lat)
    beyond_m = max(0.0, distance_m - arc.outer_m, arc.inner_m - distance_m)
    past = (bearing - arc.from_deg) % 360
    if past <= sweep_deg(arc) or distance_m == 0:
        return beyond_m
    aside = math.radians(min(past - sweep_deg(arc), 360 - past, 90))
    return max(beyond_m, EARTH_RADIUS_M * math.sin(distance_m / EARTH_RADIUS_M) * math.sin(aside))


# --- laws -------------------------------------------------------------------------------------------------------


@settings(max_examples=examples(40), deadline=None)
@given(seeds)
def test_every_place_of_the_true_sector_is_in_the_outline(seed):
    rng, arc = some_arc(seed)
    for _ in range(40):
        # In the centre of a slice, where it has a vertex, a rounding of nanometres is not lifted.
        assert core_distance_m(core(arc), core(true_place(rng, arc))) < 1e-6


@settings(max_examples=examples(40), deadline=None)
@given(seeds)
def test_the_outline_adds_at_most_ten_metres(seed):
    _, arc = some_arc(seed)
    for ring in outline(arc).rings:
        for lat, lon in ring:
            assert outside_m(arc, lat, lon) <= MOST_ADDED_M


@settings(max_examples=examples(50), deadline=None)
@given(seeds)
def test_a_place_well_outside_the_true_sector_is_outside_the_outline(seed):
    rng, arc = some_arc(seed)
    for _ in range(20):
        place = placed(arc, rng.uniform(0, 360), rng.choice((1.0, arc.outer_m * rng.uniform(0, 1.3))))
        if outside_m(arc, place.lat, place.lon) > MOST_ADDED_M + 1:
            assert core_distance_m(core(arc), core(place)) > 0


@settings(max_examples=examples(40), deadline=None)
@given(seeds)
def test_the_vertices_are_those_that_the_specification_tells(seed):
    _, arc = some_arc(seed)
    told, ours = arc_rings(arc), outline(arc).rings
    assert [len(ring) for ring in told] == [len(ring) for ring in ours]
    for ring, other in zip(told, ours, strict=True):
        for place, vertex in zip(ring, other, strict=True):
            assert angle(vector(place), vector(vertex)) * EARTH_RADIUS_M < 1e-6


@settings(max_examples=examples(40), deadline=None)
@given(seeds)
def test_vertices_are_counted_without_being_made(seed):
    _, arc = some_arc(seed)
    assert sum(map(len, outline(arc).rings)) == sector_vertices(arc) == vertices_needed(arc) <= 3_000


@settings(max_examples=examples(50), deadline=None)
@given(seeds)
def test_the_caps_hold_every_place_and_so_does_the_bound(seed):
    rng, arc = some_arc(seed)
    for _ in range(40):
        place = true_place(rng, arc)
        here = vector((place.lat, place.lon))
        assert min(angle(cap.centre, here) - cap.angle_rad for cap in core(arc).caps) <= 0
        assert angle(core(arc).bound.centre, here) <= core(arc).bound.angle_rad


@settings(max_examples=examples(50), deadline=None)
@given(seeds)
def test_the_area_is_that_of_the_true_sector(seed):
    _, arc = some_arc(seed)
    # The outline's area is more by the strip of 10 m around, and both are told on a sphere that is 0.56 % off at most.
    rim_m = EARTH_RADIUS_M * math.sin(arc.outer_m / EARTH_RADIUS_M)
    around_m = 2 * math.radians(sweep_deg(arc)) * rim_m + 2 * arc.outer_m
    drawn_m2 = core_area_m2(core(arc))
    assert 0.985 * (drawn_m2 - 1.1 * MOST_ADDED_M * around_m) <= area_m2(arc) <= 1.015 * drawn_m2


@settings(max_examples=examples(50), deadline=None)
@given(seeds)
def test_what_is_contained_by_its_figures_lies_within(seed):
    rng, arc = some_arc(seed)
    outer_m = rng.uniform(arc.inner_m, arc.outer_m)
    inner_m = rng.uniform(arc.inner_m, outer_m)
    smaller = Arc(arc.lat, arc.lon, inner_m if arc.inner_m else 0.0, outer_m, arc.from_deg, arc.to_deg)
    if problems(smaller):
        return
    assert contains_shape(arc, smaller)
    assert contains_shape(smaller, arc) == (smaller == arc)
    for _ in range(10):
        assert core_distance_m(core(arc), core(true_place(rng, smaller))) < 1e-6


@settings(max_examples=examples(40), deadline=None)
@given(seeds, st.floats(1, 1000))
def test_a_wider_arc_is_never_further(seed, more_m):
    rng, arc = some_arc(seed)
    wider = Arc(arc.lat, arc.lon, arc.inner_m, arc.outer_m + more_m, arc.from_deg, arc.to_deg)
    if problems(wider):
        return
    place = core(Circle(*some_place(rng), 1.0))
    assert core_distance_m(core(wider), place) <= core_distance_m(core(arc), place) + MOST_ADDED_M * 1.006


# --- by name ----------------------------------------------------------------------------------------------------


def distance_m(arc, place):
    return core_distance_m(core(arc), core(place))


def test_the_hollow_of_a_ring_is_not_of_it():
    assert distance_m(RING, Circle(36.0, 37.0, 1)) == pytest.approx(90_000, rel=0.006)
    assert distance_m(RING, placed(RING, 77, 95_000)) == 0.0
    assert distance_m(RING, placed(RING, 77, 89_980)) > 0.0


def test_a_thin_ring_is_held_by_caps_along_it():
    around = sum(2 * math.pi * (1 - math.cos(cap.angle_rad)) for cap in core(RING).caps) * EARTH_RADIUS_M**2
    assert len(core(RING).caps) == 16
    assert around < 0.8 * math.pi * 100_000**2
    assert len(core(Arc(36, 37, 0, 100_000, 0, 90)).caps) == 1


def test_from_west_over_north_to_east_is_the_northern_half():
    north = Arc(10, 20, 1_000, 50_000, 270, 90)
    assert sweep_deg(north) == 180.0
    assert distance_m(north, placed(north, 0, 20_000)) == 0.0
    assert distance_m(north, placed(north, 180, 20_000)) > 19_000


def test_over_180_degrees_the_rest_is_left_out():
    most = Arc(10, 20, 0, 50_000, 100, 80)
    assert distance_m(most, placed(most, 270, 20_000)) == 0.0
    assert distance_m(most, placed(most, 90, 20_000)) == pytest.approx(20_000 * math.sin(math.radians(10)), rel=0.01)


def test_a_sector_over_the_pole_and_one_around_it():
    over = Arc(89, 0, 50_000, 200_000, 350, 10)
    assert distance_m(over, Circle(90, 0, 1)) == distance_m(over, Circle(89.9, 180, 1)) == 0.0
    assert distance_m(over, Circle(88, 0, 1)) > 100_000
    around = Arc(89, 0, 10_000, 200_000, 20, 340)
    assert distance_m(around, Circle(90, 0, 1)) > 30_000  # the pole lies in the wedge that is left out
    ring = Arc(90, 0, 100_000, 200_000, 0, 360)
    assert problems(ring) == ()
    assert distance_m(ring, Circle(90, 0, 1)) > 99_000
    assert distance_m(ring, Circle(88.7, -120, 1)) == 0.0


def test_across_the_antimeridian():
    east = Arc(0, 179.9, 0, 100_000, 45, 135)
    assert distance_m(east, Circle(0, -179.5, 1)) == 0.0
    assert distance_m(east, Circle(0, 179.8, 1)) > 10_000
    assert core_area_m2(core(east)) == pytest.approx(math.pi / 4 * 100_000**2, rel=0.01)


def test_where_a_ring_begins_changes_it_by_less_than_its_chords():
    turned = Arc(36.0, 37.0, 90_000, 100_000, 123.4, 123.4)
    for bearing in range(0, 360, 7):
        place = placed(RING, bearing, 110_000)
        assert distance_m(turned, place) == pytest.approx(distance_m(RING, place), abs=MOST_ADDED_M)


def test_the_largest_and_the_smallest():
    whole = Arc(-70, 100, ARC_OUTER_M - 1, ARC_OUTER_M, 0, 0)
    assert problems(whole) == ()
    assert 2_500 < vertices_needed(whole) < 2_700
    assert distance_m(whole, placed(whole, 200, ARC_OUTER_M - 0.5)) == 0.0
    small = Arc(-70, 100, 1, 2, 0, 0.01)
    assert problems(small) == ()
    assert distance_m(small, placed(small, 0.005, 1.5)) == 0.0


@pytest.mark.parametrize(
    ("arc", "expected"),
    [
        (Arc(91, 0, 0, 1000, 0, 90), ["LATITUDE_RANGE"]),
        (Arc(0, math.nan, 0, 1000, 0, 90), ["NOT_FINITE"]),
        (Arc(0, 0, 0, 0, 0, 90), ["RADIUS_NOT_POSITIVE"]),
        (Arc(0, 0, 0, -5, 0, 90), ["RADIUS_NOT_POSITIVE"]),
        (Arc(0, 0, 0, math.inf, 0, 90), ["NOT_FINITE"]),
        (Arc(0, 0, math.nan, 1000, 0, 90), ["NOT_FINITE"]),
        (Arc(0, 0, -1, 1000, 0, 90), ["INNER_TOO_SMALL"]),
        (Arc(0, 0, 0.5, 1000, 0, 90), ["INNER_TOO_SMALL"]),
        (Arc(0, 0, 1000, 1000, 0, 90), ["RADII_ORDER"]),
        (Arc(0, 0, 1001, 1000, 0, 90), ["RADII_ORDER"]),
        (Arc(0, 0, 0, ARC_OUTER_M + 1, 0, 90), ["TOO_LARGE"]),
        (Arc(0, 0, 0, 1000, -10, 90), ["BEARING_RANGE"]),
        (Arc(0, 0, 0, 1000, 10, 361), ["BEARING_RANGE"]),
        (Arc(0, 0, 0, 1000, math.inf, 90), ["NOT_FINITE"]),
        (Arc(0, 0, 0, 1000, 30, 30), ["ARC_IS_CIRCLE"]),
        (Arc(0, 0, 0, 1000, 0, 360), ["ARC_IS_CIRCLE"]),
        (Arc(0, 0, 0, 1000, 10, 10.009), ["ARC_TOO_NARROW"]),
        (Arc(0, 0, 500, 1000, 10, 9.991), ["ARC_TOO_NARROW"]),
        (Arc(90, 0, 500, 1000, 0, 90), ["BEARING_AT_POLE"]),
        (Arc(-90, 50, 0, 1000, 0, 90), ["BEARING_AT_POLE"]),
        (Arc(95, 0, 5, 1, 0, 400), ["LATITUDE_RANGE", "RADII_ORDER", "BEARING_RANGE"]),
    ],
)
def test_refused_with_every_reason(arc, expected):
    assert [problem.code for problem in problems(arc)] == expected
    assert vertices_needed(arc) >= 1  # asked before an arc is known to be sound


def test_contained_by_its_figures_is_by_radii_alone():
    arc = Arc(1, 2, 500, 1000, 0, 90)
    assert contains_shape(arc, Arc(1, 2, 600, 900, 0, 90))
    for other in (
        Arc(1, 2, 400, 900, 0, 90),
        Arc(1, 2, 600, 1100, 0, 90),
        Arc(1, 2, 600, 900, 10, 80),
        Arc(1, 3, 600, 900, 0, 90),
    ):
        assert not contains_shape(arc, other)


def test_what_would_be_right_is_said():
    assert "circle" in problems(Arc(0, 0, 0, 1000, 30, 30))[0].text
    assert "0 to 360" in problems(Arc(0, 0, 0, 1000, -30, 30))[0].text
    assert "5000000 m" in problems(Arc(0, 0, 0, 6_000_000, 0, 30))[0].text
