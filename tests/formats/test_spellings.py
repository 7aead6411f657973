"""Levels and times as people spell them: what each means, which way it is rounded, and what is refused."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyparley.formats.level_words import BadLevel, Words, read_level
from skyparley.formats.records import ALWAYS
from skyparley.formats.time_words import BadTime, read_time
from skyparley.geometry.levels import Level, Ref, format_level

SFC, UNL = Level(Ref.SFC), Level(Ref.UNL)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("FL200", Level(Ref.FL, 20_000)),
        ("F200", Level(Ref.FL, 20_000)),
        ("fl 65", Level(Ref.FL, 6_500)),
        ("FL095 STD", Level(Ref.FL, 9_500)),
        ("A045", Level(Ref.AMSL, 4_500)),
        ("4500 ft AMSL", Level(Ref.AMSL, 4_500)),
        ("4500ft MSL", Level(Ref.AMSL, 4_500)),
        ("4500 ft ALT", Level(Ref.AMSL, 4_500)),
        ("4,500 ft AMSL", Level(Ref.AMSL, 4_500)),
        ("4500FT  amsl", Level(Ref.AMSL, 4_500)),
        ("MSL 4500 ft", Level(Ref.AMSL, 4_500)),
        ("1000F AGL", Level(Ref.AGL, 1_000)),
        ("1000 ft SFC", Level(Ref.AGL, 1_000)),
        ("500 feet above", None),
        ("304.8 m ASFC", Level(Ref.AGL, 1_000)),
        ("-100 ft AMSL", Level(Ref.AMSL, -100)),
        ("120 m WGS84", Level(Ref.W84, 394)),
        ("12000 ft STD", Level(Ref.FL, 12_000)),
        ("SFC", SFC),
        ("gnd", SFC),
        ("UNL", UNL),
        ("UNLTD", UNL),
        ("unlimited", UNL),
        ("4500 AMSL", None),
        ("FL", None),
        ("FL20000", None),
        ("", None),
        ("4500 ft 4600 ft", None),
        ("99999999 ft AMSL", None),
    ],
)
def test_a_level_in_the_spellings_of_files(text: str, level: Level | None) -> None:
    if level is None:
        with pytest.raises(BadLevel):
            read_level(text, upper=True)
    else:
        assert read_level(text, upper=True) == (level, "")


@pytest.mark.parametrize(("text", "lower_ft", "upper_ft"), [("1200 m", 3937, 3938), ("100.5 ft AGL", 100, 101)])
def test_a_lower_level_is_rounded_down_and_an_upper_one_up(text: str, lower_ft: int, upper_ft: int) -> None:
    assert read_level(text, upper=False).level.ft == lower_ft
    assert read_level(text, upper=True).level.ft == upper_ft


def test_a_pressure_altitude_is_rounded_to_whole_flight_levels_outward() -> None:
    assert read_level("12050 ft STD", upper=False).level == Level(Ref.FL, 12_000)
    assert read_level("12050 ft STD", upper=True).level == Level(Ref.FL, 12_100)


@pytest.mark.parametrize("text", ["1200 m", "4500 ft"])
def test_a_height_without_a_reference_is_amsl_and_is_noted(text: str) -> None:
    read = read_level(text, upper=False)
    assert read.level.ref is Ref.AMSL
    assert "AMSL" in read.note


@pytest.mark.parametrize("value", [1200, "1200", 1200.0])
def test_a_figure_without_a_unit_is_refused_unless_the_format_has_one(value: object) -> None:
    with pytest.raises(BadLevel, match="no unit") as refused:
        read_level(value, upper=True)
    assert refused.value.code == "LEVEL_WITHOUT_UNIT"
    read = read_level(value, upper=True, words=Words(feet_unless_told=True))
    assert read.level == Level(Ref.AMSL, 1200)
    assert "feet" in read.note


def test_a_figure_takes_its_unit_and_reference_from_the_members_beside_it() -> None:
    assert read_level(100, upper=True, words=Words("m", "AGL")).level == Level(Ref.AGL, 329)
    assert read_level(0.1, upper=True, words=Words("m", "AGL")).level == Level(Ref.AGL, 1)
    assert read_level(65, upper=True, words=Words("FL")).level == Level(Ref.FL, 6_500)
    assert read_level("100 ft", upper=True, words=Words(None, "WGS84")).level == Level(Ref.W84, 100)


def test_two_ways_of_saying_it_that_differ_are_refused() -> None:
    for words in (Words("m"), Words(None, "AGL")):
        with pytest.raises(BadLevel) as refused:
            read_level("4500 ft AMSL", upper=True, words=words)
        assert refused.value.code == "LEVEL_TWO_WAYS"


@pytest.mark.parametrize("value", [None, True, [], {}, float("nan"), float("inf"), "high"])
def test_what_is_no_level_is_refused_with_what_would_be_right(value: object) -> None:
    with pytest.raises(BadLevel, match="FL200"):
        read_level(value, upper=True)


@pytest.mark.parametrize("words", [Words("furlong"), Words(3), Words("ft", "moon")])
def test_units_and_references_that_nobody_knows_are_refused(words: Words) -> None:
    with pytest.raises(BadLevel):
        read_level(10, upper=True, words=words)


def test_zero_is_the_surface_below_and_unl_is_no_lower_level() -> None:
    assert read_level(0, upper=False).level == SFC
    assert read_level("0", upper=False).level == SFC
    with pytest.raises(BadLevel) as refused:
        read_level("UNL", upper=False)
    assert refused.value.code == "LOWER_UNLIMITED"


@given(st.sampled_from([Ref.AMSL, Ref.AGL, Ref.W84, Ref.FL]), st.integers(0, 600), st.booleans())
def test_what_we_write_is_read_back(ref: Ref, hundreds: int, upper: bool) -> None:
    level = Level(ref, hundreds * 100)
    assert read_level(format_level(level), upper=upper) == (level, "")


@given(st.decimals(0, 100_000, places=3), st.sampled_from(["ft", "m"]))
def test_no_band_shrinks_by_rounding(figure: object, unit: str) -> None:
    feet = float(figure) / (0.3048 if unit == "m" else 1)  # type: ignore[arg-type]
    assert read_level(f"{figure} {unit} AMSL", upper=False).level.ft <= feet + 1e-6
    assert read_level(f"{figure} {unit} AMSL", upper=True).level.ft >= feet - 1e-6


NINE = int(datetime(2026, 11, 22, 9, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("text", "after_nine_ms"),
    [
        ("2026-11-22T09:00Z", 0),
        ("2026-11-22T09:00:00Z", 0),
        ("2026-11-22t09:00:00z", 0),
        ("2026-11-22 09:00Z", 0),
        ("2026-11-22 09:00 UTC", 0),
        ("2026-11-22T10:00+01:00", 0),
        ("2026-11-22T10:00+01", 0),
        ("2026-11-22T10:00+0100", 0),
        ("2026-11-22T03:30-05:30", 0),
        ("20261122T0900Z", 0),
        ("2026-11-22T09:00:01.5Z", 1_500),
        ("2026-11-22T09:00:60Z", 60_000),
        ("2026-11-22T24:00Z", 15 * 3_600_000),
    ],
)
def test_a_time_in_the_spellings_of_files(text: str, after_nine_ms: int) -> None:
    assert read_time(text, end=False) == NINE + after_nine_ms


def test_finer_than_a_millisecond_is_rounded_so_that_no_window_shrinks() -> None:
    assert read_time("2026-11-22T09:00:00.0001Z", end=False) == NINE
    assert read_time("2026-11-22T09:00:00.0001Z", end=True) == NINE + 1


@pytest.mark.parametrize("text", ["2026-11-22T09:00", "2026-11-22 09:00:00", "20261122T0900"])
def test_a_time_without_a_zone_is_refused_with_what_would_be_right(text: str) -> None:
    with pytest.raises(BadTime, match="with Z for UTC") as refused:
        read_time(text, end=False)
    assert refused.value.code == "TIME_WITHOUT_ZONE"


@pytest.mark.parametrize(
    "value",
    [None, 1795338000, "", "noon", "2026-11-22", "2026-13-01T00:00Z", "2026-02-30T00:00Z", "2026-11-22T24:01Z"],
)
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(BadTime, match=r"2026-11-22T09:00Z|hours go to|is not a date"):
        read_time(value, end=True)


@pytest.mark.parametrize(
    "value",
    ["2026-11-22T09:60Z", "2026-11-22T09:00+24:00", "2026-11-22T09:00+01:60", "22/11/2026 09:00Z", "0000-01-01T00:00Z"],
)
def test_what_is_no_time_of_day_or_no_zone_is_refused(value: str) -> None:
    with pytest.raises(BadTime):
        read_time(value, end=True)


def test_times_beyond_what_a_window_holds_are_its_ends() -> None:
    assert read_time("1900-01-01T00:00Z", end=False) == ALWAYS[0]
    assert read_time("9999-12-31T23:59:59.9999Z", end=True) == ALWAYS[1]
    assert read_time("9999-12-31T23:00-12:00", end=True) == ALWAYS[1]
