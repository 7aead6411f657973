"""What a party signed before it ended a key, and that was still on its way: taken where the party vouches for it, and only there."""

import asyncio

import msgspec
import pytest
from parties_by_file import HOUR, T0, ByFile, Luck, Nowhere

from skyparley.base.ids import b64url
from skyparley.domain import desks
from skyparley.domain.messages.envelope import statement_hash
from skyparley.domain.view import Moment
from skyparley.engine import reading
from skyparley.engine.node import Node
from skyparley.engine.signer import Signer
from skyparley.evidence import card as cards
from skyparley.evidence import jws
from skyparley.evidence.feed import read_statement
from skyparley.evidence.keys import ROLES, from_seed, public_bytes
from skyparley.evidence.record_line import Said, _keys
from skyparley.testing import parties
from skyparley.testing.parties import party, table

A, B = (party(name).card.fingerprint for name in "AB")
NEW_DESK = from_seed(bytes(range(32)))


def newer(*ended: str) -> cards.Card:
    """A's card with the keys of these roles ended an hour after the beginning, and another desk key beside them."""
    said = party("A").card.said
    roles = tuple(msgspec.structs.replace(one, until_ms=T0 + HOUR) if one.role in ended else one for one in said.roles)
    desk = cards.RoleKey(role="desk", key=b64url(public_bytes(NEW_DESK)), from_ms=T0, until_ms=10**13)
    draft = msgspec.structs.replace(said, roles=(*roles, desk), issued_ms=said.issued_ms + 1)
    return cards.read_card(cards.make_card(draft, from_seed(parties._seed("A", "party"))))


class Replaced(ByFile):
    """A's next life has the new card and signs with the new desk key."""

    async def with_new_key(self) -> None:
        await self.nodes["A"].stop()
        self.journals["A"].reopen()
        card, old = newer("desk"), party("A").keys
        self.nodes["A"] = Node(
            card=card,
            table=table(),
            clock=self.clock,  # type: ignore[arg-type]
            luck=Luck("A", 77),
            journal=self.journals["A"],
            signer=Signer(card, {role: NEW_DESK if role == "desk" else old[role] for role in ROLES}),
            bearer=Nowhere(),  # type: ignore[arg-type]
            seals=(party("A").seal,),
        )
        await self.nodes["A"].start([party("B").card.text], "test")

    async def behind_the_end(self) -> None:
        """A's LIFE statement was sealed, not carried, and then its desk key was revoked; both know it."""
        await self.settle("A", "B")
        await self.tell("A", east_km=100)
        await self.settle("A", "B")
        await self.tell("A")
        await self.nodes["B"].pin(newer("desk").text)
        self.clock.at_ms = T0 + HOUR


def played(story) -> None:
    asyncio.run(asyncio.wait_for(story(), 60))


def test_a_life_statement_under_a_key_that_was_revoked_since_arrives_with_the_next_life_of_its_node():
    async def story():
        async with Replaced("A", "B") as world:
            await world.behind_the_end()
            taken = await world.carry("A", "B")
            assert taken.not_taken, "nothing vouches for it yet: it might be a thief's"
            assert len((await world.state("B")).notices) == 1
            await world.with_new_key()
            await world.settle("A", "B")
            assert [one.current.kind for one in (await world.state("B")).notices.values()] == ["SAR", "SAR"]
            ours, theirs = await world.line("A", "B"), await world.line("B", "A")
            assert ours.sent.head == ours.delivered == theirs.received.head, "and nothing is stuck behind it"
            await world.tell("A", east_km=50)
            await world.settle("A", "B")
            assert len((await world.state("B")).notices) == 3

    played(story)


def test_who_has_only_the_ended_key_is_not_vouched_for_by_what_its_owner_says():
    """The thief's statement takes the number of the owner's own; the owner's next one names another hash."""

    async def story():
        async with Replaced("A", "B") as world:
            await world.behind_the_end()
            await world.with_new_key()
            await world.carry("A", "B")
            await world.take("A", await world.write("B", "A"))
            own = [
                text
                for entry in await world.journals["A"].read(0, 10_000)
                if entry.kind == "StatementSealed" and (text := msgspec.json.decode(entry.content)["jws"])
            ]
            head = (await world.line("B", "A")).received.head[1]
            life, vouching = own[head], own[head + 1]
            payload = msgspec.json.decode(jws.payload_again(life))
            stolen = party("A").signer().sign("desk", payload | {"created_utc": T0 + 1}, jws.STATEMENT)
            pushed = await world.nodes["B"].service.statements([stolen, vouching], "http")
            assert [one.result for one in pushed.results] == ["REFUSED", "GAP"]
            assert len((await world.state("B")).notices) == 1
            assert [one.code for one in (await world.state("B")).alarms if one.peer == A].count("KEY_ENDED") == 1
            pushed = await world.nodes["B"].service.statements([life, vouching], "http")
            assert [one.result for one in pushed.results] == ["RECEIVED", "RECEIVED"]

    played(story)


def chain_of(*signers: Signer) -> list[str]:
    """A feed from A to B, each statement signed by the next of these."""
    texts: list[str] = []
    for seq, signer in enumerate(signers, 1):
        payload = {"proto": "skyparley/1", "epoch": 1, "seq": seq, "from": A, "to": B, "role": "desk"}
        payload["msg_id"] = f"00000000-0000-4000-8000-{seq:012d}"
        if texts:
            payload["prev"] = statement_hash(texts[-1])
        texts.append(signer.sign("desk", payload, jws.STATEMENT))
    return texts


def read(texts: list[str], now_ms: int) -> list[bool]:
    card, found = newer("desk"), []
    for text in texts:
        try:
            found.append(reading.read_statement(text, card, B, now_ms))
        except reading.Unusable as error:
            found.append(error)
    return [not isinstance(one, reading.Unusable) for one in reading.vouched(texts, found, card, B)]


OLD, NEW = party("A").signer(), Signer(newer("desk"), {"desk": NEW_DESK})


@pytest.mark.parametrize(
    ("signers", "left_out", "taken"),
    [
        ((OLD, OLD, NEW), (), [True, True, True]),
        ((OLD, NEW, OLD), (), [True, True, False]),
        ((OLD, OLD), (), [False, False]),
        ((OLD, OLD, NEW), (1,), [False, True]),
        ((NEW, OLD, OLD, NEW, OLD), (), [True, True, True, True, False]),
    ],
)
def test_each_is_vouched_for_by_the_one_that_follows_it_and_no_gap_is_bridged(signers, left_out, taken):
    texts = [text for place, text in enumerate(chain_of(*signers)) if place not in left_out]
    assert read(texts, T0 + HOUR) == taken
    if "".join(texts) and all(one is OLD for one in signers):
        assert all(read(texts, T0)), "while the key held they needed nobody"


def test_a_record_of_such_a_feed_holds_for_whoever_reads_it_later():

    class Found:
        def __init__(self) -> None:
            self.told: list[bool] = []

        def find(self, step: int, holds: bool, about: str, text: str) -> None:
            self.told.append(holds)

    card = newer("desk")
    for signers, holds in (((OLD, OLD, NEW), True), ((OLD, NEW, OLD), False)):
        feed = [Said(read_statement(text, card, B), T0 + HOUR, False) for text in chain_of(*signers)]
        found = Found()
        _keys(found, card, party("B").card, feed)  # type: ignore[arg-type]
        assert found.told == [holds]


def test_a_node_vouches_for_what_is_on_its_way_only_where_a_key_of_its_card_has_ended():

    async def story():
        async with Replaced("A", "B") as world:
            await world.behind_the_end()
            state, line = await world.state("A"), await world.line("A", "B")
            moment = Moment(T0 + HOUR, lambda: "00000000-0000-4000-8000-000000000001", "GOOD")
            assert line.sent.head > line.delivered
            assert not desks.vouch(state, line, moment), "its keys hold"
            state.own_card = newer("desk")
            (said,) = desks.vouch(state, line, moment)
            assert (said.type, said.peer) == ("STAT", B)
            line.delivered = line.sent.head
            assert not desks.vouch(state, line, moment), "nothing is on its way"

    played(story)
