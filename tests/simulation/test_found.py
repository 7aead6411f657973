"""What the simulated world found, each as a story of its own, with the seed that found it."""

import asyncio

from small_world import SmallWorld, raised, told, volume

from skyparley.base.errors import Refusal
from skyparley.domain import commands as c
from skyparley.domain.messages.envelope import FeedHead
from skyparley.domain.table import table_hash
from skyparley.testing.loop import sim_loop
from skyparley.testing.parties import party, table
from skyparley.testing.world import told as line_of

B = party("B").card.fingerprint


def types_sent(world: SmallWorld, name: str) -> list[str]:
    """The types of the statements that a node sealed or got back, in order: what people said, without its line's checks."""
    return [kind for kind in all_sent(world, name) if kind not in ("LCK", "STAT")]


def all_sent(world: SmallWorld, name: str) -> list[str]:
    """The same with what the node says by itself of its line and its desk."""
    kinds = ("StatementSealed", "StatementRestored")
    lines = [line_of(entry).split() for entry in world.hosts[name].disk.tape.entries if entry.kind in kinds]
    return [words[4] for words in lines]


def test_a_peer_that_lost_what_it_receipted_gets_it_again_and_then_no_more() -> None:
    """Seed 11.  A receipt for a number that was receipted before did not count: the same batch was carried for ever."""

    async def story(world: SmallWorld) -> None:
        before = world.backup("B")
        await world.file("A", volume())
        await asyncio.sleep(5)
        await world.restore("B", before)
        await asyncio.sleep(60)
        line = (await world.state("A")).lines[B]
        assert line.delivered == line.sent.head

    told(story, "A", "B")


def test_a_change_that_arrives_after_the_old_period_brings_the_notice_back() -> None:
    """Seeds 13, 19.  The notice was over at the receiver, which refused its change: it never knew of the new period."""

    async def story(world: SmallWorld) -> None:
        notice = await world.file("A", volume(start_min=10, end_min=30))
        await asyncio.sleep(5)
        world.cut()
        assert not isinstance(await world.change("A", notice, volume(start_min=60, end_min=90)), Refusal)
        sim_loop().jump(45 * 60)
        await asyncio.sleep(20)
        assert (await world.notice("B", "A", notice)).past
        world.heal()
        await asyncio.sleep(60)
        assert (await world.notice("B", "A", notice)).live

    told(story, "A", "B")


def test_what_waited_in_a_backup_is_not_said_twice() -> None:
    """Seed 14.  A statement that waited for the line, was sealed later and came back from the peer was sealed again."""

    async def story(world: SmallWorld) -> None:
        theirs = await world.file("B", volume())
        await asyncio.sleep(5)
        world.cut()
        world.hosts["A"].crash()
        await asyncio.sleep(1)
        world.hosts["A"].up()
        await asyncio.sleep(1)
        await world.done("A", c.QueryNotice(party="B", id=theirs, expected_version=1, field="AREA"))
        before = world.backup("A")
        world.heal()
        await asyncio.sleep(60)
        await world.restore("A", before)
        await asyncio.sleep(30)
        assert types_sent(world, "A") == ["NQR"]

    told(story, "A", "B")


def test_a_number_given_twice_is_two_notices_at_both() -> None:
    """Seed 10.  A restored desk filed under the id of a notice that was lost: each node held another A-0001."""

    async def story(world: SmallWorld) -> None:
        before = world.backup("A")
        lost = await world.file("A", volume())
        await asyncio.sleep(5)
        world.cut()
        await world.restore("A", before)
        assert await world.file("A", raised(volume(), 8_000)) == lost
        world.heal()
        await asyncio.sleep(60)
        held = {await_id: notice.current.volumes for (_, await_id), notice in (await world.state("B")).notices.items()}
        assert held == {"A-0001": (volume(),), "A-0002": (raised(volume(), 8_000),)}

    told(story, "A", "B")


def test_what_waited_about_one_notice_is_not_said_of_another() -> None:
    """Seed 6137.  The notice that was filed under a lost id was ended: the end was said of the one that came back."""

    async def story(world: SmallWorld) -> None:
        before = world.backup("A")
        lost = await world.file("A", volume())
        await asyncio.sleep(5)
        world.cut()
        await world.restore("A", before)
        await world.file("A", raised(volume(), 8_000))
        await world.done("A", c.EndNotice(id=lost, expected_version=1))
        world.heal()
        await asyncio.sleep(60)
        assert (await world.notice("B", "A", lost)).state == "NOTIFIED"

    told(story, "A", "B")


def test_what_a_restored_desk_decided_comes_after_what_was_lost() -> None:
    """Seed 10.  Both said version 2, of different content: the later decision stays and becomes version 3."""

    async def story(world: SmallWorld) -> None:
        notice = await world.file("A", volume())
        await asyncio.sleep(5)
        before = world.backup("A")
        await world.change("A", notice, raised(volume(), 2_000))
        await asyncio.sleep(5)
        world.cut()
        await world.restore("A", before)
        await world.change("A", notice, raised(volume(), 5_000))
        world.heal()
        await asyncio.sleep(60)
        current = (await world.notice("B", "A", notice)).current
        assert (current.version, current.volumes) == (3, (raised(volume(), 5_000),))

    told(story, "A", "B")


def test_a_hello_said_before_the_loss_does_not_let_a_restored_node_seal() -> None:
    """A HELLO that came late, or that a stranger said again, told a restored node that its feed was whole."""

    async def story(world: SmallWorld) -> None:
        await asyncio.sleep(40)
        before = world.backup("A")
        said = [text for dst, text in world.net.heard_hellos if dst == party("A").url][-1]
        await world.file("A", volume())
        await asyncio.sleep(5)
        world.cut()
        await world.restore("A", before)
        known = all_sent(world, "A")
        await world.net.repeat(party("A").url, "hello", said)
        await asyncio.sleep(5)
        await world.file("A", raised(volume(), 8_000))
        assert all_sent(world, "A") == known, "not even a check is sealed before the heads are compared"

    told(story, "A", "B")


async def acceptances_that_cross(world: SmallWorld) -> int:
    """Each side accepts terms of the other for one notice, unaware of the other's.  Back: where A stood before B's offer."""
    one = await world.file("A", volume())
    two = await world.file("A", raised(volume(), 3_500))
    await asyncio.sleep(5)
    theirs = await world.file("B", raised(volume(), 1_500))
    await asyncio.sleep(5)
    await world.propose("A", one, theirs, theirs, raised(volume(), 40_000))
    await asyncio.sleep(2)
    before = world.backup("A")
    await world.propose("B", theirs, two, theirs, raised(volume(), 50_000))
    await asyncio.sleep(5)
    world.cut()
    assert not isinstance(await world.accept("B", theirs, one), Refusal)
    assert not isinstance(await world.accept("A", two, theirs), Refusal)
    world.heal()
    await asyncio.sleep(60)
    return before


def test_two_acceptances_that_cross_leave_no_offer_open() -> None:
    """Seed 6166.  Each was refused since the other bound; the acceptor dropped the offer, and its maker kept it open."""

    async def story(world: SmallWorld) -> None:
        await acceptances_that_cross(world)
        assert [conflict.offer for conflict in (await world.state("A")).conflicts.values()] == [None, None]

    told(story, "A", "B")


def agreed_and_lost(moved: str, *, told_to_others: bool) -> None:
    """B accepts terms, loses the agreement, and its desk changes its own notice before the record is whole again."""

    async def story(world: SmallWorld) -> None:
        ours = await world.file("A", volume())
        await asyncio.sleep(5)
        theirs = await world.file("B", raised(volume(), 1_500))
        await asyncio.sleep(5)
        before = world.backup("B")
        terms = raised(volume(), 40_000)
        await world.propose("A", ours, theirs, ours if moved == "A" else theirs, terms)
        await asyncio.sleep(5)
        assert not isinstance(await world.accept("B", theirs, ours), Refusal)
        await asyncio.sleep(5)
        world.cut()
        await world.restore("B", before)
        if told_to_others:
            urls = party("B").url, party("C").url
            world.net.cuts -= {urls, urls[::-1]}
            await asyncio.sleep(40)
        assert not isinstance(await world.change("B", theirs, raised(volume(), 900)), Refusal)
        await asyncio.sleep(5)
        world.heal()
        await asyncio.sleep(60)
        states = [await world.state(name) for name in ("A", "B")]
        assert [len(state.agreements) for state in states] == [1, 1]
        assert all(record.void == "" for state in states for record in state.agreements.values())
        agreed = (raised(volume(), 1_500),) if moved == "A" else (terms,)
        assert (await world.notice("A", "B", theirs)).current.volumes == agreed

    told(story, "A", "B", *(["C"] if told_to_others else []))


def test_an_agreement_that_comes_back_takes_back_what_was_decided_without_it() -> None:
    """Seeds 2066, 2162.  The node refused an agreement that it had signed, and the other held it in force."""
    agreed_and_lost("B", told_to_others=False)


def test_also_what_another_peer_was_told_of_is_taken_back() -> None:
    """Seeds 6008, 7190.  A change that one peer had heard of was told to the other as a breach."""
    agreed_and_lost("B", told_to_others=True)


def test_also_where_the_terms_left_the_notice_alone() -> None:
    """Seeds 241, 347, 434.  A notice that the terms only name is bound as it is."""
    agreed_and_lost("A", told_to_others=False)


def test_what_waited_is_sealed_when_two_people_open_an_epoch() -> None:
    """Read, not found by a seed: the drafts that waited for a diverged line were never sealed in its new epoch."""

    async def story(world: SmallWorld) -> None:
        await world.file("A", volume())
        await asyncio.sleep(5)
        node = world.hosts["A"].node
        assert node is not None
        other = FeedHead(epoch=1, seq=1, hash="x" * 43)
        compare = c.CompareHello(peer=B, table_hash=table_hash(table()), clock="REAL", held=other, sent=None)
        await node.sequencer.submit(compare)
        await world.file("A", raised(volume(), 8_000))
        assert (await world.state("A")).lines[B].owed
        await world.desk("A", c.OpenEpoch(peer="B"), "O1")
        await world.desk("A", c.OpenEpoch(peer="B"), "O2")
        line = (await world.state("A")).lines[B]
        assert (line.owed, line.sent.head) == ([], (2, 1))

    told(story, "A", "B")


def test_a_restored_node_judges_in_the_order_in_which_it_had_judged() -> None:
    """Seed 20226.  An acceptance that it had refused, being bound itself, came back first: it was countersigned."""

    async def story(world: SmallWorld) -> None:
        before = await acceptances_that_cross(world)
        await world.restore("A", before)
        await asyncio.sleep(60)
        assert [dict((await world.state(name)).agreements) for name in ("A", "B")] == [{}, {}]

    told(story, "A", "B")


def test_an_offer_that_was_refused_stays_refused_when_the_refusal_comes_back_before_its_reason() -> None:
    """Seed 40291.  The notice was active when the offer came; its activation was sealed later than what it answered."""

    async def story(world: SmallWorld) -> None:
        one = await world.file("A", volume(start_min=30))
        theirs = await world.file("B", raised(volume(start_min=1), 1_500))
        await asyncio.sleep(65)
        before = world.backup("B")
        world.cut()
        await world.propose("A", one, theirs, theirs, raised(volume(start_min=1), 40_000))
        await world.restore("B", before)
        await world.done("B", c.ActivateNotice(id=theirs, expected_version=1))
        world.heal()
        await asyncio.sleep(60)
        assert "ERR" in types_sent(world, "B")
        await world.restore("B", before)
        await asyncio.sleep(60)
        assert [conflict.offer for conflict in (await world.state("B")).conflicts.values()] == [None]

    told(story, "A", "B")


def test_a_restore_that_is_cut_off_does_not_seal_before_it_knows_what_bound_it() -> None:
    """Seed 50277.  Our acceptance was back and their signature not yet; a change decided meanwhile was told as if it were free."""

    async def story(world: SmallWorld) -> None:
        one = await world.file("A", volume())
        theirs = await world.file("B", raised(volume(), 1_500))
        await asyncio.sleep(5)
        await world.propose("B", theirs, one, one, raised(volume(), 40_000))
        await asyncio.sleep(5)
        before = world.backup("A")
        assert not isinstance(await world.accept("A", one, theirs), Refusal)
        await asyncio.sleep(5)
        world.cut()
        await world.restore("A", before)
        assert not isinstance(await world.change("A", one, volume(start_min=125)), Refusal)
        assert not isinstance(await world.change("A", one, volume(start_min=115)), Refusal)
        world.heal()
        while "ACC" not in types_sent(world, "A"):
            await asyncio.sleep(0.001)
        world.cut()
        await asyncio.sleep(20)
        assert not (await world.state("A")).agreements, "cut off before their signature came"
        world.heal()

    told(story, "A", "B")


def test_two_changes_and_a_cancellation_decided_while_an_agreement_was_lost_do_not_break_it() -> None:
    """Seed 61115.  The second bore the number after the agreed one, so it was told: our own signature was broken by us."""

    async def story(world: SmallWorld) -> None:
        one = await world.file("A", volume())
        theirs = await world.file("B", raised(volume(), 1_500))
        await asyncio.sleep(5)
        await world.propose("A", one, theirs, one, raised(volume(), 40_000))
        await asyncio.sleep(5)
        before = world.backup("A")
        assert not isinstance(await world.accept("B", theirs, one), Refusal)
        await asyncio.sleep(5)
        world.cut()
        await world.restore("A", before)
        assert not isinstance(await world.change("A", one, volume(start_min=125)), Refusal)
        assert not isinstance(await world.change("A", one, volume(start_min=115)), Refusal)
        await world.done("A", c.CancelNotice(id=one, expected_version=3, reason="WX"))
        world.heal()
        await asyncio.sleep(60)
        assert [record.void for record in (await world.state("B")).agreements.values()] == [""]

    told(story, "A", "B")
