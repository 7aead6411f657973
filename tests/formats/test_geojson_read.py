"""GeoJSON as people write it: every spelling, every refusal, and no feature lost."""

import json

import pytest

from skyparley.formats.reading import read
from skyparley.formats.records import Plan, Reading
from skyparley.geometry.levels import Level, Ref
from skyparley.geometry.shapes import Circle, Corridor, Polygon
from skyparley.geometry.sphere import core, core_distance_m

HOUR_MS = 3_600_000
NINE_MS = 1_795_338_000_000  # 2026-11-22T09:00Z
GOOD = {"id": "p1", "lower": "FL100", "upper": "FL200", "start": "2026-11-22T09:00Z", "end": "2026-11-22T10:00Z"}
SQUARE = [[10, 50], [11, 50], [11, 51], [10, 51], [10, 50]]


def feature(properties: dict | None = None, geometry: dict | None = None, **more: object) -> dict:
    geometry = geometry or {"type": "Polygon", "coordinates": [SQUARE]}
    return {"type": "Feature", "properties": GOOD | (properties or {}), "geometry": geometry, **more}


def collection(*features: object, **more: object) -> Reading:
    return read("plans/alpha.json", json.dumps({"type": "FeatureCollection", "features": features, **more}).encode())


def plan_of(properties: dict | None = None, geometry: dict | None = None, **more: object) -> Plan:
    found = collection(feature(properties, geometry, **more))
    assert not found.flaws, found.flaws
    assert len(found.plans) == 1
    return found.plans[0]


def flaw_of(properties: dict | None = None, geometry: dict | None = None, **more: object) -> tuple[str, str]:
    found = collection(feature(properties, geometry, **more))
    assert not found.plans, found.plans
    assert len(found.flaws) == 1
    return found.flaws[0].reason.code, found.flaws[0].reason.text


def test_a_polygon_with_a_hole_is_one_volume_of_the_party_of_the_file() -> None:
    hole = [[10.4, 50.4], [10.6, 50.4], [10.6, 50.6], [10.4, 50.4]]
    plan = plan_of(geometry={"type": "Polygon", "coordinates": [SQUARE, hole]})
    assert (plan.id, plan.party, plan.origin, plan.place) == ("p1", "alpha", "PLAN", "feature 1")
    (volume,) = plan.volumes
    assert isinstance(volume.shape, Polygon)
    assert volume.shape.outer[1] == (50.0, 11.0)  # latitude first here, longitude first in the file
    assert volume.shape.holes[0][0] == (50.4, 10.4)
    assert (volume.lower, volume.upper) == (Level(Ref.FL, 10_000), Level(Ref.FL, 20_000))
    assert (volume.start_ms, volume.end_ms) == (NINE_MS, NINE_MS + HOUR_MS)


@pytest.mark.parametrize(("name", "metres"), [("radius_nm", 3704.0), ("radius_km", 2000.0), ("Radius_M", 2.0)])
def test_a_point_with_a_radius_is_a_circle(name: str, metres: float) -> None:
    plan = plan_of({name: 2}, {"type": "Point", "coordinates": [10, 50, 300]})
    assert plan.volumes[0].shape == Circle(50.0, 10.0, metres)
    assert "heights in the coordinates" in plan.notes[0]


@pytest.mark.parametrize(("name", "metres"), [("half_width_nm", 926.0), ("half_width_km", 500.0), ("halfWidth_m", 0.5)])
def test_a_line_with_a_half_width_is_a_corridor(name: str, metres: float) -> None:
    plan = plan_of({name: 0.5}, {"type": "LineString", "coordinates": [[10, 50], [11, 51]]})
    assert plan.volumes[0].shape == Corridor(((50.0, 10.0), (51.0, 11.0)), metres)


def test_each_part_of_a_multi_geometry_and_of_a_collection_is_a_volume() -> None:
    both = {"radius_nm": 1, "half_width_nm": 1}
    line = {"type": "LineString", "coordinates": [[10, 50], [11, 51]]}
    for kind, coordinates, count in (
        ("MultiPolygon", [[SQUARE], [[[20, 50], [21, 50], [21, 51], [20, 50]]]], 2),
        ("MultiPoint", [[1, 2], [3, 4], [5, 6]], 3),
        ("MultiLineString", [[[10, 50], [11, 51]], [[12, 50], [13, 51]]], 2),
    ):
        assert len(plan_of(both, {"type": kind, "coordinates": coordinates}).volumes) == count
    gathered = {"type": "GeometryCollection", "geometries": [line, {"type": "Point", "coordinates": [1, 2]}]}
    shapes = [volume.shape for volume in plan_of(both, gathered).volumes]
    assert [type(shape) for shape in shapes] == [Corridor, Circle]


def test_features_of_one_id_and_party_are_one_plan_and_others_are_not() -> None:
    found = collection(feature(), feature({"party": "X"}), feature({"upper": "FL300"}), feature({"id": "p2"}))
    assert [(plan.party, plan.id, len(plan.volumes), plan.place) for plan in found.plans] == [
        ("alpha", "p1", 2, "features 1, 3"),
        ("X", "p1", 1, "feature 2"),
        ("alpha", "p2", 1, "feature 4"),
    ]


def test_a_plan_says_which_feature_of_its_id_could_not_be_read() -> None:
    found = collection(feature(), feature({"upper": "high"}))
    assert "feature 2 bears the same id" in found.plans[0].notes[-1]
    assert found.flaws[0].id == "p1"


def test_ids_come_from_the_properties_then_from_the_feature_then_from_its_place() -> None:
    assert plan_of({"id": 7}).id == "7"
    assert plan_of({"id": None}, id="f").id == "f"
    found = collection(feature({"id": ""}), feature({"id": "feature-1"}), feature({"id": None}))
    assert len({plan.id for plan in found.plans}) == 3
    assert found.plans[1].id == "feature-1"
    assert found.plans[2].id == "feature-3"


def test_where_id_party_and_name_are_said_is_told() -> None:
    found = plan_of({"name": "", "Party": "X"})
    assert (found.names, found.dropped) == (("properties.id", "properties.Party"), ())


def test_what_is_not_read_is_named_as_dropped() -> None:
    assert plan_of({"pilot": "Jo", "remarks": None}).dropped == ("properties.pilot", "properties.remarks")


def test_names_are_read_in_any_case() -> None:
    spoken = {"type": "Feature", "properties": {name.upper(): value for name, value in GOOD.items()}}
    found = collection(spoken | {"geometry": feature()["geometry"]})
    assert found.plans[0].id == "p1"


def test_a_list_of_features_is_read_as_a_collection() -> None:
    assert len(read("a.json", json.dumps([feature(), feature({"id": "p2"})]).encode()).plans) == 2


def test_a_bare_geometry_and_a_bare_feature_are_read() -> None:
    assert len(read("a.geojson", json.dumps(feature()).encode()).plans) == 1
    bare = read("a.geojson", json.dumps(feature()["geometry"]).encode())
    assert bare.features == 1
    assert "LOWER_MISSING" in bare.flaws[0].reason.code


@pytest.mark.parametrize("missing", ["lower", "upper", "start", "end"])
def test_a_plan_without_a_level_or_a_time_is_a_flaw_that_names_it(missing: str) -> None:
    code, text = flaw_of({missing: None})
    assert code == f"{missing.upper()}_MISSING"
    assert f'"{missing}"' in text


def test_all_that_is_wrong_with_a_feature_is_said_at_once() -> None:
    _, text = flaw_of({"lower": "low", "start": "noon", "end": "2026-11-22T10:00"}, {"type": "Blob"})
    assert all(word in text for word in ("'low'", "'noon'", "no zone", "'Blob'"))


def test_swapped_coordinates_are_recognised() -> None:
    code, text = flaw_of(geometry={"type": "Polygon", "coordinates": [[[50, 100], [51, 100], [51, 101], [50, 100]]]})
    assert code == "LATITUDE_RANGE"
    assert "swapped" in text


@pytest.mark.parametrize(
    ("geometry", "code"),
    [
        (None, "NO_GEOMETRY"),
        ({"type": "Polygon", "coordinates": []}, "GEOMETRY_EMPTY"),
        ({"type": "GeometryCollection", "geometries": []}, "GEOMETRY_EMPTY"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}, "SELF_CROSSING"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [0, 0]]]}, "TOO_FEW_VERTICES"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [400, 0]]]}, "LONGITUDE_RANGE"),
        ({"type": "Polygon", "coordinates": [[["0", 0], [1, 1], [1, 0]]]}, "COORDINATES"),
        ({"type": "Polygon", "coordinates": [[0, 0]]}, "COORDINATES"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [True, 1], [1, 0]]]}, "COORDINATES"),
        ({"type": "Point", "coordinates": [0, 0]}, "RADIUS_MISSING"),
        ({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, "WIDTH_MISSING"),
    ],
)
def test_a_geometry_that_is_no_area_is_a_flaw(geometry: object, code: str) -> None:
    found = collection({"type": "Feature", "properties": GOOD, "geometry": geometry})
    assert [flaw.reason.code for flaw in found.flaws] == [code]


def test_a_hole_that_leaves_its_ring_is_a_flaw() -> None:
    hole = [[10.5, 50.5], [12, 50.5], [12, 50.6], [10.5, 50.5]]
    code, _ = flaw_of(geometry={"type": "Polygon", "coordinates": [SQUARE, hole]})
    assert code == "HOLE_OUTSIDE"


def test_a_ring_over_the_antimeridian_is_the_same_area_in_every_spelling() -> None:
    for ring in (
        [[179, 0], [181, 0], [181, 1], [179, 1], [179, 0]],
        [[179, 0], [-179, 0], [-179, 1], [179, 1], [179, 0]],
        [[-181, 0], [-179, 0], [-179, 1], [-181, 1], [-181, 0]],
    ):
        plan = plan_of(geometry={"type": "Polygon", "coordinates": [ring]})
        assert plan.volumes[0].shape == Polygon(((0, 179), (0, -179), (1, -179), (1, 179), (0, 179)))
        assert plan.notes


def test_a_radius_in_two_units_must_agree() -> None:
    point = {"type": "Point", "coordinates": [10, 50]}
    assert plan_of({"radius_nm": 1, "radius_m": 1852}, point).volumes[0].shape == Circle(50.0, 10.0, 1852.0)
    assert plan_of({"radius_nm": 1, "radius_m": 1851.5}, point).volumes[0].shape == Circle(50.0, 10.0, 1852.0)
    assert flaw_of({"radius_nm": 1, "radius_m": 1000}, point)[0] == "NAME_TWICE"


@pytest.mark.parametrize("radius", [0, -1, "wide", True, None, 1e400])
def test_a_radius_that_is_no_length_is_a_flaw(radius: object) -> None:
    assert flaw_of({"radius_nm": radius}, {"type": "Point", "coordinates": [10, 50]})[0] in (
        "LENGTH_UNREADABLE",
        "RADIUS_MISSING",
    )


def test_a_radius_without_a_unit_is_a_flaw_that_says_what_to_write() -> None:
    code, text = flaw_of({"radius": 5}, {"type": "Point", "coordinates": [10, 50]})
    assert code == "LENGTH_WITHOUT_UNIT"
    assert "radius_nm" in text


def test_a_radius_that_a_polygon_cannot_have_is_named_as_not_used() -> None:
    plan = plan_of({"radius_nm": 3, "half_width_m": 20})
    assert plan.dropped == ("properties.radius_nm", "properties.half_width_m")


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"])
def test_wgs84_by_any_of_its_names_is_no_foreign_crs(name: str) -> None:
    assert len(collection(feature(), crs={"type": "name", "properties": {"name": name}}).plans) == 1


def test_a_foreign_crs_is_one_flaw_and_the_features_are_counted_as_left_out() -> None:
    found = collection(feature(), feature(), crs={"type": "name", "properties": {"name": "EPSG:3857"}})
    assert not found.plans
    assert found.features == 2
    assert found.flaws[0].reason.code == "CRS_FOREIGN"
    assert found.left_out[0].startswith("2 features")


def test_a_name_said_twice_is_a_flaw_of_its_feature_only() -> None:
    text = json.dumps({"type": "FeatureCollection", "features": [feature(), feature({"id": "p2"})]})
    twice = text.replace('"upper": "FL200"', '"upper": "FL200", "upper": "FL400"', 1)
    found = read("a.json", twice.encode())
    assert [flaw.reason.code for flaw in found.flaws] == ["NAME_TWICE"]
    assert [plan.id for plan in found.plans] == ["p2"]
    assert flaw_of({"Upper": "FL300"})[0] == "NAME_TWICE"


def test_numbers_that_json_does_not_have_cost_one_feature() -> None:
    text = json.dumps({"type": "FeatureCollection", "features": [feature(), feature({"id": "p2"})]})
    for number in ("NaN", "Infinity", "1e999", "9" * 5000):
        found = read("a.json", text.replace("[10, 50]", f"[{number}, 50]", 1).encode())
        assert [flaw.reason.code for flaw in found.flaws] == ["COORDINATES"]
        assert [plan.id for plan in found.plans] == ["p2"]


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "FILE_EMPTY", "empty"),
        (b" \r\n", "FILE_EMPTY", "empty"),
        (b"{", "NOT_JSON", "cut off"),
        (b'{"type": "FeatureCollection", "features": [', "NOT_JSON", "cut off"),
        (b'{"type": "FeatureCollection" "features": []}', "NOT_JSON", "line 1, column"),
        (b'{"type": "FeatureCollection"}', "FEATURES_UNREADABLE", "features"),
        (b'{"type": "FeatureCollection", "features": []}', "FILE_EMPTY", "no features"),
        (b"[" * 100_000, "NOT_JSON", "nested"),
        (b'{"hello": 1}', "FORMAT_UNKNOWN", "'hello'"),
        (b"PK\x03\x04\x00\x00", "NOT_TEXT", "not text"),
        (b"lat,lon\n1,2\n", "FORMAT_UNKNOWN", "lat,lon"),
    ],
)
def test_a_file_that_is_no_plans_is_one_flaw_that_says_what_was_seen(data: bytes, code: str, words: str) -> None:
    found = read("a.json", data)
    assert [flaw.reason.code for flaw in found.flaws] == [code]
    assert words in found.flaws[0].reason.text
    assert not found.plans


def test_a_byte_order_mark_and_carriage_returns_do_no_harm() -> None:
    text = json.dumps({"type": "FeatureCollection", "features": [feature()]}, indent=1).replace("\n", "\r\n")
    assert len(read("a.json", b"\xef\xbb\xbf" + text.encode()).plans) == 1
    assert len(read("a.json", text.encode("utf-16")).plans) == 1


def test_an_id_cannot_carry_signs_that_move_a_cursor() -> None:
    assert plan_of({"id": "a\x1b[2Jb\nc"}).id == "a[2Jb c"


def test_a_shape_may_have_thousands_of_vertices_more_than_the_line_carries() -> None:
    count = 9_000
    ring = [[10 + place / count, 50] for place in range(count)] + [[10.5, 51], [10, 50]]
    assert len(plan_of(geometry={"type": "Polygon", "coordinates": [ring]}).volumes[0].shape.outer) > count
    crossed = [*ring[: count // 2], [10.9, 50.5], *ring[count // 2 :]]
    assert flaw_of(geometry={"type": "Polygon", "coordinates": [crossed]})[0] == "NOT_AN_AREA"
    outside = [[20, 50], [20.5, 50], [20.5, 51], [20, 50]]
    assert flaw_of(geometry={"type": "Polygon", "coordinates": [ring, outside]})[0] == "HOLE_OUTSIDE"


def test_levels_may_be_numbers_with_a_unit_and_a_reference_in_members_of_their_own() -> None:
    wanted = (Level(Ref.AGL, 100), Level(Ref.AGL, 300))
    nothing = {"lower": None, "upper": None}
    for properties in (
        {"lower": 100, "upper": 300, "unit": "ft", "reference": "AGL"},
        {
            "lower": 100,
            "upper": 300,
            "lower_unit": "ft",
            "upper_uom": "FT",
            "lower_ref": "AGL",
            "upperReference": "AGL",
        },
        {"lower": {"value": 100, "unit": "ft", "ref": "AGL"}, "upper": {"value": 300, "uom": "ft", "reference": "AGL"}},
        nothing | {"lower_ft": 100, "upper_ft": 300, "datum": "AGL"},
        nothing | {"lowerLimit": "100 ft AGL", "ceiling": "300 ft AGL"},
    ):
        (volume,) = plan_of(properties).volumes
        assert (volume.lower, volume.upper) == wanted


def test_a_unit_or_reference_that_means_something_else_is_left_alone() -> None:
    plan = plan_of({"unit": "3rd squadron", "reference": "NOTAM A1/26"})
    assert plan.dropped == ("properties.unit", "properties.reference")
    assert flaw_of({"lower": 100, "unit": "3rd squadron"})[0] == "LEVEL_UNIT"


def test_a_reference_beside_a_height_without_one_is_its_reference() -> None:
    (volume,) = plan_of({"lower": "100 ft", "upper": "200 ft", "reference": "AGL"}).volumes
    assert volume.upper == Level(Ref.AGL, 200)


def test_a_shape_whose_long_edges_would_need_too_many_vertices_is_refused_before_it_is_built() -> None:
    ring = [[place % 2 * 120 - 60, place / 30] for place in range(1_500)]
    line = {"type": "LineString", "coordinates": ring}
    code, text = flaw_of({"half_width_m": 50}, line)
    assert code == "TOO_MANY_VERTICES"
    assert "long edges" in text


def test_a_ring_split_at_the_antimeridian_is_two_areas_that_meet() -> None:
    west = [[180, 40], [180, 50], [170, 50], [170, 40], [180, 40]]
    east = [[-170, 40], [-170, 50], [-180, 50], [-180, 40], [-170, 40]]
    first, second = plan_of(geometry={"type": "MultiPolygon", "coordinates": [[west], [east]]}).volumes
    assert core_distance_m(core(first.shape), core(second.shape)) == 0.0
    for lon in (175.0, -175.0, 179.999, -179.999):
        place = core(Circle(45.0, lon, 0.0))
        assert min(core_distance_m(core(volume.shape), place) for volume in (first, second)) == 0.0
