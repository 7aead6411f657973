"""Starts the demonstration, or the nodes it is made of, as processes, and ends exactly those."""

from __future__ import annotations

import contextlib
import queue
import re
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from skyparley.adapters.system.settings import ClockSettings
from skyparley.demo.nodes import Party, make_parties

WAIT_S = 90.0  # whole demonstrations on a busy machine; a healthy one needs a tenth of it
RUN = """
import sys
from pathlib import Path
from skyparley.demo.command import run_demo
keep, stay, pace = Path(sys.argv[1]), sys.argv[2] == "stay", float(sys.argv[3])
port = int(sys.argv[4]) if len(sys.argv) > 4 else None
sys.exit(run_demo(exit_after=not stay, keep=keep, open_browser=False, port=port, pace=pace))
"""


@dataclass
class Running:
    """A process whose lines are read as they come."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    _coming: queue.Queue[str | None] = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._coming.put(line.rstrip("\n"))
        self._coming.put(None)

    def until(self, pattern: str) -> re.Match[str]:
        """The first line, from here on, that has the pattern."""
        while True:
            line = self._coming.get(timeout=WAIT_S)
            assert line is not None, "it ended before it said " + pattern + ":\n" + "\n".join(self.lines)
            self.lines.append(line)
            found = re.search(pattern, line)
            if found:
                return found

    def end(self) -> int:
        """Its exit code, once it has ended by itself."""
        code = self.process.wait(WAIT_S)
        while (line := self._coming.get(timeout=WAIT_S)) is not None:
            self.lines.append(line)
        return code

    @property
    def said(self) -> str:
        return "\n".join(self.lines)


@contextlib.contextmanager
def demo(keep: Path, *, stay: bool = False, pace: float = 0.02, port: int | None = None) -> Iterator[Running]:
    """The demonstration in a process of its own."""
    more = [] if port is None else [str(port)]
    command = [sys.executable, "-u", "-c", RUN, str(keep), "stay" if stay else "exit", str(pace), *more]
    with ended(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)) as process:
        yield Running(process)


@contextlib.contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    """Whatever happens, the process has ended afterwards; its nodes end with it."""
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(20)
        if process.stdin is not None:
            process.stdin.close()
        if process.stdout is not None:
            process.stdout.close()


@contextlib.contextmanager
def two_nodes(base: Path) -> Iterator[tuple[Party, Party]]:
    """Two nodes with a line between them, on a scaled clock at normal speed, and nobody scripted."""
    now = time.time_ns() // 1_000_000
    clock = ClockSettings(kind="SCALED", anchor_real_ms=now, anchor_ms=now)
    parties = make_parties(base, page_origin="http://127.0.0.1:9", clock=clock)
    with contextlib.ExitStack() as held:
        for party in parties:
            command = [sys.executable, "-m", "skyparley.demo.child", str(party.folder)]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
            process = held.enter_context(ended(subprocess.Popen(command, text=True, **pipes)))  # type: ignore[call-overload]
            Running(process).until("^READY")
        yield parties


def connected(url: str) -> socket.socket:
    """A connection to a door, to see when the process behind it lets go."""
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=WAIT_S)


def closed(connection: socket.socket) -> bool:
    """Waits until the other end has closed the connection."""
    with contextlib.suppress(ConnectionResetError):
        return connection.recv(1) == b""
    return True


def one_time_account(party: Party) -> str:
    """Adds a person `newcomer` with a password that must be changed, and gives the password."""
    from skyparley.adapters.system.accounts import Accounts, one_time_password
    from skyparley.adapters.system.node_dir import NodePaths

    password = one_time_password(secrets.token_bytes)
    Accounts(NodePaths(party.folder).accounts).add("newcomer", "desk", password, luck=secrets.token_bytes)
    return password
