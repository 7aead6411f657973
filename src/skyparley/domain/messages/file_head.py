"""The head of a file that travels by any hand: what HELLO says, and what binds the rest of the file to it.

Source: line-v1 12.3.
"""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from skyparley.base import limits
from skyparley.base.canonical import parse_canonical
from skyparley.domain.messages.codes import ClockKind
from skyparley.domain.messages.envelope import FeedHead
from skyparley.domain.messages.receipt import Nonce
from skyparley.domain.messages.slots import FingerprintText, Hash, Utc, Wire


class FileHead(Wire, frozen=True, kw_only=True, rename={"from_": "from"}):
    """The first signed text of a file."""

    proto: Literal["skyparley/1"]
    from_: FingerprintText
    to: FingerprintText
    time: Utc
    clock: ClockKind
    table_hash: Hash
    sent: FeedHead | UnsetType = UNSET
    held: FeedHead | UnsetType = UNSET
    nonce: Nonce | UnsetType = UNSET
    echo: Nonce | UnsetType = UNSET
    body: Hash


def read_file_head(payload: bytes) -> FileHead:
    """The head of a file from canonical bytes.  Raises ValueError naming what is wrong."""
    plain = parse_canonical(payload, max_bytes=limits.STATEMENT_BYTES, max_depth=limits.JSON_DEPTH)
    return msgspec.convert(plain, FileHead)
