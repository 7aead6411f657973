"""Crossings of a standing line: the states of one as a table a duty officer could check, and what desks and peers say.

A crossing is agreed only while it is ACCEPTED and its time runs; what was not answered is NOT agreed.  It takes no part in
detection: the flight has a notice for that.  Source: DOMAIN 10.2 XNG, 11.2 "Crossing" (AIRM codes), 8; line-v1 section 16.
"""

from collections.abc import Mapping
from typing import Final

from skyparley.base.errors import Reason, Refusal, refuse
from skyparley.base.ids import Fingerprint
from skyparley.base.times import MINUTE
from skyparley.domain import commands as c
from skyparley.domain.clause_records import Crossing, CrossingAct, CrossingState
from skyparley.domain.clauses import in_force
from skyparley.domain.drafts import draft
from skyparley.domain.events import AlarmRaised, CrossingExpired
from skyparley.domain.line_views import saying_reasons
from skyparley.domain.lines import named_peer
from skyparley.domain.messages.arrangement_slots import CrossingSlots, LineClause, LineRef
from skyparley.domain.messages.codes import CrossingForm, ErrCode
from skyparley.domain.messages.envelope import Envelope
from skyparley.domain.records import Line
from skyparley.domain.view import Decided, Item, Moment, Ruling, View
from skyparley.domain.volumes import geometry_reasons

_OPEN: Final[tuple[CrossingState, ...]] = ("NOTIFIED", "REQUESTED", "COUNTERED", "REVISED", "REVISED_COUNTERED")
TRANSITIONS: Final[Mapping[tuple[CrossingState, CrossingAct], CrossingState]] = {
    ("NO_CROSSING", "NOTIFY"): "NOTIFIED",
    ("NO_CROSSING", "REQUEST"): "REQUESTED",
    ("NOTIFIED", "COUNTER"): "COUNTERED",
    ("REQUESTED", "COUNTER"): "COUNTERED",
    ("COUNTERED", "COUNTER"): "COUNTERED",
    ("REVISED", "COUNTER"): "REVISED_COUNTERED",
    ("REVISED_COUNTERED", "COUNTER"): "REVISED_COUNTERED",
    **{(state, "ACCEPT"): "ACCEPTED" for state in _OPEN},
    **{(state, "REJECT"): "REJECTED" for state in _OPEN},
    **{(state, "REVISE"): "REVISED" for state in (*_OPEN, "ACCEPTED", "REJECTED")},
    **{(state, "CANCEL"): "CANCELLED" for state in (*_OPEN, "ACCEPTED", "REJECTED")},
    **{(state, "EXPIRE"): "EXPIRED" for state in (*_OPEN, "ACCEPTED", "REJECTED")},
}
"""Which act leads from which state to which.  What is not here changes nothing; CANCELLED and EXPIRED are final."""
OVER: Final = frozenset({"CANCELLED", "EXPIRED"})
REMINDER_MS: Final = 10 * MINUTE
"""Before the end of an accepted crossing both desks are reminded that it ends by itself."""


def next_state(state: CrossingState, act: CrossingAct) -> CrossingState:
    """The state after an act; the same one where the table has no line."""
    return TRANSITIONS.get((state, act), state)


def crossing_key(by: str, crossing_id: str) -> str:
    """How a crossing is named on its line: ids of two parties may be equal."""
    return f"{by} {crossing_id}"


def is_over(line: Line, statement: str, now: int) -> bool:
    """Whether the crossing that a statement said last is cancelled or expired, also where its clock has not rung yet."""
    return any(one.hash == statement and (one.state in OVER or one.end <= now) for one in line.crossings.values())


def period(slots: CrossingSlots) -> tuple[int, int]:
    """From the first start to the last end."""
    return min(one.start for one in slots.volumes), max(one.end for one in slots.volumes)


# --- what a desk does ----------------------------------------------------------------------------------------------


def cross_line(view: View, command: c.CrossLine, moment: Moment) -> Ruling:
    """XNG: notified or requested, across a line that both signed."""
    peer = named_peer(view, command.peer)
    if peer is None:
        return refuse("UNKNOWN_PEER", f"no peer is called {command.peer!r}", field="peer")
    line = view.lines[peer]
    reasons = _box_reasons(command, moment.now)
    version = _line_version(line, command.line)
    if version is None:
        text = f"no standing line {command.line[:32]} is signed by both and in force; settle it first"
        reasons.append(Reason("UNSETTLED_LINE", text, "line"))
    reasons += saying_reasons(view, line, "XNG", "COORD")
    if reasons or version is None:
        return Refusal(tuple(reasons))
    crossing_id = next_crossing_id(view, line)
    slots = CrossingSlots(
        id=crossing_id,
        version=1,
        line=LineRef(id=command.line, version=version),
        form=command.form,
        volumes=command.volumes,
        reason=command.reason,
    )
    item = draft("XNG", peer, slots, moment)
    return Decided((item,), c.Outcome(refs={"peer": line.name, "id": crossing_id, "msg_id": item.msg_id}))


def revise_crossing(view: View, command: c.ReviseCrossing, moment: Moment) -> Ruling:
    """XNG again, with the next version: what was accepted of the old one is not accepted of the new."""
    found = _ours(view, command)
    if isinstance(found, Refusal):
        return found
    line, crossing = found
    version = _line_version(line, crossing.line.id)
    reasons = _box_reasons(command, moment.now)
    if version is None:
        text = f"the standing line {crossing.line.id} is not in force any more; settle it first"
        reasons.append(Reason("UNSETTLED_LINE", text, "id"))
    reasons += saying_reasons(view, line, "XNG", "COORD")
    if reasons or version is None:
        return Refusal(tuple(reasons))
    slots = CrossingSlots(
        id=crossing.id,
        version=crossing.version + 1,
        line=LineRef(id=crossing.line.id, version=version),
        form="REQUESTED" if crossing.form == "REQUESTED" else "NOTIFIED",
        volumes=command.volumes,
        reason=command.reason or crossing.reason,
    )
    return _said(line, slots, moment)


def end_crossing(view: View, command: c.EndCrossing, moment: Moment) -> Ruling:
    """XNG CANCELLED before it begins, ENDED after: nothing is asked."""
    found = _ours(view, command)
    if isinstance(found, Refusal):
        return found
    line, crossing = found
    reasons = saying_reasons(view, line, "XNG", "COORD")
    if reasons:
        return Refusal(tuple(reasons))
    form: CrossingForm = "CANCELLED" if moment.now < crossing.start else "ENDED"
    slots = CrossingSlots(
        id=crossing.id,
        version=crossing.version + 1,
        line=crossing.line,
        form=form,
        volumes=crossing.volumes,
        reason=crossing.reason,
    )
    return _said(line, slots, moment)


def _said(line: Line, slots: CrossingSlots, moment: Moment) -> Decided:
    item = draft("XNG", line.peer, slots, moment)
    refs = {"peer": line.name, "id": slots.id, "version": slots.version, "msg_id": item.msg_id}
    return Decided((item,), c.Outcome(refs=refs))


def _box_reasons(command: c.CrossLine | c.ReviseCrossing, now: int) -> list[Reason]:
    reasons = geometry_reasons(command.volumes)
    if not reasons and max(one.end for one in command.volumes) <= now:
        reasons.append(Reason("PAST", "the period of the crossing is over", "volumes"))
    return reasons


def _line_version(line: Line, line_id: str) -> int | None:
    """The version of a standing line that both signed and that is in force; None where there is none."""
    name = f"LINE {line_id}"
    if not isinstance(in_force(line, name), LineClause):
        return None
    standing = line.terms[name].standing
    return standing.version if standing is not None else None


def _ours(view: View, command: c.ReviseCrossing | c.EndCrossing) -> tuple[Line, Crossing] | Refusal:
    peer = named_peer(view, command.peer)
    if peer is None:
        return refuse("UNKNOWN_PEER", f"no peer is called {command.peer!r}", field="peer")
    line = view.lines[peer]
    crossing = line.crossings.get(crossing_key(view.own, command.id))
    if crossing is None:
        return refuse("UNKNOWN_CROSSING", f"no crossing of ours is called {command.id[:32]!r}", field="id")
    if crossing.version != command.expected_version:
        text = f"it is at version {crossing.version}, you decided on {command.expected_version}; look again"
        return refuse("STALE_VERSION", text, field="expected_version")
    if crossing.state in OVER:
        return refuse("STATE", f"this crossing is {crossing.state}; say a new one", field="id")
    return line, crossing


def next_crossing_id(view: View, line: Line) -> str:
    """A free id on this line, for example A-X0007; what waits for the line is counted."""
    prefix = view.name if view.name[0].isalpha() else f"N{view.name}"
    held = [one.id for one in line.crossings.values() if one.by == view.own]
    held += [str(owed.slots["id"]) for owed in line.owed if owed.type == "XNG"]
    numbers = [int(tail) for one in held if (tail := one.rsplit("-X", 1)[-1]).isdigit()]
    return f"{prefix}-X{max([line.crossings_said, *numbers]) + 1:04d}"


# --- what a peer says ----------------------------------------------------------------------------------------------


def judge_crossing(view: View, envelope: Envelope, line: Line) -> tuple[ErrCode, str] | None:
    """XNG: the next version of a crossing that is not over, across a line that is in force here in the version named."""
    slots = envelope.slots
    assert isinstance(slots, CrossingSlots)
    held = line.crossings.get(crossing_key(envelope.from_, slots.id))
    if held is None and slots.version != 1:
        return "NOT_OURS", "no crossing of this id was told"
    if held is not None and held.state in OVER:
        return "STATE", f"this crossing is {held.state}"
    if held is not None and slots.version != held.version + 1:
        return "VERSION", f"the crossing is at version {held.version}"
    if slots.form in ENDS:
        return None if held is not None else ("STATE", "what was never told does not end")
    wrong = geometry_reasons(slots.volumes)
    if wrong:
        return "GEOMETRY", wrong[0].text[:200]
    if _line_version(line, slots.line.id) != slots.line.version:
        return "STATE", f"line {slots.line.id} is not in force in version {slots.line.version}: it is unsettled"
    return None


ENDS: Final = frozenset({"CANCELLED", "ENDED"})
"""Forms that end a crossing and ask nothing."""


# --- clocks --------------------------------------------------------------------------------------------------------


def clock(view: View, what: str, about: str) -> list[Item]:
    """CROSSING ENDING and CROSSING OVER: the reminder, and the end by itself."""
    peer, key = about.split(" ", 1)
    line = view.lines[Fingerprint(peer)]
    crossing = line.crossings.get(key)
    if crossing is None or crossing.state in OVER:
        return []
    whose = "our" if crossing.by == view.own else f"{line.name}'s"
    if what == "CROSSING ENDING":
        if crossing.state != "ACCEPTED":
            return []
        text = f"{whose} crossing {crossing.id} ends by itself in {REMINDER_MS // MINUTE} minutes"
        return [AlarmRaised(code="CROSSING_ENDING", about=crossing.id, text=text, peer=line.peer)]
    items: list[Item] = [CrossingExpired(peer=line.peer, by=crossing.by, id=crossing.id)]
    if crossing.state == "ACCEPTED":
        text = f"{whose} crossing {crossing.id} expired, and nobody said that the line is clear of it"
        items.append(AlarmRaised(code="CROSSING_EXPIRED", about=crossing.id, text=text, peer=line.peer))
    return items
