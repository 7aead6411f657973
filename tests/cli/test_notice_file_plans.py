"""Plans as notices: no area gets smaller on the way to whole numbers, and what a notice cannot hold is named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyparley.base.errors import Reason
from skyparley.cli.endings import Ending
from skyparley.cli.notice_file_plans import Common, entries_of, only, outward, whose
from skyparley.domain.messages.slots import DueRegard
from skyparley.domain.shape_slots import shape_slot
from skyparley.domain.volumes import shape_of
from skyparley.formats.records import ALWAYS, Flaw, Plan, Reading
from skyparley.geometry.areas import area_m2
from skyparley.geometry.levels import Level, Ref
from skyparley.geometry.shapes import Arc, Circle, Corridor, Line, Orbit, Shape
from skyparley.geometry.volumes import Volume

HOUR = 3_600_000
START = 2_051_251_200_000
COMMON = Common(kind="TRANSIT", due_regard=DueRegard(stated=True))


def volume(shape: Shape | None = None, **more: int) -> Volume:
    times = {"start_ms": START, "end_ms": START + HOUR} | more
    return Volume(shape or Circle(36.0, 37.0, 20_000.0), Level(Ref.FL, 20_000), Level(Ref.FL, 24_000), **times)


def plan(name: str = "P", /, *volumes: Volume, party: str = "file", **more: str) -> Plan:
    return Plan(id=name, party=party, volumes=volumes or (volume(),), **more)


def codes(*plans: Plan, common: Common = COMMON) -> list[str]:
    _, unfit = entries_of(plans, common)
    return [reason.code for one in unfit for reason in one.reasons]


lengths = st.floats(1_000, 50_000)


@given(lengths, lengths, lengths)
def test_no_area_gets_smaller_on_the_way_to_the_wire(one: float, two: float, three: float) -> None:
    line = ((36.0, 37.0), (36.3, 37.4))
    inner, outer = sorted((one, two + 50_000))
    for shape in (
        Circle(36.0, 37.0, one),
        Corridor(line, two),
        Line(line, three),
        Orbit(*line, one, "LEFT"),
        Arc(36.0, 37.0, inner, outer, 10.0, 80.0),
    ):
        told = shape_of(shape_slot(outward(shape)))
        assert area_m2(told) >= area_m2(shape) * (1 - 1e-6)
        assert area_m2(told) <= area_m2(shape) * 1.01, "nor much larger"


@pytest.mark.parametrize("nm", [0.1, 2.3, 5, 10.1, 12.3, 20])
def test_a_length_in_nautical_miles_is_rounded_up_once(nm: float) -> None:
    metres = outward(Circle(0.0, 0.0, nm * 1852)).radius_m
    assert metres == -(-round(nm * 10) * 1852 // 10)


def test_what_binary_adds_to_a_length_is_no_metre_more() -> None:
    above = next(km for km in (metres / 1000 for metres in range(1, 60_000)) if km * 1000 > round(km * 1000))
    assert outward(Circle(0.0, 0.0, above * 1000)).radius_m == round(above * 1000)


def test_a_window_is_given_only_to_what_has_none() -> None:
    always, opened = volume(start_ms=ALWAYS[0], end_ms=ALWAYS[1]), volume(end_ms=ALWAYS[1])
    given_window = Common(kind="TRANSIT", due_regard=DueRegard(stated=True), window=(START + 1, START + HOUR + 1))
    entries, unfit = entries_of([plan("P", always, opened, volume())], given_window)
    assert unfit == []
    assert [(one.start, one.end) for one in entries[0].volumes] == [
        (START + 1, START + HOUR + 1),
        (START, START + HOUR + 1),
        (START, START + HOUR),
    ]
    assert codes(plan("P", always)) == codes(plan("P", opened)) == ["PERIOD_TOO_LONG"]
    with pytest.raises(Ending, match="here each has its own times"):
        entries_of([plan()], given_window)


def test_what_a_notice_cannot_hold_is_named_plan_by_plan() -> None:
    assert codes(plan("P", *[volume()] * 64)) == []
    assert codes(plan("P", *[volume()] * 65)) == ["TOO_MANY_VOLUMES"]
    assert codes(plan("P", volume(start_ms=-1))) == ["OUT_OF_RANGE"]
    assert codes(plan("P", volume(end_ms=START + 401 * 24 * HOUR))) == ["PERIOD_TOO_LONG"]
    many = tuple((36 + 0.0001 * at, 37.0) for at in range(300))
    assert codes(plan("P", *[volume(Corridor(many, 5_000.0))] * 7)) == ["TOO_LARGE"]
    entries, unfit = entries_of([plan("GOOD"), plan("BAD", volume(start_ms=-1)), plan("TOO")], COMMON)
    assert ([one.file_id for one in entries], [one.file_id for one in unfit]) == (["GOOD", "TOO"], ["BAD"])


def reading(*plans: Plan) -> Reading:
    return Reading(file="file.geojson", format="GeoJSON", features=len(plans), plans=plans)


def test_whose_plans_are_taken_by_name() -> None:
    plans = (plan("1", party="A"), plan("2"), plan("3", party="C"), plan("4", party="c"))
    ours, others = whose(reading(*plans), party="", ours="a", unnamed="file")
    assert [one.id for one in ours] == ["1", "2"]
    assert len(others) == 2
    assert [one.id for one in whose(reading(*plans), party="C", ours="a", unnamed="file")[0]] == ["3", "4"]
    assert [one.id for one in whose(reading(*plans), party="A", ours="x", unnamed="file")[0]] == ["1"]
    with pytest.raises(Ending, match="no plan of D"):
        whose(reading(*plans), party="D", ours="a", unnamed="file")
    with pytest.raises(Ending, match="of ours"):
        whose(reading(plans[2]), party="", ours="a", unnamed="file")
    assert whose(reading(), party="", ours="a", unnamed="file") == ([], [])


def test_flaws_of_what_was_not_chosen_do_not_count_and_flaws_without_a_name_do() -> None:
    flaws = [Flaw(file="f", place=name, id=name, reason=Reason("X", "x")) for name in ("", "A-1", "B-1")]
    taken, kept, rest = only([plan("A-2"), plan("B-2", name="a special one")], flaws, ["a-*", "*SPECIAL*"])
    assert ([one.id for one in taken], [one.id for one in kept]) == (["A-2", "B-2"], ["", "A-1"])
    assert rest == ["1 that --only does not name"]
    assert only([plan("A")], flaws, []) == ([plan("A")], flaws, [])


def test_a_flawed_part_of_a_plan_taken_by_its_name_is_not_left_out() -> None:
    """Half a plan would be filed."""
    flaw = Flaw(file="f", place="feature 2", id="S-1", reason=Reason("X", "x"))
    _, kept, _ = only([plan("S-1", name="Mapping the valley")], [flaw], ["Mapping*"])
    assert kept == [flaw]
