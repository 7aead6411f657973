"""The one writer of a DSS, on the engine of the line: what it decides, and its journal's entries."""

from typing import Final

import msgspec

from skyparley.base import limits
from skyparley.base.errors import JournalFault
from skyparley.engine.journal_port import Entry, JournalPort, StoredEntry
from skyparley.engine.ports import Clock, Luck
from skyparley.engine.writer import Restorer, Writer
from skyparley.utm.commands import Answer, Command, Problem, Refused
from skyparley.utm.decide import decide
from skyparley.utm.events import EVENTS, SCHEMA, Event, decode, encode
from skyparley.utm.rulings import Moment, Rules
from skyparley.utm.state import DssState, fold

_US: int = 1000  # of a millisecond
_TOO_LARGE: Final = Refused(
    status=413,
    message="the area is too large, with all that is to be kept of this change",
    problems=(Problem("extents", "it has too many cells, or meets too many subscriptions", "smaller volumes"),),
)


class Change(msgspec.Struct, frozen=True):
    """One durable event, as listeners hear it.  `at` in milliseconds UTC."""

    position: int
    at: int
    event: Event
    entry: Entry


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

    def sizes(self) -> dict[str, int]:
        """How many there are of each kind, and of entries in the journal."""
        state = self._state
        return {
            "operational_intents": len(state.intents),
            "constraints": len(state.constraints),
            "subscriptions": len(state.subscriptions),
            "journal_entries": state.position,
        }

    def now_us(self) -> int:
        """This DSS's time, microseconds since 1970 UTC."""
        return self._clock.now_ms() * _US

    def _decide(self, command: Command, changes: list[Change]) -> Answer:
        now_us = self.now_us()
        moment = Moment(now_us, self._luck.message_id, self._luck.nonce)
        answer, events = decide(self._state, command, moment, self._rules)
        entries = [_written(event, now_us // _US) for event in events]
        if any(len(entry.content) > limits.ENTRY_CONTENT_BYTES for entry in entries):
            # The journal would not take it, and the writer would end with it: so it is refused before it is folded.
            return _TOO_LARGE
        for event, entry in zip(events, entries, strict=True):
            fold(self._state, self._state.position + 1, event)
            changes.append(Change(self._state.position, now_us // _US, event, entry))
        return answer

    def _entry(self, change: Change) -> Entry:
        return change.entry

    def _fold_stored(self, state: DssState, entry: StoredEntry) -> None:
        fold_stored(state, entry)


def _written(event: Event, at_ms: int) -> Entry:
    kind, content = encode(event)
    return Entry(kind=kind, schema=SCHEMA, at_ms=at_ms, content=content)


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
