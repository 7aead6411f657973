"""ED-269 and ED-318 zones: every zone accounted for, and what a plan cannot hold is taken wider and noted."""

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest

from skyparley.formats.reading import read
from skyparley.formats.records import ALWAYS, Plan, Reading
from skyparley.formats.zones import DAILY_NOTE
from skyparley.geometry.levels import Level, Ref
from skyparley.geometry.shapes import Circle, Polygon
from skyparley.geometry.volumes import volume_problems

FILES = Path(__file__).parent / "files"
ED269 = json.loads((FILES / "zones_ed269.json").read_bytes())
ED318 = json.loads((FILES / "zones_ed318.json").read_bytes())
DECEMBER_MS = 1_796_083_200_000  # 2026-12-01T00:00Z
HOUR_MS = 3_600_000


def of(value: object) -> Reading:
    return read("zones.json", json.dumps(value).encode())


def plans(value: object) -> dict[str, Plan]:
    return {plan.id: plan for plan in of(value).plans}


def zone(changes: dict[str, Any], number: int = 1) -> dict[str, Any]:
    return {"UASZoneList": [copy.deepcopy(ED269["features"][number]) | changes]}


def test_each_geometry_of_a_zone_is_a_volume_with_limits_of_its_own() -> None:
    plan = plans(ED269)["ZON01"]
    assert (plan.party, plan.origin, plan.name, plan.place) == ("zones", "AIRSPACE", "Harbour", "zone 1")
    ring, circle = plan.volumes
    assert isinstance(ring.shape, Polygon)
    assert (ring.lower, ring.upper) == (Level(Ref.AGL, 0), Level(Ref.UNL))  # null above is no limit
    assert circle.shape == Circle(54.5, 10.5, pytest.approx(304.8))  # the radius is in the unit of the volume
    assert (circle.lower, circle.upper) == (Level(Ref.SFC), Level(Ref.AMSL, 1500))  # null below is the surface
    assert (ring.start_ms, ring.end_ms) == ALWAYS
    assert plan.dropped == ("country", "type", "restriction")
    assert plan.names == ("identifier", "name")
    assert plan.notes == ()


def test_daily_periods_are_taken_as_their_whole_span_and_noted() -> None:
    plan = plans(ED269)["ZON02"]
    (volume,) = plan.volumes
    assert (volume.start_ms, volume.end_ms) == (DECEMBER_MS, DECEMBER_MS + 30 * 24 * HOUR_MS - HOUR_MS)
    assert plan.notes == (DAILY_NOTE,)
    assert (volume.lower, volume.upper) == (Level(Ref.W84, 34), Level(Ref.AGL, 394))


def test_a_zone_that_crosses_itself_is_kept_and_one_whose_id_is_repeated_is_numbered() -> None:
    plan = plans(ED269)["ZON02 (2)"]
    assert len(plan.volumes) == 2
    assert (plan.volumes[0].start_ms, plan.volumes[0].end_ms) == (DECEMBER_MS, ALWAYS[1])
    assert "crosses or touches itself" in plan.notes[0]


def test_zones_that_are_no_area_are_flaws() -> None:
    found = of(ED269)
    assert found.format == "ED-269"
    assert [(flaw.id, flaw.place, flaw.reason.code) for flaw in found.flaws] == [
        ("ZON04", "zone 4", "GEOMETRY_TYPE"),
        ("ZON05", "zone 5", "NO_GEOMETRY"),
    ]


def test_a_list_of_zones_is_recognised_in_each_of_its_wrappings() -> None:
    for value in (ED269, {"UASZoneList": ED269["features"]}, ED269["features"], ED269 | {"type": "FeatureCollection"}):
        assert (of(value).format, of(value).features) == ("ED-269", 5)


UNSAID = [None, [], [{"permanent": "YES"}], [{"permanent": "NO"}]]
BACKWARD = [{"startDateTime": "2026-12-02T00:00Z", "endDateTime": "2026-12-01T00:00Z"}]


@pytest.mark.parametrize(
    "applicability",
    [*UNSAID, ["soon"], [{"startDateTime": "tomorrow"}], [{"startDateTime": "2026-12-01T00:00:00"}], BACKWARD],
)
def test_a_period_that_does_not_say_when_is_always(applicability: object) -> None:
    (plan,) = of(zone({"applicability": applicability})).plans
    assert (plan.volumes[0].start_ms, plan.volumes[0].end_ms) == ALWAYS
    assert bool(plan.notes) == (applicability not in UNSAID)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"uomDimensions": None}, "LEVEL_WITHOUT_UNIT"),
        ({"uomDimensions": "FURLONG"}, "LEVEL_UNIT"),
        ({"lowerVerticalReference": "MOON"}, "LEVEL_REFERENCE"),
        ({"upperLimit": "high"}, "LEVEL_UNREADABLE"),
        ({"upperLimit": 5, "upperVerticalReference": "WGS84"}, "BAND_EMPTY"),
        ({"horizontalProjection": {"type": "Circle", "center": [1], "radius": 5}}, "COORDINATES"),
        ({"horizontalProjection": {"type": "Circle", "center": [1, 2], "radius": 0}}, "LENGTH_UNREADABLE"),
        ({"horizontalProjection": None}, "NO_GEOMETRY"),
    ],
)
def test_a_part_of_a_zone_that_cannot_be_read_is_a_flaw_of_the_zone(changes: dict[str, Any], code: str) -> None:
    geometry = ED269["features"][1]["geometry"][0] | changes
    found = of(zone({"geometry": [geometry]}))
    assert [flaw.reason.code for flaw in found.flaws] == [code]
    assert not found.plans


def test_layers_and_extents_of_ed318() -> None:
    found = plans(ED318)
    tower = found["TOWER"]
    assert (tower.party, tower.origin, tower.name) == ("zones", "AIRSPACE", "Tower")
    (volume,) = tower.volumes
    assert volume.shape == Circle(54.0, 10.0, 500.5)
    assert (volume.lower, volume.upper) == (Level(Ref.AGL, 0), Level(Ref.AGL, 394))
    assert (volume.start_ms, volume.end_ms) == ALWAYS
    assert "properties.zoneAuthority" in tower.dropped
    assert tower.names[:1] == ("properties.identifier",)


def test_each_layer_of_a_collection_is_a_volume_in_each_of_its_periods() -> None:
    plan = plans(ED318)["CAKE"]
    assert [(volume.upper, volume.start_ms - DECEMBER_MS) for volume in plan.volumes] == [
        (Level(Ref.AMSL, 1000), 8 * HOUR_MS),
        (Level(Ref.AMSL, 1000), 32 * HOUR_MS),
        (Level(Ref.W84, 2000), 8 * HOUR_MS),
        (Level(Ref.W84, 2000), 32 * HOUR_MS),
    ]
    assert plan.notes == (DAILY_NOTE,)


def test_limits_in_the_properties_and_no_limits_at_all() -> None:
    found = plans(ED318)
    assert found["OLD"].volumes[0].upper == Level(Ref.AGL, 197)
    assert (found["OPEN"].volumes[0].lower, found["OPEN"].volumes[0].upper) == (Level(Ref.SFC), Level(Ref.UNL))
    assert "no vertical limits" in found["OPEN"].notes[0]


def test_a_layer_without_a_unit_is_in_metres() -> None:
    feature = copy.deepcopy(ED318["features"][0])
    del feature["geometry"]["layer"]["uom"]
    (plan,) = of({"type": "FeatureCollection", "features": [feature]}).plans
    assert plan.volumes[0].upper == Level(Ref.AGL, 394)


def test_a_zone_with_an_unknown_reference_is_a_flaw() -> None:
    found = of(ED318)
    assert found.format == "ED-318"
    assert [(flaw.id, flaw.reason.code) for flaw in found.flaws] == [("BAD", "LEVEL_REFERENCE")]


def test_a_point_without_an_extent_is_no_area() -> None:
    feature = copy.deepcopy(ED318["features"][0])
    del feature["geometry"]["extent"]
    assert of({"type": "FeatureCollection", "features": [feature]}).flaws[0].reason.code == "RADIUS_MISSING"
    feature["geometry"]["extent"] = {"subType": "Ellipse", "radius": 5}
    assert of({"type": "FeatureCollection", "features": [feature]}).flaws[0].reason.code == "EXTENT_UNREADABLE"


def test_zones_in_a_foreign_crs_are_refused_and_counted() -> None:
    found = of(ED318 | {"crs": {"type": "name", "properties": {"name": "EPSG:25832"}}})
    assert found.flaws[0].reason.code == "CRS_FOREIGN"
    assert found.left_out[0].startswith("5 features")


@pytest.mark.skipif(not os.environ.get("SKYPARLEY_DATA"), reason="SKYPARLEY_DATA names no folder of published files")
def test_published_samples_load_completely() -> None:
    samples = sorted((Path(os.environ["SKYPARLEY_DATA"]) / "ed269").glob("*.json"))
    assert samples
    for path in samples:
        found = read(path.name, path.read_bytes())
        assert found.format == "ED-269"
        assert not found.flaws
        assert not any(volume_problems(volume) for plan in found.plans for volume in plan.volumes)
