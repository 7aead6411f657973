"""Outlines that meet themselves: made usable, and no ground is lost."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from how_many import examples
from skyparley.formats.repair import mended, mended_polygon
from skyparley.formats.soundness import shape_flaws
from skyparley.geometry.shapes import Circle, Corridor, Point, Polygon, Shape
from skyparley.geometry.sphere import core, core_distance_m

SQUARE = ((50.0, 10.0), (50.0, 11.0), (51.0, 11.0), (51.0, 10.0))


def holds(shapes: tuple[Shape, ...], point: Point, within_m: float = 0.01) -> bool:
    place = core(Circle(*point, 0.0))
    return any(core_distance_m(core(shape), place) - core(shape).radius_m <= within_m for shape in shapes)


def winding(ring: list[Point], point: Point) -> int:
    """How often a small ring winds round a point, in the plane of its degrees; the slow twin of "inside"."""
    turned = 0.0
    for (a_lat, a_lon), (b_lat, b_lon) in zip(ring, [*ring[1:], ring[0]], strict=True):
        a = math.atan2(a_lat - point[0], a_lon - point[1])
        b = math.atan2(b_lat - point[0], b_lon - point[1])
        turned += (b - a + math.pi) % (2 * math.pi) - math.pi
    return round(turned / (2 * math.pi))


def test_a_sound_ring_is_left_as_it_is() -> None:
    assert mended(SQUARE) == ((Polygon(SQUARE),), "")


def test_a_line_out_and_back_is_left_out() -> None:
    found = mended((*SQUARE[:2], (50.0, 12.0), *SQUARE[1:]))
    assert found.shapes == (Polygon(SQUARE),)
    assert "touches itself" in found.note


def test_a_ring_that_touches_itself_in_a_vertex_is_two_areas() -> None:
    found = mended((*SQUARE[:3], (51.8, 11.3), (51.3, 11.8), SQUARE[2], SQUARE[3]))
    assert len(found.shapes) == 2
    assert holds(found.shapes, (50.5, 10.5))
    assert holds(found.shapes, (51.5, 11.5))
    assert "2 areas" in found.note


def test_a_bow_tie_is_both_of_its_wings() -> None:
    found = mended(((50.0, 10.0), (51.0, 11.0), (50.0, 11.0), (51.0, 10.0)))
    assert len(found.shapes) == 2
    for wing in ((50.5, 10.1), (50.5, 10.9)):
        assert holds(found.shapes, wing)
    assert not holds(found.shapes, (50.9, 10.5))


def test_a_loop_that_is_only_a_line_is_held_by_a_corridor() -> None:
    found = mended((*SQUARE[:2], (50.5, 11.0), (50.5, 11.1), (50.5 + 1e-9, 11.1), (50.5, 11.0), *SQUARE[2:]))
    assert any(isinstance(shape, Corridor) for shape in found.shapes)
    assert holds(found.shapes, (50.5, 10.5))
    assert holds(found.shapes, (50.5, 11.09))


def test_what_cannot_be_told_apart_is_given_back_for_the_caller_to_refuse() -> None:
    line = ((50.0, 10.0), (51.0, 10.0), (52.0, 10.0), (51.0, 10.0))
    for ring in ((), (SQUARE[0],), (SQUARE[0], SQUARE[1]), line, ((91.0, 0.0), (0.0, 1.0), (1.0, 1.0))):
        found = mended(ring)
        assert found.shapes == (Polygon(ring),)
        assert shape_flaws(found.shapes[0])


def test_holes_that_cannot_be_used_are_filled() -> None:
    fine = ((50.4, 10.4), (50.4, 10.6), (50.6, 10.6))
    assert mended_polygon(Polygon(SQUARE, (fine,))).shapes == (Polygon(SQUARE, (fine,)),)
    touching = (SQUARE[0], (50.4, 10.6), (50.6, 10.6))
    found = mended_polygon(Polygon(SQUARE, (touching,)))
    assert found.shapes == (Polygon(SQUARE),)
    assert "holes" in found.note


corners = st.tuples(st.integers(0, 12), st.integers(0, 12)).map(lambda at: (50 + at[0] / 100, 10 + at[1] / 100))

few_corners = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(lambda at: (50 + at[0] * 0.03, 10 + at[1] * 0.03))


# Off the lines between corners: whether a point of an edge is inside is for nobody to say.
places = st.tuples(st.integers(0, 120), st.integers(0, 120)).map(
    lambda at: (50.00031 + at[0] / 1000, 10.00047 + at[1] / 1000)
)


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(corners | few_corners, min_size=3, max_size=9), places)
def test_whatever_a_ring_winds_round_is_held(ring: list[Point], place: Point) -> None:
    found = mended(tuple(ring))
    if any(shape_flaws(shape) for shape in found.shapes):
        assert len(set(ring)) < 3 or winding(ring, place) == 0
        return
    # In degrees edges are straight and on the Earth they are great circles: they part by under 5 m here.
    if winding(ring, place) != 0:
        assert holds(found.shapes, place, within_m=5.0)


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(corners, min_size=40, max_size=120, unique=True), places)
def test_a_scribble_is_held_too(ring: list[Point], place: Point) -> None:
    found = mended(tuple(ring))
    assert not any(shape_flaws(shape) for shape in found.shapes)
    if winding(ring, place) != 0:
        assert holds(found.shapes, place, within_m=5.0)
