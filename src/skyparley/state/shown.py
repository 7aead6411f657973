"""What all views of a desk stand on: their base, and what the desk calls a party."""

import msgspec

from skyparley.base.ids import Fingerprint
from skyparley.state.projection import State


class View(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base: absent means absent."""


def party_name(state: State, party: str) -> str:
    """What the desk calls a party."""
    if party == state.own:
        return state.name
    line = state.lines.get(Fingerprint(party))
    if line is not None:
        return line.name
    peer = state.voice.peers.get(Fingerprint(party))
    return peer.name if peer is not None else party[:8]
