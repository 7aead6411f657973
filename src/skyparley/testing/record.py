"""What a node's journal says of its lines, of what people were asked and did, and of whom it rang: read by plain rules.

A second reading beside the fold, by much simpler means: checkers hold the state of the node against it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from skyparley.base.canonical import canonical
from skyparley.base.ids import Fingerprint, b64url
from skyparley.domain.messages.catalogue import CATALOGUE, StatementType
from skyparley.domain.messages.envelope import statement_hash
from skyparley.engine.journal_port import Entry
from skyparley.evidence import jws
from skyparley.evidence.card import Card
from skyparley.testing.liar import payload_of
from skyparley.testing.tape import content_of

CHANGES: Final = frozenset({"SUSP", "RESM", "TERM"})
ACTS: Final = frozenset({"ACK", "RDB", "PAS", "DON", "RFS", "IDA", "ACC", "REJ", "CPR", "SBY"})
"""What people do about a statement; outside a dialogue about a conflict."""
ONLY_OPEN: Final = frozenset({"ODS", "OD"})
"""Rules of types that a peer says on an open line only: it had its good checks."""


class Said(msgspec.Struct, frozen=True):
    """A statement whose meaning a node took, its own or of a peer, at its place in the journal."""

    hash: str
    plain: dict[str, Any]
    ours: bool
    at: int
    position: int

    @property
    def type(self) -> StatementType:
        kind: StatementType = self.plain["type"]
        return kind


class RangOnce(msgspec.Struct, frozen=True):
    """A ring as it stands in the journal."""

    statement: str
    post: str
    at: int
    position: int


class Told(msgspec.Struct, frozen=True):
    """An alarm as it stands in the journal."""

    code: str
    about: str
    at: int


@dataclass
class LineRecord:
    """The agreement of one line, moved by statements and checks and by nothing else."""

    state: str = "NONE"
    suspended_by: set[str] = field(default_factory=set)
    changes: list[tuple[int, str, str]] = field(default_factory=list)
    """What was said and takes effect later: (effective, what, by whom)."""
    needed: int = 3
    answered: int = 0
    """Checks of ours that the peer answered since the line began to be tested."""
    answers: int = 0
    """Checks of the peer that we answered since."""
    peer_opened: bool = False


class Record:
    """Reads a journal entry by entry.  `broken` says what a node wrote that no rule lets it write."""

    def __init__(self, own: Fingerprint, cards: Mapping[Fingerprint, Card]) -> None:
        self.own = own
        self._cards = cards
        self.position = 0
        self.lines: dict[str, LineRecord] = {}
        self.said: dict[str, Said] = {}
        self.acts: dict[str, list[Said]] = {}
        """By the hash of the statement that they are about, in the order of the journal."""
        self.taken: dict[str, int] = {}
        """When each statement was sealed, received, or heard before its turn."""
        self.changes: dict[str, list[Said]] = {}
        """SUSP, RESM, TERM on the line to each peer."""
        self.rang: list[RangOnce] = []
        self.told: list[Told] = []
        self.broken: list[str] = []

    def follow(self, entries: Iterable[Entry]) -> None:
        """Read on: what became durable since."""
        for entry in entries:
            self.position += 1
            self._take(entry)

    def _take(self, entry: Entry) -> None:
        match entry.kind:
            case "StatementSealed" | "StatementRestored":
                self._statement(content_of(entry)["jws"], entry.at_ms, ours=True)
            case "StatementReceived":
                plain = content_of(entry)
                if plain["verdict"] == "FOLDED":
                    self._statement(plain["jws"], entry.at_ms, ours=False)
            case "HeardEarly":
                self.taken.setdefault(statement_hash(content_of(entry)["jws"]), entry.at_ms)
            case "LineEstablished":
                self._line(content_of(entry)["peer"]).state = "TESTING"
            case "LineOpened":
                self._opened(content_of(entry)["peer"])
            case "DeadlinePassed":
                plain = content_of(entry)
                if plain["what"] == "LINE CHANGE":
                    self._take_effect(plain["about"], entry.at_ms)
            case "Rang":
                plain = content_of(entry)
                self.rang.append(RangOnce(plain["statement"], plain["post"], entry.at_ms, self.position))
            case "AlarmRaised":
                plain = content_of(entry)
                self.told.append(Told(plain["code"], plain["about"], entry.at_ms))

    def _line(self, peer: str) -> LineRecord:
        return self.lines.setdefault(peer, LineRecord())

    # --- statements ----------------------------------------------------------------------------------------

    def _statement(self, text: str, at: int, *, ours: bool) -> None:
        plain = payload_of(text)
        said = Said(statement_hash(text), plain, ours, at, self.position)
        self.said[said.hash] = said
        self.taken.setdefault(said.hash, at)
        line = self._line(plain["to"] if ours else plain["from"])
        self._signed_in_its_role(said, text)
        about = plain["slots"].get("hash")
        if said.type in ACTS and "dialog_id" not in plain:
            self._act(said, str(about))
        if "exercise" in plain:
            return
        if not ours and line.state == "TESTING" and CATALOGUE[said.type].allowed in ONLY_OPEN:
            line.peer_opened = True
        if said.type == "LCK" and "reply_to" in plain:
            line.answers += ours
            line.answered += not ours
        elif said.type in CHANGES:
            self._change(said, line)

    def _signed_in_its_role(self, said: Said, text: str) -> None:
        """An exercise is signed by the key for exercises, and nothing else is."""
        role = jws.split(text).kid.role
        if ("exercise" in said.plain) != (role == "exercise"):
            self.broken.append(f"{said.type} {said.hash[:8]} was taken, signed by the {role} key")

    def _act(self, said: Said, about: str) -> None:
        """About a statement of the other side on the same line, and of the same world: real or exercise."""
        matter = self.said.get(about)
        if matter is not None:
            if matter.ours == said.ours or {matter.plain["from"], matter.plain["to"]} != {
                said.plain["from"],
                said.plain["to"],
            }:
                self.broken.append(f"{said.type} {said.hash[:8]} was taken about a statement of somebody else")
            if ("exercise" in matter.plain) != ("exercise" in said.plain):
                self.broken.append(f"{said.type} {said.hash[:8]} mixes an exercise with what is real")
        self.acts.setdefault(about, []).append(said)

    # --- the agreement --------------------------------------------------------------------------------------

    def _opened(self, peer: str) -> None:
        """Good checks each way must stand before it."""
        line = self._line(peer)
        if line.state != "TESTING":
            self.broken.append(f"a line that was {line.state} was opened by a check")
        if line.answered < line.needed or not (line.answers >= line.needed or line.peer_opened):
            self.broken.append(f"a line was opened after {line.answered} answers there and {line.answers} here")
        line.state = "IN_FORCE"

    def _change(self, said: Said, line: LineRecord) -> None:
        """Signed by two; lifted by who suspended; never after the end."""
        by = Fingerprint(said.plain["from"])
        if not second_holds(said.plain, self._cards[by]):
            self.broken.append(f"{said.type} of {self._cards[by].name} was taken without its second signature")
        willing = by in line.suspended_by or any(what == "SUSP" and who == by for _, what, who in line.changes)
        if said.type == "RESM" and not willing and line.state != "TERMINATED":
            self.broken.append(f"{self._cards[by].name} lifted what it had not suspended")
        peer = said.plain["to"] if said.ours else by
        self.changes.setdefault(peer, []).append(said)
        effective = said.plain["slots"]["effective"]
        # What a party says later takes the place of what it said to come; at once is at once, whatever any clock shows.
        line.changes = [change for change in line.changes if change[2] != by]
        line.changes.append((0 if effective <= said.plain["created_utc"] else effective, said.type, by))
        self._take_effect(peer, said.at)

    def _take_effect(self, peer: str, at: int) -> None:
        line = self._line(peer)
        for effective, what, by in sorted(line.changes, key=lambda change: change[0]):
            if effective > at or line.state == "TERMINATED":
                continue
            if what == "TERM":
                line.state = "TERMINATED"
            elif what == "SUSP":
                line.suspended_by.add(by)
                line.state = "SUSPENDED"
            elif by in line.suspended_by:
                line.suspended_by.discard(by)
                if not line.suspended_by:
                    line.state, line.needed = "TESTING", 1
                    line.answered, line.answers, line.peer_opened = 0, 0, False
        line.changes = [change for change in line.changes if change[0] > at]


def second_holds(plain: Mapping[str, Any], card: Card) -> bool:
    """Whether the supervisor's key of a card signed a statement that needs two.  Source: line-v1 10.5."""
    slots = {name: value for name, value in plain["slots"].items() if name != "second"}
    text = canonical({"type": plain["type"], "msg_id": plain["msg_id"], "to": plain["to"], "slots": slots})
    parts = str(plain["slots"].get("second", "")).split(".")
    if len(parts) != 3 or parts[1]:
        return False
    try:
        parsed = jws.split(f"{parts[0]}.{b64url(text)}.{parts[2]}")
    except jws.BadSignature:
        return False
    public = card.role_key(parsed.kid)
    named = parsed.typ == jws.SECOND and parsed.kid.role == "supervisor"
    return named and public is not None and jws.verify(parsed, public)
