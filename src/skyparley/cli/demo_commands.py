"""`skyparley demo`: two nodes and two desks on this machine, for a newcomer."""

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    exit_after: Annotated[bool, typer.Option("--exit", help="Play, prove, and leave with 0 or 1.")] = False,
    keep: Annotated[Path | None, typer.Option(help="Leave the nodes' folders at KEEP/a and KEEP/b.")] = None,
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
    port: Annotated[int | None, typer.Option(help="The page's port; a free one otherwise.")] = None,
) -> None:
    """Two nodes, two desks: a conflict found, settled, signed and proved, in about a minute."""
    from skyparley.demo.command import run_demo

    raise typer.Exit(run_demo(exit_after=exit_after, keep=keep, open_browser=browser, port=port))
