"""Each direction has another bearer left: the line opens, checks do not follow each other, and its word is true."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from small_world import SmallWorld, told, volume

from skyparley.domain import commands as c
from skyparley.domain.line_views import word_of
from skyparley.domain.messages.codes import HTTP_BEARERS, HttpBearerKind
from skyparley.testing.liar import payload_of
from skyparley.testing.loop import run
from skyparley.testing.parties import party, table
from skyparley.testing.tape import content_of

PEER = {"A": party("B").card.fingerprint, "B": party("A").card.fingerprint}


def only(world: SmallWorld, asker: str, left: HttpBearerKind) -> None:
    """Of the bearers by which a party reaches the other one, this one is left."""
    other = {"A": "B", "B": "A"}[asker]
    for bearer in HTTP_BEARERS[: world.bearers]:
        if bearer != left:
            world.net.cut(party(asker).url, party(other).url, bearer)


def begun(world: SmallWorld, name: str) -> Counter[str]:
    """The checks that a node began, by the bearer that each names."""
    entries = world.hosts[name].disk.tape.entries
    sealed = [payload_of(content_of(entry)["jws"]) for entry in entries if entry.kind == "StatementSealed"]
    return Counter(one["slots"]["bearer"] for one in sealed if one["type"] == "LCK" and "reply_to" not in one)


async def words(world: SmallWorld) -> set[str]:
    states = {name: await world.state(name) for name in PEER}
    return {word_of(state, state.lines[PEER[name]]) for name, state in states.items()}


@pytest.mark.parametrize("slowest_s", [0.02, 1.0])
@pytest.mark.parametrize(
    ("bearers", "there", "back"),
    [(2, "http", "http2"), (2, "http2", "http"), (3, "http", "http3"), (8, "http", "http8"), (8, "http8", "http8")],
)
def test_a_line_opens_by_one_bearer_there_and_another_one_back(
    bearers: int, there: Any, back: Any, slowest_s: float
) -> None:
    """Seeds 132 and 5011.  A missed check was followed by the next at once: over a thousand an hour, and none was good."""

    async def play() -> None:
        world = SmallWorld("A", "B", bearers=bearers)
        world.net.slowest_s = slowest_s
        only(world, "A", there)
        only(world, "B", back)
        await world.start()
        await asyncio.sleep(180)
        for name in "AB":
            line = (await world.state(name)).lines[PEER[name]]
            assert line.state == "IN_FORCE", (name, line.checks)
            assert sum(begun(world, name).values()) <= 8 * bearers, "a round or two until links are known, not thirty"
        await asyncio.sleep(3600)
        before = {name: begun(world, name) for name in "AB"}
        await asyncio.sleep(3600)
        for name in "AB":
            later = begun(world, name) - before[name]
            assert set(later) <= {there if name == "A" else back}, "a bearer that is lost is not checked hour by hour"
            assert 1 <= sum(later.values()) <= 8, "by quarters of an hour while DEGRADED"
        await world.stop()
        assert not world.broken, world.broken

    run(play())


def test_one_way_bearers_make_a_line_degraded_and_not_lost() -> None:
    """Every bearer had a direction that was lost, so the word was LOST and plans waited, though all of them arrived."""

    async def story(world: SmallWorld) -> None:
        only(world, "A", "http")
        only(world, "B", "http2")
        await asyncio.sleep(table().link_lost_ms / 1000 + 60)
        assert await words(world) == {"DEGRADED"}
        ours = await world.file("A", volume())
        await asyncio.sleep(10)
        assert (await world.notice("B", "A", ours)).current.version == 1
        assert not [entry for entry in world.hosts["A"].disk.tape.entries if '"LINE_LOST"' in str(content_of(entry))]

    told(story, "A", "B", bearers=2)


@pytest.mark.parametrize("deaf", ["A", "B"])
def test_a_line_that_carries_one_way_only_is_lost_at_both_ends(deaf: str) -> None:
    """What B asks A arrives with its answer, so B reaches A: but nothing of A's own is heard of, and the reverse."""

    async def story(world: SmallWorld) -> None:
        for bearer in HTTP_BEARERS[:2]:
            world.net.cut(party(deaf).url, party({"A": "B", "B": "A"}[deaf]).url, bearer)
        await asyncio.sleep(table().link_lost_ms / 1000 + 60)
        assert await words(world) == {"LOST"}

    told(story, "A", "B", bearers=2)


def test_a_bearer_that_comes_back_is_checked_at_once_while_the_line_is_not_open() -> None:
    async def play() -> None:
        world = SmallWorld("A", "B")
        await world.start()
        await world.by_two("A", c.SuspendLine(peer="B", reason="REVIEW"))
        await asyncio.sleep(5)
        world.cut()
        await world.by_two("A", c.ResumeLine(peer="B", reason="REVIEW"))
        await asyncio.sleep(3600)  # The next check by the clock is an hour off by now.
        assert (await world.state("A")).lines[PEER["A"]].state == "TESTING"
        count = sum(begun(world, "A").values())
        assert count <= 8, "later and later"
        world.heal()
        await asyncio.sleep(60)
        assert {(await world.state(name)).lines[PEER[name]].state for name in "AB"} == {"IN_FORCE"}
        await world.stop()
        assert not world.broken, world.broken

    run(play())
