"""The GeoJSON of a check can be opened by others: valid areas, cut where a flat map must be, and the same plans again."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from plans_at_random import plan, random_plans, rules, volume
from shapely.geometry import Polygon as Flat
from shapely.geometry import shape as flat_shape

from skyparley.check.detection import find
from skyparley.check.geojson import collection
from skyparley.check.report import conflict_of, in_order, located
from skyparley.formats.reading import read
from skyparley.formats.records import Plan
from skyparley.geometry.overlay import drawn
from skyparley.geometry.shapes import Circle, Corridor, Polygon, Shape


def document(plans: list[Plan]) -> dict[str, Any]:
    by = rules()
    mets = in_order(plans, find(plans, by))
    conflicts = [located(conflict_of(number, plans, met, by), plans, met) for number, met in enumerate(mets, 1)]
    return json.loads(msgspec.json.encode(collection(plans, mets, conflicts)))  # type: ignore[no-any-return]


def rings_of(geometry: dict[str, Any]) -> list[list[list[list[float]]]]:
    """Polygons as lists of rings."""
    kinds = {"Polygon": lambda given: [given], "MultiPolygon": list}
    return kinds.get(geometry["type"], lambda given: [])(geometry["coordinates"])


def roles(found: dict[str, Any], role: str) -> list[dict[str, Any]]:
    return [feature for feature in found["features"] if feature["properties"]["role"] == role]


@pytest.mark.parametrize("seed", range(4))
def test_areas_are_valid_closed_and_turned_as_the_standard_says(seed: int) -> None:
    found = document(random_plans(random.Random(seed), 40))
    polygons = [rings for feature in found["features"] for rings in rings_of(feature["geometry"])]
    assert len(polygons) > 20
    for outer, *holes in polygons:
        assert all(ring[0] == ring[-1] and len(ring) >= 4 for ring in (outer, *holes))
        assert Flat(outer).exterior.is_ccw
        assert not any(Flat(hole).exterior.is_ccw for hole in holes)
        assert Flat(outer, holes).is_valid


AWKWARD = [
    Circle(10.0, 180.0, 30_000.0),
    Circle(-60.0, -179.9, 30_000.0),
    Circle(90.0, 0.0, 300_000.0),
    Circle(-89.5, 45.0, 300_000.0),
    Polygon(((10.0, 179.0), (10.0, -179.0), (11.0, -179.0), (11.0, 179.0))),
    Corridor(((50.0, 175.0), (52.0, -175.0)), 20_000.0),
    Corridor(((88.0, 0.0), (88.0, 180.0)), 20_000.0),
    Polygon(((80.0, 0.0), (80.0, 90.0), (80.0, 180.0), (80.0, -90.0)), (((85.0, 0.0), (85.0, 120.0), (85.0, -120.0)),)),
]


@pytest.mark.parametrize("shape", AWKWARD)
def test_areas_at_the_antimeridian_and_the_poles_are_cut(shape: Shape) -> None:
    found = document([plan("1", volume(shape)), plan("2", volume(shape), party="B")])
    for feature in found["features"]:
        polygons = rings_of(feature["geometry"])
        assert polygons
        for outer, *holes in polygons:
            assert Flat(outer, holes).is_valid
            assert all(abs(a[0] - b[0]) <= 90.001 for ring in (outer, *holes) for a, b in pairwise(ring))
            assert all(-180 <= lon <= 180 and -90 <= lat <= 90 for lon, lat in outer)


@pytest.mark.parametrize("shape", AWKWARD)
def test_no_area_is_lost_by_the_cut(shape: Shape) -> None:
    from skyparley.geometry.sphere import core, core_area_m2

    (piece,) = drawn(shape)
    whole = core_area_m2(core(Polygon(piece.rings[0], piece.rings[1:])))
    feature = document([plan("1", volume(shape)), plan("2", volume(shape), party="B")])["features"][0]
    cut = 0.0
    for outer, *holes in rings_of(feature["geometry"]):
        rings = [tuple((lat, lon) for lon, lat in ring[:-1]) for ring in (outer, *holes)]
        cut += core_area_m2(core(Polygon(rings[0], tuple(rings[1:]))))
    assert cut == pytest.approx(whole, rel=1e-4)


def test_every_conflict_and_every_volume_in_one_is_there() -> None:
    plans = random_plans(random.Random(11), 40)
    mets = find(plans, rules())
    found = document(plans)
    assert [feature["properties"]["number"] for feature in roles(found, "conflict")] == list(range(1, len(mets) + 1))
    there = {place for met in mets for place in (met.one, met.other)}
    kept = roles(found, "plan") + roles(found, "airspace")
    assert len(kept) == sum(len(plans[place].volumes) for place in there)
    assert all(feature["properties"]["conflicts"] for feature in kept)


def test_a_gap_is_a_line_between_the_edges_and_an_overlap_an_area() -> None:
    near, far = volume(Circle(36.0, 37.55, 20_000.0)), volume(Circle(36.0, 37.2, 20_000.0))
    for other, kind in ((near, "LineString"), (far, "Polygon")):
        (marker,) = roles(document([plan("1"), plan("2", other, party="B")]), "conflict")
        assert marker["geometry"]["type"] == kind
        assert (
            flat_shape(marker["geometry"]).distance(flat_shape({"type": "Point", "coordinates": [37.25, 36.0]})) < 0.06
        )
        assert marker["properties"]["between"] == ["A 1", "B 2"]


def test_our_own_reader_reads_the_plans_again_and_finds_the_same_conflicts() -> None:
    plans = [one for one in random_plans(random.Random(2), 24) if one.origin == "PLAN"]
    found = document(plans)
    only = {"type": "FeatureCollection", "features": roles(found, "plan")}
    reading = read("again.geojson", json.dumps(only).encode())
    assert reading.flaws == ()

    def names(given: list[Plan]) -> set[frozenset[str]]:
        return {frozenset((given[met.one].id, given[met.other].id)) for met in find(given, rules())}

    assert names(list(reading.plans)) == names(plans) != set()
