"""Link health: how each bearer of a line is in each direction, from heartbeats that came or did not.

It is shown, and says by which bearer statements go first.  It never moves what two parties agreed.
Source: DOMAIN 8, 11.1; line-v1 7.8.
"""

from collections.abc import Iterator
from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from skyparley.base import limits
from skyparley.base.times import HOUR
from skyparley.domain.commands import NoteLink
from skyparley.domain.events import LinkChanged
from skyparley.domain.messages.codes import HTTP_BEARERS, HttpBearerKind
from skyparley.domain.messages.envelope import FeedHead
from skyparley.domain.records import NOTHING, Feed, Line, LinkHealth, LinkKey, LinkState
from skyparley.domain.table import Table
from skyparley.domain.view import Decided, Moment, View
from skyparley.evidence.card import Card

_BADNESS: Final = {"UP": 0, "DEGRADED": 1, "LOST": 2}


def bearers_of(card: Card) -> tuple[HttpBearerKind, ...]:
    """The HTTP bearers of a party: `http` by the first address on its card, `http2` by the second."""
    return HTTP_BEARERS[: len(card.urls)]


def links_of(own: Card, line: Line) -> Iterator[LinkKey]:
    """The bearers and directions that heartbeats are expected on: OUT by the peer's addresses, IN by ours.

    A peer that gives no address sends none unless it did already: one with a telephone only is not LOST.
    """
    yield from ((bearer, "OUT") for bearer in bearers_of(line.card))
    spoke = bool(line.card.urls)
    yield from ((bearer, "IN") for bearer in bearers_of(own) if spoke or (bearer, "IN") in line.links)


def changes_in_the_hour(health: LinkHealth, now: int) -> tuple[int, ...]:
    """When it changed within the hour before `now`."""
    return tuple(at for at in health.changed if now - HOUR < at)[-limits.LINK_CHANGES_PER_HOUR :]


def state_after(
    health: LinkHealth | None, *, silent_ms: int, in_a_row: int, table: Table, now: int
) -> LinkState | None:
    """The state that heartbeats come to; None while nothing is known and the first one may still come.

    What is worse is seen at once.  Up again it is after some heartbeats in a row, and not while it changes too often: a
    link that comes and goes is shown as bad as it was.
    """
    if silent_ms >= table.link_lost_ms:
        return "LOST"
    if silent_ms >= table.link_degraded_ms:
        return "LOST" if health is not None and health.state == "LOST" else "DEGRADED"
    if health is None:
        return "UP" if in_a_row else None
    if health.state == "UP" or in_a_row < limits.LINK_UP_HEARTBEATS:
        return health.state
    # Two changes are left, so that it can still become DEGRADED and LOST within the hour.
    often = len(changes_in_the_hour(health, now)) > limits.LINK_CHANGES_PER_HOUR - 3
    return health.state if often else "UP"


def note_link(view: View, command: NoteLink, moment: Moment) -> Decided:
    """A state that changed, and nothing otherwise: heartbeats themselves are not kept."""
    line = view.lines[command.peer]
    key = (command.bearer, command.direction)
    if command.bearer not in bearers_of(line.card if command.direction == "OUT" else view.own_card):
        return Decided(())  # The card that had this address was replaced meanwhile.
    held = line.links.get(key)
    state = state_after(
        held, silent_ms=command.silent_ms, in_a_row=command.in_a_row, table=view.table_of(line.peer), now=moment.now
    )
    if state is None or (held is not None and held.state == state):
        return Decided(())
    event = LinkChanged(
        peer=line.peer, bearer=command.bearer, direction=command.direction, state=state, since=moment.now
    )
    return Decided((event,))


def order(line: Line) -> tuple[HttpBearerKind, ...]:
    """The peer's HTTP bearers, the best first: by how our heartbeats were answered, then as on its card."""

    def badness(bearer: HttpBearerKind) -> int:
        health = line.links.get((bearer, "OUT"))
        return _BADNESS[health.state] if health is not None else 0

    return tuple(sorted(bearers_of(line.card), key=badness))


Heads = Literal["EQUAL", "OWED", "COMPARE"]


def heads(line: Line, *, sent: FeedHead | UnsetType, held: FeedHead | UnsetType) -> Heads:
    """What a heartbeat's heads ask for.  `sent`, `held`: of the peer's feed to us, and of ours at the peer.

    OWED: the peer lacks what we are about to carry.  COMPARE: it holds, or sent, something else than we know.  What it
    sent and we do not hold yet is on its way, with a receipt to come; the next HELLO fetches it if it does not arrive.
    """
    if sent is not UNSET and sent.number <= line.received.head and not _agrees(line.received, sent):
        return "COMPARE"
    head = line.sent.head
    at_peer = NOTHING if held is UNSET else held.number
    if held is not UNSET and (held.number > head or not _agrees(line.sent, held)):
        return "COMPARE"
    if at_peer[0] in (0, head[0]) and at_peer < line.delivered and line.delivered[1] > 0:
        return "COMPARE"  # We took it for delivered.
    return "OWED" if at_peer < head and head[1] > 0 else "EQUAL"


def _agrees(feed: Feed, head: FeedHead) -> bool:
    """An epoch before ours was closed by two people: it is not argued about."""
    return head.epoch < feed.head[0] or feed.hash_at(head.number) == head.hash


class _Named(msgspec.Struct, frozen=True):
    bearer: str = ""


class _Check(msgspec.Struct, frozen=True):
    type: str
    reply_to: str = ""
    slots: _Named = _Named()


_check: Final = msgspec.json.Decoder(_Check)


def bearer_named(payload: bytes) -> str:
    """The bearer that a line check names in its slots, and is to be carried by; empty for any other statement.

    An answer names that of the check, which is one of its sender's addresses and not of the asker's: it goes by any.
    """
    try:
        said = _check.decode(payload)
    except msgspec.DecodeError:
        return ""
    return said.slots.bearer if said.type == "LCK" and not said.reply_to else ""
