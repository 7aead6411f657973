"""What is kept of every statement for ever, packed: hashes and receipts of a feed in a few dozen bytes each.

A node never forgets a number of a feed: a fork would go unseen.  After a million statements that is what fills its memory,
so it lies in plain bytes and arrays, which also go into a snapshot as they are.
"""

from array import array
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, get_args

from skyparley.base.ids import b64url, from_b64url
from skyparley.domain.messages.codes import BEARERS, BearerKind, LeadClass

HASH_BYTES: Final = 32
_LEADS: Final[tuple[LeadClass | None, ...]] = (None, *get_args(LeadClass))
_ABSENT: Final = -1
"""In the place of a time: no receipt is held for this number."""

Taken = tuple[int, BearerKind, LeadClass | None]
Receipted = tuple[int, LeadClass | None]


class HashList:
    """Hashes in order, 32 bytes each; text form outside."""

    __slots__ = ("_packed",)

    def __init__(self, packed: bytes = b"") -> None:
        assert len(packed) % HASH_BYTES == 0, "whole hashes"
        self._packed = bytearray(packed)

    def append(self, text: str) -> None:
        raw = from_b64url(text)
        assert len(raw) == HASH_BYTES, "a hash has 32 bytes"
        self._packed += raw

    def __len__(self) -> int:
        return len(self._packed) // HASH_BYTES

    def __getitem__(self, place: int) -> str:
        if not 0 <= place < len(self):
            raise IndexError(place)
        return b64url(bytes(self._packed[place * HASH_BYTES : (place + 1) * HASH_BYTES]))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, HashList) and self._packed == other._packed

    __hash__ = None  # type: ignore[assignment]

    def packed(self) -> bytes:
        """For HashList(packed)."""
        return bytes(self._packed)

    def slices(self, count: int) -> Iterator[tuple[bytes]]:
        """All of it, so many hashes at a time, for `extend`."""
        step = count * HASH_BYTES
        return ((bytes(self._packed[place : place + step]),) for place in range(0, len(self._packed), step))

    def extend(self, packed: bytes) -> None:
        self._packed += packed


class PlaceList:
    """Journal positions of the statements of a feed, in order."""

    __slots__ = ("_at",)

    def __init__(self, packed: bytes = b"") -> None:
        self._at = array("q", packed)

    def append(self, position: int) -> None:
        self._at.append(position)

    def __len__(self) -> int:
        return len(self._at)

    def some(self, after: int, limit: int) -> list[int]:
        """At most `limit` positions behind the first `after`."""
        return self._at[after : after + limit].tolist()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PlaceList) and self._at == other._at

    __hash__ = None  # type: ignore[assignment]

    def packed(self) -> bytes:
        """For PlaceList(packed)."""
        return self._at.tobytes()

    def slices(self, count: int) -> Iterator[tuple[bytes]]:
        """All of it, so many positions at a time, for `extend`."""
        return ((self._at[place : place + count].tobytes(),) for place in range(0, len(self._at), count))

    def extend(self, packed: bytes) -> None:
        self._at.frombytes(packed)


class TakenList:
    """Of received statements in order: when, by which bearer, in which lead class.  What a receipt says."""

    __slots__ = ("_at", "_how")

    def __init__(self, at: bytes = b"", how: bytes = b"") -> None:
        self._at = array("q", at)
        self._how = bytearray(how)
        assert len(self._at) == len(self._how), "one of each"

    def append(self, taken: Taken) -> None:
        at, bearer, lead = taken
        self._at.append(at)
        self._how.append(BEARERS.index(bearer) * len(_LEADS) + _LEADS.index(lead))

    def __len__(self) -> int:
        return len(self._at)

    def __getitem__(self, place: int) -> Taken:
        if not 0 <= place < len(self):
            raise IndexError(place)
        bearer, lead = divmod(self._how[place], len(_LEADS))
        return self._at[place], BEARERS[bearer], _LEADS[lead]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TakenList) and (self._at, self._how) == (other._at, other._how)

    __hash__ = None  # type: ignore[assignment]

    def packed(self) -> tuple[bytes, bytes]:
        """For TakenList(*packed)."""
        return self._at.tobytes(), bytes(self._how)

    def slices(self, count: int) -> Iterator[tuple[bytes, bytes]]:
        """All of it, so many at a time, for `extend`."""
        return (
            (self._at[place : place + count].tobytes(), bytes(self._how[place : place + count]))
            for place in range(0, len(self._at), count)
        )

    def extend(self, at: bytes, how: bytes) -> None:
        self._at.frombytes(at)
        self._how += how
        assert len(self._at) == len(self._how), "one of each"


class ReceiptMap(Mapping[tuple[int, int], Receipted]):
    """By number of our feed: when the peer received it, by its clock, and the lead class that it computed."""

    __slots__ = ("_at", "_lead")

    def __init__(self, packed: Iterable[tuple[int, bytes, bytes]] = ()) -> None:
        self._at: dict[int, array[int]] = {}
        self._lead: dict[int, bytearray] = {}
        for epoch, at, lead in packed:
            self._at[epoch], self._lead[epoch] = array("q", at), bytearray(lead)

    def __setitem__(self, number: tuple[int, int], receipted: Receipted) -> None:
        epoch, seq = number
        at, lead = self._at.setdefault(epoch, array("q")), self._lead.setdefault(epoch, bytearray())
        while len(at) < seq:
            at.append(_ABSENT)
            lead.append(0)
        at[seq - 1], lead[seq - 1] = receipted[0], _LEADS.index(receipted[1])

    def __getitem__(self, number: tuple[int, int]) -> Receipted:
        epoch, seq = number
        at = self._at.get(epoch, ())
        if not 0 < seq <= len(at) or at[seq - 1] == _ABSENT:
            raise KeyError(number)
        return at[seq - 1], _LEADS[self._lead[epoch][seq - 1]]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        for epoch, times in self._at.items():
            yield from ((epoch, place + 1) for place, at in enumerate(times) if at != _ABSENT)

    def __len__(self) -> int:
        return sum(at != _ABSENT for times in self._at.values() for at in times)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ReceiptMap) and (self._at, self._lead) == (other._at, other._lead)

    __hash__ = None  # type: ignore[assignment]

    def packed(self) -> list[tuple[int, bytes, bytes]]:
        """For ReceiptMap(packed)."""
        return [(epoch, at.tobytes(), bytes(self._lead[epoch])) for epoch, at in self._at.items()]

    def slices(self, count: int) -> Iterator[tuple[int, bytes, bytes]]:
        """All of it, so many at a time, for `extend`."""
        return (
            (epoch, at[place : place + count].tobytes(), bytes(self._lead[epoch][place : place + count]))
            for epoch, at in self._at.items()
            for place in range(0, len(at), count)
        )

    def extend(self, epoch: int, at: bytes, lead: bytes) -> None:
        self._at.setdefault(epoch, array("q")).frombytes(at)
        self._lead.setdefault(epoch, bytearray()).extend(lead)
