"""A turned shape is the same shape elsewhere: every distance within it is kept, and a turn back restores it."""

import math
from itertools import combinations

import pytest
from geographiclib.geodesic import Geodesic
from hypothesis import given
from hypothesis import strategies as st

from reference.shapes_at_random import seeded, some_shape
from skyparley.geometry.areas import area_m2
from skyparley.geometry.outline import outline
from skyparley.geometry.rings import EARTH_RADIUS_M, angle, vector
from skyparley.geometry.shapes import Arc, Orbit
from skyparley.geometry.turning import Turn, bearing_deg, carried, place_of, turn_along, turned

PLACES = st.one_of(
    st.sampled_from([(0.0, 180.0), (89.9, 10.0), (-89.99, -170.0), (52.0, -179.99)]),
    st.tuples(st.floats(-89.9, 89.9), st.floats(-180, 180)),
)


@given(PLACES, st.floats(0, 360), st.floats(1, 2_000_000))
def test_a_place_is_carried_so_far_along_its_bearing(place, bearing, distance_m):
    turn = turn_along(place, bearing, distance_m)
    arrived = carried(vector(place), turn)
    assert angle(vector(place), arrived) * EARTH_RADIUS_M == pytest.approx(distance_m, abs=1e-3)
    off_deg = (bearing_deg(place, arrived) - bearing + 180) % 360 - 180
    assert abs(math.radians(off_deg)) * min(distance_m, 6e6) < 0.1


def test_a_mile_north_is_a_mile_north_on_the_ellipsoid_too():
    arrived = place_of(carried(vector((52.0, 13.0)), turn_along((52.0, 13.0), 0.0, 18_520)))
    measured = Geodesic.WGS84.Inverse(52.0, 13.0, *arrived)
    assert measured["s12"] == pytest.approx(18_520, rel=0.0056)
    assert measured["azi1"] == pytest.approx(0, abs=1e-6)


@given(st.integers(0, 10**6), PLACES, st.floats(0, 360), st.floats(1, 500_000))
def test_distances_within_a_shape_are_kept(seed, place, bearing, distance_m):
    shape = some_shape(seeded(seed), place, 30_000)
    turn = turn_along(place, bearing, distance_m)
    moved = turned(shape, turn)
    drawn = isinstance(shape, Arc | Orbit)  # their vertices come from geodesics, which the turn does not keep
    assert area_m2(moved) == pytest.approx(
        area_m2(shape), rel=0.012 if drawn else 1e-3, abs=1_000
    )  # slivers: 30 km times 1 cm, twice
    if drawn:
        return
    before, after = outline(shape), outline(moved)
    assert (after.kind, after.radius_m) == (before.kind, before.radius_m)
    old, new = [vector(p) for p in before.rings[0]], [vector(p) for p in after.rings[0]]
    assert len(old) == len(new)
    for i, j in combinations(range(min(len(old), 8)), 2):
        assert angle(new[i], new[j]) * EARTH_RADIUS_M == pytest.approx(angle(old[i], old[j]) * EARTH_RADIUS_M, abs=0.05)
    back = turned(moved, Turn(turn.axis, -turn.angle_rad))
    for point, home in zip(outline(back).rings[0], before.rings[0], strict=True):
        assert angle(vector(point), vector(home)) * EARTH_RADIUS_M < 0.05


@pytest.mark.parametrize("place", [(70.0, 20.0), (0.0, 179.9), (-60.0, 0.0)])
def test_an_arc_keeps_looking_the_same_way_along_the_turn(place):
    """Its sector's middle lies as far from the direction of travel after the turn as before."""
    arc = Arc(*place, 5_000, 20_000, 350.0, 40.0)
    moved = turned(arc, turn_along(place, 75.0, 150_000))
    start = bearing_deg((moved.lat, moved.lon), vector(place))  # back to where it came from
    assert (moved.from_deg - start) % 360 == pytest.approx((arc.from_deg - 75.0 - 180) % 360, abs=2e-3)
    assert (moved.to_deg - moved.from_deg) % 360 == pytest.approx(50.0, abs=2e-3)
