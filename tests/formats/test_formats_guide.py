"""The guide of formats says what is so: its example is read, its spellings mean what it says, and no name is missing."""

import json
import re
from pathlib import Path

import pytest

from skyparley.formats import ed318, openair_lines, properties
from skyparley.formats.level_words import BadLevel, read_level
from skyparley.formats.reading import read
from skyparley.formats.soundness import VERTICES_READ
from skyparley.formats.time_words import BadTime, read_time
from skyparley.geometry.levels import format_level

GUIDE = (Path(__file__).parents[2] / "docs" / "guide" / "formats.md").read_text(encoding="utf-8")
LEVELS = GUIDE.split("### Levels")[1].split("###")[0]
MEANS = {
    "flight level 200": "FL200",
    "flight level 120": "FL120",
    "4,500 ft above mean sea level": "4500 ft AMSL",
    "1,000 ft above the ground": "1000 ft AGL",
    "the surface": "SFC",
    "no upper limit": "UNL",
}


def rows() -> list[tuple[str, str]]:
    found = re.findall(r"^\| (`.*?) \| (.*?) \|$", LEVELS, re.MULTILINE)
    assert len(found) >= 8
    return [(spelling, meaning) for cell, meaning in found for spelling in re.findall(r"`([^`]+)`", cell)]


@pytest.mark.parametrize(("spelling", "meaning"), rows())
def test_each_spelling_of_a_level_means_what_the_guide_says(spelling: str, meaning: str) -> None:
    upper = meaning != "the surface"
    if meaning.startswith("refused"):
        with pytest.raises(BadLevel):
            read_level(spelling, upper=upper)
        return
    level, note = read_level(spelling, upper=upper)
    if meaning in MEANS:
        assert format_level(level) == MEANS[meaning]
    else:
        assert ("mean sea level, with a note" in meaning) == bool(note)


def test_the_example_is_read_without_a_flaw() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    found = read("example.json", json.dumps(json.loads(example)).encode())
    assert not found.flaws
    assert found.plans[0].id == "survey-3"


def test_times_of_the_guide_are_read_and_one_without_a_zone_is_not() -> None:
    for text in re.findall(r"`(\d{4}-?\d\d-?\d\dT[^`/]+)`", GUIDE):
        read_time(text, end=False)
    with pytest.raises(BadTime):
        read_time("2026-11-22T09:00", end=False)


def test_every_property_and_record_that_is_read_is_in_the_guide() -> None:
    plain = GUIDE.lower().replace("_", "")
    names = [name for spellings in properties._NAMES.values() for name in spellings]
    names += [name for spellings in properties._BESIDE_LEVELS.values() for name in spellings]
    missing = [name for name in names if name.startswith("end") is False and f"`{name}" not in plain]
    missing += [name for name in openair_lines.GEOMETRY if f"`{name}" not in GUIDE]
    assert not missing
    assert f"{VERTICES_READ:,} vertices" in " ".join(GUIDE.split())
    assert ed318.FORMAT in GUIDE
