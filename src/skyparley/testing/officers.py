"""What simulated officers say of their own accord, and do about what was said to them: rightly mostly, and with mistakes."""

import random
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import msgspec

from skyparley.base.times import MINUTE
from skyparley.domain import commands as c
from skyparley.domain.matter_records import Matter
from skyparley.domain.messages.codes import ActionCode, IdentityAnswer, LineReason, RefusalReason
from skyparley.domain.messages.matter_slots import ReadBackValues
from skyparley.domain.messages.slots import VolumeSlot
from skyparley.domain.read_back import values_of
from skyparley.domain.records import Line
from skyparley.state.matter_views import can
from skyparley.state.projection import State

SAYS: Final = ("STP", "STP", "DIS", "RLY", "IDQ", "IDQ", "LAS", "GNI")
EXERCISES: Final = ("STP", "IDQ", "NTC", "HAZ", "HUM", "SAR")
ACTIONS: Final[tuple[ActionCode, ...]] = ("STOPPING", "HOLDING", "TURNING LEFT", "NO ACTION POSSIBLE")
REFUSALS: Final[tuple[RefusalReason, ...]] = ("TRAFFIC", "SAFETY", "NOT OURS")
REASONS: Final[tuple[LineReason, ...]] = ("POLITICAL", "TECHNICAL", "REVIEW")
ANSWERS: Final[tuple[IdentityAnswer, ...]] = ("OURS", "NOT OURS", "CHECKING")

LineChange = c.SuspendLine | c.ResumeLine | c.TerminateLine
Names = Sequence[str]


# --- saying ------------------------------------------------------------------------------------------------------


def says(rng: random.Random, state: State, names: Names, now: int, volume: VolumeSlot) -> c.Say:
    """Something of its own, to one peer or to several; now and then as an exercise."""
    exercise = rng.random() < 0.2
    kind = rng.choice(EXERCISES if exercise else SAYS)
    peers = tuple(name for name in names if rng.random() < 0.7) or (rng.choice(names),)
    slots: dict[str, Any] = SLOTS[kind](rng, now, volume) if kind in SLOTS else _notice(rng, kind, volume)
    before = [matter for matter in state.matters.values() if matter.ours and matter.type == "STP" and matter.closed]
    if kind == "STP" and before and rng.random() < 0.5:
        old = rng.choice(before)
        peers, slots = (state.lines[old.peer].name,), {**slots, "reopens": old.hash}
        exercise = old.exercise
    return c.Say(peers=peers, type=cast(Any, kind), slots=slots, exercise=exercise)


def _place(rng: random.Random) -> list[int]:
    return [rng.randint(350_000_000, 355_000_000), rng.randint(360_000_000, 365_000_000)]


def _stop(rng: random.Random, now: int, volume: VolumeSlot) -> dict[str, Any]:
    return {"area": {"type": "circle", "centre": _place(rng), "radius_m": rng.randint(500, 5_000)}, "at": now}


def _distress(rng: random.Random, now: int, volume: VolumeSlot) -> dict[str, Any]:
    return {"aircraft": "ROTARY WING", "position": _place(rng), "precision": "ROUNDED", "at": now, "pob": 3}


def _relay(rng: random.Random, now: int, volume: VolumeSlot) -> dict[str, Any]:
    inner = {"stop": _stop(rng, now, volume)} if rng.random() < 0.5 else {"distress": _distress(rng, now, volume)}
    return {"source": "UN", "heard_at": now, **inner}


def _question(rng: random.Random, now: int, volume: VolumeSlot) -> dict[str, Any]:
    return {"position": _place(rng), "level": {"ref": "FL", "ft": 15_000}, "at": now, "error_m": 900}


def _interference(rng: random.Random, now: int, volume: VolumeSlot) -> dict[str, Any]:
    return {"position": _place(rng), "since": now - MINUTE}


def _notice(rng: random.Random, kind: str, volume: VolumeSlot) -> dict[str, Any]:
    """In an exercise only: a notice that nobody filed."""
    plain: dict[str, Any] = msgspec.to_builtins(volume)
    return {
        "id": f"X-{rng.randint(1, 4):04d}",
        "kind": {"HAZ": "HAZARD", "NTC": "TRANSIT"}.get(kind, kind),
        "volumes": [plain],
        "due_regard": {"stated": True},
        "key": [],
    }


SLOTS: Final[dict[str, Callable[[random.Random, int, VolumeSlot], dict[str, Any]]]] = {
    "STP": _stop,
    "DIS": _distress,
    "RLY": _relay,
    "IDQ": _question,
    "LAS": _interference,
    "GNI": _interference,
}


# --- acting on what was said -------------------------------------------------------------------------------------


def to_handle(state: State) -> list[Matter]:
    """What this desk can still do something about; what saves lives first."""
    open_ = [matter for matter in state.matters.values() if can(matter) and not matter.settled]
    return sorted(open_, key=lambda matter: matter.cls != "LIFE")


def handles(rng: random.Random, matter: Matter, now: int, volume: VolumeSlot) -> c.AboutMatter:
    """The next act about a matter; now and then one whose turn it is not."""
    act = rng.choice(can(matter))
    if rng.random() < 0.05:
        act = "acknowledge"
    statement = matter.hash
    revision = matter.revision if rng.random() < 0.3 else 0
    base: dict[str, Any] = {"statement": statement, "expected_revision": revision}
    match act:
        case "read_back":
            return c.ReadBackMatter(**base, values=_heard(rng, values_of(matter.envelope.slots)))
        case "pass_on":
            return c.PassOn(**base, action=rng.choice((None, *ACTIONS)))
        case "done":
            return c.ReportDone(**base, action=rng.choice(ACTIONS))
        case "refuse":
            return c.RefuseMatter(**base, reason=rng.choice(REFUSALS))
        case "identity":
            answer = rng.choice(ANSWERS)
            until = now + MINUTE * rng.choice((3, 30)) if answer == "CHECKING" else None
            return c.AnswerIdentity(**base, answer=answer, until=until)
        case "put_away":
            return c.PutAway(**base)
        case "answer":
            return _answers(rng, base, now, volume)
    return c.Acknowledge(**base)


def _heard(rng: random.Random, said: ReadBackValues) -> ReadBackValues:
    """What an officer understood: mostly what was said; else the place is off by two miles, or a time was missed."""
    roll = rng.random()
    if roll < 0.15 and isinstance(said.position, tuple):
        return msgspec.structs.replace(said, position=(said.position[0] + 400_000, said.position[1]))
    if roll < 0.25:
        return msgspec.structs.replace(said, start=msgspec.UNSET)
    return said


def _answers(rng: random.Random, base: dict[str, Any], now: int, volume: VolumeSlot) -> c.AnswerMatter:
    match rng.choice(("ACC", "REJ", "CPR", "SBY")):
        case "REJ":
            return c.AnswerMatter(**base, answer="REJ", reason="CAPACITY")
        case "CPR":
            return c.AnswerMatter(**base, answer="CPR", volumes=(volume,))
        case "SBY":
            return c.AnswerMatter(**base, answer="SBY", until=now + MINUTE * rng.choice((3, 10)))
    return c.AnswerMatter(**base, answer="ACC")


# --- the line and the desk ---------------------------------------------------------------------------------------


def changes_line(rng: random.Random, state: State, now: int, *, ends: bool) -> LineChange | None:
    """Suspend a line that stands, lift what is ours, or end one where the seed says that it may; None: nothing to change."""
    lines = [line for line in state.lines.values() if line.state in ("TESTING", "IN_FORCE", "SUSPENDED")]
    if not lines:
        return None
    line = rng.choice(lines)
    ours = state.own in line.suspended_by
    if ends and rng.random() < 0.3:
        return c.TerminateLine(peer=line.name, reason=rng.choice(REASONS))
    when = now + MINUTE * rng.choice((1, 20)) if rng.random() < 0.15 else 0
    kind = c.ResumeLine if ours else c.SuspendLine
    return kind(peer=line.name, reason=rng.choice(REASONS), effective=when)


def lifts(state: State) -> list[LineChange]:
    """What must be lifted before a line of ours can be open again."""
    held: list[Line] = [line for line in state.lines.values() if state.own in line.suspended_by]
    return [
        c.ResumeLine(peer=line.name, reason="REVIEW") for line in held if line.state == "SUSPENDED" and not line.changes
    ]


def of_the_desk(rng: random.Random, state: State) -> c.DeskCommand:
    """How our desk is, or a check of a line by people."""
    if rng.random() < 0.5 and state.lines:
        return c.CheckLine(peer=rng.choice([line.name for line in state.lines.values()]))
    return c.SetDesk(desk="DECLINED" if state.desk != "DECLINED" and rng.random() < 0.4 else "STAFFED")
