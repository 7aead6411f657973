"""Commands about lines: list, show, check, suspend, resume, terminate, and a new epoch of our feed.

What takes two persons takes the same command twice, by two accounts; the second must be a supervisor.
"""

from pathlib import Path
from typing import Annotated

import typer

from skyparley.cli.choices import LINE_REASONS
from skyparley.cli.options import AsOption, JsonOption, NodeOption, YesOption, group
from skyparley.cli.screen import as_json, note, pairs, say, table
from skyparley.cli.surroundings import settle

Peer = Annotated[str, typer.Argument(metavar="PEER", help="The name of a peer.", show_default=False)]
ReasonOption = Annotated[str, typer.Option(help=LINE_REASONS + ".", show_default=False)]
EffectiveOption = Annotated[
    str, typer.Option(metavar="TIME", help="2026-11-23T08:00Z or +2h. Without it: at once.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Adds the group `line` to the app."""
    line = group("line", "The lines to the peers.")
    for name, command in (
        ("list", lines),
        ("show", show),
        ("check", check),
        ("suspend", suspend),
        ("resume", resume),
        ("terminate", terminate),
        ("epoch", epoch),
        ("card", card),
    ):
        line.command(name)(command)
    app.add_typer(line)


def lines(node: NodeOption = None, json: JsonOption = False) -> None:
    """List lines: the one word of each, whether statements can be sent, whether both hold the same table."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.line_shown import can_send, delivered_text, link_text

    with open_desk(node) as desk:
        found = desk.overview().lines
    if json:
        as_json(found)
        return
    rows = [
        (
            one.peer,
            one.word,
            link_text(one),
            one.peer_desk,
            can_send(one),
            one.table,
            delivered_text(one),
            str(one.received),
            f"{one.sent_epoch}/{one.received_epoch}",
        )
        for one in found
    ]
    table(
        ("Peer", "Line", "Link", "Their desk", "Can send", "Table", "Delivered", "Received", "Epochs"),
        rows,
        empty="No line. Pin a peer with: skyparley peer add DIR CARD",
    )


def show(peer: Peer, node: NodeOption = None, json: JsonOption = False) -> None:
    """Show a line: its word, agreement, links and desks, the checks, and what waits for a second person."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.line_shown import line_rows, one_line

    with open_desk(node) as desk:
        seen = desk.overview()
    line = one_line(seen, peer)
    if json:
        as_json(line)
        return
    pairs(line_rows(seen, line))


def check(peer: Peer, node: NodeOption = None, as_: AsOption = "", json: JsonOption = False) -> None:
    """Check the line now, person to person: somebody there acknowledges."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.line_shown import one_line

    with open_desk(node, as_) as desk:
        line = one_line(desk.overview(), peer)
        outcome = desk.act(f"/lines/{line.peer}/check", {})
    if json:
        as_json(outcome)
        return
    say(f"Sent. A person at {line.peer} acknowledges it; see: skyparley statements")


def suspend(
    peer: Peer,
    reason: ReasonOption,
    node: NodeOption = None,
    effective: EffectiveOption = "",
    as_: AsOption = "",
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Suspend the line. Two persons; what saves lives still passes, and agreements stand until their end."""
    _change("suspend", peer, (reason, effective), node, as_, yes=yes, json=json)


def resume(
    peer: Peer,
    reason: ReasonOption = "NOT STATED",
    node: NodeOption = None,
    effective: EffectiveOption = "",
    as_: AsOption = "",
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Lift our own suspension. Two persons; the line is checked and opens."""
    _change("resume", peer, (reason, effective), node, as_, yes=yes, json=json)


def terminate(
    peer: Peer,
    reason: ReasonOption,
    node: NodeOption = None,
    effective: EffectiveOption = "",
    as_: AsOption = "",
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Terminate the line for good. Two persons; only what saves lives passes after it."""
    _change("terminate", peer, (reason, effective), node, as_, yes=yes, json=json)


_DONE = {
    "suspend": "Suspended. Stop requests, distress and hazards still pass; lift it with: skyparley line resume",
    "resume": "Lifted. The line is checked, and opens; see: skyparley line show",
    "terminate": "Terminated. Only what saves lives passes; a new line begins with new cards",
}


def _change(
    word: str, peer: str, said: tuple[str, str], node: Path | None, account: str, *, yes: bool, json: bool
) -> None:
    """One of two persons.  The second gives the same command, with the same reason and the same time."""
    from typing import get_args

    from skyparley.cli.choices import choose
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.forms import read_time, time_shown
    from skyparley.cli.line_shown import asked_command, one_line
    from skyparley.domain.messages.codes import LineReason

    reason = choose(said[0], get_args(LineReason), what="reason")
    with open_desk(node, account) as desk:
        seen = desk.overview()
        line = one_line(seen, peer)
        effective = read_time(said[1], now_ms=seen.now, day_ms=seen.now) if said[1] else 0
        when = f"from {time_shown(effective)}" if effective else "at once"
        note(f"{word.capitalize()} the line to {line.peer}, {reason}, {when}. It is {line.word} now.")
        settle(f"{word.capitalize()} it?", yes=yes)
        outcome = desk.act(f"/lines/{line.peer}/{word}", {"reason": reason, "effective": effective})
        after = one_line(desk.overview(), line.peer)
    if json:
        as_json(outcome)
        return
    if outcome.result == "ASKED" and after.change_asked is not None:
        say("Asked. Nothing was said to the other side: it takes two persons.")
        say("Another person, who must be a supervisor, gives the same command within the hour:")
        say(f"    {asked_command(after, after.change_asked)}")
        return
    say(f"{_DONE[word]}." if not effective else f"Said: {word} from {time_shown(effective)}.")


def epoch(
    peer: Peer, node: NodeOption = None, as_: AsOption = "", yes: YesOption = False, json: JsonOption = False
) -> None:
    """Open a new epoch of our feed, where our record was restored from before what we said. Two persons."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.line_shown import one_line

    with open_desk(node, as_) as desk:
        line = one_line(desk.overview(), peer)
        note(f"A new epoch of our feed to {line.peer}; it is {line.sent_epoch} now, heads {line.compared}.")
        settle("Open it?", yes=yes)
        outcome = desk.act(f"/lines/{line.peer}/epoch", {})
    if json:
        as_json(outcome)
        return
    if outcome.result == "ASKED":
        say("Asked. It takes two persons; another one, a supervisor, gives the same command:")
        say(f"    skyparley line epoch {line.peer} --as ACCOUNT")
        return
    say("A new epoch is open.")


def card(
    peer: Peer,
    out: Annotated[Path, typer.Option(metavar="FILE.html", help="Where the page goes.", show_default=False)],
    node: NodeOption = None,
    lang: Annotated[str, typer.Option(metavar="LANG", help="Beside English; without it, what they speak.")] = "",
) -> None:
    """Write the lost-line card: one page to print daily, for when the line is lost."""
    from urllib.parse import quote

    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.line_shown import one_line

    with open_desk(node) as desk:
        line = one_line(desk.overview(), peer)
        page = desk.page(f"/lines/{line.peer}/card" + (f"?lang={quote(lang.lower())}" if lang else ""))
    out.write_bytes(page)
    note(f"The card of the line to {line.peer} is in {out}; print it, and keep it beside the telephone.")
