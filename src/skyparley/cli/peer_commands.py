"""Commands about peers: read a card, compare its fingerprint, pin it, list who is pinned."""

from typing import TYPE_CHECKING, Annotated

import typer

from skyparley.cli.endings import NO, Ending, unusable
from skyparley.cli.forms import time_shown
from skyparley.cli.options import Folder, JsonOption, group
from skyparley.cli.screen import as_json, pairs, say, table
from skyparley.cli.surroundings import now_ms, read_text

if TYPE_CHECKING:
    from skyparley.adapters.system.peers import Preview
    from skyparley.evidence.card import Card


def register(app: typer.Typer) -> None:
    """Adds the group `peer` to the app."""
    peer = group("peer", "The parties on the other end of this node's lines.")
    peer.command("add")(add)
    peer.command("list")(listed)
    app.add_typer(peer)


def words_of(card: "Card") -> str:
    """The fingerprint as six numbered groups of four words."""
    from skyparley.evidence.words import as_text, to_words

    return as_text(to_words(card.fingerprint))


def loopback_warning(card: "Card") -> str:
    """What is wrong with a card whose every address is one of its own machine's; nothing else."""
    from ipaddress import ip_address
    from urllib.parse import urlsplit

    def on_loopback(host: str) -> bool:
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")

    if not card.urls or not all(on_loopback(urlsplit(url).hostname or "") for url in card.urls):
        return ""
    return f"WARNING: at {' '.join(card.urls)} only a node on the same machine can reach {card.name}; set --peer-url"


def add(
    folder: Folder,
    card_file: Annotated[
        str, typer.Argument(metavar="CARD", help="The file with the peer's card, `-` for standard input.")
    ],
    yes_compared: Annotated[
        str,
        typer.Option(
            metavar="WORDS", help="The 24 words as the peer read them out. They are compared, nobody is asked."
        ),
    ] = "",
    accept_warnings: Annotated[bool, typer.Option(help="Pin in spite of the warnings shown.")] = False,
) -> None:
    """Pin a peer by its card, after its fingerprint was compared with the peer by another way."""
    from skyparley.adapters.system.peers import pin_peer, preview_peer
    from skyparley.evidence.card import BadCard

    if card_file == "-" and not yes_compared:
        raise unusable("a card from standard input leaves nobody to ask: add --yes-compared with the words")
    text = read_text(card_file, what="the card of a peer")
    try:
        preview = preview_peer(folder, text, now_ms=now_ms())
    except BadCard as error:
        raise unusable(f"{card_file} does not hold a card that can be used: {error}") from None
    _show(preview)
    if preview.outcome == "SAME":
        say(f"\n{preview.card.name} is pinned with this very card already. Nothing was changed.")
        return
    if warning := loopback_warning(preview.card):
        say(f"\n{warning} at its `skyparley init`, and take its new card.")
    _settle_warnings(preview, accept_warnings)
    _settle_words(preview, yes_compared)
    pin_peer(folder, text, now_ms=now_ms(), accept_warnings=True)
    say(f"\n{preview.card.name} is pinned. A running node takes it up by itself.")


def _show(preview: "Preview") -> None:
    card = preview.card
    outcome = {"NEW": "not pinned yet", "NEWER": "replaces the pinned card", "SAME": "pinned already"}[preview.outcome]
    pairs(
        [
            ("Party", f"{card.name} ({outcome})"),
            ("Fingerprint", card.fingerprint),
            ("Clock", card.said.clock),
            ("Issued", time_shown(card.said.issued_ms)),
            ("Reached at", "\n".join(card.urls) or "nowhere: it can only call us"),
            ("Keys", "\n".join(_key_lines(card))),
        ]
    )
    say(
        "\nThe fingerprint as words. The peer reads its own aloud, by voice or face to face, and you compare each one:\n"
    )
    say(preview.words)


def _key_lines(card: "Card") -> list[str]:
    from skyparley.evidence.seal_keys import SEAL, seal_key_id

    keys = [(entry.role, card.kid_of(entry).key_id, entry.from_ms, entry.until_ms) for entry in card.said.roles]
    keys += [(SEAL, seal_key_id(entry.public), entry.from_ms, entry.until_ms) for entry in card.seals]
    return [f"{role:<8} {name}  {time_shown(begin)} to {time_shown(until)}" for role, name, begin, until in keys]


def _settle_warnings(preview: "Preview", accepted: bool) -> None:
    for warning in preview.warnings:
        say(f"\nWARNING {warning.code}: {warning.text}")
    if preview.warnings and not accepted:
        raise Ending(NO, "", "Not pinned, nothing was changed. If it is right all the same, add --accept-warnings.")


def _settle_words(preview: "Preview", heard: str) -> None:
    """Ends the command unless the words were compared and are the same."""
    from skyparley.evidence.words import differences

    if heard:
        if wrong := differences(preview.card.fingerprint, heard):
            raise Ending(NO, "", "Not pinned, nothing was changed: the words are not those of this card.", *wrong)
        return
    say("")
    try:
        agreed = typer.confirm(f"Did {preview.card.name} read these words to you, by another way than this file came?")
    except typer.Abort:
        agreed = False
    if not agreed:
        raise Ending(NO, "", "Not pinned, nothing was changed. Compare the words first.")


def listed(folder: Folder, json: JsonOption = False) -> None:
    """List the pinned peers."""
    from skyparley.adapters.system.node_dir import load_node
    from skyparley.adapters.system.peers import peers

    load_node(folder)
    cards = peers(folder)
    if json:
        as_json(
            [{"name": one.name, "fingerprint": one.fingerprint, "words": words_of(one), **_said(one)} for one in cards]
        )
        return
    table(
        ("Peer", "Fingerprint", "Clock", "Card issued", "Keys until", "Reached at"),
        [
            (
                one.name,
                one.fingerprint,
                one.said.clock,
                time_shown(one.said.issued_ms),
                time_shown(min(entry.until_ms for entry in one.said.roles)),
                " ".join(one.urls) or "-",
            )
            for one in cards
        ],
        empty="No peer is pinned. Pin one with: skyparley peer add DIR CARD",
    )


def _said(card: "Card") -> dict[str, object]:
    import msgspec

    plain: dict[str, object] = msgspec.to_builtins(card.said)
    return plain
