"""Human forms and wire forms: what is written reads back the same, what is not a form is named."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyparley.base.times import DAY
from skyparley.cli import forms as f
from skyparley.cli import shape_forms as h
from skyparley.cli import volume_forms as v
from skyparley.domain.messages import slots as s

ONE, TWO = (10_000_000, 20_000_000), (30_000_000, 40_000_000)
points = st.tuples(st.integers(-900_000_000, 900_000_000), st.integers(-1_800_000_000, 1_800_000_000))
metres = st.integers(1, 20_100_000)
times = st.integers(0, 253_402_300_799_999)
feet = st.integers(-2_000, 200_000)
levels = st.one_of(
    st.just(s.SfcSlot()),
    st.just(s.UnlSlot()),
    st.builds(s.FlSlot, ft=feet),
    st.builds(s.AmslSlot, ft=feet),
    st.builds(s.AglSlot, ft=feet),
    st.builds(s.W84Slot, ft=feet),
)
rings = st.lists(points, min_size=3, max_size=6).map(tuple).filter(lambda ring: ring[0] != ring[-1])
shapes = st.one_of(
    st.builds(s.CircleSlot, centre=points, radius_m=metres),
    st.builds(s.CorridorSlot, line=st.lists(points, min_size=1, max_size=5).map(tuple), half_width_m=metres),
    st.builds(s.PolygonSlot, rings=st.tuples(rings)),
    st.builds(
        s.OrbitSlot, start=points, end=points, radius_m=metres, side=st.sampled_from(("CENTRE", "LEFT", "RIGHT"))
    ),
    st.builds(s.LineSlot, line=st.lists(points, min_size=1, max_size=5).map(tuple), buffer_m=metres),
    st.builds(
        s.ArcSlot,
        centre=points,
        inner_m=st.just(0) | metres,
        outer_m=metres,
        from_mdeg=st.integers(0, 360_000),
        to_mdeg=st.integers(0, 360_000),
    ),
)
holed = st.builds(s.PolygonSlot, rings=st.lists(rings, min_size=2, max_size=3).map(tuple))


def volumes(of: st.SearchStrategy[s.ShapeSlot]) -> st.SearchStrategy[s.VolumeSlot]:
    return st.builds(s.VolumeSlot, shape=of, lower=levels, upper=levels, start=times, end=times)


@given(points)
def test_a_position_reads_back(point: f.Point) -> None:
    assert f.read_position(f.position_text(point)) == point


@given(st.lists(points, max_size=5))
def test_positions_in_a_row_read_back_in_order(line: list[f.Point]) -> None:
    assert f.read_positions(" ".join(map(f.position_text, line))) == tuple(line)


@pytest.mark.parametrize(
    "text",
    [
        "36.1N 37.2E",
        "36.1,37.2",
        "36.1n,37.2e",
        "+36.1 37.2",
        "36.10N37.2E",
        "3606N 03712E",
        "360600N0371200E",
        "36.1, 37.2E",
    ],
)
def test_one_place_in_the_ways_people_write_it(text: str) -> None:
    assert f.read_position(text) == (361_000_000, 372_000_000)


@pytest.mark.parametrize("text", ["-36.5,-37.5", "36.5S 37.5W", "3630S 03730W"])
def test_south_and_west_are_below_zero(text: str) -> None:
    assert f.read_position(text) == (-365_000_000, -375_000_000)


@pytest.mark.parametrize(
    "text",
    ["", "36.1", "36.1E 37.2N", "91N 3E", "36N 181E", "-36.1N 3E", "36,1 37,2 4,5,6", "3660N 03700E", "360N 003E0", "N E", "1..2 3",
     "36.1;37.2", "nan,inf", "١٢,٣٤", "36.1N 37.2E 38.2E"],
)  # fmt: skip
def test_what_is_no_position_is_named(text: str) -> None:
    with pytest.raises(f.BadForm, match=r"position|latitude|longitude|wanted|minutes"):
        f.read_position(text)


@given(metres)
def test_a_length_reads_back(length: int) -> None:
    assert f.read_length_m(f.length_text(length)) == length


@given(metres)
def test_a_length_shown_is_never_longer_than_it_is(length: int) -> None:
    shown = f.length_shown(length)
    nm, km = float(shown.split(" NM")[0]), float(shown.split("(")[1].split(" km")[0])
    assert nm * 1852 <= length + 1e-6 < (nm + 0.1) * 1852 + 1e-3
    assert km * 1000 <= length + 1e-6 < (km + 0.1) * 1000 + 1e-3


def test_a_length_is_rounded_up_to_whole_metres() -> None:
    assert f.read_length_m("1.0001 m") == 2
    assert f.read_length_m("5NM") == 9260
    assert f.read_length_m("0.001NM") == 2


@pytest.mark.parametrize("text", ["", "0NM", "-5NM", "5", "5 miles", "NM", "5NMM", "1e3 m"])
def test_what_is_no_length_is_named(text: str) -> None:
    with pytest.raises(f.BadForm, match="length"):
        f.read_length_m(text)


@given(times)
def test_a_time_reads_back(millis: int) -> None:
    assert f.read_time(f.time_text(millis)) == millis


@given(times, st.integers(0, 86_399))
def test_a_time_of_day_is_on_the_day_of_the_volume(day: int, second: int) -> None:
    text = f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}Z"
    read = f.read_time(text, day_ms=day)
    assert read // DAY == day // DAY
    assert read % DAY == second * 1000


def test_times_from_now_begin_at_the_next_whole_minute() -> None:
    assert f.read_time("+30min", now_ms=60_001) == 32 * 60_000
    assert f.read_time("+1h30min", now_ms=60_000) == 91 * 60_000


@pytest.mark.parametrize(
    "text", ["2026-11-23T08:00", "2026-11-23", "08:00Z", "+30min", "25:00Z", "tomorrow", "", "2026-13-01T00:00Z"]
)
def test_what_is_no_time_is_named(text: str) -> None:
    with pytest.raises(f.BadForm, match=r"time|day"):
        f.read_time(text)


@pytest.mark.parametrize("text", ["24:00Z", "09:60Z"])
def test_an_hour_that_no_clock_shows_is_named(text: str) -> None:
    with pytest.raises(f.BadForm, match="time of day"):
        f.read_time(text, day_ms=0)


@given(levels)
def test_a_level_reads_back(level: s.LevelSlot) -> None:
    assert v.read_level(v.level_text(level)) == level


@pytest.mark.parametrize("text", ["", "200", "FL", "FL99999", "4500 ft", "500000 ft AMSL", "high"])
def test_what_is_no_level_is_named(text: str) -> None:
    with pytest.raises(f.BadForm, match="level"):
        v.read_level(text)


@given(volumes(shapes))
def test_a_volume_reads_back_from_an_option(volume: s.VolumeSlot) -> None:
    assert v.read_volume(v.volume_text(volume), {}) == volume


@given(volumes(st.one_of(shapes, holed)))
def test_a_volume_reads_back_from_a_file(volume: s.VolumeSlot) -> None:
    written = msgspec.json.encode(v.to_form(volume))
    assert v.from_form(msgspec.json.decode(written, type=v.VolumeForm), 1) == volume


def test_metres_of_height_keep_the_whole_band() -> None:
    said = {"lower": "1000 m AMSL", "upper": "1000.1 m AMSL", "start": "2026-11-23T08:00Z", "end": "09:00Z"}
    volume = v.read_volume("circle 1,2 3NM", said)
    assert (volume.lower, volume.upper) == (s.AmslSlot(ft=3280), s.AmslSlot(ft=3282))
    assert volume.end - volume.start == 3_600_000


def test_a_ring_that_was_closed_by_hand_is_opened() -> None:
    assert h.read_shape("polygon", "1,1 1,2 2,2 1,1") == h.read_shape("polygon", "1,1 1,2 2,2")


@pytest.mark.parametrize(
    ("kind", "text", "shape"),
    [
        ("orbit", "1,2 3,4 5NM", s.OrbitSlot(start=ONE, end=TWO, radius_m=9260, side="CENTRE")),
        ("orbit", "1N 2E 3N 4E 5 nm Left", s.OrbitSlot(start=ONE, end=TWO, radius_m=9260, side="LEFT")),
        ("line", "1,2 3,4 1.5km", s.LineSlot(line=(ONE, TWO), buffer_m=1500)),
        (
            "arc",
            "1,2 10NM-20NM 030-090",
            s.ArcSlot(centre=ONE, inner_m=18520, outer_m=37040, from_mdeg=30_000, to_mdeg=90_000),
        ),
        (
            "arc",
            "1N 2E 10-20 km 350.5 - 10",
            s.ArcSlot(centre=ONE, inner_m=10_000, outer_m=20_000, from_mdeg=350_500, to_mdeg=10_000),
        ),
        ("arc", "1,2 20NM 0-90", s.ArcSlot(centre=ONE, inner_m=0, outer_m=37040, from_mdeg=0, to_mdeg=90_000)),
        # What is left out is rounded down, what is covered is rounded up.
        (
            "arc",
            "1,2 0.9999km-1.9999km 0-360",
            s.ArcSlot(centre=ONE, inner_m=999, outer_m=2000, from_mdeg=0, to_mdeg=360_000),
        ),
    ],
)
def test_orbits_lines_and_arcs_as_people_write_them(kind: str, text: str, shape: s.ShapeSlot) -> None:
    assert h.read_shape(kind, text) == shape


WHEN = {"lower": "SFC", "upper": "FL100", "start": "2026-11-23T08:00Z", "end": "2026-11-23T09:00Z"}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "circle, polygon, corridor, orbit, line or arc"),
        ("ellipse 1,2 3NM", "circle, polygon, corridor, orbit, line or arc"),
        ("circle 1,2", "radius"),
        ("circle 1,2 3,4 5NM", "one is wanted"),
        ("corridor 1,2 3,4", "half-width"),
        ("polygon 1,1 2,2", "3 or more"),
        ("orbit 1,2 3,4", "no orbit"),
        ("orbit 1,2 3,4 5NM up", "centre, left or right"),
        ("orbit 1,2 5NM left", "2 ends"),
        ("line 1,2 3,4", "buffer"),
        ("arc 1,2 5NM", "no arc"),
        ("arc 1,2 5NM-9NM 030-370", "360 degrees"),
        ("arc 1,2 5NM-9NM 030.0001-90", "three figures"),
        ("arc 1,2 3,4 9NM 030-090", "one is wanted"),
        ("circle 1,2 3NM; low=FL100", "lower="),
        ("circle 1,2 3NM; lower", "lower="),
    ],
)
def test_what_is_no_volume_is_named(text: str, named: str) -> None:
    with pytest.raises(f.BadForm, match=named):
        v.read_volume(text, WHEN)


def test_a_volume_that_lacks_something_says_what() -> None:
    with pytest.raises(f.BadForm, match="lacks upper, end"):
        v.read_volume("circle 1,2 3NM", {"lower": "SFC", "start": "2026-11-23T08:00Z"})


@pytest.mark.parametrize(
    ("shape", "named"),
    [
        ({"type": "circle", "centre": [361000000, 1], "radius_nm": 5}, "degrees"),
        ({"type": "circle", "centre": [36.1, 1]}, "has 0"),
        ({"type": "circle", "centre": [36.1, 1], "radius_nm": 5, "radius_m": 5}, "has 2"),
        ({"type": "circle", "centre": [36.1, 1], "radius_nm": -5}, "above 0"),
        ({"type": "polygon", "rings": [[[1, 1], [2, 2]]]}, "3 or more"),
        ({"type": "orbit", "start": [1, 1], "end": [2, 2], "radius_nm": 5, "side": "port"}, "centre, left or right"),
        ({"type": "line", "line": [[1, 1], [2, 2]]}, "has 0"),
        ({"type": "arc", "centre": [1, 1], "from_deg": 0, "to_deg": 90}, "has 0"),
        ({"type": "arc", "centre": [1, 1], "from_deg": -5, "to_deg": 90, "outer_nm": 5}, "360 degrees"),
        ({"type": "arc", "centre": [1, 1], "from_deg": 5, "to_deg": 90.00001, "outer_nm": 5}, "three figures"),
        ({"type": "arc", "centre": [1, 1], "from_deg": 5, "to_deg": 90, "outer_nm": 5, "inner_m": -1}, "0 or more"),
    ],
)
def test_a_shape_in_a_file_that_cannot_be_is_named(shape: dict[str, object], named: str) -> None:
    form = msgspec.convert({"shape": shape, **WHEN}, v.VolumeForm)
    with pytest.raises(f.BadForm, match=named):
        v.from_form(form, 1)
