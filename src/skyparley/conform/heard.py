"""What the tested node says on its feed, verified as it comes: line-v1 3.5 by our own reading of it.  No I/O."""

from dataclasses import dataclass
from typing import Any, Final

from skyparley.base.canonical import NotCanonical, canonical, parse_canonical
from skyparley.base.ids import digest
from skyparley.conform import schemas
from skyparley.evidence import jws
from skyparley.evidence.card import Card

Number = tuple[int, int]
NOTHING: Final[Number] = (0, 0)
PAYLOAD_BYTES: Final = 64 * 1024  # line-v1 7
DEPTH: Final = 12  # line-v1 7


@dataclass(frozen=True)
class Heard:
    """One statement of the node that holds."""

    text: str
    hash: str
    role: str
    said: dict[str, Any]

    @property
    def number(self) -> Number:
        return (self.said["epoch"], self.said["seq"])

    @property
    def slots(self) -> dict[str, Any]:
        return dict(self.said["slots"])


class HeardFeed:
    """The node's feed to us.  `oddities` are sentences: what it said that the page does not allow, by section."""

    def __init__(self, card: Card, own: str) -> None:
        self._card = card
        self._own = own
        self.statements: dict[Number, Heard] = {}
        self.head: Number = NOTHING
        self.oddities: list[tuple[str, str]] = []
        self._seen: Number = NOTHING
        self._ids: set[str] = set()

    @property
    def head_hash(self) -> str:
        return self.statements[self.head].hash if self.head != NOTHING else ""

    def take(self, text: str) -> str:
        """Puts a statement in its place; the result of line-v1 7.1 for it."""
        heard = self._read(text)
        if heard is None:
            return "REFUSED"
        held = self.statements.get(heard.number)
        if held is not None:
            if held.hash == heard.hash:
                return "DUPLICATE"
            return self._odd("3.3", f"two different statements are numbered {_shown(heard.number)}", "FORK")
        opens = heard.number[0] > self.head[0]
        due = (heard.number[0], 1) if opens else (self.head[0], self.head[1] + 1)
        if heard.number != due:
            return "GAP"
        if heard.said.get("prev", "") != ("" if opens else self.head_hash):
            return self._odd("3.3", f"prev of {_shown(heard.number)} is not the hash of the one before", "BROKEN")
        self._judge(heard, opens)
        self.statements[heard.number] = heard
        self.head = heard.number
        return "RECEIVED"

    def _read(self, text: str) -> Heard | None:
        """Steps 1 to 6 of line-v1 3.5."""
        try:
            parsed = jws.read(text, typ=jws.STATEMENT, key_of=self._card.role_key)
            said = parse_canonical(parsed.payload, max_bytes=PAYLOAD_BYTES, max_depth=DEPTH)
        except (jws.BadSignature, NotCanonical) as error:
            self._odd("3.5", f"a text that is no statement was carried: {error}", "")
            return None
        chain = isinstance(said, dict) and all(_whole(said.get(name)) for name in ("epoch", "seq"))
        if not chain or (said.get("from"), said.get("to")) != (self._card.fingerprint, self._own):
            self._odd("3.5", "a statement of another line, or without its number, was carried", "")
            return None
        return Heard(text, digest(text.encode("ascii")), parsed.kid.role, said)

    def _judge(self, heard: Heard, opens: bool) -> None:
        """What the schema, the kid and `seen` have against it.  The statement takes its place all the same."""
        kind, where = str(heard.said.get("type")), _shown(heard.number)
        if not schemas.known(kind):
            self._odd("4", f"{where} is of a type {kind[:16]!r} that the page does not name", "")
        elif wrong := schemas.what_is_wrong(kind, heard.said):
            self._odd("4", f"{kind} {where}: {wrong}", "")
        if heard.role != heard.said.get("role"):
            self._odd("3.2", f"{kind} {where} says role {heard.said.get('role')} and is signed by {heard.role}", "")
        if str(heard.said.get("msg_id")) in self._ids:
            self._odd("3.1", f"{kind} {where} repeats a msg_id", "")
        self._ids.add(str(heard.said.get("msg_id")))
        seen = heard.said.get("seen")
        number = (seen["epoch"], seen["seq"]) if isinstance(seen, dict) and {"epoch", "seq"} <= set(seen) else NOTHING
        if number < self._seen and not opens:
            self._odd("3.5", f"seen of {where} goes back from {_shown(self._seen)} to {_shown(number)}", "")
        self._seen = number

    def _odd(self, section: str, text: str, result: str) -> str:
        self.oddities.append((section, text))
        return result


def head_of(number: Number, text_hash: str) -> dict[str, Any]:
    """The head of a feed for the wire."""
    return {"epoch": number[0], "seq": number[1], "hash": text_hash}


def canonical_text(value: Any) -> str:
    """Canonical JSON as text."""
    return canonical(value).decode("utf-8")


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _shown(number: Number) -> str:
    return f"{number[0]}/{number[1]}"
