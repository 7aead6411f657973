"""Volumes are read to cells, heights and times: coverings are complete, and what is not sound is told by place."""

import math
from itertools import pairwise
from typing import Any

import msgspec
import pytest
import s2geometry as s2
from geographiclib.geodesic import Geodesic
from hypothesis import given, settings
from hypothesis import strategies as st
from volumes_support import altitude, circle, polygon, square, time, volume

from how_many import examples
from skyparley.base import limits
from skyparley.geometry.cells import Ring
from skyparley.utm import outlines
from skyparley.utm.commands import Problem
from skyparley.utm.extents import parse_time_us, read_volume, read_volumes, union
from skyparley.utm.outlines import LEVEL, Oversize
from skyparley.utm.records import OPEN, Extent
from skyparley.utm.wire import Volume4D

WGS84 = Geodesic.WGS84
Place = tuple[float, float]


def read(given_volume: dict[str, Any]) -> Extent:
    problems: list[Problem] = []
    extent = read_volume(msgspec.convert(given_volume, Volume4D), "v", problems)
    assert problems == []
    assert extent is not None
    return extent


def problems_of(given_volume: dict[str, Any]) -> list[Problem]:
    problems: list[Problem] = []
    assert read_volume(msgspec.convert(given_volume, Volume4D), "v", problems) is None
    return problems


def cell_at(lat: float, lng: float) -> int:
    """The cell of a place, found the other way: from the point up."""
    cell: int = s2.S2CellId(s2.S2LatLng.FromDegrees(lat, lng).Normalized()).parent(LEVEL).id()
    assert cell & ((1 << 34) - 1) == 0, "nothing is lost when these bits are cut"
    return cell >> 34


def around(lat: float, lng: float, radius_m: float, bearing_deg: float) -> Place:
    found = WGS84.Direct(lat, lng, bearing_deg, radius_m)
    return found["lat2"], found["lon2"]


def great_circle(a: Place, b: Place, parts: int) -> list[Place]:
    """Points of the shortest path on the sphere."""
    start, end = (s2.S2LatLng.FromDegrees(*each).ToPoint() for each in (a, b))
    found = [s2.S2LatLng(s2.Interpolate(start, end, part / parts)) for part in range(parts + 1)]
    return [(each.lat().degrees(), each.lng().degrees()) for each in found]


def geodesic(a: Place, b: Place, parts: int) -> list[Place]:
    """Points of the shortest path on the WGS 84 ellipsoid."""
    line = WGS84.InverseLine(*a, *b)
    found = [line.Position(line.s13 * part / parts) for part in range(parts + 1)]
    return [(each["lat2"], each["lon2"]) for each in found]


centres = st.tuples(
    st.one_of(st.floats(-90, 90), st.sampled_from([90.0, -90.0, 89.999, 0.0])),
    st.one_of(st.floats(-180, 180), st.sampled_from([180.0, -180.0, 179.9999, 0.0, 90.0, 45.0])),
)
radii_m = st.one_of(st.floats(1, 2_000), st.floats(1_000, 25_000))


# --- coverings are complete ----------------------------------------------------------------------------------------


@settings(max_examples=examples(60), deadline=None)
@given(centres, radii_m, st.floats(0, 360))
def test_a_circle_is_covered_whole(centre: Place, radius_m: float, turn_deg: float) -> None:
    cells = set(read(volume(circle(*centre, radius_m))).cells)
    for part in range(90):
        for share in (1.0, 0.6):
            place = around(*centre, radius_m * share, turn_deg + part * 4)
            assert cell_at(*place) in cells, f"{place} of {centre} {radius_m} m"


def test_a_circle_whose_growth_is_left_out_would_not_be_covered() -> None:
    """The sphere alone is not enough: near the equator a degree along the meridian is shorter than on the sphere."""
    centre, radius_m = (0.0, 7.0), 56_000.0
    plain = s2.S2Cap(s2.S2LatLng.FromDegrees(*centre).ToPoint(), s2.S1Angle.Radians(radius_m / 6_371_008.8))
    coverer = s2.S2RegionCoverer()
    coverer.set_fixed_level(LEVEL)
    sphere_only = {cell.id() >> 34 for cell in coverer.GetCovering(plain)}
    ours = set(read(volume(circle(*centre, radius_m))).cells)
    rim = {cell_at(*around(*centre, radius_m, part / 10)) for part in range(3600)}
    assert rim <= ours
    assert not rim <= sphere_only


@settings(max_examples=examples(60), deadline=None)
@given(
    centres, radii_m, st.lists(st.tuples(st.floats(0, 1), st.floats(0.2, 1)), min_size=3, max_size=12), st.booleans()
)
def test_a_polygon_is_covered_whole(
    centre: Place, radius_m: float, spokes: list[tuple[float, float]], backward: bool
) -> None:
    """Stars about any centre: every point of the edges, on the sphere and on the ellipsoid, and points inside."""
    count = len(spokes)
    bearings = [360 * (number + 0.8 * part) / count for number, (part, _) in enumerate(spokes)]
    points = [around(*centre, radius_m * reach, at) for at, (_, reach) in zip(bearings, spokes, strict=True)]
    points = points[::-1] if backward else points
    cells = set(read(volume(polygon(*points))).cells)
    inside = centre if all(b - a < 180 for a, b in pairwise([*bearings, bearings[0] + 360])) else points[0]
    for a, b in pairwise([*points, points[0]]):
        for place in [*great_circle(a, b, 24), *geodesic(a, b, 24), *great_circle(a, inside, 8)]:
            assert cell_at(*place) in cells, f"{place} of {points}"


def test_an_edge_of_many_kilometres_is_covered_on_the_ellipsoid_too() -> None:
    """There the shortest path is metres beside the great circle; some cells hold only one of the two."""
    points = [(46.0, 7.0), (48.0, 17.0), (47.08, 11.9)]
    cells = set(read(volume(polygon(*points))).cells)
    sphere_only = {cell >> 34 for cell in Ring(points).cells(LEVEL)}
    on_ellipsoid = {cell_at(*place) for a, b in pairwise(points) for place in geodesic(a, b, 8_000)}
    assert on_ellipsoid <= cells
    assert sphere_only <= cells
    assert not on_ellipsoid <= sphere_only


@settings(max_examples=examples(40), deadline=None)
@given(centres, st.floats(50, 5_000))
def test_a_covering_holds_nothing_far_from_its_outline(centre: Place, radius_m: float) -> None:
    """A cell of level 13 is at most 1.6 km from corner to corner."""
    for cell in read(volume(circle(*centre, radius_m))).cells:
        middle = s2.S2CellId(cell << 34).ToLatLng()
        found = WGS84.Inverse(*centre, middle.lat().degrees(), middle.lng().degrees())
        assert found["s12"] < radius_m * 1.01 + 1_700


def test_a_known_point_has_its_known_cell() -> None:
    """Source: S2 documentation; the leaf cell 0x47a1cbd595522b39 lies at 49.703498679, 11.770681595."""
    cells = read(volume(circle(49.703498679, 11.770681595, 1))).cells
    assert 0x47A1CBD595522B39 >> 35 << 1 | 1 in cells
    assert all(cell < 2**30 for cell in cells)
    assert list(cells) == sorted(cells)


def test_winding_and_the_first_vertex_are_of_no_matter() -> None:
    points = [(10.0, 179.98), (10.03, -179.97), (10.05, 179.99)]
    turned = [points, points[1:] + points[:1], points[::-1]]
    assert len({read(volume(polygon(*each))).cells for each in turned}) == 1


def test_a_polygon_round_a_pole_holds_the_pole() -> None:
    cells = read(volume(polygon((89.9, 0), (89.9, 90), (89.9, 180), (89.9, -90)))).cells
    assert cell_at(90, 0) in cells
    assert 100 < len(cells) < 400


def test_neighbours_that_share_an_edge_share_its_cells() -> None:
    west = read(volume(polygon((46, 7), (46, 7.01), (46.01, 7.01), (46.01, 7))))
    east = read(volume(polygon((46, 7.01), (46, 7.02), (46.01, 7.02), (46.01, 7.01))))
    assert {cell_at(*place) for place in great_circle((46, 7.01), (46.01, 7.01), 50)} <= set(west.cells) & set(
        east.cells
    )


def test_a_polygon_without_an_inside_has_the_cells_of_its_edges_whichever_way_round() -> None:
    for points in ([(0, 7), (0, 7.01), (0, 7.02)], [(0, 7.02), (0, 7.01), (0, 7)]):
        assert 2 <= len(read(volume(polygon(*points))).cells) <= 8


# --- coverings at hand ---------------------------------------------------------------------------------------------


def test_an_outline_that_comes_again_is_not_covered_again() -> None:
    one = volume(square(12.345, 6.789))
    first = read(one)
    before = outlines._kept.cache_info()
    again = read(volume(square(12.345, 6.789), altitude_upper=altitude(300)))
    after = outlines._kept.cache_info()
    assert again.cells is first.cells
    assert (after.hits, after.misses) == (before.hits + 1, before.misses)


def test_a_large_covering_does_not_push_out_small_ones_and_is_kept_too() -> None:
    before = outlines._kept.cache_info().currsize
    large = volume(circle(33.3, 44.4, 20_000))
    first = read(large).cells
    assert len(first) > limits.DSS_KEPT_CELLS
    assert read(large).cells is first
    assert outlines._kept.cache_info().currsize == before


def test_a_bad_outline_is_not_kept() -> None:
    before = outlines._kept.cache_info().currsize, outlines._kept_large.cache_info().currsize
    for crossing in (polygon((0, 0), (1, 1), (0, 1), (1, 0)), polygon((0, 0), (0.01, 0.01), (0, 0.01), (0.01, 0))):
        assert problems_of(volume(crossing)) == problems_of(volume(crossing))
    assert (outlines._kept.cache_info().currsize, outlines._kept_large.cache_info().currsize) == before


def test_a_small_outline_with_many_cells_is_not_kept_among_the_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DSS_KEPT_CELLS", 3)
    before = outlines._kept.cache_info().currsize
    several = volume(square(-12.3, 45.6, side_deg=0.05))
    assert len(read(several).cells) > 3
    assert read(several) == read(several)
    assert outlines._kept.cache_info().currsize == before


# --- heights and times ---------------------------------------------------------------------------------------------


def test_heights_are_widened_to_whole_millimetres() -> None:
    extent = read(volume(altitude_lower=altitude(100.0004), altitude_upper=altitude(100.0004)))
    assert (extent.lower_mm, extent.upper_mm) == (100_000, 100_001)
    deep = read(volume(altitude_lower=altitude(-0.0004), altitude_upper=altitude(-0.0004)))
    assert (deep.lower_mm, deep.upper_mm) == (-1, 0)


@given(st.floats(-8_000, 100_000))
def test_what_ends_at_a_height_touches_what_begins_there(height_m: float) -> None:
    below = read(volume(altitude_lower=altitude(-8_000), altitude_upper=altitude(height_m)))
    above = read(volume(altitude_lower=altitude(height_m), altitude_upper=altitude(100_000)))
    assert below.upper_mm >= above.lower_mm
    assert below.upper_mm - above.lower_mm <= 1


@pytest.mark.parametrize(
    ("text", "floored", "ceiled"),
    [
        ("2026-11-23T01:00:00Z", 1_795_395_600_000_000, 1_795_395_600_000_000),
        ("2026-11-23T01:00:00.123456Z", 1_795_395_600_123_456, 1_795_395_600_123_456),
        ("2026-11-23T01:00:00.5+00:00", 1_795_395_600_500_000, 1_795_395_600_500_000),
        ("2026-11-23T01:00:00.5Z", 1_795_395_600_500_000, 1_795_395_600_500_000),
        ("2026-11-23T01:00:00.123456001Z", 1_795_395_600_123_456, 1_795_395_600_123_457),
        ("1969-12-31T23:59:59.9999999Z", -1, 0),
        ("2024-02-29T00:00:00Z", 1_709_164_800_000_000, 1_709_164_800_000_000),
    ],
)
def test_times_are_microseconds_and_finer_ones_are_widened(text: str, floored: int, ceiled: int) -> None:
    assert parse_time_us(text, up=False) == floored
    assert parse_time_us(text, up=True) == ceiled


def test_bounds_that_are_not_given_are_open() -> None:
    extent = read({"volume": square()})
    assert (extent.lower_mm, extent.upper_mm, extent.start_us, extent.end_us) == (-OPEN, OPEN, -OPEN, OPEN)


def test_a_union_bounds_all_of_its_volumes() -> None:
    one = Extent((1, 5), 10, 20, 100, 200)
    other = Extent((5, 3), 15, 30, 50, 150)
    assert union([one, other]) == union([other, one]) == Extent((1, 3, 5), 10, 30, 50, 200)
    assert union([one]) == one
    assert union([one, Extent((9,), -OPEN, 5, 60, OPEN)]) == Extent((1, 5, 9), -OPEN, 20, 60, OPEN)


# --- what is not sound ---------------------------------------------------------------------------------------------

V = "v.volume.outline_polygon"
C = "v.volume.outline_circle"
FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("no outline", {**volume(), "volume": {}}, "v.volume"),
    ("no volume", {}, "v.volume"),
    ("both outlines", volume({**square(), **circle(46, 7, 100)}), "v.volume"),
    ("two vertices", volume(polygon((0, 0), (0, 1))), f"{V}.vertices"),
    ("no vertices", volume({"outline_polygon": {}}), f"{V}.vertices"),
    ("a vertex twice", volume(polygon((0, 0), (0, 0.1), (0.1, 0), (0, 0.1))), f"{V}.vertices[3]"),
    ("closed", volume(polygon((0, 0), (0, 0.1), (0.1, 0), (0, 0))), f"{V}.vertices[3]"),
    ("the pole twice", volume(polygon((90, 0), (89.9, 1), (90, 50))), f"{V}.vertices[2]"),
    ("the antimeridian twice", volume(polygon((0, 180), (0.1, 179.9), (0, -180))), f"{V}.vertices[2]"),
    ("crossing", volume(polygon((0, 0), (0.1, 0.1), (0, 0.1), (0.1, 0))), f"{V}.vertices"),
    ("opposite", volume(polygon((0, 0), (0, 180), (1, 0))), f"{V}.vertices[1]"),
    ("lat above", volume(polygon((0, 0), (0, 0.1), (90.1, 0))), f"{V}.vertices[2].lat"),
    ("lat below", volume(polygon((-91, 0), (0, 0.1), (0, 0))), f"{V}.vertices[0].lat"),
    ("lng above", volume(polygon((0, 0), (0, 180.5), (0.1, 0))), f"{V}.vertices[1].lng"),
    ("lng below", volume(polygon((0, 0), (0, -180.5), (0.1, 0))), f"{V}.vertices[1].lng"),
    ("NaN", volume(polygon((0, 0), (0, math.nan), (0.1, 0))), f"{V}.vertices[1].lng"),
    ("infinite", volume(polygon((0, 0), (math.inf, 0), (0.1, 0))), f"{V}.vertices[1].lat"),
    (
        "no lat",
        volume({"outline_polygon": {"vertices": [{"lng": 1}, *[{"lat": 0, "lng": 0}] * 2]}}),
        f"{V}.vertices[0].lat",
    ),
    ("no centre", volume({"outline_circle": {"radius": {"value": 1, "units": "M"}}}), f"{C}.center"),
    ("no radius", volume({"outline_circle": {"center": {"lat": 0, "lng": 0}}}), f"{C}.radius"),
    ("centre off the Earth", volume(circle(90.5, 0, 10)), f"{C}.center.lat"),
    ("radius 0", volume(circle(0, 0, 0)), f"{C}.radius.value"),
    ("radius below 0", volume(circle(0, 0, -1)), f"{C}.radius.value"),
    ("radius NaN", volume(circle(0, 0, math.nan)), f"{C}.radius.value"),
    ("radius infinite", volume(circle(0, 0, math.inf)), f"{C}.radius.value"),
    (
        "radius in feet",
        volume({"outline_circle": {"center": {"lat": 0, "lng": 0}, "radius": {"value": 9, "units": "FT"}}}),
        f"{C}.radius.units",
    ),
    ("lower above upper", volume(altitude_lower=altitude(201)), "v.volume.altitude_upper"),
    ("AGL", volume(altitude_lower={**altitude(100), "reference": "AGL"}), "v.volume.altitude_lower.reference"),
    ("no reference", volume(altitude_lower={"value": 1, "units": "M"}), "v.volume.altitude_lower.reference"),
    ("feet", volume(altitude_upper={**altitude(100), "units": "FT"}), "v.volume.altitude_upper.units"),
    ("no height", volume(altitude_upper={"reference": "W84", "units": "M"}), "v.volume.altitude_upper.value"),
    ("too deep", volume(altitude_lower=altitude(-8_000.1)), "v.volume.altitude_lower.value"),
    ("too high", volume(altitude_upper=altitude(100_001)), "v.volume.altitude_upper.value"),
    ("height NaN", volume(altitude_upper=altitude(math.nan)), "v.volume.altitude_upper.value"),
    ("zone", volume(time_start=time("2026-11-23T02:00:00+01:00")), "v.time_start.value"),
    ("no zone", volume(time_start=time("2026-11-23T02:00:00")), "v.time_start.value"),
    ("no such day", volume(time_end=time("2026-02-30T02:00:00Z")), "v.time_end.value"),
    ("leap second", volume(time_end=time("2026-12-31T23:59:60Z")), "v.time_end.value"),
    ("year 0", volume(time_start=time("0000-01-01T00:00:00Z")), "v.time_start.value"),
    ("words", volume(time_end=time("tomorrow")), "v.time_end.value"),
    ("year 9999", volume(time_end=time("9999-12-31T00:00:00Z")), "v.time_end.value"),
    ("no time", volume(time_end={"format": "RFC3339"}), "v.time_end.value"),
    ("format", volume(time_end={"value": "2026-11-23T03:00:00Z", "format": "ISO"}), "v.time_end.format"),
    ("no format", volume(time_end={"value": "2026-11-23T03:00:00Z"}), "v.time_end.format"),
    ("end before start", volume(time_end=time("2026-11-23T01:59:59.999999Z")), "v.time_end"),
]


@pytest.mark.parametrize(("given_volume", "place"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_what_is_not_sound_is_told_by_its_place(given_volume: dict[str, Any], place: str) -> None:
    found = problems_of(given_volume)
    assert place in [each.field for each in found]
    assert all(each.problem and each.expected for each in found)


def test_all_that_is_wrong_is_told_at_once() -> None:
    wrong = volume(polygon((91, 0), (0, 181), (0, 0)), altitude_lower=altitude(-9_000), time_end=time("x"))
    assert {each.field for each in problems_of(wrong)} == {
        f"{V}.vertices[0].lat",
        f"{V}.vertices[1].lng",
        "v.volume.altitude_lower.value",
        "v.time_end.value",
    }


def test_edges_that_cross_are_named() -> None:
    (found,) = problems_of(volume(polygon((0, 0), (0.1, 0.1), (0, 0.1), (0.1, 0))))
    assert "vertices[0]" in found.problem
    assert "vertices[2]" in found.problem


def test_a_vertex_upon_a_foreign_edge_of_many_is_refused_too() -> None:
    count = 400
    points = [(46 + 0.1 * math.sin(a), 7 + 0.1 * math.cos(a)) for a in (2 * math.pi * k / count for k in range(count))]
    points[10], points[11] = points[11], points[10]
    (found,) = problems_of(volume(polygon(*points)))
    assert found.field == f"{V}.vertices"


# --- what is too large ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "outline",
    [
        polygon((46, 7), (46, 7.7), (46.45, 7.7), (46.45, 7)),
        polygon((0, 0), (0, 90), (0, 179.9), (0, -90)),
        polygon((0, 0), (0, 120), (0, -120)),
        circle(46, 7, 56_500),
        polygon((0, 0), (0, 19), (0.001, 19), (0.001, 0)),
        polygon(*((k * 0.001, 120.0 * (k % 2)) for k in range(500))),
        polygon(*((k * 1e-6, 7.0) for k in range(10_001))),
    ],
    ids=["area", "hemisphere", "octants", "circle", "strip", "zigzag", "vertices"],
)
def test_an_outline_that_is_too_large_is_refused_as_such(outline: dict[str, Any]) -> None:
    with pytest.raises(Oversize) as oversize:
        read(volume(outline))
    assert oversize.value.problem.field.startswith("v.volume.outline_")
    assert "at most" in oversize.value.problem.expected


@pytest.mark.parametrize(
    "outline",
    [
        polygon((46, 7), (46, 7.6), (46.45, 7.6), (46.45, 7)),
        circle(46, 7, 56_400),
        polygon((0, 0), (0, 17), (0.01, 17)),
    ],
    ids=["area", "circle", "strip"],
)
def test_an_outline_just_small_enough_is_taken(outline: dict[str, Any]) -> None:
    assert len(read(volume(outline)).cells) > 2_000


def test_many_volumes_are_limited_together() -> None:
    several = [msgspec.convert(volume(circle(40 + k / 10, 7, 56_000)), Volume4D) for k in range(8)]
    with pytest.raises(Oversize, match="together"):
        read_volumes(several, "extents", [])
    sides = [(46 + 1e-3 * math.sin(k / 1000), 7 + 1e-3 * math.cos(k / 1000)) for k in range(6_000)]
    many = [msgspec.convert(volume(polygon(*sides)), Volume4D)] * 2
    with pytest.raises(Oversize, match="12000 vertices"):
        read_volumes(many, "extents", [])


def test_the_place_of_a_problem_names_the_volume() -> None:
    problems: list[Problem] = []
    good, bad = volume(), volume(polygon((0, 0), (0, 91), (95, 1)))
    volumes = [msgspec.convert(each, Volume4D) for each in (good, good, bad)]
    assert read_volumes(volumes, "extents", problems) is None
    assert [each.field for each in problems] == ["extents[2].volume.outline_polygon.vertices[2].lat"]
