"""Runs a command as a user would, and keeps what it printed."""

from typing import NamedTuple

from typer.testing import CliRunner

from skyparley.cli.main import app


class Ran(NamedTuple):
    code: int
    out: str
    err: str


def run(*words: object, said: str | None = None, env: dict[str, str] | None = None) -> Ran:
    """The exit code and both outputs.  Whatever is not an exit is a fault of ours and fails the test."""
    result = CliRunner().invoke(app, [str(word) for word in words], input=said, env=env or {})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)
