"""The area of a corridor is never more than it truly is, by a fine raster and the slow twin."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from how_many import examples
from reference.shapes_at_random import seeded
from reference.slow_sphere import RADIUS_M, SlowCore, to_arc, unit
from skyparley.geometry.shapes import Corridor
from skyparley.geometry.volumes import area_m2

STEPS = 70


@settings(max_examples=examples(15), deadline=None)
@given(st.integers(0, 2**32))
def test_the_area_of_a_corridor_is_never_too_much(seed):
    rng = seeded(seed)
    line = tuple((rng.uniform(0, 0.1), rng.uniform(0, 0.1)) for _ in range(rng.randint(2, 6)))
    shape = Corridor(line, rng.uniform(300, 4000))
    low, step = -0.05, 0.2 / STEPS
    arcs, reach = SlowCore(shape).arcs, shape.half_width_m / RADIUS_M
    inside = sum(
        min(to_arc(unit(low + step * (row + 0.5), low + step * (column + 0.5)), arc) for arc in arcs) <= reach
        for row in range(STEPS)
        for column in range(STEPS)
    )
    cell_m2 = (math.radians(step) * RADIUS_M) ** 2
    edge_cells = 4 * STEPS  # a raster is wrong by about a part of the cells along the edge
    true_m2 = inside * cell_m2
    assert 0.2 * true_m2 <= area_m2(shape) <= true_m2 + 0.1 * edge_cells * cell_m2
