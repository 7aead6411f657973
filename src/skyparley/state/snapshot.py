"""The state in pieces of bytes, and the same state from them: a snapshot saves folding what was folded before.

It is disposable.  What it says, the journal up to its position says too; a state thawed and a state folded are equal in
every part.  The form follows the structures of this program and no other program reads it: docs/spec/journal-v1.md 8.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any, Final, TypeVar

import msgspec

from skyparley.base.ids import Fingerprint
from skyparley.domain.commands import Outcome
from skyparley.domain.duty_records import DutyRoster
from skyparley.domain.events import ClockAnchored
from skyparley.domain.feed_lists import HashList, PlaceList, ReceiptMap, TakenList
from skyparley.domain.forgotten import Stub
from skyparley.domain.line_records import CardAsked
from skyparley.domain.matter_records import Matter
from skyparley.domain.messages.codes import DeskState
from skyparley.domain.misuse_kept import Misuse
from skyparley.domain.records import AgreementRecord, Alarm, Conflict, Feed, Line, Notice, OpenAcceptance
from skyparley.domain.rings_kept import Rings
from skyparley.domain.view import NoticeKey
from skyparley.domain.voice_records import VoiceBook
from skyparley.state.projection import State

T = TypeVar("T")

PER_PIECE: Final = 128
"""Notices, conflicts, answers in one piece: about 2 ms of work, so that who comes in between does not wait long."""


PACKED_PER_PIECE: Final = 16 * 1024
"""Entries of the lists of a feed in one piece: half a megabyte of hashes."""


class Unfit(ValueError):
    """These bytes are no snapshot of this program's state; the message says what was wrong."""


class _Piece(msgspec.Struct, frozen=True, array_like=True):
    """Base of the pieces: which one it is stands first."""


class _Main(_Piece, frozen=True, tag="main"):
    position: int
    judged_by: str
    highest_id: int
    anchor: ClockAnchored | None
    alarms: list[Alarm]
    alarmed: set[tuple[str, str]]
    accepted: dict[str, OpenAcceptance]
    offers_of: dict[Fingerprint, set[str]]
    deficient: set[NoticeKey]
    agreed_on: dict[NoticeKey, set[str]]
    pending: set[str]
    desk: DeskState
    duty: DutyRoster
    keys_asked: CardAsked | None
    acted_at: int
    misuse: Misuse
    rings: Rings
    voice: VoiceBook


class _Line(_Piece, frozen=True, tag="line"):
    line: Line


class _Hashes(_Piece, frozen=True, tag="hashes"):
    """Of our feed to a peer (`ours`) or of its feed to us, as all the lists of feeds that follow."""

    peer: Fingerprint
    ours: bool
    epoch: int
    packed: tuple[bytes]


class _Places(_Piece, frozen=True, tag="places"):
    peer: Fingerprint
    ours: bool
    epoch: int
    packed: tuple[bytes]


class _Taken(_Piece, frozen=True, tag="taken"):
    peer: Fingerprint
    epoch: int
    packed: tuple[bytes, bytes]


class _Receipts(_Piece, frozen=True, tag="receipts"):
    peer: Fingerprint
    packed: tuple[int, bytes, bytes]


class _Notices(_Piece, frozen=True, tag="notices"):
    notices: list[Notice]


class _Conflicts(_Piece, frozen=True, tag="conflicts"):
    conflicts: list[Conflict]


class _Agreements(_Piece, frozen=True, tag="agreements"):
    agreements: list[AgreementRecord]


class _Matters(_Piece, frozen=True, tag="matters"):
    matters: list[Matter]


class _Answers(_Piece, frozen=True, tag="answers"):
    answers: list[tuple[str, tuple[str, Outcome], int]]


class _Gone(_Piece, frozen=True, tag="gone"):
    notices: list[tuple[NoticeKey, Stub]]


class _GonePairs(_Piece, frozen=True, tag="gone pairs"):
    pairs: list[tuple[str, int]]


class _GoneAgreements(_Piece, frozen=True, tag="gone agreements"):
    agreements: list[str]


class _GoneMatters(_Piece, frozen=True, tag="gone matters"):
    matters: list[tuple[str, int]]


class _Deadlines(_Piece, frozen=True, tag="deadlines"):
    due: list[tuple[str, str, int]]


class _End(_Piece, frozen=True, tag="end"):
    pieces: int
    """How many stand before this one."""


def freeze(state: State) -> Iterator[bytes]:
    """The state in pieces, the main one first.  The state must not change until the last piece was taken."""
    count = 0
    for piece in _parts(state):
        yield _ENCODER.encode(piece)
        count += 1
    yield _ENCODER.encode(_End(count))


def thaw(pieces: Iterable[bytes], state: State) -> None:
    """Put what `freeze` gave into an empty state.  Raises Unfit: then the state is spoilt and must be thrown away."""
    assert state.position == 0, "an empty state"
    taken = 0
    piece: _AnyPiece | None = None
    try:
        for data in pieces:
            if isinstance(piece, _End):
                raise Unfit("something follows the last piece")
            piece = _DECODER.decode(data)
            if isinstance(piece, _Main) != (taken == 0):
                raise Unfit("the pieces are not in order")
            _put(state, piece)
            taken += 1
    except (msgspec.DecodeError, ValueError, KeyError, AssertionError, UnicodeDecodeError) as error:
        raise Unfit(str(error)) from None
    if not isinstance(piece, _End) or piece.pieces != taken - 1:
        raise Unfit(f"{taken} pieces are there, and not all that were written")


# --- inside --------------------------------------------------------------------------------------------------------


def _parts(state: State) -> Iterator[_Piece]:
    """Every piece but the last.  Each is made when its turn comes."""
    yield _main(state)
    for line in state.lines.values():
        yield _Line(replace(line, sent=_bare(line.sent), received=_bare(line.received), receipts=ReceiptMap()))
        yield from _lists(line)
    yield from map(_Notices, _slices(state.notices.values()))
    yield from map(_Conflicts, _slices(state.conflicts.values()))
    yield from map(_Agreements, _slices(state.agreements.values()))
    yield from map(_Matters, _slices(state.matters.values()))
    answers = ((key, answer, state.answered_at[key]) for key, answer in state.answers.items())
    yield from map(_Answers, _slices(answers))
    yield from map(_Gone, _slices(state.forgotten.notices.items(), 16 * PER_PIECE))
    yield from map(_GonePairs, _slices(state.forgotten.pairs.items(), 16 * PER_PIECE))
    yield from map(_GoneAgreements, _slices(state.forgotten.agreements, 16 * PER_PIECE))
    yield from map(_GoneMatters, _slices(state.forgotten.matters.items(), 16 * PER_PIECE))
    yield from map(_Deadlines, _slices(state.deadlines.held(), 16 * PER_PIECE))


def _bare(feed: Feed) -> Feed:
    """The feed without its lists, which are pieces of their own: after a million statements they are long."""
    return Feed(feed.head, feed.head_hash)


def _lists(line: Line) -> Iterator[_Piece]:
    for ours, feed in ((True, line.sent), (False, line.received)):
        for epoch, hashes in feed.hashes.items():
            yield from (_Hashes(line.peer, ours, epoch, some) for some in hashes.slices(PACKED_PER_PIECE))
        for epoch, places in feed.places.items():
            yield from (_Places(line.peer, ours, epoch, some) for some in places.slices(PACKED_PER_PIECE))
    for epoch, taken in line.received.receipts.items():
        yield from (_Taken(line.peer, epoch, pair) for pair in taken.slices(PACKED_PER_PIECE))
    yield from (_Receipts(line.peer, some) for some in line.receipts.slices(PACKED_PER_PIECE))


def _main(state: State) -> _Main:
    return _Main(
        position=state.position,
        judged_by=state.judged_by,
        highest_id=state.highest_id,
        anchor=state.anchor,
        alarms=list(state.alarms),
        alarmed=state.alarms_raised,
        accepted=state.accepted,
        offers_of=state.offers_of,
        deficient=state.deficient,
        agreed_on=state.agreed_on,
        pending=state.pending,
        desk=state.desk,
        duty=state.duty,
        keys_asked=state.keys_asked,
        acted_at=state.acted_at,
        misuse=state.misuse,
        rings=state.rings,
        voice=state.voice,
    )


def _slices(things: Iterable[T], count: int = PER_PIECE) -> Iterator[list[T]]:
    rest = iter(things)
    while some := list(islice(rest, count)):
        yield some


def _put(state: State, piece: "_AnyPiece") -> None:
    match piece:
        case _Main():
            _put_main(state, piece)
        case _Line():
            state.lines[piece.line.peer] = piece.line
        case _Hashes():
            _feed(state, piece.peer, piece.ours).hashes.setdefault(piece.epoch, HashList()).extend(*piece.packed)
        case _Places():
            _feed(state, piece.peer, piece.ours).places.setdefault(piece.epoch, PlaceList()).extend(*piece.packed)
        case _Taken():
            received = _feed(state, piece.peer, False)
            received.receipts.setdefault(piece.epoch, TakenList()).extend(*piece.packed)
        case _Receipts():
            state.lines[piece.peer].receipts.extend(*piece.packed)
        case _Notices():
            for notice in piece.notices:
                _share(notice)
                state.notices[(notice.party, notice.id)] = notice
                state.index.put(notice)
        case _Conflicts():
            for conflict in piece.conflicts:
                state.keep_conflict(conflict)
        case _Agreements():
            for record in piece.agreements:
                state.keep_agreement(record)
        case _Matters():
            for matter in piece.matters:
                state.matters[matter.hash] = matter
                state.note_waiting(matter)
        case _Answers():
            for key, answer, at in piece.answers:
                state.answers[key], state.answered_at[key] = answer, at
        case _Gone():
            state.forgotten.notices.update(piece.notices)
        case _GonePairs():
            state.forgotten.pairs.update(piece.pairs)
        case _GoneAgreements():
            state.forgotten.agreements.update(piece.agreements)
        case _GoneMatters():
            state.forgotten.matters.update(piece.matters)
        case _Deadlines():
            for what, about, due in piece.due:
                state.deadlines.set(what, about, due)


def _feed(state: State, peer: Fingerprint, ours: bool) -> Feed:
    line = state.lines[peer]
    return line.sent if ours else line.received


def _put_main(state: State, main: _Main) -> None:
    state.position = main.position
    state.judged_by = main.judged_by
    state.highest_id = main.highest_id
    state.anchor = main.anchor
    state.alarms.extend(main.alarms)
    state.alarms_raised = main.alarmed
    state.accepted = main.accepted
    state.offers_of = main.offers_of
    state.deficient = main.deficient
    state.agreed_on = main.agreed_on
    state.pending = main.pending
    state.keys_asked = main.keys_asked
    state.desk, state.duty, state.acted_at = main.desk, main.duty, main.acted_at
    state.misuse = main.misuse
    state.rings = main.rings
    state.voice = main.voice


def _share(notice: Notice) -> None:
    """What a line was told is mostly what the notice says: held once, as it was before it became bytes."""
    for peer, told in notice.told.items():
        if told.content == notice.current:
            notice.told[peer] = msgspec.structs.replace(told, content=notice.current)


def _packed(value: Any) -> Any:
    """What msgspec does not know: the packed lists of a feed."""
    if isinstance(value, HashList | PlaceList | TakenList | ReceiptMap):
        return value.packed()
    raise NotImplementedError(type(value))


def _unpacked(kind: type, value: Any) -> Any:
    return TakenList(*value) if kind is TakenList else kind(value)


_AnyPiece = (
    _Main
    | _Line
    | _Hashes
    | _Places
    | _Taken
    | _Receipts
    | _Notices
    | _Conflicts
    | _Agreements
    | _Matters
    | _Answers
    | _Gone
    | _GonePairs
    | _GoneAgreements
    | _GoneMatters
    | _Deadlines
    | _End
)
_ENCODER: Final = msgspec.msgpack.Encoder(enc_hook=_packed)
_DECODER: Final = msgspec.msgpack.Decoder(_AnyPiece, dec_hook=_unpacked)
