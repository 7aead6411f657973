"""What one party's journal holds of its lines, taken up for verification.

record_line.py and record_terms.py judge it, record_check.py puts the steps together.  They need the entries and the
cards, no key and no running node, and use none of the code that wrote them.  What they cannot show is that a journal's end was cut off, or that a
whole journal was replaced by another; for that there is the other party's copy (record_pair.py).
Source: docs/spec/line-v1.md 3, 6, 8, 9; DESIGN "Evidence".
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import msgspec

from skyparley.base.ids import Fingerprint, short_id
from skyparley.evidence.card import BadCard, Card, read_card
from skyparley.evidence.feed import Statement

STEPS: Final = {
    1: "Journal: each entry follows from the one before it, and holds the content that was hashed.",
    2: "Cards: each is signed by the party key that it carries.",
    3: "Feeds: each statement, sent or received, passes the nine steps of a feed.",
    4: "Keys: each statement names the role that signed it, with a key that the card lets sign at that time.",
    5: "Seen: what each side says it heard is what the other side's feed holds.",
    6: "Receipts: each is signed by the peer's machine and names a statement of ours by its hash.",
    7: "Agreements: both desks signed the same text, and proposal and acceptance stand on the feeds with its terms.",
    8: "Conflicts: each id told is the hash of the two notices, their versions and the table.",
    9: "Two copies: sender and receiver hold the same statements under the same numbers.",
    10: "Two records: both hold the same agreements, with the same signatures.",
    11: "Two records: both hold the same conflicts under the same ids.",
}
"""How a record is verified.  A Finding names its step; steps 9 to 11 need the records of both sides."""

Verdict = Literal["HOLDS", "FAILS", "NOTE"]
Number = tuple[int, int]


class Finding(msgspec.Struct, frozen=True):
    """What one step found about one thing.  NOTE: nothing is wrong with the record, but somebody should look.

    `record` is the name of the party whose record it is about; "" for what is between two records.
    """

    step: int
    verdict: Verdict
    record: str
    text: str


class Kept(msgspec.Struct, frozen=True):
    """One entry of a journal.  `content` is None where it was purged."""

    position: int
    kind: str
    at_ms: int
    content: Any


class Said(msgspec.Struct, frozen=True):
    """A statement of a feed.  `at_ms`: when it was received, or 0 for our own.  `folded`: its meaning took effect."""

    statement: Statement
    at_ms: int
    folded: bool

    @property
    def number(self) -> Number:
        """Epoch and seq."""
        return (self.statement.link.epoch, self.statement.link.seq)

    @property
    def hash(self) -> str:
        """What names the statement."""
        return self.statement.link.hash

    @property
    def type(self) -> str:
        """The statement's type; "" where it has none."""
        value = self.statement.fields.get("type")
        return value if isinstance(value, str) else ""


@dataclass
class LineRecord:
    """What a journal holds of the line to one peer.  `card` certifies what any card of the peer ever certified."""

    card: Card
    sent_texts: list[str] = field(default_factory=list)
    received_texts: list[tuple[str, int, bool]] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    open_conflicts: dict[str, str] = field(default_factory=dict)
    """pair_id to conflict_id of what both were told of and is not settled."""
    kept_evidence: list[str] = field(default_factory=list)
    sent: list[Said] = field(default_factory=list)
    received: list[Said] = field(default_factory=list)
    acknowledged: Number = (0, 0)
    """The last statement of ours that the peer has said it holds, by a receipt or by `seen`."""
    agreements: dict[str, str] = field(default_factory=dict)
    """agreement_id to the conflict_id that it settles, of agreements that hold."""


@dataclass
class Record:
    """What a journal holds, line by line."""

    own: Card
    lines: dict[Fingerprint, LineRecord] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def find(self, step: int, holds: bool, about: str, text: str) -> None:
        """Adds what a step found."""
        self.add(step, "HOLDS" if holds else "FAILS", about, text)

    def note(self, step: int, about: str, text: str) -> None:
        """Adds what somebody should look at."""
        self.add(step, "NOTE", about, text)

    def add(self, step: int, verdict: Verdict, about: str, text: str) -> None:
        """Adds a finding about something in this record, or, without `about`, about all of it."""
        self.findings.append(Finding(step, verdict, self.own.name, f"{about}: {text}" if about else text))


def collect(own: Card, cards: Iterable[Card], entries: Iterable[Kept]) -> Record:
    """What a journal holds, with what steps 1 and 2 find.  `cards`: those of the peers that lie beside the journal.

    Entries are taken as read: whoever read them has verified the chain of the journal.
    """
    record = Record(own)
    for card in cards:
        _pin(record, card)
    count = 0
    for entry in entries:
        count += 1
        _take(record, entry)
    if not any(finding.verdict == "FAILS" for finding in record.findings):
        record.find(1, True, "", f"{counted(count, 'entry', 'entries')}, each with its own content")
    record.find(2, True, "", f"{own.name} {own.fingerprint}; peers: {_names(record) or 'none'}")
    return record


# --- taking up the journal ----------------------------------------------------------------------------------------


def _take(record: Record, entry: Kept) -> None:
    reader = _READERS.get(entry.kind)
    if reader is None:
        return
    if entry.content is None:
        record.note(1, "", f"entry {entry.position} ({entry.kind}) was purged")
        return
    try:
        if not isinstance(entry.content, dict):
            raise TypeError("it holds no members")
        reader(record, entry.content)
    except (KeyError, TypeError, ValueError) as error:
        record.find(1, False, "", f"entry {entry.position} is not what {entry.kind} should be: {error}")


def _pin(record: Record, card: Card) -> None:
    """One card of a peer more.  A later card does not take away what an earlier one certified at its time."""
    line = record.lines.get(card.fingerprint)
    if line is None:
        record.lines[card.fingerprint] = LineRecord(card)
        return
    newest, oldest = sorted((line.card, card), key=lambda one: -one.said.issued_ms)
    roles = newest.said.roles + tuple(role for role in oldest.said.roles if role not in newest.said.roles)
    line.card = msgspec.structs.replace(newest, said=msgspec.structs.replace(newest.said, roles=roles))


def _pinned(record: Record, content: Mapping[str, Any]) -> None:
    try:
        _pin(record, read_card(content["card"]))
    except BadCard as error:
        record.find(2, False, "", f"a card that the journal pinned does not hold: {error}")


def _sealed(record: Record, content: Mapping[str, Any]) -> None:
    _line(record, content).sent_texts.append(str(content["jws"]))


def _received(record: Record, content: Mapping[str, Any]) -> None:
    folded = content["verdict"] == "FOLDED"
    _line(record, content).received_texts.append((str(content["jws"]), int(content["received_utc"]), folded))


def _receipt(record: Record, content: Mapping[str, Any]) -> None:
    _line(record, content).receipts.append(str(content["jws"]))


def _evidence(record: Record, content: Mapping[str, Any]) -> None:
    _line(record, content).kept_evidence.append(f"{content['what']}: {content['text']}")


def _found(record: Record, content: Mapping[str, Any]) -> None:
    if content.get("shared"):
        open_conflicts = record.lines[Fingerprint(content["other_party"])].open_conflicts
        open_conflicts[str(content["pair_id"])] = str(content["conflict_id"])


def _gone(record: Record, content: Mapping[str, Any]) -> None:
    for line in record.lines.values():
        line.open_conflicts.pop(str(content["pair_id"]), None)


def _line(record: Record, content: Mapping[str, Any]) -> LineRecord:
    return record.lines[Fingerprint(content["peer"])]


_READERS: Final[Mapping[str, Callable[[Record, Mapping[str, Any]], None]]] = {
    "PeerPinned": _pinned,
    "StatementSealed": _sealed,
    "StatementRestored": _sealed,
    "StatementReceived": _received,
    "ReceiptKept": _receipt,
    "EvidenceKept": _evidence,
    "ConflictFound": _found,
    "ConflictGone": _gone,
}
"""The kinds of entries that carry evidence.  Source: docs/spec/journal-v1.md."""


def aloud(long_id: str) -> str:
    """An id as desks read it to each other; what is no id is shown by its beginning."""
    try:
        return short_id(long_id)
    except ValueError:
        return long_id[:8]


def counted(count: int, one: str, many: str) -> str:
    """`1 receipt`, `2 receipts`."""
    return f"{count} {one if count == 1 else many}"


def _names(record: Record) -> str:
    return ", ".join(sorted(line.card.name for line in record.lines.values()))
