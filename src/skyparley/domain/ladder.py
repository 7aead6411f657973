"""Whom to ring, and when, as one table a duty officer could check; and by when people must act.

Source: DOMAIN 8 "Human ack", "Passed to controlling unit", "Proposal answer"; 10.2 "If missed"; 11.1 HUMAN-SILENT.
"""

from collections.abc import Callable, Mapping
from typing import Final, get_args

import msgspec

from skyparley.base.times import HOUR
from skyparley.domain.messages.arrangement_slots import CrossingSlots
from skyparley.domain.messages.catalogue import CATALOGUE, Ask
from skyparley.domain.messages.codes import Class, Post
from skyparley.domain.messages.envelope import Envelope
from skyparley.domain.messages.matter_slots import DistressSlots, RelaySlots
from skyparley.domain.messages.slots import NoticeSlots
from skyparley.domain.table import Table

HERE: Final[Mapping[Class, tuple[tuple[str, Post], ...]]] = {
    "LIFE": (
        ("", "DESK"),
        ("ack_life_ms", "ALTERNATE"),
        ("supervisor_life_ms", "SUPERVISOR"),
        ("level2_life_ms", "LEVEL2"),
    ),
    "SAFETY": (("", "DESK"), ("ack_safety_ms", "ALTERNATE"), ("level2_safety_ms", "LEVEL2")),
    "PRIORITY": (("", "DESK"), ("ack_humanitarian_ms", "ALTERNATE"), ("level2_humanitarian_ms", "LEVEL2")),
    "COORD": (("", "DESK"),),
    "ADMIN": (("", "DESK"),),
}
"""At the desk that received a statement: after which number of the table whom to ring; "" is at once."""

THERE: Final[Mapping[Class, tuple[tuple[str, Post], ...]]] = {
    "LIFE": (("ack_life_ms", "DESK"), ("supervisor_life_ms", "SUPERVISOR"), ("level2_life_ms", "LEVEL2")),
    "SAFETY": (("ack_safety_ms", "DESK"), ("level2_safety_ms", "LEVEL2")),
    "PRIORITY": (("ack_humanitarian_ms", "DESK"), ("level2_humanitarian_ms", "LEVEL2")),
    "COORD": (),
    "ADMIN": (),
}
"""At the desk that sent it: whom to ring there while the other side is silent: people escalate, never the class."""

MISSED: Final[Mapping[Class, Post]] = {
    "LIFE": "LEVEL2",
    "SAFETY": "LEVEL2",
    "PRIORITY": "LEVEL2",
    "COORD": "LEVEL2",
    "ADMIN": "SUPERVISOR",
}
"""Who is rung, at both ends, when something asked was not done by its time."""

CHAINS: Final = frozenset({"LIFE", "SAFETY", "PRIORITY"})
"""Classes whose steps lead to level 2 at times of their own (DOMAIN 8)."""
CHAINED: Final[frozenset[Ask]] = frozenset({"ACK", "PAS"})
"""What those steps are about; what else is missed rings level 2 by its own time."""

CHANGES: Final = frozenset({"SUSP", "RESM", "TERM"})
"""Changes of the agreement: unacknowledged they ring level 2 as well, after the same time again (DOMAIN 10.2)."""
RING_ORDER: Final = get_args(Post)
"""Who rings first of those that ring at one time."""

NEAR_MS: Final = HOUR
FAR_MS: Final = 6 * HOUR


def due_times(table: Table, envelope: Envelope, at: int, start: int | None) -> dict[Ask, int]:
    """By when each thing that a statement asks must be done, taken `at` a time.  `start`: of the activity it is about."""
    return {ask: at + _after(table, envelope, ask, None if start is None else start - at) for ask in asks_of(envelope)}


def asks_of(envelope: Envelope) -> tuple[Ask, ...]:
    """What a statement asks of people.  A human line check asks for an acknowledgment, a machine's does not."""
    if envelope.type == "LCK":
        human = getattr(envelope.slots, "kind", "") == "HUMAN" and envelope.reply_to is msgspec.UNSET
        return ("ACK",) if human else ()
    if getattr(envelope.slots, "form", "") in ("CANCELLED", "ENDED"):
        return ()  # A crossing that is over.
    return CATALOGUE[envelope.type].asks


def _after(table: Table, envelope: Envelope, ask: Ask, lead_ms: int | None) -> int:
    """Milliseconds that people have.  Source: DOMAIN 8, 10.2."""
    match ask:
        case "PAS":
            return table.passed_life_ms
        case "DON":
            return table.stop_answer_ms
        case "ANSWER":
            times = REVIEW_TIMES if getattr(envelope.slots, "level", "") == "REVIEW" else 1
            return times * ANSWER_MS[envelope.type](table, lead_ms)
    match envelope.cls:
        case "LIFE":
            return table.ack_life_ms
        case "SAFETY":
            return table.ack_safety_ms
        case "PRIORITY":
            near = lead_ms is not None and lead_ms < FAR_MS
            return table.ack_coord_far_ms if near else table.ack_humanitarian_ms
        case "COORD" if envelope.type == "NQR":
            return table.query_answer_ms
        case "COORD":
            return _coord(table, lead_ms)
    return int(getattr(table, ADMIN_MS.get(envelope.type, "suspend_ack_ms")))


def _coord(table: Table, lead_ms: int | None) -> int:
    if lead_ms is None or lead_ms > FAR_MS:
        return table.ack_coord_far_ms
    return table.ack_coord_near_ms if lead_ms >= NEAR_MS else table.ack_coord_now_ms


def call_by(table: Table, envelope: Envelope, at: int, start: int | None) -> int:
    """By when a person calls one who has only a telephone: as soon as another would have to acknowledge."""
    return at + _after(table, envelope, "ACK", None if start is None else start - at)


def half_to_start(most_ms: int, lead_ms: int | None) -> int:
    """The time for an answer, or half the time to the start, whichever is less; where it has begun, all of it."""
    return most_ms if lead_ms is None or lead_ms <= 0 else min(most_ms, lead_ms // 2)


ANSWER_MS: Final[Mapping[str, Callable[[Table, int | None], int]]] = {
    "SAR": lambda table, lead_ms: table.rescue_ms,
    "IDQ": lambda table, lead_ms: table.identity_ms,
    "XNG": lambda table, lead_ms: half_to_start(table.crossing_ms, lead_ms),
    "TBL": lambda table, lead_ms: table.arrangement_ms,
    "MTG": lambda table, lead_ms: table.meeting_ms,
}
"""The time that people have to answer each type that asks for an answer."""
REVIEW_TIMES: Final = 24
"""A review is answered in so many times the time of a talk: 48 h where that is 2 h.  Source: DOMAIN 10.2 MTG."""
ADMIN_MS: Final[Mapping[str, str]] = {"LCK": "human_check_ms", "COV": "coverage_ack_ms"}
"""The number of the table that an acknowledgment of class ADMIN goes by, where it is not `suspend_ack_ms`."""


def ladder(
    table: Table, envelope: Envelope, due: Mapping[Ask, int], *, at: int, ours: bool, silent: bool
) -> tuple[tuple[int, Post], ...]:
    """Whom to ring and when, oldest first.  `silent`: the desk that must act is known to be empty, so at half the times."""
    rings = _steps(table, envelope, due, at=at, ours=ours)
    for ask, one in due.items():
        rings.add((one, "DESK"))
        if ask not in CHAINED or envelope.cls not in CHAINS:
            rings.add((one, missed(envelope)))
        if envelope.type in CHANGES:
            rings.add((one + one - at, "LEVEL2"))
    if envelope.type == "SAR":
        rings.add((at + table.rescue_level3_ms, "LEVEL3"))
    if silent:
        rings = {(at + (when - at) // 2, post) for when, post in rings}
    return tuple(sorted(rings, key=lambda ring: (ring[0], RING_ORDER.index(ring[1]))))


def _steps(table: Table, envelope: Envelope, due: Mapping[Ask, int], *, at: int, ours: bool) -> set[tuple[int, Post]]:
    """The steps of its class.  What is urgent rings everybody at the desk that received it at once, then in turn as well."""
    steps = THERE[envelope.cls] if ours else HERE[envelope.cls]
    if not ours and urgent(table, envelope, at):
        steps = (*steps, *(("", post) for _, post in steps))
    if envelope.cls == "PRIORITY" and due.get("ACK", at) < at + table.ack_humanitarian_ms:
        # It starts so soon that people have less time: the chain goes by that time, and by as much again.
        after = {"": 0, "ack_humanitarian_ms": due["ACK"] - at, "level2_humanitarian_ms": 2 * (due["ACK"] - at)}
        return {(at + after[name], post) for name, post in steps}
    return {(at + (getattr(table, after) if after else 0), post) for after, post in steps}


def urgent(table: Table, envelope: Envelope, at: int) -> bool:
    """Whether everybody is rung at 0 s: it happens within `look_ahead_urgent_ms` of the moment it was taken.

    DOMAIN 8 says so of a collision warning with 2 min or less to closest approach, and 10.2 gives a distress the same
    ladder: one that is told as of now has people in the water now.  A stop request is a wish about a time, and a
    rescue box a plan for one: their steps go in turn.
    """
    slots = envelope.slots
    inner = slots.distress if isinstance(slots, RelaySlots) else slots
    return isinstance(inner, DistressSlots) and abs(inner.at - at) <= table.look_ahead_urgent_ms


def latest_put_off(table: Table, envelope: Envelope, *, taken_at: int, now: int) -> int:
    """Until when an answer may be put off: the time that people had for it once more; of whose an aircraft is, a day.

    A statement that waits for an answer never waits for ever by a word of the side that owes it.
    """
    if envelope.type == "IDQ":
        return taken_at + table.identity_revise_ms
    return now + due_times(table, envelope, taken_at, start_of(envelope))["ANSWER"] - taken_at


def missed(envelope: Envelope) -> Post:
    """Who is rung when it was missed; of a talk that nobody answered the next level."""
    if envelope.type == "MTG":
        return "LEVEL2" if getattr(envelope.slots, "level", "") == "REVIEW" else "LEVEL3"
    return MISSED[envelope.cls]


def end_of(envelope: Envelope) -> int | None:
    """When the activity ends that a statement is about; None where it says no period."""
    slots = envelope.slots
    if isinstance(slots, NoticeSlots | CrossingSlots):
        return max(volume.end for volume in slots.volumes)
    return None


def start_of(envelope: Envelope) -> int | None:
    """When the activity begins that a statement is about; None where it says no period."""
    slots = envelope.slots
    if isinstance(slots, NoticeSlots | CrossingSlots):
        return min(volume.start for volume in slots.volumes)
    return None
