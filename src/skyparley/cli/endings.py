"""How a command ends when it does not do what was asked: what is printed, and the exit code.

0  done
1  the answer is no: a refusal of the node, a check that failed, something that stands in the way
2  the input cannot be used; the message says what would be right
3  the node does not answer, or cannot serve now
"""

from collections.abc import Iterable
from typing import Any, Final

import typer
from typer.core import TyperGroup

from skyparley.base.errors import Fault, Reason
from skyparley.cli.forms import BadForm

NO: Final = 1
UNUSABLE: Final = 2
NOT_SERVING: Final = 3

_INPUT_AT_FAULT: Final = frozenset({"SETTINGS", "ACCOUNT_FAULT", "NODE_MISSING"})
"""Codes of faults that mean: other input would do."""


class Ending(Exception):
    """A command ends here.  `lines` go to standard error, for people."""

    def __init__(self, exit_code: int, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.exit_code = exit_code
        self.lines = lines


def refused(reasons: Iterable[Reason], *, what: str = "Refused") -> Ending:
    """A refusal, one reason a line: code, sentence, and the ids that are missing or in the way."""
    lines = [f"{what}. Nothing was changed."]
    for reason in reasons:
        where = f" [{reason.field}]" if reason.field else ""
        lines.append(f"  {reason.code}{where}: {reason.text}")
        if reason.ids:
            lines.append(f"    {', '.join(reason.ids)}")
    return Ending(NO, *lines)


def unusable(*lines: str) -> Ending:
    """Input that cannot be used, with what would be right."""
    return Ending(UNUSABLE, *lines)


class Commands(TyperGroup):
    """The outermost loop of the command line: every expected failure becomes words and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Runs a command.  What is not expected stays a traceback, for that is a fault of ours."""
        try:
            return super().invoke(ctx)
        except Ending as ending:
            lines, code = list(ending.lines), ending.exit_code
        except BadForm as error:
            lines, code = [f"Cannot use this: {error}"], UNUSABLE
        except Fault as fault:
            lines, code = [f"{fault.code}: {fault}"], UNUSABLE if fault.code in _INPUT_AT_FAULT else NO
        except BrokenPipeError:
            raise  # Whoever read our output has enough of it; the framework ends quietly.
        except OSError as error:
            named = f"{error.filename}: " if error.filename else ""
            lines, code = [f"{named}{error.strerror or error}"], NO
        for line in lines:
            typer.echo(line, err=True)
        raise typer.Exit(code)
