"""The command `skyparley`: every command and group of commands, put together.

Commands import what they need when they run, so that each starts at once.
"""

import typer

from skyparley.cli import (
    account_commands,
    bearer_commands,
    check_commands,
    conflict_commands,
    conform_commands,
    demo_commands,
    dialogue_commands,
    dss_commands,
    duty_commands,
    hook_commands,
    key_commands,
    line_commands,
    list_commands,
    node_commands,
    notice_commands,
    peer_commands,
    phrase_commands,
    say_commands,
    scenario_commands,
    statement_commands,
    table_commands,
    terms_commands,
    verify_commands,
    watch_commands,
)
from skyparley.cli.endings import Commands

app = typer.Typer(
    name="skyparley",
    cls=Commands,
    help="A deconfliction line for parties that share an airspace and do not trust one another.",
    epilog="Exit codes: 0 done; 1 refused, or a check failed; 2 unusable input; 3 the node does not answer.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

for part in (
    demo_commands,
    check_commands,
    node_commands,
    peer_commands,
    account_commands,
    key_commands,
    bearer_commands,
    verify_commands,
    conform_commands,
    notice_commands,
    conflict_commands,
    dialogue_commands,
    list_commands,
    line_commands,
    say_commands,
    statement_commands,
    duty_commands,
    terms_commands,
    table_commands,
    hook_commands,
    dss_commands,
    phrase_commands,
    watch_commands,
    scenario_commands,
):
    part.register(app)


def main() -> None:
    """The entry point of the package."""
    app()
