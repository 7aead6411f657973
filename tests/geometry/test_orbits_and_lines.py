"""Orbits and lines: where a racetrack lies beside its leg, and that a line with a buffer is what a corridor is."""

import math

import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from how_many import examples
from reference.shapes_at_random import moved, seeded, some_place, some_shape, some_size_m
from skyparley.geometry.areas import area_m2
from skyparley.geometry.outline import middle_leg, outline
from skyparley.geometry.problem import Unusable
from skyparley.geometry.rings import EARTH_RADIUS_M
from skyparley.geometry.shapes import Circle, Corridor, Line, Orbit, contains_shape
from skyparley.geometry.sphere import core, core_distance_m
from skyparley.geometry.validation import problems, vertices_needed

seeds = st.integers(0, 2**32)
LEG = ((36.1, 37.2), (36.3, 37.6))
NAN = math.nan


def beyond_m(shape, place):
    """Metres on the sphere from a place to a shape's edge; negative within."""
    return core_distance_m(core(shape), core(Circle(*place, 1.0))) - core(shape).radius_m


@settings(max_examples=examples(100), deadline=None)
@given(seeds)
def test_a_leg_s_ends_lie_on_the_edge_of_the_racetrack_beside_it(seed):
    rng = seeded(seed)
    orbit = some_shape(rng, some_place(rng), some_size_m(rng), Orbit)
    for given_end, middle in zip((orbit.start, orbit.end), middle_leg(orbit), strict=True):
        away_m = Geodesic.WGS84.Inverse(*given_end, *middle)["s12"]
        assert away_m == pytest.approx(0.0 if orbit.side == "CENTRE" else orbit.radius_m, abs=1e-6)


@settings(max_examples=examples(100), deadline=None)
@given(seeds, st.floats(0.05, 0.95))
def test_left_is_left_and_right_is_right_of_one_who_flies_from_start_to_end(seed, part):
    rng = seeded(seed)
    start = some_place(rng)
    # A short leg in the middle latitudes of its own great circle: the racetrack's straight sides are nearly straight.
    bearing, length_m = rng.uniform(0, 360), 10 ** rng.uniform(3, 4.8)
    end = moved(start, bearing, length_m)
    radius_m = length_m * rng.uniform(0.05, 0.5)
    leg = Geodesic.WGS84.InverseLine(*start, *end).Position(length_m * part)
    on_leg = (leg["lat2"], leg["lon2"])
    for side, turn in (("LEFT", -90), ("RIGHT", 90)):
        orbit = Orbit(start, end, radius_m, side)
        assert abs(beyond_m(orbit, on_leg)) < 0.01 * radius_m
        assert beyond_m(orbit, moved(on_leg, leg["azi2"] + turn, 1.9 * radius_m)) < 0
        assert beyond_m(orbit, moved(on_leg, leg["azi2"] + turn, 2.1 * radius_m)) > 0
        assert beyond_m(orbit, moved(on_leg, leg["azi2"] - turn, 0.1 * radius_m)) > 0


@settings(max_examples=examples(60), deadline=None)
@given(seeds)
def test_a_leg_flown_back_has_its_racetrack_on_the_other_hand(seed):
    rng = seeded(seed)
    orbit = some_shape(rng, some_place(rng), some_size_m(rng), Orbit)
    other_hand = {"LEFT": "RIGHT", "RIGHT": "LEFT", "CENTRE": "CENTRE"}[orbit.side]
    back = Orbit(orbit.end, orbit.start, orbit.radius_m, other_hand)
    place = core(Circle(*some_place(rng), 1.0))
    assert core_distance_m(core(back), place) == pytest.approx(core_distance_m(core(orbit), place), abs=1e-3)


@settings(max_examples=examples(60), deadline=None)
@given(seeds)
def test_a_racetrack_around_its_leg_and_a_line_are_corridors_by_their_area(seed):
    rng = seeded(seed)
    corridor = some_shape(rng, some_place(rng), some_size_m(rng), Corridor)
    line = Line(corridor.line, corridor.half_width_m)
    orbit = Orbit(corridor.line[0], corridor.line[1], corridor.half_width_m)
    leg = Corridor(corridor.line[:2], corridor.half_width_m)
    for one, other in ((line, corridor), (orbit, leg)):
        assert outline(one) == outline(other)
        assert area_m2(one) == area_m2(other)
        assert vertices_needed(one) == vertices_needed(other)


@settings(max_examples=examples(60), deadline=None)
@given(seeds, st.floats(0.1, 1.0))
def test_what_is_contained_by_its_figures_lies_within(seed, part):
    rng = seeded(seed)
    shape = some_shape(rng, some_place(rng), some_size_m(rng), rng.choice((Orbit, Line)))
    smaller = (
        Orbit(shape.start, shape.end, shape.radius_m * part, shape.side)
        if isinstance(shape, Orbit)
        else Line(shape.line, shape.buffer_m * part)
    )
    if not contains_shape(shape, smaller):
        assert shape.side != "CENTRE"
        return
    for place in outline(smaller).rings[0]:
        edge = moved(place, rng.uniform(0, 360), core(smaller).radius_m * 0.99)
        assert beyond_m(shape, edge) < 0.006 * core(shape).radius_m


def test_the_area_of_a_racetrack():
    length_m = math.radians(1) * EARTH_RADIUS_M
    for side in ("CENTRE", "LEFT", "RIGHT"):
        orbit = Orbit((0, 0), (0, 1), 500, side)
        assert area_m2(orbit) == pytest.approx(1000 * length_m + math.pi * 500**2, rel=1e-6)


def test_a_wider_racetrack_beside_its_leg_lies_elsewhere():
    assert contains_shape(Orbit(*LEG, 900), Orbit(*LEG, 800))
    assert not contains_shape(Orbit(*LEG, 800), Orbit(*LEG, 900))
    assert not contains_shape(Orbit(*LEG, 900, "LEFT"), Orbit(*LEG, 800, "LEFT"))
    assert contains_shape(Orbit(*LEG, 900, "LEFT"), Orbit(*LEG, 900, "LEFT"))
    assert not contains_shape(Orbit(*LEG, 900, "LEFT"), Orbit(*LEG, 900, "RIGHT"))
    assert not contains_shape(Corridor(LEG, 900), Orbit(*LEG, 800))
    assert not contains_shape(Corridor(LEG, 900), Line(LEG, 800))
    assert contains_shape(Line(LEG, 900), Line(LEG, 800))


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (Orbit((0, 0), (0, 0), 500), ["TOO_FEW_VERTICES"]),
        (Orbit((90, 5), (90, 7), 500), ["TOO_FEW_VERTICES"]),
        (Orbit((0, 0), (0, 1), 0), ["RADIUS_NOT_POSITIVE"]),
        (Orbit((0, 0), (0, 1), NAN), ["NOT_FINITE"]),
        (Orbit((0, 0), (0, 180), 500), ["EDGE_ANTIPODAL"]),
        (Orbit((91, 0), (0, 1), 500), ["LATITUDE_RANGE"]),
        (Orbit((0, 0), (0, 1), 500, "left"), ["NOT_A_SIDE"]),
        (Orbit((0, 0, 5), (0, 181), -1, "UP"), ["RADIUS_NOT_POSITIVE", "NOT_FINITE", "LONGITUDE_RANGE", "NOT_A_SIDE"]),
        (Orbit((0, 0), (0, 1), 10_007_600, "LEFT"), ["TOO_LARGE"]),
        (Line(((0, 0), (0, 1)), 0), ["RADIUS_NOT_POSITIVE"]),
        (Line(((0, 0),), 500), ["TOO_FEW_VERTICES"]),
        (Line(((0, 0), (95, 1)), 500), ["LATITUDE_RANGE"]),
        (Orbit((0, 0), (0, 1), 500, "RIGHT"), []),
        (Orbit((89.9, 0), (89.9, 180), 500, "LEFT"), []),
        (Orbit((0, 179.9), (0, -179.9), 500, "LEFT"), []),
        (Line(((0, 0), (1, 1), (1, 0), (0, 1)), 500), []),
    ],
)
def test_refused_with_every_reason(shape, expected):
    assert [problem.code for problem in problems(shape)] == expected


def test_a_point_is_told_to_be_a_circle():
    assert "circle" in problems(Orbit((1, 1), (1, 1), 500))[0].text


def test_shapes_from_lists_are_shapes_like_any_other():
    assert hash(Orbit([0, 0], [0, 1], 5)) == hash(Orbit((0, 0), (0, 1), 5))
    assert Line([[0, 0], [0, 1]], 5) == Line(((0, 0), (0, 1)), 5)


def test_no_outline_beside_a_leg_on_an_unknown_hand():
    with pytest.raises(Unusable, match="NOT_A_SIDE"):
        outline(Orbit(*LEG, 500, "UP"))
