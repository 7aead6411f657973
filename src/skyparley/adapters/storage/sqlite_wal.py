"""Looks at a write-ahead log before SQLite does, so that damage in it is not taken for the end of it.

SQLite goes on without everything behind the first frame whose checksum fails.
Source: the SQLite file format, section 4; docs/spec/journal-v1.md 3.8.
"""

import os
import struct
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from skyparley.adapters.storage.storage_faults import fault_of_os
from skyparley.base.errors import JournalDamaged

_HEADER_BYTES: Final = 32
_FRAME_HEADER_BYTES: Final = 24
_LITTLE: Final = 0x377F0682
_BIG: Final = 0x377F0683
_MASK: Final = 0xFFFFFFFF


class WalHeader(NamedTuple):
    """What frames are judged by.  `order` is struct's letter; `sums` are the running checksums behind the header."""

    page_bytes: int
    salts: bytes
    order: str
    sums: tuple[int, int]


def remains_in_log(path: Path, *, sync: bool) -> bool:
    """Follow the log's checksums.  True when it ends in the remains of one transaction that SQLite will drop.

    False when the log is absent, empty or whole.  Raises JournalDamaged when what SQLite would drop was committed: the
    header is not valid, or two commit frames stand where verification ends or behind.
    """
    try:
        with path.open("rb") as log:
            # A killed node may have written frames that it never synced.  SQLite will show them to us as committed, and
            # we will tell our peer: they have to be on the disk before that.
            if sync:
                os.fsync(log.fileno())
            return _follow(log, path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise fault_of_os(error, path) from error


def _follow(log: BinaryIO, path: Path) -> bool:
    raw = log.read(_HEADER_BYTES)
    header = _header(raw)
    if header is None:
        if any(raw) or any(log.read()):
            raise JournalDamaged(
                f"{path}: the header of the write-ahead log is not valid, so its entries are unreachable"
            )
        return False
    frame_bytes = _FRAME_HEADER_BYTES + header.page_bytes
    sums, broken, number, lost = header.sums, 0, 0, 0
    while len(frame := log.read(frame_bytes)) == frame_bytes:
        number += 1
        own = frame[8:16] == header.salts and any(frame[:4])
        if not broken:
            sums = _sums(header.order, frame[:8], sums)
            sums = _sums(header.order, frame[_FRAME_HEADER_BYTES:], sums)
            if not own or struct.unpack_from(">II", frame, 16) != sums:
                broken = number
        if broken and own and any(frame[4:8]):
            lost += 1
    if lost > 1:
        raise JournalDamaged(
            f"{path}: frame {broken} of the write-ahead log does not verify, and {lost} commits stand from there on"
        )
    return lost == 1


def _header(raw: bytes) -> WalHeader | None:
    """The header, or None when its own checksum does not hold."""
    if len(raw) < _HEADER_BYTES:
        return None
    magic, version, page_bytes, _, _, _, first, second = struct.unpack(">8I", raw)
    if magic not in (_LITTLE, _BIG) or version != 3007000:
        return None
    order = "<" if magic == _LITTLE else ">"
    sums = _sums(order, raw[:24], (0, 0))
    if sums != (first, second) or not 512 <= page_bytes <= 65536:
        return None
    return WalHeader(page_bytes, raw[16:24], order, sums)


def _sums(order: str, data: bytes, sums: tuple[int, int]) -> tuple[int, int]:
    """SQLite's checksum over 32-bit words taken in pairs, continued from `sums`."""
    first, second = sums
    words = iter(struct.unpack(f"{order}{len(data) // 4}I", data))
    for left, right in zip(words, words, strict=True):
        first = (first + left + second) & _MASK
        second = (second + right + first) & _MASK
    return first, second
