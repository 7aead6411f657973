"""The file of a timeline as data: parties, names, steps.  docs/guide/scenarios.md describes the format."""

from typing import Any, Final, Literal

import msgspec

from skyparley.domain.table import Table
from skyparley.scenario.bodies import Gazetteer
from skyparley.scenario.paths import Path

Plain = dict[str, Any]


class Form(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what stands in a file: nothing unknown."""


PEOPLE: Final = {"o1": "desk", "o2": "desk", "s1": "supervisor", "s2": "supervisor", "clerk": "machine"}
"""Who is at the desk of every party unless the file says otherwise."""
PERSON_ROLES: Final = ("desk", "supervisor", "custodian", "observer", "machine")


class PartyForm(Form, frozen=True, kw_only=True):
    """One party.  `table`: numbers that are not those of the profile.  `people`: name to role."""

    profile: str = "military"
    table: dict[str, int] = {}
    bearers: int = 1
    people: dict[str, str] = {}
    clock_error: str = "0s"
    title: str = ""


class FileForm(Form, frozen=True, kw_only=True):
    """What stands at the top of the file."""

    scenario: int
    title: str
    basis: str = ""
    day_one: str = ""
    seed: int = 1
    before: str = "5min"
    """How long the nodes run before the first step."""
    pulse: str = ""
    """How often idle nodes send heartbeats; that of the table where none is said."""
    lines: tuple[tuple[str, str], ...] | None = None
    parties: dict[str, PartyForm]
    places: dict[str, str] = {}
    areas: dict[str, str] = {}
    tracks: dict[str, Any] = {}
    step: tuple[Plain, ...] = ()


class ExpectForm(Form, frozen=True, kw_only=True):
    """One expectation, as written."""

    of: str = ""
    path: str = ""
    read: str = ""
    statement: Plain | None = None
    entry: Plain | None = None
    equals: Any = msgspec.UNSET
    differs: Any = msgspec.UNSET
    contains: Any = msgspec.UNSET
    one_of: Any = msgspec.UNSET
    at_least: Any = msgspec.UNSET
    at_most: Any = msgspec.UNSET
    count: int | msgspec.UnsetType = msgspec.UNSET
    absent: bool = False
    present: bool = False
    same_at: str = ""
    same_path: str = ""
    within: str = ""
    throughout: str = ""
    since: str = ""


OPERATORS: Final = ("equals", "differs", "contains", "one_of", "at_least", "at_most")
"""Those with a value."""


class StepForm(Form, frozen=True, kw_only=True):
    """One step, as written: exactly one of act, fault, expect, track, later."""

    at: str
    id: str = ""
    why: str = ""
    act: str = ""
    by: str = ""
    who: str = ""
    body: Plain = {}
    refused: str | list[str] | None = None
    fault: str = ""
    party: str = ""
    between: tuple[str, ...] = ()
    bearer: str = ""
    one_way: bool = False
    text: str = ""
    claims: str = ""
    expect: Plain | list[Plain] | None = None
    track: Any = msgspec.UNSET
    later: str = ""


# --- what is played -----------------------------------------------------------------------------------------------


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """A party that plays."""

    name: str
    numbers: Table
    bearers: int
    people: dict[str, str]
    clock_error_ms: int


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """A desk's act.  `refused`: codes, all of which the refusal must name; None where it must be done."""

    address: str
    by: str
    who: str
    body: Plain
    kind: Any
    refused: tuple[str, ...] | None


FaultKind = Literal[
    "cut",
    "restore",
    "kill",
    "start",
    "restart",
    "fill disk",
    "heal disk",
    "asleep",
    "awake",
    "pin",
    "clock error",
    "unsigned call",
]


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happens to a machine, a bearer or a desk.

    `bearer`: of the second of `between`, as the first reaches it; empty for all.  `claims`: who a forged call says it is.
    """

    kind: FaultKind
    party: str = ""
    between: tuple[str, ...] = ()
    bearer: str = ""
    one_way: bool = False
    text: str = ""
    claims: str = ""


class Expect(msgspec.Struct, frozen=True, kw_only=True):
    """What must be seen.  One of `path`, `statement`, `entry`; spans in milliseconds, -1 where none is named."""

    of: str
    path: Path = ()
    path_text: str = ""
    read: str = ""
    statement: Plain | None = None
    entry: Plain | None = None
    operator: str = "present"
    value: Any = None
    same_at: str = ""
    same_path: Path = ()
    within_ms: int = -1
    throughout_ms: int = -1
    since_ms: int = -1


class Later(msgspec.Struct, frozen=True):
    """What is not played, and why."""

    text: str


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step, read."""

    at_ms: int
    id: str
    why: str
    what: Act | Fault | Expect | Later


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """A whole file, ready to be played."""

    source: str
    title: str
    seed: int
    before_ms: int
    parties: tuple[Party, ...]
    lines: tuple[tuple[str, str], ...]
    names: Gazetteer
    steps: tuple[Step, ...]

    @property
    def begin_ms(self) -> int:
        """When the nodes start."""
        first = min((step.at_ms for step in self.steps), default=self.names.calendar.day_one_ms)
        return first - self.before_ms
