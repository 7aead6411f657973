"""Caps hold what they are said to hold: every point of a line, and the inside of a ring."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from how_many import examples
from reference.shapes_at_random import HOUR_MS, moved, seeded, some_place, some_size_m
from reference.slow_sphere import between_points, cut, normalised, plus, scaled
from skyparley.geometry.caps import BEADS, beads
from skyparley.geometry.index import VolumeIndex
from skyparley.geometry.levels import Level, Ref
from skyparley.geometry.rings import split_long
from skyparley.geometry.shapes import Circle, Polygon
from skyparley.geometry.sphere import core
from skyparley.geometry.validation import problems
from skyparley.geometry.volumes import Separation, Volume


@settings(max_examples=examples(100), deadline=None)
@given(st.integers(0, 2**32), st.floats(0, 0.01))
def test_every_point_of_a_line_lies_in_a_bead(seed, least_rad):
    rng = seeded(seed)
    line = [some_place(rng)]
    for _ in range(rng.randint(1, 30)):
        line.append(moved(line[-1], rng.uniform(0, 360), some_size_m(rng)))
    found = beads(split_long(line, closed=False), least_rad=least_rad)
    assert len(found) <= 2 * BEADS + 2
    for a, b in cut(line, closed=False):
        part = rng.random()
        point = normalised(plus(scaled(a, 1 - part), scaled(b, part)))
        assert min(between_points(cap.centre, point) - cap.angle_rad for cap in found) <= 0


def test_a_ring_whose_vertices_are_all_far_from_its_middle():
    # A cap of 60 degrees around the south pole with a finger to the far north, where nearly all of the vertices are: the inside
    # around the south pole is further from the vertices' middle than any of them.
    finger = [(lat / 4, 1.0) for lat in range(356)]
    ring = [(-30.0, float(lon)) for lon in range(5, 360, 10)]
    back = [(lat / 4, -1.0) for lat in range(355, -1, -1)]
    ring = [(lat, lon - 360 if lon > 180 else lon) for lat, lon in ring]
    shape = Polygon((*back, *ring[::-1], *finger))
    assert problems(shape) == ()
    assert core(shape).bound.angle_rad == math.pi
    band = (Level(Ref.SFC), Level(Ref.UNL), 0, HOUR_MS)
    index = VolumeIndex()
    index.add("horn", Volume(shape, *band))
    assert index.conflicts(Volume(Circle(-62, 180, 10), *band), Separation(0, 0, 0, 0, 0))
    assert not index.conflicts(Volume(Circle(62, 180, 10), *band), Separation(0, 0, 0, 0, 0))
