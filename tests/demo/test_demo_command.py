"""`skyparley demo` plays, proves, ends what it began, and leaves alone what it does not own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from demo_support import closed, connected, demo

from skyparley.adapters.system.node_dir import load_node

pytestmark = pytest.mark.slow
VERIFY = "import sys; from skyparley.cli.main import main; sys.argv[0] = 'skyparley'; main()"


def test_it_proves_what_it_played_and_both_folders_verify_afterwards(tmp_path: Path) -> None:
    with demo(tmp_path / "kept") as run:
        code = run.end()
    assert code == 0, run.said
    assert run.said.count("HOLDS") == 5
    assert "FAILS" not in run.said
    assert "REFUSED KEY_INCOMPLETE" in run.said
    folders = [str(tmp_path / "kept" / name) for name in ("a", "b")]
    verified = subprocess.run([sys.executable, "-c", VERIFY, "verify", *folders], capture_output=True, text=True)
    assert verified.returncode == 0, verified.stdout
    assert "THE RECORD HOLDS" in verified.stdout


def test_a_folder_with_something_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep me")
    with demo(tmp_path) as run:
        assert run.end() == 2
    assert "not empty" in run.said
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with demo(tmp_path / "kept", port=port) as run:
            assert run.end() == 2
    assert f"port {port}" in run.said


def test_ctrl_c_after_the_story_is_a_good_end_and_both_nodes_are_gone(tmp_path: Path) -> None:
    with demo(tmp_path / "kept", stay=True) as run:
        run.until("Both nodes stay up")
        desks = [run.until(r"desk of [AB] +(http://[^/]+)")[1] for _ in range(2)]
        connections = [connected(desk) for desk in desks]
        run.process.send_signal(signal.SIGINT)
        assert all(closed(connection) for connection in connections)
        assert run.end() == 0
    for desk in desks:
        with pytest.raises(ConnectionRefusedError):
            connected(desk)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_nodes_do_not_outlive_a_demonstration_that_is_cut_short(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with demo(tmp_path / "kept", pace=5) as run:
        run.until("share no command")
        desks = [f"http://{load_node(tmp_path / 'kept' / name).desk.listen}" for name in ("a", "b")]
        connections = [connected(desk) for desk in desks]
        run.process.send_signal(number)
        assert all(closed(connection) for connection in connections)
        assert run.end() == code
    # A door closes its port before its connections; an idle connection it would also close by itself.
    for desk in desks:
        with pytest.raises(ConnectionRefusedError):
            connected(desk)


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="which process serves a folder is read from /proc")
def test_a_node_that_dies_during_the_story_is_said_and_not_waited_for(tmp_path: Path) -> None:
    with demo(tmp_path / "kept", pace=5) as run:
        run.until("share no command")
        os.kill(_node_pid(tmp_path / "kept" / "b"), signal.SIGKILL)
        assert run.end() == 1
    assert "a node ended by itself" in run.said or "the node of B does not answer" in run.said


def _node_pid(folder: Path) -> int:
    """The process that serves this folder and no other: its command line names it."""
    found = [
        int(path.parent.name)
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if _command(path)[-2:] == ["skyparley.demo.child", str(folder)]
    ]
    assert len(found) == 1
    return found[0]


def _command(path: Path) -> list[str]:
    try:
        return path.read_text().rstrip("\0").split("\0")
    except OSError:
        return []
