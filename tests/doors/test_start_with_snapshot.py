"""A whole node on a folder: it starts on its snapshot, and without one, or with a spoilt one, it says the same."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import door_support as d
import pytest
from structlog.testing import capture_logs

from skyparley.adapters.system.node_dir import NodePaths
from skyparley.base import limits

SHOWN = ("notices", "conflicts", "agreements", "table_hash", "own")


async def overview(folder: Path, *, file: bool = False) -> dict[str, Any]:
    """What the desk shows; the node stops in order afterwards."""
    async with d.started(folder) as parts, d.desk(parts, d.token_of(folder)) as client:
        if file:
            answer = await client.post("/desk/v1/notices", json=d.notice(), headers=d.key())
            assert answer.status_code < 300, answer.text
        await d.until(lambda: parts.node.audit is not None and parts.node.audit.done)
        shown = (await client.get("/desk/v1/overview")).json()
    return {name: shown[name] for name in SHOWN}


def ignored(logs: list[Any]) -> list[str]:
    return [entry["why"] for entry in logs if entry["event"] == "snapshot_ignored"]


@pytest.fixture(autouse=True)
def every_end_is_worth_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SNAPSHOT_AT_END_ENTRIES", 1)


def test_it_starts_on_what_it_left_and_says_the_same_without(folder: Path) -> None:
    path = NodePaths(folder).snapshot
    before = asyncio.run(overview(folder, file=True))
    assert len(before["notices"]) == 1
    data = path.read_bytes()
    with capture_logs() as logs:
        assert asyncio.run(overview(folder)) == before
    assert ignored(logs) == []
    verified = [entry for entry in logs if entry["event"] == "journal_verified"]
    assert verified, "what was not read at the start is read afterwards"
    spoilt = {"flipped": data[:-9] + bytes([data[-9] ^ 1]) + data[-8:], "cut": data[:-1], "empty": b"", "gone": None}
    for name, bytes_there in spoilt.items():
        if bytes_there is None:
            path.unlink()
        else:
            path.write_bytes(bytes_there)
        with capture_logs() as logs:
            assert asyncio.run(overview(folder)) == before, name
        assert len(ignored(logs)) == (bytes_there is not None), name


def test_another_table_folds_the_journal_anew(folder: Path) -> None:
    before = asyncio.run(overview(folder, file=True))
    settings = NodePaths(folder).settings
    text = settings.read_text(encoding="utf-8")
    assert "military" in text
    settings.write_text(text.replace('"military"', '"civil-military"'), encoding="utf-8")
    with capture_logs() as logs:
        after = asyncio.run(overview(folder))
    assert ignored(logs) == ["another program, table or card made it"]
    assert after["table_hash"] != before["table_hash"]
    assert [one["id"] for one in after["notices"]] == [one["id"] for one in before["notices"]]
