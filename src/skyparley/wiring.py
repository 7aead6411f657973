"""A whole node from its folder: journal, keys, accounts, table, clock, engine, doors; and its life until it is stopped."""

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from skyparley.adapters.bearers.folders import Folders, PeerFolder, folder_name
from skyparley.adapters.bearers.http import HttpBearer
from skyparley.adapters.doors.console import ConsoleApp
from skyparley.adapters.doors.desk import DeskDoor
from skyparley.adapters.doors.guard import Guard
from skyparley.adapters.doors.headers import WithHeaders, security_headers
from skyparley.adapters.doors.logon import Logon
from skyparley.adapters.doors.openapi import BASE
from skyparley.adapters.doors.peer import peer_app
from skyparley.adapters.doors.serving import Doors, StartFault, door_config
from skyparley.adapters.doors.sessions import Sessions, Ticks
from skyparley.adapters.doors.stream import Hub
from skyparley.adapters.hooks import ring_log
from skyparley.adapters.hooks.making import hooks_of
from skyparley.adapters.hooks.runner import HookRunner
from skyparley.adapters.storage.snapshot_file import SnapshotFile, program_digest
from skyparley.adapters.storage.sqlite_journal import SqliteJournal
from skyparley.adapters.storage.watched_journal import WatchedJournal, has_room
from skyparley.adapters.system.accounts import Accounts
from skyparley.adapters.system.clock import clock_of, ticks_ms
from skyparley.adapters.system.dss_settings import DSS_SECTION, missing_packages
from skyparley.adapters.system.identity import Identity, open_identity, passphrase_of
from skyparley.adapters.system.luck import SystemLuck
from skyparley.adapters.system.node_dir import NodeFault, NodePaths, load_node
from skyparley.adapters.system.peers import peers
from skyparley.adapters.system.settings import NodeConfig, SettingsFault
from skyparley.adapters.system.settings_edit import Value, settings_with
from skyparley.base.errors import Fault, Refusal
from skyparley.domain.profiles import profile
from skyparley.domain.table import BadTable, Table, parse_table, table_hash
from skyparley.engine.node import Node
from skyparley.engine.signer import Signer
from skyparley.engine.snapshots import Snapshots

if TYPE_CHECKING:  # Only a node whose DSS is switched on loads what that needs.
    from skyparley.utm.wiring import RunningDss

log = structlog.get_logger("skyparley.serve")

LOOK_AGAIN_S: Final = 2.0
"""How often a running node looks for new cards in its folder, and whether a full disk has room again."""


class NodeEnded(Exception):
    """A part of a running node ended by itself: the process must end, and whoever watches it starts it again."""


@dataclass(frozen=True)
class Parts:
    """A node that was put together and not started.  `desk_app` and `peer_app` are ASGI applications."""

    folder: Path
    config: NodeConfig
    node: Node
    journal: WatchedJournal
    hooks: HookRunner
    bearer: HttpBearer
    hub: Hub
    desk_app: ASGIApp
    peer_app: ASGIApp
    dss: "RunningDss | None" = None


def build_node(
    folder: Path,
    environ: Mapping[str, str],
    prompt: Callable[[], str] | None = None,
    *,
    ticks: Ticks = ticks_ms,
) -> Parts:
    """Everything from the folder; blocks.  The journal is open and locked when this returns.

    `prompt` asks a person for the passphrase, where there is one; `ticks` is what sessions go by.
    Raises a Fault that names what is wrong: NodeFault, SettingsFault, KeyFault, AccountFault, JournalFault, StartFault.
    """
    config = load_node(folder)
    table = read_table(folder, config)
    identity = _identity(folder, config, passphrase_of(folder, config, environ, prompt))
    accounts = Accounts(NodePaths(folder).accounts)
    luck, clock, bearer = SystemLuck(), clock_of(config.clock), HttpBearer()
    journal = WatchedJournal(SqliteJournal(NodePaths(folder).journal, salt=lambda: luck.fresh_bytes(16)))
    signer = Signer(identity.card, identity.signing)
    dss = _dss(folder, config, signer)
    program = program_digest(table_hash(table), identity.card.text, config.clock.kind)
    node = Node(
        card=identity.card,
        table=table,
        clock=clock,
        luck=luck,
        journal=journal,
        signer=signer,
        bearer=bearer,
        snapshots=Snapshots(SnapshotFile(NodePaths(folder).snapshot), signer, program),
        seals=identity.keys.seals,
        one_way=frozenset(config.files.one_way),
    )
    hooks = HookRunner(hooks_of(folder, config), sequencer=node.sequencer, clock=clock, luck=luck)
    hub = Hub(node, journal)
    guard, logon = _guards(config, accounts, identity, ticks)
    door = DeskDoor(node=node, hub=hub, guard=guard, logon=logon, trouble=lambda: journal.trouble, hooks=hooks.shown)
    return Parts(
        folder=folder,
        config=config,
        node=node,
        journal=journal,
        hooks=hooks,
        bearer=bearer,
        hub=hub,
        desk_app=_desk_port(door, config.desk.allowed_origins),
        peer_app=peer_app(node.service),
        dss=dss,
    )


def build_dss_alone(
    folder: Path,
    environ: Mapping[str, str],
    prompt: Callable[[], str] | None = None,
    *,
    given: Mapping[str, Value] | None = None,
) -> "RunningDss":
    """The DSS of a folder and nothing else of its node; blocks.  Raises as build_node.

    `given`: settings of [utm.dss] instead of those of the folder, where they are not written.
    """
    config = load_node(folder)
    if given:
        config = settings_with(folder, DSS_SECTION, given)
    if not config.utm.dss.listen:
        raise SettingsFault(
            f"{NodePaths(folder).settings}: utm.dss.listen is not set; write where the DSS is to listen"
        )
    identity = _identity(folder, config, passphrase_of(folder, config, environ, prompt))
    dss = _dss(folder, config, Signer(identity.card, identity.signing))
    assert dss is not None, "it is switched on"
    return dss


def _dss(folder: Path, config: NodeConfig, signer: Signer) -> "RunningDss | None":
    """The DSS, where it is switched on.  What it needs is loaded only then."""
    if not config.utm.dss.listen:
        return None
    if missing := missing_packages():
        raise StartFault(f"utm.dss.listen is set: {missing}")
    from skyparley.utm.wiring import build_dss

    return build_dss(folder, config.utm.dss, signer, name=config.name)


def read_table(folder: Path, config: NodeConfig) -> Table:
    """The table that the settings name.  Raises SettingsFault with everything that is wrong with it."""
    named = config.table.file
    if not named:
        return profile(config.table.profile)
    where = folder / named
    try:
        return parse_table(where.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsFault(f"the table {where} cannot be read: {error}") from None
    except BadTable as error:
        raise SettingsFault(f"the table {where}: {error}") from None


def _identity(folder: Path, config: NodeConfig, passphrase: str) -> Identity:
    identity = open_identity(folder, passphrase)
    if identity.card.said.clock != config.clock.kind:
        text = f"clock.kind is {config.clock.kind}, the card says {identity.card.said.clock}: make a new card first"
        raise NodeFault("CARD_OUT_OF_DATE", f"{text} (skyparley card {folder})")
    if identity.card.name != config.name or identity.card.urls != config.peer.url:
        log.warning("card_out_of_date", do=f"skyparley card {folder}, and give the new card to each peer")
    return identity


def _guards(config: NodeConfig, accounts: Accounts, identity: Identity, ticks: Ticks) -> tuple[Guard, Logon]:
    luck = SystemLuck()
    sessions = Sessions(accounts, luck=luck.fresh_bytes, ticks=ticks)
    cookie = f"skyparley_{identity.fingerprint[:8]}"
    guard = Guard(accounts, sessions, cookie=cookie)
    return guard, Logon(accounts, sessions, guard, luck=luck.fresh_bytes, ticks=ticks)


def _desk_port(door: DeskDoor, allowed_origins: Sequence[str]) -> ASGIApp:
    """The desk door and the console on one port, under one set of headers."""
    desk, console = door.app(), ConsoleApp()

    async def by_path(scope: Scope, receive: Receive, send: Send) -> None:
        app: ASGIApp = desk if scope["path"].startswith(f"{BASE}/") else console
        await app(scope, receive, send)

    return WithHeaders(by_path, security_headers(allowed_origins))


# --- running -----------------------------------------------------------------------------------------------------


async def run_node(parts: Parts, *, ready: Callable[[str, str], None], stop: asyncio.Event) -> None:
    """Start, listen, and go on until `stop` is set; then let go of everything.  `ready` hears both doors' addresses.

    Raises a Fault when it cannot start, NodeEnded when a part of it ended by itself.
    """
    doors, tasks = Doors(), list[asyncio.Task[None]]()
    try:
        # The ports first: a second node on them must not begin to seal.
        desk = doors.take("desk.listen", parts.config.desk.listen, door_config(parts.desk_app))
        peer = doors.take("peer.listen", parts.config.peer.listen, door_config(parts.peer_app))
        if parts.dss is not None:
            parts.dss.take_ports()
        software = f"skyparley {version('skyparley')}"
        pinned = {card.text for card in peers(parts.folder)}
        entries = await parts.node.start(sorted(pinned), software)
        await doors.open()
        if parts.dss is not None:
            await parts.dss.start()
            tasks.append(asyncio.create_task(parts.dss.ended()))
        log.info("ready", desk=desk, peer=peer, entries=entries, name=parts.config.name)
        ready(desk, peer)
        parts.node.sequencer.listen(parts.hooks.heard)
        parts.node.sequencer.listen(ring_log.heard)
        tasks.append(asyncio.create_task(parts.hooks.run()))
        tasks.append(asyncio.create_task(_look_around(parts, pinned)))
        if parts.config.files.out or parts.config.files.in_:
            tasks.append(asyncio.create_task(_folders(parts).run()))
        tasks.append(asyncio.create_task(parts.node.failed()))
        await _until(stop, [*doors.tasks, *tasks])
    finally:
        await _stop(parts, doors, tasks)


async def run_dss(dss: "RunningDss", *, ready: Callable[[str], None], stop: asyncio.Event) -> None:
    """As run_node, for a DSS alone; `ready` hears the address of its door."""
    try:
        dss.take_ports()
        await dss.start()
        ready(dss.url)
        await _until(stop, [asyncio.create_task(dss.ended())])
    finally:
        await dss.stop()


async def _until(stop: asyncio.Event, tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Until `stop`, or until a task ends, which none should: then what it raised goes on."""
    stopping = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait((stopping, *tasks), return_when=asyncio.FIRST_COMPLETED)
    if stopping in done:
        return
    stopping.cancel()
    error = next(iter(done)).exception()
    raise NodeEnded(repr(error) if error else "a door stopped listening by itself") from error


async def _stop(parts: Parts, doors: Doors, tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Doors first, so that nothing is promised any more; then the node; the journal last."""
    parts.hub.close()
    for task in tasks:
        task.cancel()
    dss = () if parts.dss is None else (_stop_dss(parts.dss),)
    await asyncio.gather(doors.close(), *dss, *tasks, return_exceptions=True)
    await parts.node.stop()
    await parts.bearer.close()
    log.info("stopped")


async def _stop_dss(dss: "RunningDss") -> None:
    """What fails in it keeps nothing of the line from its end."""
    try:
        await dss.stop()
    except Fault as fault:
        log.error("dss_not_stopped_well", code=fault.code, error=str(fault))


async def _look_around(parts: Parts, seen: set[str]) -> None:
    """While the node runs: cards that were pinned by the command line, and room on a disk that was full."""
    while True:
        await asyncio.sleep(LOOK_AGAIN_S)
        try:
            for card in await asyncio.to_thread(peers, parts.folder):
                if card.text not in seen:
                    ruling = await parts.node.pin(card.text)
                    seen.add(card.text)
                    refused = [reason.text for reason in ruling.reasons] if isinstance(ruling, Refusal) else []
                    log.info("peer_pinned", name=card.name, fingerprint=card.fingerprint, refused=refused)
        except Fault as fault:
            log.error("cards_unreadable", code=fault.code, error=str(fault))
        if parts.journal.trouble is not None and await asyncio.to_thread(has_room, parts.folder):
            parts.journal.trouble = None


def _folders(parts: Parts) -> Folders:
    """The folders that files are carried from and to, with a sub-folder for each pinned peer."""
    named, node = parts.config.files, parts.node

    async def pinned() -> list[PeerFolder]:
        lines = await node.sequencer.read(lambda state: [(line.peer, line.name) for line in state.lines.values()])
        names = [name for _, name in lines]
        return [
            PeerFolder(peer, folder_name(name, peer, names), peer in node.links and node.links[peer].up)
            for peer, name in lines
        ]

    return Folders(
        node.parcels,
        own=parts.config.name,
        out=parts.folder / named.out if named.out else None,
        into=parts.folder / named.in_ if named.in_ else None,
        peers=pinned,
        real_ms=node.clock.real_ms,
    )


def stop_on_signals(stop: asyncio.Event) -> None:
    """SIGTERM and SIGINT set `stop`."""
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
