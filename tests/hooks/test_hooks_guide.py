"""The page about hooks is true: its settings are taken, its commands end as it says, and a real node rings by them."""

import asyncio
import json
import re
from pathlib import Path

import msgspec
import pytest
from command_line import run
from real_nodes import init
from receiver import receiving

from skyparley.adapters.doors.openapi import BASE
from skyparley.adapters.hooks.hook import told
from skyparley.domain import commands as c
from skyparley.domain.rings_kept import Ring
from skyparley.wiring import build_node, run_node

GUIDE = (Path(__file__).parents[2] / "docs/guide/hooks.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    found = re.findall(r"^```(\w*)\n(.*?)^```", GUIDE, re.M | re.S)
    return [text for named, text in found if named == language]


def with_hooks(tmp_path: Path, url: str) -> Path:
    """A node with the hooks of the page, the receiver elsewhere."""
    folder = tmp_path / "a"
    init(folder, "A")
    (settings,) = blocks("toml")
    with (folder / "node.toml").open("a") as file:
        file.write(settings.replace("http://127.0.0.1:8099/ring", url))
    (folder / "pager.secret").write_text("the receiver knows it\n".replace(" ", "-"))
    (folder / "pager.secret").chmod(0o600)
    siren = folder / "siren.sh"
    siren.write_text('#!/bin/sh\ncat > "siren$1.json"\n')
    siren.chmod(0o700)
    return folder


def test_what_a_hook_is_told_is_as_shown() -> None:
    ((shown),) = [json.loads(text) for text in blocks("json")]
    ring = Ring(
        shown["ring"], shown["at"], "SUPERVISOR", "ACK", "", cls="LIFE", msg_id=shown["msg_id"], phrase=shown["phrase"]
    )
    assert msgspec.json.decode(told(ring, node="A", peer="B", details=False)) == shown


def test_the_commands_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`hooks test` with a receiver that hears, then with one that is gone; then with a name that is none."""
    monkeypatch.chdir(tmp_path)
    lines = [line for text in blocks("") for line in text.splitlines()]
    assert lines == ["skyparley hooks test a", "skyparley hooks test a siren", "skyparley hooks list --node a"]

    async def all_three() -> list[tuple[dict[str, object], str]]:
        async with receiving() as receiver:
            with_hooks(tmp_path, receiver.url)
            ran = await asyncio.to_thread(run, *lines[0].split()[1:])
            assert ran.code == 0, ran
            assert re.findall(r"^(\S+) +OK", ran.out, re.M) == ["pager", "siren", "desk-log"]
            return list(zip(receiver.bodies, receiver.heads, strict=True))

    ((body, head),) = asyncio.run(all_three())
    assert (body["test"], body["level"]) == (True, "TEST")
    assert "authorization: bearer the-receiver-knows-it" in head.lower()
    assert json.loads((tmp_path / "a" / "siren--loud.json").read_text())["test"] is True
    assert json.loads((tmp_path / "a" / "rings.jsonl").read_text())["text"].startswith("TEST")
    assert run(*lines[1].split()[1:]).code == 0
    gone = run(*lines[0].split()[1:], "--json")
    assert gone.code == 1
    assert [one["outcome"] for one in json.loads(gone.out)] == ["FAILED", "OK", "OK"]
    assert "s3cret" not in gone.out
    unknown = run("hooks", "test", "a", "horn")
    assert unknown.code == 2
    assert "pager, siren, desk-log" in unknown.err


def test_a_real_node_rings_records_and_shows_what_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The desk log hears an alarm; the pager does not want it; when the program is gone, the desk sees that."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("skyparley.base.limits.HOOK_RETRY_FIRST_MS", 20)
    folder = with_hooks(tmp_path, "http://127.0.0.1:1/")
    heard = folder / "rings.jsonl"

    async def main() -> None:
        parts = build_node(folder, {})
        ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        stop = asyncio.Event()
        running = asyncio.create_task(run_node(parts, ready=lambda desk, peer: ready.set_result(desk), stop=stop))
        await ready
        await parts.node.sequencer.submit(c.ReportDamage(text="only a test"))
        async with asyncio.timeout(20):
            while not heard.exists() or not heard.read_text():
                await asyncio.sleep(0.01)
            while not await parts.node.sequencer.read(
                lambda state: [ring for ring in state.rings.recent.values() if "desk-log" in ring.tried]
            ):
                await asyncio.sleep(0.01)
        listed = await asyncio.to_thread(run, "hooks", "list", "--node", folder)
        assert re.findall(r"^(\S+) +works +0$", listed.out, re.M) == ["pager", "siren", "desk-log"]
        monkeypatch.setattr("skyparley.adapters.hooks.command.ENVIRONMENT", {"PATH": "/nowhere"})
        await parts.node.sequencer.submit(c.ReportDamage(text="only a test"))
        async with asyncio.timeout(20):
            while not await parts.node.sequencer.read(
                lambda state: [alarm for alarm in state.alarms if alarm.code == "HOOK_FAILED"]
            ):
                await asyncio.sleep(0.01)
        listed = await asyncio.to_thread(run, "hooks", "list", "--node", folder)
        assert re.search(r"^desk-log +FAILING since .*not started", listed.out, re.M), listed.out
        health = await _health(await ready)
        assert health == {"status": "OK", "ready": True, "hooks_failing": 1}
        stop.set()
        await running

    asyncio.run(main())
    (told_first,) = [json.loads(line) for line in heard.read_text().splitlines()]
    assert (told_first["code"], told_first["level"]) == ("JOURNAL_DAMAGED", "ALARM")
    assert "only a test" in told_first["text"]


async def _health(desk: str) -> dict[str, object]:
    import httpx

    async with httpx.AsyncClient() as client:
        return dict((await client.get(f"{desk}{BASE}/health")).json())
