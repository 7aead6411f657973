"""The two nodes of the demonstration: their folders, made and introduced to each other, and their processes."""

import asyncio
import contextlib
import secrets
import socket
import sys
import time
from pathlib import Path
from typing import Final

import msgspec

from skyparley.adapters.system.accounts import Accounts
from skyparley.adapters.system.identity import own_card
from skyparley.adapters.system.node_dir import NewNode, NodePaths, init_node
from skyparley.adapters.system.peers import pin_peer
from skyparley.adapters.system.settings import ClockSettings
from skyparley.base.errors import Fault

HOST: Final = "127.0.0.1"  # the same for all, because a cookie that is SameSite=Strict goes by the host
START_S: Final = 30  # a cold start on a slow, busy machine takes some seconds
STOP_S: Final = 10  # a node that is told to stop needs less than its doors' grace of five
LOG_LINES: Final = 12  # of a node that failed, shown to whoever asked for the demonstration


class DemoFault(Fault):
    """The demonstration cannot go on.  The message says what happened and what to do."""

    code = "DEMO"


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """One side: its folder, the address of its desk, and a token each for the script and for the page."""

    name: str
    folder: Path
    desk: str
    officer_token: str
    page_token: str
    passwords: dict[str, str]
    """Of the two persons that it takes to suspend a line: `duty-officer`, and `supervisor`."""

    @property
    def desk_page(self) -> str:
        """The desk page, logged on at once."""
        return f"{self.desk}/#token={self.page_token}"


def make_parties(base: Path, *, page_origin: str, clock: ClockSettings) -> tuple[Party, Party]:
    """Two folders, `base`/a and `base`/b, with a line between them.  Blocks; raises OSError from the disk."""
    ports = free_ports(4)
    made = [
        _make(base / name.lower(), name, desk=ports[place], peer=ports[place + 1], origin=page_origin, clock=clock)
        for name, place in (("A", 0), ("B", 2))
    ]
    for one, other in (made, reversed(made)):
        # In life two people read 24 words to each other first; here both folders were made a moment ago by one hand.
        pin_peer(one.folder, own_card(other.folder).text, now_ms=_real_ms(), accept_warnings=True)
    return made[0], made[1]


def _make(folder: Path, name: str, *, desk: int, peer: int, origin: str, clock: ClockSettings) -> Party:
    new = NewNode(
        name=name,
        http_peer=f"{HOST}:{peer}",
        http_desk=f"{HOST}:{desk}",
        allowed_origins=(origin,),
        clock=clock,
    )
    init_node(folder, new, luck=secrets.token_bytes, now_ms=_real_ms())
    accounts = Accounts(NodePaths(folder).accounts)
    officer, page = (
        accounts.add_token(who, "desk", luck=secrets.token_bytes, now_ms=_real_ms())
        for who in ("scripted-officer", "demo-page")
    )
    passwords = {who: secrets.token_urlsafe(18) for who in ("duty-officer", "supervisor")}
    for who, role in (("duty-officer", "desk"), ("supervisor", "supervisor")):
        accounts.add(who, role, passwords[who], luck=secrets.token_bytes, must_change=False)
    return Party(
        name=name,
        folder=folder,
        desk=f"http://{HOST}:{desk}",
        officer_token=officer,
        page_token=page,
        passwords=passwords,
    )


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody listens on at this moment."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HOST, 0))
        return [int(one.getsockname()[1]) for one in sockets]


class NodeProcess:
    """`skyparley serve` on a folder.  What it says goes to a log beside the folder."""

    def __init__(self, party: Party) -> None:
        self.party = party
        self.log = party.folder.with_suffix(".log")
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Returns when the node listens.  Raises DemoFault with the end of its log when it does not come up."""
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "skyparley.demo.child",
                str(self.party.folder),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                # Ctrl-C is for the demonstration, which then ends its nodes one after the other.
                start_new_session=True,
            )
        assert self._process.stdout is not None, "asked for above"
        try:
            async with asyncio.timeout(START_S):
                line = b"-"
                while line and not line.startswith(b"READY"):
                    line = await self._process.stdout.readline()
        except TimeoutError:
            line = b""
        if not line:
            raise DemoFault(f"the node of {self.party.name} did not start:\n{self.last_words()}")

    async def ended(self) -> None:
        """Returns when the process has ended by itself."""
        assert self._process is not None, "started"
        await self._process.wait()

    async def stop(self) -> None:
        """Ends the process: asked first, then not asked."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def last_words(self) -> str:
        """The end of its log."""
        if not self.log.exists():
            return "(it said nothing)"
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"  {line}" for line in lines[-LOG_LINES:]) or "(it said nothing)"


def _real_ms() -> int:
    return time.time_ns() // 1_000_000
