"""The feed: numbers, what is no statement, receipts.  Source: line-v1 3, 6."""

import uuid
from typing import Any, Final

from skyparley.base.ids import digest
from skyparley.conform.notices import notice
from skyparley.conform.probe import Probe
from skyparley.conform.requirement import Chapter, Skips, need
from skyparley.evidence import jws

FEED: Final = Chapter()
OWN_FEED: Final = Chapter()
NEAR_MS: Final = 10_000
AWAY: Final = "A" * 43  # a hash that names nothing


def next_notice(probe: Probe, **other: Any) -> dict[str, Any]:
    """The payload of an NTC that is right and next."""
    return probe.members("NTC", notice(probe.fresh_id(), probe.now_ms()), **({"code": "N1", "version": 1} | other))


async def some_statement(probe: Probe) -> str:
    """A statement of ours that the node holds."""
    if not probe.said:
        await probe.say_text(probe.sealed(next_notice(probe)))
    return probe.said[probe.head]


async def refused(probe: Probe, text: str, why: str) -> None:
    """Raises Fails unless this text is REFUSED without a receipt.

    It goes behind one that is held: whose line it is, is read from the first of a request.
    """
    _, result = await probe.push(await some_statement(probe), text)
    need(result["result"] == "REFUSED", f"{why} was answered {result['result']}; REFUSED is right")
    need(isinstance(result.get("text"), str) and result["text"], "REFUSED says in `text` why")


async def result_of(probe: Probe, said: dict[str, Any], right: str, why: str, name: str = "") -> dict[str, Any]:
    """Raises Fails unless a statement has this result, which must not count it."""
    before = probe.head
    (result,) = await probe.push(probe.sealed(said, name))
    need(result["result"] == right, f"{why} was answered {result['result']}; {right} is right")
    held = (await probe.hello()).get("held")
    need(not held or (held["epoch"], held["seq"]) == before, f"{why} was counted: the head moved")
    return result


@FEED.must("3.3", "next", "the next statement is RECEIVED, and the head that is answered is it")
async def follows(probe: Probe) -> None:
    text = probe.sealed(next_notice(probe))
    plain = probe.results(await probe.target.post("/peer/v1/statements", text), (text,))
    need(plain["results"][0]["result"] == "RECEIVED", f"it was answered {plain['results'][0]['result']}")
    probe.keep(text)
    need(plain.get("head", {}).get("hash") == digest(text.encode("ascii")), "the head answered is another")


@FEED.must(
    "6", "receipt", "a receipt is signed by the machine and names the number, the hash and the msg_id of the statement"
)
async def receipt(probe: Probe) -> None:
    said = next_notice(probe)
    text, given = await probe.say_text(probe.sealed(said))
    right = {name: said[name] for name in ("epoch", "seq", "msg_id")} | {"hash": digest(text.encode("ascii"))}
    wrong = [name for name, value in right.items() if given[name] != value]
    need(not wrong, f"the receipt has another {', '.join(wrong)}")
    need(abs(given["received_utc"] - probe.now_ms()) < NEAR_MS, "received_utc is not the node's clock")
    need(given["bearer"] == "http", f"the receipt names the bearer {given['bearer']}")


@FEED.must("3.3", "duplicate", "a statement sent twice is receipted twice, with the same content")
async def duplicate(probe: Probe) -> None:
    text, first = await probe.say_text(probe.sealed(next_notice(probe)))
    (again,) = await probe.push(text)
    need(again["result"] == "DUPLICATE", f"it was answered {again['result']}")
    need(probe.read(again["receipt"], jws.RECEIPT, "receipt") == first, "the second receipt says something else")


@FEED.must("6", "kept", "what was receipted is given back, byte for byte, and still answered DUPLICATE")
async def kept(probe: Probe) -> None:
    text = await some_statement(probe)
    epoch, seq = probe.head
    need(await probe.catch_up(feed="YOURS", epoch=epoch, after=seq - 1, limit=1) == [text], "it is not given back")
    (again,) = await probe.push(text)
    need(again["result"] == "DUPLICATE", f"it was answered {again['result']}")


@FEED.must("3.3", "gap", "a statement beyond the next is a GAP: not kept, not receipted, answered with the head held")
async def gap(probe: Probe) -> None:
    await some_statement(probe)
    said = next_notice(probe)
    await result_of(probe, said | {"seq": said["seq"] + 1, "prev": AWAY}, "GAP", "a number beyond the next")
    text = probe.sealed(said | {"seq": said["seq"] + 5, "prev": AWAY})
    plain = probe.results(await probe.target.post("/peer/v1/statements", text), (text,))
    need(plain.get("head", {}).get("hash") == probe.hash_of(probe.head), "the head held is not answered")
    await probe.say_text(probe.sealed(next_notice(probe)))


@FEED.must("3.3", "fork", "another statement under a number that is held is a FORK: no receipt, nothing replaced")
async def fork(probe: Probe) -> None:
    held, (epoch, seq) = await some_statement(probe), probe.head
    said = next_notice(probe) | {"epoch": epoch, "seq": seq}
    said.pop("prev", None)
    if seq > 1:
        said["prev"] = probe.hash_of((epoch, seq - 1))
    await result_of(probe, said, "FORK", "another statement under a held number")
    need((await probe.catch_up(epoch=epoch, after=seq - 1, limit=1)) == [held], "what was held is held no more")


@FEED.must(
    "3.3",
    "broken",
    "the next number whose prev is absent or another hash is BROKEN: no receipt, and the right one still follows",
)
async def broken(probe: Probe) -> None:
    await some_statement(probe)
    said = next_notice(probe)
    await result_of(probe, said | {"prev": AWAY}, "BROKEN", "a prev that is another hash")
    await result_of(probe, {name: value for name, value in said.items() if name != "prev"}, "BROKEN", "no prev")
    await probe.say_text(probe.sealed(said))


@FEED.must(
    "3.3",
    "epoch",
    "number 1 of a later epoch is accepted without a prev, and BROKEN with one; the older epoch is held still",
)
async def epoch(probe: Probe) -> None:
    old, number = await some_statement(probe), probe.head
    said = next_notice(probe) | {"epoch": number[0] + 1, "seq": 1}
    await result_of(probe, said | {"prev": AWAY}, "BROKEN", "the first of a later epoch with a prev")
    await result_of(probe, said | {"seq": 2, "prev": AWAY}, "GAP", "the second of a later epoch")
    said.pop("prev", None)
    await probe.say_text(probe.sealed(said))
    (again,) = await probe.push(old)
    need(again["result"] == "DUPLICATE", f"a statement of the older epoch was answered {again['result']}")
    beyond = said | {"epoch": number[0], "seq": number[1] + 1, "prev": digest(old.encode("ascii"))}
    await result_of(probe, beyond, "GAP", "the next of the older epoch")


@FEED.must(
    "3.3",
    "seen",
    "a statement whose `seen` has another hash than the node's, or names what the node never said, is accepted all the same",
)
async def seen(probe: Probe) -> None:
    head = probe.heard.head
    if head == (0, 0):
        raise Skips("the node has said nothing yet")
    for number in (head, (head[0], head[1] + 1000)):
        said = next_notice(probe)
        said["seen"] = {"epoch": number[0], "seq": number[1], "hash": AWAY}
        await probe.say_text(probe.sealed(said))


@FEED.must(
    "7.1",
    "results",
    "a batch is answered with one result for each statement, in its order, whatever became of the others",
)
async def results(probe: Probe) -> None:
    await some_statement(probe)
    first = probe.sealed(next_notice(probe))
    texts = [
        probe.said[probe.head],
        first,
        "no statement",
        probe.sealed(next_notice(probe) | {"seq": 10**6, "prev": AWAY}),
    ]
    found = [one["result"] for one in await probe.push(*texts)]
    probe.keep(first)
    need(found == ["DUPLICATE", "RECEIVED", "REFUSED", "GAP"], f"they were answered {', '.join(found)}")


@FEED.must("7.1", "order", "statements of one batch follow each other as if each came alone")
async def order(probe: Probe) -> None:
    await some_statement(probe)
    first = next_notice(probe)
    text = probe.sealed(first)
    then = probe.sealed(next_notice(probe) | {"seq": first["seq"] + 1, "prev": digest(text.encode("ascii"))})
    found = [one["result"] for one in await probe.push(text, then)]
    need(found == ["RECEIVED", "RECEIVED"], f"they were answered {', '.join(found)}")
    probe.keep(text)
    probe.keep(then)


@FEED.must("3.2", "chain", "a payload without a well-formed member of the chain is no statement: REFUSED, no receipt")
async def chain(probe: Probe) -> None:
    await some_statement(probe)
    said = next_notice(probe)
    bent: tuple[tuple[str, Any], ...] = (
        ("msg_id", None), ("msg_id", str(uuid.uuid4()).upper()), ("epoch", 0), ("seq", "1"), ("proto", "skyparley/2"),
        ("from", "short"), ("prev", "short"), ("seen", {"epoch": 1, "seq": 1}),
    )  # fmt: skip
    for name, value in bent:
        changed = {key: one for key, one in (said | {name: value}).items() if one is not None}
        await refused(probe, probe.sealed(changed, "desk"), f"a statement with {name} {value!r}")
    await probe.say_text(probe.sealed(said))


@FEED.must("7.1", "other-line", "a statement to another party, or from another, is REFUSED: no receipt")
async def other_line(probe: Probe) -> None:
    said = next_notice(probe)
    await refused(probe, probe.sealed(said | {"to": probe.own}), "a statement to another party")
    await refused(probe, probe.sealed(said | {"from": probe.peer}), "a statement in the name of the node itself")


@FEED.must(
    "2",
    "past-desk-key",
    "a statement under a role key whose time is over, or that the card does not certify, is REFUSED",
)
async def past_desk_key(probe: Probe) -> None:
    said = next_notice(probe)
    for name in ("desk-past", "desk-none"):
        await refused(probe, probe.sealed(said, name), f"a statement under the key {name}")


@OWN_FEED.must(
    "3.5", "own-feed", "the node's own feed verifies: signatures, numbers, prev, seen, roles, one msg_id each"
)
async def own_feed(probe: Probe) -> None:
    if probe.heard.head == (0, 0):
        raise Skips("the node has said nothing yet")
    odd = [text for section, text in probe.heard.oddities if section.startswith("3.")]
    need(not odd, "; ".join(odd[:3]))


@OWN_FEED.must("4", "schemas", "every statement of the node fits the schema of its type")
async def schemas_fit(probe: Probe) -> None:
    if probe.heard.head == (0, 0):
        raise Skips("the node has said nothing yet")
    odd = [text for section, text in probe.heard.oddities if section == "4"]
    need(not odd, "; ".join(odd[:3]))


@OWN_FEED.must("3.1", "table-hash", "every statement of the node carries the hash of the table that its HELLO names")
async def table_hash(probe: Probe) -> None:
    named = (await probe.hello())["table_hash"]
    if not probe.heard.statements:
        raise Skips("the node has said nothing yet")
    last = probe.heard.statements[probe.heard.head].said
    need(last.get("table_hash") == named, "the last statement carries another table_hash")
