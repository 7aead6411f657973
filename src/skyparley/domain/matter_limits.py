"""How many matters of one peer are kept at hand, and which leaves memory first when there are more.

A peer that floods, or a line that nobody looks at for weeks, must not fill the memory; the journal keeps every statement.
"""

from typing import Final

from skyparley.base import limits
from skyparley.base.ids import Fingerprint
from skyparley.domain.events import AlarmRaised, MatterForgotten
from skyparley.domain.matter_records import Matter
from skyparley.domain.misuse import counted
from skyparley.domain.parties import name_of
from skyparley.domain.view import Item, View

MATTERS_MANY: Final = "MATTERS_MANY"


def too_many(view: View, peer: Fingerprint, *, life: bool, now: int) -> list[Item]:
    """What follows from one more matter of a peer: nothing, or the one that means least leaves memory, and is counted.

    Those of class LIFE and all others are counted apart, so that no flood of others pushes out a cry for help.
    """
    if len(view.matters) <= limits.MATTERS_PER_PEER:
        return []
    held = [one for one in view.matters.values() if one.peer == peer and not one.ours and (one.cls == "LIFE") == life]
    if len(held) <= limits.MATTERS_PER_PEER:
        return []
    least = min(held, key=_worth)
    gone: list[Item] = [MatterForgotten(statement=least.hash)]
    if least.settled or least.exercise:
        return gone
    before = view.alarm(MATTERS_MANY, peer, peer)
    text = (
        f"{name_of(view, peer)} asks for so much that the oldest, still unanswered, left this desk; the record has all"
    )
    alarm = AlarmRaised(code=MATTERS_MANY, about=peer, text=text, peer=peer)
    return [*gone, *counted(view, alarm, count=before.count + 1 if before is not None else 1, now=now)]


def _worth(matter: Matter) -> tuple[int, int]:
    """Exercises go first, then what is settled, then what came in a flood; of what rang the oldest."""
    order = (matter.exercise, matter.settled, matter.quiet)
    return (order.index(True) if any(order) else len(order), matter.taken_at)
