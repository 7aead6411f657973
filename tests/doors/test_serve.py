"""`serve` as a process: it says READY, stops when told, says why it cannot start, and keeps what it answered when killed."""

import asyncio
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import door_support as d
import httpx
import pytest

from skyparley import wiring
from skyparley.adapters.system.node_dir import NodePaths
from skyparley.base.errors import JournalFull

SERVE = "import sys; from pathlib import Path; from skyparley.cli.serve import serve_node; sys.exit(serve_node(Path(sys.argv[1])))"


def start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SERVE, str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if name != "CREDENTIALS_DIRECTORY"},
    )


def desk_of(process: subprocess.Popen[str]) -> str:
    """The address that the READY line names.  The pipe ends if the process does, so this waits for one or the other."""
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.fullmatch(r"READY desk (http://\S+) peer (http://\S+)\n", line)
    assert found, (line, process.communicate()[1])
    return found[1]


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, said = process.communicate(timeout=30)
    return process.returncode, said


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_in_order_when_told(folder: Path, number: signal.Signals) -> None:
    process = start(folder)
    url = desk_of(process)
    headers = {"authorization": f"Bearer {d.token_of(folder)}"}
    with httpx.Client(headers=headers) as client, client.stream("GET", f"{url}/desk/v1/events?after=0") as stream:
        lines = stream.iter_lines()
        next(lines)
        process.send_signal(number)
        assert any("NodeStarted" in line for line in lines), "the stream comes to its end, and is not torn"
    code, said = ended(process)
    assert code == 0, said
    assert "Traceback" not in said
    wal = Path(f"{NodePaths(folder).journal}-wal")
    assert not wal.exists() or wal.stat().st_size == 0, "the journal was closed"


def _no_folder(folder: Path) -> None:
    shutil.rmtree(folder)


def _no_key(folder: Path) -> None:
    (folder / "keys" / "desk.pem").unlink()


def _wrong_passphrase(folder: Path) -> None:
    NodePaths(folder).passphrase.write_text("not the passphrase\n")


def _no_passphrase(folder: Path) -> None:
    NodePaths(folder).passphrase.unlink()


def _open_key(folder: Path) -> None:
    (folder / "keys" / "machine.pem").chmod(0o644)


def _unknown_setting(folder: Path) -> None:
    with NodePaths(folder).settings.open("a") as file:
        file.write("\n[mystery]\nnumber = 1\n")


def _bad_table(folder: Path) -> None:
    (folder / "own-table.toml").write_text("separation_lateral_m = 5\nsecret_number = 7\n")
    path = NodePaths(folder).settings
    path.write_text(path.read_text().replace('file = ""', 'file = "own-table.toml"'))


def _damaged_journal(folder: Path) -> None:
    NodePaths(folder).journal.write_bytes(b"this is not a journal" * 1_000)


def _no_accounts(folder: Path) -> None:
    NodePaths(folder).accounts.write_text("{")


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (_no_folder, "NODE_MISSING"),
        (_no_key, "desk.pem"),
        (_wrong_passphrase, "KEY_FAULT"),
        (_no_passphrase, "passphrase"),
        (_open_key, "chmod 600"),
        (_unknown_setting, "mystery"),
        (_bad_table, "secret_number"),
        (_damaged_journal, "journal.db"),
        (_no_accounts, "accounts.json"),
    ],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_what_keeps_it_from_starting_is_named(folder: Path, spoil: Any, named: str) -> None:
    spoil(folder)
    code, said = ended(start(folder))
    assert code == 2
    assert named in said
    assert "Traceback" not in said


def test_a_second_node_on_the_folder_is_refused_with_the_first_one_named(folder: Path) -> None:
    first = start(folder)
    url = desk_of(first)
    code, said = ended(start(folder))
    assert (code, "JOURNAL_LOCKED" in said, str(first.pid) in said) == (2, True, True)
    assert httpx.get(f"{url}/desk/v1/health").status_code == 200
    first.terminate()
    assert ended(first)[0] == 0


def test_a_port_in_use_is_named_with_its_setting(folder: Path, tmp_path: Path) -> None:
    other = d.copied(folder, tmp_path / "copy")
    first = start(folder)
    desk_of(first)
    code, said = ended(start(other))
    assert code == 2
    assert "desk.listen" in said
    first.terminate()
    assert ended(first)[0] == 0


@pytest.mark.slow
def test_killed_in_the_middle_of_traffic_it_has_everything_that_it_answered(folder: Path, tmp_path: Path) -> None:
    other = d.make(tmp_path / "b", "B")
    d.pin(folder, other)
    d.pin(other, folder)
    peer = start(other)
    peer_url = desk_of(peer)
    answered: dict[str, Any] = {}
    headers = {"authorization": f"Bearer {d.token_of(folder)}"}
    for after in (5, 25):
        asyncio.run(_traffic(folder, headers, answered, kill_after=after))
    process = start(folder)
    url = desk_of(process)
    asyncio.run(_all_there(url, headers, answered))
    asyncio.run(_peer_has(peer_url, other, {one["refs"]["id"] for one, _ in answered.values()}))
    for one in (process, peer):
        one.terminate()
        assert ended(one)[0] == 0


async def _traffic(folder: Path, headers: dict[str, str], answered: dict[str, Any], *, kill_after: int) -> None:
    """Eight clients file until so many were answered; then the process is killed under them."""
    process = await asyncio.to_thread(start, folder)
    url = await asyncio.to_thread(desk_of, process)
    count = len(answered)

    async def client(number: int) -> None:
        async with httpx.AsyncClient(headers=headers, timeout=10) as http:
            while True:
                key = secrets.token_hex(8)
                body = d.notice(audience=["B"], lat=10 + number, lon=len(answered) % 100)
                try:
                    said = await http.post(f"{url}/desk/v1/notices", json=body, headers={"idempotency-key": key})
                except httpx.HTTPError:
                    return
                assert said.status_code == 200, said.text
                answered[key] = (said.json(), body)
                if len(answered) - count >= kill_after:
                    process.kill()

    await asyncio.gather(*(client(number) for number in range(8)))
    assert (await asyncio.to_thread(ended, process))[0] == -signal.SIGKILL
    assert len(answered) - count >= kill_after


async def _all_there(url: str, headers: dict[str, str], answered: dict[str, Any]) -> None:
    async with httpx.AsyncClient(headers=headers, timeout=10) as http:
        held = [one["id"] for one in (await http.get(f"{url}/desk/v1/notices")).json()]
        assert len(held) == len(set(held))
        assert {one["refs"]["id"] for one, _ in answered.values()} <= set(held)
        for key, (answer, body) in answered.items():
            again = await http.post(f"{url}/desk/v1/notices", json=body, headers={"idempotency-key": key})
            assert again.json() == answer, "a retry gets the answer of before the kill"
        after = [one["id"] for one in (await http.get(f"{url}/desk/v1/notices")).json()]
        assert after == held


async def _peer_has(url: str, folder: Path, ids: set[str]) -> None:
    """The other node comes to hold every one of them, each once."""
    async with httpx.AsyncClient(headers={"authorization": f"Bearer {d.token_of(folder)}"}, timeout=10) as http:

        async def look() -> bool:
            held = [one["id"] for one in (await http.get(f"{url}/desk/v1/notices")).json() if one["party"] == "A"]
            assert len(held) == len(set(held))
            return ids <= set(held)

        await d.until(look, wait_s=40)
        alarms = (await http.get(f"{url}/desk/v1/alarms")).json()
        assert [one for one in alarms if one["code"] in ("FORK", "BROKEN", "DIVERGED", "SEEN_FALSE")] == []


def test_a_disk_with_room_again_is_noticed_without_a_write(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room: list[bool] = []

    def has_room(at: Path) -> bool:
        assert at == folder
        room.append(len(room) >= 2)
        return room[-1]

    monkeypatch.setattr(wiring, "LOOK_AGAIN_S", 0.01)
    monkeypatch.setattr(wiring, "has_room", has_room)

    async def run() -> None:
        async with d.serving(folder) as (parts, url), httpx.AsyncClient() as client:
            parts.journal.trouble = JournalFull("no space left")
            assert (await client.get(f"{url}/desk/v1/health")).status_code == 503
            await d.until(lambda: parts.journal.trouble is None)
            assert room == [False, False, True]
            assert (await client.get(f"{url}/desk/v1/health")).json() == {"status": "OK", "ready": True}

    asyncio.run(run())


def test_room_is_tried_and_not_assumed(tmp_path: Path) -> None:
    assert wiring.has_room(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert not wiring.has_room(tmp_path / "gone")


def test_a_part_that_ends_by_itself_ends_the_node(folder: Path) -> None:
    async def run() -> None:
        parts = wiring.build_node(folder, {})
        ready = asyncio.Event()
        running = asyncio.create_task(
            wiring.run_node(parts, ready=lambda desk, peer: ready.set(), stop=asyncio.Event())
        )
        await ready.wait()
        parts.node._ended(_Ended("watch", RuntimeError("the watch fell asleep")))  # type: ignore[arg-type]
        with pytest.raises(wiring.NodeEnded, match="fell asleep"):
            await running

    asyncio.run(run())


class _Ended:
    """A task that ended with an error."""

    def __init__(self, name: str, error: Exception) -> None:
        self.get_name = lambda: name
        self.exception = lambda: error
        self.cancelled = lambda: False
