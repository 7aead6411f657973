"""Arguments and options that several commands share, so that one thing is called and explained in one way."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the node.", show_default=False)]

NodeOption = Annotated[
    Path | None,
    typer.Option(
        "--node", envvar="SKYPARLEY_NODE", metavar="DIR", help="The folder of the running node.", show_default=False
    ),
]

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines, in the units of the desk API.")]

AsOption = Annotated[
    str,
    typer.Option(
        "--as", metavar="ACCOUNT", help="Act as this person, whose password is asked for; else as this machine's desk."
    ),
]

YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask at a terminal; what is shown is right.")]

TAKES_IDS: Final[dict[str, Any]] = {"ignore_unknown_options": True}
"""For commands that take an id as argument: one in 64 ids begins with a hyphen and is no option."""


def group(name: str, help_text: str) -> typer.Typer:
    """A group of commands in the manner of the others."""
    return typer.Typer(name=name, help=help_text, no_args_is_help=True, add_completion=False, rich_markup_mode=None)
