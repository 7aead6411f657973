"""What the simulated world found of lines and of statements to people, each as a story of its own, with its seed."""

import asyncio
from collections import Counter
from typing import Any

import msgspec
import pytest
from small_world import SmallWorld, raised, told, volume

from skyparley.base import limits
from skyparley.base.errors import Refusal
from skyparley.base.times import MINUTE
from skyparley.domain import commands as c
from skyparley.domain.matter_records import Matter
from skyparley.domain.messages.codes import HTTP_BEARERS, NoticeKind
from skyparley.domain.messages.slots import DueRegard
from skyparley.domain.read_back import values_of
from skyparley.testing import mischief
from skyparley.testing.loop import sim_loop
from skyparley.testing.parties import party
from skyparley.testing.ports import START_MS
from skyparley.testing.tape import content_of

A, B, C, L = (party(name).card.fingerprint for name in "ABCL")
STOP = {"area": {"type": "circle", "centre": [352_000_000, 362_000_000], "radius_m": 900}, "at": START_MS}
QUESTION = {
    "position": [352_000_000, 362_000_000],
    "level": {"ref": "FL", "ft": 15_000},
    "at": START_MS,
    "error_m": 900,
}


def kept(world: SmallWorld, name: str, kind: str) -> list[dict[str, Any]]:
    """The content of every entry of a kind in a journal."""
    return [content_of(entry) for entry in world.hosts[name].disk.tape.entries if entry.kind == kind]


async def matter(world: SmallWorld, name: str, type_: str) -> Matter:
    """The one statement of a type that people there were asked."""
    found = [one for one in (await world.state(name)).matters.values() if one.type == type_]
    assert len(found) == 1, f"{len(found)} of {type_} at {name}"
    return found[0]


async def stop(world: SmallWorld, name: str, to: str) -> None:
    await world.done(name, c.Say(peers=(to,), type="STP", slots=STOP))


async def suspend(world: SmallWorld, name: str, peer: str) -> None:
    await world.by_two(name, c.SuspendLine(peer=peer, reason="REVIEW"))


async def resume(world: SmallWorld, name: str, peer: str) -> None:
    await world.by_two(name, c.ResumeLine(peer=peer, reason="REVIEW"))


async def word(world: SmallWorld, name: str, peer: str) -> str:
    return (await world.state(name)).lines[party(peer).card.fingerprint].state


def test_a_notice_of_an_exercise_that_waited_for_the_line_does_not_stop_the_node() -> None:
    """Seed 8.  When the line was ready the node looked for the notice behind it, and there is none in an exercise."""

    async def story(world: SmallWorld) -> None:
        world.cut()
        world.hosts["A"].crash()
        await asyncio.sleep(1)
        world.hosts["A"].up()
        await asyncio.sleep(1)
        said = {"id": "X-0001", "kind": "TRANSIT", "volumes": [msgspec.to_builtins(volume())], "key": []}
        said["due_regard"] = {"stated": True}
        await world.done("A", c.Say(peers=("B",), type="NTC", slots=said, exercise=True))
        world.heal()
        await asyncio.sleep(60)
        assert (await matter(world, "B", "NTC")).exercise
        assert not (await world.state("B")).notices

    told(story, "A", "B")


@pytest.mark.parametrize("restarted", [False, True])
def test_an_answer_that_was_put_off_rings_when_it_does_not_come_and_once(restarted: bool) -> None:
    """Seeds 4 and 10.  CHECKING named a time by which an answer comes, and nobody was rung when it had passed."""

    async def story(world: SmallWorld) -> None:
        await world.done("A", c.Say(peers=("B",), type="IDQ", slots=QUESTION))
        await asyncio.sleep(5)
        asked = await matter(world, "B", "IDQ")
        until = START_MS + 30 * MINUTE
        await world.done("B", c.AnswerIdentity(statement=asked.hash, answer="CHECKING", until=until))
        await asyncio.sleep(20 * 60)
        before = {name: len(kept(world, name, "Rang")) for name in "AB"}
        if restarted:
            world.hosts["B"].crash()
            await asyncio.sleep(15 * 60)
            world.hosts["B"].up()
        await asyncio.sleep(30 * 60)
        for name in "AB":
            rung = [ring["post"] for ring in kept(world, name, "Rang")[before[name] :] if ring["code"] == "ANSWER"]
            assert Counter(rung) == {"DESK": 1, "LEVEL2": 1}, name

    told(story, "A", "B")


def test_a_flood_that_is_over_does_not_ring_for_each_of_its_statements() -> None:
    """Seed 22.  Once the window of the count had passed, every statement of the flood rang at its next step."""

    async def story(world: SmallWorld) -> None:
        liar = world.liars["L"]
        feed = liar.feeds[party("A").url]
        await liar._hello(feed)
        await asyncio.sleep(5)
        for _ in range(2):
            await mischief.life_flood(liar, feed)
        await stop(world, "B", "A")
        await asyncio.sleep(5)
        assert (await world.state("A")).lines[L].received.head[1] >= 2 * mischief.FLOOD, "each is kept"
        assert sum(1 for one in (await world.state("A")).matters.values() if one.peer == B) == 1, "B is heard meanwhile"
        sim_loop().jump(limits.LIFE_WINDOW_MS / 1000 + 60)
        await asyncio.sleep(60)
        rung = {ring["statement"] for ring in kept(world, "A", "Rang") if ring["peer"] == L}
        assert len(rung) == limits.LIFE_FLOOD_AT
        alarms = [alarm for alarm in kept(world, "A", "AlarmRaised") if alarm["code"] == "LIFE_FLOOD"]
        assert len(alarms) == 1
        assert {ring["post"] for ring in kept(world, "A", "Rang") if ring["peer"] == B} >= {"DESK", "LEVEL2"}

    told(story, "A", "B", lies=("L",))


def test_two_officers_do_not_contradict_each_other_while_the_line_waits() -> None:
    """Seed 61.  What the first one did was waiting for the line, so the second one could do the opposite."""

    async def story(world: SmallWorld) -> None:
        await stop(world, "A", "B")
        await asyncio.sleep(5)
        asked = await matter(world, "B", "STP")
        await world.done("B", c.ReadBackMatter(statement=asked.hash, values=values_of(asked.envelope.slots)))
        await world.done("B", c.Acknowledge(statement=asked.hash))
        await asyncio.sleep(5)
        world.cut()
        world.hosts["B"].crash()
        await asyncio.sleep(1)
        world.hosts["B"].up()
        await asyncio.sleep(1)
        first = await world.desk("B", c.ReportDone(statement=asked.hash, action="STOPPING"))
        second = await world.desk("B", c.RefuseMatter(statement=asked.hash, reason="TRAFFIC"), "O2")
        assert isinstance(first, c.Outcome)
        assert isinstance(second, c.Outcome)
        assert (first.result, second.result) == ("DONE", "ALREADY")
        world.heal()
        await asyncio.sleep(60)
        for name in "AB":
            held = await matter(world, name, "STP")
            assert (held.closed, [step.what for step in held.history]) == ("DONE", ["RDB", "ACK", "DON"])

    told(story, "A", "B")


def test_what_waited_for_a_line_that_was_tested_is_told_when_it_is_suspended() -> None:
    """Seed 1046.  Notices pass a suspended line; those that had waited for its checks stayed, and nobody knew."""

    async def story(world: SmallWorld) -> None:
        await suspend(world, "B", "A")
        await asyncio.sleep(10)
        world.net.cuts.add((party("B").url, party("A").url))  # A is reached no more: its answers are not either.
        await resume(world, "B", "A")
        await asyncio.sleep(5)
        notice = await world.file("B", volume())
        assert await word(world, "B", "A") == "TESTING"
        await suspend(world, "B", "A")
        world.heal()
        await asyncio.sleep(60)
        assert (await world.notice("A", "B", notice)).live
        assert not (await world.state("B")).lines[A].owed

    told(story, "A", "B")


@pytest.mark.parametrize("state", ["TESTING", "IN_FORCE", "SUSPENDED", "TERMINATED"])
@pytest.mark.parametrize("alive", HTTP_BEARERS[:3])
def test_what_saves_lives_is_heard_in_every_state_by_whatever_bearer_works(state: str, alive: str) -> None:
    """The law life_reaches, for each state of the agreement and each single bearer."""

    async def story(world: SmallWorld) -> None:
        await asyncio.sleep(10)
        if state == "TERMINATED":
            await world.by_two("B", c.TerminateLine(peer="A", reason="REVIEW"))
        elif state != "IN_FORCE":
            await suspend(world, "B", "A")
            await asyncio.sleep(5)
        for bearer in HTTP_BEARERS[:3]:
            if bearer != alive:
                world.net.cut(party("A").url, party("B").url, bearer)
                world.net.cut(party("B").url, party("A").url, bearer)
        if state == "TESTING":
            await resume(world, "B", "A")
        await asyncio.sleep(1)
        assert await word(world, "B", "A") == state
        await stop(world, "A", "B")
        await asyncio.sleep(10)
        asked = await matter(world, "B", "STP")
        assert asked.hash in [hash_ for hash_, one in (await world.state("A")).matters.items() if one.ours]

    told(story, "A", "B", bearers=3)


def test_a_suspended_pair_does_not_touch_the_lines_of_a_third_party() -> None:
    """The law agreement_by_statements, with an agreement made on the other line meanwhile."""

    async def story(world: SmallWorld) -> None:
        await suspend(world, "A", "B")
        await asyncio.sleep(10)
        assert [await word(world, *pair) for pair in ("AB", "BA")] == ["SUSPENDED", "SUSPENDED"]
        assert [await word(world, *pair) for pair in ("AC", "CA", "BC", "CB")] == ["IN_FORCE"] * 4
        one = await world.file("A", volume())
        theirs = await world.file("C", volume(lower_ft=21_000))
        await asyncio.sleep(5)
        await world.propose("A", one, theirs, one, volume(lower_ft=40_000))
        await asyncio.sleep(5)
        assert not isinstance(await world.accept("C", theirs, one), Refusal)
        await asyncio.sleep(5)
        assert len((await world.state("A")).agreements) == 1

    told(story, "A", "B", "C")


def test_a_change_of_a_flight_of_mercy_does_not_wait_for_ever_behind_its_own_activation() -> None:
    """Seed 91022.  On a terminated line the activation waits; the change of what every state takes waited behind it."""

    async def story(world: SmallWorld) -> None:
        await asyncio.sleep(10)
        told_first = await filed(world, "A", "HUM")
        await world.by_two("B", c.TerminateLine(peer="A", reason="REVIEW"))
        await asyncio.sleep(5)
        await world.done("A", c.ActivateNotice(id=told_first, expected_version=1))
        assert isinstance(await world.change("A", told_first, raised(volume(), 4_000)), c.Outcome)
        await asyncio.sleep(10)
        assert (await world.notice("B", "A", told_first)).current.version == 2

    told(story, "A", "B")


def test_a_plan_that_becomes_a_flight_of_mercy_is_told_and_holds_up_no_hazard() -> None:
    """Seed 96069.  The plan waited for a line that was terminated, and what it became, and a hazard, waited behind it."""

    async def story(world: SmallWorld) -> None:
        await asyncio.sleep(10)
        hazard = await filed(world, "A", "HAZARD")
        await world.by_two("B", c.TerminateLine(peer="A", reason="REVIEW"))
        await asyncio.sleep(5)
        plan = await world.file("A", volume(lower_ft=30_000))
        await world.done("A", c.ChangeNotice(id=plan, expected_version=1, kind="MEDEVAC"))
        assert isinstance(await world.change("A", hazard, raised(volume(), 4_000)), c.Outcome)
        await asyncio.sleep(10)
        assert (await world.notice("B", "A", plan)).current.kind == "MEDEVAC"
        assert (await world.notice("B", "A", hazard)).current.version == 2

    told(story, "A", "B")


async def filed(world: SmallWorld, name: str, kind: NoticeKind) -> str:
    """A notice of a kind, to everybody."""
    others = tuple(other for other in world.hosts if other != name)
    command = c.FileNotice(kind=kind, volumes=(volume(),), due_regard=DueRegard(stated=True), audience=others)
    return str((await world.done(name, command)).refs["id"])
