"""Bulk detection finds what brute force finds, pair for pair, by the index and by the kernels, on objects and on arrays."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from how_many import examples
from reference.shapes_at_random import HOUR_MS, moved, seeded, some_pair, some_volumes
from skyparley.geometry import bulk
from skyparley.geometry.arrays import Volumes
from skyparley.geometry.bulk import all_conflicts, conflicts_between, gaps, inside
from skyparley.geometry.levels import Level, LevelRules, Ref, clearance_ft
from skyparley.geometry.outline import outline
from skyparley.geometry.shapes import Circle, Polygon
from skyparley.geometry.sphere import core, core_distance_m
from skyparley.geometry.volumes import ELLIPSOID_BOUND, Separation, Unusable, Volume, judge

TABLE = Separation(18_520, 2000, 600_000, 1000, 9000)
WIDE = Separation(400_000, 30_000, 40 * 24 * HOUR_MS, 1000, 9000)
NONE = Separation(0, 0, 0, 0, 0)
separations = st.sampled_from([TABLE, NONE, WIDE])
ALWAYS = (Level(Ref.SFC), Level(Ref.UNL), 0, HOUR_MS)
LENGTHS_AGREE_M = 1e-6


@pytest.fixture(autouse=True, params=["by the index", "by the kernels"])
def way(request, monkeypatch):
    many = 10**9 if request.param == "by the index" else 0
    monkeypatch.setattr(bulk, "MANY", many)
    monkeypatch.setattr(bulk, "MANY_ONCE_LOADED", many)


def brute(volumes, sep, groups=None):
    groups = groups or [None] * len(volumes)
    return [
        (i, j, verdict)
        for i, a in enumerate(volumes)
        for j, b in enumerate(volumes)
        if i < j and (groups[i] is None or groups[i] != groups[j]) and (verdict := judge(a, b, sep)).conflict
    ]


def assert_same(found, expected):
    """The same pairs in the same order, the same whole numbers, and lengths to a micrometre."""
    assert [pair[:2] for pair in found] == [pair[:2] for pair in expected]
    for (_, _, ours), (_, _, theirs) in zip(found, expected, strict=True):
        assert ours.conflict
        assert (ours.gaps.vertical_ft, ours.gaps.time_ms) == (theirs.gaps.vertical_ft, theirs.gaps.time_ms)
        assert ours.gaps.lateral_m == pytest.approx(theirs.gaps.lateral_m, abs=LENGTHS_AGREE_M)
        assert ours.margin_m == pytest.approx(theirs.margin_m, abs=LENGTHS_AGREE_M)


@settings(max_examples=examples(40), deadline=None)
@given(st.integers(0, 2**32), separations)
def test_all_conflicts_are_those_of_brute_force(seed, sep):
    volumes = some_volumes(seeded(seed), 40)
    assert_same(all_conflicts(volumes, sep), brute(volumes, sep))


@settings(max_examples=examples(20), deadline=None)
@given(st.integers(0, 2**32), separations)
def test_volumes_of_one_group_are_not_compared(seed, sep):
    rng = seeded(seed)
    volumes = some_volumes(rng, 30)
    groups = [rng.choice(("A", "B", None)) for _ in volumes]
    assert_same(all_conflicts(volumes, sep, groups), brute(volumes, sep, groups))


@settings(max_examples=examples(20), deadline=None)
@given(st.integers(0, 2**32), separations)
def test_between_two_sets_no_set_is_compared_with_itself(seed, sep):
    rng = seeded(seed)
    volumes = some_volumes(rng, 30)
    a, b = volumes[:12], volumes[12:]
    expected = [(i, j, v) for i, p in enumerate(a) for j, q in enumerate(b) if (v := judge(p, q, sep)).conflict]
    assert_same(conflicts_between(a, b, sep), expected)


@settings(max_examples=examples(20), deadline=None)
@given(st.integers(0, 2**32), separations)
def test_arrays_give_the_same_pairs_as_objects_with_gaps_on_request(seed, sep):
    volumes = some_volumes(seeded(seed), 30)
    arrays = Volumes.of(volumes)
    expected = brute(volumes, sep)
    plain, whole = all_conflicts(arrays, sep), all_conflicts(arrays, sep, with_gaps=True)
    assert list(zip(plain.i.tolist(), plain.j.tolist(), strict=True)) == [pair[:2] for pair in expected]
    assert plain.gaps is None
    assert_same(bulk._as_pairs(whole), expected)
    between = conflicts_between(arrays, arrays, sep)
    both = {(i, j) for i, j, _ in expected} | {(j, i) for i, j, _ in expected} | {(k, k) for k in range(30)}
    assert set(zip(between.i.tolist(), between.j.tolist(), strict=True)) == both


@settings(max_examples=examples(30), deadline=None)
@given(st.integers(0, 2**32))
def test_gaps_of_arrays_are_the_gaps_of_each_pair(seed):
    rng = seeded(seed)
    pairs = [some_pair(rng) for _ in range(10)]
    a = [Volume(shape, *ALWAYS) for shape, _ in pairs]
    b = [Volume(shape, *ALWAYS) for _, shape in pairs]
    found = gaps(Volumes.of(a), Volumes.of(b), TABLE)
    expected = [gaps(one, other, TABLE) for one, other in zip(a, b, strict=True)]
    assert found.lateral_m.tolist() == pytest.approx([g.lateral_m for g in expected], rel=1e-12, abs=LENGTHS_AGREE_M)
    assert found.vertical_ft.tolist() == [g.vertical_ft for g in expected]
    assert found.time_ms.tolist() == [g.time_ms for g in expected]
    one_with_all = gaps(Volumes.of(a[:1]), Volumes.of(b), TABLE).lateral_m.tolist()
    expected_m = [gaps(a[0], other, TABLE).lateral_m for other in b]
    # Near the far side of the Earth both ways lose digits: an angle's cosine is flat there.
    assert one_with_all == pytest.approx(expected_m, rel=1e-7, abs=LENGTHS_AGREE_M)


@settings(max_examples=examples(25), deadline=None)
@given(st.integers(0, 2**32))
def test_who_is_inside_what(seed):
    rng = seeded(seed)
    volumes = some_volumes(rng, 25)
    rules = LevelRules(1000, 9000)
    places, times = [], []
    for _ in range(25):
        volume = rng.choice(volumes)
        place = moved(outline(volume.shape).rings[0][0], rng.uniform(0, 360), 10 ** rng.uniform(1, 5.5))
        places.append((*place, rng.randrange(0, 40_000, 100)))
        times.append(rng.choice((volume.start_ms, volume.end_ms, rng.randrange(volume.start_ms, volume.end_ms))))
    expected = [
        (i, j)
        for i, (place, at_ms) in enumerate(zip(places, times, strict=True))
        for j, volume in enumerate(volumes)
        if slow_inside(place, at_ms, volume, rules)
    ]
    lat, lon, ft = (list(column) for column in zip(*places, strict=True))
    assert inside((lat, lon, ft), times, volumes, rules=rules) == expected
    i, j = inside((lat, lon, ft), times, Volumes.of(volumes), rules=rules)
    assert list(zip(i.tolist(), j.tolist(), strict=True)) == expected


def slow_inside(place, at_ms, volume, rules):
    lat, lon, ft = place
    level = Level(Ref.AMSL, ft)
    if not volume.start_ms <= at_ms < volume.end_ms:
        return False
    if clearance_ft(volume.lower, level, rules) > 0 or clearance_ft(level, volume.upper, rules) > 0:
        return False
    held = core(volume.shape)
    return core_distance_m(core(Circle(lat, lon, 0.0)), held) * (1 - ELLIPSOID_BOUND) <= held.radius_m + LENGTHS_AGREE_M


def test_the_edge_of_an_area_and_both_its_levels_are_inside_and_its_end_is_not():
    square = Volume(
        Polygon(((0.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, 0.0))), Level(Ref.AMSL, 100), Level(Ref.AMSL, 200), 0, 1000
    )
    places = [(0.0, 0.5, 150), (0.0, 0.0, 150), (0.5, 0.5, 100), (0.5, 0.5, 200), (0.5, 0.5, 99), (0.5, 0.5, 201)]
    lat, lon, ft = (list(column) for column in zip(*places, strict=True))
    assert inside((lat, lon, ft), 500, [square]) == [(0, 0), (1, 0), (2, 0), (3, 0)]
    assert inside((0.5, 0.5, 150), [0, 999, 1000], [square]) == [(0, 0), (1, 0)]


def test_neighbours_that_share_an_edge_or_a_vertex_do_not_conflict_with_nothing_required():
    grid = [
        Volume(Polygon(((lat, lon), (lat, lon + 1.0), (lat + 1.0, lon + 1.0), (lat + 1.0, lon))), *ALWAYS)
        for lat in (44.0, 45.0, 46.0)
        for lon in (178.0, 179.0, 180.0 - 360.0)
    ]
    assert all_conflicts(grid, NONE) == []
    assert len(all_conflicts(grid, Separation(1, 0, 0, 0, 0))) == 20  # 12 edges and 8 vertices in common
    assert [pair[:2] for pair in all_conflicts([*grid, grid[4]], NONE)] == [(4, 9)]


def test_a_country_for_a_week_among_small_ones_conflicts_with_those_in_it():
    rng = seeded(11)
    small = [
        Volume(
            Circle(rng.uniform(40, 52), rng.uniform(-6, 12), rng.uniform(500, 5000)),
            *ALWAYS[:2],
            start := rng.randrange(7 * 24 * HOUR_MS),
            start + HOUR_MS,
        )
        for _ in range(300)
    ]
    ring = tuple(moved((46.0, 3.0), turn, 400_000) for turn in range(0, 360, 2))
    country = Volume(
        Polygon(ring, (tuple(moved((46.0, 3.0), turn, 100_000) for turn in range(0, 360, 30)),)),
        *ALWAYS[:2],
        0,
        7 * 24 * HOUR_MS,
    )
    found = all_conflicts([country, *small], NONE)
    assert_same(found, brute([country, *small], NONE))
    assert sum(i == 0 for i, _, _ in found) > 50


def test_progress_rises_to_one():
    told = []
    all_conflicts(some_volumes(seeded(3), 20), TABLE, progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_no_volumes_have_no_conflicts():
    assert all_conflicts([], TABLE) == []
    assert conflicts_between([], some_volumes(seeded(1), 3), TABLE) == []
    assert conflicts_between(some_volumes(seeded(1), 3), [], TABLE) == []
    empty = Volumes.of([])
    assert len(all_conflicts(empty, TABLE, with_gaps=True)) == 0
    assert len(conflicts_between(empty, Volumes.of(some_volumes(seeded(1), 3)), TABLE)) == 0
    assert inside(([], [], []), [], empty)[0].tolist() == []


def test_what_cannot_be_used_is_refused_by_name():
    volumes = some_volumes(seeded(1), 3)
    with pytest.raises(ValueError, match="2 groups for 3 volumes"):
        all_conflicts(volumes, TABLE, ["A", "B"])
    with pytest.raises(ValueError, match="2 groups for 3 volumes"):
        all_conflicts(Volumes.of(volumes), TABLE, np.array([1, 2]))
    with pytest.raises(Unusable, match="LATITUDE_RANGE: volume 3"):
        all_conflicts([*volumes, Volume(Circle(91, 0, 5), *ALWAYS)], TABLE)
    with pytest.raises(TypeError, match="both sides"):
        conflicts_between(volumes, Volumes.of(volumes), TABLE)
    with pytest.raises(TypeError, match="both sides"):
        gaps(volumes[0], Volumes.of(volumes), TABLE)
    with pytest.raises(ValueError, match="3 volumes and 2"):
        gaps(Volumes.of(volumes), Volumes.of(volumes[:2]), TABLE)


def test_areas_of_thousands_of_vertices_that_interlock():
    def star(lat, lon, points, depth_m):
        return Polygon(tuple(moved((lat, lon), 360 * k / points, 60_000 if k % 2 else depth_m) for k in range(points)))

    volumes = [Volume(star(46.0, lon, 1500, depth_m), *ALWAYS) for lon, depth_m in ((7.0, 5e4), (7.4, 5e4), (8.6, 3e4))]
    volumes += [Volume(Circle(46.0, 7.0 + step / 10, 40.0), *ALWAYS) for step in range(30)]
    assert_same(all_conflicts(volumes, NONE), brute(volumes, NONE))
    assert_same(all_conflicts(volumes, Separation(500, 0, 0, 0, 0)), brute(volumes, Separation(500, 0, 0, 0, 0)))
