"""Snapshots: a start reads the state as it was at one position and folds only what came behind it.

The journal is the truth and a snapshot only saves time, so whatever is wrong with one, it is not used and the whole journal is
folded.  It is signed by this node's machine key, because who can write into the folder could otherwise make the node believe
what no entry says, and no verifier of the journal would see it.  Source: docs/spec/journal-v1.md 8.
"""

import abc
import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import Final, Generic, Literal, Protocol, TypeVar

import msgspec
import structlog

from skyparley.base import limits
from skyparley.base.canonical import parse_canonical
from skyparley.base.ids import b64url
from skyparley.engine.journal_port import Head, JournalPort
from skyparley.engine.signer import Signer
from skyparley.engine.writer import Folded, StateT
from skyparley.evidence import jws
from skyparley.state.projection import State
from skyparley.state.snapshot import Unfit, freeze, thaw

log = structlog.get_logger("skyparley.snapshots")

_LENGTH_BYTES: Final = 4

StateT_co = TypeVar("StateT_co", bound=Folded, covariant=True)


class SnapshotStore(Protocol):
    """Where the newest snapshot lies.  Nothing is lost when it is."""

    async def load(self) -> bytes | None:
        """The newest snapshot that was saved whole; None where there is none.  Raises OSError."""
        ...

    async def save(self, parts: Sequence[bytes]) -> None:
        """Put the joined parts in its place, whole or not at all.  Raises OSError: then the one before is still there."""
        ...


class Title(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a snapshot says it is, signed: the entry up to which it folds, who folded it, the hash of what follows."""

    v: Literal[1]
    position: int
    header_hash: str
    program: str
    body: str


class SnapshotsOf(abc.ABC, Generic[StateT]):
    """Takes and reads snapshots of one kind of state, whose pieces a subclass knows.

    `program`: a digest of everything but the journal that the state depends on.
    """

    def __init__(self, store: SnapshotStore, signer: Signer, program: str) -> None:
        self._store = store
        self._signer = signer
        self._program = program
        self.position = 0
        """Up to where the newest one that was saved or used folds."""
        self.used = Head(0, "")
        """Where the one that was used ends: what stands before was not read."""

    @abc.abstractmethod
    def freeze(self, state: StateT) -> Iterator[bytes]:
        """The state in pieces.  It must not change until the last was taken."""

    @abc.abstractmethod
    def thaw(self, pieces: Iterable[bytes], state: StateT) -> None:
        """The pieces into a fresh state.  Raises Unfit."""

    async def restore(self, journal: JournalPort, fresh: Callable[[], StateT]) -> tuple[StateT, Head] | None:
        """The state of the newest snapshot and the entry where it ends; None where none can be used.

        Raises JournalFault when the journal cannot be read, never for the snapshot's sake.
        """
        self.used = Head(0, "")
        try:
            data = await self._store.load()
            if data is None:
                return None
            title, body = self._title_of(data)
        except (OSError, Unfit) as error:
            log.warning("snapshot_ignored", why=str(error))
            return None
        found = await journal.read(title.position - 1, 1)
        if not found or found[0].header_hash != title.header_hash:
            log.warning("snapshot_ignored", why=f"the journal holds another entry {title.position}, or none")
            return None
        state = fresh()
        try:
            self.thaw(_pieces(body), state)
            if state.position != title.position:
                raise Unfit(f"its state ends at {state.position}")
        except Unfit as error:
            log.warning("snapshot_ignored", why=str(error))
            return None
        self.position = title.position
        self.used = Head(title.position, title.header_hash)
        return state, self.used

    async def save(self, head: Head, pieces: Sequence[bytes]) -> None:
        """Keep the pieces of a state that is durable up to `head`.  A failure is told and changes nothing."""
        if head.position == 0:
            return
        parts, hashed = [], sha256()
        for piece in pieces:
            for part in (len(piece).to_bytes(_LENGTH_BYTES, "big"), piece):
                hashed.update(part)
                parts.append(part)
            await asyncio.sleep(0)
        title = Title(
            v=1,
            position=head.position,
            header_hash=head.header_hash,
            program=self._program,
            body=b64url(hashed.digest()),
        )
        line = self._signer.sign("machine", title, jws.SNAPSHOT)
        try:
            # If the process dies here, the snapshot before is in place, or this one: each is whole.
            await self._store.save([line.encode("ascii"), b"\n", *parts])
        except OSError as error:
            log.warning("snapshot_not_saved", why=str(error))
            return
        self.position = head.position
        log.info("snapshot_saved", position=head.position, bytes=sum(map(len, parts)))

    def _title_of(self, data: bytes) -> tuple[Title, memoryview]:
        end = data.find(b"\n", 0, limits.STATEMENT_BYTES)
        if end < 0:
            raise Unfit("it has no first line")
        try:
            parsed = jws.read(data[:end].decode("ascii"), typ=jws.SNAPSHOT, key_of=self._signer.card.role_key)
            plain = parse_canonical(parsed.payload, max_bytes=limits.STATEMENT_BYTES, max_depth=1)
            title = msgspec.convert(plain, Title)
        except ValueError as error:
            raise Unfit(f"its first line: {error}") from None
        if parsed.kid.role != "machine":
            raise Unfit("it is not signed by this node's machine key")
        if title.program != self._program:
            raise Unfit("another program, table or card made it")
        if title.position < 1:
            raise Unfit("it ends nowhere")
        body = memoryview(data)[end + 1 :]
        if b64url(sha256(body).digest()) != title.body:
            raise Unfit("its bytes are not those that were signed")
        return title, body


class Snapshots(SnapshotsOf[State]):
    """Snapshots of the state of a node's lines."""

    def freeze(self, state: State) -> Iterator[bytes]:
        return freeze(state)

    def thaw(self, pieces: Iterable[bytes], state: State) -> None:
        thaw(pieces, state)


def _pieces(body: memoryview) -> Iterator[bytes]:
    place = 0
    while place < len(body):
        start = place + _LENGTH_BYTES
        place = start + int.from_bytes(body[place:start], "big")
        if place > len(body):
            raise Unfit("a piece is cut off")
        yield bytes(body[start:place])


class Durable(Protocol[StateT_co]):
    """What a state must be to be taken: the sequencer's, and nobody writing."""

    @property
    def resting(self) -> tuple[StateT_co, Head] | None:
        """The state and the head that it ends at, while everything decided is durable; None meanwhile."""
        ...


class Keeper(Generic[StateT]):
    """Takes a snapshot when enough entries came behind the last.  `heard` tells it of each durable change."""

    def __init__(self, snapshots: SnapshotsOf[StateT], durable: Durable[StateT], *, every: int) -> None:
        self._snapshots = snapshots
        self._durable = durable
        self._every = every
        self._tried = 0
        self._more = asyncio.Event()

    def heard(self, changes: Sequence[object]) -> None:
        self._more.set()

    async def run(self) -> None:
        """Until cancelled.  Somebody who decides meanwhile spoils the pieces taken so far; then it begins again."""
        while True:
            self._more.clear()
            spoilt = 0
            while self._behind() >= self._every:
                if await self._take(at_once=spoilt >= limits.SNAPSHOT_SPOILT):
                    break
                spoilt += 1
                await self._more.wait()
                self._more.clear()
            await self._more.wait()

    async def last(self) -> None:
        """One more at the end of a process, so that the next one starts at once; when it is worth it."""
        if self._behind() >= min(self._every, limits.SNAPSHOT_AT_END_ENTRIES):
            await self._take(at_once=True)

    def _behind(self) -> int:
        resting = self._durable.resting
        # One that could not be saved is not tried again at each entry, but when as many came again.
        return resting[1].position - max(self._snapshots.position, self._tried) if resting else 0

    async def _take(self, *, at_once: bool) -> bool:
        """Whether it was taken.  Between two pieces everybody else has a turn, unless `at_once`."""
        resting = self._durable.resting
        if resting is None:
            return False
        state, head = resting
        pieces = []
        for piece in self._snapshots.freeze(state):
            pieces.append(piece)
            if at_once:
                continue
            await asyncio.sleep(0)
            now = self._durable.resting
            if now is None or now[0] is not state or now[1] != head:
                return False
        self._tried = head.position
        await self._snapshots.save(head, pieces)
        return True
