"""A check finds the pairs that judging every pair one by one finds, and tells of each the same pair of volumes."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
from plans_at_random import MINUTE, plan, random_plans, random_volume, rules, slow_check, volume

from skyparley.check import comparing
from skyparley.check.comparing import across, among
from skyparley.check.detection import find
from skyparley.check.nearby import Caps
from skyparley.check.rules import Edge
from skyparley.domain.detection import worst
from skyparley.domain.view import Hit
from skyparley.geometry.levels import Level, Ref
from skyparley.geometry.shapes import Circle, Corridor, Polygon
from skyparley.geometry.volumes import Gaps, Separation, Verdict, judge

LOW, HIGH = Level(Ref.FL, 10_000), Level(Ref.FL, 15_000)


def as_slow(plans: list, by: object) -> dict:  # type: ignore[type-arg]
    return {(met.one, met.other): (met.volumes, met.pairs) for met in find(plans, by)}  # type: ignore[arg-type]


@pytest.mark.parametrize("within", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_the_same_pairs_as_one_by_one(seed: int, within: bool) -> None:
    plans = random_plans(random.Random(seed), 40)
    by = rules(within=within, edge=Edge(1_852 * (seed % 2), 500 * (seed % 3)))
    slow = slow_check(plans, by)
    assert len(slow) > 10, "a test of conflicts needs some"
    assert as_slow(plans, by) == slow


@pytest.mark.parametrize("seed", range(4))
def test_very_large_areas_are_judged_like_the_others(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # Triangles count as very large here, so that both ways are gone for one row of plans.
    monkeypatch.setattr(comparing, "VERTICES_PER_SHAPE", 2)
    monkeypatch.setattr(comparing, "FEW_VERTICES", 2)
    plans = random_plans(random.Random(100 + seed), 40)
    assert any(comparing.is_large(one) for each in plans for one in each.volumes)
    by = rules(within=seed % 2 == 0)
    assert as_slow(plans, by) == slow_check(plans, by)


def test_a_coast_line_of_thousands_of_vertices_is_compared() -> None:
    ring = tuple(
        (36.0 + (0.3 if place % 2 else 0.31) * (1 - place / 2_500), 37.0 + place / 5_000) for place in range(2_400)
    )
    coast = plan("COAST", volume(Polygon((*ring, (35.0, 37.4), (35.0, 37.0)))), party="zones", origin="AIRSPACE")
    inside, outside = volume(Circle(35.5, 37.2, 500.0)), volume(Circle(38.5, 37.2, 500.0))
    assert [met.other for met in find([plan("1", inside), coast], rules())] == [1]
    assert find([plan("1", outside), coast], rules()) == []


def test_a_track_of_thousands_of_points_is_compared() -> None:
    track = tuple((36.0 + 0.1 * math.sin(step / 50), 37.0 + step / 3_000) for step in range(3_000))
    route = plan("TRACK", volume(Corridor(track, 1_000.0)), party="B")
    assert len(find([plan("1"), route], rules())) == 1
    assert find([plan("1", volume(Circle(39.0, 37.0, 500.0))), route], rules()) == []


def test_an_outline_that_long_edges_make_large_is_compared() -> None:
    # Fifty edges to and fro over thousands of kilometres: 2,000 vertices once they are split.
    zigzag = tuple((-60.0 + step * 2.4, 0.0 if step % 2 else 60.0) for step in range(50))
    assert comparing.is_large(volume(Corridor(zigzag, 500.0)))
    assert (
        len(
            find(
                [
                    plan("1", volume(Circle(0.0, 30.0, 400_000.0))),
                    plan("2", volume(Corridor(zigzag, 500.0)), party="B"),
                ],
                rules(),
            )
        )
        == 1
    )


def test_adding_a_plan_takes_no_conflict_away() -> None:
    plans = random_plans(random.Random(7), 30)
    found = [{(met.one, met.other) for met in find(plans[:count], rules())} for count in range(2, 31, 4)]
    assert all(fewer <= more for fewer, more in pairwise(found))
    assert len(found[-1]) > len(found[0])


def test_one_party_is_compared_only_within() -> None:
    plans = [plan("1"), plan("2"), plan("3", party="B")]
    assert [(met.one, met.other) for met in find(plans, rules())] == [(0, 2), (1, 2)]
    assert [(met.one, met.other) for met in find(plans, rules(within=True))] == [(0, 1), (0, 2), (1, 2)]


def test_volumes_of_one_plan_are_never_compared() -> None:
    assert find([plan("1", volume(), volume())], rules(within=True)) == []


def test_plans_keep_the_table_apart_and_airspace_its_edge() -> None:
    # 5 NM apart: too close for two plans under a table of 10 NM, and off an airspace whose edge is its own.
    near, far = volume(Circle(36.0, 37.0, 10_000.0)), volume(Circle(36.0, 37.3255, 10_000.0))
    assert 9_000 < judge(near, far, rules().separation).gaps.lateral_m < 9_500
    assert len(find([plan("1", near), plan("2", far, party="B")], rules())) == 1
    zone = plan("Z", far, party="zones", origin="AIRSPACE")
    assert find([plan("1", near), zone], rules()) == []
    assert len(find([plan("1", near), zone], rules(edge=Edge(9_260, 0)))) == 1


def test_an_edge_asks_for_no_time() -> None:
    zone = plan("Z", volume(start_min=60, end_min=120), party="zones", origin="AIRSPACE")
    assert find([plan("1", volume(start_min=0, end_min=60)), zone], rules(edge=Edge(1_000, 1_000))) == []
    assert len(find([plan("1", volume(start_min=0, end_min=61)), zone], rules())) == 1


def test_levels_of_an_airspace_keep_the_margin_of_the_table() -> None:
    zone = plan("Z", volume(lower=Level(Ref.SFC), upper=Level(Ref.AMSL, 4_500)), party="zones", origin="AIRSPACE")
    above = plan("1", volume(lower=Level(Ref.FL, 5_000), upper=HIGH))
    clear = plan("1", volume(lower=Level(Ref.FL, 5_500), upper=HIGH))
    assert len(find([above, zone], rules())) == 1  # 500 ft under a margin of 1,000
    assert find([clear, zone], rules()) == []


def test_two_airspace_files_are_two_parties() -> None:
    zones = [plan(name, party=name, origin="AIRSPACE", file=name) for name in ("one", "two", "two")]
    assert [(met.one, met.other) for met in find(zones, rules())] == [(0, 1), (0, 2)]


def test_the_told_pair_is_that_of_two_nodes() -> None:
    luck = random.Random(3)
    for _ in range(200):
        hits = [
            Hit(("B", "1"), luck.randrange(3), luck.randrange(3), _verdict(luck)) for _ in range(luck.randint(1, 6))
        ]
        node = worst(hits, given_first=True)
        from skyparley.check.detection import _worst

        met = _worst(0, 1, [(hit.given, hit.other, hit.verdict) for hit in hits])
        assert (met.volumes, met.verdict.gaps.vertical_ft) == ((node.given, node.other), node.verdict.gaps.vertical_ft)


def _verdict(luck: random.Random) -> Verdict:
    return Verdict(True, Gaps(luck.choice((0.0, 0.4, 1.2)), luck.choice((0, 500)), luck.choice((0, MINUTE))), 0.0)


@pytest.mark.parametrize("seed", range(5))
def test_a_quick_look_misses_nothing_that_conflicts(seed: int) -> None:
    luck = random.Random(seed)
    volumes = [random_volume(luck, always=True) for _ in range(60)]
    caps, separation = Caps(volumes), Separation(9_260, 1_000_000, 600_000, 0, 0)
    for one in volumes:
        near = set(caps.near(one, separation))
        assert {place for place, other in enumerate(volumes) if judge(one, other, separation).conflict} <= near
    assert sum(len(caps.near(one, separation)) for one in volumes) < 60 * 60, "a look that keeps all is no look"


@pytest.mark.parametrize("seed", range(3))
def test_a_quick_look_counts_the_time_that_is_required(seed: int) -> None:
    luck = random.Random(50 + seed)
    volumes = [random_volume(luck) for _ in range(80)]
    caps, separation = Caps(volumes), Separation(90_000, 1_000_000, 30 * MINUTE, 0, 0)
    missed = [
        (place, number)
        for number, one in enumerate(volumes)
        for place, other in enumerate(volumes)
        if judge(one, other, separation).conflict and place not in caps.near(one, separation)
    ]
    assert missed == []
    assert sum(len(caps.near(one, separation)) for one in volumes) < 80 * 80 / 2, "most are at other times"


@pytest.mark.parametrize("lat", [0.0, 60.0, 89.9, -90.0])
def test_a_quick_look_at_poles_and_the_antimeridian(lat: float) -> None:
    one, other = volume(Circle(lat, 179.95, 9_000.0)), volume(Circle(lat, -179.95, 9_000.0))
    touching = Separation(0, 1, 1, 0, 0)
    assert Caps([other]).near(one, touching) == [0]
    assert Caps([volume(Circle(-lat if lat else 30.0, 20.0, 9_000.0))]).near(one, touching) == []


def test_nothing_and_one() -> None:
    assert find([], rules()) == []
    assert find([plan("1")], rules()) == []
    assert across([], [volume()], rules().separation) == []
    assert among([], rules().separation, []) == []
    assert Caps([]).near(volume(), rules().separation) == []
