"""`skyparley conform`: tests any node that claims line-v1, from the specification, as a peer of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from typer.core import TyperGroup

from skyparley.cli.endings import NO, unusable
from skyparley.cli.options import JsonOption
from skyparley.cli.screen import as_json, note, say

if TYPE_CHECKING:
    from skyparley.conform.identity import Identity
    from skyparley.conform.probe import DeskAsk
    from skyparley.conform.requirement import Verdict
    from skyparley.evidence.card import Card

RUN: Final = "run"


class _Group(TyperGroup):
    """`conform URL` is `conform run URL`: what names no command is what to test."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that the words name."""
        return super().resolve_command(ctx, args if args[0] in self.commands else [RUN, *args])


def register(app: typer.Typer) -> None:
    """Adds the group `conform` to the app."""
    conform = typer.Typer(
        name="conform",
        cls=_Group,
        help="Test any node that claims line-v1, from the specification. `conform URL` is short for `conform run URL`.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
    )
    conform.command("init")(init)
    conform.command("list")(listed)
    conform.command(RUN, epilog="Exit codes: 0 nothing failed; 1 something failed; 2 it cannot be tested.")(run)
    app.add_typer(conform)


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the party that tests.")],
    name: Annotated[str, typer.Option(help="What it is called on the line.")] = "PROBE",
    url: Annotated[
        str, typer.Option(metavar="URL", help="Where the tested node reaches it, for its card.")
    ] = "http://127.0.0.1:8449",
    clock: Annotated[str, typer.Option(help="The clock of the nodes to be tested: REAL or SCALED.")] = "REAL",
) -> None:
    """Make a party to test as: its keys, and its card for the tested side to pin."""
    from skyparley.cli.surroundings import luck, now_ms
    from skyparley.conform.identity import CARD_FILE, NoIdentity, load, make, write
    from skyparley.evidence.card import BadCard
    from skyparley.evidence.words import as_text, to_words

    if clock not in ("REAL", "SCALED"):
        raise unusable(f"{clock!r} is not a clock; it is REAL or SCALED")
    try:
        write(folder, *make(name, url, clock, luck=luck, now_ms=now_ms()))
    except (BadCard, NoIdentity) as error:
        raise unusable(str(error)) from None
    say(f"{name} can test nodes from {folder}. Have the side that is tested pin {folder / CARD_FILE}; its words:\n")
    say(as_text(to_words(load(folder).fingerprint)))


def listed(json: JsonOption = False) -> None:
    """List the requirements that are tested, and what is not."""
    from skyparley.conform.catalogue import REQUIREMENTS, UNTESTED

    if json:
        tested = [{"document": one.document, "requirement": one.key, "says": one.says} for one in REQUIREMENTS]
        as_json({"tested": tested, "not_tested": UNTESTED})
        return
    for one in REQUIREMENTS:
        say(f"{one.document} {one.key}  {one.says}")
    for untested in UNTESTED:
        say(f"NOT TESTED  line-v1 {untested.section}  {untested.says}: {untested.why}")


def run(
    url: Annotated[str, typer.Argument(metavar="URL", help="The peer door of the node, as on its card.")],
    folder: Annotated[Path, typer.Option(metavar="DIR", help="The party to test as, made by `conform init`.")],
    card: Annotated[Path, typer.Option(metavar="FILE", help="The card of the node that is tested.")],
    listen: Annotated[
        str, typer.Option(metavar="ADDRESS:PORT", help="Where to listen for the node. Else as the card of DIR says.")
    ] = "",
    table: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The table of the parties, TOML.", show_default=False)
    ] = None,
    ask_desk: Annotated[
        bool, typer.Option(help="Somebody sits at the tested desk and does what is asked here.")
    ] = False,
    desk_command: Annotated[
        str, typer.Option(metavar="COMMAND", help="A program that does it; each request is JSON on its input.")
    ] = "",
    only: Annotated[list[str] | None, typer.Option(metavar="TEXT", help="Only requirements with this in them.")] = None,
    json: JsonOption = False,
) -> None:
    """Test a node that has pinned the party in DIR: one line of verdict for each requirement, and a summary.

    It writes into that node's record: notices far from anybody, broken statements, a new epoch. Use a node for tests.
    """
    import asyncio

    from skyparley.conform.requirement import CannotRun

    if ask_desk and desk_command:
        raise unusable("--ask-desk or --desk-command: one of them")
    identity, tested = _parties(folder, card)
    desk = _ask_person if ask_desk else _asking(desk_command) if desk_command else None
    numbers = _table(table) if table else None
    try:
        verdicts = asyncio.run(_verdicts(identity, tested, url, listen, desk, numbers, only or [], json))
    except CannotRun as error:
        raise unusable(f"Cannot test: {error}") from None
    if not verdicts:
        raise unusable("no requirement has that in it; skyparley conform list shows them all")
    _tell_end(verdicts, json)
    raise typer.Exit(NO if any(one.outcome == "FAIL" for one in verdicts) else 0)


def _parties(folder: Path, card: Path) -> "tuple[Identity, Card]":
    from skyparley.conform.identity import NoIdentity, load
    from skyparley.evidence.card import BadCard, read_card

    try:
        return load(folder), read_card("".join(card.read_text(encoding="ascii").split()))
    except NoIdentity as error:
        raise unusable(str(error)) from None
    except (BadCard, OSError, UnicodeDecodeError) as error:
        raise unusable(f"{card} does not hold the card of a node: {error}") from None


def _table(path: Path) -> dict[str, int]:
    """The numbers of a table, judged by its schema."""
    import tomllib

    from skyparley.conform.schemas import what_is_wrong

    try:
        numbers = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise unusable(f"{path} cannot be read as a table: {error}") from None
    if wrong := what_is_wrong("table", numbers):
        raise unusable(f"{path} is no table of line-v1 13: {wrong}")
    return numbers


async def _verdicts(
    identity: "Identity",
    card: "Card",
    url: str,
    listen: str,
    desk: "DeskAsk | None",
    table: dict[str, int] | None,
    only: Sequence[str],
    quiet: bool,
) -> "list[Verdict]":
    """Every verdict, each told as it comes."""
    from skyparley.conform import run as runs

    found = []
    async for verdict in runs.run(
        identity,
        card,
        url,
        listen=listen,
        desk=desk,
        table=table,
        wanted=lambda one: not only or any(text in f"{one.key}  {one.says}" for text in only),
    ):
        found.append(verdict)
        if not quiet:
            _tell(verdict)
    return found


def _tell(verdict: "Verdict") -> None:
    one = verdict.requirement
    say(f"{verdict.outcome:<10}  {one.document} {one.key}  {one.says}")
    if verdict.text:
        say(f"{'':<10}  {verdict.text}")


def _tell_end(verdicts: "Sequence[Verdict]", json: bool) -> None:
    """What is not tested, and the sum."""
    from skyparley.conform.catalogue import UNTESTED

    counts = {outcome: sum(one.outcome == outcome for one in verdicts) for outcome in ("PASS", "FAIL", "SKIPPED")}
    if json:
        rows = [
            {"document": one.requirement.document, "requirement": one.requirement.key, "says": one.requirement.says}
            | {"outcome": one.outcome, "text": one.text}
            for one in verdicts
        ]
        as_json({"verdicts": rows, "counts": counts, "not_tested": UNTESTED})
        return
    for untested in UNTESTED:
        say(f"NOT TESTED  line-v1 {untested.section}  {untested.says}\n{'':<10}  {untested.why}")
    said = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
    say(f"\n{said}, {len(UNTESTED)} NOT TESTED. " + ("It does not conform." if counts["FAIL"] else "Nothing failed."))


async def _ask_person(request: dict[str, Any]) -> None:
    """Say it to the person here, who has it done at the tested desk; the statement that follows is waited for."""
    import json

    note(f"\nAT THE TESTED DESK, PLEASE: {request['text']}")
    note(json.dumps({name: value for name, value in request.items() if name != "text"}, indent=2))


def _asking(command: str) -> "DeskAsk":
    """A program that acts at the tested desk: one run for each request."""

    async def ask(request: dict[str, Any]) -> None:
        import asyncio
        import json
        import shlex

        from skyparley.conform.requirement import CannotRun, Fails

        try:
            process = await asyncio.create_subprocess_exec(*shlex.split(command), stdin=asyncio.subprocess.PIPE)
        except (OSError, ValueError) as error:
            raise CannotRun(f"--desk-command {command!r} cannot be run: {error}") from None
        await process.communicate(json.dumps(request).encode("ascii") + b"\n")
        if process.returncode:
            raise Fails(f"the program at the tested desk ended with {process.returncode} when asked: {request['text']}")

    return ask
