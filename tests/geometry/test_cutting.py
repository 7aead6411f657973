"""A piece lies in its polygon and on its side, and together the two pieces of a polygon that a line parts in two are all of it."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from how_many import examples
from reference.shapes_at_random import moved, seeded, some_place, some_shape
from skyparley.geometry.areas import area_m2
from skyparley.geometry.cutting import Side, cut
from skyparley.geometry.outline import outline
from skyparley.geometry.rings import EARTH_RADIUS_M, vector
from skyparley.geometry.shapes import Circle, Polygon
from skyparley.geometry.sphere import core, core_distance_m
from skyparley.geometry.turning import turn_along
from skyparley.geometry.validation import problems


def some_polygon(rng, size_m=50_000):
    while True:
        place = some_place(rng)
        shape = some_shape(rng, place, size_m)
        if isinstance(shape, Polygon):
            return place, shape


def line_through(place, bearing):
    """The side to the left of a great circle that leaves a place at a bearing."""
    return Side(turn_along(place, bearing, 0).axis)


@settings(max_examples=examples(150), deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 360), st.floats(0, 60_000))
def test_a_piece_lies_in_its_polygon_and_on_its_side(seed, bearing, inside_m):
    rng = seeded(seed)
    place, shape = some_polygon(rng)
    through = moved(place, rng.uniform(0, 360), rng.uniform(0, 30_000))
    side = Side(line_through(through, bearing).normal, math.sin(inside_m / EARTH_RADIUS_M))
    piece = cut(shape, side)
    if piece is None:
        return
    assert problems(piece) == ()
    for ring in outline(piece).rings:
        for point in ring:
            assert side.height(vector(point)) * EARTH_RADIUS_M > -0.02
            assert core_distance_m(core(shape), core(Circle(*point, 0.0))) < 0.02
    assert area_m2(piece) <= area_m2(shape) + 0.02 * 400_000


@settings(max_examples=examples(150), deadline=None)
@given(st.integers(0, 10**6), st.floats(0, 360))
def test_both_pieces_of_what_is_parted_in_two_are_all_of_it(seed, bearing):
    """A triangle is convex, so a line parts it in at most two."""
    rng = seeded(seed)
    place = some_place(rng)
    corners = tuple(moved(place, turn + rng.uniform(0, 60), rng.uniform(1_000, 80_000)) for turn in (0, 120, 240))
    triangle = Polygon(corners)
    if problems(triangle):
        return
    side = line_through(place, bearing)
    pieces = [cut(triangle, one) for one in (side, Side(tuple(-part for part in side.normal)))]
    kept = sum(area_m2(piece) for piece in pieces if piece is not None)
    assert kept == pytest.approx(area_m2(triangle), abs=0.02 * 500_000)


SQUARE = ((50.0, 10.0), (50.0, 11.0), (51.0, 11.0), (51.0, 10.0))
WEST = Side((-math.sin(math.radians(10.5)), math.cos(math.radians(10.5)), 0.0))  # east of the meridian 10.5


def test_a_hole_that_the_line_crosses_becomes_a_bay_and_another_stays():
    crossed = ((50.4, 10.4), (50.6, 10.4), (50.6, 10.6), (50.4, 10.6))
    whole = ((50.4, 10.7), (50.6, 10.7), (50.6, 10.8), (50.4, 10.8))
    away = ((50.4, 10.1), (50.6, 10.1), (50.6, 10.2), (50.4, 10.2))
    piece = cut(Polygon(SQUARE, (crossed, whole, away)), WEST)
    assert len(piece.holes) == 1
    assert set(piece.holes[0]) == set(whole)
    wanted = area_m2(Polygon(SQUARE, (crossed, whole, away)))
    mirrored = cut(Polygon(SQUARE, (crossed, whole, away)), Side(tuple(-part for part in WEST.normal)))
    assert area_m2(piece) + area_m2(mirrored) == pytest.approx(wanted, rel=1e-6)
    assert min(lon for _, lon in piece.outer) == pytest.approx(10.5, abs=1e-6)


def test_of_several_pieces_the_largest_is_kept():
    """A comb with two teeth over the line, one longer."""
    comb = (
        (50.0, 10.0),
        (51.0, 10.0),
        (51.0, 11.0),
        (50.8, 11.0),
        (50.8, 10.2),
        (50.4, 10.2),
        (50.4, 10.6),
        (50.0, 10.6),
    )
    piece = cut(Polygon(comb), WEST)
    assert {lon for _, lon in piece.outer} >= {11.0}
    assert min(lat for lat, _ in piece.outer) > 50.7


def test_what_lies_wholly_on_a_side_is_left_and_what_lies_off_it_is_gone():
    far = Side((-math.sin(math.radians(12)), math.cos(math.radians(12)), 0.0))
    assert cut(Polygon(SQUARE), far) is None
    assert cut(Polygon(SQUARE), Side(tuple(-part for part in far.normal))) == Polygon(SQUARE)
