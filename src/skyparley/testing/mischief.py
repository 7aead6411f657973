"""What a lying peer does out of its turn on a line: suspensions, matters, exercises, life-safety floods, replays."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from skyparley.base import limits
from skyparley.base.canonical import canonical
from skyparley.base.ids import digest
from skyparley.domain.messages.envelope import statement_hash
from skyparley.evidence import jws

if TYPE_CHECKING:
    from skyparley.testing.liar import Feed, Liar

FLOOD: Final = 2 * limits.LIFE_FLOOD_AT + 10
"""Statements of a flood, in one request: more than may ring by themselves where two windows meet."""
assert FLOOD <= limits.STATEMENTS_PER_BATCH, "more are not taken in one request"

Act = Callable[["Liar", "Feed"], Awaitable[None]]


async def change_line(liar: "Liar", feed: "Feed") -> None:
    """SUSP or TERM as it may, or RESM of what somebody else suspended; signed by two, or by one who poses as two."""
    kind = liar.rng.choice(("SUSP", "SUSP", "RESM", "RESM", "RESM", "TERM"))
    forged = liar.rng.random() < 0.5 or kind == "TERM"
    slots: dict[str, Any] = {"effective": liar.now_ms(), "reason": "OTHER"}
    msg_id = liar.new_id()
    text = canonical({"type": kind, "msg_id": msg_id, "to": feed.peer.card.fingerprint, "slots": slots})
    second = liar.signer.sign_detached("desk" if forged else "supervisor", text, jws.SECOND)
    members = {"class": "ADMIN", "code": "L9", "msg_id": msg_id}
    await liar.say(feed, liar.statement(feed, kind, {**slots, "second": second}, **members))


async def act_of_nobody(liar: "Liar", feed: "Feed") -> None:
    """ACK, PAS, DON or IDA about a statement that was said to another, or never, or by the liar itself."""
    mine = [one for one in feed.said if "reply_to" not in liar.payload(one)]
    theirs = [one for other in liar.feeds.values() if other is not feed for one in other.heard]
    about = liar.rng.choice([*mine[-3:], *theirs[-3:], ""])
    msg_id = liar.payload(about)["msg_id"] if about else liar.new_id()
    hash_ = statement_hash(about) if about else digest(b"never said")
    kind = liar.rng.choice(("ACK", "PAS", "DON", "IDA"))
    more: dict[str, dict[str, Any]] = {
        "ACK": {"post": "DESK"},
        "PAS": {"at": liar.now_ms()},
        "DON": {"action": "STOPPING"},
    }
    slots = {"hash": hash_, **more.get(kind, {"answer": "OURS"})}
    cls = liar.payload(about)["class"] if about else "LIFE"
    members = {"class": "SAFETY" if kind == "IDA" else cls, "reply_to": msg_id, **CODES[kind]}
    await liar.say(feed, liar.statement(feed, kind, slots, **members))


async def act_on_matter(liar: "Liar", feed: "Feed") -> None:
    """An act about what was truly said to the liar: as a peer would, twice, or as an exercise about what is real."""
    asked = [one for one in feed.heard if liar.payload(one)["type"] in ("STP", "DIS", "RLY", "IDQ")]
    if not asked:
        return
    plain = liar.payload(liar.rng.choice(asked))
    kind = "IDA" if plain["type"] == "IDQ" else liar.rng.choice(("ACK", "ACK", "DON"))
    more = {"ACK": {"post": "DESK"}, "DON": {"action": "NOT OURS"}, "IDA": {"answer": "NOT OURS"}}
    about = next(one for one in asked if liar.payload(one) is plain)
    members: dict[str, Any] = {"class": plain["class"], "reply_to": plain["msg_id"], **CODES[kind]}
    if liar.rng.random() < 0.3 or "exercise" in plain:
        members |= {"exercise": True, "role": "exercise"}
    slots = {"hash": statement_hash(about), **more[kind]}
    for _ in range(liar.rng.choice((1, 2))):
        await liar.say(feed, liar.statement(feed, kind, slots, **members))


async def exercise(liar: "Liar", feed: "Feed") -> None:
    """A notice or a stop request with the exercise flag and the desk's key, or without it and with the exercise key."""
    flag = liar.rng.random() < 0.5
    members: dict[str, Any] = {"role": "desk" if flag else "exercise"} | ({"exercise": True} if flag else {})
    if liar.rng.random() < 0.3:
        members = {"role": "exercise", "exercise": True}  # A true one: it must still enter nothing real.
    if feed.notices and liar.rng.random() < 0.5:
        theirs = liar.rng.choice(list(feed.notices.values()))["slots"]
        slots = {"kind": "TRANSIT", "due_regard": {"stated": True}, "key": [], "volumes": theirs["volumes"]}
        text = liar.statement(feed, "NTC", {"id": "Y-0001", **slots}, code="N1", version=1, **members)
    else:
        text = liar.statement(feed, "STP", _stop(liar), code="V8", **{"class": "LIFE"}, **members)
    await liar.say(feed, text)


async def life_out_of_order(liar: "Liar", feed: "Feed") -> None:
    """A stop request before its turn: people hear of it at once.  Mostly what was left out comes afterwards."""
    before = liar.statement(feed, "STP", _stop(liar), code="V8", **{"class": "LIFE"})
    feed.said.append(before)
    after = liar.statement(feed, "STP", _stop(liar), code="V8", **{"class": "LIFE"})
    feed.said.append(after)
    await liar.push(feed, [after])
    if liar.rng.random() < 0.7:
        await liar.push(feed, [before, after])


async def life_flood(liar: "Liar", feed: "Feed") -> None:
    """More stop requests at once than any situation has."""
    first = len(feed.said)
    for _ in range(FLOOD):
        feed.said.append(liar.statement(feed, "STP", _stop(liar), code="V8", **{"class": "LIFE"}))
    await liar.push(feed, feed.said[first:])


async def replay(liar: "Liar", feed: "Feed") -> None:
    """What was said before, again and again."""
    if feed.said:
        await liar.push(feed, [liar.rng.choice(feed.said)] * liar.rng.choice((1, 20)))


def _stop(liar: "Liar") -> dict[str, Any]:
    centre = [liar.rng.randint(350_000_000, 355_000_000), 362_000_000]
    return {"area": {"type": "circle", "centre": centre, "radius_m": 800}, "at": liar.now_ms()}


CODES: Final[dict[str, dict[str, str]]] = {
    "ACK": {"code": "L3"},
    "PAS": {"code": "V9"},
    "DON": {},
    "IDA": {"code": "V6"},
}
ACTS: Final[tuple[Act, ...]] = (
    change_line,
    change_line,
    change_line,
    act_of_nobody,
    act_on_matter,
    act_on_matter,
    exercise,
    life_out_of_order,
    life_flood,
    replay,
)
