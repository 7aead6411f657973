"""What a check offers settles what it says, meets nobody else, and never moves a published area."""

from __future__ import annotations

import random

import pytest
from plans_at_random import DAY, MINUTE, plan, random_plans, rules, volume

from skyparley.check.detection import find
from skyparley.check.report import Conflict, Way, conflict_of, in_order
from skyparley.check.rules import Rules
from skyparley.check.ways import Neighbours, clearing_of, with_ways
from skyparley.domain.settling import Mover, settle
from skyparley.formats.records import ALWAYS, Plan
from skyparley.geometry.levels import Level, Ref
from skyparley.geometry.shapes import Circle
from skyparley.geometry.volumes import Volume, judge


def settled(plans: list[Plan], by: Rules, *, now_ms: int = 0) -> list[Conflict]:
    mets = in_order(plans, find(plans, by))
    neighbours = Neighbours(plans, mets, by)
    return [
        with_ways(conflict_of(number, plans, met, by), met, plans, neighbours, now_ms=now_ms)
        for number, met in enumerate(mets, 1)
    ]


def place_of(plans: list[Plan], party: str, plan_id: str) -> int:
    (place,) = [place for place, one in enumerate(plans) if (one.party, one.id) == (party, plan_id)]
    return place


def conflicts_of(plans: list[Plan], by: Rules) -> set[tuple[int, int]]:
    return {(met.one, met.other) for met in find(plans, by)}


@pytest.mark.parametrize("seed", range(8))
def test_volumes_of_settlements_meet_nobody_new_and_end_the_conflict(seed: int) -> None:
    plans = random_plans(random.Random(seed), 14)
    by = rules(within=seed % 3 == 0)
    before = conflicts_of(plans, by)
    mets = in_order(plans, find(plans, by))
    tried = 0
    for met in mets[:6]:
        neighbours = Neighbours(plans, mets, by)
        movers = [
            (Mover(name=str(place), volumes=plans[place].volumes), neighbours.around(place, but=other))
            for place, other in ((met.one, met.other), (met.other, met.one))
            if plans[place].origin == "PLAN"
        ]
        for way in settle(movers, limit=3) if movers else ():
            changed = dict(way.changes)
            after = [
                plan(one.id, *changed.get(str(place), one.volumes), party=one.party, origin=one.origin)
                for place, one in enumerate(plans)
            ]
            found = conflicts_of(after, by)
            assert (met.one, met.other) not in found, way.text
            assert found <= before, way.text
            tried += 1
    assert tried > 0


def test_an_airspace_never_moves() -> None:
    zone = plan(
        "Z", Volume(Circle(36.0, 37.0, 9_000.0), Level(Ref.SFC), Level(Ref.UNL), *ALWAYS), party="z", origin="AIRSPACE"
    )
    (conflict,) = settled([plan("1"), zone], rules())
    assert conflict.ways
    assert {change.id for way in conflict.ways for change in way.changes} == {"1"}


def test_two_areas_of_two_publishers_are_told_so() -> None:
    zones = [plan("Z", party=party, origin="AIRSPACE", file=party) for party in ("one", "two")]
    (conflict,) = settled(zones, rules())
    assert (conflict.ways, conflict.no_way) == ((), "both are published areas; neither moves")


def test_where_nothing_helps_it_is_said() -> None:
    everywhere = Volume(Circle(36.0, 37.0, 900_000.0), Level(Ref.SFC), Level(Ref.UNL), *ALWAYS)
    zone = plan("Z", everywhere, party="z", origin="AIRSPACE")
    (conflict,) = settled([plan("1"), zone], rules())
    assert conflict.ways == ()
    assert "no change of time, level or area of the plan" in conflict.no_way


def test_a_future_plan_is_not_moved_into_the_past() -> None:
    plans = [plan("1", volume(start_min=30, end_min=90)), plan("2", volume(start_min=60, end_min=120), party="B")]

    def starts(now_ms: int) -> list[int]:
        (conflict,) = settled(plans, rules(), now_ms=now_ms)
        return [_minute(way, DAY) for way in conflict.ways or () if way.kind == "TIME"]

    assert any(minute < 25 for minute in starts(0)), "this world would allow an earlier start"
    assert starts(DAY + 25 * MINUTE)
    assert all(minute >= 25 for minute in starts(DAY + 25 * MINUTE))


def _minute(way: Way, day_ms: int) -> int:
    from skyparley.base.times import parse_utc

    return min((parse_utc(one.start or "") - day_ms) // MINUTE for change in way.changes for one in change.volumes)


def test_what_a_plan_meets_anyhow_does_not_stand_in_the_way_of_settling_another() -> None:
    # One area is all around at every level and time: with it in the way nothing could ever settle the other conflict.
    everywhere = Volume(Circle(36.0, 37.0, 900_000.0), Level(Ref.SFC), Level(Ref.UNL), *ALWAYS)
    plans = [plan("1"), plan("2", party="B"), plan("Z", everywhere, party="z", origin="AIRSPACE")]
    by_pair = {tuple(side.id for side in one.plans): one for one in settled(plans, rules())}
    assert by_pair["1", "2"].ways
    assert by_pair["1", "Z"].ways == ()


def test_clearing_keeps_clear_of_all_at_once() -> None:
    others = [
        plan("LOW", volume(lower=Level(Ref.FL, 16_000), upper=Level(Ref.FL, 19_000)), party="B"),
        plan("HIGH", volume(lower=Level(Ref.FL, 25_000), upper=Level(Ref.FL, 28_000)), party="C"),
    ]
    plans = [plan("1"), *others]
    by = rules()
    mets = find(plans, by)
    assert len(mets) == 2
    clearing = clearing_of(0, [1, 2], plans, Neighbours(plans, mets, by), now_ms=0)
    assert clearing.ways
    for way in clearing.ways:
        (change,) = way.changes
        assert (change.party, change.id) == ("A", "1")
    movers = [(Mover(name="A 1", volumes=plans[0].volumes), Neighbours(plans, mets, by).around(0))]
    for way in settle(movers, limit=3):
        for one in dict(way.changes)["A 1"]:
            assert not any(judge(one, other.volumes[0], by.separation).conflict for other in others), way.text


def test_plans_of_one_name_in_two_files_are_told_apart() -> None:
    plans = [plan("1", file="a.geojson"), plan("1", file="b.geojson")]
    (conflict,) = settled(plans, rules(within=True))
    assert conflict.ways
    texts = " ".join(way.text for way in conflict.ways)
    assert "a.geojson" in texts or "b.geojson" in texts
