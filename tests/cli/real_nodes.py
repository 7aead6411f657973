"""Two real nodes as processes on free loopback ports, for tests of the desk commands."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from command_line import run

STARTS = 3  # another program may take a port between the moment it was found free and the moment it is used


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def init(folder: Path, name: str) -> None:
    peer, desk = free_ports(2)
    doors = ("--peer-listen", f"127.0.0.1:{peer}", "--desk-listen", f"127.0.0.1:{desk}")
    assert run("init", folder, "--name", name, *doors).code == 0


def pin_each_other(one: Path, other: Path) -> None:
    for folder, peer in ((one, other), (other, one)):
        shown = run("card", peer)
        card = folder.parent / f"{peer.name}.card"
        card.write_text(shown.out)
        words = shown.err.split("\n\n")[1]
        assert run("peer", "add", folder, card, "--yes-compared", words).code == 0


@contextmanager
def served(folder: Path) -> Iterator[None]:
    """A node that answers; stopped at the end, and its exit code looked at."""
    code = "from skyparley.cli.main import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", code, "serve", str(folder)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    try:
        said = next((line for line in process.stdout if line.startswith("READY")), "")
        assert said, f"the node in {folder} did not start: exit code {process.wait()}"
        yield
    finally:
        process.terminate()
        process.stdout.close()
        ended = process.wait(timeout=20)
    assert ended == 0
