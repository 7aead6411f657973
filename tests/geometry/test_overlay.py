"""What is drawn covers what was said, and the place of a meeting lies where the two shapes meet."""

from __future__ import annotations

import math
import random

import pytest

from skyparley.geometry.overlay import Piece, drawn, meeting, shared
from skyparley.geometry.rings import EARTH_RADIUS_M, angle, vector
from skyparley.geometry.shapes import Arc, Circle, Corridor, Line, Orbit, Point, Polygon, Shape
from skyparley.geometry.sphere import core, core_area_m2, core_distance_m

SQUARE = Polygon(((36.0, 37.0), (36.0, 38.0), (37.0, 38.0), (37.0, 37.0)))


def distance_m(a: Point, b: Point) -> float:
    return angle(vector(a), vector(b)) * EARTH_RADIUS_M


def gap_m(shape: Shape, point: Point) -> float:
    """Metres from a shape to a point; 0 in it."""
    own = core(shape)
    return max(0.0, core_distance_m(own, core(Circle(*point, 0.0))) - own.radius_m)


def area_m2(pieces: tuple[Piece, ...]) -> float:
    return sum(core_area_m2(core(Polygon(piece.rings[0], piece.rings[1:]))) for piece in pieces)


def random_shape(luck: random.Random, lat: float, lon: float) -> Shape:
    def near() -> Point:
        return lat + luck.uniform(-0.3, 0.3), lon + luck.uniform(-0.3, 0.3)

    match luck.randrange(5):
        case 0:
            return Circle(*near(), luck.uniform(500, 30_000))
        case 1:
            a, b = near(), near()
            return Polygon((a, (a[0], b[1] + 0.7), (b[0] + 0.9, b[1] + 0.7)))
        case 2:
            return Corridor((near(), near(), near()), luck.uniform(300, 9_000))
        case 3:
            return Orbit(near(), near(), luck.uniform(300, 9_000), luck.choice(("CENTRE", "LEFT", "RIGHT")))
        case _:
            return Line((near(), near()), luck.uniform(300, 9_000))


@pytest.mark.parametrize("seed", range(40))
def test_the_place_lies_in_both_or_halfway_between_them(seed: int) -> None:
    luck = random.Random(seed)
    a, b = random_shape(luck, 36.0, 37.0), random_shape(luck, 36.0, 37.0 + luck.choice((0.0, 0.5, 1.5)))
    found = meeting(a, b)
    apart_m = core_distance_m(core(a), core(b)) - core(a).radius_m - core(b).radius_m
    if apart_m <= 0:
        # A circle of 64 edges lies up to 0.12 % of its radius inside the true one.
        assert max(gap_m(a, found.at), gap_m(b, found.at)) < 20
        return
    assert found.overlap == ()
    assert gap_m(a, found.at) == pytest.approx(apart_m / 2, abs=1)
    assert gap_m(b, found.at) == pytest.approx(apart_m / 2, abs=1)
    assert distance_m(*found.between) == pytest.approx(apart_m, abs=1)


@pytest.mark.parametrize("seed", range(20))
def test_a_meeting_is_the_same_from_both_sides(seed: int) -> None:
    luck = random.Random(1_000 + seed)
    a, b = random_shape(luck, 36.0, 37.0), random_shape(luck, 36.0, 37.6)
    one, other = meeting(a, b), meeting(b, a)
    assert distance_m(one.at, other.at) < 5
    assert area_m2(one.overlap) == pytest.approx(area_m2(other.overlap), rel=1e-6)


def test_shared_area_of_two_squares() -> None:
    other = Polygon(((36.5, 37.5), (36.5, 38.5), (37.5, 38.5), (37.5, 37.5)))
    (piece,) = shared(drawn(SQUARE), drawn(other))
    # About a quarter of a square degree at this latitude.
    assert area_m2((piece,)) == pytest.approx((111_195 / 2) ** 2 * math.cos(math.radians(36.75)), rel=0.01)
    assert meeting(SQUARE, other).at == pytest.approx((36.75, 37.75), abs=0.01)


def test_neighbours_that_share_an_edge_share_no_area() -> None:
    beside = Polygon(((36.0, 38.0), (36.0, 39.0), (37.0, 39.0), (37.0, 38.0)))
    found = meeting(SQUARE, beside)
    assert found.overlap == ()
    assert max(gap_m(SQUARE, found.at), gap_m(beside, found.at)) < 1


def test_a_bent_overlap_is_told_by_a_point_in_it() -> None:
    bent = Polygon(((36.0, 37.0), (36.0, 38.0), (36.1, 38.0), (36.1, 37.1), (37.0, 37.1), (37.0, 37.0)))
    at = meeting(SQUARE, bent).at
    assert gap_m(bent, at) == gap_m(SQUARE, at) == 0


def test_the_largest_of_several_parts_is_told() -> None:
    fork = Polygon(
        ((35.5, 37.1), (36.2, 37.1), (36.2, 37.2), (35.6, 37.2), (35.6, 37.5), (36.8, 37.5), (36.8, 37.9), (35.5, 37.9))
    )
    found = meeting(SQUARE, fork)
    assert len(found.overlap) == 2
    assert gap_m(fork, found.at) == 0
    assert found.at[1] > 37.5


@pytest.mark.parametrize(
    "shape",
    [
        Circle(36.0, 37.0, 20_000.0),
        Circle(89.99, 0.0, 20_000.0),
        Circle(10.0, 179.99, 20_000.0),
        Corridor(((36.0, 37.0), (36.5, 38.0), (36.0, 38.1)), 5_000.0),
        Corridor(((89.0, 0.0), (89.0, 180.0)), 5_000.0),
        Orbit((36.0, 179.8), (36.0, -179.8), 5_000.0, "LEFT"),
        Line(((36.0, 37.0), (36.3, 37.0), (36.0, 37.001)), 5_000.0),
        Arc(36.0, 37.0, 10_000.0, 30_000.0, 350.0, 20.0),
        SQUARE,
    ],
)
def test_drawn_areas_are_those_of_the_shapes(shape: Shape) -> None:
    """Every vertex that is drawn lies at the edge of the shape: its distance from the core is the radius."""
    own = core(shape)
    pieces = drawn(shape)
    assert len(pieces) == 1
    for ring in pieces[0].rings:
        for vertex in ring[::5]:
            assert core_distance_m(own, core(Circle(*vertex, 0.0))) == pytest.approx(own.radius_m, rel=0.002, abs=0.5)


def test_a_line_of_thousands_of_legs_is_drawn() -> None:
    line = Corridor(tuple((36 + math.sin(step / 200), 36 + step * 0.002) for step in range(1_900)), 8_000.0)
    assert all(piece.kind == "AREA" for piece in drawn(line))
    assert len(drawn(line)) == 1
