"""What a reader of files gives: plans, and what could not be used, each with its place in the file."""

from typing import Literal, TypeAlias

import msgspec

from skyparley.base.errors import Reason
from skyparley.geometry.volumes import Volume

Origin: TypeAlias = Literal["PLAN", "AIRSPACE"]
"""PLAN: somebody's activity, kept apart by the table.  AIRSPACE: a published area, kept apart by its own edge."""

ALWAYS: tuple[int, int] = (0, 253_402_300_800_000)
"""The window of what is always active: from 1970 to the end of the year 9999, UTC milliseconds."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One notice of one party: everything that a file says of one id.

    `id` is unique within its file and party.  `place` says where it stands there ("feature 3", "line 1204").  `dropped`
    names what the file says of it and a plan cannot hold ("properties.pilot"); `names`, where it says id, name and party
    ("reference.id"), which a plan holds and a notice has no place for.  `notes` say what was read otherwise
    than written (an arc as chords, a window taken as always), in sentences.
    """

    id: str
    party: str
    volumes: tuple[Volume, ...]
    origin: Origin = "PLAN"
    name: str = ""
    file: str = ""
    place: str = ""
    dropped: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


class Flaw(msgspec.Struct, frozen=True, kw_only=True):
    """One feature that cannot be used: where, what is wrong, and what would be right (in the reason's text)."""

    file: str
    place: str
    id: str = ""
    reason: Reason


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """All of one file.  Every feature is in exactly one plan or one flaw, or is counted in `left_out` with its why."""

    file: str
    format: str
    features: int
    plans: tuple[Plan, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    left_out: tuple[str, ...] = ()
