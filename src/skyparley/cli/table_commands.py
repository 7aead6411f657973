"""Commands about tables: show the numbers of one, write it as a file, and tell two apart, number by number."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from skyparley.cli.endings import unusable
from skyparley.cli.options import JsonOption, NodeOption, group
from skyparley.cli.screen import as_json, pairs, say, table
from skyparley.cli.surroundings import read_text

if TYPE_CHECKING:
    from skyparley.domain.table import Table
    from skyparley.state.views import LineView


class Named(NamedTuple):
    """A table, what it is called, and what more is to be said of it."""

    name: str
    numbers: "Table"
    more: tuple[tuple[str, str], ...] = ()


def register(app: typer.Typer) -> None:
    """Adds the group `table` to the app."""
    tables = group("table", "The table of numbers that both sides of a line hold.")
    tables.callback()(lambda: None)
    tables.command("show")(show)
    tables.command("diff")(diff)
    app.add_typer(tables)


def show(
    folder: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="The table that this node is started with.")
    ] = None,
    profile: Annotated[str, typer.Option(help="military, civil-military or utm.")] = "",
    file: Annotated[str, typer.Option(metavar="FILE", help="A table of your own.")] = "",
    peer: Annotated[str, typer.Option(metavar="NAME", help="The table that holds on the line to this peer.")] = "",
    node: NodeOption = None,
    toml: Annotated[bool, typer.Option("--toml", help="Print it as a file: a start for a table of your own.")] = False,
    json: JsonOption = False,
) -> None:
    """Show the numbers of a table and its hash. Without anything named: the profile military."""
    import msgspec

    from skyparley.domain.table import table_hash

    if sum(map(bool, (folder and not peer, profile, file, peer))) > 1:
        raise unusable("a folder, --profile, --file or --peer: one of them")
    if toml and json:
        raise unusable("--toml or --json: one of them")
    shown = _of_line(folder or node, peer) if peer else _of_text(*_table_text(folder, profile, file))
    if toml:
        say(toml_text(shown.name, shown.numbers))
        return
    said = table_hash(shown.numbers)
    if json:
        as_json({"table_hash": said, "table": shown.numbers})
        return
    pairs([("Table", shown.name), ("Hash", said), *shown.more])
    say()
    given: dict[str, Any] = msgspec.to_builtins(shown.numbers)
    table(
        ("Number", "Value", "That is"),
        [(key, str(value), human(key, value)) for key, value in given.items()],
        empty="",
    )


def diff(
    other: Annotated[str, typer.Argument(metavar="FILE|PROFILE|PEER", help="The table that is looked at.")],
    before: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="FILE|PROFILE|PEER",
            help="What it is compared with. Without it: what the node is started with, or the profile military.",
        ),
    ] = "",
    node: NodeOption = None,
    json: JsonOption = False,
) -> None:
    """Tell two tables apart: each number that differs, before and after."""
    from skyparley.domain.table import table_diff, table_hash

    new = _any(other, node)
    old = _any(before, node) if before else _of_text(*_table_text(node, "", ""))
    changes = table_diff(old.numbers, new.numbers)
    if json:
        as_json({"from": table_hash(old.numbers), "to": table_hash(new.numbers), "changes": changes})
        return
    if not changes:
        say(f"{old.name} and {new.name} are the same table, {table_hash(old.numbers)}.")
        return
    pairs([("From", f"{old.name}, {table_hash(old.numbers)}"), ("To", f"{new.name}, {table_hash(new.numbers)}")])
    say()
    table(
        ("Number", "Unit", "Before", "After", "That is"),
        [
            (
                one.name,
                one.name.rsplit("_", 1)[1],
                str(one.before),
                str(one.after),
                " -> ".join(filter(None, (human(one.name, one.before), human(one.name, one.after)))),
            )
            for one in changes
        ],
        empty="",
    )


# --- where a table comes from --------------------------------------------------------------------------------------


def _any(text: str, node: Path | None) -> Named:
    """A table by whatever names it: a profile, a file, the folder of a node, a peer of the running node."""
    from skyparley.domain.profiles import PROFILES

    if text in PROFILES:
        return _of_text(*_table_text(None, text, ""))
    if Path(text).is_dir():
        return _of_text(*_table_text(Path(text), "", ""))
    if Path(text).is_file() or node is None:
        if not Path(text).is_file():
            hint = "For the table of a line, add --node DIR, or set SKYPARLEY_NODE."
            raise unusable(f"{text!r} is no file and no profile ({', '.join(PROFILES)}).", hint)
        return _of_text(*_table_text(None, "", text))
    return _of_line(node, text)


def _of_text(name: str, text: str) -> Named:
    from skyparley.domain.table import BadTable, parse_table

    try:
        return Named(name, parse_table(text))
    except BadTable as error:
        raise unusable(f"{name} is not a table: {error}") from None


def _of_line(node: Path | None, peer: str) -> Named:
    """The table that holds on a line of the running node."""
    from skyparley.cli.desk_client import open_desk

    with open_desk(node) as desk:
        seen = desk.overview()
    line = next((one for one in seen.lines if peer in (one.peer, one.fingerprint)), None)
    if line is None:
        known = ", ".join(sorted(one.peer for one in seen.lines)) or "none"
        raise unusable(f"no peer is called {peer!r}; pinned: {known}")
    return Named(f"the line to {line.peer}", line.numbers or seen.table, _said_of(line))


def _said_of(line: "LineView") -> tuple[tuple[str, str], ...]:
    from skyparley.cli.forms import time_shown

    since = time_shown(line.table_since) if line.table_since is not None else ""
    own = "the one that this node was started with" if line.numbers is None else "signed for this line"
    theirs = {
        "EQUAL": "the same",
        "MISMATCH": "ANOTHER ONE: no agreements until the tables are equal",
        "UNKNOWN": "not told yet",
    }[line.table]
    return (("Is", own), ("Since", since), ("Clause", line.table_clause), (f"{line.peer} holds", theirs))


def _table_text(folder: Path | None, profile: str, file: str) -> tuple[str, str]:
    """What a table is called, and its text."""
    from skyparley.adapters.system.node_dir import load_node
    from skyparley.domain.profiles import PROFILES, profile_text

    if folder is not None:
        settings = load_node(folder).table
        profile, file = settings.profile, str(folder / settings.file) if settings.file else ""
    if file:
        return file, read_text(file, what="a table of numbers")
    profile = profile or "military"
    if profile not in PROFILES:
        raise unusable(f"{profile!r} is not a profile; the profiles are {', '.join(PROFILES)}")
    return f"profile {profile}", profile_text(profile)


# --- words ---------------------------------------------------------------------------------------------------------


def toml_text(name: str, numbers: "Table") -> str:
    """A table as a file that a node can be started with: each number with what it is in people's units, and for what."""
    from skyparley.domain.profiles import profile_text
    from skyparley.domain.table import NUMBERS

    meant = dict(re.findall(r"^(\w+) = \d+(?:  # (.+))?$", profile_text("military"), re.M))
    lines = [
        f"# The table of {name}. Save it, change numbers, and name the file in node.toml: [table] file.",
        "# Both sides hold the same numbers: a changed number is another table with another hash.",
    ]
    for number in NUMBERS:
        value = getattr(numbers, number)
        words = "; ".join(filter(None, (human(number, value), meant[number])))
        lines.append(f"{number} = {value}" + (f"  # {words}" if words else ""))
    return "\n".join(lines)


def human(key: str, value: int) -> str:
    """A number of the table in the units that people say; empty where it stands as it is said."""
    from skyparley.cli.forms import length_shown, span_text

    if key.endswith("_m"):
        return length_shown(value) if value >= 900 else ""  # Less is said in metres.
    return span_text(value) if key.endswith("_ms") else ""
