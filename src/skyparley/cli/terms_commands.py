"""Commands about the terms of a line: clauses drafted, told apart, proposed and accepted by two persons, and crossings."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from skyparley.cli.choices import REASONS, REJECT_REASONS, choose
from skyparley.cli.endings import NO, Ending, unusable
from skyparley.cli.options import AsOption, JsonOption, NodeOption, YesOption, group
from skyparley.cli.screen import as_json, note, say, table
from skyparley.cli.surroundings import read_text, settle

if TYPE_CHECKING:
    from skyparley.domain.clauses import Difference
    from skyparley.state.terms_views import ClauseView, CrossingView, TermsView
    from skyparley.state.views import Overview

Peer = Annotated[str, typer.Argument(metavar="PEER", help="The name of a peer.", show_default=False)]
Clause = Annotated[
    str, typer.Argument(metavar="CLAUSE", help="Its name, as `skyparley terms list` shows it.", show_default=False)
]
CrossingId = Annotated[str, typer.Argument(metavar="ID", help="The id of a crossing of ours.", show_default=False)]
VolumesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--volume", metavar="TEXT", help="'circle 36.1N 37.2E 5NM; lower=SFC; upper=FL100; start=...; end=...'"
    ),
]


def register(app: typer.Typer) -> None:
    """Adds the groups `terms` and `crossing` to the app."""
    terms = group("terms", "What both sides sign about the line: clause by clause, by two persons each.")
    for name, command in (
        ("list", listed),
        ("draft", draft),
        ("drop", drop),
        ("diff", diff),
        ("propose", propose),
        ("accept", accept),
        ("reject", reject),
    ):
        terms.command(name)(command)
    app.add_typer(terms)
    crossing = group("crossing", "Crossings of a standing line that both signed.")
    crossing.command("list")(crossings)
    crossing.command("say")(cross)
    crossing.command("revise")(revise)
    crossing.command("end")(end)
    app.add_typer(crossing)


# --- clauses -------------------------------------------------------------------------------------------------------


def listed(peer: Peer, node: NodeOption = None, json: JsonOption = False) -> None:
    """List the clauses with a peer: which are in force, which are not settled, and what you may do."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.forms import time_shown

    with open_desk(node) as desk:
        found = _terms(desk.overview(), peer)
    if json:
        as_json(found)
        return
    rows = [
        (
            one.clause,
            one.state,
            f"v{one.in_force.version} since {time_shown(one.in_force_since or one.in_force.effective)}"
            if one.in_force is not None
            else "-",
            f"{one.asked_by} asked; another confirms" if one.asked_by else "-",
            ", ".join(one.can) or "-",
        )
        for one in found.clauses
    ]
    table(("Clause", "State", "In force", "Two persons", "You may"), rows, empty="")
    radio = ", ".join(f"{one.text} {one.use}" for one in found.radio.frequencies)
    say(f"\nRadio: {radio}" + ("" if found.radio.settled else "; NOT SETTLED, only guard is known"))


def draft(
    peer: Peer,
    file: Annotated[str, typer.Argument(metavar="FILE", help="The clause as JSON, `-` for standard input.")],
    node: NodeOption = None,
    effective: Annotated[str, typer.Option(metavar="TIME", help="Without it: as soon as both have signed.")] = "",
    as_: AsOption = "",
    json: JsonOption = False,
) -> None:
    """Draft a clause, as line-v1 section 15 has it. Nothing is said to the other side."""
    import msgspec

    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.forms import read_time

    try:
        body = msgspec.json.decode(read_text(file, what="a clause as JSON"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise unusable(f"{file} holds no JSON: {error}") from None
    with open_desk(node, as_) as desk:
        seen = desk.overview()
        when = read_time(effective, now_ms=seen.now, day_ms=seen.now) if effective else 0
        outcome = desk.act(f"/lines/{_terms(seen, peer).peer}/terms/draft", {"body": body, "effective": when})
    as_json(outcome) if json else say(f"Drafted: {outcome.refs.get('clause')}. Nothing was said to the other side.")


def _nothing_drafted(peer: str, one: "ClauseView") -> tuple[str, str]:
    """What stands in the place of a change that nobody wrote, and how one is written."""
    offered = " Theirs is open: accept it, reject it, or draft a counter." if "accept" in one.can else ""
    how = f"Draft it: skyparley terms draft {peer} FILE, with the clause as JSON"
    return f"{one.clause} is {one.state}, and no change of it is drafted.{offered}", how


def drop(peer: Peer, clause: Clause, node: NodeOption = None, as_: AsOption = "", json: JsonOption = False) -> None:
    """Throw the draft of a clause away."""
    from skyparley.cli.desk_client import open_desk

    with open_desk(node, as_) as desk:
        seen = desk.overview()
        found = _terms(seen, peer)
        outcome = desk.act(f"/lines/{found.peer}/terms/drop", {"clause": _clause(found, clause).clause})
    as_json(outcome) if json else say("The draft is gone.")


def diff(peer: Peer, clause: Clause, node: NodeOption = None, json: JsonOption = False) -> None:
    """Tell a clause as it is in force from what is offered or drafted, field by field."""
    from skyparley.cli.desk_client import open_desk

    with open_desk(node) as desk:
        found = _clause(_terms(desk.overview(), peer), clause)
    if json:
        as_json({"diff": found.diff, "counter_diff": found.counter_diff})
        return
    if found.draft is None and found.offer is None:
        say("\n".join(_nothing_drafted(peer, found)))
        return
    _show_diff(found.diff, "Nothing would change.")
    if found.counter_diff:
        say("\nThe counter against the offer that it answers:")
        _show_diff(found.counter_diff, "")


def propose(
    peer: Peer,
    clause: Clause,
    node: NodeOption = None,
    as_: AsOption = "",
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Propose a drafted clause, or counter with it where theirs is open. Two persons; it is signed."""
    from skyparley.cli.desk_client import open_desk

    with open_desk(node, as_) as desk:
        found = _terms(desk.overview(), peer)
        one = _clause(found, clause)
        if one.draft is None:
            raise Ending(NO, *_nothing_drafted(found.peer, one))
        _show_diff(one.diff, "Nothing would change.", to_person=True)
        settle(f"Propose {one.clause} to {found.peer}?", yes=yes)
        outcome = desk.act(f"/lines/{found.peer}/terms/propose", {"clause": one.clause})
    _tell(
        outcome,
        f'skyparley terms propose {found.peer} "{one.clause}" --as ACCOUNT',
        "Proposed, signed by us",
        json=json,
    )


def accept(
    peer: Peer,
    clause: Clause,
    node: NodeOption = None,
    as_: AsOption = "",
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Accept the clause that they offer. Two persons; it is signed, and binds from its time of effect."""
    from skyparley.cli.desk_client import open_desk

    with open_desk(node, as_) as desk:
        found = _terms(desk.overview(), peer)
        one = _clause(found, clause)
        statement = _offered(one, found.peer)
        _show_diff(one.diff, "Nothing would change.", to_person=True)
        settle(f"Accept {one.clause} of {found.peer}?", yes=yes)
        outcome = desk.act(f"/statements/{statement}/accept_clause", {})
    _tell(
        outcome, f'skyparley terms accept {found.peer} "{one.clause}" --as ACCOUNT', "Accepted, signed by us", json=json
    )


def reject(
    peer: Peer,
    clause: Clause,
    node: NodeOption = None,
    reason: Annotated[str, typer.Option(help=REJECT_REASONS + ".")] = "NOT STATED",
    as_: AsOption = "",
    json: JsonOption = False,
) -> None:
    """Reject the clause that they offer, with a coded reason."""
    from typing import get_args

    from skyparley.cli.desk_client import open_desk
    from skyparley.domain.messages.codes import RejectReason

    chosen = choose(reason, get_args(RejectReason), what="reason")
    with open_desk(node, as_) as desk:
        found = _terms(desk.overview(), peer)
        statement = _offered(_clause(found, clause), found.peer)
        outcome = desk.act(f"/statements/{statement}/answer", {"answer": "REJ", "reason": chosen})
    as_json(outcome) if json else say("Rejected.")


# --- crossings -----------------------------------------------------------------------------------------------------


def crossings(peer: Peer, node: NodeOption = None, json: JsonOption = False) -> None:
    """List crossings: whose, of which line, when, and whether both agreed."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.forms import window_text

    with open_desk(node) as desk:
        found = _terms(desk.overview(), peer).crossings
    if json:
        as_json(found)
        return
    rows = [
        (
            f"{one.id} v{one.version}",
            one.by,
            f"{one.line} v{one.line_version}",
            one.form,
            window_text(one.start, one.end),
            f"{one.state}, AGREED" if one.agreed else f"{one.state}, NOT AGREED",
        )
        for one in found
    ]
    table(("Crossing", "By", "Line", "Form", "When", "State"), rows, empty="No crossing.")


def cross(
    peer: Peer,
    line: Annotated[str, typer.Option(metavar="ID", help="The standing line, by its id.", show_default=False)],
    node: NodeOption = None,
    volume: VolumesOption = None,
    notify: Annotated[bool, typer.Option("--notify", help="Tell it only; without it an answer is requested.")] = False,
    reason: Annotated[str, typer.Option(help=REASONS + ".")] = "NOT STATED",
    as_: AsOption = "",
    json: JsonOption = False,
) -> None:
    """Say a crossing of a standing line, as a box and a period. File a notice for the flight itself."""
    from skyparley.cli.desk_client import open_desk

    with open_desk(node, as_) as desk:
        seen = desk.overview()
        body = {
            "line": line.upper(),
            "form": "NOTIFIED" if notify else "REQUESTED",
            "volumes": _volumes(volume, seen.now),
            "reason": _reason(reason),
        }
        outcome = desk.act(f"/lines/{_terms(seen, peer).peer}/crossings", body)
    as_json(outcome) if json else say(
        f"Said: {outcome.refs.get('id', 'the crossing')}. It is agreed only when they accept."
    )


def revise(
    peer: Peer,
    crossing: CrossingId,
    node: NodeOption = None,
    volume: VolumesOption = None,
    as_: AsOption = "",
    json: JsonOption = False,
) -> None:
    """Say the next version of a crossing of ours; it is accepted anew, or not."""
    from skyparley.cli.desk_client import open_desk

    with open_desk(node, as_) as desk:
        seen = desk.overview()
        found = _terms(seen, peer)
        one = _crossing(found, crossing)
        body = {"expected_version": one.version, "volumes": _volumes(volume, seen.now)}
        outcome = desk.act(f"/lines/{found.peer}/crossings/{one.id}/revise", body)
    as_json(outcome) if json else say(f"Said: {one.id} v{one.version + 1}.")


def end(
    peer: Peer, crossing: CrossingId, node: NodeOption = None, as_: AsOption = "", json: JsonOption = False
) -> None:
    """Cancel a crossing of ours that has not begun, or say that it has ended."""
    from skyparley.cli.desk_client import open_desk

    with open_desk(node, as_) as desk:
        found = _terms(desk.overview(), peer)
        one = _crossing(found, crossing)
        outcome = desk.act(f"/lines/{found.peer}/crossings/{one.id}/end", {"expected_version": one.version})
    as_json(outcome) if json else say(f"Said: {one.id} is over.")


# --- what they share -----------------------------------------------------------------------------------------------


def _terms(seen: "Overview", peer: str) -> "TermsView":
    from skyparley.cli.line_shown import one_line

    name = one_line(seen, peer).peer
    return next(one for one in seen.terms if one.peer == name)


def _clause(terms: "TermsView", name: str) -> "ClauseView":
    for one in terms.clauses:
        if one.clause.upper() == name.upper():
            return one
    raise Ending(NO, f"no clause is called {name!r}; there are: {', '.join(one.clause for one in terms.clauses)}")


def _offered(one: "ClauseView", peer: str) -> str:
    """The statement that offers it."""
    if one.offer is None or one.offer.ours:
        raise Ending(NO, f"{peer} offers no {one.clause}; it is {one.state}")
    return one.offer.statement


def _crossing(terms: "TermsView", crossing: str) -> "CrossingView":
    ours = [one for one in terms.crossings if one.ours]
    for one in ours:
        if one.id == crossing.upper():
            return one
    known = ", ".join(one.id for one in ours) or "none"
    raise Ending(NO, f"no crossing of ours is called {crossing!r}; there are: {known}")


def _volumes(texts: list[str] | None, now_ms: int) -> list[Any]:
    from skyparley.cli.volume_forms import read_volume

    if not texts:
        raise unusable("where and when? --volume 'circle 36.1N 37.2E 5NM; lower=SFC; upper=FL100; start=...; end=...'")
    return [read_volume(text, {}, now_ms=now_ms) for text in texts]


def _reason(text: str) -> str:
    from typing import get_args

    from skyparley.domain.messages.codes import ReasonCode

    return choose(text, get_args(ReasonCode), what="reason")


def _show_diff(found: "tuple[Difference, ...]", empty: str, *, to_person: bool = False) -> None:
    write = note if to_person else say
    for one in found:
        write(f"{one.field}: {one.new or 'gone'}" + (f" instead of {one.old}" if one.old else ""))
    if not found and empty:
        write(empty)


def _tell(outcome: Any, command: str, done: str, *, json: bool) -> None:
    if json:
        as_json(outcome)
    elif outcome.result == "ASKED":
        say("Asked. Nothing was said to the other side: it takes two persons.")
        say("Another person, who must be a supervisor, gives the same command within the hour:")
        say(f"    {command}")
    else:
        say(f"{done}.")
