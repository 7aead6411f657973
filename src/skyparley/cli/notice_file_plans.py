"""The plans of a file as the bodies in which the desk door takes notices; and of which plans none can be made, and why.

What a notice holds is whole: positions in 1e-7 degrees (about a centimetre), lengths in metres, rounded so that no area
gets smaller.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from skyparley.base import limits
from skyparley.base.errors import Reason
from skyparley.cli.endings import unusable
from skyparley.domain.messages.slots import DueRegard, VolumeSlot
from skyparley.domain.shape_slots import volume_slot
from skyparley.domain.volumes import geometry_reasons
from skyparley.formats.records import ALWAYS, Flaw, Plan, Reading
from skyparley.geometry.shapes import Shape
from skyparley.geometry.volumes import Volume

Window = tuple[int | None, int | None]


class Common(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of all notices of a file.  `window`: for areas that are always active; None where it is not said."""

    kind: str
    due_regard: DueRegard
    audience: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    window: Window = (None, None)


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One notice that a file comes to: where it stands there, what does not fit into it, and the body to be sent.

    `same_as`: the notice, filed already or earlier in the file, whose kind and volumes are the very same; usually "".
    """

    file_id: str
    name: str = ""
    place: str = ""
    dropped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    same_as: str = ""
    body: dict[str, Any]

    @property
    def volumes(self) -> tuple[VolumeSlot, ...]:
        return tuple(self.body["volumes"])


class Unfit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of a file that no notice can be made of: a flaw of the file, or more than a notice holds."""

    place: str
    file_id: str = ""
    reasons: tuple[Reason, ...]


class Chosen(NamedTuple):
    """A file as notices.  `left_out`: what was not chosen, in words."""

    entries: tuple[Entry, ...]
    unfit: tuple[Unfit, ...]
    left_out: tuple[str, ...]


# --- which plans --------------------------------------------------------------------------------------------------


def whose(reading: Reading, *, party: str, ours: str, unnamed: str) -> tuple[list[Plan], list[str]]:
    """The plans of one party, and in words those of others.  A node files only its own.

    `party`: whose plans to take; where it is empty, those of our own name and those that name nobody, which a reader
    calls by the file's stem (`unnamed`).  Ends the command when nobody of that name is in the file.
    """
    wanted = {party.casefold()} if party else {ours.casefold(), unnamed.casefold()}
    taken = [plan for plan in reading.plans if plan.party.casefold() in wanted]
    others = Counter(plan.party for plan in reading.plans if plan.party.casefold() not in wanted)
    if not taken and others:
        who = f"of {party}" if party else f"of ours ({ours})"
        raise unusable(f"{reading.file} has no plan {who}; it has plans of {', '.join(sorted(others))}: --party NAME")
    return taken, [_others(count, name, unnamed) for name, count in sorted(others.items())]


def _others(count: int, name: str, unnamed: str) -> str:
    plans = f"{count} {'plan' if count == 1 else 'plans'}"
    if name == unnamed:
        return f"{plans} without a party (--party {name}, the name of the file, takes them)"
    return f"{plans} of {name}, who is to tell them itself (--party {name} takes them as ours)"


def only(
    plans: Sequence[Plan], flaws: Sequence[Flaw], patterns: Sequence[str]
) -> tuple[list[Plan], list[Flaw], list[str]]:
    """The plans whose id or name fits a pattern; flaws that may be one of them; in words, what does not fit."""
    if not patterns or not plans:
        return list(plans), list(flaws), []
    taken = [plan for plan in plans if _fits((plan.id, plan.name), patterns)]
    if not taken:
        some = ", ".join(plan.id for plan in plans[:8])
        raise unusable(f"no plan fits --only {' '.join(patterns)}; ids are like {some}")
    # A flawed feature of a plan that is taken by its name would be missing from the notice: it counts as named, too.
    ids = {plan.id for plan in taken}
    kept = [flaw for flaw in flaws if not flaw.id or flaw.id in ids or _fits((flaw.id,), patterns)]
    rest = len(plans) + len(flaws) - len(taken) - len(kept)
    return taken, kept, [f"{rest} that --only does not name"] if rest else []


def _fits(names: Iterable[str], patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name.casefold(), pattern.casefold()) for name in names if name for pattern in patterns)


# --- plans as notices ---------------------------------------------------------------------------------------------


def entries_of(plans: Sequence[Plan], common: Common) -> tuple[list[Entry], list[Unfit]]:
    """A notice of each plan, or why there can be none."""
    if plans and common.window != (None, None) and not any(map(_open, plans)):
        raise unusable("--start and --end give a window to areas that are always active; here each has its own times")
    entries: list[Entry] = []
    unfit: list[Unfit] = []
    for plan in plans:
        volumes = tuple(_windowed(volume, common.window) for volume in plan.volumes)
        reasons = _too_long(volumes) or _too_many(volumes)
        slots = () if reasons else tuple(volume_slot(replace(one, shape=outward(one.shape))) for one in volumes)
        reasons = reasons or _unsayable(slots) or geometry_reasons(slots)
        if reasons:
            unfit.append(Unfit(place=plan.place, file_id=plan.id, reasons=tuple(reasons)))
        else:
            entries.append(_entry(plan, slots, common))
    return entries, unfit


def _entry(plan: Plan, slots: tuple[VolumeSlot, ...], common: Common) -> Entry:
    body = {
        "kind": common.kind,
        "volumes": slots,
        "due_regard": common.due_regard,
        "audience": common.audience,
        "key": common.key,
    }
    dropped = (*plan.names, *plan.dropped)
    return Entry(file_id=plan.id, name=plan.name, place=plan.place, dropped=dropped, notes=plan.notes, body=body)


def outward(shape: Shape) -> Shape:
    """The same shape with lengths in whole metres, never a smaller area: radii up, an inner radius down."""
    whole = {
        name: math.floor(value + _SPECK_M) if name == "inner_m" else math.ceil(value - _SPECK_M)
        for name, value in msgspec.structs.asdict(shape).items()
        if name.endswith("_m")
    }
    return replace(shape, **whole)


_SPECK_M = 1e-6
"""What a length in binary may be off by, so that 20 NM are 37,040 m and not one more."""


def _open(plan: Plan) -> bool:
    return any(volume.start_ms == ALWAYS[0] or volume.end_ms == ALWAYS[1] for volume in plan.volumes)


def _windowed(volume: Volume, window: Window) -> Volume:
    start, end = window
    return replace(
        volume,
        start_ms=start if start is not None and volume.start_ms == ALWAYS[0] else volume.start_ms,
        end_ms=end if end is not None and volume.end_ms == ALWAYS[1] else volume.end_ms,
    )


def _too_long(volumes: Sequence[Volume]) -> list[Reason]:
    if not any(volume.start_ms == ALWAYS[0] or volume.end_ms == ALWAYS[1] for volume in volumes):
        return []
    days = limits.NOTICE_SPAN_MS // 86_400_000
    text = f"it is always active, and a notice spans at most {days} days; give it a window with --start and --end"
    return [Reason("PERIOD_TOO_LONG", text, "volumes")]


def _too_many(volumes: Sequence[Volume]) -> list[Reason]:
    if len(volumes) <= limits.VOLUMES_PER_NOTICE:
        return []
    text = f"{len(volumes)} volumes; a notice has at most {limits.VOLUMES_PER_NOTICE}: give its parts ids of their own"
    return [Reason("TOO_MANY_VOLUMES", text, "volumes")]


def _unsayable(slots: Sequence[VolumeSlot]) -> list[Reason]:
    """What lies outside the numbers of the line: levels higher than anybody flies, times before 1970."""
    reasons = []
    for place, slot in enumerate(slots):
        try:
            msgspec.convert(msgspec.to_builtins(slot), VolumeSlot)
        except msgspec.ValidationError as error:
            what, _, where = str(error).partition(" - at `$")
            text = f"volume {place + 1}, {where.strip('.`')}: {what}; levels run from -2,000 to 200,000 ft, times from 1970 to 9999"
            reasons.append(Reason("OUT_OF_RANGE", text, f"volumes[{place}]"))
    return reasons


def unfit_flaws(flaws: Iterable[Flaw]) -> list[Unfit]:
    """What a reader could not use."""
    return [Unfit(place=flaw.place, file_id=flaw.id, reasons=(flaw.reason,)) for flaw in flaws]
