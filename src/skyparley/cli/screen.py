"""What commands print: plain tables and JSON, the same on a wide terminal, a dumb one and through a pipe."""

import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

import typer

_POSITION = re.compile(r"\[\s+(-?[\d.]+),\s+(-?[\d.]+)\s+\]", re.ASCII)
"""A pair of numbers over four lines: polygons are read by people too.  In a text there is no such line break."""
PIPE_COLUMNS: Final = 4_000  # nothing is wrapped or cut where a program reads


def say(text: str = "") -> None:
    """One line, or several, on standard output."""
    typer.echo(text)


def note(text: str) -> None:
    """One line for the person, on standard error, so that a pipe carries only what was asked for."""
    typer.echo(text, err=True)


def as_json(value: Any) -> None:
    """A value as JSON, for machines: the members and units of the desk API; paths as text."""
    import msgspec

    text = msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode("utf-8")
    typer.echo(_POSITION.sub(r"[\1, \2]", text))


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """Rows under their headings; the sentence `empty` where there are none.  Long cells wrap on a terminal."""
    rows = list(rows)
    if not rows:
        say(empty)
        return
    from rich.console import Console
    from rich.table import Table

    sheet = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 3, 0, 0))
    for place, column in enumerate(columns):
        sheet.add_column(column, overflow="fold", no_wrap=place == 0)
    for row in rows:
        sheet.add_row(*row)
    width = None if sys.stdout.isatty() else PIPE_COLUMNS
    # Ids and texts may hold square brackets and colons: they are shown as they are, never read as instructions.
    console = Console(file=sys.stdout, width=width, markup=False, emoji=False, highlight=False)
    with console.capture() as captured:
        console.print(sheet)
    typer.echo("\n".join(line.rstrip() for line in captured.get().splitlines()))


def pairs(rows: Iterable[tuple[str, str]]) -> None:
    """Names and values, one a line, the values under each other.  A value of several lines keeps its column."""
    rows = [(name, value) for name, value in rows if value]
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        first, *more = value.splitlines() or [""]
        say(f"{name:<{width}}  {first}")
        for line in more:
            say(f"{'':<{width}}  {line}")
