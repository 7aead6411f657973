"""Which notices are near: one index of ours, one of everybody else's, each asked with the other's volumes."""

from collections.abc import Iterable
from typing import cast

from skyparley.base.ids import Fingerprint
from skyparley.domain.messages.slots import VolumeSlot
from skyparley.domain.records import Notice
from skyparley.domain.view import Hit, NoticeKey
from skyparley.domain.volumes import volume_of
from skyparley.geometry.index import VolumeIndex
from skyparley.geometry.volumes import Separation


class NoticeIndex:
    """The volumes of live notices.  `put` replaces what was there for the notice."""

    def __init__(self, own: Fingerprint) -> None:
        self._own = own
        self._ours = VolumeIndex()
        self._others = VolumeIndex()
        self._held: dict[NoticeKey, int] = {}
        self._counts: dict[Fingerprint, int] = {}

    def put(self, notice: Notice) -> None:
        self.drop((notice.party, notice.id))
        if not notice.live:
            return
        index = self._side(notice.party)
        for place, slot in enumerate(notice.current.volumes):
            index.add((notice.party, notice.id, place), volume_of(slot))
        self._held[(notice.party, notice.id)] = len(notice.current.volumes)
        self._counts[notice.party] = self.count(notice.party) + 1

    def count(self, party: Fingerprint) -> int:
        """How many notices of a party are held."""
        return self._counts.get(party, 0)

    def drop(self, key: NoticeKey) -> None:
        if key not in self._held:
            return
        for place in range(self._held.pop(key)):
            self._side(key[0]).remove((*key, place))
        self._counts[key[0]] -= 1

    def hits(self, party: Fingerprint, volumes: Iterable[VolumeSlot], separation: Separation) -> list[Hit]:
        """Conflicts of a party's volumes with the notices of the other side."""
        index = self._others if party == self._own else self._ours
        found = []
        for given, slot in enumerate(volumes):
            for key, verdict in index.conflicts(volume_of(slot), separation):
                other, notice_id, place = cast(tuple[Fingerprint, str, int], key)
                found.append(Hit((other, notice_id), given, place, verdict))
        return found

    def _side(self, party: Fingerprint) -> VolumeIndex:
        return self._ours if party == self._own else self._others
