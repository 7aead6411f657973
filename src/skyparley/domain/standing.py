"""What stands around a notice as a node's state holds it: the surroundings that settling asks.

Two parties' volumes are kept apart by the numbers of the line between them (line_tables.py).
"""

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from skyparley.base.ids import Fingerprint
from skyparley.domain.detection import by_notice
from skyparley.domain.dialogue_states import notices_of
from skyparley.domain.line_tables import separation_between
from skyparley.domain.records import Conflict, Notice
from skyparley.domain.settling_parts import Near
from skyparley.domain.shape_slots import volume_slot
from skyparley.domain.view import NoticeKey, View
from skyparley.domain.volumes import volume_of
from skyparley.geometry.volumes import Volume, judge

ADOPTED_TOLERANCES = 2
"""What only the other side sees as a conflict is apart by at most the tolerance here: so many more make it one here too."""


class Standing:
    """The live notices of the other side of a party, less those left out; and what is `held` on the other side's word."""

    def __init__(
        self, view: View, party: Fingerprint, *, left_out: Collection[NoticeKey] = (), held: Sequence[Near] = ()
    ) -> None:
        self._view = view
        self._party = party
        self._left_out = frozenset(left_out)
        self._held = tuple(held)

    def near(self, volumes: Sequence[Volume]) -> Sequence[Near]:
        """Volumes of the other side that are too close to these; in the order of these, then as they were filed."""
        view = self._view
        found = [
            Near(
                hit.given,
                volume_of(view.notices[hit.notice].current.volumes[hit.other]),
                separation_between(view, self._party, hit.notice[0]),
            )
            for hit in view.hits(self._party, [volume_slot(volume) for volume in volumes])
            if hit.notice not in self._left_out
        ]
        found += [one for one in self._held if judge(volumes[one.given], one.volume, one.separation).conflict]
        return found


def standing_around(view: View, conflict: Conflict, notice: Notice) -> Standing:
    """The surroundings of one of the two notices of a conflict that is to be settled.

    Third notices that it conflicts with anyhow are left out: each of those is another dialogue.
    """
    own, other = notices_of(view, conflict)
    against = other if notice.party == own.party else own
    known = set(by_notice(view.hits(notice.party, notice.current.volumes))) - {(against.party, against.id)}
    return Standing(view, notice.party, left_out=known, held=_on_their_word(view, conflict, notice, against))


def _on_their_word(view: View, conflict: Conflict, notice: Notice, against: Notice) -> tuple[Near, ...]:
    """The pair of volumes of a conflict that our own geometry finds just apart."""
    if not conflict.adopted:
        return ()
    mine, theirs = conflict.volumes if notice.party == view.own else conflict.volumes[::-1]
    separation = separation_between(view, notice.party, against.party)
    more_m = ADOPTED_TOLERANCES * view.table_of(conflict.other_party).verdict_tolerance_m
    return (
        Near(
            mine,
            volume_of(against.current.volumes[theirs]),
            replace(separation, lateral_m=separation.lateral_m + more_m),
        ),
    )
