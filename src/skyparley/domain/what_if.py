"""What-if: what filing or changing notices would come to, asked before anything is sent.  It binds nothing.

Made of the same weighing that filing and changing are decided by, and of the same words in which detection tells a
conflict, so that question and act agree at one position of the record.  Source: DOMAIN RES-10, NOT-03, NOT-06.
"""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

import msgspec

from skyparley.base import limits
from skyparley.base.errors import Reason, Refusal
from skyparley.domain.commands import ChangeNotice, FileNotice
from skyparley.domain.detection import by_notice, found_between, worst
from skyparley.domain.filing import Weighed, full_ref, too_much, weigh_change, weigh_new
from skyparley.domain.messages.codes import LeadClass, NoticeKind, ProposalKind
from skyparley.domain.messages.slots import GapsSlot, VolumeSlot
from skyparley.domain.notices import bound_reasons, content_reasons, own_notice, shortest_lead
from skyparley.domain.parties import name_of
from skyparley.domain.proposals import mover_of
from skyparley.domain.records import Notice, version_ref
from skyparley.domain.settling import settle
from skyparley.domain.shape_slots import volume_slot
from skyparley.domain.standing import Standing
from skyparley.domain.view import Hit, View


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Notices as they would be filed, all as one; changes of notices of ours, each for itself."""

    notices: Annotated[tuple[FileNotice, ...], msgspec.Meta(max_length=limits.NOTICES_AT_ONCE)] = ()
    changes: Annotated[tuple[ChangeNotice, ...], msgspec.Meta(max_length=limits.NOTICES_AT_ONCE)] = ()


class WouldConflict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A conflict that there would be: the worst pair of volumes, as both desks would then be told.

    `ref` is how a key names it.  `held`: there is a conflict of these two already.  `shared`: the other party would be told
    of our notice, so that the two can talk.
    """

    pair_id: str
    ref: str
    party: str
    notice: str
    version: int
    kind: NoticeKind
    volumes: tuple[int, int]
    gaps: GapsSlot
    start: int | None = None
    end: int | None = None
    shared: bool = False
    held: bool = False


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """A change of the notice that would make it meet nothing at all, before it is sent.  `cost`: see settling_cost.py."""

    kind: ProposalKind
    text: str
    cost: int
    volumes: tuple[VolumeSlot, ...]


class WouldBe(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One notice as it would be.  `reasons`: why it would be refused now; empty where it would be taken.

    `told`: the peers that would know of it.  `ends`: refs of the notices with which a conflict would be over.  `ways`: the
    best few to keep apart, where it would conflict and they were `sought`: for the first WAYS_NOTICES of one question.
    """

    id: str
    version: int
    ref: str
    reasons: tuple[Reason, ...] = ()
    conflicts: tuple[WouldConflict, ...] = ()
    ways: tuple[Way, ...] = ()
    sought: bool = False
    ends: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    lead_class: LeadClass | None = None


class WhatIf(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answers in the order of the question: notices, then changes; with the position of the record and the time.

    `reasons`: why the notices would be refused as one although each could be filed alone.
    """

    position: int
    now: int
    notices: tuple[WouldBe, ...] = ()
    changes: tuple[WouldBe, ...] = ()
    reasons: tuple[Reason, ...] = ()


class Foreseen(NamedTuple):
    """An answer without ways, and the notices for which ways are to be sought, each with its place in the answer.

    Seeking takes far longer than all the rest, so whoever answers others too seeks for one notice at a time.
    """

    answer: WhatIf
    unsettled: tuple[tuple[int, Notice], ...]


def what_if(view: View, question: Question, *, now: int, position: int) -> WhatIf:
    """What would come of it if it were asked for now.  Changes nothing."""
    seen = foresee(view, question, now=now, position=position)
    return with_ways(seen.answer, [(place, ways(view, notice, now)) for place, notice in seen.unsettled])


def foresee(view: View, question: Question, *, now: int, position: int) -> Foreseen:
    """The same without ways: what a batch of decisions would cost, and no more."""
    several = weigh_new(view, question.notices, now)
    filed = [_would_be(view, weighed, now) for weighed in several]
    changed = [_would_change(view, command, now) for command in question.changes]
    unsettled = [(place, notice) for place, (would, notice) in enumerate((*filed, *changed)) if would.conflicts]
    answer = WhatIf(
        position=position,
        now=now,
        notices=tuple(would for would, _ in filed),
        changes=tuple(would for would, _ in changed),
        reasons=tuple(too_much(several)) if len(several) > 1 else (),
    )
    return Foreseen(
        answer, tuple((place, notice) for place, notice in unsettled[: limits.WAYS_NOTICES] if notice is not None)
    )


def ways(view: View, would_be: Notice, now: int) -> tuple[Way, ...]:
    """Ways for a version that nobody was told yet: it alone moves, and away from everything that it would meet."""
    found = settle([(mover_of(view, would_be.id, would_be, now), Standing(view, view.own))], limit=limits.WAYS_ANSWERED)
    held = view.notices.get((view.own, would_be.id))
    taken = []
    for made in found:
        volumes = tuple(map(volume_slot, made.changes[0][1]))
        after = msgspec.structs.replace(would_be.current, volumes=volumes)
        refused = content_reasons(view, after, now, would_be.audience) or (
            held is not None and bound_reasons(view, held, volumes, now)
        )
        if not refused and not view.hits(view.own, volumes):
            taken.append(Way(kind=made.kind, text=made.text, cost=made.cost, volumes=volumes))
    return tuple(taken)


def with_ways(answer: WhatIf, found: Sequence[tuple[int, tuple[Way, ...]]]) -> WhatIf:
    """The answer with the ways that were found, each at its place among notices and changes together."""
    all_of_them = [*answer.notices, *answer.changes]
    for place, made in found:
        all_of_them[place] = msgspec.structs.replace(all_of_them[place], ways=made, sought=True)
    count = len(answer.notices)
    return msgspec.structs.replace(answer, notices=tuple(all_of_them[:count]), changes=tuple(all_of_them[count:]))


def _would_change(view: View, command: ChangeNotice, now: int) -> tuple[WouldBe, Notice | None]:
    notice = own_notice(view, command.id, command.expected_version)
    if isinstance(notice, Refusal):
        version = command.expected_version + 1
        ref = version_ref(command.id, version)
        return WouldBe(id=command.id, version=version, ref=ref, reasons=notice.reasons), None
    weighed = weigh_change(view, notice, command, now)
    stays = by_notice(weighed.hits)
    ends = [
        full_ref(view, view.notices[(conflict.other_party, conflict.other_id)])
        for conflict in view.conflicts_of(view.own, notice.id)
        if (conflict.other_party, conflict.other_id) not in stays
    ]
    would, would_be = _would_be(view, weighed, now)
    return msgspec.structs.replace(would, ends=tuple(ends)), would_be


def _would_be(view: View, weighed: Weighed, now: int) -> tuple[WouldBe, Notice]:
    would_be = Notice(party=view.own, id=weighed.id, current=weighed.version, audience=weighed.audience)
    would = WouldBe(
        id=weighed.id,
        version=weighed.version.version,
        ref=weighed.ref,
        reasons=weighed.reasons,
        conflicts=_conflicts(view, would_be, weighed.hits),
        told=tuple(name_of(view, peer) for peer in (*weighed.audience, *weighed.by_voice)),
        lead_class=shortest_lead(view, weighed.version, weighed.audience, now),
    )
    return would, would_be


def _conflicts(view: View, own: Notice, hit: Sequence[Hit]) -> tuple[WouldConflict, ...]:
    """What detection would tell, by party and notice."""
    conflicts = []
    for key, hits in sorted(by_notice(hit).items()):
        other = view.notices[key]
        event = found_between(view, own, other, worst(hits, given_first=(view.own, own.id) < key), given_is_own=True)
        held = view.conflicts.get(event.pair_id)
        conflicts.append(
            WouldConflict(
                pair_id=event.pair_id,
                ref=full_ref(view, other),
                party=name_of(view, other.party),
                notice=other.id,
                version=other.current.version,
                kind=other.current.kind,
                volumes=event.volumes,
                gaps=event.gaps,
                start=event.start or None,
                end=event.end or None,
                shared=event.shared,
                held=held is not None and held.live,
            )
        )
    return tuple(conflicts)
