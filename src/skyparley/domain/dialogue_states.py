"""The states of a conflict as one table a duty officer could check, and who is asked to move.

Source: DOMAIN 11.2, RES-09; line-v1 section 5.7.
"""

from collections.abc import Mapping
from typing import Final, Literal

from skyparley.base.ids import Fingerprint
from skyparley.domain.records import Conflict, ConflictState, Notice
from skyparley.domain.view import View

Act = Literal["FOUND", "PRO", "CPR", "REJ", "SBY", "WDR", "AGR", "LAPSED", "START", "GONE"]

TRANSITIONS: Final[Mapping[tuple[ConflictState, Act], ConflictState]] = {
    ("DETECTED", "PRO"): "PROPOSED",
    ("DETECTED", "CPR"): "PROPOSED",
    ("DETECTED", "START"): "UNRESOLVED",
    ("PROPOSED", "PRO"): "PROPOSED",
    ("PROPOSED", "CPR"): "PROPOSED",
    ("PROPOSED", "SBY"): "STANDBY",
    ("PROPOSED", "REJ"): "REJECTED",
    ("PROPOSED", "WDR"): "DETECTED",
    ("PROPOSED", "LAPSED"): "DETECTED",
    ("PROPOSED", "AGR"): "AGREED",
    ("PROPOSED", "START"): "UNRESOLVED",
    ("STANDBY", "PRO"): "PROPOSED",
    ("STANDBY", "CPR"): "PROPOSED",
    ("STANDBY", "REJ"): "REJECTED",
    ("STANDBY", "WDR"): "DETECTED",
    ("STANDBY", "LAPSED"): "DETECTED",
    ("STANDBY", "AGR"): "AGREED",
    ("STANDBY", "START"): "UNRESOLVED",
    ("REJECTED", "PRO"): "PROPOSED",
    ("REJECTED", "CPR"): "PROPOSED",
    ("REJECTED", "WDR"): "DETECTED",
    ("REJECTED", "START"): "UNRESOLVED",
    ("UNRESOLVED", "PRO"): "PROPOSED",
    ("UNRESOLVED", "CPR"): "PROPOSED",
    ("UNRESOLVED", "AGR"): "AGREED",
    ("UNRESOLVED", "REJ"): "REJECTED",
    ("UNRESOLVED", "WDR"): "UNRESOLVED",
    ("UNRESOLVED", "SBY"): "UNRESOLVED",
    ("UNRESOLVED", "LAPSED"): "UNRESOLVED",
    **{(state, "FOUND"): "DETECTED" for state in ("DETECTED", "PROPOSED", "STANDBY", "REJECTED", "AGREED")},
    ("UNRESOLVED", "FOUND"): "DETECTED",
    ("OVERTAKEN", "FOUND"): "DETECTED",
    ("OVERTAKEN", "AGR"): "AGREED",
    **{(state, "GONE"): "OVERTAKEN" for state in ("DETECTED", "PROPOSED", "STANDBY", "REJECTED", "UNRESOLVED")},
    ("AGREED", "GONE"): "AGREED",
    ("OVERTAKEN", "GONE"): "OVERTAKEN",
}
"""Which act leads from which state to which.  What is not here changes nothing.  Source: DOMAIN 11.2."""


def next_state(state: ConflictState, act: Act) -> ConflictState:
    """The state after an act; the same one where the table has no line."""
    return TRANSITIONS.get((state, act), state)


def asked_to_move(view: View, conflict: Conflict, now: int) -> tuple[Fingerprint, ...]:
    """The party, or both, of whom a move is asked; nobody where both are active.  Source: RES-09, line-v1 5.7."""
    own, other = notices_of(view, conflict)
    mine, theirs = own.standing(now), other.standing(now)
    if own.active(now) and other.active(now):
        return ()
    if own.active(now) or (mine > theirs and not other.active(now)):
        return (other.party,)
    if other.active(now) or theirs > mine:
        return (own.party,)
    one, two = own.places.get(other.party), other.places.get(other.party)
    own_later = one is not None and two is not None and one.seen >= two.number
    other_later = one is not None and two is not None and two.seen >= one.number
    if own_later == other_later:
        return (own.party, other.party)
    return (own.party,) if own_later else (other.party,)


def notices_of(view: View, conflict: Conflict) -> tuple[Notice, Notice]:
    """Ours and the other's."""
    return view.notices[(view.own, conflict.own_id)], view.notices[(conflict.other_party, conflict.other_id)]
