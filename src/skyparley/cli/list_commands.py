"""Commands that list what the desk shows besides notices and conflicts: agreements, alarms, lines."""

from typing import TYPE_CHECKING, Annotated

import typer

from skyparley.cli.options import JsonOption, NodeOption, group
from skyparley.cli.screen import as_json, table

if TYPE_CHECKING:
    from skyparley.state.views import LineView, TermView


def register(app: typer.Typer) -> None:
    """Adds the groups `agreement`, `alarm` and `line` to the app."""
    for name, help_text, command in (
        ("agreement", "What both parties signed.", agreements),
        ("alarm", "What people must look at.", alarms),
        ("line", "The lines to the peers.", lines),
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


def _can_send(line: "LineView") -> str:
    """Whether a statement made now goes out."""
    if not line.ready:
        return f"NO, heads {line.compared}"
    return "yes" if line.link_up else "will queue"


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
            f"{one.text} ({one.count} times)" if one.count > 1 else one.text,
        )
        for one in found
    ]
    table(("At", "Alarm", "Peer", "What"), rows, empty="No alarm.")


def _delivered(line: "LineView") -> str:
    """How many statements the other side is known to hold, and what is known of the others."""
    told = f"{line.delivered} of {line.sent}"
    if line.carried > line.delivered:
        told += f", by file to {line.carried}"
    if line.receipts == "NOT POSSIBLE":
        told += ", RECEIPT NOT POSSIBLE"
    return told + (f", {line.owed} waiting" if line.owed else "")


def lines(node: NodeOption = None, json: JsonOption = False) -> None:
    """List lines: whether statements can be sent, what is under way, whether both hold the same table."""
    from skyparley.cli.desk_client import open_desk

    with open_desk(node) as desk:
        found = desk.overview().lines
    if json:
        as_json(found)
        return
    rows = [
        (
            one.peer,
            one.state,
            "up" if one.link_up else f"DOWN {one.link_error}".strip(),
            _can_send(one),
            one.table,
            _delivered(one),
            str(one.received),
            f"{one.sent_epoch}/{one.received_epoch}",
        )
        for one in found
    ]
    table(
        ("Peer", "Line", "Link", "Can send", "Table", "Delivered", "Received", "Epochs"),
        rows,
        empty="No line. Pin a peer with: skyparley peer add DIR CARD",
    )
