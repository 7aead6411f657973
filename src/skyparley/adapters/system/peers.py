"""The peers that people pinned: what pinning a card would do, doing it, and reading them again.

A peer is pinned by its fingerprint: peers/FINGERPRINT.card.  A newer card of a pinned party replaces the older one,
which moves to peers/old/, since statements under its keys must verify for ever.  Source: DESIGN "Keys"; DOMAIN LINE-11.
"""

from pathlib import Path
from typing import Literal

import msgspec

from skyparley.adapters.system.files import locked, make_folder, write_atomic
from skyparley.adapters.system.identity import own_card, read_card_file
from skyparley.adapters.system.node_dir import NodeFault, NodePaths, load_node
from skyparley.adapters.system.settings import NodeConfig
from skyparley.base import limits
from skyparley.base.errors import Reason
from skyparley.base.ids import Fingerprint
from skyparley.evidence.card import BadCard, Card, read_card
from skyparley.evidence.words import as_text, to_words


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What pinning a card would do.  People compare `words` with the peer by another way before they say yes.

    `outcome` is NEW (a party not pinned yet), NEWER (replaces the pinned card) or SAME (pinned already).
    """

    card: Card
    outcome: Literal["NEW", "NEWER", "SAME"]
    words: str
    warnings: tuple[Reason, ...]


def peers(folder: Path) -> list[Card]:
    """The cards of the pinned peers, by name, then fingerprint.  Raises NodeFault naming a file that does not hold."""
    cards = []
    for path in NodePaths(folder).peers.glob("[!.]*.card"):
        card = read_card_file(path, "the card of a peer")
        if path.stem != card.fingerprint:
            raise NodeFault("NODE_DAMAGED", f"{path} holds the card of {card.fingerprint}: it was put there by hand")
        cards.append(card)
    return sorted(cards, key=lambda card: (card.name, card.fingerprint))


def preview_peer(folder: Path, text: str, *, now_ms: int) -> Preview:
    """What pinning this card would do; nothing is written.  Line breaks and spaces in the text do not matter.

    Raises BadCard if the card does not hold, NodeFault if it must not be pinned: our own, older than the pinned one, or
    another one issued at the same instant as the pinned one.
    """
    config = load_node(folder)
    if len(text) > 2 * limits.CARD_BYTES:
        raise BadCard("CARD_TOO_LARGE", f"{len(text)} characters; a card takes at most {limits.CARD_BYTES}")
    now_ms = config.clock.at(now_ms)
    card = read_card("".join(text.split()), now_ms)
    if card.fingerprint == own_card(folder).fingerprint:
        raise NodeFault("PEER_OWN_CARD", "this is the card of this very node; ask the peer for theirs")
    pinned = peers(folder)
    old = next((one for one in pinned if one.fingerprint == card.fingerprint), None)
    return Preview(
        card=card,
        outcome=_outcome(old, card),
        words=as_text(to_words(card.fingerprint)),
        warnings=_warnings(config, pinned, card, now_ms),
    )


def pin_peer(folder: Path, text: str, *, now_ms: int, accept_warnings: bool = False) -> Preview:
    """Pins a card and says what that did.  A card that is pinned already changes nothing.

    Warnings are not passed over: with any, and without `accept_warnings`, nothing is written.  If the process dies in
    here, the pinned card is the old or the new one.  Raises as `preview_peer`, and NodeFault PEER_WARNINGS.
    """
    folder_of_peers = NodePaths(folder).peers
    with locked(folder_of_peers):
        preview = preview_peer(folder, text, now_ms=now_ms)
        if preview.outcome == "SAME":
            return preview
        if preview.warnings and not accept_warnings:
            raise NodeFault("PEER_WARNINGS", " ".join(warning.text for warning in preview.warnings))
        path = folder_of_peers / f"{preview.card.fingerprint}.card"
        if preview.outcome == "NEWER":
            old = read_card_file(path, "the card of a peer")
            make_folder(folder_of_peers / "old")
            write_atomic(
                folder_of_peers / "old" / f"{old.fingerprint}-{old.said.issued_ms}.card",
                old.text.encode("ascii") + b"\n",
            )
        write_atomic(path, preview.card.text.encode("ascii") + b"\n")
        return preview


def old_cards(folder: Path, party: Fingerprint) -> list[Card]:
    """The cards of a party that newer ones replaced, oldest first, for verifying what was signed under their keys."""
    found = [read_card_file(path, "an old card") for path in (NodePaths(folder).peers / "old").glob(f"{party}-*.card")]
    return sorted(found, key=lambda card: card.said.issued_ms)


def _outcome(old: Card | None, card: Card) -> Literal["NEW", "NEWER", "SAME"]:
    if old is None:
        return "NEW"
    if old.text == card.text:
        return "SAME"
    if card.said.issued_ms < old.said.issued_ms:
        raise NodeFault("PEER_OLDER_CARD", f"a newer card of {old.name} is pinned; ask them which one holds")
    if card.said.issued_ms == old.said.issued_ms:
        raise NodeFault(
            "PEER_TWO_CARDS", f"another card of {old.name}, issued at the same instant, is pinned; ask them"
        )
    return "NEWER"


def _warnings(config: NodeConfig, pinned: list[Card], card: Card, now_ms: int) -> tuple[Reason, ...]:
    """What a person should know before saying yes; () in the ordinary case."""
    found = []
    if any(one.name == card.name and one.fingerprint != card.fingerprint for one in pinned):
        found.append(
            Reason(
                "NAME_OTHER_KEY",
                f"ANOTHER PARTY IS PINNED UNDER THE NAME {card.name}, WITH ANOTHER KEY. Either {card.name} has lost "
                "its party key, which it must tell you by another way, or somebody is using its name. Do not go on "
                "unless you have spoken with people whom you know there.",
            )
        )
    if card.name == config.name:
        found.append(Reason("NAME_OURS", f"The card says {card.name}, which is this party's own name."))
    if card.said.clock != config.clock.kind:
        found.append(
            Reason(
                "CLOCK", f"Their clock is {card.said.clock}, ours is {config.clock.kind}: the two nodes will not talk."
            )
        )
    if not card.urls:
        found.append(Reason("NO_ADDRESS", "The card gives no address: they can call this node, it cannot call them."))
    for role in sorted({entry.role for entry in card.said.roles}):
        if not any(entry.valid_at(now_ms) for entry in card.said.roles if entry.role == role):
            found.append(Reason("KEYS_NOT_NOW", f"No {role} key on the card is valid now; ask for a newer card."))
    return tuple(found)
