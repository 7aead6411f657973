"""Who conflicts and by what gaps, for circles and flight levels, as slowly and plainly as line-v1 8 is written."""

from math import asin, cos, floor, radians, sin, sqrt
from typing import Any, Final

from skyparley.base.canonical import canonical
from skyparley.base.ids import digest

EARTH_M: Final = 6_371_008.8
FLATTENING: Final = 0.0056
Side = tuple[str, str, int]
"""Party, notice id, version."""


def sorted_sides(one: Side, other: Side) -> tuple[Side, Side]:
    """The two notices in the order of line-v1 8.1."""
    first, second = sorted((one, other), key=lambda side: side[:2])
    return first, second


def ids_of(one: Side, other: Side, table_hash: str) -> tuple[str, str]:
    """pair_id and conflict_id.  Source: line-v1 8.1."""
    first, second = sorted_sides(one, other)
    pair = digest(canonical(["skyparley-pair/1", list(first[:2]), list(second[:2])]))
    return pair, digest(canonical(["skyparley-conflict/1", pair, first[2], second[2], table_hash]))


def gaps_of(a: dict[str, Any], b: dict[str, Any]) -> dict[str, int]:
    """The gaps told of two volumes, both circles between flight levels.  Source: line-v1 8.2, 8.4."""
    lateral = _distance_m(a["shape"]["centre"], b["shape"]["centre"]) - a["shape"]["radius_m"] - b["shape"]["radius_m"]
    vertical = max(a["lower"]["ft"] - b["upper"]["ft"], b["lower"]["ft"] - a["upper"]["ft"], 0)
    time = max(b["start"] - a["end"], a["start"] - b["end"], 0)
    return {"lateral_m": floor(max(0.0, lateral)), "vertical_ft": vertical, "time_ms": time}


def conflict(a: dict[str, Any], b: dict[str, Any], table: dict[str, int]) -> bool:
    """Whether two such volumes conflict by the numbers of a table.  Source: line-v1 8.2."""
    radii = a["shape"]["radius_m"] + b["shape"]["radius_m"]
    lateral = _distance_m(a["shape"]["centre"], b["shape"]["centre"]) * (1 - FLATTENING) - radii
    gaps = gaps_of(a, b)
    near = (lateral < table["separation_lateral_m"], gaps["vertical_ft"] < table["separation_vertical_ft"])
    return all(near) and gaps["time_ms"] < table["separation_time_ms"]


def _distance_m(a: list[int], b: list[int]) -> float:
    """Between two positions on the sphere, by the haversine."""
    lat_a, lon_a, lat_b, lon_b = (radians(part / 1e7) for part in (*a, *b))
    half = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_M * asin(sqrt(half))
