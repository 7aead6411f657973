"""Notices, conflicts, offers and agreements in words: what the desk commands print of the views."""

from collections.abc import Sequence
from typing import Final

from skyparley.base.ids import short_id
from skyparley.base.times import MINUTE
from skyparley.base.units import METRES_PER_NM
from skyparley.cli.endings import NO, Ending, unusable
from skyparley.cli.forms import length_text, time_shown, window_text
from skyparley.cli.shape_forms import shape_shown
from skyparley.cli.volume_forms import band_text, level_text
from skyparley.domain.messages.slots import GapsSlot, VolumeSlot
from skyparley.domain.table import Table
from skyparley.state.views import ConflictView, NoticeView, OfferView, Overview, TermView

_HEARD: Final = str.maketrans("OIL", "011")
"""Letters that a short id does not have, as people write them for the figures that look or sound alike."""


def own_notice(seen: Overview, notice_id: str) -> NoticeView:
    """The notice of ours with this id.  Ends the command when there is none."""
    return _one_notice([one for one in seen.notices if one.own], notice_id, "no notice of ours is called")


def any_notice(seen: Overview, notice_id: str, party: str = "") -> NoticeView:
    """A notice by its id, and its party where two have it."""
    there = [one for one in seen.notices if not party or one.party == party.upper()]
    return _one_notice(there, notice_id, f"no notice of {party.upper()} is called" if party else "no notice is called")


def _one_notice(notices: Sequence[NoticeView], notice_id: str, none: str) -> NoticeView:
    found = [one for one in notices if one.id == notice_id.upper()]
    if len(found) == 1:
        return found[0]
    if found:
        whose = " or ".join(f"--party {one.party}" for one in found)
        raise unusable(f"{notice_id.upper()} is the id of several notices; add {whose}")
    known = ", ".join(one.id for one in notices if one.state not in ("ENDED", "CANCELLED"))
    raise Ending(NO, f"{none} {notice_id!r}; there are: {known or 'none'}")


def one_conflict(seen: Overview, wanted: str) -> ConflictView:
    """The conflict that a person means: by its short id or the beginning of a long one, or by a notice in it."""
    exact = [one for one in seen.conflicts if wanted in (one.pair_id, one.conflict_id)]
    heard = wanted.upper().translate(_HEARD)
    short = [one for one in seen.conflicts if one.short_id.startswith(heard)]
    begins = [one for one in seen.conflicts if _begins(one, wanted)]
    notices = [one for one in seen.conflicts if wanted.upper() in (one.own_notice, one.other_notice)]
    for found in (exact, notices, short, begins):
        live = [one for one in found if one.live]
        if len(found) == 1 or len(live) == 1:
            return (live or found)[0]
        if found:
            which = "\n".join(f"  {conflict_line(one)}" for one in found)
            raise unusable(f"{wanted!r} can mean several conflicts; write more of the id:", which)
    if not seen.conflicts:
        raise Ending(NO, "there is no conflict")
    raise Ending(
        NO, f"no conflict begins with {wanted!r}; there are:", *(f"  {conflict_line(c)}" for c in seen.conflicts)
    )


def _begins(conflict: ConflictView, wanted: str) -> bool:
    """Whether an id of the conflict begins like this; what is read aloud goes without regard to case."""
    aloud = (conflict.short_id, short_id(conflict.pair_id))
    return (
        conflict.pair_id.startswith(wanted)
        or conflict.conflict_id.startswith(wanted)
        or any(one.startswith(wanted.upper()) for one in aloud)
    )


def conflict_line(conflict: ConflictView) -> str:
    """A conflict in one line."""
    other = f"{conflict.other_party} {conflict.other_notice} v{conflict.other_version}"
    return f"{conflict.short_id}  {conflict.own_notice} v{conflict.own_version} and {other}  {conflict_state(conflict)}"


def conflict_state(conflict: ConflictView) -> str:
    """A state in the words of a desk: after a rejection a conflict is as open as before."""
    if not conflict.live:
        return f"{conflict.state}, {'SETTLED' if conflict.agreement_id else 'GONE'}"
    return "OPEN: proposal rejected" if conflict.state == "REJECTED" else conflict.state


def notice_state(notice: NoticeView) -> str:
    """A state in the words of a desk: what has not arrived everywhere is never shown as told."""
    words: str = notice.state
    if notice.state == "COORDINATED":
        words = "TOLD, NO CONFLICT"
    elif notice.state == "NOTIFIED":
        words = "TOLD"
        if notice.own and not notice.audience:
            words = "LOCAL ONLY"
        elif not all(one.delivered for one in notice.audience):
            words = "NOT RECEIVED"
    return f"{words}, PAST" if notice.past and notice.state not in ("ENDED", "CANCELLED") else words


def not_received(seen: Overview, notice_id: str) -> list[str]:
    """The peers that have not received our notice as it is now because their link is down; none where it is unknown."""
    down = {line.peer for line in seen.lines if not line.link_up}
    found = [one for one in seen.notices if one.own and one.id == notice_id]
    return [one.peer for notice in found for one in notice.audience if one.peer in down and not one.delivered]


def told_text(notice: NoticeView) -> str:
    """Who was told and who has confirmed receipt; for a peer's notice, when it came."""
    if not notice.own:
        return f"received {time_shown(notice.received_utc)}" if notice.received_utc else ""
    if not notice.audience:
        return "nobody: local"
    return ", ".join(f"{one.peer} {'received' if one.delivered else 'NOT YET'}" for one in notice.audience)


def table_with(seen: Overview, party: str) -> Table:
    """The table that holds on the line to a party; for any other, the one that the node was started with."""
    return next((one.numbers for one in seen.lines if one.peer == party and one.numbers is not None), seen.table)


def gaps_text(gaps: GapsSlot, table: Table) -> str:
    """The gaps of a conflict beside what the table asks for; no gap is rounded up."""
    return (
        f"lateral {gaps.lateral_m * 10 // METRES_PER_NM / 10:g} NM (needs {_nm(table.separation_lateral_m)}), "
        f"vertical {gaps.vertical_ft} ft (needs {table.separation_vertical_ft}), "
        f"time {gaps.time_ms // MINUTE} min (needs {table.separation_time_ms / MINUTE:g})"
    )


def _nm(metres: int) -> str:
    """A length in NM without the unit; in metres where NM would not be exact."""
    return length_text(metres).removesuffix(" NM")


def volume_lines(volumes: Sequence[VolumeSlot]) -> list[str]:
    """Each volume in two lines, numbered from 1."""
    lines = []
    for place, volume in enumerate(volumes, 1):
        lines.append(f"{place}  {band_text(volume.lower, volume.upper)}, {window_text(volume.start, volume.end)}")
        lines.append(f"   {shape_shown(volume.shape)}")
    return lines


def term_lines(seen: Overview, terms: Sequence[TermView]) -> list[str]:
    """What terms change, against the notices as they are now."""
    lines: list[str] = []
    for term in terms:
        name = f"{term.party} {term.id} v{term.version}"
        if term.volumes is None:
            lines.append(f"{name} stays as it is")
            continue
        now = next((one for one in seen.notices if (one.party, one.id) == (term.party, term.id)), None)
        lines.append(f"{name} becomes v{term.version + 1}:")
        same = now is not None and now.version == term.version
        changed = changes(now.volumes, term.volumes) if same and now is not None else volume_lines(term.volumes)
        lines += [f"  {line}" for line in changed]
    return lines


def changes(before: Sequence[VolumeSlot], after: Sequence[VolumeSlot]) -> list[str]:
    """What differs between two lists of volumes, one line a difference; all of the new ones where they do not pair."""
    if len(before) != len(after):
        return [f"{len(after)} volumes instead of {len(before)}:", *volume_lines(after)]
    lines = []
    for place, (old, new) in enumerate(zip(before, after, strict=True), 1):
        if (old.lower, old.upper) != (new.lower, new.upper):
            now = band_text(new.lower, new.upper)
            lines.append(f"volume {place}: {now} instead of {band_text(old.lower, old.upper)}")
        if (old.start, old.end) != (new.start, new.end):
            was = window_text(old.start, old.end)
            lines.append(f"volume {place}: {window_text(new.start, new.end)} instead of {was}")
        if old.shape != new.shape:
            lines.append(f"volume {place}: {shape_shown(new.shape)} instead of {shape_shown(old.shape)}")
    return lines or ["nothing differs"]


def offer_lines(seen: Overview, offer: OfferView) -> list[str]:
    """An open offer: whose, what it changes, until when it can be answered."""
    whose = "ours" if offer.ours else f"of {offer.by}"
    lines = [f"turn {offer.turn}, {whose}, {offer.kind}, terms until {time_shown(offer.until)}"]
    lines += [f"  {line}" for line in term_lines(seen, offer.notices)]
    wait = f"answer by {time_shown(offer.reply_by)}, valid until {time_shown(offer.valid_until)}"
    if offer.standby_until is not None:
        wait = f"stand by until {time_shown(offer.standby_until)}, valid until {time_shown(offer.valid_until)}"
    if offer.late:
        wait += "; ITS TIME IS OVER: not known yet whether the other side accepted"
    return [*lines, wait]


def levels_text(volumes: Sequence[VolumeSlot]) -> str:
    """The levels of a notice in one cell: one band where all volumes share it."""
    bands = {(level_text(volume.lower), level_text(volume.upper)) for volume in volumes}
    if len(bands) == 1:
        return " to ".join(bands.pop())
    return f"{len(bands)} bands"
