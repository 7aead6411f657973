"""OpenAir as it is published: every quirk in a small file of ours, every area accounted for, none made smaller."""

import os
from pathlib import Path

import pytest

from skyparley.formats.reading import read
from skyparley.formats.records import ALWAYS, Plan, Reading
from skyparley.geometry.levels import Level, Ref
from skyparley.geometry.shapes import Circle, Corridor, Polygon
from skyparley.geometry.sphere import core, core_distance_m
from skyparley.geometry.volumes import volume_problems

QUIRKS = Path(__file__).parent / "files" / "quirks_openair.txt"
HEAD = "AC R\nAN ONE\nAH FL100\nAL SFC\n"
RING = "DP 44:00:00 N 001:00:00 E\nDP 44:10:00 N 001:00:00 E\nDP 44:10:00 N 001:10:00 E\n"


@pytest.fixture(scope="module")
def quirks() -> dict[str, Plan]:
    found = read("alps.txt", QUIRKS.read_bytes())
    assert not found.flaws, found.flaws
    assert found.features == len(found.plans) == 7
    return {plan.id: plan for plan in found.plans}


def of(text: str) -> Reading:
    return read("alps.txt", text.encode())


def area(text: str) -> Plan:
    found = of(text)
    assert not found.flaws, found.flaws
    assert len(found.plans) == 1
    return found.plans[0]


def flaw(text: str) -> tuple[str, str]:
    found = of(text)
    assert not found.plans, found.plans
    assert len(found.flaws) == 1
    return found.flaws[0].reason.code, found.flaws[0].reason.text


def test_an_area_is_airspace_of_the_party_of_the_file_and_always_active(quirks: dict[str, Plan]) -> None:
    plan = quirks["VALLEY 1 activation NOTAM MON-FRI except HOL"]
    assert (plan.party, plan.origin, plan.place, plan.dropped) == ("alps", "AIRSPACE", "line 5", ("AC",))
    assert plan.names == ("AN",)
    (volume,) = plan.volumes
    assert (volume.lower, volume.upper) == (Level(Ref.SFC), Level(Ref.AMSL, 5000))
    assert (volume.start_ms, volume.end_ms) == ALWAYS
    assert isinstance(volume.shape, Polygon)
    assert volume.shape.outer[0] == (44 + 38 / 60 + 20 / 3600, 1 + 4 / 60 + 15 / 3600)
    assert len(volume.shape.outer) == 3


def test_positions_are_read_in_every_spelling(quirks: dict[str, Plan]) -> None:
    (volume,) = quirks["VALLEY 2"].volumes
    assert isinstance(volume.shape, Polygon)
    assert volume.shape.outer[:4] == (
        (44 + 30.5 / 60, 1.0),
        (pytest.approx(44.5 + 0.5 / 3600), pytest.approx(1 + 10 / 60)),
        (44.5, 1.25),
        (pytest.approx(44 + 40 / 60), pytest.approx(1 + 11 / 60)),
    )
    assert (volume.lower, volume.upper) == (Level(Ref.AGL, 1000), Level(Ref.FL, 11_500))


def test_a_circle_stays_a_circle(quirks: dict[str, Plan]) -> None:
    (volume,) = quirks["CIRCLE"].volumes
    assert volume.shape == Circle(45.5, -3.0, 2.5 * 1852)
    assert (volume.lower, volume.upper) == (Level(Ref.SFC), Level(Ref.UNL))


def test_arcs_go_the_way_that_is_said_and_lose_no_ground(quirks: dict[str, Plan]) -> None:
    plan = quirks["ARCS"]
    (volume,) = plan.volumes
    assert volume.upper == Level(Ref.AGL, 1641)  # 500 m, rounded up
    assert plan.dropped == ("AC", "AF", "AX")
    place = {name: core(Circle(lat, lon, 0.0)) for name, lat, lon in (("in", 45.11, 2.15), ("out", 45.14, 2.26))}
    here = core(volume.shape)
    assert core_distance_m(here, place["in"]) == 0.0  # within 10 NM of the first centre, beyond the chord
    assert core_distance_m(here, place["out"]) > 100.0
    assert core_distance_m(here, core(Circle(44.95, 2.4, 0.0))) > 100.0  # cut out by the second arc


def test_bearings_and_windows(quirks: dict[str, Plan]) -> None:
    plan = quirks["BEARINGS"]
    assert [(volume.start_ms, volume.end_ms - volume.start_ms) for volume in plan.volumes] == [
        (1_796_112_000_000, 8 * 3_600_000),
        (1_796_198_400_000, 16 * 3_600_000),
    ]
    north = core(Circle(46 + 9.99 / 60, 4.0, 0.0))
    assert core_distance_m(core(plan.volumes[0].shape), north) < 20.0


def test_a_window_that_cannot_be_read_makes_the_area_always_active() -> None:
    first = "AA 2026-12-01T08:00Z/2026-12-01T16:00Z\n"
    for second in (
        "AA NONE",
        "AA weekends",
        "AA 2026-12-02T08:00/2026-12-02T16:00",
        "AA 2026-12-03T08:00Z/2026-12-02T08:00Z",
    ):
        plan = area(HEAD + first + second + "\n" + RING)
        assert [(volume.start_ms, volume.end_ms) for volume in plan.volumes] == [ALWAYS]
        assert "always active" in plan.notes[0]
    (volume,) = area(HEAD + "AA NONE/2026-12-01T08:00Z\n" + RING).volumes
    assert (volume.start_ms, volume.end_ms) == (ALWAYS[0], 1_796_112_000_000)


def test_two_levels_on_one_line_are_both_taken() -> None:
    plan = area(HEAD.replace("AH FL100", "AH 1000FT AGL/2600FT AMSL") + RING)
    assert [volume.upper for volume in plan.volumes] == [Level(Ref.AGL, 1000), Level(Ref.AMSL, 2600)]
    assert "2 levels" in plan.notes[0]
    plan = area(HEAD.replace("AL SFC", "AL FL110 / 3000FT AMSL") + RING)
    assert [volume.lower for volume in plan.volumes] == [Level(Ref.AMSL, 3000)]
    assert flaw(HEAD.replace("AL SFC", "AL FL110/FL120") + RING)[0] == "BAND_EMPTY"
    assert flaw(HEAD.replace("AL SFC", "AL FL50/low") + RING)[0] == "LEVEL_UNREADABLE"


def test_what_is_empty_by_its_figures_is_taken_from_the_surface_and_noted(quirks: dict[str, Plan]) -> None:
    plan = quirks["VALLEY 2 (2)"]
    (volume,) = plan.volumes
    assert isinstance(volume.shape, Corridor)
    assert volume.shape.half_width_m == 2.5 * 1852
    assert (volume.lower, volume.upper) == (Level(Ref.SFC), Level(Ref.AMSL, 1500))
    assert (volume.start_ms, volume.end_ms) == ALWAYS
    told = " ".join(plan.notes)
    assert all(word in told for word in ("from the surface", "AA 'NONE'", "ends of the airway", "read as feet"))


def test_an_area_that_crosses_itself_is_kept_as_what_it_encloses(quirks: dict[str, Plan]) -> None:
    plan = quirks["line-73"]
    assert len(plan.volumes) == 2
    assert "crosses or touches itself" in plan.notes[0]


def test_terrain_is_left_out_and_counted() -> None:
    found = read("alps.txt", QUIRKS.read_bytes())
    assert found.left_out == ("1 terrain elements (TO, TC): they are no airspace",)
    assert found.format == "OpenAir"


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_names_are_read_in_the_encodings_that_files_have(encoding: str) -> None:
    text = HEAD.replace("ONE", "CÔTE D’AZUR É") + RING
    assert read("a.txt", text.encode(encoding)).plans[0].id == "CÔTE D’AZUR É"


def test_line_ends_and_a_byte_order_mark_do_no_harm() -> None:
    text = "\ufeff" + (HEAD + RING).replace("\n", "\r\n")
    assert len(of(text).plans) == 1


def test_direction_and_centre_hold_for_one_area_only() -> None:
    arc = "V X=44:00:00 N 001:00:00 E\nDB 44:10:00 N 001:00:00 E, 44:00:00 N 001:14:00 E\nDP 44:00:00 N 001:00:00 E\n"
    turned = of(HEAD + "V D=-\n" + arc + HEAD + arc)
    areas = [core(plan.volumes[0].shape) for plan in turned.plans]
    southwest = core(Circle(43.9, 0.9, 0.0))
    assert core_distance_m(areas[0], southwest) == 0.0  # the long way round
    assert core_distance_m(areas[1], southwest) > 1_000.0  # clockwise again
    code, text = flaw(HEAD + "DC 5\n")
    assert code == "LINE_UNREADABLE"
    assert "V X=" in text


def test_areas_may_begin_without_a_class() -> None:
    found = of("AN A\nAH FL100\nAL SFC\n" + RING + "AN B\nAH FL100\nAL SFC\n" + RING)
    assert [plan.id for plan in found.plans] == ["A", "B"]
    found = of("AY TMA\n" + HEAD + RING + "AI 7\n" + HEAD + RING)
    assert [plan.place for plan in found.plans] == ["line 1", "line 9"]


def test_repeated_names_are_numbered_and_never_into_a_name_of_the_file() -> None:
    names = ("X", "X", "X (2)", "X")
    found = of("".join(HEAD.replace("ONE", name) + RING for name in names))
    assert [plan.id for plan in found.plans] == ["X", "X (3)", "X (2)", "X (4)"]


def test_an_arc_whose_ends_lie_unlike_far_from_its_centre_is_noted() -> None:
    arc = "V X=44:00:00 N 001:00:00 E\nDB 44:10:00 N 001:00:00 E, 44:00:00 N 001:10:00 E\nDP 44:00:00 N 001:00:00 E\n"
    plan = area(HEAD + arc)
    assert "10.00 and 7.2" in plan.notes[0]


def test_a_circle_beside_a_ring_is_an_area_of_its_own() -> None:
    plan = area(HEAD + RING + "V X=45:00:00 N 001:00:00 E\nDC 3\n")
    assert {type(volume.shape) for volume in plan.volumes} == {Circle, Polygon}


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (HEAD + "DP 44:00:00 N\n" + RING, "LINE_UNREADABLE", "line 5"),
        (HEAD + "DP 44:70:00 N 001:00:00 E\n" + RING, "LINE_UNREADABLE", "go to 60"),
        (HEAD + "DP 94:00:00 N 001:00:00 E\n" + RING, "LINE_UNREADABLE", "latitudes go to 90"),
        (HEAD + RING + "44:00:00 N 001:00:00 E\n", "LINE_UNREADABLE", "without DP"),
        (HEAD + RING + "DX 5\n", "LINE_UNREADABLE", "DX"),
        (HEAD + "V D=left\n" + RING, "LINE_UNREADABLE", "V D=+"),
        (HEAD + "V X=44:00:00 N 001:00:00 E\nDC 0\n", "LINE_UNREADABLE", "0.0"),
        (HEAD + "V X=44:00:00 N 001:00:00 E\nDA 10, 270\n", "LINE_UNREADABLE", "10, 270, 290"),
        (HEAD + "DY 44:00:00 N 001:00:00 E\n", "WIDTH_MISSING", "V W="),
        (HEAD, "NO_AREA", "no outline"),
        (HEAD + "DP 44:00:00 N 001:00:00 E\nDP 45:00:00 N 001:00:00 E\n", "TOO_FEW_VERTICES", "an area needs 3"),
        (HEAD.replace("AL SFC", "AL low") + RING, "LEVEL_UNREADABLE", "'low'"),
        (HEAD.replace("AL SFC\n", "") + RING, "LOWER_MISSING", "AL"),
        (HEAD + "AH FL200\n" + RING, "UPPER_MISSING", "'FL100' and 'FL200'"),
        (HEAD.replace("AL SFC", "AL FL100") + RING, "BAND_EMPTY", "below"),
    ],
)
def test_an_area_that_cannot_be_read_is_a_flaw_and_the_next_is_read(text: str, code: str, words: str) -> None:
    assert flaw(text)[0] == code
    assert words in flaw(text)[1]
    both = of(text + HEAD.replace("ONE", "TWO") + RING)
    assert [plan.id for plan in both.plans] == ["TWO"]
    assert len(both.flaws) == 1
    assert both.features == 2


@pytest.mark.skipif(not os.environ.get("SKYPARLEY_DATA"), reason="SKYPARLEY_DATA names no folder of published files")
def test_the_published_airspace_of_a_country_loads_with_every_area() -> None:
    path = Path(os.environ["SKYPARLEY_DATA"]) / "openair" / "france_openair_standard.txt"
    data = path.read_bytes()
    found = read(path.name, data)
    assert found.features == sum(line.startswith(b"AC ") for line in data.splitlines()) == 1611
    assert not found.flaws
    assert len(found.plans) == 1611
    assert len({plan.id for plan in found.plans}) == 1611
    for plan in found.plans:
        for volume in plan.volumes:
            assert {problem.code for problem in volume_problems(volume)} <= {"TOO_MANY_VERTICES"}
    circles = sum(isinstance(volume.shape, Circle) for plan in found.plans for volume in plan.volumes)
    assert circles == sum(line.startswith(b"DC ") for line in data.splitlines())
