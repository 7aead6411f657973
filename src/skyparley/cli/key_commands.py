"""Commands about a node's own keys: what stands on the card, making what is missing, rotating, revoking."""

from typing import TYPE_CHECKING, Annotated

import typer

from skyparley.cli.forms import time_shown
from skyparley.cli.options import AsOption, Folder, JsonOption, NodeOption, YesOption, group
from skyparley.cli.screen import as_json, say, table
from skyparley.cli.surroundings import ask_passphrase, luck, now_ms, settle

if TYPE_CHECKING:
    from skyparley.adapters.system.key_care import Keeper
    from skyparley.evidence.card import Card

Named = Annotated[str, typer.Argument(metavar="ROLE|KID", help="desk, machine, supervisor, exercise, seal; or a kid.")]
Role = Annotated[str, typer.Argument(metavar="ROLE", help="desk, machine, supervisor, exercise or seal.")]


def register(app: typer.Typer) -> None:
    """Adds these commands to the app."""
    keys = group("keys", "The keys of this party, as its card names them.")
    keys.command("show")(show)
    keys.command("complete")(complete)
    keys.command("rotate")(rotate)
    keys.command("revoke")(revoke)
    keys.command("announce")(announce)
    app.add_typer(keys)


def show(folder: Folder, json: JsonOption = False) -> None:
    """Show every key that the card names, and when it may be used."""
    from skyparley.adapters.system.identity import own_card

    card = own_card(folder)
    rows = _rows(card)
    if json:
        as_json([{"name": name, "role": role, "from": begin, "until": until} for role, name, begin, until in rows])
        return
    shown = [(role, name, time_shown(begin), time_shown(until)) for role, name, begin, until in rows]
    table(("Role", "Key", "From", "Until"), shown, empty="")


def complete(folder: Folder) -> None:
    """Make the keys that a folder of an earlier version lacks, and a card that names every key in use."""
    card, added = _keeper(folder).complete()
    if not added:
        say("Every key is there, and the card names it. Nothing was changed.")
        return
    say(f"New on the card of {card.name}: {', '.join(added)}.")
    _tell_next(folder)


def rotate(folder: Folder, role: Role) -> None:
    """Replace a key by a new one. The old one goes on for 14 days, so that peers can fetch the new card."""
    card = _keeper(folder).rotate(role)
    say(f"The {role} key of {card.name} was replaced. The old one goes on for 14 days, and stays on the card.")
    _tell_next(folder)


def revoke(folder: Folder, key: Named) -> None:
    """End a key now. A key in use is replaced; what it signed before stays evidence."""
    card = _keeper(folder).revoke(key)
    say(f"{key} of {card.name} ended. Peers refuse what it signs from now on, once they have the new card.")
    _tell_next(folder)


def announce(node: NodeOption = None, as_: AsOption = "", yes: YesOption = False, json: JsonOption = False) -> None:
    """Tell every peer our card of now on the line, after keys were rotated or revoked. Two persons."""
    from skyparley.adapters.system.identity import own_card
    from skyparley.cli.desk_client import open_desk

    with open_desk(node, as_) as desk:
        card = own_card(desk.folder)
        settle(f"Tell every peer the card of {card.name} issued {time_shown(card.said.issued_ms)}?", yes=yes)
        outcome = desk.act("/keys/announce", {"card": card.text})
    if json:
        as_json(outcome)
        return
    if outcome.result == "ASKED":
        say("Asked. Nothing was said yet: it takes two persons. Another one, a supervisor, within the hour:")
        say("    skyparley keys announce --as ACCOUNT")
        return
    say(f"Told {', '.join(outcome.refs.get('peers', ())) or 'nobody: no line was established'}.")


def _keeper(folder: Folder) -> "Keeper":
    import os

    from skyparley.adapters.system.identity import passphrase_of
    from skyparley.adapters.system.key_care import Keeper
    from skyparley.adapters.system.node_dir import load_node

    config = load_node(folder)
    return Keeper(
        folder,
        passphrase=lambda: passphrase_of(folder, config, os.environ, ask_passphrase),
        luck=luck,
        now_ms=now_ms(),
    )


def _rows(card: "Card") -> list[tuple[str, str, int, int]]:
    """Role, name, beginning and end of every key, in the order of the card."""
    from skyparley.evidence.seal_keys import SEAL, seal_key_id

    roles = [(one.role, str(card.kid_of(one)), one.from_ms, one.until_ms) for one in card.said.roles]
    return roles + [(SEAL, seal_key_id(one.public), one.from_ms, one.until_ms) for one in card.seals]


def _tell_next(folder: Folder) -> None:
    say("\nNext: start the node again, if it runs, and give the new card to each peer:")
    say(f"    skyparley card {folder}")
