"""A DSS that cannot write says so until it can: to who asks whether it is ready, and to who watches its metrics."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import httpx
import pytest
from dss_door_support import INTENTS, Uss, app_of, intent, new_id, volume

from skyparley.adapters.storage.memory_journal import MemoryJournal
from skyparley.base.errors import JournalFault, JournalFull
from skyparley.engine.journal_port import Entry, Head
from skyparley.utm import service
from skyparley.utm.metrics import Metrics


class FailingJournal(MemoryJournal):
    """One whose appends fail while `fault` is set."""

    fault: JournalFault | None = None

    async def append(self, expected: int, entries: Sequence[Entry]) -> Head:
        if self.fault is not None:
            raise self.fault
        return await super().append(expected, entries)


class Disk:
    """Whether it has room, and how often somebody looked."""

    def __init__(self, *, room: bool) -> None:
        self.room = room
        self.looks = 0

    def has_room(self) -> bool:
        self.looks += 1
        return self.room


class Watched:
    """A DSS over a disk, asked by HTTP."""

    def __init__(self, app: httpx.AsyncClient, metrics: Metrics, disk: Disk) -> None:
        self.client, self.metrics, self.disk = app, metrics, disk

    async def ready(self) -> bool:
        """What /ready says; the metrics say the same."""
        said = await self.client.get("/ready")
        page = self.metrics.page()[0].decode()
        assert f"skyparley_dss_deciding {1.0 if said.status_code == 200 else 0.0}" in page
        assert said.status_code == 200 or said.json()["errors"][0]["expected"]
        return said.status_code == 200

    async def put(self, lat: float) -> int:
        body = intent(volume(lat))
        return (await Uss(self.client, "uss1").ask("PUT", f"{INTENTS}/{new_id()}", body)).status_code


async def _played(tmp_path: Path, journal: FailingJournal, disk: Disk) -> list[bool]:
    """Whether it is ready at first, behind a write that failed, behind another look, and behind a write that worked."""
    async with app_of(tmp_path, journal=journal, has_room=disk.has_room) as app:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://dss") as client:
            at = Watched(client, app._metrics, disk)
            found = [await at.ready()]
            journal.fault, disk.room = JournalFull("no space left"), False
            assert await at.put(46) == 503
            found.append(await at.ready())
            looks = disk.looks
            async with asyncio.timeout(30):
                while disk.looks < looks + 2:
                    await asyncio.sleep(0.001)
            found.append(await at.ready())
            journal.fault = None
            assert await at.put(46) == 201
            found.append(await at.ready())
    return found


def test_it_is_not_ready_from_a_write_that_failed_until_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "LOOK_AGAIN_MS", 1)
    journal = FailingJournal()
    found = asyncio.run(_played(tmp_path, journal, Disk(room=True)))
    assert found == [True, False, False, True]


def test_started_on_a_full_disk_it_is_not_ready_until_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody writes while it says that it cannot: so it looks itself."""
    monkeypatch.setattr(service, "LOOK_AGAIN_MS", 1)
    disk = Disk(room=False)

    async def main() -> None:
        async with app_of(tmp_path, has_room=disk.has_room) as app:
            transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://dss") as client:
                at = Watched(client, app._metrics, disk)
                assert not await at.ready()
                disk.room = True
                async with asyncio.timeout(30):
                    while not await at.ready():
                        await asyncio.sleep(0.001)

    asyncio.run(main())
