"""Catch-up, and what a node does when it is asked too much.  Source: line-v1 7.4, 7.5."""

import asyncio
from typing import Final

from skyparley.conform.checks_feed import next_notice, some_statement
from skyparley.conform.probe import BATCH, Probe
from skyparley.conform.requirement import Chapter, Skips, need
from skyparley.conform.target import CATCH_UP, STATEMENTS, wait_of

CATCHING_UP: Final = Chapter()
SHARE: Final = Chapter()
FLOOD_REQUESTS: Final = 120  # of 64 statements each: a node whose share is larger shows no limit here


@CATCHING_UP.must(
    "7.4", "yours", "the node gives back our feed, byte for byte, in order, from behind the number asked for"
)
async def yours(probe: Probe) -> None:
    await some_statement(probe)
    await probe.say_text(probe.sealed(next_notice(probe)))
    epoch = probe.head[0]
    said = [text for number, text in sorted(probe.said.items()) if number[0] == epoch]
    given = await probe.catch_up(epoch=epoch)
    need(given and given == said[: len(given)], "the feed of this epoch is given otherwise than it was said")
    after = probe.head[1] - 1
    need(await probe.catch_up(epoch=epoch, after=after) == said[after:], "what follows a number is not what was said")


@CATCHING_UP.must("7.4", "limit", "no more statements are given than were asked for")
async def limit(probe: Probe) -> None:
    await some_statement(probe)
    await probe.say_text(probe.sealed(next_notice(probe)))
    after = max(0, probe.head[1] - 2)
    for wanted in (1, 2):
        given = await probe.catch_up(epoch=probe.head[0], after=after, limit=wanted)
        right = min(wanted, probe.head[1] - after)
        need(len(given) == right, f"asked for {wanted}, it gave {len(given)}")


@CATCHING_UP.must("7.4", "ours", "the node gives its own feed as it carried it")
async def ours(probe: Probe) -> None:
    if probe.heard.head == (0, 0):
        raise Skips("the node has said nothing yet")
    epoch, seq = probe.heard.head
    after = max(0, seq - 5)
    given = await probe.catch_up(feed="OURS", epoch=epoch, after=after)
    heard = [one.text for number, one in sorted(probe.heard.statements.items()) if number[0] == epoch]
    need(given[: seq - after] == heard[after:seq], "what it gives is not what it carried")


@CATCHING_UP.must("7.4", "nothing", "behind the end of a feed, and of an epoch that is not there, the answer is empty")
async def nothing(probe: Probe) -> None:
    await some_statement(probe)
    need(not await probe.catch_up(epoch=probe.head[0], after=probe.head[1]), "there is something behind the end")
    need(not await probe.catch_up(epoch=probe.head[0] + 1000), "there is something in an epoch that is not there")


@CATCHING_UP.must(
    "7.4",
    "members",
    "a catch-up request whose limit is not 1 to 64, or whose feed is another, is refused: 400 MALFORMED",
)
async def members(probe: Probe) -> None:
    for other in ({"limit": 0}, {"limit": BATCH + 1}, {"feed": "THEIRS"}, {"epoch": 0}, {"after": -1}, {"surplus": 1}):
        (await probe.target.post(CATCH_UP, probe.make_catch_up(**other))).refuses(400, "MALFORMED")


@CATCHING_UP.must("7.4", "role", "a catch-up request signed by the desk is refused: 403 NOT_THIS_LINE")
async def role(probe: Probe) -> None:
    (await probe.target.post(CATCH_UP, probe.make_catch_up(name="desk"))).refuses(403, "NOT_THIS_LINE")


@SHARE.must(
    "7.5",
    "deferral",
    "a peer over its share is answered 429 DEFERRED with Retry-After, and nothing of it is lost or counted",
)
async def deferral(probe: Probe) -> None:
    await some_statement(probe)
    texts = [text for _, text in sorted(probe.said.items())][-BATCH:]
    many = "\n".join([texts[0]] * (BATCH - len(texts)) + texts)
    over = None
    for _ in range(FLOOD_REQUESTS):
        answer = await probe.target.once("POST", STATEMENTS, many)
        if answer.status != 200:
            over = answer
            break
    if over is None:
        raise Skips(f"no limit was met by {FLOOD_REQUESTS * BATCH} statements in a row")
    over.refuses(429, "DEFERRED")
    await asyncio.sleep(wait_of(over))
    held = (await probe.hello()).get("held", {})
    need((held.get("epoch"), held.get("seq")) == probe.head, "what was held before is not held any more")
    await probe.say_text(probe.sealed(next_notice(probe)))
