"""Files between two whole nodes: HELLO, statements and receipts by file alone; late, twice, cut, lost, for the wrong party."""

import asyncio

import pytest
from parties_by_file import HOUR, ByFile

from skyparley.base import limits
from skyparley.base.errors import Refusal
from skyparley.domain.commands import NoteCarried
from skyparley.engine.reading import Unusable
from skyparley.evidence import jws
from skyparley.evidence.sealed import seal, unseal
from skyparley.testing.parties import party

A, B = (party(name).card.fingerprint for name in "AB")


def played(story) -> None:
    asyncio.run(asyncio.wait_for(story(), 60))


async def code_of(work) -> str:
    """The code that a file is refused with; "" when it is taken."""
    try:
        await work
    except Unusable as refused:
        return refused.code
    return ""


def test_two_nodes_that_only_exchange_files_come_to_know_everything():
    async def story():
        async with ByFile("A", "B") as world:
            assert await world.due("A", "B"), "nobody was reached yet: it asks"
            await world.settle("A", "B")
            assert (await world.line("A", "B")).compared == (await world.line("B", "A")).compared == "EQUAL"
            await world.tell("A")
            await world.tell("B", east_km=100)
            await world.settle("A", "B")
            for name, other in ("AB", "BA"):
                line, theirs = await world.line(name, other), await world.line(other, name)
                assert line.sent.head == line.delivered == theirs.received.head
                assert line.sent.head[1] >= 1
                assert set(line.receipts) >= {(1, seq) for seq in range(1, line.sent.head[1] + 1)}
                assert theirs.received.receipts[1][0][1] == "file"
                assert len((await world.state(name)).notices) == 2

    played(story)


def test_the_exchange_comes_to_rest_and_costs_few_files():
    async def story():
        async with ByFile("A", "B") as world:
            first = await world.settle("A", "B")
            assert first <= 12, "each asks once and answers once, and the line is tested"
            await world.tell("A")
            assert await world.settle("A", "B") <= 4
            assert await world.settle("A", "B") == 0

    played(story)


def test_a_file_twice_and_an_old_file_change_nothing():
    async def story():
        async with ByFile("A", "B") as world:
            await world.settle("A", "B")
            await world.tell("A")
            old = await world.write("A", "B")
            first = await world.take("B", old)
            await world.settle("A", "B")
            await world.tell("A", east_km=200)
            newer = await world.write("A", "B")
            await world.take("B", newer)
            answer = await world.write("B", "A")
            await world.take("A", answer)
            await world.settle("A", "B")
            before = [await world.kinds(name) for name in "AB"]
            delivered = (await world.line("A", "B")).delivered
            for data in (old, newer, old):
                again = await world.take("B", data)
                assert (again.received, again.not_taken) == (0, 0)
            assert (await world.take("A", answer)).receipts > 0
            assert first.received >= 1
            assert [await world.kinds(name) for name in "AB"] == before
            assert (await world.line("A", "B")).delivered == delivered, (
                "an old file does not say that it lost something"
            )

    played(story)


def test_a_lost_file_is_made_good_by_the_next():
    async def story():
        async with ByFile("A", "B") as world:
            await world.settle("A", "B")
            known = (await world.line("B", "A")).received.head[1]
            await world.tell("A")
            await world.write("A", "B")  # Nobody ever reads it.
            assert not await world.due("A", "B"), "it was written once"
            world.clock.at_ms += limits.FILE_AGAIN_MS
            assert await world.due("A", "B"), "no receipt came: once more"
            await world.tell("A", east_km=200)
            taken = await world.carry("A", "B")
            carried = (await world.line("A", "B")).carried
            assert (await world.line("B", "A")).received.head == carried == (1, known + taken.received)
            assert taken.received >= 2, "the lost one and the new one"
            await world.settle("A", "B")
            line = await world.line("A", "B")
            assert line.delivered == line.sent.head

    played(story)


def test_receipts_that_were_lost_with_a_file_are_signed_again():
    async def story():
        async with ByFile("A", "B") as world:
            await world.settle("A", "B")
            await world.tell("A")
            await world.carry("A", "B")
            await world.write("B", "A")  # The receipts are in it, and it is lost.
            world.clock.at_ms += limits.FILE_AGAIN_MS
            await world.settle("A", "B")
            line = await world.line("A", "B")
            assert line.sent.head in line.receipts
            assert line.delivered == line.sent.head

    played(story)


@pytest.mark.parametrize("moment", ["packed", "written", "taken", "answered"])
@pytest.mark.parametrize("who", ["A", "B"])
def test_a_restart_at_any_point_loses_nothing_and_doubles_nothing(who, moment):
    async def story():
        async with ByFile("A", "B") as world:
            await world.settle("A", "B")
            await world.tell("A")
            packed = await world.pack("A", "B")
            if moment == "packed":  # The file reached the disk, and the process died before it was noted.
                await world.restart(who)
            else:
                await world.nodes["A"].parcels.wrote(B, packed)
            if moment == "written":
                await world.restart(who)
            await world.take("B", packed.data)
            if moment == "taken":
                await world.restart(who)
            answer = await world.write("B", "A")
            if moment == "answered":
                await world.restart(who)
            await world.take("A", answer)
            await world.settle("A", "B")
            line, theirs = await world.line("A", "B"), await world.line("B", "A")
            assert line.sent.head == line.delivered == theirs.received.head
            assert set(line.receipts) >= {(1, seq) for seq in range(1, line.sent.head[1] + 1)}, "each receipt came"
            heard = [kind for kind in await world.kinds("B") if kind == "StatementReceived"]
            assert len(heard) == theirs.received.head[1], "each once"
            assert "EvidenceKept" not in await world.kinds("B")
            assert "EvidenceKept" not in await world.kinds("A")

    played(story)


def test_after_a_restart_only_an_echo_of_this_process_lets_it_seal():
    async def story():
        async with ByFile("A", "B") as world:
            asked = await world.write("A", "B")
            await world.take("B", asked)
            late = await world.write("B", "A")  # It repeats the nonce of a process that is about to end.
            await world.restart("A")
            await world.take("A", late)
            assert (await world.line("A", "B")).compared == "NO"
            await world.settle("A", "B")
            assert (await world.line("A", "B")).compared == "EQUAL"

    played(story)


def test_a_nonce_is_used_up_by_its_echo():
    async def story():
        async with ByFile("A", "B") as world:
            await world.take("B", await world.write("A", "B"))
            answer = await world.write("B", "A")
            await world.take("A", answer)
            assert (await world.line("A", "B")).compared == "EQUAL"
            await world.tell("A")
            await world.settle("A", "B")
            delivered = (await world.line("A", "B")).delivered
            await world.take("A", answer)  # It says that B holds nothing, and is no answer any more.
            assert (await world.line("A", "B")).delivered == delivered

    played(story)


def test_a_node_that_lost_its_record_is_told_and_seals_nothing():
    """A backup from before what was sent: the file says what the peer holds, and nothing is sealed under those numbers."""

    async def story():
        async with ByFile("A", "B") as world:
            await world.settle("A", "B")
            backup = world.journals["A"].snapshot()
            await world.tell("A")
            await world.settle("A", "B")
            await world.nodes["A"].stop()
            world.journals["A"].reopen()
            world.journals["A"].restore(backup)
            await world.start("A")
            await world.settle_some("A", "B")
            line = await world.line("A", "B")
            assert line.compared == "AHEAD"
            assert any(alarm.code == "RECORD_BEHIND" for alarm in (await world.state("A")).alarms)

    played(story)


def test_files_that_are_refused_are_named_and_change_nothing():
    async def story():
        async with ByFile("A", "B", "T") as world:
            await world.settle("A", "B")
            await world.tell("A")
            data = await world.write("A", "B")
            before = await world.kinds("B")
            content = unseal(data, B, [party("B").seal])
            head, rest = content.split(b"\n", 1)
            signer, now = party("A").signer(), world.clock.now_ms()

            def sealed(lines: bytes) -> bytes:
                return seal(lines, party("B").card, now)

            changed = head[:-60] + (b"A" if head[-60:-59] != b"A" else b"B") + head[-59:]
            for why, text, code in (
                ("for another party", await world.write("A", "T"), "OTHER_PARTY"),
                ("cut", data[: len(data) // 2] + b"\n", "FILE_DAMAGED"),
                ("not sealed", content, "NOT_SEALED"),
                ("too large", data + b"A" * limits.FILE_BYTES, "FILE_TOO_LARGE"),
                ("nothing in it", sealed(b""), "MALFORMED"),
                ("not ASCII", sealed("é\n".encode()), "MALFORMED"),
                ("another body under the head", sealed(head + b"\n" + rest + rest), "FILE_DAMAGED"),
                ("the head alone", sealed(head + b"\n"), "FILE_DAMAGED"),
                ("no head", sealed(rest), "MALFORMED"),
                ("a head that the desk signed", sealed(_signed_by_desk(signer, head) + b"\n" + rest), "NOT_THIS_LINE"),
                ("a head changed", sealed(changed + b"\n" + rest), "BAD_SIGNATURE"),
                ("a stranger's", sealed(await _strangers(world)), "NOT_THIS_LINE"),
            ):
                assert await code_of(world.take("B", text)) == code, why
            assert await code_of(world.nodes["B"].parcels.take(data, party("T").card.fingerprint)) == "OTHER_PEER"
            assert await world.kinds("B") == before
            assert (await world.take("B", data)).received >= 1, "and the true one is still good"

    played(story)


def _signed_by_desk(signer, head: bytes) -> bytes:
    import json

    payload = json.loads(jws.split(head.decode()).payload)
    return signer.sign("desk", payload, jws.FILE).encode()


async def _strangers(world) -> bytes:
    """What A wrote to T, opened and sealed to B by somebody in between."""
    return unseal(await world.write("A", "T"), party("T").card.fingerprint, [party("T").seal])


def test_a_peer_whose_card_names_no_seal_key_gets_no_file():
    async def story():
        async with ByFile("A", "B") as world:
            world.clock.at_ms = 10**13  # After every key.
            assert await code_of(world.pack("A", "B")) == "NO_SEAL_KEY"

    played(story)


def test_while_a_link_carries_only_life_is_written_and_once():
    async def story():
        async with ByFile("A", "B") as world:
            assert not await world.due("A", "B", link_up=True)
            await world.settle("A", "B")
            await world.tell("A")
            assert await world.due("A", "B", link_up=True), "LIFE goes by all"
            await world.write("A", "B")
            assert not await world.due("A", "B", link_up=True)

    played(story)


def test_where_nothing_comes_back_each_statement_is_carried_once():
    """A diode: the first file after each statement holds it, no file asks for an echo, and nothing is said twice."""

    async def story():
        async with ByFile("A", "B", one_way=frozenset({"B"})) as world:
            # The line was opened by hand in both directions before the diode was put in.
            node = world.nodes["A"]
            node.parcels._one_way = frozenset()
            await world.settle("A", "B")
            node.parcels._one_way = frozenset({"B"})
            await world.tell("A")
            first = await world.pack("A", "B")
            await node.parcels.wrote(B, first)
            await world.take("B", first.data)
            world.clock.at_ms += 10 * HOUR
            assert not await world.due("A", "B"), "no second time, since no receipt can be waited for"
            await world.tell("A", east_km=200)
            second = await world.pack("A", "B")
            assert second.statements == 1
            taken = await world.take("B", second.data)
            assert (taken.received, taken.known) == (1, 0)
            line = await world.line("A", "B")
            assert line.carried <= line.sent.head
            assert line.delivered < line.sent.head, "nothing is taken for received"

    played(story)


def test_how_far_files_went_never_goes_back():
    async def story():
        async with ByFile("A", "B") as world:
            await world.settle("A", "B")
            await world.tell("A")
            await world.write("A", "B")
            carried = (await world.line("A", "B")).carried
            assert carried == (await world.line("A", "B")).sent.head
            before = await world.kinds("A")
            for seq in (1, carried[1]):
                ruling = await world.nodes["A"].sequencer.submit(NoteCarried(peer=B, epoch=1, seq=seq))
                assert not isinstance(ruling, Refusal)
            assert await world.kinds("A") == before
            await world.restart("A")
            assert (await world.line("A", "B")).carried == carried

    played(story)


def test_what_was_new_in_the_first_go_counts_as_new():
    async def story():
        async with ByFile("A", "B") as world:
            await world.settle("A", "B")
            known = (await world.line("B", "A")).received.head[1]
            for east_km in range(200):
                await world.tell("A", 30.0 * east_km)
            data, goes = await world.write("A", "B"), 0
            taken = None
            while taken is None:
                try:
                    taken = await world.take("B", data)
                except Unusable as deferred:
                    if deferred.code != "DEFERRED":
                        raise
                    world.clock.at_ms += 1_000
                    goes += 1
            assert goes > 0, "otherwise this tries nothing"
            assert taken.received == (await world.line("B", "A")).received.head[1] - known
            assert (taken.known, taken.not_taken) == (0, 0)

    played(story)
