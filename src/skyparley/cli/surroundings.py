"""The command line's own clock, luck and terminal: what a command takes from the machine it runs on."""

import sys
from contextlib import nullcontext
from pathlib import Path

import typer

from skyparley.base import limits
from skyparley.cli.endings import NO, Ending, unusable


def now_ms() -> int:
    """The machine's time, UTC milliseconds.  A node's own clock may show another (SCALED)."""
    from skyparley.adapters.system.clock import RealClock

    return RealClock().now_ms()


def luck(count: int) -> bytes:
    """Fresh random bytes."""
    from skyparley.adapters.system.luck import SystemLuck

    return SystemLuck().fresh_bytes(count)


def at_terminal() -> bool:
    """Whether a person can be asked: both ends of the conversation are a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def read_bytes(source: str, *, what: str, most_bytes: int) -> bytes:
    """What a file holds, or standard input for `-`.  Ends the command when there is none, or far too much."""
    try:
        with nullcontext(sys.stdin.buffer) if source == "-" else Path(source).open("rb") as stream:
            data = stream.read(most_bytes + 1)
    except OSError as error:
        raise unusable(f"{source} cannot be read: {error.strerror}; it should hold {what}") from None
    if len(data) > most_bytes:
        raise unusable(f"{source} is larger than {most_bytes} bytes; it should hold {what}")
    return data


def read_text(source: str, *, what: str) -> str:
    """The text of a file, or of standard input for `-`.  Ends the command when there is none, or far too much."""
    data = read_bytes(source, what=what, most_bytes=limits.DESK_BODY_BYTES)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise unusable(f"{source} is not text; it should hold {what}") from None


def ask_yes(question: str) -> bool:
    """Whether a person says yes; no unless it is said."""
    return bool(typer.confirm(question))


def ask_passphrase() -> str:
    """The passphrase of the keys, from a person."""
    return str(typer.prompt("Passphrase of the keys", hide_input=True, err=True))


def ask_password(account: str) -> str:
    """The password of a person who acts."""
    return str(typer.prompt(f"Password of {account}", hide_input=True, err=True))


def settle(question: str, *, yes: bool) -> None:
    """At a terminal a person says yes to what was shown; a script has said it with the command."""
    if not yes and at_terminal() and not ask_yes(question):
        raise Ending(NO, "Nothing was sent.")
