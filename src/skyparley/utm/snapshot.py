"""The state of a DSS in pieces of bytes, and the same state from them.  Source: docs/spec/journal-v1.md 8."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import msgspec

from skyparley.engine.snapshots import SnapshotsOf
from skyparley.state.snapshot import Unfit
from skyparley.utm.records import Constraint, Intent, Standing, Subscription
from skyparley.utm.state import DssState, keep

PER_PIECE: Final = 512
"""Entities in one piece: about 1 ms of work, so that a request that comes in between does not wait long."""


class _Piece(msgspec.Struct, frozen=True, array_like=True):
    """Base of the pieces: which one it is stands first."""


class _Main(_Piece, frozen=True, tag="main"):
    position: int
    next_number: int
    standings: list[Standing]


class _Subscriptions(_Piece, frozen=True, tag="subscriptions"):
    """Each with its notification index."""

    subscriptions: list[tuple[Subscription, int]]


class _Intents(_Piece, frozen=True, tag="intents"):
    intents: list[Intent]


class _Constraints(_Piece, frozen=True, tag="constraints"):
    constraints: list[Constraint]


class _End(_Piece, frozen=True, tag="end"):
    pieces: int
    """How many stand before this one."""


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(_Main | _Subscriptions | _Intents | _Constraints | _End)


class DssSnapshots(SnapshotsOf[DssState]):
    """Snapshots of a DSS."""

    def freeze(self, state: DssState) -> Iterator[bytes]:
        count = 0
        for piece in _parts(state):
            yield _ENCODER.encode(piece)
            count += 1
        yield _ENCODER.encode(_End(count))

    def thaw(self, pieces: Iterable[bytes], state: DssState) -> None:
        ended = False
        for count, data in enumerate(pieces):
            if ended:
                raise Unfit("something stands behind its end")
            try:
                piece = _DECODER.decode(data)
            except msgspec.DecodeError as error:
                raise Unfit(f"piece {count}: {error}") from None
            if isinstance(piece, _End):
                ended = piece.pieces == count
            else:
                _put(piece, state)
        if not ended:
            raise Unfit("it has no end")


def _parts(state: DssState) -> Iterator[_Piece]:
    yield _Main(state.position, state.next_number, list(state.standings.values()))
    for subscriptions in _slices(state.subscriptions.values()):
        yield _Subscriptions([(one, state.notified[one.id]) for one in subscriptions])
    for intents in _slices(state.intents.values()):
        yield _Intents(intents)
    for constraints in _slices(state.constraints.values()):
        yield _Constraints(constraints)


def _slices(values: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(values)
    while some := list(islice(rest, PER_PIECE)):
        yield some


def _put(piece: _Piece, state: DssState) -> None:
    match piece:
        case _Main():
            state.position = piece.position
            state.next_number = piece.next_number
            state.standings = {one.uss: one for one in piece.standings}
        case _Subscriptions():
            for subscription, notified in piece.subscriptions:
                keep(state, subscription)
                state.notified[subscription.id] = notified
        case _Intents():
            for intent in piece.intents:
                keep(state, intent)
        case _Constraints():
            for constraint in piece.constraints:
                keep(state, constraint)
