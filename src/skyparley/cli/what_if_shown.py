"""What an act would come to, in words: conflicts it would make and end, ways to keep apart, who would be told, refusals."""

from collections.abc import Sequence
from typing import Any

from skyparley.cli.desk_client import Desk
from skyparley.cli.endings import NO
from skyparley.cli.forms import window_text
from skyparley.cli.screen import as_json, say
from skyparley.cli.shown import gaps_text, table_with
from skyparley.domain.messages.slots import GapsSlot
from skyparley.domain.what_if import WhatIf, WouldBe, WouldConflict
from skyparley.state.views import Overview


def ask_and_tell(desk: Desk, question: dict[str, list[dict[str, Any]]], *, json: bool) -> int:
    """Asks what one act would come to and prints it; None in a body is what was not said.  The exit code of the command."""
    said = {
        name: [{key: value for key, value in body.items() if value is not None} for body in bodies]
        for name, bodies in question.items()
    }
    return tell_what_if(desk.ask(said), desk.overview(), json=json)


def tell_what_if(answer: WhatIf, seen: Overview, *, json: bool) -> int:
    """Prints the answer about one notice.  The exit code says whether it would be taken as it was asked."""
    (would,) = (*answer.notices, *answer.changes)
    if json:
        as_json(answer)
    else:
        for line in (*would_lines(would, seen), *refusal_lines(would.reasons)):
            say(line)
        say(f"Asked at entry {answer.position} of the journal. Nothing was sent.")
    return NO if would.reasons else 0


def would_lines(would: WouldBe, seen: Overview) -> list[str]:
    """A notice as it would be."""
    lines = [f"{would.ref} would {_told(would)}."]
    for ref in would.ends:
        lines.append(f"Its conflict with {ref} would be over.")
    count = len(would.conflicts)
    if not count:
        return [*lines, "It would conflict with nothing that this node knows."]
    lines.append(f"It would conflict with {count} {'notice' if count == 1 else 'notices'}:")
    lines += [f"  {line}" for conflict in would.conflicts for line in conflict_lines(conflict, seen)]
    return [*lines, *way_lines(would)]


def conflict_lines(conflict: WouldConflict, seen: Overview) -> list[str]:
    """One conflict: with what, when, by how much."""
    needed = table_with(seen, conflict.party)
    when = ""
    if conflict.start is not None and conflict.end is not None:
        when = f", {window_text(conflict.start, conflict.end)}"
    how = "overlap" if is_overlap(conflict.gaps) else "too close"
    held = "; it is in conflict with it now" if conflict.held else ""
    alone = "" if conflict.shared else f"; {conflict.party} would not be told, so no dialogue is possible"
    return [f"{conflict.ref}, {conflict.kind}: {how}{when}{held}{alone}", f"  {gaps_text(conflict.gaps, needed)}"]


def way_lines(would: WouldBe) -> list[str]:
    """How the notice could keep clear of everything, the best first."""
    if not would.sought:
        return []
    if not would.ways:
        return ["No change of time, level or area of it alone keeps apart from everything."]
    return ["To keep apart from everything known:", *(f"  {way.text}" for way in would.ways)]


def refusal_lines(reasons: Sequence[Any]) -> list[str]:
    """Why it would be refused, as a refusal would say it."""
    if not reasons:
        return []
    lines = ["It would be refused:"]
    for reason in reasons:
        where = f" [{reason.field}]" if reason.field else ""
        lines.append(f"  {reason.code}{where}: {reason.text}")
    return lines


def is_overlap(gaps: GapsSlot) -> bool:
    """Whether two volumes touch or overlap in every sense, not only come too close."""
    return gaps.lateral_m == gaps.vertical_ft == gaps.time_ms == 0


def _told(would: WouldBe) -> str:
    if not would.told:
        return "stay local: nobody would be told"
    return f"be told to {', '.join(would.told)}, lead time {would.lead_class}"
