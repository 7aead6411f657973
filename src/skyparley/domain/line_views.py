"""How a line stands: the one displayed word out of the three variables, and why something may not be said on it now.

Source: DOMAIN 11.1; line-v1 section 10.
"""

from collections.abc import Mapping

from skyparley.base.errors import Reason
from skyparley.domain import link_health
from skyparley.domain.line_states import Word, may_say
from skyparley.domain.messages.catalogue import StatementType
from skyparley.domain.messages.codes import Class, DeskState, HttpBearerKind
from skyparley.domain.records import Line, LinkHealth, LinkKey
from skyparley.domain.view import View
from skyparley.evidence.card import Card


def word_of(view: View, line: Line) -> Word:
    """The displayed word: first match, top to bottom."""
    return _word(view, line, view.desk)


def word_for_act(view: View, line: Line) -> Word:
    """The word that an act of our desk is judged by: whoever acts is there, so the silence before it does not count."""
    return _word(view, line, "DECLINED" if view.desk == "DECLINED" else "STAFFED")


def _word(view: View, line: Line, desk: DeskState) -> Word:
    match line.state:
        case "TERMINATED":
            return "TERMINATED"
        case "SUSPENDED":
            return "SUSPENDED"
        case "NONE":
            return "NOT ESTABLISHED"
        case "TESTING":
            return "TESTING"
    if lost(view.own_card, line) or line.compared != "EQUAL":
        return "LOST"  # Nothing is carried: no bearer answers, or what both hold of our feed is not compared yet.
    if {desk, line.peer_desk} & {"SILENT", "DECLINED"}:
        return "HUMAN-SILENT"
    whole = desk == line.peer_desk == "STAFFED" and not weak(line)
    return "OPEN" if whole else "DEGRADED"


def live_bearers(line: Line) -> tuple[str, ...]:
    """The bearers by which the peer is reached now, best first; where none answers, those that its card names.

    How the peer reaches us is not asked: a check counts for the bearer that carries it, whatever way its answer takes.
    A peer whose card names no address is reached by files, which go by hand.
    """
    named = bearers_of(line)
    health = {name: line.links.get((name, "OUT")) for name in named}
    up = tuple(name for name, found in health.items() if found is None or found.state == "UP")
    return up or named or ("file",)


def bearers_of(line: Line) -> tuple[HttpBearerKind, ...]:
    """The bearers that the peer's card names: the n-th address is `http`, `http2`, `http3`."""
    return link_health.bearers_of(line.card)


def link_state(line: Line, bearer: str) -> str:
    """How a bearer is in both directions together; UP where nothing is known against it."""
    states = [health.state for (name, _), health in line.links.items() if name == bearer]
    return max(states, key=("UP", "DEGRADED", "LOST").index, default="UP")


def lost(own: Card, line: Line) -> bool:
    """Nothing reaches the peer, or nothing of the peer reaches us."""
    return all_lost(own, line, line.links)


def all_lost(own: Card, line: Line, links: Mapping[LinkKey, LinkHealth]) -> bool:
    """Whether with these links every bearer is lost that the peer's card names, or every one that our card names.

    Each direction counts by itself: one bearer there and another one back still carry everything.
    """
    dead = {key for key, health in links.items() if health.state == "LOST"}
    out = {(name, "OUT") for name in bearers_of(line)}
    back = {(name, "IN") for name in link_health.bearers_of(own)}
    return bool(out) and (dead >= out or (bool(back) and dead >= back))


def weak(line: Line) -> bool:
    """A bearer is missing or weak."""
    return any(link_state(line, name) != "UP" for name in bearers_of(line))


def saying_reasons(
    view: View, line: Line, kind: StatementType, cls: Class, *, parent: StatementType | None = None
) -> list[Reason]:
    """Why a desk may not say this on this line now; empty where it may."""
    word = word_for_act(view, line)
    if may_say(kind, cls, word, parent):
        return []
    text = f"the line with {line.name} is {word}: {kind} is not said in this state. What saves lives always is"
    return [Reason("LINE_STATE", text, "peer")]
