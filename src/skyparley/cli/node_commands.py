"""Commands about one node's folder: make it, show its card, run it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from skyparley.cli.endings import unusable
from skyparley.cli.forms import read_time
from skyparley.cli.options import Folder, JsonOption
from skyparley.cli.screen import as_json, note, say
from skyparley.cli.surroundings import ask_passphrase, luck, now_ms, read_text

if TYPE_CHECKING:
    from skyparley.adapters.system.node_dir import InitResult
    from skyparley.adapters.system.settings import ClockSettings


def register(app: typer.Typer) -> None:
    """Adds these commands to the app."""
    app.command("init")(init)
    app.command("card")(card)
    app.command("serve")(serve)


def init(
    folder: Folder,
    name: Annotated[
        str, typer.Option(help="What this party is called on the line. Without it: the folder's name, if that will do.")
    ] = "",
    peer_listen: Annotated[
        str, typer.Option(metavar="ADDRESS:PORT", help="Where other parties' nodes call.")
    ] = "127.0.0.1:8441",
    desk_listen: Annotated[
        str, typer.Option(metavar="ADDRESS:PORT", help="Where this party's own desk calls.")
    ] = "127.0.0.1:8440",
    peer_url: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="Where peers find the peer door, for the card. Repeat for several."),
    ] = None,
    allowed_origin: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="A web origin that may show the console in a frame.")
    ] = None,
    clock: Annotated[str, typer.Option(help="REAL, or SCALED for demonstrations and exercises.")] = "REAL",
    rate: Annotated[float, typer.Option(help="SCALED only: times faster than real time.")] = 1.0,
    shows: Annotated[str, typer.Option(metavar="TIME", help="SCALED only: what the clock shows now.")] = "",
    passphrase_file: Annotated[
        str, typer.Option(metavar="FILE", help="Take the passphrase of the keys from a file, `-` for standard input.")
    ] = "",
    ask: Annotated[bool, typer.Option("--ask-passphrase", help="Ask for the passphrase of the keys.")] = False,
    json: JsonOption = False,
) -> None:
    """Make the folder of a new node: keys, card, settings, and an account for the first officer."""
    from skyparley.adapters.system.node_dir import NewNode, init_node

    new = NewNode(
        name=name or name_from(folder),
        http_peer=peer_listen,
        http_desk=desk_listen,
        urls=tuple(peer_url or ()),
        allowed_origins=tuple(allowed_origin or ()),
        clock=_clock(clock.upper(), rate, shows),
        passphrase=_chosen_passphrase(passphrase_file, ask),
    )
    made = init_node(folder, new, luck=luck, now_ms=now_ms())
    if json:
        as_json(made)
    else:
        tell_init(folder, new.name, made)
        _tell_next(folder, new.name)


def name_from(folder: Path) -> str:
    """What a party is called by its folder.  Ends the command where that is no name."""
    from skyparley.evidence.card import is_name

    name = folder.resolve().name.upper()
    if not is_name(name):
        raise unusable(f"{folder} gives no name for the party; add --name, 1 to 16 of A-Z, 0-9 and the hyphen")
    return name


def _clock(kind: str, rate: float, shows: str) -> "ClockSettings":
    from skyparley.adapters.system.settings import RATE_MAX, ClockSettings

    if kind == "REAL":
        if rate != 1 or shows:
            raise unusable("--rate and --shows belong to --clock SCALED")
        return ClockSettings()
    if kind != "SCALED":
        raise unusable(f"{kind!r} is not a clock; it is REAL or SCALED")
    if not 0 < rate <= RATE_MAX:
        raise unusable(f"--rate {rate:g}: above 0 and up to {RATE_MAX} is right")
    now = now_ms()
    shown = read_time(shows, now_ms=now) if shows else now
    return ClockSettings(kind="SCALED", rate=rate, anchor_real_ms=now, anchor_ms=shown)


def _chosen_passphrase(source: str, ask: bool) -> str | None:
    """What a person chose; None lets one be made."""
    if source and ask:
        raise unusable("--passphrase-file and --ask-passphrase: one of them")
    if source:
        return read_text(source, what="the passphrase on one line").rstrip("\r\n")
    if ask:
        return str(typer.prompt("Passphrase of the keys", hide_input=True, confirmation_prompt=True, err=True))
    return None


def tell_init(folder: Path, name: str, made: "InitResult") -> None:
    """What a person must be told once of a folder that was made."""
    say(f"{name} has a node in {folder}.")
    say("\nThe fingerprint of its party key, as words to read aloud to a peer:\n")
    say(made.words)
    say(
        f"\nThe first officer logs on at the desk as {made.officer} with this password, once, and then chooses another:"
    )
    say(f"\n    {made.one_time_password}\n")
    say("It is kept nowhere: write it down now.")
    say(f"\nBACKUP OF THE PARTY KEY: {made.backup}")
    say(
        "Move this file off this machine, away from fire and thieves, and keep the passphrase somewhere else. If the key"
    )
    say("is lost, no new card can ever be made, and every peer must pin this party again as a stranger.")
    if made.passphrase_file is not None:
        say(
            f"\nThe passphrase of the keys was made and lies in {made.passphrase_file}: write it down before you move it."
        )
        say("Whoever can read it and the keys beside it can sign in your name; a service credential is safer.")


def _tell_next(folder: Path, name: str) -> None:
    say("\nNext:")
    say(f"    skyparley card {folder} > {name.lower()}.card      give this file to the peer")
    say(f"    skyparley peer add {folder} THEIR.card    and compare the words by voice")
    say(f"    skyparley serve {folder}")


def card(folder: Folder) -> None:
    """Print this party's card, to be given to each peer by hand. Made again if the settings changed."""
    import os

    from skyparley.adapters.system.identity import card_of, passphrase_of
    from skyparley.adapters.system.node_dir import load_node
    from skyparley.cli.peer_commands import loopback_warning, words_of

    config = load_node(folder)
    made = card_of(
        folder, passphrase=lambda: passphrase_of(folder, config, os.environ, ask_passphrase), now_ms=now_ms()
    )
    note(f"The card of {made.name}. Fingerprint {made.fingerprint}, to be read aloud to the peer by another way:\n")
    note(words_of(made))
    note("")
    if warning := loopback_warning(made):
        note(f"{warning} at `skyparley init`, or [peer] url in node.toml, for a peer elsewhere.\n")
    say(made.text)


def serve(folder: Folder) -> None:
    """Run the node until it is stopped."""
    from skyparley.cli.serve import serve_node

    raise typer.Exit(serve_node(folder))
