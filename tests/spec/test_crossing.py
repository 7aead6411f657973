"""What both nodes tell about one conflict is the same, whichever notice each of them had first."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from story import circle
from two_nodes import TwoNodes

from skyparley.adapters.storage.memory_journal import MemoryJournal
from skyparley.base import limits
from skyparley.domain import commands as c
from skyparley.domain.messages.slots import DueRegard
from skyparley.evidence import jws
from skyparley.state.projection import State


def test_notices_that_cross_give_the_same_worst_pair_at_both_nodes() -> None:
    """Two volumes each, so that two pairs of volumes are equally bad: the tie is broken by the order of parties (8.2)."""
    here, there = (circle(lat, 10, lower_ft=0, upper_ft=5_000) for lat in (40, 50))
    told = asyncio.run(_conflicts_told({"A": (here, there), "B": (there, here)}))
    assert len(told) == 2
    assert told[0] == told[1]


@pytest.mark.parametrize("aware", [True, False])
def test_a_notice_that_conflicts_with_more_than_a_key_holds_is_told(
    monkeypatch: pytest.MonkeyPatch, aware: bool
) -> None:
    """The key is full, and the other side does not call it deficient for what had no room, nor for more than it can tell."""
    monkeypatch.setattr(limits, "KEY_ENTRIES", 3)
    if not aware:  # A sender that tells no key at all.
        monkeypatch.setattr("skyparley.engine.signer.key_for", lambda *_: ())
    state, missing, key = asyncio.run(_filed_among(5))
    assert [entry["id"] for entry in key] == (["B-0001", "B-0002", "B-0003"] if aware else [])
    assert [conflict.live for conflict in state.conflicts.values()] == [True] * 5
    assert missing == (() if aware else ("B-0001 v1", "B-0002 v1", "B-0003 v1"))


async def _filed_among(count: int) -> tuple[State, tuple[str, ...], list[dict[str, Any]]]:
    """B's state when A filed a notice that conflicts with `count` of B's, what B finds missing in its key, and the key."""
    journals = {name: MemoryJournal() for name in "AB"}
    pair = TwoNodes(lambda name: journals[name])
    await pair.start()
    volume, regard = circle(40, 10, lower_ft=0, upper_ft=5_000), DueRegard(stated=True)
    key = []
    for number in range(1, count + 1):
        key.append(f"B-{number:04d} v1")
        await pair.desk(
            "B", c.FileNotice(kind="AREA WORK", volumes=(volume,), due_regard=regard, audience=("A",), id=key[-1][:6])
        )
    await pair.desk(
        "A", c.FileNotice(kind="TRANSIT", volumes=(volume,), due_regard=regard, audience=("B",), key=tuple(key))
    )
    state = await pair.state("B")
    (told,) = [said for said in await _sealed(journals["A"]) if said["type"] == "NTC"]
    await pair.stop()
    (notice,) = [one for one in state.notices.values() if one.party != state.own]
    return state, notice.missing_key, told["slots"]["key"]


async def _conflicts_told(volumes: dict[str, Any]) -> list[dict[str, Any]]:
    """The slots of CFL of both nodes, when both file while the line is cut."""
    journals = {name: MemoryJournal() for name in "AB"}
    pair = TwoNodes(lambda name: journals[name], moving_ms=1_000)
    await pair.start()
    for bearer in pair.bearers.values():
        bearer.cut = True
    for name, other in ("AB", "BA"):
        regard = DueRegard(stated=True)
        await pair.order(
            name, c.FileNotice(kind="AREA WORK", volumes=volumes[name], due_regard=regard, audience=(other,))
        )
    for bearer in pair.bearers.values():
        bearer.cut = False
    await pair.rest()
    told = [said["slots"] for name in "AB" for said in await _sealed(journals[name]) if said["type"] == "CFL"]
    await pair.stop()
    return told


async def _sealed(journal: MemoryJournal) -> list[dict[str, Any]]:
    """The payloads of what a node sealed."""
    events = [(one.kind, json.loads(one.content or b"")) for one in await journal.read(0, 1_000)]
    return [json.loads(jws.split(event["jws"]).payload) for kind, event in events if kind == "StatementSealed"]
