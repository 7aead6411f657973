"""A conflict as the peer computed it, against ours.  Source: DOMAIN RES-01, line-v1 8.4."""

from skyparley.base.ids import Fingerprint, short_id
from skyparley.domain.detection import conflict_id, gaps_slot, pair_id
from skyparley.domain.events import AlarmRaised, ConflictFound
from skyparley.domain.messages.slots import ConflictSlots
from skyparley.domain.records import Notice
from skyparley.domain.view import Hit, Item, View
from skyparley.domain.volumes import volume_of
from skyparley.geometry.volumes import judge, separated


def check_claim(view: View, peer: Fingerprint, slots: ConflictSlots) -> list[Item]:
    """What a CFL comes to: nothing where we hold the same; a conflict held on their word; or an alarm."""
    named = {ref.party: ref for ref in slots.notices}
    if set(named) != {peer, view.own}:
        return _alarm(view, peer, slots, "names notices of others")
    own = view.notices.get((view.own, named[view.own].id))
    other = view.notices.get((peer, named[peer].id))
    if own is None or other is None or peer not in own.audience or not (own.live_for(peer) and other.live):
        return []
    if (own.current.version, other.current.version) != (named[view.own].version, named[peer].version):
        return []  # Versions that crossed: each side will find what the new ones make.
    sides = ((own.party, own.id), own.current.version), ((other.party, other.id), other.current.version)
    pair = pair_id(sides[0][0], sides[1][0])
    if (slots.pair_id, slots.conflict_id) != (pair, conflict_id(pair, *sides, view.table_hash_of(peer))):
        if view.lines[peer].peer_table_hash != view.table_hash_of(peer):
            return []  # Another table gives another id; TABLE_MISMATCH is shown already.
        return _alarm(view, peer, slots, "gives another id for the same pair")
    return _compare(view, peer, slots, own, other)


def _compare(view: View, peer: Fingerprint, slots: ConflictSlots, own: Notice, other: Notice) -> list[Item]:
    own_first = slots.notices[0].party == view.own
    own_place, other_place = slots.volumes if own_first else (slots.volumes[1], slots.volumes[0])
    if own_place >= len(own.current.volumes) or other_place >= len(other.current.volumes):
        return _alarm(view, peer, slots, "names a volume that is not there")
    volumes = volume_of(own.current.volumes[own_place]), volume_of(other.current.volumes[other_place])
    table = view.table_of(peer)
    verdict, tolerance = judge(*volumes, table.separation), table.verdict_tolerance_m
    ours = gaps_slot(Hit((peer, other.id), own_place, other_place, verdict))
    if abs(ours.lateral_m - slots.gaps.lateral_m) > tolerance + 1:
        return _alarm(view, peer, slots, f"lateral gap {slots.gaps.lateral_m} m, ours {ours.lateral_m} m")
    known = view.conflicts.get(slots.pair_id)
    if known is not None and known.live and known.conflict_id == slots.conflict_id:
        return []
    beyond_m = verdict.gaps.lateral_m - verdict.margin_m - table.separation_lateral_m
    if verdict.conflict or separated(*volumes, table.separation) or beyond_m > tolerance:
        return _alarm(view, peer, slots, "is no conflict by our geometry")
    start = max(own.current.volumes[own_place].start, other.current.volumes[other_place].start)
    end = min(own.current.volumes[own_place].end, other.current.volumes[other_place].end)
    adopted = ConflictFound(
        pair_id=slots.pair_id,
        conflict_id=slots.conflict_id,
        own_id=own.id,
        own_version=own.current.version,
        other_party=peer,
        other_id=other.id,
        other_version=other.current.version,
        volumes=(own_place, other_place),
        gaps=ours,
        start=start if start < end else 0,
        end=end if start < end else 0,
        shared=True,
        adopted=True,
    )
    return [adopted]


def _alarm(view: View, peer: Fingerprint, slots: ConflictSlots, why: str) -> list[Item]:
    text = f"{view.lines[peer].name} tells conflict {short_id(slots.conflict_id)}: {why}. Compare by voice"
    if view.alarmed("VERDICT_DIFFERS", slots.conflict_id):
        return []
    return [AlarmRaised(code="VERDICT_DIFFERS", about=slots.conflict_id, text=text, peer=peer)]
