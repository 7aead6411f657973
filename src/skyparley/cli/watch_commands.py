"""The command `watch`: follows what happens at a node, one line an event, and goes on after a cut where it was."""

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from skyparley.cli.endings import NOT_SERVING, Ending
from skyparley.cli.options import NodeOption
from skyparley.cli.screen import note, say

if TYPE_CHECKING:
    from skyparley.cli.desk_client import Desk

_PAUSE_S: Final = 1.0  # between two tries to come back
_TRIES: Final = 30  # in a row without hearing anything: then the node is taken for stopped

Heard = tuple[str, int | None, dict[str, Any]]
"""The kind of a server-sent event, its position where it has one, its data."""


def register(app: typer.Typer) -> None:
    """Adds the command to the app."""
    app.command("watch")(watch)


def watch(
    node: NodeOption = None,
    after: Annotated[
        int | None, typer.Option(metavar="POSITION", help="Begin behind this entry of the journal.")
    ] = None,
    count: Annotated[int | None, typer.Option(metavar="N", help="End after so many entries.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line, as the desk API sends it.")] = False,
) -> None:
    """Follow what happens at the node, until stopped."""
    from skyparley.cli.desk_client import open_desk

    with open_desk(node) as desk:
        # Asked first of all: a node that does not answer is named at once, and not only after thirty tries.
        names = {line.fingerprint: line.peer for line in desk.overview().lines}
        left = count
        for kind, position, data in _follow(desk, after):
            _print(kind, position, data, names, json)
            if left is not None and position is not None:
                left -= 1
                if left <= 0:
                    return


def _follow(desk: "Desk", after: int | None) -> Iterator[Heard]:
    """Events without end; comes back to where it was when the stream is cut."""
    import httpx

    tries = 0
    while True:
        try:
            with desk.events(after) as lines:
                for event in read_events(lines):
                    tries, after = 0, event[1] or after
                    yield event
        except httpx.HTTPError as error:
            why = str(error) or type(error).__name__
        else:
            why = "the node ended the stream"
        tries += 1
        if tries > _TRIES:
            raise Ending(NOT_SERVING, f"The node does not answer any more: {why}")
        if tries == 1:
            note(f"Cut off ({why}); trying again.")
        time.sleep(_PAUSE_S)


def read_events(lines: Iterable[str]) -> Iterator[Heard]:
    """Server-sent events from their lines.  Comments, and events whose data is no JSON object, are passed over."""
    import msgspec

    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data" and "data" in fields:
                value = f"{fields['data']}\n{value}"
            fields[name] = value
            continue
        try:
            data = msgspec.json.decode(fields.get("data", ""))
        except msgspec.DecodeError:
            data = None
        if isinstance(data, dict):
            place = fields.get("id", "")
            yield fields.get("event", "message"), int(place) if place.isdigit() else None, data
        fields = {}


def _print(kind: str, position: int | None, data: dict[str, Any], names: dict[str, str], json: bool) -> None:
    import msgspec

    from skyparley.cli.forms import time_shown

    if json:
        say(msgspec.json.encode(data).decode("utf-8"))
        return
    at = data.get("at")
    when = time_shown(at) if isinstance(at, int) else ""
    if kind == "link":
        peer = names.get(str(data.get("peer")), str(data.get("peer")))
        state = "up" if data.get("up") else f"DOWN {data.get('error', '')}".strip()
        say(f"{'':>8}  {when}  LINK to {peer} {state}")
        return
    about = data.get("about")
    if data.get("kind") == "Rang" and isinstance(about, dict):
        say(f"{position or '':>8}  {when}  {_ring(about, names)}")
        return
    said = " ".join(f"{key}={_short(value, names)}" for key, value in about.items()) if isinstance(about, dict) else ""
    say(f"{position or '':>8}  {when}  {data.get('kind', kind)}  {said}".rstrip())


def _ring(about: dict[str, Any], names: dict[str, str]) -> str:
    """Who is rung about what; with the bell of the terminal, where there is one."""
    from skyparley.cli.surroundings import at_terminal

    bell = "\a" if at_terminal() else ""
    late = f", {about['code']} not in time" if about.get("code") else ""
    peer, statement = (_short(about.get(name, ""), names) for name in ("peer", "statement"))
    return f"{bell}RING {about.get('post')}: {about.get('cls')} of {peer}, {statement}{late}"


def _short(value: Any, names: dict[str, str]) -> str:
    """A value of `about`: a peer by its name, a hash by what people read aloud of it."""
    from skyparley.base.ids import short_id

    text = str(value)
    if text in names:
        return names[text]
    if len(text) != 43 or " " in text:
        return text
    try:
        return short_id(text)
    except ValueError:
        return text
