"""What the map page of a check shows, as plain data: outlines, conflicts in the words of the terminal, and a coast.

Rings and lines are flat lists [lon, lat, lon, lat, ...] in degrees, rounded to DECIMALS.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

from skyparley.check import words
from skyparley.check.detection import Met
from skyparley.check.report import Clearing, Conflict, Report, told, volumes_of
from skyparley.formats.records import Plan
from skyparley.geometry.overlay import Piece, drawn, meeting
from skyparley.geometry.shapes import Point

DECIMALS: Final = 5  # about a metre
VOLUMES_DRAWN: Final = 5_000  # a page that a laptop moves without a stutter; those in conflict come first
CONFLICTS_LISTED: Final = 2_000


def page_data(plans: Sequence[Plan], mets: Sequence[Met], report: Report, coast: dict[str, Any]) -> dict[str, Any]:
    """All that the page needs.  `mets` and the report tell the same conflicts in one order."""
    listed = list(zip(mets, report.conflicts, strict=True))[:CONFLICTS_LISTED]
    order = _drawing_order(plans, [met for met, _ in listed])
    numbers = _numbers(listed)
    drawn_plans: list[dict[str, Any]] = []
    volumes = 0
    place_of: dict[int, int] = {}
    for place in order:
        volumes += len(plans[place].volumes)
        if volumes > VOLUMES_DRAWN and place not in numbers:
            continue
        place_of[place] = len(drawn_plans)
        drawn_plans.append(_plan(plans[place], numbers.get(place, [])))
    return {
        "verdict": words.verdict(report),
        "remarks": _remarks(report, len(plans) - len(drawn_plans), len(mets) - len(listed)),
        "plans": drawn_plans,
        "conflicts": [_conflict(plans, met, conflict, place_of) for met, conflict in listed],
        "clearing": [_clearing(one) for one in report.clearing],
        "flaws": [words.flaw_text(flaw) for flaw in report.flaws],
        "coast": coast,
    }


def places(plans: Sequence[Plan]) -> list[Point]:
    """Points that show where the plans are: the first vertex of each ring that is drawn."""
    return [piece.rings[0][0] for plan in plans for volume in plan.volumes for piece in drawn(volume.shape)]


def _drawing_order(plans: Sequence[Plan], mets: Sequence[Met]) -> list[int]:
    """Plans in conflict, then other plans, then airspace: what must be seen is drawn before the room is used up."""
    met = dict.fromkeys(chain.from_iterable((one.one, one.other) for one in mets))
    rest = [place for place in range(len(plans)) if place not in met]
    return [*met, *sorted(rest, key=lambda place: plans[place].origin != "PLAN")]


def _numbers(listed: Sequence[tuple[Met, Conflict]]) -> dict[int, list[int]]:
    numbers: dict[int, list[int]] = {}
    for met, conflict in listed:
        for place in (met.one, met.other):
            numbers.setdefault(place, []).append(conflict.number)
    return numbers


def _remarks(report: Report, not_drawn: int, not_listed: int) -> list[str]:
    remarks = list(words.summary(report))
    if not_listed:
        remarks.append(f"{not_listed:,} more conflicts are not on this page; the command line and --json tell them.")
    if not_drawn:
        remarks.append(f"{not_drawn:,} plans and areas that are in no conflict shown here are not drawn.")
    return remarks


def _plan(plan: Plan, conflicts: Sequence[int]) -> dict[str, Any]:
    return {
        "party": words.plain(plan.party),
        "called": words.called(plan.party, plan.id, plan.name),
        "where": words.place_text(plan.file, plan.place),
        "airspace": plan.origin == "AIRSPACE",
        "conflicts": list(conflicts),
        "volumes": [
            {"says": words.volume_text(told(volume)), "rings": _rings(drawn(volume.shape))} for volume in plan.volumes
        ],
    }


def _conflict(plans: Sequence[Plan], met: Met, conflict: Conflict, place_of: dict[int, int]) -> dict[str, Any]:
    a, b = volumes_of(plans, met)
    assert conflict.position is not None, "a conflict that is drawn was located"
    return {
        "number": conflict.number,
        "plans": [place_of[met.one], place_of[met.other]],
        "volumes": list(met.volumes),
        "at": [conflict.position.lon, conflict.position.lat],
        "facing": [[position.lon, position.lat] for position in conflict.facing],
        "overlap": _rings(meeting(a.shape, b.shape).overlap),
        "facts": [[label, words.plain(text)] for label, text in words.facts(conflict)],
        "ways": [words.plain(text) for text in words.ways(conflict)],
    }


def _clearing(clearing: Clearing) -> dict[str, Any]:
    texts = [way.text for way in clearing.ways] or [clearing.no_way]
    return {"conflicts": list(clearing.conflicts), "texts": [words.plain(text) for text in texts]}


def _rings(pieces: Sequence[Piece]) -> list[list[list[float]]]:
    """For each piece its rings, flat."""
    return [[_flat(ring) for ring in piece.rings] for piece in pieces]


def _flat(points: Sequence[Point]) -> list[float]:
    return [round(degrees, DECIMALS) for lat, lon in points for degrees in (lon, lat)]
