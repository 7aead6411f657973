"""What an act would let out is what it lets out: the same payload, and nothing written beforehand."""

import asyncio
import json

import pytest
from parties_by_file import ByFile, sar_notice

from skyparley.base.errors import Refusal
from skyparley.domain.commands import ByDesk, CancelNotice
from skyparley.evidence import jws
from skyparley.evidence.sealed import unseal
from skyparley.testing.parties import party


def played(story) -> None:
    asyncio.run(asyncio.wait_for(story(), 60))


async def foreseen(world: ByFile, name: str, command):
    return await world.nodes[name].would_release(ByDesk(command=command, account="officer", key="k", request="r"))


@pytest.mark.parametrize("others", ["B", "BT"])
def test_each_peer_gets_exactly_what_was_foreseen(others):
    async def story():
        async with ByFile("A", *others) as world:
            for other in others:
                await world.settle("A", other)
            command = sar_notice(tuple(others))
            before = await world.kinds("A")
            told = await foreseen(world, "A", command)
            assert not isinstance(told, Refusal)
            assert await world.kinds("A") == before, "nothing was written"
            assert sorted(one.peer for one in told) == sorted(others)
            await world.desk("A", command)
            for one in told:
                data = await world.write("A", one.peer)
                lines = unseal(data, one.fingerprint, [party(one.peer).seal]).decode().splitlines()
                statements = [
                    json.loads(jws.split(text).payload) for text in lines if jws.split(text).typ == jws.STATEMENT
                ]
                (sent,) = [said for said in statements if said["type"] == one.type]
                shown = json.loads(one.payload)
                assert {**shown, "msg_id": ""} == {**sent, "msg_id": ""}, "but for the name that luck gives"
                assert not one.waits
                assert {(way.bearer, way.cover) for way in one.ways} == {("http", "CLEAR"), ("file", "SEALED")}

    played(story)


def test_on_a_line_that_was_never_reached_it_would_wait():
    async def story():
        async with ByFile("A", "B") as world:
            (one,) = await foreseen(world, "A", sar_notice(("B",)))
            assert one.waits

    played(story)


def test_what_is_refused_is_refused_beforehand():
    async def story():
        async with ByFile("A", "B") as world:
            told = await foreseen(world, "A", CancelNotice(id="A-0099", reason="NOT STATED", expected_version=1))
            assert isinstance(told, Refusal)
            assert told == await foreseen(
                world, "A", CancelNotice(id="A-0099", reason="NOT STATED", expected_version=1)
            )

    played(story)
