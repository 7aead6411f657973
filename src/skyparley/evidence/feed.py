"""The chain: how statements of one party to one other are numbered and linked, and how a stranger checks a feed.

Each statement carries `epoch` and `seq`, the hash of the one before it (`prev`) and the last one heard on the opposite
feed (`seen`).  All four are under the signature, so a feed cannot lose, swap, gain or change a statement unnoticed.
What a feed cannot show by itself is that its end was cut off: compare its head with what the other side has `seen`.
Source: DESIGN "The line protocol"; DOMAIN 10.1; docs/spec/line-v1.md 3.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Final, Literal

import msgspec

from skyparley.base import limits
from skyparley.base.canonical import NotCanonical, parse_canonical
from skyparley.base.ids import Fingerprint, digest
from skyparley.evidence import jws
from skyparley.evidence.card import Card
from skyparley.evidence.keys import KEY_ID_CHARS, Kid

PROTO: Final = "skyparley/1"

STEPS: Final = {
    1: "Each line is a compact JWS of ours, within its size.",
    2: "Its typ is skyparley-statement.",
    3: "Its kid names the card's party, and a role key that the card certifies.",
    4: "That key signed it.",
    5: "Its payload is canonical JSON and has proto, epoch, seq, prev, seen, from, to and msg_id as they should be.",
    6: "It is from the card's party and to the given peer.",
    7: "Its seq is one more than that of the statement before it, or 1 in a later epoch, and no number was used twice.",
    8: "Its prev is the SHA-256 of the statement before it, and is absent where seq is 1.",
    9: "Within an epoch its seen never goes back, and never names two hashes under one number.",
}
"""How a feed is verified.  A Problem names its step; steps 1 to 6 look at one statement, 7 to 9 at the chain."""

NEXT: Final = "NEXT"
NEW_EPOCH: Final = "NEW_EPOCH"
DUPLICATE: Final = "DUPLICATE"
FORK: Final = "FORK"
GAP: Final = "GAP"
BROKEN: Final = "BROKEN"
OUT_OF_ORDER: Final = "OUT_OF_ORDER"

_Hash = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}\Z")]
_Count = Annotated[int, msgspec.Meta(ge=1)]
_Uuid = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\Z")]


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last statement of a feed, and the form of `seen` on the wire."""

    epoch: _Count
    seq: _Count
    hash: _Hash


class Link(msgspec.Struct, frozen=True):
    """A statement's place in its chain.  `prev` is "" where it is absent on the wire: at the start of an epoch."""

    epoch: int
    seq: int
    prev: str
    hash: str

    @property
    def head(self) -> Head:
        """The feed's head once this is its last statement."""
        return Head(self.epoch, self.seq, self.hash)


class Statement(msgspec.Struct, frozen=True):
    """A statement that passed steps 1 to 6: this key said it on this line.  Its place is not judged yet."""

    text: str
    kid: Kid
    link: Link
    seen: Head | None
    fields: dict[str, Any]


class Problem(msgspec.Struct, frozen=True):
    """What is wrong with one statement.  `place` counts the statements as given from 0; `step` is a key of STEPS."""

    place: int
    step: int
    code: str
    text: str


class FeedReport(msgspec.Struct, frozen=True):
    """`count` statements are the party's own (steps 1 to 6), forks included; the chain ends at `head`.

    `epochs` are those that the feed opened, in order: each after the first was an act of two people; look at it.
    """

    count: int
    head: Head | None
    epochs: tuple[int, ...]
    problems: tuple[Problem, ...]

    @property
    def holds(self) -> bool:
        """Whether every statement passed every step.  An empty feed holds."""
        return not self.problems


class BadStatement(ValueError):
    """A text that is no statement of this line.  `step` is a key of STEPS, `code` is for machines."""

    def __init__(self, step: int, code: str, text: str) -> None:
        super().__init__(text)
        self.step = step
        self.code = code


class _Envelope(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """The fields that the chain needs.  What else there may be is the business of the meaning."""

    proto: Literal["skyparley/1"]
    epoch: _Count
    seq: _Count
    from_: str
    to: str
    msg_id: _Uuid
    prev: _Hash = ""
    seen: Head | None = None


def statement_hash(text: str) -> str:
    """What `prev` and `seen` say of a statement: SHA-256 of its compact JWS, ASCII, in base64url."""
    return digest(text.encode("ascii"))


def next_link(head: Head | None, *, open_epoch: int = 1) -> tuple[int, int, str]:
    """epoch, seq and prev ("" for absent) of the statement that comes after `head`.

    `open_epoch` above the head's own begins that epoch; the very first statement of a feed begins it in any case.
    """
    if head is None or open_epoch > head.epoch:
        return (open_epoch, 1, "")
    return (head.epoch, head.seq + 1, head.hash)


def judge_link(head: Head | None, link: Link, kept: str | None) -> str:
    """Where a link stands to a chain that ends at `head`.  Source: docs/spec/line-v1.md 3.3.

    `kept` is the hash that we hold under the link's own epoch and seq, or None.  Returns one of:
    NEXT          it follows; so does the very first, of any epoch
    NEW_EPOCH     it follows, and opens a later epoch: raise it to people
    DUPLICATE     this text is held already
    FORK          another text is held under its number
    GAP           statements are missing before it
    BROKEN        next in number, but on another predecessor than the head
    OUT_OF_ORDER  it comes before the head and was never held
    """
    if kept is not None:
        return DUPLICATE if kept == link.hash else FORK
    opens = head is None or link.epoch > head.epoch
    due = 1 if head is None or opens else head.seq + 1
    prev = "" if head is None or opens else head.hash
    if (head is not None and link.epoch < head.epoch) or link.seq < due:
        return OUT_OF_ORDER
    if link.seq > due:
        return GAP
    if link.prev != prev:
        return BROKEN
    return NEW_EPOCH if head is not None and opens else NEXT


def judge_seen(before: Head | None, now: Head | None) -> str:
    """What is wrong with `seen`, given what the party said before: SEEN_BACK, SEEN_FORK, or "" for nothing."""
    if before is None:
        return ""
    if now is None or (now.epoch, now.seq) < (before.epoch, before.seq):
        return "SEEN_BACK"
    if (now.epoch, now.seq) == (before.epoch, before.seq) and now.hash != before.hash:
        return "SEEN_FORK"
    return ""


def read_statement(text: str, card: Card, to: Fingerprint) -> Statement:
    """One statement from the card's party to `to`, verified by steps 1 to 6.  Raises BadStatement at the first to fail.

    Whether the key may sign at the time of the statement is the caller's to judge: `card.role(kid).valid_at(...)`.
    """
    try:
        parsed = jws.read(text, typ=jws.STATEMENT, key_of=card.role_key)
    except jws.BadSignature as error:
        step = {"NOT_JWS": 1, "WRONG_TYPE": 2, "UNKNOWN_KEY": 3, "BAD_SIGNATURE": 4}[error.code]
        raise BadStatement(step, error.code, str(error)) from None
    try:
        fields = parse_canonical(parsed.payload, max_bytes=limits.STATEMENT_BYTES, max_depth=limits.JSON_DEPTH)
        envelope = msgspec.convert(fields, _Envelope)
    except NotCanonical as error:
        raise BadStatement(5, "NOT_CANONICAL", str(error)) from None
    except msgspec.ValidationError as error:
        raise BadStatement(5, "BAD_ENVELOPE", str(error)) from None
    if envelope.from_ != card.fingerprint:
        raise BadStatement(6, "WRONG_LINE", "it says that it is from another party than the one that signed it")
    if envelope.to != to:
        raise BadStatement(6, "WRONG_LINE", "it is addressed to another party")
    link = Link(envelope.epoch, envelope.seq, envelope.prev, statement_hash(text))
    return Statement(text, parsed.kid, link, envelope.seen, fields)


def verify_feed(texts: Iterable[str], card: Card, peer: Fingerprint) -> FeedReport:
    """Judges a whole feed from its first statement: from the card's party to `peer`, in the order of its numbers.

    Each statement is judged by STEPS and has at most one problem of steps 1 to 8 and one of step 9.  After a gap or a
    broken chain it goes on from there, so that one cut is one problem; a text that fails steps 1 to 6 is passed
    over, and what follows it shows the gap.
    """
    head: Head | None = None
    heard: Head | None = None
    hashes: dict[tuple[int, int], str] = {}
    problems: list[Problem] = []
    epochs: list[int] = []
    count = 0
    for place, text in enumerate(texts):
        try:
            statement = read_statement(text, card, peer)
        except BadStatement as error:
            problems.append(Problem(place, error.step, error.code, str(error)))
            continue
        count += 1
        link = statement.link
        verdict = judge_link(head, link, hashes.get((link.epoch, link.seq)))
        if verdict not in (NEXT, NEW_EPOCH):
            step = 8 if verdict == BROKEN else 7
            problems.append(Problem(place, step, verdict, f"{_said(link.head)} stands after {_said(head)}"))
        if verdict in (DUPLICATE, FORK, OUT_OF_ORDER):
            continue
        hashes[(link.epoch, link.seq)] = link.hash
        head = link.head
        if not epochs or link.epoch != epochs[-1]:
            epochs.append(link.epoch)
            heard = None  # Who opens an epoch may have lost what it had heard: that is what epochs are for.
        if back := judge_seen(heard, statement.seen):
            problems.append(Problem(place, 9, back, f"it has seen {_said(statement.seen)} after {_said(heard)}"))
        else:
            heard = statement.seen
    return FeedReport(count, head, tuple(epochs), tuple(problems))


def _said(head: Head | None) -> str:
    """A place in a chain for people."""
    return "nothing" if head is None else f"statement {head.seq} of epoch {head.epoch} ({head.hash[:KEY_ID_CHARS]})"
