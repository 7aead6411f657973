"""The report: what is told of a conflict, in which order, and in words that hold at 80 columns."""

from __future__ import annotations

import random

import pytest
from plans_at_random import DAY, LOWER, MINUTE, UPPER, plan, random_plans, rules, volume

from skyparley.base.errors import Reason
from skyparley.check.detection import find
from skyparley.check.report import Conflict, Position, Report, conflict_of, in_order, located, report_of
from skyparley.check.rules import Edge, Rules
from skyparley.check.words import answer, facts, length_text, plain, position_text, span_text, untold, window_text
from skyparley.formats.records import ALWAYS, Flaw, Plan, Reading
from skyparley.geometry.levels import Level, Ref
from skyparley.geometry.shapes import Circle, Polygon
from skyparley.geometry.volumes import Volume


def conflicts(plans: list[Plan], by: Rules) -> list[Conflict]:
    mets = in_order(plans, find(plans, by))
    return [located(conflict_of(number, plans, met, by), plans, met) for number, met in enumerate(mets, 1)]


def report(plans: list[Plan], by: Rules, *flaws: Flaw) -> Report:
    reading = Reading(file="plans.geojson", format="GeoJSON", features=len(plans) + len(flaws), flaws=flaws)
    mets = in_order(plans, find(plans, by))
    return report_of([reading], plans, by, mets=mets, conflicts=conflicts(plans, by), clearing=[])


def text(plans: list[Plan], by: Rules, *flaws: Flaw, limit: int = 0, width: int = 4_000) -> str:
    rest = untold(plans, in_order(plans, find(plans, by))[limit:]) if limit else []
    return "\n".join(line.text for line in answer(report(plans, by, *flaws), rest, limit=limit, width=width))


def told(a: Volume, b: Volume, by: Rules | None = None, *, airspace: bool = False) -> dict[str, str]:
    other = plan("2", b, party="B", origin="AIRSPACE" if airspace else "PLAN")
    (conflict,) = conflicts([plan("1", a), other], by or rules())
    return dict(facts(conflict))


def test_each_pair_is_told_once_and_those_of_one_plan_together() -> None:
    plans = random_plans(random.Random(5), 60)
    found = conflicts(plans, rules())
    assert [one.number for one in found] == list(range(1, len(found) + 1))
    firsts = [(one.plans[0].party, one.plans[0].id) for one in found]
    groups = [first for place, first in enumerate(firsts) if place == 0 or firsts[place - 1] != first]
    assert len(groups) == len(set(groups)), "the conflicts of a plan are torn apart"
    assert len(groups) < len(found)
    assert len({frozenset((side.party, side.id) for side in one.plans) for one in found}) == len(found)


def test_the_plan_whose_conflict_is_soonest_comes_first() -> None:
    late, early = volume(start_min=300, end_min=400), volume(start_min=0, end_min=60)
    plans = [plan("LATE", late), plan("EARLY", early), plan("X", late, party="B"), plan("Y", early, party="B")]
    assert [one.plans[0].id for one in conflicts(plans, rules())] == ["EARLY", "LATE"]


def test_overlap_is_said_with_what_is_required_and_where() -> None:
    said = told(volume(end_min=60), volume(Circle(36.0, 37.3, 20_000.0), start_min=30, end_min=90))
    assert said["lateral"] == "overlap, 10 NM required"
    assert said["vertical"] == "overlap, 2,000 ft required"
    assert said["time"] == "overlap, 2027-01-15 00:30Z to 01:00Z (30 min)"
    assert said["where"].startswith("36.000")
    assert said["where"].endswith("037.1500E")


def test_gaps_are_said_and_never_larger_than_they_are() -> None:
    apart = volume(
        Circle(36.0, 37.55, 20_000.0),
        lower=Level(Ref.FL, 25_500),
        upper=Level(Ref.FL, 27_000),
        start_min=65,
        end_min=90,
    )
    said = told(volume(), apart)
    assert said["lateral"] == "5.1 NM apart, 10 NM required"  # 9.5 km
    assert said["vertical"] == "1,500 ft apart, 2,000 ft required"
    assert said["time"] == "5 min apart, 2027-01-15 01:00Z to 2027-01-15 01:05Z, 10 min required"
    assert said["where"] == "36.0003N 037.2750E (halfway between them)"


def test_windows_that_touch() -> None:
    said = told(volume(), volume(start_min=60, end_min=90))
    assert said["time"] == "one ends as the other begins, at 2027-01-15 01:00Z, 10 min required"


def test_what_is_added_for_the_shape_of_the_earth_is_said() -> None:
    # 20 km and 20 km around centres 40.1 km apart: the gap is 100 m, and 0.56 % of the distance is counted.
    said = told(volume(), volume(Circle(36.0, 37.4458, 20_000.0)), airspace=True)
    metres, added = said["lateral"].split(" apart, ")
    assert 0 < int(metres.removesuffix(" m")) < 200
    assert added == "224 m added for the shape of the Earth"


def test_a_margin_that_decides_is_said_and_one_that_does_not_is_not() -> None:
    ground = volume(lower=Level(Ref.SFC), upper=Level(Ref.AGL, 1_000))
    above = volume(lower=Level(Ref.AMSL, 5_000), upper=Level(Ref.AMSL, 6_000))
    said = told(above, ground, airspace=True)["vertical"]
    assert (
        said == "overlap once the table's margin and highest ground are counted in, for levels of different references"
    )
    low = volume(lower=Level(Ref.AMSL, 500), upper=Level(Ref.AMSL, 6_000))
    assert told(low, ground, airspace=True)["vertical"] == "overlap"


def test_always_is_a_window() -> None:
    always = Volume(Circle(36.0, 37.0, 5_000.0), LOWER, UPPER, *ALWAYS)
    (conflict,) = conflicts([plan("1", party="A"), plan("Z", always, party="z", origin="AIRSPACE")], rules())
    assert (conflict.plans[1].start, conflict.plans[1].end) == (None, None)
    assert dict(facts(conflict))["time"] == "overlap, 2027-01-15 00:00Z to 01:00Z (1 h)"
    assert "always" in text([plan("1"), plan("Z", always, party="z", origin="AIRSPACE")], rules())


def test_every_line_fits_80_columns_and_none_is_lost() -> None:
    plans = random_plans(random.Random(9), 40)
    narrow, wide = text(plans, rules(), width=80), text(plans, rules())
    assert max(map(len, narrow.splitlines())) <= 80
    assert narrow.split() == wide.split()


def test_a_long_id_is_kept_whole_so_that_it_can_be_copied() -> None:
    long = "x" * 120
    assert long in text([plan("1"), plan(long, party="B")], rules(), width=80)


def test_beyond_the_limit_they_are_counted() -> None:
    plans = random_plans(random.Random(5), 60)
    whole = len(conflicts(plans, rules()))
    said = text(plans, rules(), limit=3)
    assert said.count(" with ") == 4  # three, and the last sentence's
    assert f"{whole - 3} more conflicts not shown (--limit 0 shows all)" in said
    assert f"{whole} conflicts" in said


def test_an_empty_answer_is_never_more_than_it_is() -> None:
    flaw = Flaw(file="f", place="feature 9", reason=Reason("X", "no time"))
    assert "No conflict found.\n" in text(
        [plan("1"), plan("2", volume(start_min=900, end_min=960), party="B")], rules()
    )
    assert "No conflict found among what could be read." in text([plan("1")], rules(), flaw)
    assert "the answer is incomplete" in text([plan("1")], rules(), flaw)
    assert text([], rules(), flaw).startswith("Nothing was checked.")
    alone = text([plan("1"), plan("2")], rules())
    assert "All 2 plans are of one party, 'A'; --within checks them against each other." in alone
    assert "--within" not in text([plan("1"), plan("2", volume(start_min=900, end_min=960))], rules(within=True))


def test_names_cannot_do_anything_to_a_terminal() -> None:
    nasty = plan("1\x1b[2J\n\u202egnp", party="A\r")
    said = text([nasty, plan("2", party="B")], rules())
    assert not set("\x1b\r\u202e") & set(said)
    assert plain("a\x07b") == "a�b"


def test_the_summary_counts_by_kind() -> None:
    zone = plan("Z", party="zones", origin="AIRSPACE")
    said = text([plan("1"), plan("2", party="B"), zone], rules())
    assert "3 conflicts: 1 between plans, 2 with airspace." in said
    assert "2 plans and 1 published area (3 volumes) of 3 parties" in said
    assert "out of airspace" in said
    said = text([plan("1"), zone], rules(edge=Edge(0, 500)))
    assert "and 500 ft off airspace" in said
    assert "1 NM or 500 ft off airspace" in text([plan("1"), zone], rules(edge=Edge(1_852, 500)))


@pytest.mark.parametrize(
    ("metres", "said"),
    [(0, "0 m"), (1_851, "1851 m"), (1_852, "1 NM"), (18_519, "9.9 NM"), (18_520, "10 NM"), (2_000_000, "1,079.9 NM")],
)
def test_lengths_are_rounded_down(metres: int, said: str) -> None:
    assert length_text(metres) == said


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (0.75, "45 s"),
        (9.5, "9 min 30 s"),
        (10, "10 min"),
        (60, "1 h"),
        (95, "1 h 35 min"),
        (2_880, "2 days"),
        (3_000, "2 days 2 h"),
    ],
)
def test_spans(minutes: float, said: str) -> None:
    assert span_text(int(minutes * MINUTE)) == said


def test_windows_and_positions() -> None:
    assert window_text("2027-01-15T23:00:00Z", "2027-01-16T01:00:00Z") == "2027-01-15 23:00Z to 2027-01-16 01:00Z"
    assert window_text(None, None) == "always"
    assert window_text(None, "2027-01-15T23:00:30Z") == "until 2027-01-15 23:00:30Z"
    assert window_text("2027-01-15T23:00:00Z", None) == "from 2027-01-15 23:00Z"
    assert position_text(Position(-5.5, -7.25)) == "05.5000S 007.2500W"
    assert DAY == 1_799_971_200_000


def test_several_volume_pairs_are_counted() -> None:
    squares = [volume(Polygon(((36.0, lon), (36.0, lon + 0.2), (36.3, lon)))) for lon in (37.0, 37.1)]
    said = told(squares[0], squares[1])
    assert "volumes" not in said
    (conflict,) = conflicts([plan("1", *squares), plan("2", *squares, party="B")], rules())
    assert dict(facts(conflict))["volumes"].startswith("4 pairs")
