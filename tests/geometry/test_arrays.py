"""Volumes as arrays have the vertices of outline.py and are refused exactly where validation refuses them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from how_many import examples
from reference.shapes_at_random import moved, seeded, some_band, some_place, some_shape, some_size_m, some_volumes
from skyparley.geometry.arrays import Bands, Volumes, Windows
from skyparley.geometry.levels import Level, Ref
from skyparley.geometry.outline import outline
from skyparley.geometry.shapes import Circle, Corridor, Polygon
from skyparley.geometry.validation import problems
from skyparley.geometry.volumes import Unusable, Volume, volume_problems

BAND = (Level(Ref.AMSL, 0), Level(Ref.AMSL, 1000))


def outline_of(arrays, k):
    kinds, first_ring, first_vertex, lat_lon, radius_m = arrays.outlines
    rings = range(first_ring[k], first_ring[k + 1])
    points = [lat_lon[first_vertex[ring] : first_vertex[ring + 1]].tolist() for ring in rings]
    return (
        ("POINT", "LINE", "AREA")[kinds[k]],
        tuple(tuple((lat, lon) for lat, lon in ring) for ring in points),
        radius_m[k],
    )


def untidied(rng, points):
    """The same line with vertices repeated, and the antimeridian and poles spelled otherwise."""
    found = []
    for lat, lon in points:
        lon = -180.0 if lon == 180.0 else rng.uniform(-180, 180) if abs(lat) == 90.0 else lon
        found += [(lat, lon)] * rng.choice((1, 1, 2, 3))
    return tuple(found)


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(0, 2**32))
def test_vertices_are_those_of_the_outline(seed):
    rng = seeded(seed)
    shapes = [some_shape(rng, some_place(rng), some_size_m(rng)) for _ in range(8)]
    for shape in shapes[:4]:
        if isinstance(shape, Polygon):
            shapes.append(Polygon(untidied(rng, shape.outer), shape.holes))
        if isinstance(shape, Corridor):
            shapes.append(Corridor(untidied(rng, shape.line), shape.half_width_m))
    arrays = Volumes.of(Volume(shape, *BAND, 0, 1) for shape in shapes)
    assert [outline_of(arrays, k) for k in range(len(shapes))] == [outline(shape) for shape in shapes]
    rebuilt = [arrays.volume(k).shape for k in range(len(arrays))]
    assert [outline(shape) for shape in rebuilt] == [outline(shape) for shape in shapes]


@settings(max_examples=examples(300), deadline=None)
@given(st.integers(0, 2**32))
def test_a_volume_is_refused_exactly_if_it_has_problems(seed):
    volume = spoiled(seeded(seed))
    found = volume_problems(volume)
    if not found:
        assert len(Volumes.of([volume])) == 1
        return
    with pytest.raises(Unusable) as refused:
        Volumes.of([some_volumes(seeded(1), 1)[0], volume])
    assert [each.code for each in refused.value.problems] == [each.code for each in found]
    assert all(each.text.startswith("volume 1: ") for each in refused.value.problems)


def spoiled(rng):
    """A volume with perhaps a flaw in its ring, its width, its place, its band or its window."""
    place, size_m = some_place(rng), some_size_m(rng)
    shape = some_shape(rng, place, size_m)
    lower, upper = some_band(rng)
    start, end = 1000, 1000 + rng.choice((1, 1, 1, 0, -1))
    if isinstance(shape, Polygon):
        shape = Polygon(spoiled_ring(rng, shape.outer), shape.holes)
    elif isinstance(shape, Circle):
        lat = rng.choice((shape.lat, shape.lat, 90.0000001, float("nan")))
        shape = Circle(lat, shape.lon, rng.choice((size_m, 0.0, -1.0, float("inf"), 1.1e7)))
    elif isinstance(shape, Corridor):
        line = rng.choice((shape.line, shape.line[:1], (), (shape.line[0],) * 3, ((0.0, 0.0), (0.0, 179.9))))
        shape = Corridor(line, rng.choice((shape.half_width_m, 0.0)))
    if rng.random() < 0.3:
        odd = (Level(Ref.FL, 150), Level(Ref.UNL), Level(Ref.AGL, -1), Level(Ref.SFC, 5), Level(Ref.AMSL, 500_000))
        lower, upper = rng.choice(((rng.choice(odd), upper), (lower, rng.choice(odd)), (upper, lower)))
    return Volume(shape, lower, upper, start, end)


def spoiled_ring(rng, ring):
    ring = list(ring)
    match rng.randrange(7):
        case 0:
            i, j = rng.sample(range(len(ring)), 2)
            ring[i], ring[j] = ring[j], ring[i]  # it often crosses itself then
        case 1:
            ring.append(ring[len(ring) // 2])  # it meets itself in a vertex
        case 2:
            ring = ring[: rng.choice((0, 1, 2))]
        case 3:
            ring[0] = moved(ring[0], 10, 1e-5 * rng.random())
        case 4:
            ring.insert(1, moved(ring[0], 40, 0.3))
            ring.insert(2, ring[0])  # a spike
        case 5:
            ring = [ring[0], moved(ring[0], 20, 1.0), moved(ring[0], 110, rng.choice((0.5, 1.9, 2.1, 5.0)))]
    return tuple(ring)


def test_a_ring_is_passed_by_the_quick_test_and_left_to_validation_only_when_in_doubt(monkeypatch):
    from skyparley.geometry import arrays

    rng = seeded(5)
    plain = [Circle(10.0, 10.0, 5000.0)]
    while len(plain) < 40:
        shape = some_shape(rng, (45.0, 7.0), 10_000)
        if isinstance(shape, Circle | Corridor) or (isinstance(shape, Polygon) and not shape.holes):
            plain.append(shape)
    asked = []
    monkeypatch.setattr(arrays, "volume_problems", lambda volume: asked.append(volume) or ())
    Volumes.of(Volume(shape, *BAND, 0, 1) for shape in plain)
    assert asked == []


def test_arrays_of_numbers_are_the_same_volumes_as_objects():
    rng = seeded(8)
    circles = [Circle(rng.uniform(-80, 80), rng.uniform(-180, 180), rng.uniform(10, 9999)) for _ in range(9)]
    columns = ([getattr(each, name) for each in circles] for name in ("lat", "lon", "radius_m"))
    found = Volumes.circles(*columns, Bands.of(100, 200, Ref.FL), Windows(0, np.arange(1, 10)))
    assert [found.volume(k) for k in range(9)] == [
        Volume(shape, Level(Ref.FL, 100), Level(Ref.FL, 200), 0, k + 1) for k, shape in enumerate(circles)
    ]
    rings = [tuple(moved((50.0, 5.0), turn, 9000) for turn in range(0, 360, step)) for step in (90, 45, 120)]
    starts = np.cumsum([0, *map(len, rings)])
    vertices = [point for ring in rings for point in ring]
    found = Volumes.polygons(vertices, starts, Bands.of([0, 1, 2], 9), Windows(*DAY))
    assert [found.volume(k).shape for k in range(3)] == [Polygon(ring) for ring in rings]
    assert found.volume(2) == Volume(Polygon(rings[2]), Level(Ref.AMSL, 2), Level(Ref.AMSL, 9), 0, 86_400_000)
    found = Volumes.corridors((vertices, starts), [1, 2, 3.5], Bands.of(0, 9), Windows(*DAY))
    assert [found.volume(k).shape for k in range(3)] == [Corridor(rings[k], (1, 2, 3.5)[k]) for k in range(3)]


DAY = (np.datetime64("1970-01-01"), np.datetime64("1970-01-02"))


def test_arrays_that_do_not_fit_are_refused():
    bands, windows = Bands.of(0, 9), Windows(0, 1)
    ring = [(0.0, 0.0), (0.0, 1.0), (1.0, 1.0)]
    with pytest.raises(ValueError, match="rise from 0 to 3"):
        Volumes.polygons(ring, [0, 2], bands, windows)
    with pytest.raises(ValueError, match="rise from 0 to 3"):
        Volumes.polygons(ring, [0, 4, 3], bands, windows)
    with pytest.raises(ValueError, match="whole numbers"):
        Volumes.polygons(ring, [0.0, 3.0], bands, windows)
    with pytest.raises(ValueError, match="rows of"):
        Volumes.polygons([0.0, 1.0], [0, 2], bands, windows)
    with pytest.raises(TypeError, match="whole numbers"):
        Volumes.circles(0.0, 0.0, 5.0, Bands.of(0.5, 9), windows)
    with pytest.raises(ValueError, match="NaT"):
        Volumes.circles(0.0, 0.0, 5.0, bands, Windows(np.datetime64("NaT"), 5))
    with pytest.raises(ValueError, match="place in REFS"):
        Volumes.circles(0.0, 0.0, 5.0, Bands(9, 0, 9, 9), windows)
    with pytest.raises(Unusable, match=r"volume 1: .*latitude 91"):
        Volumes.circles([0.0, 91.0], 0.0, 5.0, bands, windows)
    with pytest.raises(Unusable, match=r"TOO_FEW_VERTICES: volume 1"):
        Volumes.polygons(ring, [0, 3, 3], bands, windows)
    assert problems(Polygon(tuple(ring))) == ()
