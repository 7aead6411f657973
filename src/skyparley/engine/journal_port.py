"""The journal as the engine sees it: append a batch at an expected position, read from a position, tell the head.

Every byte that an implementation keeps is described in docs/spec/journal-v1.md.
Nothing above this port may assume SQLite.
"""

import re
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from skyparley.base.canonical import MAX_SAFE_INTEGER
from skyparley.base.limits import ENTRY_CONTENT_BYTES, JOURNAL_BATCH_ENTRIES

KIND: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}", re.ASCII)
"""What an entry's kind may look like.  Source: docs/spec/journal-v1.md 1.2."""


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One decided event.  `at_ms`: the node's clock when it decided.  `content`: canonical JSON of the event."""

    kind: str
    schema: int
    at_ms: int
    content: bytes


class StoredEntry(msgspec.Struct, frozen=True, gc=False):
    """One event as the journal keeps it.  `position` counts from 1.  `content` is None when it was purged.

    `header_hash` is the SHA-256 of the header bytes, base64url: it fixes this entry and everything before it.
    """

    position: int
    kind: str
    schema: int
    at_ms: int
    content: bytes | None
    header_hash: str


class Head(msgspec.Struct, frozen=True, gc=False):
    """Where a journal ends: its last position and that entry's header hash; 0 and "" when it is empty."""

    position: int
    header_hash: str


class JournalPort(Protocol):
    """An append-only record with one writer.

    Every method raises a JournalFault when storage fails.  After a fault of `append` the batch is kept whole or not at
    all, and only `head` or `read` tells which; the journal can be used again.
    """

    async def append(self, expected: int, entries: Sequence[Entry]) -> Head:
        """Write the whole batch behind position `expected`, or nothing; it is durable when this returns the new head.

        An empty batch writes nothing and still compares the position.  Raises WrongPosition when the head is not at
        `expected` (nothing was written), JournalFull, JournalReadOnly, JournalDamaged, JournalFault.  A caller that is
        cancelled while it waits knows nothing: the batch may yet be written.
        """
        ...

    async def read(self, after: int, limit: int) -> list[StoredEntry]:
        """At most `limit` entries (1 or more) behind position `after`, in order; empty when there are none.

        The header chain and each salted content hash are verified as they are read: a reading from 0 verifies
        everything.  Raises JournalDamaged, which names the position.
        """
        ...

    async def head(self) -> Head:
        """Where the journal ends now."""
        ...

    async def close(self) -> None:
        """Let go of the journal; what follows raises JournalFault.  Closing twice does nothing."""
        ...


def check_batch(expected: int, entries: Sequence[Entry]) -> None:
    """Refuse a batch that the specification has no bytes for.  Raises ValueError: a slip of ours."""
    if not 0 <= expected <= MAX_SAFE_INTEGER:
        raise ValueError(f"expected position {expected} is not from 0 to 2**53 - 1")
    if len(entries) > JOURNAL_BATCH_ENTRIES:
        raise ValueError(f"{len(entries)} entries in one batch; at most {JOURNAL_BATCH_ENTRIES}")
    for place, entry in enumerate(entries):
        if KIND.fullmatch(entry.kind) is None:
            raise ValueError(f"entry {place}: {entry.kind!r} is not a kind")
        if not 1 <= entry.schema <= MAX_SAFE_INTEGER or not 0 <= entry.at_ms <= MAX_SAFE_INTEGER:
            raise ValueError(f"entry {place}: schema {entry.schema} or time {entry.at_ms} is out of range")
        if not isinstance(entry.content, bytes) or not 1 <= len(entry.content) <= ENTRY_CONTENT_BYTES:
            raise ValueError(f"entry {place}: content is not 1 to {ENTRY_CONTENT_BYTES} bytes")
