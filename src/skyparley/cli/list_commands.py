"""Commands that list what the desk shows besides notices, conflicts and lines: agreements, alarms."""

from typing import TYPE_CHECKING, Annotated

import typer

from skyparley.cli.options import JsonOption, NodeOption, group
from skyparley.cli.screen import as_json, table

if TYPE_CHECKING:
    from skyparley.state.views import AlarmView, TermView


def register(app: typer.Typer) -> None:
    """Adds the groups `agreement` and `alarm` to the app."""
    for name, help_text, command in (
        ("agreement", "What both parties signed.", agreements),
        ("alarm", "What people must look at.", alarms),
    ):
        one = group(name, help_text)
        one.callback()(lambda: None)
        one.command("list")(command)
        app.add_typer(one)


def agreements(
    node: NodeOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that ended.")] = False,
    json: JsonOption = False,
) -> None:
    """List agreements: their terms, who signed, and whether they are in force."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.forms import time_shown

    with open_desk(node) as desk:
        seen = desk.overview()
    found = seen.agreements
    shown = [one for one in found if everything or one.status in ("PENDING", "IN_FORCE")]
    if json:
        as_json(shown)
        return
    rows = [
        (
            one.short_id,
            one.status + (f", {one.why_void}" if one.why_void else ""),
            " and ".join(map(_term_text, sorted(one.notices, key=lambda term: term.party != seen.own.name))),
            one.kind,
            " and ".join(one.signed_by),
            time_shown(one.until),
        )
        for one in shown
    ]
    hidden = len(found) - len(shown)
    table(
        ("Agreement", "Status", "Notices", "Kind", "Signed by", "Until"),
        rows,
        empty="No agreement is in force." + (f" {hidden} ended: --all" if hidden else ""),
    )


def _term_text(term: "TermView") -> str:
    """A notice of an agreement, with the version that it has under it."""
    return f"{term.party} {term.id} v{term.version + (term.volumes is not None)}"


def alarms(node: NodeOption = None, json: JsonOption = False) -> None:
    """List alarms, the newest first."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.forms import time_shown

    with open_desk(node) as desk:
        found = sorted(desk.overview().alarms, key=lambda one: -one.at)
    if json:
        as_json(found)
        return
    rows = [
        (
            time_shown(one.at),
            one.code,
            one.peer or "-",
            _alarm_text(one),
        )
        for one in found
    ]
    table(("At", "Alarm", "Peer", "What"), rows, empty="No alarm.")


def _alarm_text(one: "AlarmView") -> str:
    """What it says; first of all that it is over, where it is."""
    from skyparley.cli.forms import time_shown

    received = ": it was received there" if one.code == "NOT_DELIVERED" else ""
    over = f"OVER since {time_shown(one.over_at)}{received}. " if one.over_at is not None else ""
    return over + (f"{one.text} ({one.count} times)" if one.count > 1 else one.text)
