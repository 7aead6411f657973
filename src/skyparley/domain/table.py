"""The table: the signed, versioned numbers that both sides hold.  Its hash stands in every statement.

Every member is a whole number whose unit is the last part of its name.  Source: DOMAIN 8.
"""

import tomllib
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from skyparley.base.canonical import canonical
from skyparley.base.ids import digest
from skyparley.geometry.volumes import Separation


class LeastSizes(msgspec.Struct, frozen=True):
    """How small a notice may be (DIS-02).  0: any size."""

    radius_m: int
    band_ft: int
    duration_ms: int


ANY_SIZE: Final = LeastSizes(0, 0, 0)


class Change(msgspec.Struct, frozen=True):
    """A number that another table gives another value.  Its unit is the last part of its name."""

    name: str
    before: int
    after: int


class BadTable(ValueError):
    """The table's text is not usable.  The message names the number and what would be right."""


class Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All numbers of DOMAIN 8.  A number with another name is refused, and so is a missing one."""

    # Separation of planned activities.
    separation_lateral_m: int
    separation_lateral_floor_m: int
    separation_vertical_ft: int
    separation_vertical_reduced_ft: int
    separation_time_ms: int
    reference_margin_ft: int
    highest_ground_ft: int
    standing_line_buffer_m: int
    interim_minimum_m: int
    # Least sizes of a notice (DIS-02).  0 switches a check off.
    least_radius_m: int
    least_band_ft: int
    least_duration_ms: int
    # Lead classes, each from this lead time on.
    lead_planned_ms: int
    lead_short_ms: int
    lead_immediate_ms: int
    # Clocks of the line.
    receipt_ms: int
    ack_life_ms: int
    passed_life_ms: int
    ack_safety_ms: int
    ack_coord_far_ms: int
    ack_coord_near_ms: int
    ack_coord_now_ms: int
    ack_humanitarian_ms: int
    proposal_answer_ms: int
    countersignature_ms: int
    agreement_warning_ms: int
    query_answer_ms: int
    conflict_proposal_ms: int
    heartbeat_ms: int
    link_degraded_ms: int
    link_lost_ms: int
    machine_check_ms: int
    # Clocks of the line, of people and of written acts.
    human_check_ms: int
    check_answer_ms: int
    degraded_check_ms: int
    shift_ms: int
    silent_ms: int
    suspend_ack_ms: int
    arrangement_ms: int
    coverage_ack_ms: int
    meeting_ms: int
    voice_summary_ms: int
    lost_no_new_use_ms: int
    terminated_life_ms: int
    # Escalation, each from the moment the statement was received.
    supervisor_life_ms: int
    level2_life_ms: int
    level2_safety_ms: int
    level2_humanitarian_ms: int
    # Read-back: a larger difference blocks the acknowledgment (NOT-08).
    read_back_ms: int
    read_back_lateral_m: int
    read_back_vertical_ft: int
    read_back_time_ms: int
    # Matters that ask people to act.
    stop_answer_ms: int
    stop_quiet_ms: int
    identity_ms: int
    identity_revise_ms: int
    rescue_ms: int
    rescue_level3_ms: int
    crossing_ms: int
    # Clock quality.
    skew_warn_ms: int
    skew_bad_ms: int
    # Live picture.
    look_ahead_caution_ms: int
    look_ahead_warning_ms: int
    look_ahead_urgent_ms: int
    warning_lateral_m: int
    warning_vertical_ft: int
    edge_warn_m: int
    edge_caution_m: int
    edge_vertical_low_ft: int
    edge_vertical_high_ft: int
    # Two nodes may differ by this much in a lateral gap before it is an alarm (RES-01).
    verdict_tolerance_m: int

    @property
    def separation(self) -> Separation:
        """What geometry needs of the table."""
        return Separation(
            lateral_m=self.separation_lateral_m,
            vertical_ft=self.separation_vertical_ft,
            time_ms=self.separation_time_ms,
            reference_margin_ft=self.reference_margin_ft,
            highest_ground_ft=self.highest_ground_ft,
        )

    @property
    def least(self) -> LeastSizes:
        """How small a notice may be."""
        return LeastSizes(self.least_radius_m, self.least_band_ft, self.least_duration_ms)


NUMBERS: Final = tuple(field.name for field in msgspec.structs.fields(Table))


def table_hash(table: Table) -> str:
    """The hash of the canonical table; both sides must hold the same.  Source: line-v1 section 13."""
    return digest(canonical(table))


def table_diff(one: Table, other: Table) -> tuple[Change, ...]:
    """The numbers in which `other` differs from `one`, in the order of the table; empty where they are equal."""
    pairs = ((name, getattr(one, name), getattr(other, name)) for name in NUMBERS)
    return tuple(Change(name, before, after) for name, before, after in pairs if before != after)


def table_flaws(table: Table) -> list[str]:
    """What is wrong with the numbers of a table among themselves; empty where nothing is."""
    wrong = [f"{name} is below 0" for name in NUMBERS if getattr(table, name) < 0]
    if table.separation_lateral_m < table.separation_lateral_floor_m:
        wrong.append("separation_lateral_m is below separation_lateral_floor_m")
    if not table.lead_planned_ms > table.lead_short_ms > table.lead_immediate_ms:
        wrong.append("lead_planned_ms > lead_short_ms > lead_immediate_ms is right")
    return wrong


def strictest(tables: Iterable[Table]) -> LeastSizes:
    """The least sizes that satisfy every one of the tables, of which there is at least one."""
    sizes = [table.least for table in tables]
    assert sizes, "no table, no sizes"
    return LeastSizes(
        max(one.radius_m for one in sizes), max(one.band_ft for one in sizes), max(one.duration_ms for one in sizes)
    )


def parse_table(text: str) -> Table:
    """A table from TOML text `name = whole number`.  Raises BadTable that lists everything wrong at once."""
    try:
        given: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadTable(f"not TOML: {error}") from None
    wrong = [f"unknown number {name!r}" for name in given if name not in NUMBERS]
    wrong += [f"missing number {name!r}" for name in NUMBERS if name not in given]
    wrong += [
        f"{name} = {value!r}: a whole number from 0 is right"
        for name, value in given.items()
        if name in NUMBERS and (isinstance(value, bool) or not isinstance(value, int) or value < 0)
    ]
    if not wrong:
        table = Table(**given)
        wrong += table_flaws(table)
        if not wrong:
            return table
    raise BadTable("; ".join(wrong))
