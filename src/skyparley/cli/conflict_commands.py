"""Commands that look at conflicts: list, show, and what would settle one."""

from typing import TYPE_CHECKING, Annotated

import typer

from skyparley.cli.options import TAKES_IDS, JsonOption, NodeOption, group
from skyparley.cli.screen import as_json, pairs, say, table

if TYPE_CHECKING:
    from skyparley.cli.desk_client import Desk
    from skyparley.domain.proposals import Suggestion
    from skyparley.state.views import ConflictView, Overview

ConflictId = Annotated[
    str,
    typer.Argument(
        metavar="CONFLICT",
        help="Its short id or the beginning of it, or the id of a notice that is in no other.",
        show_default=False,
    ),
]


def register(app: typer.Typer) -> None:
    """Adds the group `conflict` to the app."""
    conflict = group("conflict", "Notices closer than the table allows.")
    conflict.command("list")(listed)
    conflict.command("show", context_settings=TAKES_IDS)(show)
    conflict.command("suggest", context_settings=TAKES_IDS)(suggest)
    app.add_typer(conflict)


def listed(
    node: NodeOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that are settled or overtaken.")] = False,
    json: JsonOption = False,
) -> None:
    """List conflicts, the earliest first."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.forms import time_shown
    from skyparley.cli.shown import conflict_state, gaps_text, table_with

    with open_desk(node) as desk:
        seen = desk.overview()
    conflicts = seen.conflicts
    shown = sorted((one for one in conflicts if everything or one.live), key=lambda one: (one.start or 0, one.pair_id))
    if json:
        as_json(shown)
        return
    rows = [
        (
            one.short_id,
            f"{one.own_notice} v{one.own_version}",
            f"{one.other_party} {one.other_notice} v{one.other_version}",
            conflict_state(one),
            time_shown(one.start) if one.start else "-",
            gaps_text(one.gaps, table_with(seen, one.other_party)),
            ", ".join(one.asked_to_move) or "-",
            "LOCAL: they were not told" if one.local else "same id" if one.peer_same_id else "not told yet",
        )
        for one in shown
    ]
    hidden = len(conflicts) - len(shown)
    table(
        ("Conflict", "Ours", "Theirs", "State", "From", "Gaps", "Asked to move", "Other side"),
        rows,
        empty="No conflict is open." + (f" {hidden} settled or overtaken: --all" if hidden else ""),
    )


def show(conflict_id: ConflictId, node: NodeOption = None, json: JsonOption = False) -> None:
    """Show one conflict: both notices, the gaps, the open offer, and what this desk may do now."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.shown import one_conflict

    with open_desk(node) as desk:
        seen = desk.overview()
    conflict = one_conflict(seen, conflict_id)
    if json:
        as_json(conflict)
        return
    tell_conflict(seen, conflict)


def tell_conflict(seen: "Overview", conflict: "ConflictView") -> None:
    """A conflict in full."""
    from skyparley.cli.forms import time_shown, window_text
    from skyparley.cli.shown import conflict_state, gaps_text, notice_state, offer_lines, table_with, volume_lines

    def notice(party: str, notice_id: str) -> str:
        found = next((one for one in seen.notices if (one.party, one.id) == (party, notice_id)), None)
        return (
            "\n".join([f"{found.ref}, {found.kind}, {notice_state(found)}", *volume_lines(found.volumes)])
            if found
            else notice_id
        )

    now = "CONFLICT" if conflict.live else "no conflict any more"
    rejected = (conflict.reject_reason or "NOT STATED") if conflict.state == "REJECTED" else ""
    other = "was not told of our notice: no dialogue is possible" if conflict.local else ""
    if not other:
        other = "told the same conflict id" if conflict.peer_same_id else "has not told its id yet"
    first, second = (place + 1 for place in conflict.volumes)
    needed = table_with(seen, conflict.other_party)
    pairs(
        [
            (
                "Conflict",
                f"{conflict.short_id}  {conflict.conflict_id}\n{now}, {conflict_state(conflict)}, revision {conflict.revision}",
            ),
            ("Pair", conflict.pair_id),
            (f"Ours, {seen.own.name}", notice(seen.own.name, conflict.own_notice)),
            (f"Theirs, {conflict.other_party}", notice(conflict.other_party, conflict.other_notice)),
            ("Gaps", f"{gaps_text(conflict.gaps, needed)} between volume {first} of ours and {second} of theirs"),
            ("Together", window_text(conflict.start, conflict.end) if conflict.start and conflict.end else ""),
            ("Found", time_shown(conflict.found_at)),
            ("Other side", other),
            ("Asked to move", ", ".join(conflict.asked_to_move)),
            ("Offer", "\n".join(offer_lines(seen, conflict.offer)) if conflict.offer else ""),
            ("Accepted", "by us; the other side's signature is awaited" if conflict.accepted_by_us else ""),
            ("Rejected", rejected),
            ("Agreement", conflict.agreement_id),
            ("You may", ", ".join(conflict.can).replace("_", " ") or "wait"),
        ]
    )


def suggest(conflict_id: ConflictId, node: NodeOption = None, json: JsonOption = False) -> None:
    """What would settle a conflict, the least disturbing first: for `dialogue propose --pick N`."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.shown import one_conflict

    with open_desk(node) as desk:
        conflict = one_conflict(desk.overview(), conflict_id)
        found, none = suggestions(desk, conflict.pair_id)
    if json:
        as_json(found or {"none": none})
        return
    if none:
        say(f"None: {none}.")
        return
    say(f"{conflict.short_id}, revision {conflict.revision}")
    table(
        ("Pick", "Kind", "Moves", "Change", "Cost"),
        [
            (
                str(place),
                one.kind,
                one.moves + ("" if one.asked else " (not asked)"),
                one.text,
                str(one.cost),
            )
            for place, one in enumerate(found, 1)
        ],
        empty="None.",
    )


def suggestions(desk: "Desk", pair_id: str) -> "tuple[list[Suggestion], str]":
    """The ranked suggestions of the node; or none, and why."""
    import msgspec

    from skyparley.domain.proposals import Suggestion

    class Nothing(msgspec.Struct, frozen=True):
        none: str

    found = desk.get(f"/conflicts/{pair_id}/suggestions", list[Suggestion] | Nothing)  # type: ignore[arg-type]
    return ([], found.none) if isinstance(found, Nothing) else (found, "")
