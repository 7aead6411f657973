"""Commands about statements that ask people for something: list, show, and what people do about them.

Four acts are four things: received, understood, passed on, done.  None of them is agreement.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from skyparley.cli.choices import ACTIONS, REFUSAL_REASONS, REJECT_REASONS, choose
from skyparley.cli.endings import NO, Ending, unusable
from skyparley.cli.options import TAKES_IDS, AsOption, JsonOption, NodeOption, group
from skyparley.cli.screen import as_json, pairs, say, table

if TYPE_CHECKING:
    from skyparley.domain.commands import Outcome
    from skyparley.state.matter_views import MatterView
    from skyparley.state.views import Overview

StatementId = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="Its short id or hash, or the beginning of one; its type, if it is the only one.",
        show_default=False,
    ),
]
LevelOption = Annotated[str, typer.Option(metavar="LEVEL", help="The level that goes with the action, like FL200.")]
UntilOption = Annotated[str, typer.Option(metavar="TIME", help="08:00Z today, or +10min.")]


def register(app: typer.Typer) -> None:
    """Adds the command `statements` and the group `statement` to the app."""
    app.command("statements")(statements)
    statement = group("statement", "What asks people for something: stop requests, distress, questions, checks.")
    for name, command in (
        ("show", show),
        ("ack", acknowledge),
        ("read-back", read_back),
        ("pass", pass_on),
        ("put-away", put_away),
        ("done", done),
        ("refuse", refuse),
        ("identity", identity),
        ("answer", answer),
    ):
        statement.command(name, context_settings=TAKES_IDS)(command)
    app.add_typer(statement)


def statements(
    node: NodeOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those that ask nothing any more.")] = False,
    json: JsonOption = False,
) -> None:
    """List what asks people for something: the gravest first, each with its clocks and what you may do."""
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.matter_shown import matter_row

    with open_desk(node) as desk:
        seen = desk.overview()
    found = [one for one in seen.matters if everything or one.due]
    if json:
        as_json(found)
        return
    hidden = len(seen.matters) - len(found)
    table(
        ("Statement", "Type", "Class", "Whose", "Said", "State", "Asked", "You may"),
        [matter_row(seen, one) for one in found],
        empty="Nothing waits for anybody." + (f" {hidden} settled: --all" if hidden else ""),
    )


def show(
    statement: StatementId,
    node: NodeOption = None,
    lang: Annotated[str, typer.Option(metavar="LANG", help="The language that it is read aloud in.")] = "en",
    json: JsonOption = False,
) -> None:
    """Show a statement: its sentence, its data, who was rung, and everything that was done about it, with the times."""
    from urllib.parse import quote

    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.matter_shown import matter_rows, one_matter, sentence_lines
    from skyparley.state.matter_views import Sentence

    with open_desk(node) as desk:
        seen = desk.overview()
        one = one_matter(seen, statement)
        found = desk.get(f"/statements/{one.statement}/sentences?lang={quote(lang.lower())}", tuple[Sentence, ...])
    if json:
        as_json({"statement": one, "sentences": found})
        return
    for line in sentence_lines(found):
        say(line)
    if found:
        say()
    pairs(matter_rows(seen, one))


# --- what people do ------------------------------------------------------------------------------------------------


def acknowledge(statement: StatementId, node: NodeOption = None, as_: AsOption = "", json: JsonOption = False) -> None:
    """Acknowledge: a person here has received and understood it. It is not agreement."""
    _act("acknowledge", statement, lambda seen, one: {}, node, as_, json=json)


def read_back(
    statement: StatementId,
    node: NodeOption = None,
    position: Annotated[str, typer.Option(help="\"36°06'N 37°12'E\", 36.1N 37.2E or 3606N 03712E.")] = "",
    levels: Annotated[str, typer.Option(help="FL200, or 'FL200 to FL240'.")] = "",
    time: Annotated[str, typer.Option(help="2150Z, or '0800Z to 0930Z', or with a date.")] = "",
    as_: AsOption = "",
    json: JsonOption = False,
) -> None:
    """Read back what was understood. What differs is shown at both ends and blocks the acknowledgment."""
    from skyparley.cli.read_back_forms import read_values

    def body(seen: "Overview", one: "MatterView") -> dict[str, Any]:
        return {"values": read_values(one.to_read_back, position, levels, time, now_ms=seen.now)}

    _act("read_back", statement, body, node, as_, json=json)


def pass_on(
    statement: StatementId,
    node: NodeOption = None,
    at: Annotated[str, typer.Option(metavar="TIME", help="When the unit was told; without it, now.")] = "",
    action: Annotated[str, typer.Option(help=f"What the unit does, if it said: {ACTIONS}.")] = "",
    level: LevelOption = "",
    as_: AsOption = "",
    json: JsonOption = False,
) -> None:
    """Say that the controlling unit was told."""
    from skyparley.cli.forms import read_time

    def body(seen: "Overview", one: "MatterView") -> dict[str, Any]:
        told = read_time(at, now_ms=seen.now, day_ms=seen.now) if at else None
        return {"at": told, **_action(action, level)}

    _act("pass_on", statement, body, node, as_, json=json)


def done(
    statement: StatementId,
    action: Annotated[str, typer.Option(help=ACTIONS + ".", show_default=False)],
    node: NodeOption = None,
    level: LevelOption = "",
    as_: AsOption = "",
    json: JsonOption = False,
) -> None:
    """Say that what was asked is done, and what was done."""
    _act("done", statement, lambda seen, one: _action(action, level), node, as_, json=json)


def refuse(
    statement: StatementId,
    reason: Annotated[str, typer.Option(help=REFUSAL_REASONS + ".", show_default=False)],
    node: NodeOption = None,
    as_: AsOption = "",
    json: JsonOption = False,
) -> None:
    """Say that what was asked is not done, with a coded reason: better than silence."""
    from typing import get_args

    from skyparley.domain.messages.codes import RefusalReason

    chosen = choose(reason, get_args(RefusalReason), what="reason")
    _act("refuse", statement, lambda seen, one: {"reason": chosen}, node, as_, json=json)


def put_away(statement: StatementId, node: NodeOption = None, as_: AsOption = "", json: JsonOption = False) -> None:
    """Put away what is over, or what nobody answered. It leaves this desk's sight; the record keeps it."""
    _act("put_away", statement, lambda seen, one: {}, node, as_, json=json)


def identity(
    statement: StatementId,
    whose: Annotated[str, typer.Argument(metavar="ANSWER", help="ours, not-ours or checking.", show_default=False)],
    node: NodeOption = None,
    until: UntilOption = "",
    as_: AsOption = "",
    json: JsonOption = False,
) -> None:
    """Answer whose an aircraft is. Not ours leaves it unknown and clears nothing; checking says --until when."""
    from typing import get_args

    from skyparley.domain.messages.codes import IdentityAnswer

    chosen = choose(whose, get_args(IdentityAnswer), what="answer")
    if (chosen == "CHECKING") != bool(until):
        raise unusable("CHECKING says --until when the answer comes" if not until else f"{chosen} takes no --until")

    def body(seen: "Overview", one: "MatterView") -> dict[str, Any]:
        return {"answer": chosen, "until": _until(until, seen.now)}

    _act("identity", statement, body, node, as_, json=json)


ANSWERS = {"accept": "ACC", "reject": "REJ", "counter": "CPR", "standby": "SBY"}


def answer(
    statement: StatementId,
    word: Annotated[
        str, typer.Argument(metavar="ANSWER", help="accept, reject, counter or standby.", show_default=False)
    ],
    node: NodeOption = None,
    reason: Annotated[str, typer.Option(help=f"Of reject: {REJECT_REASONS}.")] = "",
    volume: Annotated[
        list[str] | None,
        typer.Option(help="Of counter: 'circle 36.1N 37.2E 20NM; lower=FL200; upper=FL240; start=...; end=...'."),
    ] = None,
    until: UntilOption = "",
    as_: AsOption = "",
    json: JsonOption = False,
) -> None:
    """Answer a rescue box, or whatever else asks for an answer and is no conflict."""
    from typing import get_args

    from skyparley.cli.volume_forms import read_volume
    from skyparley.domain.messages.codes import RejectReason

    chosen = choose(word, tuple(ANSWERS), what="answer")
    needed = {"reject": bool(reason), "counter": bool(volume), "standby": bool(until)}
    names = {"reject": "--reason", "counter": "--volume", "standby": "--until"}
    for name, there in needed.items():
        if there != (name == chosen):
            text = f"{chosen} takes no {names[name]}" if there else f"{chosen} needs {names[name]}"
            raise unusable(text)

    def body(seen: "Overview", one: "MatterView") -> dict[str, Any]:
        return {
            "answer": ANSWERS[chosen],
            "reason": choose(reason, get_args(RejectReason), what="reason") if reason else None,
            "volumes": [read_volume(text, {}, now_ms=seen.now) for text in volume or ()] or None,
            "until": _until(until, seen.now),
        }

    _act("answer", statement, body, node, as_, json=json)


# --- what they share ------------------------------------------------------------------------------------------------

_Body = Callable[["Overview", "MatterView"], dict[str, Any]]
_DONE = {
    "acknowledge": "Acknowledged: received and understood. It is not agreement",
    "put_away": "Put away: it is out of sight here, and stays in the record",
    "pass_on": "Said: the controlling unit was told",
    "done": "Said: done",
    "refuse": "Said: not done",
    "identity": "Answered",
    "answer": "Answered",
}


def _act(word: str, statement: str, body: _Body, node: Path | None, account: str, *, json: bool) -> None:
    """Reads the statement, acts on it as it was read, and says what came of it.

    What saves lives is taken whatever its state is: two officers who act at once do not contradict each other.
    """
    from skyparley.cli.desk_client import open_desk
    from skyparley.cli.matter_shown import one_matter

    with open_desk(node, account) as desk:
        seen = desk.overview()
        one = one_matter(seen, statement)
        if one.ours and word != "put_away":
            raise Ending(NO, f"{one.short_id} is a statement of our own; {one.peer} answers it")
        said = {"expected_revision": 0 if one.cls == "LIFE" else one.revision, **body(seen, one)}
        outcome = desk.act(f"/statements/{one.statement}/{word}", said)
        # What was put away is gone from the desk; anything else is shown as the act left it.
        after = next((held for held in desk.overview().matters if held.statement == one.statement), one)
    if json:
        as_json(outcome)
    else:
        say(_told(word, outcome, after))
    if outcome.result == "MISMATCH":
        raise Ending(NO, "The acknowledgment is blocked. Ask them, and read it back again.")


def _told(word: str, outcome: "Outcome", after: "MatterView") -> str:
    from skyparley.cli.matter_shown import ACT_WORDS, values_lines

    if outcome.result == "ALREADY":
        return f"It was {outcome.refs.get('was', 'said')} before; nothing more was said."
    if outcome.result == "MATCH":
        return (
            f"The same as was said. Now acknowledge it: skyparley statement {ACT_WORDS['acknowledge']} {after.short_id}"
        )
    if outcome.result == "MISMATCH":
        rows = [f"READ-BACK DIFFERS: {', '.join(outcome.refs.get('differs', ()))}"]
        rows += [f"  said       {line}" for line in values_lines(after.to_read_back)]
        if after.read_back_values is not None:
            rows += [f"  read back  {line}" for line in values_lines(after.read_back_values)]
        return "\n".join(rows)
    return f"{_DONE[word]}."


def _action(action: str, level: str) -> dict[str, Any]:
    from typing import get_args

    from skyparley.cli.volume_forms import read_level
    from skyparley.domain.messages.codes import ActionCode

    if level and not action:
        raise unusable("--level goes with --action")
    return {
        "action": choose(action, get_args(ActionCode), what="action") if action else None,
        "level": read_level(level) if level else None,
    }


def _until(text: str, now_ms: int) -> int | None:
    from skyparley.cli.forms import read_time

    return read_time(text, now_ms=now_ms, day_ms=now_ms) if text else None
