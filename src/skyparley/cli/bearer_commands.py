"""Commands that carry a line by files: make one for a peer, take one of a peer."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from skyparley.cli.endings import NO, Ending, unusable
from skyparley.cli.options import JsonOption, NodeOption, group
from skyparley.cli.screen import as_json, note, say

if TYPE_CHECKING:
    from collections.abc import Callable

    from skyparley.adapters.doors.files import FileTaken

TRIES: Final = 120  # the largest file has 1,024 statements, and a peer's share is some 50 a second
PAUSE_S: Final = 1.0

Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write it. A file that is there stays.")]


def register(app: typer.Typer) -> None:
    """Adds the group `bearer` to the app."""
    bearer = group(
        "bearer", "Carry a line by files: a disk, a mail, a radio modem. Each file is sealed to its receiver."
    )
    bearer.command("export")(export)
    bearer.command("import")(take)
    app.add_typer(bearer)


def export(
    peer: Annotated[str, typer.Argument(metavar="PEER", help="The peer's name or fingerprint.")],
    out: Out,
    node: NodeOption = None,
    json: JsonOption = False,
) -> None:
    """Write what is owed to a peer into a sealed file. Any hand may carry it."""
    from urllib.parse import quote

    from skyparley.adapters.doors.files import FileMade
    from skyparley.adapters.system.files import write_atomic
    from skyparley.cli.desk_client import open_desk

    if out.exists():
        raise Ending(NO, f"{out} is there already. Nothing was written; name another file.")
    with open_desk(node) as desk:
        path = f"/peers/{quote(peer, safe='')}/file"
        made = desk.post(path, {}, FileMade)
        write_atomic(out, made.file.encode("ascii"))
        # The file is durable.  If this process dies here, the next file holds the same once more.
        desk.post(f"{path}/written", {"hash": made.hash}, dict)
    if json:
        as_json({"out": str(out), "hash": made.hash, "statements": made.statements, "receipts": made.receipts})
        return
    say(f"{out}: {_count(made.statements, 'statement')} and {_count(made.receipts, 'receipt')} for {peer}, sealed.")
    note("Whether it arrived is known when a file comes back: skyparley bearer import FILE")


def take(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that a peer made for this party.")],
    node: NodeOption = None,
    json: JsonOption = False,
) -> None:
    """Take a sealed file of a peer. Twice does no harm."""
    from skyparley.adapters.doors.files import FileTaken
    from skyparley.base import limits
    from skyparley.cli.desk_client import open_desk

    with file.open("rb") as opened:
        data = opened.read(limits.FILE_BYTES + 1)
    if len(data) > limits.FILE_BYTES:
        raise unusable(f"{file} is larger than {limits.FILE_BYTES} bytes and cannot be a file of a peer.")
    try:
        text = data.decode("ascii")
    except UnicodeDecodeError:
        raise unusable(f"{file} is not a sealed file of a peer: it is not ASCII text.") from None
    with open_desk(node) as desk:
        taken = _patiently(lambda: desk.post("/files", {"file": text}, FileTaken))
    if json:
        as_json(taken)
        return
    say(
        f"From {taken.peer}: {_count(taken.received, 'new statement')}, {taken.known} known already, "
        f"{_count(taken.receipts, 'receipt')}."
    )
    if taken.not_taken:
        say(f"{_count(taken.not_taken, 'statement')} could not be taken: {taken.why}")
        say("If an earlier file is missing, ask for a newer one: it holds everything that is not known to be here.")


def _patiently(take: "Callable[[], FileTaken]") -> "FileTaken":
    """A file that is larger than a peer's share of the node is taken in several goes; the node says when it is over it."""
    for _ in range(TRIES):
        try:
            return take()
        except Ending as ending:
            if not ending.lines[0].startswith("DEFERRED"):
                raise
            time.sleep(PAUSE_S)
    return take()


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"
