"""Proposals: changes of either notice, or of both, that settle a conflict, ranked by how little they disturb.

The ways are found by settling.py from what the state holds; here they are tied to notices, to who is asked to move, and to
the gate that all terms pass, whoever wrote them.  No active notice is moved.  Source: DOMAIN RES-02, RES-09.
"""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from skyparley.base import limits
from skyparley.base.ids import Fingerprint
from skyparley.domain.commands import TermChange
from skyparley.domain.dialogue_states import asked_to_move, notices_of
from skyparley.domain.line_tables import least_sizes, readers_of
from skyparley.domain.messages.codes import NO_LEAST_SIZE_KINDS, ProposalKind
from skyparley.domain.messages.slots import VolumeSlot
from skyparley.domain.parties import name_of
from skyparley.domain.records import Conflict, Notice
from skyparley.domain.settling import Mover, Settlement, chosen, ways
from skyparley.domain.shape_slots import volume_slot
from skyparley.domain.standing import standing_around
from skyparley.domain.table import ANY_SIZE
from skyparley.domain.terms import term_reasons, terms
from skyparley.domain.view import View
from skyparley.domain.volumes import volume_of
from skyparley.geometry.volumes import Volume

ADOPTED_MARGIN: int = 2
"""A conflict that only the other side sees lies within the table's tolerance of ours: so many times it are added."""


class Suggestion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One way to settle.  `cost`: see settling_cost.py.  `moves`: the party that moves, or both, by name.

    `asked` is False where RES-09 asks the other side to move: shown after everything that the asked side can do.
    """

    kind: ProposalKind
    moves: str
    changes: tuple[TermChange, ...]
    text: str
    cost: int
    asked: bool = True


class Suggestions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The best first; or `none`: why there is none."""

    proposals: tuple[Suggestion, ...] = ()
    none: str = ""


def suggest(view: View, conflict: Conflict, now: int) -> Suggestions:
    """Ranked proposals for a live conflict, at most PROPOSALS_SHOWN; never one that moves an active notice.

    Deterministic, and the same at both nodes.  Time grows with the volumes that lie near the two notices by their area.
    """
    if not conflict.live:
        return Suggestions(none="there is no conflict between these notices now")
    movable = [notice for notice in notices_of(view, conflict) if not notice.active(now)]
    if conflict.other_party in view.voice.peers:
        # Nothing can be proposed to one who was only heard: what our own side can do is all that there is.
        movable = [notice for notice in movable if notice.party == view.own]
    if not movable:
        return Suggestions(none="both notices are active; an active notice is not asked to move. Speak at once")
    asked = asked_to_move(view, conflict, now)
    named = _named(view, movable)
    sides = [
        (mover_of(view, name, notice, now), standing_around(view, conflict, notice)) for name, notice in named.items()
    ]
    found = {made: _suggestion(view, named, made, asked=asked) for made in ways(sides)}
    ranked = sorted(
        found, key=lambda made: (made.drastic, not found[made].asked, made.cost, found[made].moves, made.text)
    )
    shown = chosen(ranked, lambda made: _passes(view, conflict, found[made], now), limits.PROPOSALS_SHOWN)
    if not shown:
        why = "no change of time, level or place keeps the table and the other notices clear"
        return Suggestions(none=why)
    return Suggestions(proposals=tuple(found[made] for made in shown))


def _passes(view: View, conflict: Conflict, made: Suggestion, now: int) -> bool:
    """Whether a suggestion passes what every terms must pass, whoever wrote them."""
    changes = {Fingerprint(change.party): change.volumes for change in made.changes}
    return not term_reasons(view, conflict, terms(view, conflict, changes), now)


def _suggestion(view: View, named: dict[str, Notice], made: Settlement, *, asked: Sequence[Fingerprint]) -> Suggestion:
    changed = [(named[name], volumes) for name, volumes in made.changes]
    return Suggestion(
        kind=made.kind,
        moves=" and ".join(_party(view, notice) for notice, _ in changed),
        changes=tuple(
            TermChange(notice.party, notice.id, _written(notice.current.volumes, volumes))
            for notice, volumes in changed
        ),
        text=made.text,
        cost=made.cost,
        asked=all(notice.party in asked for notice, _ in changed),
    )


def _written(before: Sequence[VolumeSlot], volumes: Sequence[Volume]) -> tuple[VolumeSlot, ...]:
    """Volumes for the wire; what is not changed stands as it stood."""
    return tuple(_unlike(slot, volume_slot(volume)) for slot, volume in zip(before, volumes, strict=True))


def _unlike(old: VolumeSlot, new: VolumeSlot) -> VolumeSlot:
    return replace(new, shape=old.shape) if volume_of(new).shape == volume_of(old).shape else new


def _party(view: View, notice: Notice) -> str:
    return name_of(view, notice.party)


def _named(view: View, notices: Sequence[Notice]) -> dict[str, Notice]:
    """Notices by id; where both parties have used one id, with the party's name."""
    ids = [notice.id for notice in notices]
    return {
        notice.id if ids.count(notice.id) == 1 else f"{_party(view, notice)} {notice.id}": notice for notice in notices
    }


def mover_of(view: View, name: str, notice: Notice, now: int) -> Mover:
    """A notice as somebody who may change its volumes."""
    free = notice.current.kind in NO_LEAST_SIZE_KINDS
    least = ANY_SIZE if free else least_sizes(view, readers_of(view, notice))
    return Mover(
        name=name,
        volumes=tuple(map(volume_of, notice.current.volumes)),
        least_radius_m=least.radius_m,
        least_band_ft=least.band_ft,
        least_duration_ms=least.duration_ms,
        not_before=now + 1,
    )
