"""Terms: what a proposal makes of two notices, and everything that can be wrong with it.

Source: DOMAIN RES-02, DIS-02; line-v1 9.1.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import UNSET

from skyparley.base.errors import Reason
from skyparley.base.ids import Fingerprint
from skyparley.domain.detection import by_notice
from skyparley.domain.dialogue_states import notices_of
from skyparley.domain.line_tables import readers_of, separation_between
from skyparley.domain.messages.codes import ProposalKind
from skyparley.domain.messages.slots import (
    TermNotice,
    VolumeSlot,
)
from skyparley.domain.notices import bound_reasons, content_reasons
from skyparley.domain.records import Conflict, NoticeVersion
from skyparley.domain.view import View
from skyparley.domain.volumes import changed_fields, volume_of
from skyparley.geometry.volumes import judge


def terms(
    view: View, conflict: Conflict, changes: Mapping[Fingerprint, tuple[VolumeSlot, ...]]
) -> tuple[TermNotice, TermNotice]:
    """Both notices in wire order, with new volumes where they change."""
    both = sorted(
        (
            TermNotice(
                party=notice.party,
                id=notice.id,
                version=notice.current.version,
                volumes=changes.get(notice.party, UNSET),
            )
            for notice in notices_of(view, conflict)
        ),
        key=lambda term: (term.party, term.id),
    )
    return both[0], both[1]


def new_volumes(view: View, term: TermNotice) -> tuple[VolumeSlot, ...]:
    """The volumes a notice has under the terms."""
    if term.volumes is not UNSET:
        return term.volumes
    return view.notices[(Fingerprint(term.party), term.id)].current.volumes


def separated(view: View, pair: tuple[TermNotice, TermNotice]) -> bool:
    """Whether the two notices keep the table's distance under the terms."""
    separation = separation_between(view, Fingerprint(pair[0].party), Fingerprint(pair[1].party))
    return not any(
        judge(volume_of(one), volume_of(two), separation).conflict
        for one in new_volumes(view, pair[0])
        for two in new_volumes(view, pair[1])
    )


def third_conflicts(view: View, pair: tuple[TermNotice, TermNotice]) -> tuple[str, ...]:
    """Conflicts with other notices that the terms would newly make, as refs.  Both parties' new volumes are judged."""
    inside = {(term.party, term.id) for term in pair}
    made: list[str] = []
    for term in pair:
        if term.volumes is UNSET:
            continue
        party = Fingerprint(term.party)
        before = by_notice(view.hits(party, view.notices[(party, term.id)].current.volumes))
        after = by_notice(view.hits(party, term.volumes))
        made += [view.notices[key].ref for key in sorted(after) if key not in before and key not in inside]
    return tuple(made)


def kind_of(view: View, pair: tuple[TermNotice, TermNotice]) -> ProposalKind:
    """Which separation the terms use: one field changed gives its kind, several give MIX."""
    fields = {
        name
        for term in pair
        if term.volumes is not UNSET
        for name in changed_fields(view.notices[(Fingerprint(term.party), term.id)].current.volumes, term.volumes)
    }
    if len(fields) != 1:
        return "MIX"
    return _KIND_OF_FIELD[fields.pop()]


_KIND_OF_FIELD: Final[Mapping[str, ProposalKind]] = {"AREA": "LAT", "LEVELS": "VERT", "PERIOD": "TIME"}


def until_of(view: View, pair: tuple[TermNotice, TermNotice]) -> int:
    """The last end of both notices under the terms: then the agreement ends by itself."""
    return max(volume.end for term in pair for volume in new_volumes(view, term))


def term_reasons(view: View, conflict: Conflict, pair: tuple[TermNotice, TermNotice], now: int) -> list[Reason]:
    """What is wrong with terms of ours: each reason with what would be right."""
    reasons: list[Reason] = []
    for term in pair:
        if term.volumes is UNSET:
            continue
        notice = view.notices[(Fingerprint(term.party), term.id)]
        if notice.active(now):
            text = f"{term.id} is active; an active notice is not asked to move. Move the other"
            reasons.append(Reason("NOTICE_ACTIVE", text, "changes"))
        version = NoticeVersion(
            version=term.version + 1,
            kind=notice.current.kind,
            volumes=term.volumes,
            due_regard=notice.current.due_regard,
        )
        reasons += content_reasons(view, version, now, readers_of(view, notice))
    if reasons:
        return reasons
    if all(term.volumes is UNSET or term.volumes == notice_volumes(view, term) for term in pair):
        return [Reason("NOTHING_CHANGED", "terms change at least one of the two notices", "changes")]
    if not separated(view, pair):
        text = "under these terms the two still conflict by the table; give more side, height or time"
        reasons.append(Reason("TERMS_DO_NOT_SEPARATE", text, "changes"))
    third = third_conflicts(view, pair)
    if third:
        text = f"these terms make a new conflict with {', '.join(third)}"
        reasons.append(Reason("NEW_CONFLICT", text, "changes", third))
    return reasons + bound_elsewhere(view, conflict, pair, now)


def bound_elsewhere(view: View, conflict: Conflict, pair: tuple[TermNotice, TermNotice], now: int) -> list[Reason]:
    """What the signatures under other agreements, on this line or another, forbid these terms (line-v1 9.5).

    A notice that these terms leave alone counts too: what we accepted for it elsewhere would change it under them.
    """
    return [
        reason
        for term in pair
        for reason in bound_reasons(
            view, view.notices[(Fingerprint(term.party), term.id)], new_volumes(view, term), now, but=conflict.pair_id
        )
    ]


def notice_volumes(view: View, term: TermNotice) -> tuple[VolumeSlot, ...]:
    """The current volumes of the notice of a term."""
    return view.notices[(Fingerprint(term.party), term.id)].current.volumes


def own_content_reasons(view: View, pair: tuple[TermNotice, TermNotice], now: int) -> list[Reason]:
    """What our own notice may not become, whoever proposed it: least sizes, a period that is over (DIS-02)."""
    reasons: list[Reason] = []
    for term in pair:
        if term.party == view.own and term.volumes is not UNSET:
            notice = view.notices[(view.own, term.id)]
            current = notice.current
            after = NoticeVersion(
                version=term.version + 1, kind=current.kind, volumes=term.volumes, due_regard=current.due_regard
            )
            reasons += content_reasons(view, after, now, readers_of(view, notice))
    return reasons


def current(view: View, term: TermNotice) -> bool:
    notice = view.notices.get((Fingerprint(term.party), term.id))
    return notice is not None and notice.live and notice.current.version == term.version
