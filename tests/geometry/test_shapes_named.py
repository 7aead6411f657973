"""Shapes by name: what is refused, and what poles, the antimeridian, direction and containment mean."""

import math

import pytest

from reference.slow_sphere import slow_distance_m
from skyparley.base.limits import VERTICES_AFTER_SPLIT, VERTICES_PER_SHAPE
from skyparley.geometry.rings import EARTH_RADIUS_M, distinct, split_long
from skyparley.geometry.shapes import Circle, Corridor, Polygon, contains_shape
from skyparley.geometry.sphere import core, core_area_m2, core_distance_m
from skyparley.geometry.validation import Problem, problems
from skyparley.geometry.volumes import Unusable, area_m2

NAN = float("nan")
SQUARE = ((0.0, 0.0), (0.0, 10.0), (10.0, 10.0), (10.0, 0.0))
HOLE = ((3.0, 3.0), (3.0, 7.0), (7.0, 7.0), (7.0, 3.0))
HALF_EARTH_M2 = 2 * math.pi * EARTH_RADIUS_M**2


def codes(shape):
    found = problems(shape)
    assert all(isinstance(problem, Problem) and problem.text for problem in found)
    return [problem.code for problem in found]


def distance_m(a, b):
    return core_distance_m(core(a), core(b))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (Circle(91, 0, 1000), ["LATITUDE_RANGE"]),
        (Circle(-90.0000001, 0, 1000), ["LATITUDE_RANGE"]),
        (Circle(0, 180.5, 1000), ["LONGITUDE_RANGE"]),
        (Circle(NAN, 0, 1000), ["NOT_FINITE"]),
        (Circle(0, math.inf, 1000), ["NOT_FINITE"]),
        (Circle(NAN, 200, 0), ["NOT_FINITE", "LONGITUDE_RANGE", "RADIUS_NOT_POSITIVE"]),
        (Circle(0, 0, 0), ["RADIUS_NOT_POSITIVE"]),
        (Circle(0, 0, -5), ["RADIUS_NOT_POSITIVE"]),
        (Circle(0, 0, NAN), ["NOT_FINITE"]),
        (Circle(0, 0, math.pi / 2 * EARTH_RADIUS_M), ["TOO_LARGE"]),
        (Corridor(((1, 1), (2, 2)), 0), ["RADIUS_NOT_POSITIVE"]),
        (Corridor(((1, 1),), 100), ["TOO_FEW_VERTICES"]),
        (Corridor(((1, 1), (1, 1), (1, 1)), 100), ["TOO_FEW_VERTICES"]),
        (Corridor(((90, 10), (90, 70)), 100), ["TOO_FEW_VERTICES"]),
        (Corridor((), 100), ["TOO_FEW_VERTICES"]),
        (Corridor(((0, 0), (0, 180)), 100), ["EDGE_ANTIPODAL"]),
        (Corridor(((10, 20), (-10, -160)), 100), ["EDGE_ANTIPODAL"]),
        (Corridor(((0, 0), (91, 0)), -1), ["RADIUS_NOT_POSITIVE", "LATITUDE_RANGE"]),
        (Polygon(()), ["TOO_FEW_VERTICES"]),
        (Polygon(((0, 0), (0, 1))), ["TOO_FEW_VERTICES"]),
        (Polygon(((0, 0), (0, 1), (0, 0), (0, 1))), ["TOO_FEW_VERTICES"]),
        (Polygon(((0, 0), (0, 1), (NAN, 1))), ["NOT_FINITE"]),
        (Polygon(((0, 0), (0, 1), (1, 1, 5))), ["NOT_FINITE"]),
        (Polygon(((0, 0), (0, 1), (91, 1)), (((0, 0), (0, 1)),)), ["LATITUDE_RANGE", "TOO_FEW_VERTICES"]),
        (Polygon(((0, 0), (0, 1), (0, 2))), ["ZERO_AREA"]),
        (Polygon(((10, 5), (11, 5), (12, 5))), ["ZERO_AREA"]),
        (Polygon(((0, 0), (1, 1), (1, 0), (0, 1))), ["SELF_CROSSING"]),
        (Polygon(((0, 0), (1, 1), (2, 0), (1, 1), (1, -1))), ["SELF_CROSSING"]),
        (Polygon(((0, 0), (0, 120), (0, -120))), ["TOO_LARGE"]),
        (Polygon(SQUARE, (((0, 20), (1, 20), (1, 21)),)), ["HOLE_OUTSIDE"]),
        (Polygon(SQUARE, (((-1, 3), (3, 3), (3, 5)),)), ["HOLE_OUTSIDE"]),
        (Polygon(SQUARE, (((0, 0), (1, 2), (2, 1)),)), ["HOLE_OUTSIDE"]),
        (Polygon(SQUARE, (SQUARE,)), ["HOLE_OUTSIDE"]),
        (Polygon(SQUARE, (((-5, -5), (-5, 15), (15, 15), (15, -5)),)), ["HOLE_OUTSIDE"]),
        (Polygon(SQUARE, (HOLE, ((4, 4), (4, 5), (5, 5)))), ["HOLES_TOUCH"]),
        (Polygon(SQUARE, (HOLE, ((7, 7), (8, 8), (8, 7)))), ["HOLES_TOUCH"]),
        (Polygon(SQUARE, (((1, 1), (2, 2), (1, 2), (2, 1)),)), ["SELF_CROSSING"]),
        (Polygon(SQUARE * (VERTICES_PER_SHAPE // 4 + 1)), ["TOO_MANY_VERTICES"]),
        (Polygon(SQUARE, tuple(((1, 1), (1, 2), (2, 2)) for _ in range(65))), ["TOO_MANY_HOLES"]),
    ],
)
def test_refused_with_every_reason(shape, expected):
    assert codes(shape) == expected


@pytest.mark.parametrize(
    "shape",
    [
        Circle(90, 0, 1),
        Circle(-90, 180, 5_000_000),
        Circle(0, -180, 1),
        Polygon(SQUARE),
        Polygon((*SQUARE, SQUARE[0])),
        Polygon(SQUARE, (HOLE, ((1, 1), (1, 2), (2, 2)))),
        Polygon(((0, 0), (0, 0), (0, 1), (1, 1), (1, 1), (1, 1), (0, 0), (0, 0))),
        Polygon(((0, 0), (0, 1e-4), (1e-4, 0))),
        Corridor(((0, 0), (0, 1), (1, 1), (-1, 0)), 10),
        Corridor(((0, 0), (1, 0), (0, 0)), 10),
    ],
)
def test_usable(shape):
    assert codes(shape) == []


def test_a_corridor_of_one_point_is_told_to_be_a_circle():
    assert "circle" in problems(Corridor(((1, 1), (1, 1)), 100))[0].text


def test_splitting_is_limited_before_it_is_done():
    # Two thousand legs between two oceans would be four hundred thousand pieces.
    there_and_back = Corridor(tuple((float(place % 2), 170.0 * (place % 2)) for place in range(1000)), 100)
    assert codes(there_and_back) == ["TOO_MANY_VERTICES"]
    round_the_world = Corridor(tuple((1.0, float(lon)) for lon in range(-180, 180, 60)), 100)
    assert codes(round_the_world) == []
    assert len(split_long(list(round_the_world.line), closed=False)) < VERTICES_AFTER_SPLIT


@pytest.mark.parametrize(
    "shape", [Circle(91, 0, 1), Circle(0, 0, NAN), Polygon(()), Polygon(SQUARE[:2]), Corridor((), 5)]
)
def test_no_core_of_what_is_not_a_shape(shape):
    with pytest.raises(Unusable):
        core(shape)


def test_the_pole_lies_in_a_polygon_around_it():
    cap = Polygon(((80, 0), (80, 90), (80, 180), (80, -90)))
    assert codes(cap) == []
    assert distance_m(cap, Circle(90, 0, 1)) == 0.0
    assert distance_m(cap, Circle(85, 33, 1)) == 0.0
    assert distance_m(cap, Circle(-90, 0, 1)) > 18_000_000


def test_a_polygon_over_the_antimeridian_is_small():
    across = Polygon(((-1, 179), (-1, -179), (1, -179), (1, 179)))
    assert codes(across) == []
    assert core_area_m2(core(across)) == pytest.approx((2 * 111_195) ** 2, rel=1e-3)
    assert distance_m(across, Circle(0, 180, 1)) == distance_m(across, Circle(0, -180, 1)) == 0.0
    assert distance_m(across, Circle(0, 178, 1)) == pytest.approx(111_195, rel=1e-4)
    assert distance_m(across, Circle(0, -178, 1)) == pytest.approx(111_195, rel=1e-4)


def test_one_point_has_one_place_however_it_is_written():
    assert distance_m(Circle(12, 180, 1), Circle(12, -180, 1)) == 0.0
    assert distance_m(Circle(90, 15, 1), Circle(90, -170, 1)) == 0.0
    assert distinct(((1, 180), (1, -180), (90, 5), (90, 6), (1.0, 180.0)), closed=True) == [(1, 180), (90, 0)]


def test_a_clockwise_ring_is_the_same_area():
    assert core_area_m2(core(Polygon(SQUARE))) == core_area_m2(core(Polygon(SQUARE[::-1])))
    assert distance_m(Polygon(SQUARE[::-1]), Circle(5, 5, 1)) == 0.0
    assert distance_m(Polygon(SQUARE[::-1]), Circle(5, 11, 1)) > 0.0


@pytest.mark.parametrize("turn", [1, -1])
def test_a_ring_never_means_more_than_half_the_earth(turn):
    # A ring along 10 degrees south has the larger side to the north, whichever way it is drawn: it means the south.
    south = Polygon(tuple((-10.0, float(lon)) for lon in range(-180, 180, 20))[::turn])
    assert codes(south) == []
    assert core_area_m2(core(south)) < HALF_EARTH_M2
    assert distance_m(south, Circle(-90, 0, 1)) == 0.0
    assert distance_m(south, Circle(90, 0, 1)) > 10_000_000


def test_containment_is_distance_zero_both_ways():
    outer, inner = Polygon(SQUARE), Polygon(((4, 4), (4, 6), (6, 6), (6, 4)))
    line = Corridor(((4, 4), (5, 5)), 10)
    for shape in (inner, line, Circle(5, 5, 1)):
        assert distance_m(outer, shape) == distance_m(shape, outer) == 0.0


def test_from_a_hole_it_is_as_far_as_the_hole_s_edge():
    holed = Polygon(SQUARE, (HOLE,))
    within = Polygon(((4.5, 4.5), (4.5, 5.5), (5.5, 5.5), (5.5, 4.5)))
    for shape in (within, Circle(5, 5, 1), Corridor(((4, 5), (6, 5)), 1)):
        assert distance_m(holed, shape) == distance_m(shape, holed) == pytest.approx(slow_distance_m(holed, shape))
        assert distance_m(holed, shape) > 100_000
    assert distance_m(holed, Polygon(((2, 2), (2, 8), (8, 8), (8, 2)))) == 0.0


def test_repeated_vertices_change_nothing():
    doubled = tuple(point for point in SQUARE for _ in range(3))
    assert core_area_m2(core(Polygon((*doubled, SQUARE[0])))) == core_area_m2(core(Polygon(SQUARE)))
    far = Circle(20, 20, 1)
    assert distance_m(Corridor(((0, 0), (0, 0), (1, 1), (1, 1)), 5), far) == distance_m(
        Corridor(((0, 0), (1, 1)), 5), far
    )


def test_long_edges_follow_the_geodesic():
    # Halfway from 50 N 10 E to 50 N 70 W the geodesic of WGS-84 is at 57.5976 N 30 W (GeographicLib), 3 km off the great circle.
    from geographiclib.geodesic import Geodesic

    line = Geodesic.WGS84.InverseLine(50, 10, 50, -70)
    middle = line.Position(line.s13 / 2)
    place = Circle(middle["lat2"], middle["lon2"], 1)
    assert distance_m(Corridor(((50, 10), (50, -70)), 1), place) < 1.0
    assert len(split_long([(50.0, 10.0), (50.0, -70.0)], closed=False)) == math.ceil(line.s13 / 100_000) + 1


def test_short_edges_are_great_circles_and_stay_whole():
    assert split_long([(50.0, 10.0), (50.0, 16.9)], closed=False) == [(50.0, 10.0), (50.0, 16.9)]
    # 508 km is over the limit: six pieces of 85 km.
    assert len(split_long([(50.0, 10.0), (50.0, 17.1)], closed=False)) == 7


def test_a_split_ring_and_its_reverse_have_the_same_vertices():
    ring = [(10.0, 0.0), (40.0, 90.0), (-30.0, 60.0)]
    assert set(split_long(ring, closed=True)) == set(split_long(ring[::-1], closed=True))
    assert len(split_long(ring, closed=True)) > 100


def test_contains_shape_goes_by_representation_only():
    assert contains_shape(Circle(1, 2, 100), Circle(1, 2, 100))
    assert contains_shape(Circle(1, 2, 100), Circle(1, 2, 99))
    assert not contains_shape(Circle(1, 2, 99), Circle(1, 2, 100))
    assert not contains_shape(Circle(1, 2, 1e6), Circle(1, 2.0000001, 1))
    wide = Corridor(((1, 1), (2, 2)), 100)
    assert contains_shape(wide, Corridor(((1, 1), (2, 2)), 50))
    assert not contains_shape(wide, Corridor(((2, 2), (1, 1)), 50))
    assert not contains_shape(wide, Corridor(((1, 1), (2, 2)), 101))
    assert contains_shape(Polygon(SQUARE), Polygon(SQUARE))
    assert not contains_shape(Polygon(SQUARE), Polygon(HOLE))
    assert not contains_shape(Circle(1, 2, 1e6), wide)


def test_shapes_from_lists_are_shapes_like_any_other():
    assert hash(Polygon([[0, 0], [0, 1], [1, 1]])) == hash(Polygon(((0, 0), (0, 1), (1, 1))))
    assert Corridor([[0, 0], [0, 1]], 5) == Corridor(((0, 0), (0, 1)), 5)


def test_areas_of_circles_polygons_and_straight_corridors():
    assert area_m2(Circle(50, 10, 1000)) == pytest.approx(math.pi * 1e6, rel=1e-6)
    assert area_m2(Circle(0, 0, math.pi / 2 * EARTH_RADIUS_M)) == pytest.approx(HALF_EARTH_M2)
    whole, hole = area_m2(Polygon(SQUARE)), area_m2(Polygon(HOLE))
    assert whole == pytest.approx(1.2309e12, rel=1e-2)
    assert area_m2(Polygon(SQUARE, (HOLE,))) == pytest.approx(whole - hole)
    length_m = math.radians(1) * EARTH_RADIUS_M
    assert area_m2(Corridor(((0, 0), (0, 1)), 500)) == pytest.approx(1000 * length_m + math.pi * 500**2, rel=1e-6)
