"""Commands about our own desk: how it is, who is on duty, hand-over with its brief, and the clock of an exercise."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from skyparley.cli.choices import DESKS, POSTS, choose
from skyparley.cli.forms import BadForm
from skyparley.cli.options import AsOption, JsonOption, NodeOption, YesOption, group
from skyparley.cli.screen import as_json, note, say, table
from skyparley.cli.surroundings import settle

if TYPE_CHECKING:
    from skyparley.domain.commands import Outcome
    from skyparley.domain.duty_records import Brief
    from skyparley.state.views import DutyView, Overview

PostArgument = Annotated[str, typer.Argument(metavar="POST", help=POSTS + ".", show_default=False)]
Person = Annotated[
    str, typer.Option("--as", metavar="ACCOUNT", help="Who does it; the password is asked for.", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Adds the commands `desk` and `clock` and the group `duty` to the app."""
    app.command("desk")(desk_state)
    app.command("clock")(clock)
    duty = group("duty", "Who is on duty here. The other side hears posts and languages, no names.")
    duty.command("list")(listed)
    duty.command("set")(set_roster)
    duty.command("take")(take)
    duty.command("hand-over")(hand_over)
    duty.command("leave")(leave)
    app.add_typer(duty)


def desk_state(
    state: Annotated[str, typer.Argument(metavar="[STATE]", help=DESKS + "; without it: how it is.")] = "",
    node: NodeOption = None,
    as_: AsOption = "",
    json: JsonOption = False,
) -> None:
    """Say how our desk is: somebody is there, nobody is, or it takes no calls. Every peer is told."""
    from skyparley.cli.desk_client import open_desk

    if not state:
        with open_desk(node) as desk:
            found = desk.overview().desk
        as_json({"desk": found}) if json else say(f"Our desk is {found}.")
        return
    chosen = choose(state, ("STAFFED", "UNSTAFFED", "DECLINED"), what="state of a desk")
    with open_desk(node, as_) as desk:
        outcome = desk.act("/desk", {"desk": chosen})
    as_json(outcome) if json else say(f"Our desk is {chosen}; every peer is told.")


def clock(
    shows: Annotated[str, typer.Option(metavar="TIME", help="What it shows from now on.", show_default=False)],
    node: NodeOption = None,
    rate: Annotated[float, typer.Option(help="How many times faster than real time it goes.")] = 1.0,
    as_: AsOption = "",
    json: JsonOption = False,
) -> None:
    """Set the clock of a SCALED node, for demonstrations and exercises. A REAL clock cannot be set."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.forms import read_time, time_shown

    with open_desk(node, as_) as desk:
        seen = desk.overview()
        shown_ms = read_time(shows, now_ms=seen.now, day_ms=seen.now)
        outcome = desk.act("/clock", {"shown_ms": shown_ms, "rate_permille": round(rate * 1000)})
    as_json(outcome) if json else say(f"The clock shows {time_shown(shown_ms)} and goes {rate:g} times as fast.")


# --- duty ----------------------------------------------------------------------------------------------------------


def listed(node: NodeOption = None, json: JsonOption = False) -> None:
    """List the posts: who holds each, who may, and what is being handed over, with its brief."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.forms import time_shown

    with open_desk(node) as desk:
        seen = desk.overview()
    if json:
        as_json({"duty": seen.duty, "roster": seen.roster})
        return
    rows = [
        (
            one.post,
            one.account or "NOBODY",
            " ".join(one.languages) or "-",
            time_shown(one.since) if one.since is not None else "-",
            ", ".join(seen.roster.get(one.post, ())) or "anybody",
            f"offered to {one.offered_to}" if one.offered_to else "-",
        )
        for one in seen.duty
    ]
    table(
        ("Post", "On duty", "Languages", "Since", "Who may", "Hand-over"),
        rows,
        empty="Nobody is on duty, and there is no roster: anybody may take a post.",
    )
    for one in seen.duty:
        if one.brief_text is not None:
            say(f"\nThe brief of {one.post} for {one.offered_to}:")
            say("\n".join(f"  {line}" for line in brief_lines(one.brief_text)))


def set_roster(
    posts: Annotated[list[str], typer.Argument(metavar="POST=NAMES", help="DESK=anna,ben: who is rung first, first.")],
    node: NodeOption = None,
    as_: AsOption = "",
    json: JsonOption = False,
) -> None:
    """Say who may hold which post, in the order in which they are rung. It replaces the roster. For a supervisor."""
    from skyparley.cli.desk_client import open_desk

    body = {"posts": [_entry(text) for text in posts]}
    with open_desk(node, as_) as desk:
        outcome = desk.act("/duty/roster", body)
    as_json(outcome) if json else say("The roster is set; see: skyparley duty list")


def take(
    post: PostArgument,
    as_: Person,
    node: NodeOption = None,
    lang: Annotated[
        list[str] | None, typer.Option("--lang", metavar="LANG", help="A language that you speak on duty. Repeat.")
    ] = None,
    yes: YesOption = False,
    json: JsonOption = False,
) -> None:
    """Take a post: an empty one, or one that was offered to you, after you have read its brief."""
    from skyparley.cli.desk_client import open_desk

    chosen = _post(post)
    languages = [_language(one) for one in lang or ()]
    with open_desk(node, as_) as desk:
        held = _held(desk.overview(), chosen)
        brief = held.brief if held is not None and held.offered_to == as_ else ""
        if brief and held is not None and held.brief_text is not None:
            note(f"{held.account} hands {chosen} over to you:")
            for line in brief_lines(held.brief_text):
                note(f"  {line}")
            settle("Have you read it, and do you take the post?", yes=yes)
        outcome = desk.act("/duty/take", {"post": chosen, "languages": languages, "brief": brief})
    _tell(outcome, f"You hold {chosen}. Every peer is told the post and the languages.", json=json)


def hand_over(
    post: PostArgument,
    as_: Person,
    to: Annotated[str, typer.Option(metavar="ACCOUNT", help="Who takes it.", show_default=False)],
    node: NodeOption = None,
    json: JsonOption = False,
) -> None:
    """Offer a post that you hold to another, with a brief made now. You answer for it until it is taken."""
    from skyparley.cli.desk_client import open_desk

    chosen = _post(post)
    with open_desk(node, as_) as desk:
        outcome = desk.act("/duty/hand-over", {"post": chosen, "to": to})
        held = _held(desk.overview(), chosen)
    if not json and held is not None and held.brief_text is not None:
        for line in brief_lines(held.brief_text):
            note(f"  {line}")
    _tell(outcome, f"Offered. You hold {chosen} until: skyparley duty take {chosen} --as {to}", json=json)


def leave(post: PostArgument, as_: Person, node: NodeOption = None, json: JsonOption = False) -> None:
    """Give up a post without a successor: what rings goes to the next."""
    from skyparley.cli.desk_client import open_desk

    chosen = _post(post)
    with open_desk(node, as_) as desk:
        outcome = desk.act("/duty/leave", {"post": chosen})
    _tell(outcome, f"Nobody holds {chosen} now.", json=json)


def brief_lines(brief: "Brief") -> list[str]:
    """What the next officer must know."""
    from skyparley.base.ids import short_id
    from skyparley.cli.forms import time_shown

    rows = [f"made {time_shown(brief.at)}"]
    rows += [
        f"line to {one.peer}: {one.word}, their desk {one.desk}, {one.undelivered} not delivered" for one in brief.lines
    ]
    rows += [
        f"waits: {one.type} {'to' if one.ours else 'from'} {one.peer}, {one.state}, due {time_shown(one.due)}, "
        f"{short_id(one.statement)}"
        for one in brief.waiting
    ]
    rows += [f"conflict: {one}" for one in brief.conflicts]
    rows.append(f"{len(brief.agreements)} agreements stand" if len(brief.agreements) != 1 else "1 agreement stands")
    return rows


def _post(text: str) -> str:
    from typing import get_args

    from skyparley.domain.messages.codes import Post

    return choose(text, get_args(Post), what="post")


def _language(text: str) -> str:
    from skyparley.language.languages import LANGS

    return choose(text, [one.upper() for one in LANGS], what="language here").lower()


def _entry(text: str) -> dict[str, Any]:
    name, mark, accounts = text.partition("=")
    found = [one.strip() for one in accounts.split(",") if one.strip()]
    if not mark or not found:
        raise BadForm(f"{text!r} is no entry of a roster; write it like DESK=anna,ben")
    return {"post": _post(name), "accounts": found}


def _held(seen: "Overview", post: str) -> "DutyView | None":
    return next((one for one in seen.duty if one.post == post), None)


def _tell(outcome: "Outcome", words: str, *, json: bool) -> None:
    as_json(outcome) if json else say(words)
