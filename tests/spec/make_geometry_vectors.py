"""Makes docs/spec/vectors/geometry.json: pairs of volumes with the gaps that are told and the verdict, and bands of levels.

Run it to write the file: python tests/spec/make_geometry_vectors.py.  The figures are the package's; a test holds each against
the slow twins of tests/reference, which share nothing with it but the definitions.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import msgspec
from two_nodes import ROOT, T0

from skyparley.base.times import HOUR, MINUTE
from skyparley.domain.detection import gaps_slot
from skyparley.domain.messages.slots import LevelSlot, VolumeSlot
from skyparley.domain.view import Hit
from skyparley.domain.volumes import level_of, volume_of
from skyparley.geometry.levels import LevelRules, signed_vertical_gap_ft
from skyparley.geometry.volumes import Separation, judge, volume_problems

VECTORS = ROOT / "docs" / "spec" / "vectors"
TABLE = {
    "separation_lateral_m": 18_520,
    "separation_vertical_ft": 2_000,
    "separation_time_ms": 600_000,
    "reference_margin_ft": 1_000,
    "highest_ground_ft": 10_000,
}
NONE = {**TABLE, "separation_lateral_m": 0, "separation_vertical_ft": 0, "separation_time_ms": 0}
Json = dict[str, Any]
FL200, FL240 = {"ref": "FL", "ft": 20_000}, {"ref": "FL", "ft": 24_000}
WINDOW = (T0, T0 + HOUR)


def at(*places: tuple[float, float]) -> list[list[int]]:
    """Positions of the wire from degrees."""
    return [[round(lat * 1e7), round(lon * 1e7)] for lat, lon in places]


def circle(lat: float, lon: float, radius_m: int) -> Json:
    return {"type": "circle", "centre": at((lat, lon))[0], "radius_m": radius_m}


def polygon(*rings: list[tuple[float, float]]) -> Json:
    return {"type": "polygon", "rings": [at(*ring) for ring in rings]}


def corridor(half_width_m: int, *line: tuple[float, float]) -> Json:
    return {"type": "corridor", "line": at(*line), "half_width_m": half_width_m}


def orbit(radius_m: int, start: tuple[float, float], end: tuple[float, float], side: str = "CENTRE") -> Json:
    return {"type": "orbit", "start": at(start)[0], "end": at(end)[0], "radius_m": radius_m, "side": side}


def line(buffer_m: int, *points: tuple[float, float]) -> Json:
    return {"type": "line", "line": at(*points), "buffer_m": buffer_m}


def arc(centre: tuple[float, float], radii_m: tuple[int, int], bearings: tuple[float, float]) -> Json:
    first, last = (round(bearing * 1000) for bearing in bearings)
    inner_m, outer_m = radii_m
    told = {"type": "arc", "centre": at(centre)[0], "inner_m": inner_m, "outer_m": outer_m}
    return {**told, "from_mdeg": first, "to_mdeg": last}


def box(south: float, west: float, north: float, east: float) -> list[tuple[float, float]]:
    return [(south, west), (south, east), (north, east), (north, west)]


def volume(shape: Json, band: tuple[Json, Json] = (FL200, FL240), window: tuple[int, int] = WINDOW) -> Json:
    return {"shape": shape, "lower": band[0], "upper": band[1], "start": window[0], "end": window[1]}


def shapes() -> Iterator[tuple[str, Json, Json]]:
    """Pairs of shapes, told by what is hard about them; levels and times overlap."""
    yield "two circles well apart", circle(35, 35, 10_000), circle(36, 35, 10_000)
    yield "two circles nearer than 10 NM", circle(35, 35, 10_000), circle(35.3, 35.2, 10_000)
    yield "two circles that overlap", circle(35, 35, 10_000), circle(35.1, 35, 10_000)
    yield (
        "beyond 10 NM on the sphere, and within the bound for the ellipsoid",
        circle(0, 0, 400_000),
        circle(7.37, 0, 400_000),
    )
    yield "just beyond the bound as well", circle(0, 0, 400_000), circle(7.43, 0, 400_000)
    yield "across the antimeridian", circle(10, 179.95, 5_000), circle(10, -179.9, 5_000)
    yield "180 and -180 are one meridian", circle(10, 180, 5_000), circle(10.2, -180, 5_000)
    yield "over the pole", circle(89.9, 0, 1_000), circle(89.9, 180, 1_000)
    yield "the pole by any longitude", circle(90, 0, 1_000), circle(90, 77, 1_000)
    yield "a polygon around the pole", polygon([(80, 0), (80, 90), (80, 180), (80, -90)]), circle(89, 45, 1_000)
    yield "a polygon over the antimeridian", polygon([(-1, 179), (-1, -179), (1, -179), (1, 179)]), circle(0, 180, 10)
    yield "a ring in the other direction", polygon(box(35, 35, 36, 36)[::-1]), circle(35.5, 36.3, 1_000)
    yield "one within the other", polygon(box(30, 30, 40, 40)), circle(35, 35, 1_000)
    yield "in the hole of a polygon", polygon(box(30, 30, 40, 40), box(33, 33, 37, 37)), circle(35, 35, 1_000)
    yield "in the hole and near its edge", polygon(box(30, 30, 40, 40), box(33, 33, 37, 37)), circle(33.1, 35, 1_000)
    yield (
        "a corridor through a polygon, no vertex in the other",
        corridor(1, (35.5, 30), (35.5, 40)),
        polygon(box(35, 35, 36, 36)),
    )
    yield "a corridor over the antimeridian", corridor(9_260, (0, 179), (0.5, -179)), circle(0.6, 180, 2_000)
    yield "a long corridor along the geodesic", corridor(2_000, (60, -20), (60, 30)), circle(64.9, 5, 2_000)
    yield "an edge is a great circle and bulges to the pole", polygon(box(50, 0, 60, 30)), circle(60.5, 15, 100)
    yield "a vertex that repeats", polygon([(35, 35), (35, 35), (35, 36), (36, 36)]), circle(35.9, 35.0, 1_000)
    yield "two corridors that cross", corridor(100, (35, 35), (36, 36)), corridor(100, (35, 36), (36, 35))
    yield from racetracks_and_sectors()
    yield "far away", circle(35, 35, 10_000), circle(-35, -145.5, 10_000)


def racetracks_and_sectors() -> Iterator[tuple[str, Json, Json]]:
    """Orbits, lines and arcs."""
    leg = ((36.1, 37.2), (36.3, 37.6))
    yield "an orbit around its leg", orbit(9_260, *leg), circle(36.5, 37.2, 5_000)
    yield "an orbit to the left of its leg", orbit(9_260, *leg, "LEFT"), circle(36.5, 37.2, 5_000)
    yield "an orbit to the right of its leg", orbit(9_260, *leg, "RIGHT"), circle(36.5, 37.2, 5_000)
    yield "an orbit of 4,000 km beside its leg", orbit(300_000, (10, 0), (40, 20), "RIGHT"), circle(30, 20, 100_000)
    yield "a line with a buffer", line(9_260, (36, 37), (36.2, 38), (36, 39)), circle(36.5, 38, 9_000)
    sector, ring = arc((36, 37), (18_520, 37_040), (30, 90)), arc((36, 37), (90_000, 100_000), (0, 360))
    yield "a sector and a circle within it", sector, circle(36.1, 37.25, 100)
    yield "a sector, and a circle behind its centre", sector, circle(35.95, 36.9, 5_000)
    yield "a sector, and a circle beyond its rim", sector, circle(36.3, 37.5, 5_000)
    yield "a sector over north", arc((36, 37), (18_520, 37_040), (330, 30)), circle(36.5, 37, 1_000)
    yield "a slice over 180 degrees", arc((36, 37), (0, 37_040), (100, 80)), circle(36, 37.2, 1_000)
    yield "in the hollow of a ring", ring, circle(36, 37, 50_000)
    yield "a ring and the racetrack across it", ring, orbit(5_000, (36, 37), (37.5, 37), "LEFT")
    yield "a sector over the pole", arc((89, 0), (50_000, 200_000), (350, 10)), circle(88.5, 180, 1_000)
    yield "a slice over the antimeridian", arc((0, 179.9), (0, 100_000), (45, 135)), circle(0, -178.9, 1_000)
    yield (
        "a sector of 3,000 km and a border",
        arc((50, 10), (1_000_000, 3_000_000), (200, 220)),
        line(1, (0, 0), (9, 9)),
    )


def windows() -> Iterator[tuple[str, Json, Json]]:
    here = circle(35, 35, 10_000)
    for why, gap in (
        ("windows that overlap", -MINUTE),
        ("windows that touch", 0),
        ("one millisecond short of 10 minutes", 10 * MINUTE - 1),
        ("just 10 minutes", 10 * MINUTE),
    ):
        yield why, volume(here), volume(here, window=(WINDOW[1] + gap, WINDOW[1] + gap + HOUR))


def without_separation() -> Iterator[tuple[str, Json, Json]]:
    """By a table of zeros: what merely touches is apart."""
    left, right = polygon(box(35, 35, 36, 36)), polygon(box(35, 36, 36, 37))
    yield "polygons with an edge in common", volume(left), volume(right)
    yield "polygons with area in common", volume(left), volume(polygon(box(35, 35.9, 36, 37)))
    yield "polygons with a corner in common", volume(left), volume(polygon(box(36, 36, 37, 37)))
    yield "a circle in a polygon", volume(left), volume(circle(35.5, 35.5, 1))
    yield "bands that touch", volume(left), volume(left, (FL240, {"ref": "UNL"}))
    yield "windows that touch", volume(left), volume(left, window=(WINDOW[1], WINDOW[1] + HOUR))


def level(text: str) -> Json:
    """`FL 20000`, `SFC` and the like."""
    ref, _, feet = text.partition(" ")
    return {"ref": ref, "ft": int(feet)} if feet else {"ref": ref}


BANDS = (
    ("FL 20000", "FL 24000", "FL 26000", "FL 28000"),
    ("FL 20000", "FL 24000", "FL 25900", "FL 28000"),
    ("FL 20000", "FL 24000", "FL 22000", "FL 23000"),
    ("FL 20000", "FL 24000", "AMSL 27000", "AMSL 30000"),
    ("FL 20000", "FL 24000", "AMSL 26999", "AMSL 30000"),
    ("W84 20000", "W84 24000", "AMSL 26500", "AMSL 30000"),
    ("AMSL -500", "AMSL 1000", "AMSL 3000", "AMSL 4000"),
    ("SFC", "AGL 1000", "AGL 3000", "AGL 4000"),
    ("SFC", "AGL 1000", "AMSL 12000", "AMSL 20000"),
    ("SFC", "AGL 1000", "AMSL 14000", "AMSL 20000"),
    ("SFC", "AGL 1000", "AMSL 13999", "AMSL 20000"),
    ("AGL 5000", "AGL 6000", "AMSL 0", "AMSL 1000"),
    ("SFC", "UNL", "FL 60000", "UNL"),
    ("FL 30000", "UNL", "FL 10000", "FL 28000"),
    ("FL 30000", "UNL", "FL 10000", "FL 28100"),
    ("SFC", "AMSL 500", "SFC", "AGL 500"),
)


def geometry_vectors() -> Json:
    """Volumes as they stand on the wire, gaps as CFL tells them."""
    pairs = [_pair(why, volume(one), volume(two), TABLE) for why, one, two in shapes()]
    pairs += [_pair(why, one, two, TABLE) for why, one, two in windows()]
    pairs += [_pair(f"{why}; a table of zeros", one, two, NONE) for why, one, two in without_separation()]
    bands = [_band([level(text) for text in band]) for band in BANDS]
    return {
        "source": "docs/spec/line-v1.md 8.2",
        "table": TABLE,
        "table_of_zeros": NONE,
        "pairs": pairs,
        "bands": bands,
    }


def separation(table: Json) -> Separation:
    return Separation(**{name.removeprefix("separation_"): value for name, value in table.items()})


def _pair(why: str, one: Json, two: Json, table: Json) -> Json:
    a, b = (volume_of(msgspec.convert(told, VolumeSlot)) for told in (one, two))
    assert not (*volume_problems(a), *volume_problems(b)), why
    verdict = judge(a, b, separation(table))
    part = verdict.gaps.lateral_m % 1
    assert verdict.gaps.lateral_m == 0 or 0.001 < part < 0.999, f"{why}: too near a whole metre to be told by everybody"
    gaps = msgspec.to_builtins(gaps_slot(Hit(("", ""), 0, 0, verdict)))  # type: ignore[arg-type]
    said = {"why": why, "volumes": [one, two], "gaps": gaps, "conflict": verdict.conflict}
    return said if table is TABLE else {**said, "table": "table_of_zeros"}


def _band(band: list[Json]) -> Json:
    levels = [level_of(msgspec.convert(told, LevelSlot)) for told in band]
    rules = LevelRules(TABLE["reference_margin_ft"], TABLE["highest_ground_ft"])
    gap = signed_vertical_gap_ft(levels[0], levels[1], levels[2], levels[3], rules)
    return {
        "bands": [band[:2], band[2:]],
        "vertical_ft": max(0, gap),
        "conflict": gap < TABLE["separation_vertical_ft"],
    }


def text_of(name: str) -> str:
    """The text of the vector file."""
    assert name == "geometry.json"
    return json.dumps(geometry_vectors(), indent=2, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    (VECTORS / "geometry.json").write_text(text_of("geometry.json"), encoding="utf-8")
