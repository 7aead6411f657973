"""The one writer of a DSS, on the engine of the line: what it decides, and its journal's entries."""

import msgspec

from skyparley.base.errors import JournalFault
from skyparley.engine.journal_port import Entry, JournalPort, StoredEntry
from skyparley.engine.ports import Clock, Luck
from skyparley.engine.writer import Restorer, Writer
from skyparley.utm.commands import Answer, Command
from skyparley.utm.decide import decide
from skyparley.utm.events import EVENTS, SCHEMA, Event, decode, encode
from skyparley.utm.rulings import Moment, Rules
from skyparley.utm.state import DssState, fold

_US: int = 1000  # of a millisecond


class Change(msgspec.Struct, frozen=True):
    """One durable event, as listeners hear it.  `at` in milliseconds UTC."""

    position: int
    at: int
    event: Event


class DssSequencer(Writer[DssState, Command, Answer, Change]):
    """Commands in, durable answers out."""

    def __init__(
        self,
        *,
        journal: JournalPort,
        rules: Rules,
        clock: Clock,
        luck: Luck,
        snapshots: Restorer[DssState] | None = None,
    ) -> None:
        super().__init__(journal=journal, fresh=DssState, clock=clock, snapshots=snapshots)
        self._rules = rules
        self._luck = luck

    @property
    def rules(self) -> Rules:
        return self._rules

    def now_us(self) -> int:
        """This DSS's time, microseconds since 1970 UTC."""
        return self._clock.now_ms() * _US

    def _decide(self, command: Command, changes: list[Change]) -> Answer:
        now_us = self.now_us()
        moment = Moment(now_us, self._luck.message_id, self._luck.nonce)
        answer, events = decide(self._state, command, moment, self._rules)
        for event in events:
            fold(self._state, self._state.position + 1, event)
            changes.append(Change(self._state.position, now_us // _US, event))
        return answer

    def _entry(self, change: Change) -> Entry:
        kind, content = encode(change.event)
        return Entry(kind=kind, schema=SCHEMA, at_ms=change.at, content=content)

    def _fold_stored(self, state: DssState, entry: StoredEntry) -> None:
        fold_stored(state, entry)


def fold_stored(state: DssState, entry: StoredEntry) -> None:
    """Fold an entry that the journal kept.  Raises JournalFault where it cannot be read."""
    if entry.content is None:
        raise JournalFault(f"entry {entry.position} ({entry.kind}) was purged; what it changed is not known")
    if entry.kind not in EVENTS or entry.schema != SCHEMA:
        text = f"the journal of the DSS holds {entry.kind!r} of schema {entry.schema}, which this version does not know"
        raise JournalFault(text)
    try:
        event = decode(entry.kind, entry.content)
    except msgspec.DecodeError as error:
        raise JournalFault(f"entry {entry.position} ({entry.kind}) does not fit its schema: {error}") from None
    fold(state, entry.position, event)
