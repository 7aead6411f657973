"""Levels: gaps against the slow twin, the rules by example, bands that are refused, text forms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.shapes_at_random import seeded, some_band
from reference.slow_levels import slow_signed_gap_ft
from skyparley.geometry.levels import (
    BadLevel,
    Level,
    LevelRules,
    Ref,
    band_problems,
    format_level,
    parse_level,
    signed_vertical_gap_ft,
    vertical_gap_ft,
)

RULES = LevelRules(reference_margin_ft=1000, highest_ground_ft=9000)


def gap_ft(a, b, rules=RULES):
    first, second = ([parse_level(text) for text in band.split(" - ")] for band in (a, b))
    assert vertical_gap_ft(*first, *second, rules) == vertical_gap_ft(*second, *first, rules)
    return vertical_gap_ft(*first, *second, rules)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("FL200 - FL240", "FL150 - FL250", 0),
        ("FL200 - FL240", "FL150 - FL200", 0),
        ("FL200 - FL240", "FL100 - FL180", 2000),
        ("1000 ft AMSL - 2000 ft AMSL", "2500 ft AMSL - UNL", 500),
        # Another reference takes the margin off the gap, and no further than to 0.
        ("FL200 - FL240", "10000 ft AMSL - 15000 ft AMSL", 4000),
        ("FL200 - FL240", "10000 ft AMSL - 19500 ft AMSL", 0),
        ("FL200 - FL240", "10000 ft W84 - 15000 ft W84", 4000),
        # Heights above ground: anywhere up to the highest ground (9000 ft) against other references, plain among each other.
        ("SFC - 3000 ft AGL", "FL150 - FL200", 2000),
        ("SFC - 3000 ft AGL", "4000 ft AGL - 5000 ft AGL", 1000),
        ("20000 ft AGL - 25000 ft AGL", "SFC - FL150", 4000),
        ("SFC - FL100", "FL120 - UNL", 2000),
        ("SFC - UNL", "FL500 - FL600", 0),
    ],
)
def test_the_rules_by_example(a, b, expected):
    assert gap_ft(a, b) == expected


def test_the_surface_is_a_height_above_ground_like_any_other():
    band = (Level(Ref.SFC), Level(Ref.AGL, 1000))
    assert signed_vertical_gap_ft(*band, *band, RULES) == -1000


@given(st.integers(0, 2**32), st.integers(0, 3000), st.integers(0, 20_000))
def test_the_gap_is_that_of_the_slow_twin_which_tries_every_ground(seed, margin_ft, highest_ground_ft):
    rng = seeded(seed)
    a, b = some_band(rng), some_band(rng)
    rules = LevelRules(margin_ft, highest_ground_ft)
    expected = slow_signed_gap_ft(a, b, margin_ft, highest_ground_ft)
    assert signed_vertical_gap_ft(*a, *b, rules) == signed_vertical_gap_ft(*b, *a, rules) == expected
    assert vertical_gap_ft(*a, *b, rules) == max(0, expected)


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        (Level(Ref.FL, 20000), Level(Ref.FL, 24000), []),
        (Level(Ref.SFC), Level(Ref.UNL), []),
        (Level(Ref.AMSL, 5000), Level(Ref.AGL, 1000), []),
        (Level(Ref.AMSL, -1400), Level(Ref.AMSL, 0), []),
        (Level(Ref.FL, 24000), Level(Ref.FL, 20000), ["BAND_EMPTY"]),
        (Level(Ref.FL, 20000), Level(Ref.FL, 20000), ["BAND_EMPTY"]),
        (Level(Ref.SFC), Level(Ref.SFC), ["BAND_EMPTY"]),
        (Level(Ref.AGL, 500), Level(Ref.SFC), ["BAND_EMPTY"]),
        (Level(Ref.AGL, 5000), Level(Ref.AMSL, 4000), ["BAND_EMPTY"]),
        (Level(Ref.AMSL, 5000), Level(Ref.FL, 4000), ["BAND_EMPTY"]),
        (Level(Ref.UNL), Level(Ref.UNL), ["LOWER_UNLIMITED"]),
        (Level(Ref.SFC, 10), Level(Ref.UNL, 10), ["LEVEL_FEET", "LEVEL_FEET"]),
        (Level(Ref.FL, 20050), Level(Ref.FL, 24000), ["FL_STEP"]),
        (Level(Ref.AGL, -100), Level(Ref.AGL, 100), ["LEVEL_NEGATIVE"]),
        (Level(Ref.AMSL, 0), Level(Ref.AMSL, 500_000), ["LEVEL_RANGE"]),
    ],
)
def test_bands(lower, upper, expected):
    assert [problem.code for problem in band_problems(lower, upper)] == expected


@given(st.sampled_from([Ref.AGL, Ref.AMSL, Ref.FL, Ref.W84]), st.integers(-30_000, 400_000))
def test_text_is_read_back(ref, ft):
    assert parse_level(format_level(Level(ref, ft))) == Level(ref, ft)


@pytest.mark.parametrize(
    ("text", "rounding", "level"),
    [
        ("FL200", "nearest", Level(Ref.FL, 20000)),
        ("fl050", "nearest", Level(Ref.FL, 5000)),
        (" sfc ", "nearest", Level(Ref.SFC)),
        ("UNL", "nearest", Level(Ref.UNL)),
        ("4500ft AMSL", "nearest", Level(Ref.AMSL, 4500)),
        ("1200 m AMSL", "down", Level(Ref.AMSL, 3937)),
        ("1200 m AMSL", "up", Level(Ref.AMSL, 3938)),
        ("1200 m AMSL", "nearest", Level(Ref.AMSL, 3937)),
        ("-100 m AMSL", "down", Level(Ref.AMSL, -329)),
        ("304.8 m AGL", "down", Level(Ref.AGL, 1000)),
        ("304.8 m AGL", "up", Level(Ref.AGL, 1000)),
    ],
)
def test_text_to_level(text, rounding, level):
    assert parse_level(text, rounding) == level


@pytest.mark.parametrize(
    "text", ["", "4500", "4500 ft", "FL", "200", "FL20000", "1e3 ft AMSL", "٤٥٠٠ ft AMSL", "SFC+100"]
)
def test_text_that_is_no_level(text):
    with pytest.raises(BadLevel, match="FL200"):
        parse_level(text)


def test_levels_as_people_write_them():
    levels = [Level(Ref.FL, 5000), Level(Ref.AMSL, 4500), Level(Ref.AGL, 1000), Level(Ref.SFC), Level(Ref.W84, 12000)]
    assert [format_level(level) for level in levels] == ["FL050", "4500 ft AMSL", "1000 ft AGL", "SFC", "12000 ft W84"]
