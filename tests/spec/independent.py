"""A second implementation of verification: reads a node's folder, or two, and says what they prove.

Usage: python independent.py FOLDER [FOLDER]

Written from docs/spec/line-v1.md and docs/spec/journal-v1.md alone.  It imports nothing of the package that it
judges: only the standard library and cryptography.  It is one file, so that it can be handed to a stranger.
It is longer than our files are for that reason.  Exit code 0: all holds; 1: something does not.
"""

import base64
import contextlib
import hashlib
import json
import re
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

Json = dict[str, Any]
Number = tuple[int, int]
KIB = 1024
HASH = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
KID = re.compile(r"([A-Za-z0-9_-]{43})/(party|desk|machine|supervisor|exercise)/([A-Za-z0-9_-]{11})", re.ASCII)
KIND = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}", re.ASCII)
MEANS = "NO CONFLICT SEEN UNDER THESE TERMS"


class Wrong(Exception):
    """Something does not hold.  `code` is that of the specification where it gives one."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


# --- line-v1 1: primitives ---------------------------------------------------------------------------------------


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_b64(text: str) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise Wrong("NOT_JWS", "not base64url") from None
    if b64(raw) != text:
        raise Wrong("NOT_JWS", "not base64url without padding, last bits zero")
    return raw


def digest(data: bytes) -> str:
    return b64(hashlib.sha256(data).digest())


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not a whole number")


def read_canonical(data: bytes, *, max_bytes: int = 64 * KIB, max_depth: int = 12) -> Any:
    """Parse, and require that the bytes are what canonical() makes of the result."""
    if len(data) > max_bytes:
        raise Wrong("NOT_CANONICAL", f"{len(data)} bytes")
    try:
        value = json.loads(data.decode(), parse_float=_no_number, parse_constant=_no_number)
        _subset(value, max_depth)
        same = canonical(value) == data
    except (ValueError, RecursionError) as error:
        raise Wrong("NOT_CANONICAL", str(error)) from None
    if not same:
        raise Wrong("NOT_CANONICAL", "not in canonical form")
    return value


def _subset(value: Any, depth: int) -> None:
    match value:
        case dict() | list():
            if depth == 0:
                raise ValueError("nested too deep")
            inner = value.values() if isinstance(value, dict) else value
            if isinstance(value, dict) and not all(key.isascii() for key in value):
                raise ValueError("a key is not ASCII")
            for one in inner:
                _subset(one, depth - 1)
        case str():
            if re.search(r"[\x00-\x1f\x7f]", value):
                raise ValueError("a control character")
        case bool():
            pass
        case int():
            if abs(value) > 2**53 - 1:
                raise ValueError(f"{value} is too large")
        case _:
            raise ValueError("null is not allowed")


P = 2**255 - 19
_ORDER_8 = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")


def is_sound(key: bytes) -> bool:
    y = int.from_bytes(key, "little") & (2**255 - 1)
    return len(key) == 32 and y < P and y not in (0, 1, P - 1, _ORDER_8, P - _ORDER_8)


def thumbprint(key: bytes) -> str:
    return digest(canonical({"crv": "Ed25519", "kty": "OKP", "x": b64(key)}))


def read_jws(
    text: str, typ: str, key_of: Callable[[str], bytes | None], max_bytes: int = 64 * KIB
) -> tuple[str, bytes]:
    """The kid and payload of a signed text, by line-v1 1.4 and steps 1 to 4 of 3.5."""
    parts = text.split(".")
    if len(text) > max_bytes or len(parts) != 3 or len(parts[0]) > 256 or not parts[1] or not text.isascii():
        raise Wrong("NOT_JWS", "not a compact JWS of this protocol")
    try:
        header = read_canonical(from_b64(parts[0]), max_depth=1)
    except Wrong as error:
        raise Wrong("NOT_JWS", f"header: {error}") from None
    named = isinstance(header, dict) and set(header) == {"alg", "kid", "typ"} and header["alg"] == "Ed25519"
    if not named or not isinstance(header["kid"], str) or KID.fullmatch(header["kid"]) is None:
        raise Wrong("NOT_JWS", "the header is not alg Ed25519, kid, typ")
    payload, signature = from_b64(parts[1]), from_b64(parts[2])
    if len(signature) != 64:
        raise Wrong("NOT_JWS", "not an Ed25519 signature")
    if header["typ"] != typ:
        raise Wrong("WRONG_TYPE", f"typ {header['typ']}")
    key = key_of(header["kid"])
    if key is None:
        raise Wrong("UNKNOWN_KEY", header["kid"])
    if not is_sound(key):
        raise Wrong("BAD_SIGNATURE", "the key is not sound")
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, f"{parts[0]}.{parts[1]}".encode())
    except (InvalidSignature, ValueError):
        raise Wrong("BAD_SIGNATURE", header["kid"]) from None
    return header["kid"], payload


def need(holds: bool, code: str, text: str) -> None:
    if not holds:
        raise Wrong(code, text)


def whole(value: Any, least: int = 0) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def is_hash(value: Any) -> bool:
    return isinstance(value, str) and HASH.fullmatch(value) is not None


# --- line-v1 2: cards --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Card:
    name: str
    fingerprint: str
    keys: dict[str, tuple[bytes, int, int]]
    """kid -> key, from, until."""

    def key_of(self, kid: str) -> bytes | None:
        return self.keys[kid][0] if kid in self.keys else None

    def may_sign(self, kid: str, at: int) -> bool:
        _, since, until = self.keys[kid]
        return since <= at < until


def read_card(text: str) -> Card:
    """A card by the steps of line-v1 2, but for the time."""
    try:
        return _read_card(text)
    except (KeyError, TypeError, AttributeError) as error:
        raise Wrong("CARD_FORM", f"a member is missing or of another type: {error}") from None


def _read_card(text: str) -> Card:
    claimed: Json = {}

    def party_key(kid: str) -> bytes | None:
        # The card names the key that signed it; that the kid is that key's is looked at before the signature.
        claimed.update(read_canonical(from_b64(text.split(".")[1]), max_bytes=16 * KIB, max_depth=4))
        key = from_b64(claimed["party_key"])
        print_ = thumbprint(key)
        need(kid == f"{print_}/party/{print_[:11]}", "CARD_PARTY_KEY", "signed in the name of another key")
        return key

    read_jws(text, "skyparley-card", party_key, 16 * KIB)
    members = {"card", "name", "party_key", "roles", "bearers", "clock", "issued"}
    need(set(claimed) - {"seals"} == members, "CARD_FORM", "members")
    need(
        claimed["card"] == 1 and claimed["clock"] in ("REAL", "SCALED") and whole(claimed["issued"]),
        "CARD_FORM",
        "values",
    )
    need(re.fullmatch(r"[A-Z0-9-]{1,16}", claimed["name"], re.ASCII) is not None, "CARD_NAME", claimed["name"])
    print_ = thumbprint(from_b64(claimed["party_key"]))
    keys: dict[str, tuple[bytes, int, int]] = {}
    used = {claimed["party_key"]}
    need(1 <= len(claimed["roles"]) <= 64 and len(claimed["bearers"]) <= 8, "CARD_FORM", "too many or none")
    for one in claimed["roles"]:
        need(set(one) == {"role", "key", "from", "until"} and one["role"] in ROLES, "CARD_ROLES", "form")
        key = from_b64(one["key"])
        need(is_sound(key) and one["key"] not in used, "CARD_ROLES", "a key is not sound, or stands twice")
        need(
            whole(one["from"]) and whole(one["until"]) and one["from"] < one["until"], "CARD_ROLES", "valid at no time"
        )
        used.add(one["key"])
        keys[f"{print_}/{one['role']}/{thumbprint(key)[:11]}"] = (key, one["from"], one["until"])
    if "seals" in claimed:
        _check_seals(claimed["seals"])
    for bearer in claimed["bearers"]:
        _check_bearer(bearer)
    return Card(claimed["name"], print_, keys)


ROLES = ("desk", "machine", "supervisor", "exercise")


def _check_seals(seals: list[Json]) -> None:
    need(1 <= len(seals) <= 16, "CARD_FORM", "too many seal keys, or none")
    for place, one in enumerate(seals):
        need(set(one) == {"key", "from", "until"}, "CARD_FORM", "a seal key's members")
        need(whole(one["from"]) and whole(one["until"]) and one["from"] < one["until"], "CARD_SEALS", "for no time")
        need(one["key"] not in [other["key"] for other in seals[:place]], "CARD_SEALS", "a key stands twice")
        key = from_b64(one["key"])
        need(len(key) == 32 and int.from_bytes(key, "little") < 2**255 - 19, "CARD_SEALS", "not 32 bytes of a number")
        try:
            X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(key))
        except ValueError:
            raise Wrong("CARD_SEALS", "a seal key of small order") from None


def _check_bearer(bearer: Json) -> None:
    need(set(bearer) == {"kind", "url"} and bearer["kind"] == "http", "CARD_BEARERS", "form")
    text = bearer["url"]
    try:
        url = urlsplit(text)
        usable = url.scheme in ("http", "https") and bool(url.hostname) and "@" not in url.netloc and url.port != 0
    except ValueError:
        usable = False
    printable = re.fullmatch(r"[!-~]{1,256}", text) is not None and "?" not in text and "#" not in text
    need(usable and printable, "CARD_BEARERS", text)


# --- line-v1 3: feeds --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Statement:
    """A statement that passed steps 1 to 6."""

    kid: str
    hash: str
    said: Json

    @property
    def number(self) -> Number:
        return (self.said["epoch"], self.said["seq"])

    @property
    def seen(self) -> tuple[Number, str]:
        """The number and hash of the last statement heard; (0, 0) and "" when there is none."""
        seen = self.said.get("seen")
        return ((seen["epoch"], seen["seq"]), seen["hash"]) if seen else ((0, 0), "")


def read_statement(text: str, card: Card, to: str) -> Statement:
    """Steps 1 to 6 of line-v1 3.5."""
    kid, payload = read_jws(text, "skyparley-statement", card.key_of)
    said = read_canonical(payload)
    need(isinstance(said, dict), "BAD_ENVELOPE", "not an object")
    need(said.get("proto") == "skyparley/1", "BAD_ENVELOPE", "proto")
    need(whole(said.get("epoch"), 1) and whole(said.get("seq"), 1), "BAD_ENVELOPE", "epoch or seq")
    need("prev" not in said or is_hash(said["prev"]), "BAD_ENVELOPE", "prev")
    need("seen" not in said or _is_head(said["seen"]), "BAD_ENVELOPE", "seen")
    need(is_hash(said.get("from")) and is_hash(said.get("to")), "BAD_ENVELOPE", "from or to")
    need(isinstance(said.get("msg_id"), str) and bool(UUID.fullmatch(said["msg_id"])), "BAD_ENVELOPE", "msg_id")
    need((said["from"], said["to"]) == (card.fingerprint, to), "WRONG_LINE", "another line")
    return Statement(kid, digest(text.encode()), said)


def _is_head(value: Any) -> bool:
    if not isinstance(value, dict) or set(value) != {"epoch", "seq", "hash"}:
        return False
    return whole(value["epoch"], 1) and whole(value["seq"], 1) and is_hash(value["hash"])


class Feed:
    """A feed as it is read, one text after another, by line-v1 3.5."""

    def __init__(self) -> None:
        self.held: dict[Number, Statement] = {}
        self.head: Number = (0, 0)
        self.head_hash = ""
        self.epochs: list[int] = []
        self._heard: tuple[Number, str] = ((0, 0), "")

    def take(self, text: str, card: Card, to: str) -> tuple[Statement | None, list[str]]:
        """The statement where it took a place, and the codes of what is wrong with it."""
        try:
            statement = read_statement(text, card, to)
        except Wrong as error:
            return None, [error.code]
        (epoch, seq), head = statement.number, self.head
        held = self.held.get(statement.number)
        if held is not None:
            return None, ["DUPLICATE" if held.hash == statement.hash else "FORK"]
        opens = epoch > head[0]
        due, prev = (1, "") if opens else (head[1] + 1, self.head_hash)
        if epoch < head[0] or seq < due:
            return None, ["OUT_OF_ORDER"]
        found = []
        if seq > due:
            found = ["GAP"]
        elif statement.said.get("prev", "") != prev:
            found = ["BROKEN"]
        if opens:
            self.epochs.append(epoch)
            self._heard = ((0, 0), "")
        (number, hash_), (before, before_hash) = statement.seen, self._heard
        if number < before:
            found.append("SEEN_BACK")
        elif number == before and hash_ != before_hash:
            found.append("SEEN_FORK")
        else:
            self._heard = (number, hash_)
        self.held[statement.number] = statement
        self.head, self.head_hash = statement.number, statement.hash
        return statement, found


def verify_feed(texts: Iterable[str], card: Card, to: str) -> tuple[Feed, list[tuple[int, str]]]:
    """A whole feed: what it holds, and what is wrong with it, by place and code."""
    feed = Feed()
    problems = [(place, code) for place, text in enumerate(texts) for code in feed.take(text, card, to)[1]]
    return feed, problems


# --- line-v1 6, 8, 9: receipts, ids, agreements ------------------------------------------------------------------


def read_receipt(text: str, card: Card, to: str) -> Json:
    kid, payload = read_jws(text, "skyparley-receipt", card.key_of)
    said = read_canonical(payload)
    members = {"proto", "from", "to", "epoch", "seq", "hash", "msg_id", "received_utc", "bearer"}
    need(isinstance(said, dict) and set(said) - {"lead_class"} == members, "RECEIPT", "members")
    need((said["from"], said["to"]) == (card.fingerprint, to), "WRONG_LINE", "a receipt of another line")
    need(kid.split("/")[1] == "machine", "RECEIPT", "a receipt is signed by the machine")
    need(said.get("lead_class", "LATE") in ("PLANNED", "SHORT", "IMMEDIATE", "LATE"), "RECEIPT", "lead_class")
    return dict(said)


Side = tuple[str, str, int]
"""Party, notice id, version."""


def ids_of(one: Side, two: Side, table_hash: str) -> tuple[str, str]:
    """pair_id and conflict_id by line-v1 8.1."""
    first, second = sorted((one, two))
    pair = digest(canonical(["skyparley-pair/1", list(first[:2]), list(second[:2])]))
    return pair, digest(canonical(["skyparley-conflict/1", pair, first[2], second[2], table_hash]))


def sides_of(refs: list[Json]) -> tuple[Side, Side]:
    one, two = ((ref["party"], ref["id"], ref["version"]) for ref in refs)
    need((one[0], one[1]) < (two[0], two[1]), "IDS", "the two notices are not sorted")
    return one, two


def check_signature(detached: str, text: bytes, card: Card) -> None:
    """A detached signature under an agreement by a desk key of the card."""
    head, empty, tail = detached.split(".")
    need(empty == "", "AGREEMENT", "the signature is not detached")
    kid, _ = read_jws(f"{head}.{b64(text)}.{tail}", "skyparley-agreement", card.key_of)
    need(kid.split("/")[1] == "desk", "AGREEMENT", "not signed by a desk")


# --- journal-v1 1 to 3 -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    position: int
    kind: str
    at: int
    content: Json | None


FORM = (
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE entry(position INTEGER PRIMARY KEY, header BLOB NOT NULL, salt BLOB, content BLOB) STRICT",
    "CREATE TRIGGER entry_only_appended BEFORE INSERT ON entry WHEN NEW.position IS NOT (SELECT "
    "coalesce(max(position), 0) + 1 FROM entry) BEGIN SELECT RAISE(ABORT, 'an entry is appended behind the "
    "last one'); END",
    "CREATE TRIGGER entry_never_deleted BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'a journal is "
    "append-only'); END",
    "CREATE TRIGGER entry_only_purged BEFORE UPDATE ON entry WHEN NEW.position IS NOT OLD.position OR "
    "NEW.header IS NOT OLD.header OR OLD.salt IS NULL OR OLD.content IS NULL OR NEW.salt IS NOT NULL OR "
    "NEW.content IS NOT NULL BEGIN SELECT RAISE(ABORT, 'an entry changes only by a purge of its salt and "
    "content'); END",
    "CREATE TRIGGER meta_never_deleted BEFORE DELETE ON meta BEGIN SELECT RAISE(ABORT, 'a journal is "
    "append-only'); END",
    "CREATE TRIGGER meta_only_head BEFORE UPDATE ON meta WHEN OLD.key IS NOT 'head' OR NEW.key IS NOT 'head' "
    "BEGIN SELECT RAISE(ABORT, 'only the head mark moves'); END",
)
"""The schema of journal-v1 3.2, in its spelling."""


def read_journal(path: Path) -> tuple[list[Entry], str]:
    """Every entry and the head's hash, verified by journal-v1 2 and 3.  Raises Wrong naming the first position."""
    uri = f"file:{quote(str(path))}?mode=ro"
    try:
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as db:
            return _read_journal(db)
    except (sqlite3.Error, UnicodeDecodeError, OverflowError) as error:
        raise Wrong("JOURNAL", f"{path.name}: {error}") from None


def _read_journal(db: sqlite3.Connection) -> tuple[list[Entry], str]:
    (application,), (version,) = (
        db.execute("PRAGMA application_id").fetchone(),
        db.execute("PRAGMA user_version").fetchone(),
    )
    need((application, version) == (0x534B5031, 1), "JOURNAL", "not a journal of version 1")
    need(db.execute("PRAGMA quick_check").fetchone() == ("ok",), "JOURNAL", "the file is damaged")
    schema = {sql for (sql,) in db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")}
    need(schema == set(FORM), "JOURNAL", "the schema differs")
    meta = dict(db.execute("SELECT key, value FROM meta"))
    need(set(meta) == {"journal", "head"}, "JOURNAL", "meta")
    entries: list[Entry] = []
    before = ""
    rows = db.execute("SELECT position, header, salt, content FROM entry ORDER BY position")
    for place, (position, header, salt, content) in enumerate(rows, 1):
        need(position == place, "JOURNAL", f"position {position} where {place} is due")
        try:
            entries.append(_entry(position, header, salt, content, before))
        except (Wrong, KeyError, TypeError) as error:
            raise Wrong("JOURNAL", f"position {position}: {error}") from None
        before = digest(header)
    need(meta["head"] == f"{len(entries)} {before}", "JOURNAL", "the head mark names another end")
    return entries, before


def _entry(position: int, header: bytes, salt: bytes | None, content: bytes | None, before: str) -> Entry:
    said = read_canonical(header)
    need(isinstance(said, dict), "JOURNAL", "the header is not an object")
    members = {"v", "pos", "kind", "schema", "at", "content"} | ({"prev"} if before else set())
    need(set(said) == members and said["v"] == 1 and said["pos"] == position, "JOURNAL", "the header's members")
    need(said.get("prev", "") == before, "JOURNAL", "prev is not the hash of the header before")
    need(
        KIND.fullmatch(said["kind"]) is not None and whole(said["schema"], 1) and whole(said["at"]), "JOURNAL", "values"
    )
    need((salt is None) == (content is None), "JOURNAL", "half purged")
    if salt is None or content is None:
        return Entry(position, said["kind"], said["at"], None)
    need(len(salt) == 16 and 1 <= len(content) <= KIB * KIB, "JOURNAL", "salt or content has another length")
    need(said["content"] == digest(salt + content), "JOURNAL", "the content is not what its hash says")
    return Entry(position, said["kind"], said["at"], dict(read_canonical(content, max_bytes=KIB * KIB, max_depth=99)))


# --- journal-v1 7: a folder --------------------------------------------------------------------------------------


@dataclass
class Version:
    """Which version of a notice a line holds, and what set each."""

    current: int
    set_by: dict[int, tuple[str, Number]]
    agreed: Statement | None = None
    """The AGR that set the current version, where one did."""


@dataclass
class Line:
    """Everything between the node and one peer, as its journal tells it."""

    card: Card
    ours: Feed = field(default_factory=Feed)
    theirs: Feed = field(default_factory=Feed)
    refused: set[str] = field(default_factory=set)
    receipted: set[Number] = field(default_factory=set)
    versions: dict[tuple[str, str], Version] = field(default_factory=dict)
    agreements: dict[str, Json] = field(default_factory=dict)
    false_seen: set[str] = field(default_factory=set)

    def by_hash(self) -> dict[str, Statement]:
        return {one.hash: one for feed in (self.ours, self.theirs) for one in feed.held.values()}


@dataclass
class Folder:
    """What a node's folder says, and everything that is wrong with it."""

    card: Card
    entries: list[Entry]
    head: str
    lines: dict[str, Line] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    found: dict[str, Json] = field(default_factory=dict)
    """Open shared conflicts by pair."""
    past: set[str] = field(default_factory=set)
    purged: int = 0


def verify_folder(path: Path) -> Folder:
    """A node's folder by the steps of journal-v1 7.  Raises Wrong when there is nothing to go on with."""
    entries, head = read_journal(path / "journal.db")
    own = read_card((path / "own.card").read_text(encoding="ascii").strip())
    folder = Folder(own, entries, head)
    for entry in entries:
        if entry.content is None:
            folder.purged += 1
            continue
        try:
            _take(folder, entry, entry.content)
        except Wrong as error:
            folder.problems.append(f"position {entry.position} {entry.kind}: {error.code}: {error}")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            folder.problems.append(f"position {entry.position} {entry.kind}: FORM: {error!r}")
    return folder


def _take(folder: Folder, entry: Entry, content: Json) -> None:
    match entry.kind:
        case "PeerPinned":
            card = read_card(content["card"])
            line = folder.lines.setdefault(card.fingerprint, Line(card))
            line.card = card
        case "StatementSealed" | "StatementRestored":
            _take_ours(folder, folder.lines[content["peer"]], entry, content["jws"])
        case "StatementReceived":
            _take_theirs(folder, folder.lines[content["peer"]], content)
        case "ReceiptKept":
            _take_receipt(folder, folder.lines[content["peer"]], content["jws"])
        case "EvidenceKept" if content["what"] == "SEEN_FALSE":
            folder.lines[content["peer"]].false_seen.add(digest(content["jws"].encode()))
        case "ConflictFound":
            _take_found(folder, content)
        case "ConflictGone":
            folder.found.pop(content["pair_id"], None)
            if content["cause"] == "PAST":
                folder.past.add(content["pair_id"])


def _take_ours(folder: Folder, line: Line, entry: Entry, text: str) -> None:
    statement, found = line.ours.take(text, folder.card, line.card.fingerprint)
    need(not found and statement is not None, "OUR_FEED", ", ".join(found))
    assert statement is not None
    number, hash_ = statement.seen
    if entry.kind == "StatementSealed":
        need(folder.card.may_sign(statement.kid, entry.at), "UNKNOWN_KEY", "sealed outside the key's time")
        need((number, hash_) == (line.theirs.head, line.theirs.head_hash), "SEEN", "seen is not the head of theirs")
    else:
        need(number == (0, 0) or line.theirs.held[number].hash == hash_, "SEEN", "seen names what was not received")
    _mean(folder, line, statement, of_theirs=False)


def _take_theirs(folder: Folder, line: Line, content: Json) -> None:
    statement, found = line.theirs.take(content["jws"], line.card, folder.card.fingerprint)
    need(not found and statement is not None, "THEIR_FEED", ", ".join(found))
    assert statement is not None
    need(line.card.may_sign(statement.kid, content["received_utc"]), "UNKNOWN_KEY", "received outside the key's time")
    number, hash_ = statement.seen
    ours = line.ours.held.get(number)
    true = number == (0, 0) or number[0] < line.ours.head[0] or (ours is not None and ours.hash == hash_)
    need(true or statement.hash in line.false_seen, "SEEN", "it has seen a statement that we never sent")
    need(content["verdict"] in ("FOLDED", "REFUSED"), "FORM", "verdict")
    if content["verdict"] == "FOLDED":
        _mean(folder, line, statement, of_theirs=True)
    else:
        line.refused.add(statement.hash)


def _take_receipt(folder: Folder, line: Line, text: str) -> None:
    said = read_receipt(text, line.card, folder.card.fingerprint)
    number = (said["epoch"], said["seq"])
    sent = line.ours.held.get(number)
    need(sent is not None, "RECEIPT", f"for {number}, which was not sent")
    assert sent is not None
    need((sent.hash, sent.said["msg_id"]) == (said["hash"], said["msg_id"]), "RECEIPT", "for another text")
    line.receipted.add(number)


def _take_found(folder: Folder, content: Json) -> None:
    own = (folder.card.fingerprint, content["own_id"], content["own_version"])
    other = (content["other_party"], content["other_id"], content["other_version"])
    tables = {one.said["table_hash"] for line in folder.lines.values() for one in line.ours.held.values()}
    said = (content["pair_id"], content["conflict_id"])
    need(
        not tables or any(ids_of(own, other, table) == said for table in tables), "IDS", "not the ids of these notices"
    )
    if content.get("shared"):
        folder.found[content["pair_id"]] = content


# --- journal-v1 7, steps 6 to 8: what statements mean ------------------------------------------------------------


def _mean(folder: Folder, line: Line, statement: Statement, *, of_theirs: bool) -> None:
    said = statement.said
    need(statement.kid.split("/")[1] == said["role"], "ROLE", f"signed by {statement.kid.split('/')[1]}")
    slots, party = said["slots"], said["from"]
    match said["type"]:
        case "NTC":
            need((party, slots["id"]) not in line.versions, "VERSION", f"{slots['id']} was told before")
            _check_key(folder, line, statement, of_theirs=of_theirs)
            line.versions[(party, slots["id"])] = Version(
                said["version"], {said["version"]: (statement.hash, statement.number)}
            )
        case "NCH":
            held = line.versions[(party, slots["id"])]
            later = said["class"] != "COORD" and said["version"] > held.current
            need(said["version"] == held.current + 1 or later, "VERSION", f"{slots['id']} is at {held.current}")
            _check_key(folder, line, statement, of_theirs=of_theirs)
            held.current, held.agreed = said["version"], None
            held.set_by[held.current] = (statement.hash, statement.number)
        case "NCX" | "NACT" | "NEND":
            held = line.versions[(party, slots["id"])]
            crossed = (
                held.agreed is not None and held.agreed.said["from"] != party and held.agreed.number > statement.seen[0]
            )
            need(said["version"] == held.current - crossed, "VERSION", f"{slots['id']} is at {held.current}")
        case "CFL":
            one, two = sides_of(slots["notices"])
            need(ids_of(one, two, said["table_hash"]) == (slots["pair_id"], slots["conflict_id"]), "IDS", "of CFL")
        case "PRO" | "CPR":
            one, two = sides_of(slots["notices"])
            ids = (said["dialog_id"], slots["conflict_id"])
            need(ids_of(one, two, said["table_hash"]) == ids, "IDS", f"of {said['type']}")
        case "AGR":
            _check_agreement(folder, line, statement)
        case "ERR":
            _check_err(line.ours if of_theirs else line.theirs, said)


def _check_key(folder: Folder, line: Line, statement: Statement, *, of_theirs: bool) -> None:
    """Each entry names a version of the receiver's, held by the sender, and what set it."""
    receiver = folder.card.fingerprint if of_theirs else line.card.fingerprint
    seen, _ = statement.seen
    ids = [entry["id"] for entry in statement.said["slots"]["key"]]
    need(ids == sorted(set(ids)), "KEY", "not sorted")
    for entry in statement.said["slots"]["key"]:
        held = line.versions.get((receiver, entry["id"]))
        setter = held.set_by.get(entry["version"]) if held else None
        need(setter is not None, "KEY", f"{entry['id']} v{entry['version']} is not held")
        assert setter is not None
        need(setter[0] == entry["hash"], "KEY", f"{entry['id']} v{entry['version']} was set by another")
        need(setter[1] <= seen, "KEY", f"{entry['id']} v{entry['version']} was not seen yet")


def _check_err(about: Feed, said: Json) -> None:
    slots = said["slots"]
    held = about.held.get((slots["epoch"], slots["seq"]))
    need(held is not None and held.hash == slots["hash"], "ERR", "about a statement that is not there")
    assert held is not None
    need(said.get("reply_to") == held.said["msg_id"], "ERR", "reply_to is another's")


def _check_agreement(folder: Folder, line: Line, statement: Statement) -> None:
    """An AGR by journal-v1 7, step 8; then the new versions take effect."""
    slots, text = statement.said["slots"], statement.said["slots"]["agreement"]
    need(slots["agreement_id"] == digest(canonical(text)), "AGREEMENT", "agreement_id is not the hash of the text")
    parties = {folder.card.fingerprint: folder.card, line.card.fingerprint: line.card}
    need(text["agreement"] == 1 and text["means"] == MEANS, "AGREEMENT", "what it means")
    need({text["proposer"], text["acceptor"]} == set(parties), "AGREEMENT", "of others than the two")
    need(statement.said["from"] == text["proposer"], "AGREEMENT", "AGR is the proposer's")
    offer = line.by_hash().get(text["proposal"])
    need(offer is not None and offer.said["type"] in ("PRO", "CPR"), "AGREEMENT", "its proposal is not there")
    assert offer is not None
    need(offer.said["from"] == text["proposer"], "AGREEMENT", "the proposal is another's")
    same = {"pair_id": offer.said["dialog_id"], "turn": offer.said["version"], "table_hash": offer.said["table_hash"]}
    same |= {name: offer.said["slots"][name] for name in ("conflict_id", "kind", "notices", "until")}
    need(all(text[name] == value for name, value in same.items()), "AGREEMENT", "not the terms of its proposal")
    one, two = sides_of(text["notices"])
    need(ids_of(one, two, text["table_hash"]) == (text["pair_id"], text["conflict_id"]), "IDS", "of the agreement")
    _check_both_signed(line, slots, parties)
    for term in text["notices"]:
        held = line.versions[(term["party"], term["id"])]
        need(held.current == term["version"], "VERSION", f"{term['id']} is at {held.current}")
        if "volumes" in term:
            held.current, held.agreed = held.current + 1, statement
            # Seen by both: whoever holds both signatures knows it, whatever number it has heard of.
            held.set_by[held.current] = (slots["agreement_id"], (0, 0))
    line.agreements[slots["agreement_id"]] = slots


def _check_both_signed(line: Line, slots: Json, parties: dict[str, Card]) -> None:
    text = slots["agreement"]
    need([one["party"] for one in slots["signatures"]] == [text["proposer"], text["acceptor"]], "AGREEMENT", "order")
    for one in slots["signatures"]:
        check_signature(one["jws"], canonical(text), parties[one["party"]])
    accepted = [
        one
        for one in line.by_hash().values()
        if one.said["type"] == "ACC" and one.said["from"] == text["acceptor"] and one.hash not in line.refused
    ]
    wanted = (text["proposal"], slots["agreement_id"], slots["signatures"][1]["jws"])
    said = [
        (a.said["slots"]["proposal"], a.said["slots"]["agreement_id"], a.said["slots"]["signature"]) for a in accepted
    ]
    need(wanted in said, "AGREEMENT", "no ACC carries the acceptor's signature")


# --- two folders -------------------------------------------------------------------------------------------------


def compare(one: Folder, two: Folder) -> list[str]:
    """What does not fit between the folders of the two sides of a line."""
    a, b = one.lines.get(two.card.fingerprint), two.lines.get(one.card.fingerprint)
    if a is None or b is None:
        return ["one of the two never pinned the other"]
    problems = [*_compare_feed(one, a, two, b), *_compare_feed(two, b, one, a)]
    for agreement in sorted(a.agreements.keys() & b.agreements.keys()):
        if a.agreements[agreement] != b.agreements[agreement]:
            problems.append(f"agreement {agreement} has other signatures in one folder than in the other")
    if a.ours.head == b.theirs.head and b.ours.head == a.theirs.head:
        if a.agreements.keys() != b.agreements.keys():
            problems.append("they hold different agreements")
        problems += _compare_conflicts(one, two)
    return problems


def _compare_feed(sender: Folder, ours: Line, receiver: Folder, theirs: Line) -> Iterator[str]:
    name = f"the feed of {sender.card.name} to {receiver.card.name}"
    epoch = ours.ours.head[0]  # What is missing of an earlier one was lost: two people closed it.
    for number, statement in theirs.theirs.held.items():
        sent = ours.ours.held.get(number)
        if sent is None and number[0] >= epoch:
            yield f"{name}: {number} was received and is not among what was sent"
        elif sent is not None and sent.hash != statement.hash:
            yield f"{name}: FORK at {number}"
    missing = sorted(number for number in ours.receipted - theirs.theirs.held.keys() if number[0] >= epoch)
    if missing:
        yield f"{name}: {missing[0]} was receipted and is not among what was received"


def _compare_conflicts(one: Folder, two: Folder) -> Iterator[str]:
    past = one.past | two.past
    parties = {one.card.fingerprint, two.card.fingerprint}
    open_at = [
        {
            (pair, found["conflict_id"])
            for pair, found in folder.found.items()
            if pair not in past and {folder.card.fingerprint, found["other_party"]} == parties
        }
        for folder in (one, two)
    ]
    for pair, conflict in sorted(open_at[0] ^ open_at[1]):
        yield f"conflict {conflict} of pair {pair} is open at one of the two only"


# --- as a command ------------------------------------------------------------------------------------------------


def report(folder: Folder) -> Iterator[str]:
    yield f"{folder.card.name}: journal of {len(folder.entries)} entries, {folder.purged} purged, head {folder.head}"
    for line in folder.lines.values():
        yield (
            f"  line to {line.card.name}: {len(line.ours.held)} sent, {len(line.receipted)} receipted, "
            f"{len(line.theirs.held)} received, {len(line.agreements)} agreements"
        )
        for agreement, slots in line.agreements.items():
            yield f"    agreement {agreement}, both signatures hold, pair {slots['agreement']['pair_id']}"
    yield from (f"  WRONG {problem}" for problem in folder.problems)


def main(paths: list[str]) -> int:
    try:
        folders = [verify_folder(Path(path)) for path in paths]
    except (Wrong, OSError) as error:
        print(f"WRONG {error}")
        return 1
    problems = compare(*folders) if len(folders) == 2 else []
    for folder in folders:
        print("\n".join(report(folder)))
    print("\n".join(f"WRONG {problem}" for problem in problems) or "all that was compared holds")
    return 1 if problems or any(folder.problems for folder in folders) else 0


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: python independent.py FOLDER [FOLDER]")
    sys.exit(main(sys.argv[1:]))
