"""Statements as bytes, by their place in the journal: the newest at hand, the others read when they are wanted."""

from collections import OrderedDict
from collections.abc import Sequence

from skyparley.base import limits
from skyparley.base.errors import JournalFault
from skyparley.domain.events import StatementReceived, StatementRestored, StatementSealed
from skyparley.engine.journal_port import JournalPort
from skyparley.engine.sequencer import Change, read_event


class StatementStore:
    """Hears every durable change; gives JWS texts by journal position."""

    def __init__(self, journal: JournalPort) -> None:
        self._journal = journal
        self._recent: OrderedDict[int, str] = OrderedDict()

    def heard(self, changes: Sequence[Change]) -> None:
        for change in changes:
            if isinstance(change.event, StatementSealed):
                self._recent[change.position] = change.event.jws
        while len(self._recent) > limits.RECENT_STATEMENTS:
            self._recent.popitem(last=False)

    async def at(self, positions: Sequence[int]) -> list[str]:
        """The statements at these positions, in order.  Stops before one whose content was purged."""
        texts: list[str] = []
        for position in positions:
            text = self._recent.get(position) or await self._read(position)
            if text is None:
                break
            texts.append(text)
        return texts

    async def _read(self, position: int) -> str | None:
        stored = await self._journal.read(position - 1, 1)
        if not stored or stored[0].position != position:
            raise JournalFault(f"position {position} of the journal is not there")
        event = read_event(stored[0].kind, stored[0].schema, stored[0].content)
        if event is None:
            return None
        assert isinstance(event, StatementSealed | StatementReceived | StatementRestored), "a feed points at statements"
        return event.jws


def fitting(texts: Sequence[str]) -> Sequence[str]:
    """As many as one request may hold; at least one."""
    size = 0
    for place, text in enumerate(texts):
        size += len(text) + 1
        if place and size > limits.PEER_BODY_BYTES:
            return texts[:place]
    return texts
