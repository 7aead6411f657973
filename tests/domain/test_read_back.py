"""Read-back: just inside and just outside 0.5 NM, 500 ft and 1 min; what is missing or of another reference; what it blocks.

Source: DOMAIN NOT-08, 8 "Read-back"; line-v1 11.4.
"""

from typing import Any

import msgspec
import pytest
from geographiclib.geodesic import Geodesic
from harness import TABLE, World, circle, fl
from matter_world import act, both, newest, stop
from msgspec import UNSET

from skyparley.base.errors import Refusal
from skyparley.domain import commands as c
from skyparley.domain.messages.slots import AglSlot, AmslSlot, SfcSlot
from skyparley.domain.read_back import differing, values_of

MINUTE = 60_000
ALL_FIELDS = ("POSITION", "LOWER", "UPPER", "START", "END")


def told() -> tuple[Any, Any, str, Any]:
    """A box for search and rescue, FL200 to FL240: a place, two levels and two times to read back."""
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(), to=[b], kind="SAR")
    world.settle()
    matter = newest(b, "SAR")
    return a, b, matter.hash, values_of(matter.envelope.slots)


def beside(position: tuple[int, int], metres: float, azimuth: float) -> tuple[int, int]:
    """The point so many metres away, along the geodesic."""
    lat, lon = (part / 1e7 for part in position)
    found = Geodesic.WGS84.Direct(lat, lon, azimuth, metres)
    return (round(found["lat2"] * 1e7), round(found["lon2"] * 1e7))


def cases() -> list[tuple[str, Any, tuple[str, ...]]]:
    """Field of the values, what is read back for it as a function of what was said, and what differs."""
    near = [("position", lambda p, a=a: beside(p, 925.8, a), ()) for a in (0, 45, 90, 200, 300)]
    far = [("position", lambda p, a=a: beside(p, 926.2, a), ("POSITION",)) for a in (0, 45, 90, 200, 300)]
    levels: list[tuple[str, Any, tuple[str, ...]]] = []
    for name in ("lower", "upper"):
        wrong = (name.upper(),)
        levels += [
            (name, lambda level: fl(level.ft // 100 + 5), ()),
            (name, lambda level: fl(level.ft // 100 - 5), ()),
            (name, lambda level: fl(level.ft // 100 + 6), wrong),
            (name, lambda level: msgspec.structs.replace(level, ft=level.ft - 501), wrong),
            (name, lambda level: AmslSlot(ft=level.ft), wrong),
            (name, lambda level: AglSlot(ft=level.ft), wrong),
            (name, lambda level: SfcSlot(), wrong),
        ]
    times = [
        (name, lambda at, by=by: at + by, () if abs(by) <= MINUTE else (name.upper(),))
        for name in ("start", "end")
        for by in (MINUTE, -MINUTE, MINUTE + 1, -MINUTE - 1)
    ]
    missing = [(name, lambda said: UNSET, (name.upper(),)) for name in ("position", "lower", "upper", "start", "end")]
    return [*near, *far, *levels, *times, *missing]


CASES = cases()
TOLD = told()


def test_the_table_has_the_domain_s_numbers():
    assert (TABLE.read_back_lateral_m, TABLE.read_back_vertical_ft, TABLE.read_back_time_ms) == (926, 500, 60_000)


@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda n: f"{n} {CASES[n][0]} {CASES[n][2]}")
def test_each_field_just_inside_and_just_outside(case):
    name, read, differs = CASES[case]
    said = TOLD[3]
    back = msgspec.structs.replace(said, **{name: read(getattr(said, name))})
    assert differing(TABLE, said, back) == differs


@pytest.mark.parametrize("name", ["position", "lower", "upper", "start", "end"])
def test_what_was_not_said_need_not_be_read_back(name):
    said = msgspec.structs.replace(TOLD[3], **{name: UNSET})
    assert differing(TABLE, said, TOLD[3]) == differing(TABLE, said, said) == ()


def test_nothing_read_back_differs_in_everything_in_the_order_of_the_wire():
    said = TOLD[3]
    assert differing(TABLE, said, type(said)()) == ALL_FIELDS


def code(answer: Any) -> str:
    assert isinstance(answer, Refusal), answer
    return answer.reasons[0].code


def test_a_mismatch_blocks_the_acknowledgment_and_both_ends_show_both():
    a, b, statement, said = told()
    assert code(act(b, c.Acknowledge, statement)) == "READ_BACK_FIRST"
    wrong = msgspec.structs.replace(said, position=beside(said.position, 926.2, 90), upper=fl(246))
    answer = act(b, c.ReadBackMatter, statement, values=wrong)
    assert (answer.result, answer.refs["differs"]) == ("MISMATCH", ["POSITION", "UPPER"])
    assert both(a, b, statement)["read_back"] == (wrong, ("POSITION", "UPPER"))
    assert values_of(a.state.matters[statement].envelope.slots) == said
    assert code(act(b, c.Acknowledge, statement)) == "READ_BACK_MISMATCH"
    assert both(a, b, statement)["acked"] == (None, None)
    near = msgspec.structs.replace(said, position=beside(said.position, 925.8, 90), upper=fl(245))
    assert act(b, c.ReadBackMatter, statement, values=near).result == "MATCH"
    act(b, c.Acknowledge, statement)
    assert both(a, b, statement)["acked"] != (None, None)


def test_a_right_read_back_is_not_undone_by_a_colleagues_wrong_one():
    _, b, statement, said = told()
    act(b, c.ReadBackMatter, statement, values=said)
    wrong = msgspec.structs.replace(said, start=said.start + 2 * MINUTE)
    assert act(b, c.ReadBackMatter, statement, values=wrong).result == "ALREADY"
    assert isinstance(act(b, c.Acknowledge, statement), c.Outcome)


def test_who_must_read_back():
    """LIFE with data, and a notice that came LATE; not one that came in time, nor what holds no data."""
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(hours=(3, 4)), to=[b])
    a.file(circle(500, hours=(0.05, 4)), to=[b])
    world.settle()
    late, planned = sorted((m.read_back for m in b.state.matters.values()), reverse=True)
    assert (late, planned) == ("DUE", "")
    assert b.state.matters[stop(a, b)].read_back == "DUE"
    assert {m.read_back for m in a.state.matters.values()} == {""}, "never at the desk that said it"
