"""Two desks with something to say: statements that ask people for something, and what both ends hold of them."""

from typing import Any

from harness import Node

from skyparley.domain import commands as c
from skyparley.domain.events import Rang, StatementReceived
from skyparley.domain.matter_records import Matter
from skyparley.domain.read_back import values_of

AREA = {"type": "circle", "centre": [0, 300_000_000], "radius_m": 5_000}


def say(node: Node, peer: Node, kind: Any, *, exercise: bool = False, **slots: Any) -> str:
    """A statement of its own, told and heard; its hash."""
    node.done(c.Say(peers=(peer.name,), type=kind, slots=slots, exercise=exercise))
    node.world.settle()
    return newest(peer, kind).hash


def stop(node: Node, peer: Node, **slots: Any) -> str:
    """STP."""
    return say(node, peer, "STP", area=AREA, at=node.world.now, **slots)


def newest(node: Node, kind: str) -> Matter:
    """The last matter of a type that a node took up."""
    return [matter for matter in node.state.matters.values() if matter.type == kind][-1]


def act(node: Node, kind: type[c.AboutMatter], statement: str, *, account: str = "officer", **members: Any) -> Any:
    """One act about a statement, and all that follows from it at both ends."""
    answer = node.desk(kind(statement=statement, **members), account=account)
    node.world.settle()
    return answer


def read_back(node: Node, statement: str) -> Any:
    """What was said, said back as it was."""
    values = values_of(node.state.matters[statement].envelope.slots)
    return act(node, c.ReadBackMatter, statement, values=values)


def understood(node: Node, statement: str) -> None:
    """Read back where that is due, and acknowledged."""
    if node.state.matters[statement].read_back == "DUE":
        read_back(node, statement)
    answer = act(node, c.Acknowledge, statement)
    assert isinstance(answer, c.Outcome), answer


def both(one: Node, other: Node, statement: str) -> dict[str, Any]:
    """What the two ends hold of a matter, once it is seen to be the same."""
    held = [_held(node.state.matters[statement]) for node in (one, other)]
    assert held[0] == held[1]
    return held[0]


def _held(matter: Matter) -> dict[str, Any]:
    return {
        "asked": sorted(matter.due),
        "acked": (matter.acked_at, matter.acked_by),
        "read_back": (matter.read_back_values, matter.differs),
        "passed": matter.passed,
        "closed": matter.closed,
        "outcome": matter.outcome,
        "reopened": matter.reopened,
        "history": [(step.what, step.by, step.at, step.text) for step in matter.history],
    }


CODES = {"STP": "V8", "ACK": "L3", "RDB": "L7", "PAS": "V9", "SBY": "L5", "IDA": "V7"}


def forged(
    node: Node, peer: Node, kind: Any, *, about: str = "", cls: str = "LIFE", exercise: bool = False, **slots: Any
) -> tuple[str, str]:
    """The next statement that a peer with another program signs and sends; what became of it: its verdict and error."""
    members: dict[str, Any] = {"code": CODES[kind]} if kind in CODES else {}
    if about:
        members["reply_to"], slots = peer.state.matters[about].msg_id, {"hash": about, **slots}
    if exercise:
        members["exercise"] = True
    feed = peer.state.lines[node.party].received
    chain: dict[str, Any] = {"seq": feed.head[1] + 1, "prev": feed.head_hash, "class": cls}
    chain["table_hash"] = None if cls == "LIFE" else node.state.table_hash_of(peer.party)
    role: Any = "exercise" if exercise else "desk"
    text = node.forge(peer, role=role, type=kind, slots=slots, patch=chain, **members)
    node.world.receive(peer, text, receipt=False)
    last = next(event for event in reversed(peer.events) if isinstance(event, StatementReceived))
    return last.verdict, last.err and f"{last.err} {last.text}"


def rings(node: Node, statement: str) -> list[str]:
    """Whom a statement rang, in order."""
    return [event.post for event in node.events if isinstance(event, Rang) and event.statement == statement]
