"""Several bearers between whole nodes: one dies and is seen, the line goes on, LIFE goes by all, nothing agreed moves."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from small_world import SmallWorld, raised, told, volume

from skyparley.base import limits
from skyparley.base.times import HOUR
from skyparley.domain import commands as c
from skyparley.domain.messages.slots import DueRegard
from skyparley.domain.records import LinkHealth
from skyparley.state.views import line_view
from skyparley.testing.liar import payload_of
from skyparley.testing.parties import party, table
from skyparley.testing.tape import content_of

A, B = party("A").card.fingerprint, party("B").card.fingerprint
PEER = {"A": B, "B": A}


async def links(world: SmallWorld, name: str) -> dict[tuple[str, str], LinkHealth]:
    return dict((await world.state(name)).lines[PEER[name]].links)


async def states(world: SmallWorld, name: str) -> dict[tuple[str, str], str]:
    return {key: health.state for key, health in (await links(world, name)).items()}


def journaled(world: SmallWorld, name: str) -> list[dict[str, Any]]:
    """Every change of a link that a node keeps."""
    entries = world.hosts[name].disk.tape.entries
    return [content_of(entry) for entry in entries if entry.kind == "LinkChanged"]


def carried_by(world: SmallWorld, name: str) -> Counter[str]:
    """By which bearer the notices came that a node received, in its journal."""
    entries = world.hosts[name].disk.tape.entries
    received = [content_of(entry) for entry in entries if entry.kind == "StatementReceived"]
    return Counter(one["bearer"] for one in received if payload_of(one["jws"])["type"] in ("NTC", "SAR"))


def pushes_to(world: SmallWorld, name: str) -> list[tuple[str, list[dict[str, Any]]]]:
    """What is pushed to a node from now on: bearer and payloads."""
    heard: list[tuple[str, list[dict[str, Any]]]] = []
    served = world.hosts[name].serve

    async def serve(kind: str, payload: Any, bearer: Any = "http") -> Any:
        if kind == "push":
            heard.append((bearer, [payload_of(text) for text in payload]))
        return await served(kind, payload, bearer)

    world.hosts[name].serve = serve  # type: ignore[method-assign]
    return heard


def cut(world: SmallWorld, asker: str, bearer: Any) -> None:
    world.net.cut(party(asker).url, party("B" if asker == "A" else "A").url, bearer)


async def file_rescue(world: SmallWorld, name: str, feet: int) -> str:
    """A notice of class LIFE."""
    others = tuple(other for other in world.hosts if other != name)
    command = c.FileNotice(
        kind="SAR", volumes=(raised(volume(), feet),), due_regard=DueRegard(stated=True), audience=others
    )
    return str((await world.done(name, command)).refs["id"])


def test_every_bearer_is_up_each_way_soon_after_the_start_and_costs_one_entry_each() -> None:
    async def story(world: SmallWorld) -> None:
        await asyncio.sleep(3 * HOUR / 1000)
        for name in "AB":
            wanted = {(bearer, way): "UP" for bearer in ("http", "http2") for way in ("OUT", "IN")}
            assert await states(world, name) == wanted
            assert len(journaled(world, name)) == 4, "heartbeats of three hours are in no journal"
            state = await world.state(name)
            shown = line_view(state, state.lines[PEER[name]]).links
            assert {(one.bearer, one.direction): one.state for one in shown} == wanted
            assert all(one.since is not None for one in shown)

    told(story, "A", "B", bearers=2)


@pytest.mark.parametrize("after_s", [0, 7, 15, 29.9])
def test_a_bearer_that_dies_is_seen_within_60_s_and_the_line_goes_on(after_s: float) -> None:
    async def story(world: SmallWorld) -> None:
        await asyncio.sleep(60 + after_s)
        cut(world, "A", "http")
        await asyncio.sleep(60.1)
        assert await states(world, "A") == {
            ("http", "OUT"): "DEGRADED",
            ("http2", "OUT"): "UP",
            ("http", "IN"): "UP",
            ("http2", "IN"): "UP",
        }
        assert (await states(world, "B"))[("http", "IN")] == "DEGRADED"
        before = carried_by(world, "B")
        ours = await world.file("A", volume())
        await asyncio.sleep(1)
        assert (await world.notice("B", "A", ours)).current.version == 1
        assert carried_by(world, "B") - before == {"http2": 1}
        await asyncio.sleep(table().link_lost_ms / 1000)
        assert (await states(world, "A"))[("http", "OUT")] == "LOST"
        assert (await states(world, "B"))[("http", "IN")] == "LOST"
        assert (await world.state("A")).lines[B].compared == "EQUAL"
        world.heal()
        await asyncio.sleep(25)
        assert set((await states(world, "A")).values()) == set((await states(world, "B")).values()) == {"UP"}

    told(story, "A", "B", bearers=2)


def test_one_lost_heartbeat_changes_nothing() -> None:
    async def story(world: SmallWorld) -> None:
        await asyncio.sleep(50)  # Between two heartbeats.
        count = len(journaled(world, "A"))
        cut(world, "A", "http")
        await asyncio.sleep(20)  # One is lost, with its first repetition.
        world.heal()
        await asyncio.sleep(300)
        assert len(journaled(world, "A")) == count

    told(story, "A", "B")


def test_the_next_bearer_carries_at_once_where_the_first_is_dead_and_nobody_noticed_yet() -> None:
    async def story(world: SmallWorld) -> None:
        await asyncio.sleep(60)
        cut(world, "A", "http")
        ours = await world.file("A", volume())
        await asyncio.sleep(limits.OVERTAKE_MS / 1000 + 0.5)
        assert (await world.notice("B", "A", ours)).current.version == 1
        again = await world.file("A", raised(volume(), 8_000))
        await asyncio.sleep(0.3)
        assert (await world.notice("B", "A", again)).current.version == 1, "the slow one is not asked first again"

    told(story, "A", "B", bearers=2)


def test_life_goes_by_all_bearers_and_is_one_statement() -> None:
    async def story(world: SmallWorld) -> None:
        await asyncio.sleep(30)
        heard = pushes_to(world, "B")
        rescue = await file_rescue(world, "A", 0)
        await asyncio.sleep(1)
        by = [bearer for bearer, said in heard if any(one["class"] == "LIFE" for one in said)]
        assert sorted(by) == ["http", "http2", "http3"]
        assert (await world.notice("B", "A", rescue)).current.kind == "SAR"
        assert sum(carried_by(world, "B").values()) == 1
        assert (await world.state("A")).lines[B].urgent == []
        heard.clear()
        await world.file("A", raised(volume(), 9_000))
        await asyncio.sleep(1)
        assert len([bearer for bearer, said in heard if any(one["type"] == "NTC" for one in said)]) == 1

    told(story, "A", "B", bearers=3)


def test_life_does_not_wait_behind_a_backlog() -> None:
    """LIFE is heard first, by signature alone; the backlog comes, and it is placed in its turn."""

    async def story(world: SmallWorld) -> None:
        await asyncio.sleep(30)
        world.cut()
        for count in range(100):
            await world.file("A", raised(volume(radius_m=9_300), 4_000 * (count % 8)))
        await file_rescue(world, "A", 36_000)
        await asyncio.sleep(15)  # What left before the rescue is lost by now.
        heard = pushes_to(world, "B")
        cut(world, "B", "http")  # B cannot come and fetch.
        world.net.cuts.clear()
        await asyncio.sleep(40)
        assert {one["class"] for one in heard[0][1]} == {"LIFE"}, "the rescue first"
        kept = [(entry.kind, content_of(entry)) for entry in world.hosts["B"].disk.tape.entries]
        early = next(place for place, (kind, _) in enumerate(kept) if kind == "HeardEarly")
        before = [one for kind, one in kept[:early] if kind == "StatementReceived"]
        assert all(payload_of(one["jws"])["type"] != "NTC" for one in before)
        line = (await world.state("A")).lines[B]
        assert line.delivered == line.sent.head > (1, 100)

    told(story, "A", "B")


def test_health_holds_over_a_restart_until_heartbeats_say_otherwise() -> None:
    async def story(world: SmallWorld) -> None:
        await asyncio.sleep(60)
        before = await links(world, "A")
        world.cut()
        world.hosts["A"].crash()
        world.hosts["A"].up()
        await asyncio.sleep(1)
        assert await links(world, "A") == before
        await asyncio.sleep(table().link_degraded_ms / 1000)
        assert set((await states(world, "A")).values()) == {"DEGRADED"}
        await asyncio.sleep((table().link_lost_ms - table().link_degraded_ms) / 1000)
        assert set((await states(world, "A")).values()) == {"LOST"}
        world.hosts["A"].crash()
        world.hosts["A"].up()
        await asyncio.sleep(1)
        assert set((await states(world, "A")).values()) == {"LOST"}, "a process that begins knows no better"
        world.heal()
        await asyncio.sleep(45)
        assert set((await states(world, "A")).values()) == {"UP"}

    told(story, "A", "B", bearers=2)


def test_a_link_that_comes_and_goes_fills_no_journal() -> None:
    async def story(world: SmallWorld) -> None:
        await asyncio.sleep(30)
        for _ in range(90):
            world.cut()
            await asyncio.sleep(65)
            world.heal()
            await asyncio.sleep(45)
        changes = journaled(world, "A")
        for key in (("http", "OUT"), ("http", "IN")):
            at = [one["since"] for one in changes if (one["bearer"], one["direction"]) == key]
            assert len(at) > limits.LINK_CHANGES_PER_HOUR, "it did come and go"
            assert all(sum(one - HOUR < at_one <= one for at_one in at) <= limits.LINK_CHANGES_PER_HOUR for one in at)

    told(story, "A", "B")


def test_link_health_moves_nothing_that_was_agreed() -> None:
    """Law: whatever happens to bearers, the line's agreement state, notices and agreements stay as they were."""

    async def story(world: SmallWorld) -> None:
        ours = await world.file("A", volume())
        await asyncio.sleep(5)
        theirs = await world.file("B", raised(volume(), 1_500))
        await asyncio.sleep(5)
        await world.propose("A", ours, theirs, theirs, raised(volume(), 40_000))
        await asyncio.sleep(2)
        await world.accept("B", theirs, ours)
        await asyncio.sleep(5)

        async def held(name: str) -> Any:
            state = await world.state(name)
            line = state.lines[PEER[name]]
            now = {key: record.status(0) for key, record in state.agreements.items()}
            return line.state, now, {key: (one.state, one.current) for key, one in state.notices.items()}

        before = {name: await held(name) for name in "AB"}
        assert list(before["A"][1].values()) == ["IN_FORCE"]
        world.cut()
        await asyncio.sleep(400)
        assert set((await states(world, "A")).values()) == {"LOST"}
        assert {name: await held(name) for name in "AB"} == before

    told(story, "A", "B", bearers=2)


def test_a_heartbeat_that_shows_other_heads_wakes_the_line() -> None:
    """B lost what it had received and says so in the heartbeat; A carries it again without anybody's act."""

    async def story(world: SmallWorld) -> None:
        await asyncio.sleep(5)
        before = world.backup("B")
        ours = await world.file("A", volume())
        await asyncio.sleep(5)
        await world.restore("B", before)
        await asyncio.sleep(limits.HELLO_EVERY_MS / 1000 + 30)
        assert (await world.notice("B", "A", ours)).current.version == 1

    told(story, "A", "B")
