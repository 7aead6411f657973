"""What stands in slots can be read by every desk alike, and Russian can be read aloud by one who does not read it."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from skyparley.base.times import parse_utc
from skyparley.geometry.levels import Level, Ref, parse_level
from skyparley.language.languages import LANGS, BadPhrase
from skyparley.language.phrasebook import phrases, render
from skyparley.language.spoken import spoken
from skyparley.language.values import (
    band_value,
    clock_value,
    corners_value,
    level_value,
    period_value,
    position_value,
    time_value,
)

TIMES = st.integers(0, 253_402_300_799_999)
POINTS = st.tuples(st.integers(-900_000_000, 900_000_000), st.integers(-1_800_000_000, 1_800_000_000))
FIGURE = re.compile(r"(\d\d)\.(\d{4})([NS]) (\d{3})\.(\d{4})([EW])")


def degrees(text: str) -> tuple[float, float]:
    found = FIGURE.fullmatch(text)
    assert found is not None, text
    north = float(f"{found[1]}.{found[2]}") * (1 if found[3] == "N" else -1)
    return north, float(f"{found[4]}.{found[5]}") * (1 if found[6] == "E" else -1)


@given(POINTS)
def test_a_position_is_within_half_a_step_of_what_it_says(point: tuple[int, int]) -> None:
    for said, exact in zip(degrees(position_value(point)), point, strict=True):
        assert abs(said * 10_000_000 - exact) <= 500.01


def test_positions_as_they_are_read() -> None:
    assert position_value((360_200_000, 365_500_000)) == "36.0200N 036.5500E"
    assert position_value((-5, -1_799_999_999)) == "00.0000N 180.0000W"
    assert position_value((-36_000_500, 4)) == "03.6001S 000.0000E"


@given(TIMES)
def test_a_time_reads_back_to_the_second(millis: int) -> None:
    said = time_value(millis)
    assert parse_utc(said.replace(" ", "T")) == millis // 1000 * 1000
    assert clock_value(millis) == said[11:13] + said[14:16] + "Z"


def test_periods_and_bands_as_they_are_read() -> None:
    start = parse_utc("2026-11-22T21:50Z")
    assert period_value(start, start + 80 * 60_000) == "2026-11-22 21:50Z - 23:10Z"
    assert period_value(start, start + 180 * 60_000) == "2026-11-22 21:50Z - 2026-11-23 00:50Z"
    assert band_value(level_value("FL", 15_000), level_value("FL", 25_000)) == "FL150-FL250"
    assert band_value(level_value("SFC"), level_value("AMSL", 3_000)) == "SFC - 3000 FT AMSL"
    assert band_value(level_value("AMSL", -200), level_value("UNL")) == "-200 FT AMSL - UNL"


@given(st.sampled_from([ref for ref in Ref if ref not in (Ref.SFC, Ref.UNL)]), st.integers(-2_000, 200_000))
def test_a_level_reads_back(ref: Ref, ft: int) -> None:
    assert parse_level(level_value(ref.value, ft)) == Level(ref, ft)


@given(st.lists(POINTS, min_size=1, max_size=20))
@example([(0, 0)] * 8 + [(0, 1_800_000_000), (0, -1)])
@example([(0, 0)] * 8 + [(0, 1_800_000_000), (0, -1), (0, -1_800_000_000)])
def test_corners_are_said_each_or_as_where_they_lie(points: list[tuple[int, int]]) -> None:
    said = corners_value(points)
    if len(points) <= 8:
        assert said == ", ".join(map(position_value, points))
        return
    count, _, places = said.partition(" POINTS BETWEEN ")
    (south, west), (north, east) = map(degrees, places.split(" AND "))
    assert int(count) == len(points)
    width = east - west + (360 if east < west else 0)
    for lat, lon in ((one[0] / 1e7, one[1] / 1e7) for one in points):
        assert south - 1e-4 <= lat <= north + 1e-4
        assert min((lon - west) % 360, (west - lon) % 360) < 1e-4 or (lon - west) % 360 <= width + 1e-4


def test_corners_on_both_sides_of_the_antimeridian_lie_round_it() -> None:
    points = [(0, 1_799_000_000), (10_000_000, -1_799_000_000)] * 5
    assert corners_value(points) == "10 POINTS BETWEEN 00.0000N 179.9000E AND 01.0000N 179.9000W"


# --- aloud --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("russian", "latin"),
    [
        ("ПРОВЕРКА ЛИНИИ 3. ПОДТВЕРДИТЕ ПРИЁМ.", "PROVERKA LINII 3. PODTVERDITE PRIYOM."),
        ("Щука, Юг, Ельск", "Shchuka, Yug, Yel'sk"),
        ("съезд, объект", 's"yezd, ob"yekt'),
        ("Цхинвали — Чехов", "Tskhinvali — Chekhov"),
        ("РАЙОН FL200, В 2150Z", "RAYON FL200, V 2150Z"),
        ("О", "O"),
    ],
)
def test_russian_in_latin_letters(russian: str, latin: str) -> None:
    assert spoken(russian, "ru") == latin


@pytest.mark.parametrize("one", phrases(), ids=lambda one: one.code)
def test_every_russian_sentence_can_be_read_in_ascii(one) -> None:
    said = spoken(one.text["ru"], "ru")
    assert said is not None
    assert said.isascii()
    assert re.findall(r"\{.*?\}", said) == re.findall(r"\{.*?\}", one.text["ru"])


@pytest.mark.parametrize("lang", [lang for lang in LANGS if lang != "ru"])
def test_nothing_is_guessed_elsewhere(lang: str) -> None:
    assert spoken(render("L1", {"n": "3"}, lang).text, lang) is None


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(BadPhrase, match="no language"):
        spoken("x", "de")
