"""What a peer says to people, and about what people were told: why its meaning is refused, or that it is taken.

Source: DOMAIN 10.2, 11.1; line-v1 sections 4 and 11.
"""

from typing import Final

from msgspec import UNSET

from skyparley.domain.line_states import may_hear
from skyparley.domain.messages.catalogue import CATALOGUE, StatementType, told_by
from skyparley.domain.messages.codes import ErrCode
from skyparley.domain.messages.envelope import Envelope
from skyparley.domain.messages.matter_slots import AcceptedSlots, CounteredSlots, LaterSlots, NotAcceptedSlots
from skyparley.domain.messages.slots import AtSlots, CancelSlots, ChangeSlots
from skyparley.domain.records import Line
from skyparley.domain.view import View
from skyparley.domain.volumes import shape_reasons


def judge_turn(view: View, envelope: Envelope, line: Line) -> tuple[ErrCode, str] | None:
    """Whether the agreement lets it be said at all: a statement out of its turn is kept and answered with ERR LINE."""
    if isinstance(envelope.slots, ANSWERS):
        return None
    if may_hear(envelope.type, envelope.cls, line.state, parent_of(view, envelope)):
        return None
    return "LINE", f"{envelope.type} is not said on a line that is {line.state}"


ANSWERS: Final = (AcceptedSlots, NotAcceptedSlots, CounteredSlots, LaterSlots)
"""Answers to a matter complete what was said before: they are heard in every state, so that both ends hold the same."""


def parent_of(view: View, envelope: Envelope) -> StatementType | None:
    """The type whose rule a statement inherits: of what it answers, or of the notice that it is about."""
    slots = envelope.slots
    if isinstance(slots, ChangeSlots):
        return told_by(slots.kind)
    if isinstance(slots, CancelSlots | AtSlots):
        held = view.notices.get((envelope.from_, slots.id))
        return told_by(held.current.kind) if held is not None else None
    hash_ = getattr(slots, "hash", None)
    matter = view.matters.get(hash_) if isinstance(hash_, str) and envelope.type != "ERR" else None
    return matter.type if matter is not None else None


def judge_reply(view: View, envelope: Envelope, line: Line) -> tuple[ErrCode, str] | None:
    """ACK, RDB, PAS, DON, RFS, IDA, and ACC, REJ, CPR, SBY outside a dialogue: about a statement of ours to this peer."""
    about = str(getattr(envelope.slots, "hash", ""))
    if about in view.forgotten.matters:
        return None
    matter = view.matters.get(about)
    if matter is None or not matter.ours or matter.peer != line.peer:
        return "NOT_OURS", "no statement of ours on this line has this hash"
    if envelope.reply_to != matter.msg_id:
        return "SCHEMA", "reply_to and hash name two statements"
    if envelope.cls != matter.cls:
        return "SCHEMA", f"a reply has the class of what it answers, {matter.cls}"
    if (envelope.exercise is True) != matter.exercise:
        return "EXERCISE", "exercise and real statements do not answer each other"
    asks = CATALOGUE[matter.type].asks
    if envelope.type in ("DON", "RFS") and "DON" not in asks:
        return "STATE", f"{matter.type} asks nobody to do anything"
    if envelope.type == "CPR" and matter.type == "TBL":
        return "STATE", "a clause is countered by a clause"
    if envelope.type == "IDA" and matter.type != "IDQ":
        return "STATE", f"{matter.type} does not ask whose aircraft it is"
    return None


def judge_exercise(envelope: Envelope) -> tuple[ErrCode, str] | None:
    """An exercise statement is told and acted on, and enters nothing real; so only what people act on makes sense."""
    if CATALOGUE[envelope.type].asks:
        return None
    return "EXERCISE", f"an exercise of {envelope.type} asks nobody for anything"


def judge_said(envelope: Envelope) -> tuple[ErrCode, str] | None:
    """STP, DIS, RLY, IDQ, LAS, GNI and what else stands by itself: only its place can be wrong.

    A LIFE statement is taken whatever its area looks like: people look at it, and nothing computes with it.
    """
    area = getattr(envelope.slots, "area", UNSET)
    if area is UNSET or envelope.cls == "LIFE":
        return None
    wrong = shape_reasons(area)
    return ("GEOMETRY", wrong[0].text) if wrong else None
