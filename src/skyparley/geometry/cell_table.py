"""Places under cells and time buckets: the broad phase of an index of what has an area and a time.

Time is one dimension with two kinds of length in it, minutes and months: buckets of 2 h and of 16 times the last, each
place in the finest that holds it in few.  So a zone for a year is in a handful of buckets, and a question about an hour
reads little of what is not about that hour.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

BUCKET_MS: Final = 2 * 3_600_000
BUCKET_FACTOR_BITS: Final = 4
BUCKETS_PER_PLACE: Final = 4
KEYS_PER_QUESTION: Final = 256  # more time keys than this are not listed but compared

Spans: TypeAlias = dict[int, tuple[int, int]]
"""For each time scale the first and last bucket."""


class Scales:
    """Which time scales are in use, by how many places."""

    def __init__(self) -> None:
        self._used: Counter[int] = Counter()

    def __bool__(self) -> bool:
        return any(self._used.values())

    def add(self, keys: tuple[int, ...]) -> None:
        self._used[keys[0] & 15] += 1

    def remove(self, keys: tuple[int, ...]) -> None:
        self._used[keys[0] & 15] -= 1

    def spans(self, start_ms: int, end_ms: int) -> Spans:
        """The buckets that a span meets, the one of its end included."""
        return {
            scale: (_bucket(start_ms, scale), _bucket(end_ms, scale)) for scale, count in self._used.items() if count
        }


class CellTable:
    """A place is a number of the caller's.  What is filed under the same cell and time key is one set."""

    def __init__(self) -> None:
        self._cells: dict[int, dict[int, set[int]]] = {}

    def __len__(self) -> int:
        """How many cells something is filed under, each counted once for each of its time keys."""
        return sum(len(buckets) for buckets in self._cells.values())

    def add(self, place: int, cells: Iterable[int], keys: tuple[int, ...]) -> None:
        for cell in cells:
            buckets = self._cells.setdefault(cell, {})
            for key in keys:
                buckets.setdefault(key, set()).add(place)

    def remove(self, place: int, cells: Iterable[int], keys: tuple[int, ...]) -> None:
        """Takes out what was filed with the same cells and keys."""
        for cell in cells:
            buckets = self._cells[cell]
            for key in keys:
                buckets[key].remove(place)
                if not buckets[key]:
                    del buckets[key]
            if not buckets:
                del self._cells[cell]

    def under(self, cells: Iterable[int], spans: Spans, keys: list[int] | None) -> Iterator[set[int]]:
        """The sets of places under any of the cells at any time of the spans; `keys` is what listed() says of them."""
        for cell in cells:
            buckets = self._cells.get(cell)
            if buckets is None:
                continue
            if keys is not None and len(keys) <= len(buckets):
                yield from (buckets[key] for key in keys if key in buckets)
            else:
                yield from (places for key, places in buckets.items() if _in_spans(key, spans))


def time_keys(start_ms: int, end_ms: int) -> tuple[int, ...]:
    """The time keys of what lasts from `start_ms` to before `end_ms`: at the finest scale where it needs few."""
    scale = 0
    while end_ms - start_ms > BUCKETS_PER_PLACE * (BUCKET_MS << (BUCKET_FACTOR_BITS * scale)):
        scale += 1
    first, last = _bucket(start_ms, scale), _bucket(end_ms - 1, scale)
    return tuple(bucket << 4 | scale for bucket in range(first, last + 1))


def listed(spans: Spans) -> list[int] | None:
    """All keys of the spans, or None if they are too many to list."""
    if sum(last - first + 1 for first, last in spans.values()) > KEYS_PER_QUESTION:
        return None
    return [bucket << 4 | scale for scale, (first, last) in spans.items() for bucket in range(first, last + 1)]


def _bucket(time_ms: int, scale: int) -> int:
    return time_ms // (BUCKET_MS << (BUCKET_FACTOR_BITS * scale))


def _in_spans(key: int, spans: Spans) -> bool:
    span = spans.get(key & 15)
    return span is not None and span[0] <= key >> 4 <= span[1]
