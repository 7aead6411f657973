"""A DSS from a node's folder and settings: its journal, keys, door and metrics; and its life until it is stopped.

Its record is its own, DIR/dss.db beside the node's journal, so that drone traffic neither delays nor bloats that of the line.
Nothing of this floor is loaded by a node whose DSS is not switched on.
"""

import asyncio
import gc
import resource
import ssl
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from skyparley.adapters.doors.serving import Doors, StartFault, Tls, door_config, renewing
from skyparley.adapters.storage.snapshot_file import FLOORS, SnapshotFile, program_digest
from skyparley.adapters.storage.sqlite_journal import SqliteJournal
from skyparley.adapters.storage.watched_journal import has_room
from skyparley.adapters.system.clock import RealClock
from skyparley.adapters.system.dss_settings import DssSettings
from skyparley.adapters.system.files import FileFault, read_private
from skyparley.adapters.system.luck import SystemLuck
from skyparley.adapters.system.node_dir import NodePaths
from skyparley.base import limits
from skyparley.engine.signer import Signer
from skyparley.utm.beside import Beside
from skyparley.utm.connections import DssHttp
from skyparley.utm.door import dss_app
from skyparley.utm.key_ring import KeyRing
from skyparley.utm.metrics import Metrics
from skyparley.utm.rulings import Rules
from skyparley.utm.service import Dss
from skyparley.utm.snapshot import DssSnapshots
from skyparley.utm.token_keys import KeyFault
from skyparley.utm.tokens import Tokens
from skyparley.utm.watching import Watching

log = structlog.get_logger("skyparley.dss")

RENEWAL_LOOKED_AT_S: Final = 60.0
"""How often it is looked whether the certificate was renewed."""
LAST_ANSWERS_S: Final = 0.5
"""How long it goes on answering by connections that are there when it is told to stop: several round trips far away."""
_FILES_BESIDE: Final = 256  # open files beside connections: journals, keys, hooks, peers
_US: Final = 1_000_000  # of a second


class RunningDss:
    """A DSS with its doors.  First `take_ports`, then `start`; `stop` in any case, for the journal is locked from the beginning."""

    def __init__(
        self, settings: DssSettings, dss: Dss, ring: KeyRing, *, doors: Doors, watch: "TlsWatch | None"
    ) -> None:
        self.dss = dss
        self.url = ""
        """Where its door is, once its port is taken."""
        self._settings = settings
        self._ring = ring
        self._doors = doors
        self._watch = watch
        self._tasks: list[asyncio.Task[None]] = []
        self._configs: list[tuple[str, str, uvicorn.Config]] = []

    def add(self, key: str, listen: str, config: uvicorn.Config) -> None:
        """One more door; the first is that of the DSS."""
        self._configs.append((key, listen, config))

    def take_ports(self) -> None:
        """Raises StartFault where another program has one."""
        _raise_files(limits.DSS_CONNECTIONS + _FILES_BESIDE)
        urls = [self._doors.take(*one) for one in self._configs]
        self.url = urls[0]

    async def start(self) -> None:
        """Fold the journal, look for keys, and answer.  Raises JournalFault."""
        entries = await _loaded(self.dss)
        self._tasks.append(asyncio.create_task(self._ring.run()))
        if self._watch is not None:
            self._tasks.append(asyncio.create_task(self._watch.run()))
        self._tasks.append(asyncio.create_task(self.dss.failed()))
        await self._doors.open()
        log.info("dss_ready", dss=self.url, metrics=self._settings.metrics_listen, entries=entries)

    async def ended(self) -> None:
        """Returns when a part of it ended by itself, which none should; raises what that raised."""
        done, _ = await asyncio.wait((*self._doors.tasks, *self._tasks), return_when=asyncio.FIRST_COMPLETED)
        await next(iter(done))

    async def stop(self) -> None:
        """The door first: what is being answered is, nothing new is taken.  Then the last snapshot; the journal at last."""
        await self._doors.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.dss.stop()
        log.info("dss_stopped")


class TlsWatch:
    """Takes a renewed certificate without a restart."""

    def __init__(self, config: uvicorn.Config, tls: Tls) -> None:
        self._look = renewing(config, tls)
        self._tls = tls

    async def run(self) -> None:
        """Look now and then, until cancelled."""
        while True:
            await asyncio.sleep(RENEWAL_LOOKED_AT_S)
            self.look()

    def look(self) -> None:
        """Look once; raises nothing."""
        try:
            if self._look():
                log.info("certificate_taken", certificate=str(self._tls.certificate))
        except (OSError, ssl.SSLError) as error:
            log.warning("certificate_not_taken", certificate=str(self._tls.certificate), error=str(error))


def build_dss(folder: Path, settings: DssSettings, signer: Signer, *, name: str) -> RunningDss:
    """Everything from the folder; blocks.  The journal is open and locked when this returns.

    `name`: what this DSS is called among others.  Raises StartFault, KeyFault (of tokens' keys), JournalFault.
    """
    assert settings.listen, "a DSS that is not switched on is not built"
    ring = _ring(folder, settings)
    tls = _tls(folder, settings)
    clock, luck = RealClock(), SystemLuck()
    tokens = Tokens(ring, audiences=settings.audience, issuers=settings.issuer, now_s=lambda: clock.now_ms() / 1000)
    paths = NodePaths(folder)
    snapshots = DssSnapshots(SnapshotFile(paths.dss_snapshot), signer, program_digest(floors=(*FLOORS, "utm")))
    dss = Dss(
        journal=SqliteJournal(paths.dss_journal, salt=lambda: luck.fresh_bytes(16)),
        rules=Rules(refuse_down=settings.refuse_down, keep_us=settings.keep_ended_s * _US),
        clock=clock,
        luck=luck,
        snapshots=snapshots,
        has_room=lambda: has_room(folder),
    )
    metrics = Metrics(dss, ring)
    beside = Beside(dss, version=f"skyparley {version('skyparley')}", name=name, public_url=settings.public_url)
    app = dss_app(
        dss,
        tokens,
        https_base_urls_only=settings.https_base_urls_only,
        triggers_need_scope=settings.triggers_need_scope,
        beside=beside.operations(),
        open_to_all=beside.open_to_all(),
    )
    watched = Watching(app, metrics, new_name=luck.message_id)
    config = door_config(watched, http=DssHttp, keep_alive_s=limits.DSS_KEEP_ALIVE_S, tls=tls)
    running = RunningDss(
        settings, dss, ring, doors=Doors(last_answers_s=LAST_ANSWERS_S), watch=TlsWatch(config, tls) if tls else None
    )
    running.add("utm.dss.listen", settings.listen, config)
    if settings.metrics_listen:
        running.add("utm.dss.metrics_listen", settings.metrics_listen, door_config(metrics_app(metrics)))
    return running


def metrics_app(metrics: Metrics) -> ASGIApp:
    """/metrics and nothing else."""

    async def page(_: Request) -> Response:
        body, media_type = metrics.page()
        return Response(body, media_type=media_type)

    return Starlette(routes=[Route("/metrics", page, methods=["GET"])])


def _seen_from(folder: Path, names: Sequence[str]) -> list[Path]:
    return [folder / name for name in names]


def _ring(folder: Path, settings: DssSettings) -> KeyRing:
    """Raises KeyFault with the setting whose file or address cannot be used."""
    setting = "utm.dss.jwks"
    try:
        if settings.jwks:
            KeyRing(urls=settings.jwks)  # Nobody is asked yet: it is seen whether they are addresses.
        setting = "utm.dss.keys"
        return KeyRing(files=_seen_from(folder, settings.keys), urls=settings.jwks)
    except KeyFault as fault:
        raise KeyFault(f"{setting}: {fault}") from None


def _tls(folder: Path, settings: DssSettings) -> Tls | None:
    """Raises StartFault where the key is open to others; what else may be wrong is seen when the two are loaded."""
    if not settings.certificate:
        return None
    tls = Tls(folder / settings.certificate, folder / settings.certificate_key)
    try:
        read_private(tls.key, what="the key of a certificate")
    except FileFault as fault:
        raise StartFault(f"utm.dss.certificate_key: {fault}") from None
    return tls


async def _loaded(dss: Dss) -> int:
    """Start a DSS, with the collector of cycles told to leave its state alone, since there is no cycle in it.

    It would look through all of it several times while it is loaded, and now and then afterwards, when everybody would
    wait: 0.4 s with 100,000 intents.
    """
    gc.disable()
    try:
        entries = await dss.start()
    finally:
        gc.enable()
    gc.freeze()
    return entries


def _raise_files(wanted: int) -> None:
    """Let this process open as many files as it may need, where the machine lets it: each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
