"""The rows of a journal: header bytes, salted content hash, and their verification.

Every implementation of the journal port keeps these rows; only where they lie differs.
Source: docs/spec/journal-v1.md 1, 2.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from skyparley.base.canonical import MAX_SAFE_INTEGER
from skyparley.base.errors import JournalDamaged
from skyparley.base.ids import digest
from skyparley.engine.journal_port import KIND, Entry, Head, StoredEntry

VERSION: Final = 1
SALT_BYTES: Final = 16
EMPTY: Final = Head(0, "")


class Header(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The header of one row.  In the order of RFC 8785, so that msgspec's bytes are canonical (a test says so)."""

    at: int
    content: str
    kind: str
    pos: int
    prev: str = ""
    schema: int
    v: int


class Row(msgspec.Struct, frozen=True, gc=False):
    """One row as it is kept.  `salt` and `content` are both None when the content was purged."""

    position: int
    header: bytes
    salt: bytes | None
    content: bytes | None


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Header).decode


def content_hash(salt: bytes, content: bytes) -> str:
    """SHA-256 of the salt followed by the content, base64url."""
    return digest(salt + content)


def make_rows(head: Head, entries: Sequence[Entry], salt: Callable[[], bytes]) -> tuple[list[Row], Head]:
    """The rows that follow `head`, and the head after them.  Empty when there are no entries."""
    rows = []
    position, previous = head.position, head.header_hash
    for entry in entries:
        position += 1
        drawn = salt()
        assert len(drawn) == SALT_BYTES, "a salt has 16 bytes"
        header = _encode(
            Header(
                at=entry.at_ms,
                content=content_hash(drawn, entry.content),
                kind=entry.kind,
                pos=position,
                prev=previous,
                schema=entry.schema,
                v=VERSION,
            )
        )
        rows.append(Row(position, header, drawn, entry.content))
        previous = digest(header)
    return rows, Head(position, previous)


class Chain:
    """Verifies rows in order.  `where` names the journal in every complaint; `head` is where the verified part ends."""

    def __init__(self, where: str, head: Head = EMPTY) -> None:
        self.where = where
        self.position = head.position
        self.header_hash = head.header_hash

    @property
    def head(self) -> Head:
        return Head(self.position, self.header_hash)

    def take(self, row: Row) -> StoredEntry:
        """The entry of the next row.  Raises JournalDamaged unless steps 1 to 5 of journal-v1.md 2 hold."""
        expected = self.position + 1
        if row.position != expected:
            raise self.damaged(expected, f"the next row is {row.position}")
        header = self._header(expected, row.header)
        self._check_content(row, header)
        self.position, self.header_hash = expected, digest(row.header)
        return StoredEntry(expected, header.kind, header.schema, header.at, row.content, self.header_hash)

    def take_all(self, rows: Iterable[Row]) -> list[StoredEntry]:
        """The entries of the rows that follow."""
        return [self.take(row) for row in rows]

    def damaged(self, position: int, what: str) -> JournalDamaged:
        """The complaint about one position."""
        return JournalDamaged(f"{self.where}: position {position}: {what}")

    def _header(self, position: int, data: object) -> Header:
        # The types of what SQLite returns are not to be relied on when the file is damaged.
        if not isinstance(data, bytes):
            raise self.damaged(position, "the header is not bytes")
        try:
            header = _decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise self.damaged(position, f"the header cannot be parsed: {error}") from None
        if _encode(header) != data:
            raise self.damaged(position, "the header is not in canonical form")
        if header.v != VERSION or header.pos != position:
            raise self.damaged(position, f"the header says version {header.v}, position {header.pos}")
        if not 1 <= header.schema <= MAX_SAFE_INTEGER or not 0 <= header.at <= MAX_SAFE_INTEGER:
            raise self.damaged(position, "the header's schema or time is out of range")
        if KIND.fullmatch(header.kind) is None:
            raise self.damaged(position, "the header's kind is not one")
        if header.prev != self.header_hash:
            raise self.damaged(position, "the chain is broken: prev is not the hash of the header before")
        return header

    def _check_content(self, row: Row, header: Header) -> None:
        if row.salt is None and row.content is None:
            return
        if not isinstance(row.salt, bytes) or not isinstance(row.content, bytes) or len(row.salt) != SALT_BYTES:
            raise self.damaged(row.position, "salt and content are not both whole")
        if content_hash(row.salt, row.content) != header.content:
            raise self.damaged(row.position, "the content is not what was written: its hash differs from the header's")


def salts_from_seed(seed: int) -> Callable[[], bytes]:
    """Salts that repeat with the seed, for simulation and tests.  Never for a journal whose contents may be purged."""
    count = 0

    def draw() -> bytes:
        nonlocal count
        count += 1
        return hashlib.sha256(b"%d/%d" % (seed, count)).digest()[:SALT_BYTES]

    return draw
