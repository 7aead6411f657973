"""Conflicts between planned notices: the ids, the worst pair of volumes, and what must be said when a version changes.

Source: line-v1 section 8, DOMAIN 11.3.
"""

from collections.abc import Iterable
from math import floor
from typing import Literal

from skyparley.base import limits
from skyparley.base.canonical import canonical
from skyparley.base.ids import Fingerprint, digest
from skyparley.domain.events import ConflictFound, ConflictGone
from skyparley.domain.messages.slots import ConflictSlots, GapsSlot, KeyEntry, NoticeRef, VolumeSlot
from skyparley.domain.records import Conflict, Notice
from skyparley.domain.view import Hit, Item, NoticeKey, View

Side = tuple[Fingerprint, str]
Cause = Literal["CHANGED", "CANCELLED", "ENDED", "PAST", "AGREED"]


def pair_id(one: Side, other: Side) -> str:
    """The key of a dialogue: the same at both nodes, through every amendment."""
    first, second = sorted((one, other))
    return digest(canonical(["skyparley-pair/1", list(first), list(second)]))


def conflict_id(pair: str, one: tuple[Side, int], other: tuple[Side, int], table_hash: str) -> str:
    """One conflict: the pair, both versions, and the numbers it was judged by."""
    first, second = sorted((one, other))
    return digest(canonical(["skyparley-conflict/1", pair, first[1], second[1], table_hash]))


def worst(hits: Iterable[Hit], *, given_first: bool) -> Hit:
    """The pair of volumes that is told: least lateral gap in whole metres, then vertical, then time, then numbers.

    `given_first`: the given notice sorts before the other.  Numbers count in that order, so that both nodes tell the same
    pair whichever notice each of them had first (line-v1 8.2).
    """
    return min(
        hits,
        key=lambda hit: (
            floor(hit.verdict.gaps.lateral_m),
            hit.verdict.gaps.vertical_ft,
            hit.verdict.gaps.time_ms,
            (hit.given, hit.other) if given_first else (hit.other, hit.given),
        ),
    )


def by_notice(hits: Iterable[Hit]) -> dict[NoticeKey, list[Hit]]:
    """Hits gathered by the notice that is hit, in the order found."""
    grouped: dict[NoticeKey, list[Hit]] = {}
    for hit in hits:
        grouped.setdefault(hit.notice, []).append(hit)
    return grouped


def gaps_slot(hit: Hit) -> GapsSlot:
    """Gaps as they stand on the wire: metres rounded down."""
    gaps = hit.verdict.gaps
    return GapsSlot(lateral_m=floor(gaps.lateral_m), vertical_ft=gaps.vertical_ft, time_ms=gaps.time_ms)


def redetect(view: View, notice: Notice) -> list[Item]:
    """What changed for the conflicts of a notice whose version was just set: found, found anew, gone."""
    met = by_notice(view.hits(notice.party, notice.current.volumes)) if notice.live else {}
    found = {key: hits for key, hits in met.items() if key[0] not in notice.past_for}
    items: list[Item] = []
    for key, hits in found.items():
        own, other = (notice, view.notices[key]) if notice.party == view.own else (view.notices[key], notice)
        hit = worst(hits, given_first=(notice.party, notice.id) < key)
        event = found_between(view, own, other, hit, given_is_own=notice.party == view.own)
        known = view.conflicts.get(event.pair_id)
        if known is None or not known.live or known.conflict_id != event.conflict_id or known.shared != event.shared:
            items.append(event)
    for conflict in view.conflicts_of(notice.party, notice.id):
        other_key = _across(view, conflict, notice.party)
        if other_key not in found and not _held_on_their_word(conflict, notice):
            items.append(ConflictGone(pair_id=conflict.pair_id, cause=_cause(view, conflict)))
    return items


def _held_on_their_word(conflict: Conflict, notice: Notice) -> bool:
    """A borderline conflict that we hold because the peer found it stays until a version changes."""
    version = conflict.other_version if notice.party == conflict.other_party else conflict.own_version
    return conflict.adopted and notice.live_for(conflict.other_party) and version == notice.current.version


def _across(view: View, conflict: Conflict, party: Fingerprint) -> NoticeKey:
    if party == view.own:
        return (conflict.other_party, conflict.other_id)
    return (view.own, conflict.own_id)


def _cause(view: View, conflict: Conflict) -> Cause:
    own = view.notices[(view.own, conflict.own_id)]
    other = view.notices[(conflict.other_party, conflict.other_id)]
    for notice in (own, other):
        if notice.state in ("CANCELLED", "ENDED"):
            return notice.state
        if not notice.live_for(conflict.other_party):
            return "PAST"
    return "CHANGED"


def found_between(view: View, own: Notice, other: Notice, hit: Hit, *, given_is_own: bool) -> ConflictFound:
    """A conflict of a notice of ours with another's, told by one pair of volumes.  `given_is_own`: ours was asked for."""
    own_volume, other_volume = (hit.given, hit.other) if given_is_own else (hit.other, hit.given)
    one, two = own.current.volumes[own_volume], other.current.volumes[other_volume]
    start, end = max(one.start, two.start), min(one.end, two.end)
    pair = pair_id((own.party, own.id), (other.party, other.id))
    return ConflictFound(
        pair_id=pair,
        conflict_id=conflict_id(
            pair,
            ((own.party, own.id), own.current.version),
            ((other.party, other.id), other.current.version),
            view.table_hash_of(other.party),
        ),
        own_id=own.id,
        own_version=own.current.version,
        other_party=other.party,
        other_id=other.id,
        other_version=other.current.version,
        volumes=(own_volume, other_volume),
        gaps=gaps_slot(hit),
        start=start if start < end else 0,
        end=end if start < end else 0,
        shared=other.party in own.audience,
    )


def conflict_slots(view: View, conflict: Conflict) -> ConflictSlots:
    """CFL for a conflict that we hold."""
    own = NoticeRef(party=view.own, id=conflict.own_id, version=conflict.own_version)
    other = NoticeRef(party=conflict.other_party, id=conflict.other_id, version=conflict.other_version)
    in_order = (own.party, own.id) < (other.party, other.id)
    window = {"start": conflict.window[0], "end": conflict.window[1]} if conflict.window else {}
    return ConflictSlots(
        pair_id=conflict.pair_id,
        conflict_id=conflict.conflict_id,
        notices=(own, other) if in_order else (other, own),
        volumes=conflict.volumes if in_order else (conflict.volumes[1], conflict.volumes[0]),
        gaps=conflict.gaps,
        **window,
    )


def key_for(view: View, peer: Fingerprint, volumes: Iterable[VolumeSlot]) -> tuple[KeyEntry, ...]:
    """The awareness key towards one peer: its current notices that conflict with these volumes of ours (NOT-03).

    Of more than KEY_ENTRIES the first by id: a notice must not be kept from being told because it conflicts with many.
    """
    hit = sorted({key for key in by_notice(view.hits(view.own, volumes)) if key[0] == peer})
    return tuple(
        KeyEntry(id=notice.id, version=notice.current.version, hash=notice.told[peer].hash)
        for notice in (view.notices[key] for key in hit[: limits.KEY_ENTRIES])
    )
