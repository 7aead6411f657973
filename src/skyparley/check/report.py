"""The report of a check: what was read, who conflicts with whom, and by how much, as one document.

The structures are the JSON document `skyparley-check/1` (docs/guide/check.md): a member keeps its name and meaning, new
ones may come.  Positions are {lat, lon}, degrees, WGS-84; times RFC 3339 in UTC; lengths metres; heights feet.
"""

from collections.abc import Sequence
from math import floor
from typing import Any, Final, Literal

import msgspec

from skyparley.base.times import format_utc
from skyparley.check.detection import Met
from skyparley.check.rules import Rules
from skyparley.formats.records import ALWAYS, Origin, Plan, Reading
from skyparley.geometry.levels import LevelRules, format_level, signed_vertical_gap_ft
from skyparley.geometry.volumes import Separation, Volume

FORMAT: Final = "skyparley-check/1"


class Position(msgspec.Struct, frozen=True):
    lat: float
    lon: float


class Window(msgspec.Struct, frozen=True):
    """From `start` until before `end`; None where there is no such bound."""

    start: str | None
    end: str | None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One volume in words and figures.  `shape` is a tagged structure of the library, positions (lat, lon)."""

    shape: Any
    lower: str
    upper: str
    start: str | None
    end: str | None


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """One plan of a conflict.  `volume` counts from 1; the levels and times are those of that volume.

    `notes` say what was read of it otherwise than written.
    """

    party: str
    id: str
    name: str
    origin: Origin
    file: str
    place: str
    volume: int
    volumes: int
    lower: str
    upper: str
    start: str | None
    end: str | None
    notes: tuple[str, ...]


class Amounts(msgspec.Struct, frozen=True):
    lateral_m: int
    vertical_ft: int
    time_ms: int


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What one plan would become."""

    party: str
    id: str
    file: str
    volumes: tuple[Told, ...]


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """One way to settle a conflict: nothing else is met by it."""

    kind: Literal["TIME", "VERT", "LAT", "MIX"]
    text: str
    cost: int
    changes: tuple[Change, ...]


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    """Two plans closer than required, told by their worst pair of volumes.

    `position` and `facing` (the facing points of two edges that are apart) are left out where nobody will be told.
    `window`: when both are active, None where they are not at one time.  `gap`: metres rounded down; 0 means overlap.
    `margin_m`: added to the lateral requirement because the Earth is no sphere.  `by_margin`: the levels are measured
    from different things, and are too close only because the margin and the highest ground were counted in.  `ways`: None where none
    were looked for; empty with `no_way` where there is none.
    """

    number: int
    plans: tuple[Side, Side]
    volume_pairs: int
    position: Position | None
    facing: tuple[Position, ...]
    window: Window | None
    gap: Amounts
    required: Amounts
    margin_m: int
    by_margin: bool
    ways: tuple[Way, ...] | None = None
    no_way: str = ""


class Clearing(msgspec.Struct, frozen=True, kw_only=True):
    """What would settle all conflicts of one plan at once, where it has several; `ways` and `no_way` as in a conflict."""

    party: str
    id: str
    file: str
    conflicts: tuple[int, ...]
    ways: tuple[Way, ...]
    no_way: str


class FileRead(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one file: each of its features is in a plan, flawed or left out."""

    file: str
    format: str
    features: int
    plans: int
    flawed: int
    left_out: int


class Flawed(msgspec.Struct, frozen=True, kw_only=True):
    file: str
    place: str
    id: str
    code: str
    text: str
    field: str


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was read otherwise than written, or left out, and why."""

    file: str
    place: str
    id: str
    text: str


class Required(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers that the check went by."""

    table: str
    table_hash: str
    plans: Amounts
    airspace: Amounts
    reference_margin_ft: int
    highest_ground_ft: int
    within: bool


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    files: int
    features: int
    plans: int
    airspace: int
    volumes: int
    parties: int
    flawed: int
    left_out: int
    conflicts: int
    with_airspace: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    format: str
    required: Required
    counts: Counts
    files: tuple[FileRead, ...]
    conflicts: tuple[Conflict, ...]
    clearing: tuple[Clearing, ...]
    flaws: tuple[Flawed, ...]
    left_out: tuple[Noted, ...]
    notes: tuple[Noted, ...]
    remarks: tuple[str, ...]


def in_order(plans: Sequence[Plan], mets: Sequence[Met]) -> list[Met]:
    """Conflicts as they are told: those of one plan together, the plan whose first conflict is soonest first."""
    begins = {(met.one, met.other): _begin(plans, met) for met in mets}
    first: dict[int, int] = {}
    for met in mets:
        first[met.one] = min(first.get(met.one, begins[met.one, met.other]), begins[met.one, met.other])
    return sorted(mets, key=lambda met: (first[met.one], met.one, begins[met.one, met.other], met.other))


def located(conflict: Conflict, plans: Sequence[Plan], met: Met) -> Conflict:
    """The conflict with the place where it is: under a millisecond for common shapes."""
    from skyparley.geometry.overlay import meeting  # numpy is wanted only where there is a conflict

    where = meeting(*(volume.shape for volume in volumes_of(plans, met)))
    return msgspec.structs.replace(conflict, position=_position(where.at), facing=tuple(map(_position, where.between)))


def conflict_of(number: int, plans: Sequence[Plan], met: Met, rules: Rules) -> Conflict:
    """One conflict of the report, without its position and without ways to settle it."""
    one, other = plans[met.one], plans[met.other]
    a, b = volumes_of(plans, met)
    required, gaps = rules.between(one, other), met.verdict.gaps
    start, end = max(a.start_ms, b.start_ms), min(a.end_ms, b.end_ms)
    return Conflict(
        number=number,
        plans=(_side(one, met.volumes[0]), _side(other, met.volumes[1])),
        volume_pairs=met.pairs,
        position=None,
        facing=(),
        window=Window(*_times(start, end)) if start < end else None,
        gap=Amounts(floor(gaps.lateral_m), gaps.vertical_ft, gaps.time_ms),
        required=_amounts(required),
        margin_m=floor(met.verdict.margin_m),
        by_margin=_by_margin(a, b, required),
    )


def report_of(
    readings: Sequence[Reading],
    plans: Sequence[Plan],
    rules: Rules,
    *,
    mets: Sequence[Met],
    conflicts: Sequence[Conflict],
    clearing: Sequence[Clearing],
) -> Report:
    """The whole document.  `mets` are all conflicts, and counted; `conflicts` are those of them that are told."""
    return Report(
        format=FORMAT,
        required=_required(rules),
        counts=_counts(readings, plans, mets),
        files=tuple(map(_file, readings)),
        conflicts=tuple(conflicts),
        clearing=tuple(clearing),
        flaws=tuple(
            Flawed(
                file=flaw.file,
                place=flaw.place,
                id=flaw.id,
                code=flaw.reason.code,
                text=flaw.reason.text,
                field=flaw.reason.field,
            )
            for reading in readings
            for flaw in reading.flaws
        ),
        left_out=tuple(
            Noted(file=reading.file, place="", id="", text=text) for reading in readings for text in reading.left_out
        ),
        notes=tuple(
            Noted(file=plan.file, place=plan.place, id=plan.id, text=text) for plan in plans for text in plan.notes
        ),
        remarks=remarks(plans, rules),
    )


def remarks(plans: Sequence[Plan], rules: Rules) -> tuple[str, ...]:
    """What a reader must know before an empty answer is taken for more than it is."""
    parties = {plan.party for plan in plans}
    if not plans:
        return ("There is nothing to compare: no plan could be read.",)
    if len(plans) == 1:
        return ("There is one plan only, and nothing to compare it with.",)
    if len(parties) == 1 and not rules.within:
        return (
            f"All {len(plans):,} plans are of one party, {parties.pop()!r}; --within checks them against each other.",
        )
    return ()


def told(volume: Volume) -> Told:
    """A volume as the document has it."""
    start, end = _times(volume.start_ms, volume.end_ms)
    lower, upper = format_level(volume.lower), format_level(volume.upper)
    return Told(shape=msgspec.to_builtins(volume.shape), lower=lower, upper=upper, start=start, end=end)


def volumes_of(plans: Sequence[Plan], met: Met) -> tuple[Volume, Volume]:
    """The two volumes that are told."""
    return plans[met.one].volumes[met.volumes[0]], plans[met.other].volumes[met.volumes[1]]


def _begin(plans: Sequence[Plan], met: Met) -> int:
    a, b = volumes_of(plans, met)
    return max(a.start_ms, b.start_ms)


def _side(plan: Plan, place: int) -> Side:
    volume = plan.volumes[place]
    start, end = _times(volume.start_ms, volume.end_ms)
    return Side(
        party=plan.party,
        id=plan.id,
        name=plan.name,
        origin=plan.origin,
        file=plan.file,
        place=plan.place,
        volume=place + 1,
        volumes=len(plan.volumes),
        lower=format_level(volume.lower),
        upper=format_level(volume.upper),
        start=start,
        end=end,
        notes=plan.notes,
    )


def _times(start_ms: int, end_ms: int) -> tuple[str | None, str | None]:
    """A window as text; None for the bounds of what is always active."""
    return (
        None if start_ms <= ALWAYS[0] else format_utc(start_ms),
        None if end_ms >= ALWAYS[1] else format_utc(end_ms),
    )


def _position(point: tuple[float, float]) -> Position:
    """To 1e-5 degrees, about a metre: it says where to look."""
    return Position(round(point[0], 5), round(point[1], 5))


def _by_margin(a: Volume, b: Volume, required: Separation) -> bool:
    """Whether the bands are too close only because the margin and the highest ground were counted in."""
    bare_ft = signed_vertical_gap_ft(a.lower, a.upper, b.lower, b.upper, LevelRules(0, 0))
    return bare_ft >= required.vertical_ft


def _amounts(separation: Separation) -> Amounts:
    return Amounts(separation.lateral_m, separation.vertical_ft, separation.time_ms)


def _required(rules: Rules) -> Required:
    return Required(
        table=rules.table,
        table_hash=rules.table_hash,
        plans=_amounts(rules.separation),
        airspace=_amounts(rules.edge_separation),
        reference_margin_ft=rules.separation.reference_margin_ft,
        highest_ground_ft=rules.separation.highest_ground_ft,
        within=rules.within,
    )


def _counts(readings: Sequence[Reading], plans: Sequence[Plan], mets: Sequence[Met]) -> Counts:
    return Counts(
        files=len(readings),
        features=sum(reading.features for reading in readings),
        plans=sum(plan.origin == "PLAN" for plan in plans),
        airspace=sum(plan.origin == "AIRSPACE" for plan in plans),
        volumes=sum(len(plan.volumes) for plan in plans),
        parties=len({plan.party for plan in plans}),
        flawed=sum(len(reading.flaws) for reading in readings),
        left_out=sum(len(reading.left_out) for reading in readings),
        conflicts=len(mets),
        with_airspace=sum("AIRSPACE" in (plans[met.one].origin, plans[met.other].origin) for met in mets),
    )


def _file(reading: Reading) -> FileRead:
    return FileRead(
        file=reading.file,
        format=reading.format,
        features=reading.features,
        plans=len(reading.plans),
        flawed=len(reading.flaws),
        left_out=len(reading.left_out),
    )
