"""Plans against airspace as it is published, held against every pair judged one by one.

The files are not ours and not here: SKYPARLEY_DATA names the folder that has them.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from plans_at_random import plan, random_volume, rules, slow_check

from skyparley.check.detection import find
from skyparley.check.rules import Edge
from skyparley.formats.reading import read
from skyparley.formats.records import Plan
from skyparley.geometry.shapes import Circle, Polygon
from skyparley.geometry.volumes import Volume

pytestmark = pytest.mark.skipif("SKYPARLEY_DATA" not in os.environ, reason="SKYPARLEY_DATA names no published airspace")


def published() -> tuple[Plan, ...]:
    path = Path(os.environ["SKYPARLEY_DATA"]) / "openair/france_openair_standard.txt"
    return read(path.name, path.read_bytes()).plans


def somewhere(luck: random.Random, number: int) -> Plan:
    like = random_volume(luck)
    lat, lon, size = luck.uniform(42.5, 50.5), luck.uniform(-4.0, 8.0), luck.uniform(0.02, 0.5)
    square = Polygon(((lat, lon), (lat, lon + size), (lat + size, lon + size), (lat + size, lon)))
    shape = luck.choice((Circle(lat, lon, size * 50_000), square))
    return plan(f"{number}", Volume(shape, like.lower, like.upper, like.start_ms, like.end_ms), party="mine")


@pytest.mark.parametrize("edge", [Edge(), Edge(3_704, 500)])
def test_the_same_conflicts_as_one_by_one(edge: Edge) -> None:
    luck = random.Random(5)
    plans = [somewhere(luck, number) for number in range(12)]
    areas = list(published())
    by = rules(edge=edge)
    slow = {(one, other) for one in range(12) for other in _met(plans[one], areas, by)}
    found = {(met.one, met.other - 12) for met in find([*plans, *areas], by)}
    assert len(found) > 20
    assert found == slow


def _met(one: Plan, areas: list[Plan], by: object) -> list[int]:
    return [place for place, area in enumerate(areas) if slow_check([one, area], by)]  # type: ignore[arg-type]
