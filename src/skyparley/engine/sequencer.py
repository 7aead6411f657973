"""The sequencer: the one writer of a line's record.  It decides, seals what goes to peers, and folds."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

import msgspec

from skyparley.base import limits
from skyparley.base.errors import JournalFault, Refusal
from skyparley.domain.commands import Command, Outcome
from skyparley.domain.decide import decide
from skyparley.domain.events import EVENTS, Event, StatementOwed, StatementSealed, decode, encode
from skyparley.domain.lines import must_wait
from skyparley.domain.react import react
from skyparley.domain.records import Draft, OwedDraft
from skyparley.domain.view import Item, Moment
from skyparley.domain.voice_records import HeardDraft
from skyparley.engine.journal_port import Entry, JournalPort, StoredEntry
from skyparley.engine.ports import Clock, Luck
from skyparley.engine.signer import Signer
from skyparley.engine.snapshots import Snapshots
from skyparley.engine.upcast import upcast
from skyparley.engine.writer import Writer
from skyparley.state.fold import fold
from skyparley.state.projection import State

ON_A_FEED: Final = frozenset({"StatementSealed", "StatementReceived", "StatementRestored"})
"""Kinds of events whose content holds the chain of a feed."""


class Change(msgspec.Struct, frozen=True):
    """One durable event, as listeners hear it."""

    position: int
    at: int
    event: Event


_EVENT: Final[dict[str, msgspec.json.Decoder[Event]]] = {
    kind: msgspec.json.Decoder(cls) for kind, (cls, _) in EVENTS.items()
}
"""How a content of today's schema is read, which nearly all are."""


class Sequencer(Writer[State, Command, Outcome | Refusal, Change]):
    """The writer of a node's lines.  `fresh` makes an empty state to fold into."""

    def __init__(
        self,
        *,
        journal: JournalPort,
        fresh: Callable[[], State],
        signer: Signer,
        clock: Clock,
        luck: Luck,
        snapshots: Snapshots | None = None,
    ) -> None:
        super().__init__(journal=journal, fresh=fresh, clock=clock, snapshots=snapshots)
        self._signer = signer
        self._luck = luck

    def _decide(self, command: Command, changes: list[Change]) -> Outcome | Refusal:
        now = self._clock.now_ms()
        quality = self._clock.quality()
        moment = Moment(now, self._luck.message_id, quality)
        ruling = decide(self._state, command, moment)
        if isinstance(ruling, Refusal):
            return ruling
        queue: deque[Item] = deque(ruling.items)
        while queue:
            item = queue.popleft()
            if isinstance(item, OwedDraft) and item.draft not in self._state.lines[item.draft.peer].owed:
                continue  # Two things in one batch let it go: it is said once.
            event = self._to_event(item, moment)
            envelope = fold(self._state, self._state.position + 1, now, event)
            changes.append(Change(self._state.position, now, event))
            queue.extend(react(self._state, event, envelope, moment))
            assert len(changes) < limits.BATCH_EVENTS, "one batch has an end"
        return ruling.outcome

    def _to_event(self, item: Item, moment: Moment) -> Event:
        """An event as it is; a draft sealed, or owed while the line cannot be sealed on."""
        if isinstance(item, OwedDraft):
            jws = self._signer.seal(self._state, item.draft, moment.quality)
            return StatementSealed(peer=item.draft.peer, jws=jws, owed=True)
        if isinstance(item, HeardDraft):
            return self._signer.heard(item)
        if not isinstance(item, Draft):
            return item
        line = self._state.lines[item.peer]
        if must_wait(line, item):
            return StatementOwed(draft=item)
        return StatementSealed(peer=item.peer, jws=self._signer.seal(self._state, item, moment.quality))

    def _entry(self, change: Change) -> Entry:
        kind, schema, content = encode(change.event)
        return Entry(kind=kind, schema=schema, at_ms=change.at, content=content)

    def _fold_stored(self, state: State, entry: StoredEntry) -> None:
        fold_stored(state, entry)

    async def _made_ready(self, state: State) -> None:
        while not state.index.file_some(limits.NOTICES_FILED_IN_A_TURN):
            await asyncio.sleep(0)


def fold_stored(state: State, entry: StoredEntry) -> None:
    """Fold an entry that a journal kept.  Raises JournalFault where it cannot be read."""
    event = read_event(entry.kind, entry.schema, entry.content)
    if event is None and entry.kind in ON_A_FEED:
        raise JournalFault(f"entry {entry.position} ({entry.kind}) was purged; a feed cannot be followed without it")
    if event is None:
        state.position = entry.position
    else:
        fold(state, entry.position, entry.at_ms, event)


def read_event(kind: str, schema: int, content: bytes | None) -> Event | None:
    """A stored event in its current schema; None where its content was purged.  Raises JournalFault."""
    if content is None:
        return None
    if kind not in EVENTS:
        raise JournalFault(f"the journal holds events of kind {kind!r}, which this version does not know")
    try:
        if schema == EVENTS[kind][1]:
            return _EVENT[kind].decode(content)
        return decode(kind, upcast(kind, schema, EVENTS[kind][1], msgspec.json.decode(content)))
    except msgspec.DecodeError as error:
        raise JournalFault(f"an event of kind {kind} does not fit its schema: {error}") from None
