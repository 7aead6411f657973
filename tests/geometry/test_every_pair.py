"""Every pair of the six shapes against the slow twin: at random, nested, touching, thin, huge, of thousands of vertices."""

from itertools import combinations_with_replacement

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from how_many import examples
from reference.shapes_at_random import HOUR_MS, moved, seeded, some_place, some_shape, some_size_m
from reference.slow_sphere import between_arcs, nearest_of_many, slow_distance_m, unit
from skyparley.geometry.levels import Level, Ref
from skyparley.geometry.outline import outline
from skyparley.geometry.shapes import Arc, Circle, Corridor, Line, Orbit, Polygon
from skyparley.geometry.sphere import core, core_distance_m
from skyparley.geometry.validation import problems
from skyparley.geometry.volumes import Separation, Volume, judge

SHAPES = (Circle, Polygon, Corridor, Orbit, Line, Arc)
PAIRS = list(combinations_with_replacement(SHAPES, 2))
seeds = st.integers(0, 2**32)
LEAST_M = 50.0  # of much smaller ones none is a polygon of a square metre


def pair_of(rng, kinds):
    """A shape of each kind: one in the other, close by, or touching at a vertex."""
    place, size_m = some_place(rng), some_size_m(rng, largest_m=1_000_000)
    first = some_shape(rng, place, size_m, kinds[0])
    how = rng.choice(("near", "near", "nested", "touching"))
    if how == "touching":
        vertex = rng.choice(rng.choice(outline(first).rings))
        return first, some_shape(rng, vertex, max(LEAST_M, size_m * 10 ** rng.uniform(-2, 0)), kinds[1])
    if how == "nested":
        inside = moved(place, rng.uniform(0, 360), size_m * 0.05)
        return first, some_shape(rng, inside, max(LEAST_M, size_m * 10 ** rng.uniform(-3, -1)), kinds[1])
    near = moved(place, rng.uniform(0, 360), size_m * rng.uniform(0.2, 4))
    return first, some_shape(rng, near, some_size_m(rng, largest_m=1_000_000), kinds[1])


def agree(a, b):
    there = core_distance_m(core(a), core(b))
    assert there == core_distance_m(core(b), core(a))
    assert there == pytest.approx(slow_distance_m(a, b), rel=1e-9, abs=1e-3)
    # An arc is followed in steps by both: they may differ by a few millimetres.


@pytest.mark.parametrize("kinds", PAIRS, ids=lambda kinds: "-".join(kind.__name__ for kind in kinds))
@settings(max_examples=examples(8), deadline=None)
@given(seed=seeds)
def test_every_pair_of_shapes_is_exact(kinds, seed):
    agree(*pair_of(seeded(seed), kinds))


@pytest.mark.parametrize("kind", SHAPES)
@settings(max_examples=examples(8), deadline=None)
@given(seed=seeds, more_m=st.integers(0, 5_000))
def test_asking_for_more_never_ends_a_conflict_of_any_shape(kind, seed, more_m):
    rng = seeded(seed)
    a, b = (
        Volume(shape, Level(Ref.SFC), Level(Ref.UNL), 0, HOUR_MS) for shape in pair_of(rng, (kind, rng.choice(SHAPES)))
    )
    required_m = rng.randrange(50_000)
    less, more = (judge(a, b, Separation(metres, 0, 0, 0, 0)) for metres in (required_m, required_m + more_m))
    assert more.conflict or not less.conflict
    assert judge(b, a, Separation(required_m, 0, 0, 0, 0)) == less


def ragged(middle, count, radius_m, rng):
    """A ring of thousands of vertices that goes in and out."""
    turns = [360 * place / count for place in range(count)]
    return Polygon(tuple(moved(middle, turn, radius_m * rng.uniform(0.9, 1)) for turn in turns))


def beside(place, rng):
    """Shapes along a coast of 50 km around a place: the first three have hundreds of vertices."""
    legs = [moved(place, 90, 2_500 * leg - 250_000) for leg in range(200)]
    border = tuple(moved(point, 0, 60_000 + rng.uniform(0, 900)) for point in legs)
    return (
        Arc(*place, 100_000, 200_000, 0, 360),
        Line(border, 800),
        Corridor(border[::-1], 10),
        Arc(*moved(place, 200, 90_000), 30_000, 60_000, 200, 350),
        Arc(*moved(place, 200, 90_000), 30_000, 60_000, 20, 80),
        Orbit(moved(place, 10, 51_000), moved(place, 40, 70_000), 3_000, "RIGHT"),
        Circle(*moved(place, 300, 58_000), 2_000),
    )


@pytest.mark.parametrize("which", range(7))
def test_shapes_of_thousands_of_vertices(which):
    rng = seeded(7)
    place = [(48.0, 10.0), (89.95, 20.0), (-3.0, 179.9)][which % 3]
    coast, other = ragged(place, 2_000, 50_000, rng), beside(place, rng)[which]
    assert not problems(coast)
    assert not problems(other)
    agree(coast, other)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        # The ends of the Earth: a racetrack of 8,000 km, a ring and a border around a quarter of the world.
        (Orbit((10, -40), (50, 60), 900_000, "LEFT"), Arc(80, 20, 900_000, 1_900_000, 90, 45)),
        (Line(((70, -170), (72, 170), (60, 100), (0, 100)), 1_000), Orbit((65, -175), (65, 175), 300_000, "RIGHT")),
        # Hair-thin: a ring of 1 m, an orbit of 1 m, side by side.
        (Arc(36, 37, 49_999, 50_000, 0, 360), Orbit((36, 37), (36.4, 37), 1)),
        (Arc(36, 37, 49_999, 50_000, 10, 9.98), Orbit((36.9, 37), (36.4, 37), 1, "LEFT")),
        # A ring in the hollow of a ring, and a slice that only its neighbour's centre touches.
        (Arc(0, 180, 90_000, 100_000, 5, 5), Arc(0.1, -179.9, 10_000, 20_000, 7, 7)),
        (Arc(45, 7, 0, 10_000, 0, 60), Arc(45, 7, 0, 10_000, 120, 300)),
        # The pole on an edge, in an end, in the wedge that is left out.
        (Arc(89, 0, 0, 111_693.9, 340, 20), Line(((90, 0), (85, 90)), 5)),
        (Orbit((89.9, 0), (89.9, 180), 1_000, "LEFT"), Arc(89.5, 0, 20_000, 90_000, 5, 355)),
    ],
)
def test_nasty_pairs(a, b):
    assert not problems(a)
    assert not problems(b)
    agree(a, b)


@settings(max_examples=examples(40), deadline=None)
@given(seeds)
def test_the_slow_twin_by_arrays_is_the_slow_twin(seed):
    rng = seeded(seed)
    place = some_place(rng)

    def some_arcs(count):
        ends = [moved(place, rng.uniform(0, 360), some_size_m(rng)) for _ in range(count + 1)]
        if rng.random() < 0.2:
            ends[1] = ends[0]
        return [(unit(*ends[index]), unit(*ends[index + 1])) for index in range(count)]

    first, second = some_arcs(rng.randint(1, 4)), some_arcs(rng.randint(1, 6))
    plainly = min(between_arcs(p, q) for p in first for q in second)
    assert nearest_of_many(first, second) == pytest.approx(plainly, abs=1e-14)
