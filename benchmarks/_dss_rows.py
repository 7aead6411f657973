"""The other side of dss.py: the rules of a DSS as rows of a SQL store, behind the same door.

A table of entities, a table of their cells, and one IMMEDIATE transaction a request, which reads, decides and writes, in
SQLite with a write-ahead log and synchronous=FULL: the design of systems that keep a DSS in a SQL database.  It is not the
reference system, whose store is a replicated one on the network.  One thread has the only connection that writes, since
SQLite has one writer at a time; more of them would only wait for each other.

It knows what the benchmark asks: operational intents with implicit subscriptions, whose rules are those of utm/intents.py.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import apsw

from skyparley.adapters.system.clock import RealClock
from skyparley.adapters.system.luck import SystemLuck
from skyparley.utm.commands import Answer, Command, DeleteIntent, IntentChanged, Notify, PutIntent, Refused
from skyparley.utm.records import NEEDS_KEY, Extent, Intent

CHECKPOINT_PAGES = 1_000
SCHEMA = """
CREATE TABLE IF NOT EXISTS intent(id TEXT PRIMARY KEY, manager TEXT NOT NULL, state TEXT NOT NULL, ovn TEXT NOT NULL,
    version INTEGER NOT NULL, lower_mm INTEGER NOT NULL, upper_mm INTEGER NOT NULL, start_us INTEGER NOT NULL,
    end_us INTEGER NOT NULL, base_url TEXT NOT NULL, subscription TEXT NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS intent_cell(cell INTEGER NOT NULL, id TEXT NOT NULL, PRIMARY KEY(cell, id)) WITHOUT ROWID, STRICT;
CREATE INDEX IF NOT EXISTS cell_of_intent ON intent_cell(id);
CREATE INDEX IF NOT EXISTS dependent ON intent(subscription);
CREATE TABLE IF NOT EXISTS subscription(id TEXT PRIMARY KEY, manager TEXT NOT NULL, version TEXT NOT NULL,
    start_us INTEGER NOT NULL, end_us INTEGER NOT NULL, base_url TEXT NOT NULL, for_intents INTEGER NOT NULL,
    for_constraints INTEGER NOT NULL, implicit INTEGER NOT NULL, notified INTEGER NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE IF NOT EXISTS subscription_cell(cell INTEGER NOT NULL, id TEXT NOT NULL, PRIMARY KEY(cell, id))
    WITHOUT ROWID, STRICT;
CREATE INDEX IF NOT EXISTS cell_of_subscription ON subscription_cell(id);
CREATE TABLE IF NOT EXISTS availability(uss TEXT PRIMARY KEY, availability TEXT NOT NULL) WITHOUT ROWID, STRICT;
"""
MEETING = """
SELECT i.id, i.manager, i.state, i.ovn, i.version, i.lower_mm, i.upper_mm, i.start_us, i.end_us, i.base_url, i.subscription
FROM intent i LEFT JOIN availability a ON a.uss = i.manager
WHERE i.id IN (SELECT id FROM intent_cell WHERE cell IN ({cells}))
AND i.end_us >= ? AND i.start_us <= ? AND i.upper_mm >= ? AND i.lower_mm <= ? AND i.id <> ?
AND NOT (i.state = 'Accepted' AND coalesce(a.availability, '') = 'Down')
"""
TOLD = """
UPDATE subscription SET notified = notified + 1
WHERE id IN (SELECT id FROM subscription_cell WHERE cell IN ({cells})) AND for_intents AND end_us >= ? AND start_us <= ?
AND id <> ? RETURNING id, base_url, notified
"""


class RowsDss:
    """What a door needs of a Dss, over rows."""

    def __init__(self, path: Path) -> None:
        self._clock, self._luck = RealClock(), SystemLuck()
        self._db = apsw.Connection(str(path), statementcachesize=500)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.wal_autocheckpoint(CHECKPOINT_PAGES)
        self._db.execute(SCHEMA)
        self._thread = ThreadPoolExecutor(max_workers=1)
        self.fault = None

    def now_us(self) -> int:
        return self._clock.now_ms() * 1000

    async def start(self) -> int:
        return 0

    async def stop(self) -> None:
        self._thread.shutdown()
        self._db.close()

    def sizes(self) -> dict[str, int]:
        return {}

    async def submit(self, command: Command) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._in_one, command)

    async def read(self, reader: Callable[[Any], Any]) -> Any:
        """Only how USSs stand, which the benchmark does not change."""
        return reader(SimpleNamespace(standings={}))

    def fill(self, commands: Iterable[Command]) -> list[Answer]:
        """Many in one transaction."""
        with self._transaction():
            return [self._decide(command) for command in commands]

    # --- one transaction a request -----------------------------------------------------------------------------

    def _in_one(self, command: Command) -> Answer:
        with self._transaction():
            return self._decide(command)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _decide(self, command: Command) -> Answer:
        match command:
            case PutIntent():
                return self._put(command)
            case DeleteIntent():
                return self._delete(command)
            case _:
                raise NotImplementedError(type(command).__name__)

    def _put(self, command: PutIntent) -> Answer:
        before = self._intent(command.id)
        wrong = self._wrong(before, command.manager, command.ovn, creating=command.ovn is None)
        if wrong is not None:
            return wrong
        if command.state in NEEDS_KEY:
            missing = tuple(one for one in self._meeting(command) if one.ovn not in command.key)
            if missing:
                return Refused(status=409, message="the key lacks OVNs", missing_intents=missing)
        subscription = self._made(command)
        extents = [command.extent] if before is None else [self._with_cells(before), command.extent]
        dropped = self._left_alone(before)
        told = self._told(extents, dropped)
        self._file(command, subscription, before)
        if dropped:
            self._drop(dropped)
        intent = self._intent(command.id)
        assert intent is not None
        return IntentChanged(intent, before is None, told)

    def _delete(self, command: DeleteIntent) -> Answer:
        intent = self._intent(command.id)
        if intent is None:
            return Refused(status=404, message="there is none")
        wrong = self._wrong(intent, command.manager, command.ovn, creating=False)
        if wrong is not None:
            return wrong
        told = self._told([self._with_cells(intent)], "")
        dropped = self._left_alone(intent)
        self._db.execute("DELETE FROM intent WHERE id = ?", (command.id,))
        self._db.execute("DELETE FROM intent_cell WHERE id = ?", (command.id,))
        if dropped:
            self._drop(dropped)
        return IntentChanged(intent, False, told)

    # --- rows ------------------------------------------------------------------------------------------------------

    def _wrong(self, before: Intent | None, manager: str, ovn: str | None, *, creating: bool) -> Refused | None:
        if creating != (before is None):
            return Refused(status=409 if before else 400, message="it is there, or it is not")
        if before is not None and before.manager != manager:
            return Refused(status=403, message="another manages it")
        if before is not None and before.ovn != ovn:
            return Refused(status=409, message="it has another OVN")
        standing = self._db.execute("SELECT availability FROM availability WHERE uss = ?", (manager,)).get
        return Refused(status=412, message="the caller is Down") if standing == "Down" else None

    def _intent(self, name: str) -> Intent | None:
        row = self._db.execute(
            "SELECT id, manager, state, ovn, version, lower_mm, upper_mm, start_us, end_us, base_url, subscription "
            "FROM intent WHERE id = ?",
            (name,),
        ).fetchone()
        return None if row is None else _intent_of(row)

    def _with_cells(self, intent: Intent) -> Extent:
        cells = tuple(cell for (cell,) in self._db.execute("SELECT cell FROM intent_cell WHERE id = ?", (intent.id,)))
        one = intent.extent
        return Extent(cells, one.lower_mm, one.upper_mm, one.start_us, one.end_us)

    def _meeting(self, command: PutIntent) -> list[Intent]:
        extent = command.extent
        bounds = (max(extent.start_us, self.now_us()), extent.end_us, extent.lower_mm, extent.upper_mm, command.id)
        sql = MEETING.format(cells=_marks(extent.cells))
        return [_intent_of(row) for row in self._db.execute(sql, (*extent.cells, *bounds))]

    def _told(self, extents: list[Extent], but: str) -> tuple[Notify, ...]:
        """Each once, though it meets the old extent and the new."""
        found: list[Notify] = []
        cells = tuple(sorted({cell for one in extents for cell in one.cells}))
        start_us = max(min(one.start_us for one in extents), self.now_us())
        bounds = (start_us, max(one.end_us for one in extents), but)
        found.extend(Notify(*row) for row in self._db.execute(TOLD.format(cells=_marks(cells)), (*cells, *bounds)))
        return tuple(found)

    def _made(self, command: PutIntent) -> str:
        """The implicit subscription of an intent."""
        assert command.new_subscription is not None, "the benchmark asks for one with each intent"
        name, extent, new = self._luck.message_id(), command.extent, command.new_subscription
        self._db.execute(
            "INSERT INTO subscription VALUES (?, ?, ?, ?, ?, ?, 1, ?, 1, 0)",
            (
                name,
                command.manager,
                self._luck.nonce(),
                extent.start_us,
                extent.end_us,
                new.base_url,
                new.for_constraints,
            ),
        )
        self._db.executemany("INSERT INTO subscription_cell VALUES (?, ?)", [(cell, name) for cell in extent.cells])
        return name

    def _file(self, command: PutIntent, subscription: str, before: Intent | None) -> None:
        one = command.extent
        if before is not None:
            self._db.execute("DELETE FROM intent_cell WHERE id = ?", (command.id,))
        self._db.execute(
            "INSERT OR REPLACE INTO intent VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                command.id,
                command.manager,
                command.state,
                self._luck.nonce(),
                1 if before is None else before.version + 1,
                one.lower_mm,
                one.upper_mm,
                one.start_us,
                one.end_us,
                command.base_url,
                subscription,
            ),
        )
        self._db.executemany("INSERT INTO intent_cell VALUES (?, ?)", [(cell, command.id) for cell in one.cells])

    def _left_alone(self, before: Intent | None) -> str:
        if before is None or not before.subscription:
            return ""
        count = self._db.execute("SELECT count(*) FROM intent WHERE subscription = ?", (before.subscription,)).get
        return before.subscription if count == 1 else ""

    def _drop(self, name: str) -> None:
        self._db.execute("DELETE FROM subscription WHERE id = ?", (name,))
        self._db.execute("DELETE FROM subscription_cell WHERE id = ?", (name,))


def _marks(cells: tuple[int, ...]) -> str:
    return ",".join("?" * len(cells))


def _intent_of(row: tuple[Any, ...]) -> Intent:
    name, manager, state, ovn, version, lower_mm, upper_mm, start_us, end_us, base_url, subscription = row
    extent = Extent((), lower_mm, upper_mm, start_us, end_us)
    return Intent(name, 0, manager, state, ovn, version, extent, base_url, subscription)
