"""The preview of a file of notices: what would be filed, with whom it would conflict, and what does not fit into a notice."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec

from skyparley.base.errors import Reason
from skyparley.base.units import METRES_PER_NM
from skyparley.cli.forms import window_text
from skyparley.cli.notice_file_plans import Entry, Unfit
from skyparley.cli.screen import say, table
from skyparley.cli.shown import levels_text
from skyparley.cli.what_if_shown import conflict_lines, way_lines
from skyparley.domain.commands import Outcome
from skyparley.domain.messages.slots import VolumeSlot
from skyparley.domain.volumes import shape_of
from skyparley.domain.what_if import WouldBe
from skyparley.geometry.areas import area_m2
from skyparley.state.views import Overview

NAMES_SHOWN: Final = 6
"""Of notices that share a remark; beyond that they are counted."""


class NotFiled(NamedTuple):
    """Why nothing can be filed, and the exit code that says so."""

    exit_code: int
    lines: tuple[str, ...]


class Preview(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A file as notices, and what they would come to: `would` is in the order of `notices`.  `outcome`: once filed."""

    file: str
    format: str
    features: int
    position: int
    notices: tuple[Entry, ...] = ()
    would: tuple[WouldBe, ...] = ()
    reasons: tuple[Reason, ...] = ()
    unfit: tuple[Unfit, ...] = ()
    left_out: tuple[str, ...] = ()
    outcome: Outcome | None = None

    def pairs(self) -> Iterator[tuple[Entry, WouldBe]]:
        """Each notice with what it would come to."""
        return zip(self.notices, self.would, strict=True)


def show_preview(preview: Preview, seen: Overview) -> None:
    """Prints it: a table of the notices, then only what has to be said."""
    say(_headline(preview))
    rows = [_row(entry, would) for entry, would in preview.pairs()]
    table(("Becomes", "In the file", "Volumes", "Levels", "Time", "Area"), rows, empty="No notice comes of it.")
    _show_conflicts(preview, seen)
    for line in same_lines(preview):
        say(line.strip())
    _show_shared("No place in a notice, left away:", _by_text((entry, entry.dropped) for entry in preview.notices))
    _show_shared("Read otherwise than written:", _by_text((entry, entry.notes) for entry in preview.notices))
    if preview.left_out:
        say("Not filed:")
        for line in preview.left_out:
            say(f"  {line}")


def same_lines(preview: Preview) -> Iterator[str]:
    """Each notice that says the very same as another, filed already or earlier in the file."""
    for entry, would in preview.pairs():
        if entry.same_as:
            yield f"  {would.id} ({entry.file_id}) is the same as {entry.same_as}"


def _headline(preview: Preview) -> str:
    kinds = {str(entry.body["kind"]) for entry in preview.notices}
    told = {tuple(entry.body["audience"]) for entry in preview.notices}
    features = f"{preview.features} {'feature' if preview.features == 1 else 'features'}"
    who = ", ".join(next(iter(told))) if len(told) == 1 else ""
    to = f", told to {who}" if who else ", told to nobody"
    count = len(preview.notices)
    notices = f"{count} {'notice' if count == 1 else 'notices'}{' of ' + ' '.join(sorted(kinds)) if kinds else ''}"
    return f"{preview.file}: {preview.format}, {features}; {notices}{to if count else ''}."


def _row(entry: Entry, would: WouldBe) -> tuple[str, ...]:
    volumes = entry.volumes
    name = f" {entry.name}" if entry.name and entry.name != entry.file_id else ""
    window = window_text(min(one.start for one in volumes), max(one.end for one in volumes))
    return (would.id, f"{entry.file_id}{name}", str(len(volumes)), levels_text(volumes), window, _area_text(volumes))


def _area_text(volumes: Sequence[VolumeSlot]) -> str:
    """The shapes and what they cover together, parts that lie over each other counted for each."""
    kinds = ", ".join(sorted({str(volume.shape.__struct_config__.tag) for volume in volumes}))
    square_nm = sum(area_m2(shape_of(volume.shape)) for volume in volumes) / METRES_PER_NM**2
    return f"{kinds}, {square_nm:,.0f} sq NM" if square_nm >= 10 else f"{kinds}, {square_nm:.1f} sq NM"


def _show_conflicts(preview: Preview, seen: Overview) -> None:
    count = sum(len(would.conflicts) for would in preview.would)
    if not count:
        if preview.notices:
            say(f"No conflict that this node knows, as of entry {preview.position} of its journal.")
        return
    say(f"Conflicts they would make: {count}, as of entry {preview.position} of the journal.")
    for entry, would in preview.pairs():
        if would.conflicts:
            say(f"  {would.id} ({entry.file_id}) with")
            lines = [line for conflict in would.conflicts for line in conflict_lines(conflict, seen)]
            for line in (*lines, *way_lines(would)):
                say(f"    {line}")


def _by_text(remarks: Iterator[tuple[Entry, tuple[str, ...]]]) -> dict[str, list[str]]:
    """Remarks, each with the ids that it is about."""
    found: dict[str, list[str]] = {}
    for entry, texts in remarks:
        for text in texts:
            found.setdefault(text, []).append(entry.file_id)
    return found


def _show_shared(title: str, found: dict[str, list[str]]) -> None:
    if not found:
        return
    say(title)
    for text, ids in found.items():
        say(f"  {text}: {', '.join(ids) if len(ids) <= NAMES_SHOWN else f'{len(ids)} notices'}")
