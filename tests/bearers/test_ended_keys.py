"""A key that a party ended: its signatures are true, refused, told once, and the line goes on; what it signed before holds."""

import asyncio

import msgspec
from parties_by_file import HOUR, T0, ByFile

from skyparley.evidence import card as cards
from skyparley.evidence import jws
from skyparley.evidence.keys import from_seed
from skyparley.testing import parties
from skyparley.testing.parties import party

A, B = (party(name).card.fingerprint for name in "AB")


def newer_card(role: str, until_ms: int) -> str:
    """A's card once more, issued later, with the end of a role's key."""
    said = party("A").card.said
    roles = tuple(
        msgspec.structs.replace(entry, until_ms=until_ms) if entry.role == role else entry for entry in said.roles
    )
    own = from_seed(parties._seed("A", "party"))
    return cards.make_card(msgspec.structs.replace(said, roles=roles, issued_ms=said.issued_ms + 1), own)


def forged(world_line, role: str, seq: int, prev: str) -> str:
    """What somebody who holds A's revoked key makes: the next statement of the feed, truly signed."""
    payload = {
        "proto": "skyparley/1",
        "epoch": world_line.received.head[0],
        "seq": seq,
        "prev": prev,
        "from": A,
        "to": B,
        "msg_id": f"00000000-0000-4000-8000-{seq:012d}",
        "role": role,
        "class": "COORD",
        "type": "NQR",
        "code": "N6",
        "version": 1,
        "created_utc": T0,
        "clock_quality": "GOOD",
        "table_hash": "A" * 43,
        "slots": {"id": "B-0001", "field": "AREA"},
    }
    return party("A").signer().sign(role, payload, jws.STATEMENT)


def played(story) -> None:
    asyncio.run(asyncio.wait_for(story(), 60))


def test_a_statement_under_a_revoked_key_is_refused_kept_and_told_once():
    async def story():
        async with ByFile("A", "B") as world:
            await world.settle("A", "B")
            await world.tell("A")
            await world.settle("A", "B")
            b = world.nodes["B"]
            await b.pin(newer_card("desk", T0 + HOUR))
            line = await world.line("B", "A")
            head, head_hash = line.received.head, line.received.head_hash
            feed = b.service
            world.clock.at_ms = T0 + HOUR
            before = await world.kinds("B")
            for seq in (head[1] + 1, head[1] + 1, head[1] + 2):
                pushed = await feed.statements([forged(line, "desk", seq, head_hash)], "http")
                (result,) = pushed.results
                assert result.result == "REFUSED"
                assert "revoked" in result.text
                assert not result.receipt
            grown = (await world.kinds("B"))[len(before) :]
            assert grown.count("EvidenceKept") == 1, grown
            assert "StatementReceived" not in grown
            state = await world.state("B")
            (alarm,) = [one for one in state.alarms if one.code == "KEY_ENDED"]
            assert alarm.peer == A
            assert "by voice" in alarm.text
            line = await world.line("B", "A")
            assert (line.received.head, line.received.head_hash) == (head, head_hash), (
                "nothing took a place on the feed"
            )

            await world.restart("B")
            pushed = await world.nodes["B"].service.statements([forged(line, "desk", head[1] + 3, head_hash)], "http")
            assert pushed.results[0].result == "REFUSED"
            assert (await world.kinds("B")).count("EvidenceKept") == 1, "told once, over a restart too"

    played(story)


def test_the_other_keys_of_that_party_are_unharmed():
    async def story():
        async with ByFile("A", "B") as world:
            await world.settle("A", "B")
            await world.nodes["B"].pin(newer_card("exercise", T0 + HOUR))
            world.clock.at_ms = T0 + HOUR
            await world.tell("A")
            await world.settle("A", "B")
            line, theirs = await world.line("A", "B"), await world.line("B", "A")
            assert line.sent.head == line.delivered == theirs.received.head
            assert "EvidenceKept" not in await world.kinds("B")

    played(story)


def test_until_its_end_the_key_is_good_and_a_duplicate_afterwards_is_refused_without_harm():
    async def story():
        async with ByFile("A", "B") as world:
            await world.settle("A", "B")
            await world.nodes["B"].pin(newer_card("desk", T0 + HOUR))
            world.clock.at_ms = T0 + HOUR - 1
            await world.tell("A")
            data = await world.write("A", "B")
            taken = await world.take("B", data)
            assert (taken.received >= 1, taken.not_taken) == (True, 0)
            await world.settle("A", "B")
            world.clock.at_ms = T0 + HOUR
            again = await world.take("B", data)
            assert again.received == 0
            assert (await world.line("B", "A")).received.head == (await world.line("A", "B")).sent.head
            assert len((await world.state("B")).notices) == 1

    played(story)


def test_a_stranger_who_names_a_revoked_key_does_not_raise_it():
    """Only a true signature tells that somebody holds the key."""

    async def story():
        async with ByFile("A", "B") as world:
            await world.settle("A", "B")
            await world.nodes["B"].pin(newer_card("desk", T0 + HOUR))
            world.clock.at_ms = T0 + HOUR
            line = await world.line("B", "A")
            head, body, tail = forged(line, "desk", 99, line.received.head_hash).split(".")
            pushed = await world.nodes["B"].service.statements(
                [f"{head}.{body}.{('A' if tail[0] != 'A' else 'B') + tail[1:]}"], "http"
            )
            assert pushed.results[0].text.startswith("BAD_SIGNATURE")
            assert not [one for one in (await world.state("B")).alarms if one.code == "KEY_ENDED"]

    played(story)
