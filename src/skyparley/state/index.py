"""Which notices are near: one index of ours, one of everybody else's, each asked with the other's volumes."""

from collections.abc import Iterable, Set
from itertools import islice
from typing import NamedTuple, cast

from skyparley.base.ids import Fingerprint
from skyparley.domain.messages.slots import VolumeSlot
from skyparley.domain.records import Notice
from skyparley.domain.view import Hit, NoticeKey
from skyparley.domain.volumes import volume_of
from skyparley.geometry.index import VolumeIndex
from skyparley.geometry.volumes import Separation, Volume


class Required(NamedTuple):
    """What volumes are kept apart by: one separation from everybody, or one from each of several groups of parties."""

    everybody: Separation | None
    groups: tuple[tuple[Separation, Set[Fingerprint]], ...] = ()


class NoticeIndex:
    """The volumes of live notices.  `put` replaces what was there for the notice.

    Volumes are filed when somebody asks: while a journal is folded nobody does, and of its notices few are still live.
    Whoever has folded one calls `file_some` to its end, so that the first to ask does not wait for all of them.
    """

    def __init__(self, own: Fingerprint) -> None:
        self._own = own
        self._ours = VolumeIndex()
        self._others = VolumeIndex()
        self._held: dict[NoticeKey, tuple[VolumeSlot, ...]] = {}
        self._waiting: dict[NoticeKey, tuple[VolumeSlot, ...]] = {}
        """What is to be filed, or taken out where it is empty."""
        self._live: dict[Fingerprint, int] = {}

    def put(self, notice: Notice) -> None:
        """Take up a notice as it is now; one that is not live is taken out."""
        self._note((notice.party, notice.id), notice.current.volumes if notice.live else ())

    def drop(self, key: NoticeKey) -> None:
        self._note(key, ())

    def count(self, party: Fingerprint) -> int:
        """How many notices of a party are held."""
        return self._live.get(party, 0)

    def hits(self, party: Fingerprint, volumes: Iterable[VolumeSlot], required: Required) -> list[Hit]:
        """Conflicts of a party's volumes with the notices of the other side: by volume, then group, then as filed."""
        self._file(tuple(self._waiting.items()))
        index = self._others if party == self._own else self._ours
        found: list[Hit] = []
        for given, slot in enumerate(volumes):
            if required.everybody is not None:
                found += _found(index, given, volume_of(slot), required.everybody)
            for separation, parties in required.groups:
                found += _found(index, given, volume_of(slot), separation, parties)
        return found

    def _note(self, key: NoticeKey, volumes: tuple[VolumeSlot, ...]) -> None:
        held = self._held.get(key, ())
        was = self._waiting.pop(key, held)
        if volumes != held:
            self._waiting[key] = volumes
        self._live[key[0]] = self.count(key[0]) + bool(volumes) - bool(was)

    def file_some(self, most: int) -> bool:
        """Files what waits for at most so many notices.  True when nothing waits any more."""
        self._file(tuple(islice(self._waiting.items(), most)))
        return not self._waiting

    def _file(self, waiting: Iterable[tuple[NoticeKey, tuple[VolumeSlot, ...]]]) -> None:
        for key, volumes in waiting:
            index = self._side(key[0])
            for place in range(len(self._held.pop(key, ()))):
                index.remove((*key, place))
            for place, slot in enumerate(volumes):
                index.add((*key, place), volume_of(slot))
            if volumes:
                self._held[key] = volumes
            del self._waiting[key]

    def _side(self, party: Fingerprint) -> VolumeIndex:
        return self._ours if party == self._own else self._others


def _found(
    index: VolumeIndex, given: int, volume: Volume, separation: Separation, parties: Set[Fingerprint] | None = None
) -> list[Hit]:
    """Hits of one volume with the notices of these parties; with anybody's where none are named."""
    skip = None if parties is None else lambda key: cast(tuple[Fingerprint, str, int], key)[0] not in parties
    found = []
    for key, verdict in index.conflicts(volume, separation, skip=skip):
        other, notice_id, place = cast(tuple[Fingerprint, str, int], key)
        found.append(Hit((other, notice_id), given, place, verdict))
    return found
