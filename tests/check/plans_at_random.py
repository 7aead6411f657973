"""Plans for the tests of checks: volumes of every shape near one another, and a slow check to hold the fast one against."""

from __future__ import annotations

import random
from itertools import combinations
from math import floor

from skyparley.check.rules import Edge, Rules
from skyparley.formats.records import ALWAYS, Plan
from skyparley.geometry.levels import Level, Ref
from skyparley.geometry.shapes import Arc, Circle, Corridor, Line, Orbit, Polygon, Shape
from skyparley.geometry.volumes import Separation, Volume, judge

DAY = 1_800_000_000_000 // 86_400_000 * 86_400_000
MINUTE = 60_000
SEPARATION = Separation(18_520, 2_000, 600_000, 1_000, 10_000)

LOWER, UPPER = Level(Ref.FL, 20_000), Level(Ref.FL, 24_000)


def rules(*, within: bool = False, edge: Edge | None = None, separation: Separation = SEPARATION) -> Rules:
    return Rules(table="test", table_hash="x", separation=separation, edge=edge or Edge(), within=within)


def volume(
    shape: Shape | None = None,
    *,
    lower: Level = LOWER,
    upper: Level = UPPER,
    start_min: int = 0,
    end_min: int = 60,
) -> Volume:
    return Volume(shape or Circle(36.0, 37.0, 20_000.0), lower, upper, DAY + start_min * MINUTE, DAY + end_min * MINUTE)


def plan(plan_id: str, *volumes: Volume, party: str = "A", origin: str = "PLAN", file: str = "plans.geojson") -> Plan:
    given = volumes or (volume(),)
    return Plan(id=plan_id, party=party, volumes=given, origin=origin, file=file, place=f"feature {plan_id}")  # type: ignore[arg-type]


def random_shape(luck: random.Random) -> Shape:
    lat, lon = luck.uniform(35.0, 37.0), luck.uniform(36.0, 38.5)
    size = luck.uniform(0.02, 0.4)
    match luck.randrange(6):
        case 0:
            return Circle(lat, lon, size * 60_000)
        case 1:
            return Polygon(((lat, lon), (lat, lon + size), (lat + size, lon + size / 2)))
        case 2:
            return Corridor(((lat, lon), (lat + size, lon + size), (lat + size, lon + 2 * size)), 4_000.0)
        case 3:
            return Orbit((lat, lon), (lat + size, lon), 6_000.0, luck.choice(("CENTRE", "LEFT", "RIGHT")))
        case 4:
            return Line(((lat, lon), (lat + size, lon - size)), 3_000.0)
        case _:
            return Arc(lat, lon, 5_000.0, 30_000.0, luck.uniform(0, 359), luck.uniform(0, 359))


def random_volume(luck: random.Random, *, always: bool = False) -> Volume:
    lower = luck.choice((Level(Ref.SFC), Level(Ref.AMSL, 4_000), Level(Ref.FL, 10_000), Level(Ref.AGL, 500)))
    upper = luck.choice((Level(Ref.AMSL, 6_000), Level(Ref.FL, 13_000), Level(Ref.UNL), Level(Ref.AGL, 1_500)))
    if lower.ref is Ref.FL:
        upper = Level(Ref.FL, 13_000)
    start = DAY + luck.randrange(0, 24 * 60, 10) * MINUTE
    window = ALWAYS if always else (start, start + luck.randrange(10, 180, 10) * MINUTE)
    if upper.ref is Ref.AGL and lower.ref is Ref.AMSL:
        upper = Level(Ref.AMSL, 6_000)
    return Volume(random_shape(luck), lower, upper, *window)


def random_plans(luck: random.Random, count: int) -> list[Plan]:
    """Plans of three parties with one to three volumes, every fourth of them an airspace."""
    made = []
    for number in range(count):
        airspace = number % 4 == 3
        volumes = tuple(random_volume(luck, always=airspace) for _ in range(luck.randint(1, 3)))
        party = luck.choice(("zones", "danger", "A")) if airspace else luck.choice("ABC")
        made.append(plan(str(number), *volumes, party=party, origin="AIRSPACE" if airspace else "PLAN"))
    return made


def slow_check(plans: list[Plan], rules: Rules) -> dict[tuple[int, int], tuple[tuple[int, int], int]]:
    """Every pair of volumes of every pair of plans, judged one by one: the told pair of volumes and how many there are.

    The keys are the places of two plans, a plan before an airspace.
    """
    found = {}
    for first, second in combinations(range(len(plans)), 2):
        if plans[first].origin == "AIRSPACE" and plans[second].origin == "PLAN":
            one, other = second, first
        else:
            one, other = first, second
        if plans[one].party == plans[other].party and not rules.within:
            continue
        airspace = "AIRSPACE" in (plans[one].origin, plans[other].origin)
        hits = []
        for i, a in enumerate(plans[one].volumes):
            for j, b in enumerate(plans[other].volumes):
                verdict = judge(a, b, rules.edge_separation if airspace else rules.separation)
                if verdict.conflict:
                    gaps = verdict.gaps
                    hits.append((floor(gaps.lateral_m), gaps.vertical_ft, gaps.time_ms, i, j))
        if hits:
            found[one, other] = (min(hits)[3:], len(hits))
    return found
