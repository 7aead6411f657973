"""What both nodes tell about one conflict is the same, whichever notice each of them had first."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from story import circle
from two_nodes import TwoNodes

from skyparley.adapters.storage.memory_journal import MemoryJournal
from skyparley.domain import commands as c
from skyparley.domain.messages.slots import DueRegard
from skyparley.evidence import jws


def test_notices_that_cross_give_the_same_worst_pair_at_both_nodes() -> None:
    """Two volumes each, so that two pairs of volumes are equally bad: the tie is broken by the order of parties (8.2)."""
    here, there = (circle(lat, 10, lower_ft=0, upper_ft=5_000) for lat in (40, 50))
    told = asyncio.run(_conflicts_told({"A": (here, there), "B": (there, here)}))
    assert len(told) == 2
    assert told[0] == told[1]


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
    sealed = [
        json.loads(jws.split(json.loads(one.content or b"")["jws"]).payload)
        for journal in journals.values()
        for one in await journal.read(0, 1_000)
        if one.kind == "StatementSealed"
    ]
    await pair.stop()
    return [said["slots"] for said in sealed if said["type"] == "CFL"]
