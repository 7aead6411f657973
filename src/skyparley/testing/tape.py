"""What is known to be durable, what was promised, what was seen: the memory that the checkers judge by.

Everything here is written by the world around a node and never by the node, and outlives its crashes.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any

import msgspec

from skyparley.domain.commands import Outcome
from skyparley.domain.messages.envelope import statement_hash
from skyparley.engine.journal_port import Entry

Number = tuple[int, int]


class Violation(msgspec.Struct, frozen=True):
    """A law that was broken: its checker, when (virtual seconds), and how."""

    law: str
    at_s: float
    text: str


class Trace:
    """A running hash over everything that happened, so that two runs can be compared to the byte."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.lines: list[str] | None = None
        self.count = 0

    def note(self, at_s: float, text: str) -> None:
        line = f"{at_s:.6f} {text}"
        self.count += 1
        self._hash.update(line.encode() + b"\n")
        if self.lines is not None:
            self.lines.append(line)

    def show(self, text: str) -> None:
        """For people who read the trace; it adds nothing to the hash."""
        if self.lines is not None:
            self.lines.append(f"    {text}")

    def digest(self) -> str:
        return self._hash.hexdigest()


@dataclass
class Tape:
    """The durable journal of one node as bytes, with what is asked of it often, and what the node promised."""

    entries: list[Entry] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    """Positions where a batch ended: a backup ends at one of them."""
    sealed: dict[str, int] = field(default_factory=dict)
    """Statement hash -> position, of our statements, restored ones included."""
    received: dict[str, int] = field(default_factory=dict)
    answered: dict[str, int] = field(default_factory=dict)
    """Idempotency key -> position."""
    promised: dict[str, Outcome] = field(default_factory=dict)
    """What desks were answered, by idempotency key."""
    left: dict[tuple[str, Number], str] = field(default_factory=dict)
    """(peer, number) -> hash of every statement that left this node and may be held by somebody."""

    @property
    def position(self) -> int:
        return len(self.entries)

    def keep(self, entries: list[Entry]) -> None:
        """A batch became durable."""
        for entry in entries:
            self.entries.append(entry)
            position = len(self.entries)
            if entry.kind in ("StatementSealed", "StatementRestored"):
                self.sealed[statement_hash(content_of(entry)["jws"])] = position
            elif entry.kind == "StatementReceived":
                self.received[statement_hash(content_of(entry)["jws"])] = position
            elif entry.kind == "CommandAnswered":
                self.answered[content_of(entry)["key"]] = position
        self.batches.append(len(self.entries))

    def cut(self, position: int) -> None:
        """An older backup was put back: what it did not hold cannot be promised any more."""
        del self.entries[position:]
        self.batches = [end for end in self.batches if end <= position]
        for known in (self.sealed, self.received, self.answered):
            for name in [name for name, at in known.items() if at > position]:
                del known[name]
        self.promised = {key: outcome for key, outcome in self.promised.items() if key in self.answered}


def content_of(entry: Entry) -> dict[str, Any]:
    """The plain content of an entry."""
    plain: dict[str, Any] = msgspec.json.decode(entry.content)
    return plain
