"""How a line stands: the one displayed word out of the three variables, and why something may not be said on it now.

Source: DOMAIN 11.1; line-v1 section 10.
"""

from collections.abc import Mapping

from skyparley.base.errors import Reason
from skyparley.domain.line_states import Word, may_say
from skyparley.domain.messages.catalogue import StatementType
from skyparley.domain.messages.codes import Class, DeskState
from skyparley.domain.records import Line, LinkHealth, LinkKey
from skyparley.domain.view import View


def word_of(view: View, line: Line) -> Word:
    """The displayed word: first match, top to bottom."""
    return _word(line, view.desk)


def word_for_act(view: View, line: Line) -> Word:
    """The word that an act of our desk is judged by: whoever acts is there, so the silence before it does not count."""
    return _word(line, "DECLINED" if view.desk == "DECLINED" else "STAFFED")


def _word(line: Line, desk: DeskState) -> Word:
    match line.state:
        case "TERMINATED":
            return "TERMINATED"
        case "SUSPENDED":
            return "SUSPENDED"
        case "NONE":
            return "NOT ESTABLISHED"
        case "TESTING":
            return "TESTING"
    if lost(line) or line.compared != "EQUAL":
        return "LOST"  # Nothing is carried: no bearer answers, or what both hold of our feed is not compared yet.
    if {desk, line.peer_desk} & {"SILENT", "DECLINED"}:
        return "HUMAN-SILENT"
    whole = desk == line.peer_desk == "STAFFED" and not weak(line)
    return "OPEN" if whole else "DEGRADED"


def live_bearers(line: Line) -> tuple[str, ...]:
    """The bearers by which the peer is reached now, best first; where none answers, those that its card names.

    A peer whose card names no address is reached by files, which go by hand.
    """
    named = bearers_of(line)
    return tuple(name for name in named if link_state(line, name) == "UP") or named or ("file",)


def bearers_of(line: Line) -> tuple[str, ...]:
    """The bearers that the peer's card names: the n-th address is `http`, `http2`, `http3`."""
    return tuple("http" if place == 0 else f"http{place + 1}" for place in range(len(line.card.urls)))


def link_state(line: Line, bearer: str) -> str:
    """How a bearer is in both directions together; UP where nothing is known against it."""
    states = [health.state for (name, _), health in line.links.items() if name == bearer]
    return max(states, key=("UP", "DEGRADED", "LOST").index, default="UP")


def lost(line: Line) -> bool:
    """Every bearer is lost."""
    return all_lost(line, line.links)


def all_lost(line: Line, links: Mapping[LinkKey, LinkHealth]) -> bool:
    """Whether with these links every bearer that the peer's card names is lost, in one direction or both."""
    dead = {bearer for (bearer, _), health in links.items() if health.state == "LOST"}
    named = bearers_of(line)
    return bool(named) and dead >= set(named)


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
