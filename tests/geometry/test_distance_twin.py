"""The fast distances against the slow twin, on shapes of every kind and place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from how_many import examples
from reference.shapes_at_random import seeded, some_pair
from reference.slow_sphere import SlowCore, slow_distance_m
from skyparley.geometry.shapes import Circle
from skyparley.geometry.sphere import core, core_distance_m


@settings(max_examples=examples(120), deadline=None)
@given(st.integers(0, 2**32))
def test_core_distance_is_that_of_the_slow_twin(seed):
    a, b = some_pair(seeded(seed))
    assert core_distance_m(core(a), core(b)) == pytest.approx(slow_distance_m(a, b), rel=1e-9, abs=1e-3)


@settings(max_examples=examples(120), deadline=None)
@given(st.integers(0, 2**32))
def test_core_distance_is_the_same_both_ways(seed):
    a, b = some_pair(seeded(seed))
    assert core_distance_m(core(a), core(b)) == core_distance_m(core(b), core(a))


@pytest.mark.parametrize(
    ("lat", "lon", "metres"),
    # One degree of the mean sphere is 111,195.08 m: a polygon of 10 by 10 degrees with a hole of 4 by 4 around (5, 5).
    [(5.0, 5.0, 2 * 110_770), (1.0, 1.0, 0.0), (5.0, -1.0, 110_770)],
)
def test_the_slow_twin_knows_plain_cases(lat, lon, metres):
    from skyparley.geometry.shapes import Polygon

    square = Polygon(((0, 0), (0, 10), (10, 10), (10, 0)), (((3, 3), (3, 7), (7, 7), (7, 3)),))
    assert slow_distance_m(square, Circle(lat, lon, 1.0)) == pytest.approx(metres, rel=1e-3)
    assert SlowCore(square).has(SlowCore(Circle(lat, lon, 1.0)).points[0]) == (metres == 0.0)
