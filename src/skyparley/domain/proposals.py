"""Proposals: time and level changes of either notice that settle a conflict, ranked by how little they disturb.

Each one satisfies the table, makes no new conflict with a third notice and moves no active notice; the least change is
computed from what the table needs, not searched for.  Source: DOMAIN RES-02, RES-09; issue "the first ones".
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import msgspec
from msgspec.structs import replace

from skyparley.base import limits
from skyparley.base.ids import Fingerprint
from skyparley.base.times import MINUTE, format_utc
from skyparley.domain.commands import TermChange
from skyparley.domain.detection import by_notice
from skyparley.domain.dialogues import asked_to_move, kind_of, notices_of, term_reasons, terms
from skyparley.domain.messages.codes import ProposalKind
from skyparley.domain.messages.slots import VolumeSlot
from skyparley.domain.records import Conflict, Notice
from skyparley.domain.view import View
from skyparley.domain.volumes import level_of, level_slot, volume_of
from skyparley.geometry.levels import Level, Ref, clearance_ft, format_level
from skyparley.geometry.volumes import Separation, judge

STEP_FT: Final = 500
"""Levels are proposed in steps that crews fly."""
ROUNDS: Final = 16
"""How often a move is carried on past the next obstacle before it is given up."""
NOT_ASKED_COST: Final = 100_000
"""Ranks every move of the party that is not asked to move behind those of the one that is."""


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """One way to settle.  `cost`: minutes shifted, twice the minutes lost, hundreds of feet moved, twice those lost."""

    kind: ProposalKind
    moves: str
    changes: tuple[TermChange, ...]
    text: str
    cost: int


class Suggestions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The best first; or `none`: why there is none."""

    proposals: tuple[Suggestion, ...] = ()
    none: str = ""


Volumes = tuple[VolumeSlot, ...]
Move = Callable[[Volumes, Sequence[VolumeSlot], Separation], Volumes | None]
"""Volumes, what they must keep clear of, by which numbers: the changed volumes, or None where the move is impossible."""


def suggest(view: View, conflict: Conflict, now: int) -> Suggestions:
    """Ranked proposals for a live conflict, at most PROPOSALS_SHOWN; never one that moves an active notice."""
    if not conflict.live:
        return Suggestions(none="there is no conflict between these notices now")
    own, other = notices_of(view, conflict)
    movable = [notice for notice in (own, other) if not notice.active(now)]
    if not movable:
        return Suggestions(none="both notices are active; an active notice is not asked to move. Speak at once")
    asked = asked_to_move(view, conflict, now)
    found: dict[tuple[Fingerprint, Volumes], Suggestion] = {}
    for notice in movable:
        against = other if notice is own else own
        for move in MOVES:
            volumes = _carry_on(view, notice, against, move)
            if volumes is None or (notice.party, volumes) in found:
                continue
            made = _checked(view, conflict, notice, volumes, now)
            if made is not None:
                cost = made.cost + (0 if notice.party in asked else NOT_ASKED_COST)
                found[(notice.party, volumes)] = replace(made, cost=cost)
    ranked = sorted(found.values(), key=lambda made: (made.cost, made.moves, made.text))
    if not ranked:
        why = "no change of time or level of one notice alone keeps the table and the other notices clear"
        return Suggestions(none=why)
    return Suggestions(proposals=tuple(ranked[: limits.PROPOSALS_SHOWN]))


def _carry_on(view: View, notice: Notice, against: Notice, move: Move) -> Volumes | None:
    """The move, carried on past every third notice that it would newly conflict with."""
    before = set(by_notice(view.hits(notice.party, notice.current.volumes)))
    obstacles = {(against.party, against.id): against}
    for _ in range(ROUNDS):
        in_the_way = [volume for held in obstacles.values() for volume in held.current.volumes]
        volumes = move(notice.current.volumes, in_the_way, view.table.separation)
        if volumes is None:
            return None
        hit = set(by_notice(view.hits(notice.party, volumes))) - (before - set(obstacles))
        if not hit:
            return volumes
        obstacles |= {key: view.notices[key] for key in sorted(hit)}
    return None


def _checked(view: View, conflict: Conflict, notice: Notice, volumes: Volumes, now: int) -> Suggestion | None:
    pair = terms(view, conflict, {notice.party: volumes})
    if term_reasons(view, conflict, pair, now):
        return None
    return Suggestion(
        kind=kind_of(view, pair),
        moves=view.name if notice.party == view.own else view.lines[notice.party].name,
        changes=(TermChange(notice.party, notice.id, volumes),),
        text=described(notice, volumes),
        cost=_cost(notice.current.volumes, volumes),
    )


# --- moves: the least change of one sort ------------------------------------------------------------------------


def _shifted(later: bool, volumes: Volumes, obstacles: Sequence[VolumeSlot], separation: Separation) -> Volumes | None:
    """The whole notice later, or earlier, by whole minutes: a route keeps its order."""
    delta = 0
    for _ in range(ROUNDS):
        moved = tuple(replace(slot, start=slot.start + delta, end=slot.end + delta) for slot in volumes)
        needed = [
            obstacle.end + separation.time_ms - slot.start if later else slot.end - obstacle.start + separation.time_ms
            for slot in moved
            for obstacle in _in_conflict(slot, obstacles, separation)
        ]
        if not needed:
            return moved
        delta += _minutes_up(max(needed)) * (1 if later else -1)
    return None


def _each(
    change: Callable[[VolumeSlot, Sequence[VolumeSlot], Separation], VolumeSlot | None],
    volumes: Volumes,
    obstacles: Sequence[VolumeSlot],
    separation: Separation,
) -> Volumes | None:
    """Only the volumes that conflict change, each until it is clear."""
    changed: list[VolumeSlot] = []
    for slot in volumes:
        now: VolumeSlot | None = slot
        for _ in range(ROUNDS):
            assert now is not None, "a move that failed ended the loop"
            near = _in_conflict(now, obstacles, separation)
            if not near:
                break
            now = change(now, near, separation)
            if now is None:
                return None
        else:
            return None
        changed.append(now)
    return tuple(changed)


def _start_later(slot: VolumeSlot, near: Sequence[VolumeSlot], separation: Separation) -> VolumeSlot | None:
    start = _minutes_up(max(other.end for other in near) + separation.time_ms)
    return replace(slot, start=start) if start < slot.end else None


def _end_earlier(slot: VolumeSlot, near: Sequence[VolumeSlot], separation: Separation) -> VolumeSlot | None:
    end = (min(other.start for other in near) - separation.time_ms) // MINUTE * MINUTE
    return replace(slot, end=end) if end > slot.start else None


def _capped(slot: VolumeSlot, near: Sequence[VolumeSlot], separation: Separation) -> VolumeSlot | None:
    """The top lower, as far below the lowest bottom as the table needs."""
    lowest = [level_of(other.lower) for other in near]
    upper = level_of(slot.upper)
    if upper.ref is Ref.UNL:
        upper = lowest[0]
    if upper.ref is Ref.SFC or any(level.ref is Ref.SFC for level in lowest):
        return None
    lacking = max(separation.vertical_ft - clearance_ft(level, upper, separation.level_rules) for level in lowest)
    top = (upper.ft - lacking) // STEP_FT * STEP_FT
    return _band(slot, level_of(slot.lower), Level(upper.ref, top))


def _raised(slot: VolumeSlot, near: Sequence[VolumeSlot], separation: Separation) -> VolumeSlot | None:
    """The bottom higher, as far above the highest top as the table needs."""
    highest = [level_of(other.upper) for other in near]
    lower = level_of(slot.lower)
    if any(level.ref is Ref.UNL for level in highest):
        return None
    if lower.ref is Ref.SFC:
        lower = highest[0]
    if lower.ref is Ref.SFC:
        return None
    lacking = max(separation.vertical_ft - clearance_ft(lower, level, separation.level_rules) for level in highest)
    bottom = -(-(lower.ft + lacking) // STEP_FT) * STEP_FT
    return _band(slot, Level(lower.ref, bottom), level_of(slot.upper))


def _below(slot: VolumeSlot, near: Sequence[VolumeSlot], separation: Separation) -> VolumeSlot | None:
    """The whole band lower, its thickness kept."""
    capped = _capped(replace(slot, lower=level_slot(Level(Ref.SFC))), near, separation)
    lower, upper = level_of(slot.lower), level_of(slot.upper)
    if capped is None or lower.ref is not upper.ref or lower.ref is Ref.SFC:
        return None
    top = level_of(capped.upper)
    return _band(slot, Level(lower.ref, lower.ft - (upper.ft - top.ft)), top)


def _above(slot: VolumeSlot, near: Sequence[VolumeSlot], separation: Separation) -> VolumeSlot | None:
    """The whole band higher, its thickness kept."""
    raised = _raised(replace(slot, upper=level_slot(Level(Ref.UNL))), near, separation)
    lower, upper = level_of(slot.lower), level_of(slot.upper)
    if raised is None or lower.ref is not upper.ref or lower.ref is Ref.SFC:
        return None
    bottom = level_of(raised.lower)
    return _band(slot, bottom, Level(upper.ref, upper.ft + (bottom.ft - lower.ft)))


MOVES: Final[tuple[Move, ...]] = (
    partial(_each, _capped),
    partial(_each, _raised),
    partial(_each, _below),
    partial(_each, _above),
    partial(_each, _start_later),
    partial(_each, _end_earlier),
    partial(_shifted, True),
    partial(_shifted, False),
)


# --- leaves ----------------------------------------------------------------------------------------------------


def _in_conflict(slot: VolumeSlot, obstacles: Sequence[VolumeSlot], separation: Separation) -> list[VolumeSlot]:
    return [other for other in obstacles if judge(volume_of(slot), volume_of(other), separation).conflict]


def _minutes_up(ms: int) -> int:
    return -(-ms // MINUTE) * MINUTE


def _band(slot: VolumeSlot, lower: Level, upper: Level) -> VolumeSlot | None:
    for level in (lower, upper):
        if level.ft < 0 or level.ft > 200_000:
            return None
    if lower.ref is upper.ref and lower.ft >= upper.ft:
        return None
    return replace(slot, lower=level_slot(lower), upper=level_slot(upper))


def _cost(before: Volumes, after: Volumes) -> int:
    """How much a change disturbs.  A notice that moves as a whole counts once, lost time and height twice."""
    shift = max(abs(new.start - old.start) for old, new in zip(before, after, strict=True))
    lost = sum((old.end - old.start) - (new.end - new.start) for old, new in zip(before, after, strict=True))
    minutes = 2 * lost // MINUTE if lost else shift // MINUTE
    hundreds = 0
    for old, new in zip(before, after, strict=True):
        down = _feet(old.upper) - _feet(new.upper)
        up = _feet(new.lower) - _feet(old.lower)
        hundreds += (max(abs(down), abs(up)) if down * up < 0 else 2 * (abs(down) + abs(up))) // 100
    return minutes + hundreds


def _feet(level: object) -> int:
    return 60_000 if type(level).__name__ == "UnlSlot" else getattr(level, "ft", 0)


def described(notice: Notice, volumes: Volumes) -> str:
    """The change in plain words: what it is instead of what it was."""
    before = notice.current.volumes
    shifts = {new.start - old.start for old, new in zip(before, volumes, strict=True)}
    same_length = all(new.end - new.start == old.end - old.start for old, new in zip(before, volumes, strict=True))
    if len(shifts) == 1 and same_length and shifts != {0}:
        shift = shifts.pop()
        word = "later" if shift > 0 else "earlier"
        start = format_utc(min(slot.start for slot in volumes))
        return f"{notice.id}: {abs(shift) // MINUTE} min {word}, from {start[11:16]}Z"
    parts = []
    for place, (old, new) in enumerate(zip(before, volumes, strict=True)):
        if old != new:
            where = f" part {place + 1}" if len(volumes) > 1 else ""
            parts.append(f"{notice.id}{where}: {_said(new, old)} instead of {_said(old, new)}")
    return "; ".join(parts)


def _said(slot: VolumeSlot, compared: VolumeSlot) -> str:
    if (slot.lower, slot.upper) != (compared.lower, compared.upper):
        return f"{format_level(level_of(slot.lower))}-{format_level(level_of(slot.upper))}"
    return f"{format_utc(slot.start)[11:16]}-{format_utc(slot.end)[11:16]}Z"
