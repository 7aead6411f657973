"""F3548 volumes: alone, in lists, in intents and constraints; metres rounded outward; a bad volume costs its intent."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from skyparley.formats.reading import read
from skyparley.formats.records import Plan, Reading
from skyparley.geometry.levels import Level, Ref
from skyparley.geometry.shapes import Circle, Polygon

INTENT = json.loads((Path(__file__).parent / "files" / "intent_f3548.json").read_bytes())
VOLUME = INTENT["operational_intent"]["details"]["volumes"][0]
EIGHT_MS = 1_796_112_000_000  # 2026-12-01T08:00Z


def of(value: object) -> Reading:
    return read("uss.json", json.dumps(value).encode())


def plan_of(value: object) -> Plan:
    found = of(value)
    assert not found.flaws, found.flaws
    assert len(found.plans) == 1
    return found.plans[0]


def changed(*path: str | int, value: object) -> dict[str, Any]:
    """The volume with one member replaced, or taken away if the value is None."""
    volume = copy.deepcopy(VOLUME)
    inner: Any = volume
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    if value is None:
        del inner[path[-1]]
    return volume


def test_an_intent_is_a_plan_of_its_manager() -> None:
    plan = plan_of(INTENT)
    assert (plan.id, plan.party, plan.origin) == ("2f8343be-6482-4d1b-a474-16847e01af1e", "uss1", "PLAN")
    circle, ring = plan.volumes
    assert circle.shape == Circle(46.97, 7.47, 300.183)
    assert (circle.lower, circle.upper) == (Level(Ref.W84, 1804), Level(Ref.W84, 2134))  # 1804.46 and 2133.37 ft
    assert (circle.start_ms, circle.end_ms) == (EIGHT_MS, EIGHT_MS + 1_800_001)  # a microsecond more is a millisecond
    assert ring.shape == Polygon(((46.0, 7.0), (46.1, 7.0), (46.1, 7.1)))
    assert ring.lower == Level(Ref.AGL, 0)
    assert "details.priority" in plan.dropped
    assert plan.names == ("reference.id", "reference.manager")


def test_every_wrapping_is_recognised() -> None:
    inner = INTENT["operational_intent"]
    for value in (inner, {"operational_intents": [inner]}, [inner], inner["details"]):
        assert len(plan_of(value).volumes) == 2
    assert len(plan_of({"extents": [VOLUME], "key": []}).volumes) == 1
    flat = VOLUME["volume"] | {name: VOLUME[name] for name in ("time_start", "time_end")}
    assert plan_of(flat).volumes == plan_of(VOLUME).volumes


def test_single_volumes_are_plans_of_their_own() -> None:
    assert (plan_of(VOLUME).id, plan_of(VOLUME).party) == ("volume-1", "uss")
    found = of([VOLUME, {}, VOLUME])
    assert [plan.id for plan in found.plans] == ["volume-1", "volume-3"]
    assert [flaw.place for flaw in found.flaws] == ["entity 2"]


def test_a_constraint_is_airspace_and_may_have_no_limits_of_altitude() -> None:
    volume = copy.deepcopy(VOLUME)
    del volume["volume"]["altitude_upper"], volume["volume"]["altitude_lower"]
    value = {
        "constraint": {"reference": {"id": "c1", "manager": "authority"}, "details": {"volumes": [volume], "type": "x"}}
    }
    plan = plan_of(value)
    assert (plan.origin, plan.party) == ("AIRSPACE", "authority")
    assert (plan.volumes[0].lower, plan.volumes[0].upper) == (Level(Ref.SFC), Level(Ref.UNL))
    assert plan.notes


@pytest.mark.parametrize(
    ("volume", "code"),
    [
        (changed("time_start", value=None), "TIME_MISSING"),
        (changed("time_end", "value", value="2026-12-01T08:30:00"), "TIME_WITHOUT_ZONE"),
        (changed("time_end", "value", value="2026-12-01T07:30:00Z"), "WINDOW_EMPTY"),
        (changed("volume", "altitude_lower", value=None), "LEVEL_MISSING"),
        (changed("volume", "altitude_lower", "units", value=None), "LEVEL_UNREADABLE"),
        (changed("volume", "altitude_upper", "reference", value="MOON"), "LEVEL_REFERENCE"),
        (changed("volume", "altitude_upper", "value", value=500), "BAND_EMPTY"),
        (changed("volume", "outline_circle", "radius", "units", value="NM"), "LENGTH_UNREADABLE"),
        (changed("volume", "outline_circle", "radius", "value", value=0), "LENGTH_UNREADABLE"),
        (changed("volume", "outline_circle", "center", "lat", value=91), "COORDINATES"),
        (changed("volume", "outline_circle", "center", value=None), "COORDINATES"),
        (changed("volume", "outline_polygon", value={"vertices": []}), "OUTLINES"),
    ],
)
def test_a_volume_that_cannot_be_read_costs_the_whole_intent(volume: dict[str, Any], code: str) -> None:
    intent = copy.deepcopy(INTENT)
    intent["operational_intent"]["details"]["volumes"].append(volume)
    found = of(intent)
    assert not found.plans
    assert [flaw.reason.code for flaw in found.flaws] == [code]
    assert found.flaws[0].id == "2f8343be-6482-4d1b-a474-16847e01af1e"


def test_a_reference_alone_is_a_flaw_that_says_so() -> None:
    value = {"operational_intent_reference": INTENT["operational_intent"]["reference"]}
    assert of(value).flaws[0].reason.code == "NO_VOLUMES"
    assert of({"operational_intent_references": [{"id": "a"}]}).flaws[0].reason.code == "NO_VOLUMES"
