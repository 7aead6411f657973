"""The index finds what brute force finds, whatever is added and removed, and forgets what is taken out."""

import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from how_many import examples
from reference.shapes_at_random import HOUR_MS, moved, seeded, some_size_m, some_volume, some_volumes
from reference.slow_sphere import slow_distance_m
from skyparley.geometry import index as index_module
from skyparley.geometry.index import VolumeIndex, load_kernels
from skyparley.geometry.index_arrays import ArrayIndex
from skyparley.geometry.index_cells import CellIndex
from skyparley.geometry.levels import Level, Ref
from skyparley.geometry.outline import outline
from skyparley.geometry.shapes import Circle
from skyparley.geometry.volumes import Separation, Unusable, Volume, judge

TABLE = Separation(18_520, 2000, 600_000, 1000, 9000)
WIDE = Separation(400_000, 30_000, 40 * 24 * HOUR_MS, 1000, 9000)
NONE = Separation(0, 0, 0, 0, 0)
separations = st.sampled_from([TABLE, NONE, WIDE])


LENGTHS_AGREE_M = 1e-6


@pytest.fixture(params=[10**9, 0, 12], ids=["cells", "kernels", "going over"])
def many(request, monkeypatch):
    """How many volumes make an index go over to the kernels."""
    load_kernels()
    monkeypatch.setattr(index_module, "MANY", request.param)


def assert_same(found, expected):
    """The same keys in the same order, the same whole numbers, and lengths to a micrometre."""
    assert [key for key, _ in found] == [key for key, _ in expected]
    for (_, ours), (_, theirs) in zip(found, expected, strict=True):
        assert ours.conflict
        assert (ours.gaps.vertical_ft, ours.gaps.time_ms) == (theirs.gaps.vertical_ft, theirs.gaps.time_ms)
        assert ours.gaps.lateral_m == pytest.approx(theirs.gaps.lateral_m, abs=LENGTHS_AGREE_M)
        assert ours.margin_m == pytest.approx(theirs.margin_m, abs=LENGTHS_AGREE_M)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), separations)
@pytest.mark.usefixtures("many")
def test_one_volume_against_many_with_removals(seed, sep):
    rng = seeded(seed)
    volumes = dict(enumerate(some_volumes(rng, 40)))
    index = VolumeIndex()
    for key, volume in volumes.items():
        index.add(key, volume)
    for key in rng.sample(sorted(volumes), 15):
        index.remove(key)
        del volumes[key]
    assert len(index) == len(volumes) == 25
    asked = some_volumes(rng, 4) + list(volumes.values())[:4]
    for volume in asked:
        expected = [(key, v) for key, other in volumes.items() if (v := judge(volume, other, sep)).conflict]
        assert_same(index.conflicts(volume, sep), expected)
        assert {key for key, _ in expected} <= set(index.candidates(volume, sep))


@settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
@pytest.mark.usefixtures("many")
def test_adding_a_volume_never_removes_a_conflict(seed):
    rng = seeded(seed)
    *volumes, last = some_volumes(rng, 25)
    index = VolumeIndex()
    for key, volume in enumerate(volumes):
        index.add(key, volume)
    before = [index.conflicts(volume, TABLE) for volume in volumes]
    index.add("last", last)
    for volume, found in zip(volumes, before, strict=True):
        assert [pair for pair in index.conflicts(volume, TABLE) if pair[0] != "last"] == found


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(0, 2**32))
def test_every_point_within_reach_lies_in_a_covering_cell(seed):
    import s2geometry as s2

    from skyparley.geometry.cells import covering, level_for, parent
    from skyparley.geometry.sphere import core

    rng = seeded(seed)
    shape = some_volumes(rng, 1)[0].shape
    grow_m = 10 ** rng.uniform(0, 5.5)
    level = level_for(core(shape), grow_m, rng.choice((0.7, 2.0)))
    cells = covering(core(shape), grow_m, level)
    start = outline(shape).rings[0][-1]
    for _ in range(40):
        lat, lon = moved(start, rng.uniform(0, 360), some_size_m(rng))
        if slow_distance_m(shape, Circle(lat, lon, 1.0)) <= grow_m:
            leaf = s2.S2CellId(s2.S2LatLng.FromDegrees(lat, lon))
            assert leaf.parent(level).id() in cells
            assert parent(leaf.id(), level) == leaf.parent(level).id()


def test_what_is_taken_out_leaves_nothing_behind():
    index = CellIndex()
    for key, volume in enumerate(some_volumes(seeded(5), 60)):
        index.add(key, volume)
    assert index._own
    assert index._below
    for key in range(60):
        index.remove(key)
    assert len(index) == 0
    assert not index._own
    assert not index._below
    assert not any(index._homes.values())
    assert not index._scales


@pytest.mark.usefixtures("many")
def test_nothing_is_filed_that_has_problems_or_a_taken_key():
    index, volume = VolumeIndex(), some_volumes(seeded(1), 1)[0]
    index.add("a", volume)
    with pytest.raises(KeyError):
        index.add("a", volume)
    with pytest.raises(Unusable, match="LATITUDE_RANGE"):
        index.add("b", Volume(Circle(91, 0, 5), volume.lower, volume.upper, 0, 1))
    with pytest.raises(KeyError):
        index.remove("b")
    assert len(index) == 1
    assert "a" in index
    assert "b" not in index


@pytest.mark.usefixtures("many")
def test_skip_leaves_out_keys_before_they_are_judged():
    index, volume = VolumeIndex(), some_volumes(seeded(1), 1)[0]
    for key in ("x", "y", "z"):
        index.add(key, volume)
    assert [key for key, _ in index.conflicts(volume, TABLE)] == ["x", "y", "z"]
    assert [key for key, _ in index.conflicts(volume, TABLE, skip=lambda key: key == "y")] == ["x", "z"]


@pytest.mark.usefixtures("many")
def test_a_continent_for_a_year_is_found_by_a_small_volume():
    band = (Level(Ref.SFC), Level(Ref.UNL))
    index = VolumeIndex()
    index.add("continent", Volume(Circle(45, 20, 2_000_000), *band, 0, 365 * 24 * HOUR_MS))
    index.add("world", Volume(Circle(90, 0, 10_000_000), *band, -(2**50), 2**50))
    small = Volume(Circle(40, 30, 300), *band, 200 * 24 * HOUR_MS, 200 * 24 * HOUR_MS + 1)
    assert [key for key, _ in index.conflicts(small, NONE)] == ["continent", "world"]


def test_a_continent_for_a_year_is_filed_under_few_cells():
    band = (Level(Ref.SFC), Level(Ref.UNL))
    index = CellIndex()
    index.add("continent", Volume(Circle(45, 20, 2_000_000), *band, 0, 365 * 24 * HOUR_MS))
    index.add("world", Volume(Circle(90, 0, 10_000_000), *band, -(2**50), 2**50))
    filed = len(index._own) + len(index._below)
    assert filed < 60


def test_a_small_volume_among_many_looks_at_few():
    rng = seeded(3)
    index = CellIndex()
    for key in range(1500):
        place = (rng.uniform(40, 50), rng.uniform(0, 14))
        index.add(key, some_volume(rng, place, rng.uniform(1000, 20_000)))
    asked = [some_volume(rng, (45.0, 7.0), 5000) for _ in range(10)]
    touched = [
        len(set().union(*index._buckets(v, core_of(v), TABLE))) for v in asked if v.end_ms - v.start_ms <= HOUR_MS
    ]
    assert touched
    assert max(touched) < 100


@pytest.mark.usefixtures("many")
@settings(max_examples=examples(10), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32))
def test_volumes_that_come_and_go_in_any_order(seed):
    rng = seeded(seed)
    volumes, index, held = some_volumes(rng, 60), VolumeIndex(), {}
    for step in range(300):
        key = rng.randrange(60)
        if key in held:
            index.remove(key)
            del held[key]
        else:
            index.add(key, volumes[key])
            held[key] = volumes[key]
        if step % 30 == 0:
            asked = rng.choice(volumes)
            expected = [(key, v) for key, other in held.items() if (v := judge(asked, other, TABLE)).conflict]
            assert_same(index.conflicts(asked, TABLE), expected)
    assert len(index) == len(held)


def test_an_index_of_arrays_grows_and_closes_its_gaps(monkeypatch):
    from skyparley.geometry import index_arrays

    monkeypatch.setattr(index_arrays, "GAPS_AT_LEAST", 10)
    rng = seeded(4)
    volumes = some_volumes(rng, 400)
    index, cells = ArrayIndex(), CellIndex()
    for key in range(4000):
        index.add(key, volumes[key % 400])
    for key in range(3700):
        index.remove(key)
    assert len(index) == 300
    assert len(index._keys) < 700
    for key in range(3700, 4000):
        cells.add(key, volumes[key % 400])
    for asked in volumes[:20]:
        for sep in (TABLE, WIDE, NONE):
            assert_same(index.conflicts(asked, sep), cells.conflicts(asked, sep))


def test_an_index_stays_plain_python_until_it_is_large_and_the_kernels_are_there():
    code = (
        "import sys; from skyparley import *; from skyparley.geometry import index\n"
        "band = (Level(Ref.SFC), Level(Ref.UNL), 0, 1)\n"
        "filed = VolumeIndex()\n"
        "for k in range(index.MANY + 5): filed.add(k, Volume(Circle(k / 100, 0, 50), *band), known_sound=True)\n"
        "assert 'numba' not in sys.modules, 'loaded by itself'\n"
        "assert type(filed._index).__name__ == 'CellIndex'\n"
        "index.load_kernels()\n"
        "filed.add('last', Volume(Circle(0, 0, 50), *band))\n"
        "assert type(filed._index).__name__ == 'ArrayIndex'\n"
        "assert len(filed) == index.MANY + 6\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def core_of(volume):
    from skyparley.geometry.sphere import core

    return core(volume.shape)


def test_the_library_s_names_come_with_the_first_use():
    code = (
        "import sys, skyparley; assert 'spherely' not in sys.modules, 'loaded too early'; "
        "from skyparley import *; assert judge and VolumeIndex and 'spherely' in sys.modules; "
        "assert set(skyparley.__all__) <= set(dir(skyparley)); print(skyparley.__version__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
