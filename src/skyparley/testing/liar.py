"""A peer that lies: a real key and a script, no node behind it.  It speaks the protocol just well enough to be heard.

It signs two statements with one number, breaks its chain, says what others said, invents agreements, claims to have
seen what was never sent, and answers requests with whatever it likes.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from skyparley.base.canonical import canonical
from skyparley.base.errors import Fault, PeerFault
from skyparley.base.ids import digest
from skyparley.base.times import MINUTE
from skyparley.domain.agreements import agreement_id
from skyparley.domain.detection import conflict_id, pair_id
from skyparley.domain.messages.codes import HTTP_BEARERS, HttpBearerKind
from skyparley.domain.messages.envelope import PROTO, statement_hash
from skyparley.domain.messages.slots import Agreement, TermNotice
from skyparley.domain.table import table_hash
from skyparley.engine.intake import Result
from skyparley.engine.peer_service import Pushed
from skyparley.evidence import jws
from skyparley.testing import mischief
from skyparley.testing.network import Net
from skyparley.testing.parties import Party, table
from skyparley.testing.ports import SimClock, SimLuck

CLASSES: Final = {"CFL": "machine", "ERR": "machine", "LCK": "machine"}


class Feed:
    """What the liar said to one party, and what that party said to it."""

    def __init__(self, peer: Party) -> None:
        self.peer = peer
        self.said: list[str] = []
        self.heard: list[str] = []
        self.notices: dict[str, dict[str, Any]] = {}
        """The newest NTC or NCH of each notice that the party told: id -> payload."""
        self.own: dict[str, dict[str, Any]] = {}
        self.accepts: list[dict[str, Any]] = []
        self.offers: dict[str, tuple[dict[str, Any], str]] = {}
        """Proposals of the liar by hash: payload and text."""
        self.proposed: list[str] = []
        """Proposals of the party."""


class Liar:
    """An end of the network and a source of statements."""

    def __init__(self, party: Party, peers: Sequence[Party], net: Net, rng: random.Random, clock: SimClock) -> None:
        self.party = party
        self._net = net
        self.rng = rng
        self._clock = clock
        self._luck = SimLuck(f"liar {rng.random()}")
        self.signer = party.signer()
        self.feeds = {peer.url: Feed(peer) for peer in peers}
        self._overheard: list[str] = []
        self.honest = 0.7
        """How often it does what a peer does."""
        self.answers = True
        """Whether it answers checks, proposals and acceptances as soon as it hears them."""
        self._under_way: set[asyncio.Task[str]] = set()
        net.ends[party.url] = self

    # --- as others ask ---------------------------------------------------------------------------------------

    async def serve(self, kind: str, payload: Any, bearer: HttpBearerKind = "http") -> Any:
        """An answer to a peer: often a true one."""
        await asyncio.sleep(0)
        text = payload[0] if kind == "push" else payload
        feed = self._feed_of(text)
        truth = self.rng.random() < self.honest
        match kind:
            case "push":
                return self._take(feed, payload, truth)
            case "hello":
                return self._answer_hello(feed, payload, truth)
            case "heartbeat":
                return self._answer_heartbeat(feed, payload, truth)
        return self._answer_catch_up(feed, payload, truth)

    def _feed_of(self, text: str) -> Feed:
        party = jws.split(text).kid.party
        for feed in self.feeds.values():
            if feed.peer.card.fingerprint == party:
                return feed
        raise PeerFault("the liar does not know you")

    def _take(self, feed: Feed, texts: Sequence[str], truth: bool) -> Any:
        results = []
        for text in texts:
            self._overheard.append(text)
            plain = payload_of(text)
            if text not in feed.heard:
                feed.heard.append(text)
                self._hear(feed, text, plain)
                if self.answers and self.rng.random() < 0.9:
                    self._answer(feed, plain)
            receipt = self._receipt(plain, text if truth else text[:-1])
            results.append(Result(statement_hash(text), "RECEIVED" if truth else self.rng.choice(_RESULTS), receipt))
        if not truth and self.rng.random() < 0.3:
            raise PeerFault("the liar hangs up")
        return Pushed(tuple(results))

    def _hear(self, feed: Feed, text: str, plain: dict[str, Any]) -> None:
        """Remember what it can act on later."""
        match plain["type"]:
            case "NTC" | "NCH":
                feed.notices[plain["slots"]["id"]] = plain
            case "ACC" if "dialog_id" in plain:
                feed.accepts.append(plain)
            case "PRO" | "CPR" if "dialog_id" in plain:
                feed.proposed.append(text)

    def _answer(self, feed: Feed, plain: dict[str, Any]) -> None:
        """Acts that do not wait: a proposal is over soon, and so is an acceptance that nobody signs."""
        match plain["type"]:
            case "LCK" if "reply_to" not in plain:
                self._soon("answers a check", self._answer_check(feed, plain))
            case "PRO" | "CPR" if "dialog_id" in plain:
                self._soon("accepts", self._accept(feed))
            case "ACC" if "dialog_id" in plain:
                self._soon("signs", self._agree(feed))

    def _soon(self, name: str, act: Awaitable[None]) -> None:
        """What a peer does at once, beside the answer to the request."""
        task = asyncio.get_running_loop().create_task(self._try(name, act))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _answer_check(self, feed: Feed, check: dict[str, Any]) -> None:
        """As a peer does: a line that is never checked never opens, and nobody deals with who is behind it."""
        members = {"class": "ADMIN", "code": "L2", "reply_to": check["msg_id"]}
        await self.say(feed, self.statement(feed, "LCK", check["slots"], **members))

    def _receipt(self, plain: dict[str, Any], text: str) -> str:
        receipt = {
            "proto": PROTO,
            "from": self.party.card.fingerprint,
            "to": plain["from"],
            "epoch": plain["epoch"],
            "seq": plain["seq"],
            "hash": statement_hash(text),
            "msg_id": plain["msg_id"],
            "received_utc": self._clock.now_ms(),
            "bearer": "http",
        }
        return self.signer.sign("machine", receipt, jws.RECEIPT)

    def _answer_heartbeat(self, feed: Feed, text: str, truth: bool) -> str:
        """Often with heads that contradict what is known of both feeds."""
        asked = payload_of(text)
        answer = {
            "proto": PROTO,
            "from": self.party.card.fingerprint,
            "to": asked["from"],
            "time": self._clock.now_ms(),
            "nonce": asked["nonce"],
            "bearer": asked["bearer"] if truth else self.rng.choice(HTTP_BEARERS),
        }
        heads = {"sent": _head(feed.said), "held": _head(feed.heard)}
        for name, head in heads.items():
            if head is not None:
                answer[name] = head if truth else {**head, "seq": head["seq"] + self.rng.choice((-1, 1, 9)) or 1}
        return self.signer.sign("machine", answer, jws.HEARTBEAT_ANSWER)

    def _answer_hello(self, feed: Feed, text: str, truth: bool) -> str:
        asked = payload_of(text)
        held = _head(feed.heard)
        if not truth and held is not None:
            held = self.rng.choice(
                [
                    {**held, "hash": digest(b"another history")},
                    {**held, "seq": held["seq"] + 7},
                    {**held, "epoch": held["epoch"] + 1},
                ]
            )
        answer = {
            "proto": PROTO,
            "from": self.party.card.fingerprint,
            "to": asked["from"],
            "time": self._clock.now_ms(),
            "nonce": asked["nonce"],
            "clock": "REAL",
            "table_hash": table_hash(table()) if truth or self.rng.random() < 0.7 else digest(b"another table"),
        }
        for name, head in (("sent", _head(feed.said)), ("held", held)):
            if head is not None:
                answer[name] = head
        return self.signer.sign("machine", answer, jws.HELLO_ANSWER)

    def _answer_catch_up(self, feed: Feed, text: str, truth: bool) -> list[str]:
        asked = payload_of(text)
        texts = feed.said if asked["feed"] == "OURS" else feed.heard
        after = [
            one
            for one in texts
            if (payload_of(one)["epoch"], payload_of(one)["seq"]) > (asked["epoch"], asked["after"])
        ]
        if truth:
            return after[:64]
        return self.rng.choice([[], ["garbage"], self._overheard[-3:], after[1:], after[:1] * 3])

    # --- what it does of its own accord --------------------------------------------------------------------------

    async def act(self) -> str:
        """One act towards one party.  Says what it was."""
        feed = self.rng.choice(list(self.feeds.values()))
        acts: list[Callable[[Feed], Any]] = [
            self._hello,
            self._notice,
            self._notice,
            self._proposal,
            self._proposal,
            self._agree,
            self._fork,
            self._broken,
            self._false_seen,
            self._stale,
            self._accept,
            self._nothing_accepted,
            self._untrue_conflict,
            self._one_signature,
            self._others_words,
            self._garbage,
            self._unknown_fields,
            self._act_of_others,
        ]
        if feed.said and self.rng.random() < 0.4:
            wrong = self.rng.choice(mischief.ACTS)
            return await self._try(wrong.__name__, wrong(self, feed))
        act = self.rng.choice(acts) if self.rng.random() < 0.6 else self._courtship(feed)
        return await self._try(act.__name__, act(feed))

    async def _try(self, name: str, work: Awaitable[None]) -> str:
        try:
            await work
        except Fault as fault:
            return f"{name}: {fault}"
        return name

    def _courtship(self, feed: Feed) -> Callable[[Feed], Any]:
        """The next step of what an honest peer would do, so that officers come to accept something of the liar's."""
        if not feed.said:
            return self.rng.choice([self._hello, self._notice])
        if any(plain["slots"]["proposal"] in feed.offers for plain in feed.accepts):
            return self._agree
        if feed.proposed and self.rng.random() < 0.5:
            return self._accept
        over = [plain["slots"]["volumes"] for plain in feed.notices.values()]
        return self._proposal if any(mine["slots"]["volumes"] in over for mine in feed.own.values()) else self._notice

    async def _hello(self, feed: Feed) -> None:
        hello = {
            "proto": PROTO,
            "from": self.party.card.fingerprint,
            "to": feed.peer.card.fingerprint,
            "time": self._clock.now_ms(),
            "nonce": self._luck.nonce(),
            "clock": "REAL",
            "table_hash": table_hash(table()),
        }
        for name, head in (("sent", _head(feed.said)), ("held", _head(feed.heard))):
            if head is not None:
                hello[name] = head
        await self._net.ask(self.party.url, feed.peer.url, "hello", self.signer.sign("machine", hello, jws.HELLO))

    async def _notice(self, feed: Feed) -> None:
        """A proper notice, over what the other said if there is anything."""
        theirs = self.rng.choice(list(feed.notices.values())) if feed.notices else None
        now = self._clock.now_ms()
        volume = {
            "shape": {"type": "circle", "centre": [352_000_000, 362_000_000], "radius_m": 12_000},
            "lower": {"ref": "FL", "ft": 14_000},
            "upper": {"ref": "FL", "ft": 17_000},
            "start": now + 30 * MINUTE,
            "end": now + 90 * MINUTE,
        }
        volumes = [volume] if theirs is None else theirs["slots"]["volumes"]
        slots: dict[str, Any] = {
            "id": f"L-{len(feed.own) + 1:04d}",
            "kind": "TRANSIT",
            "volumes": volumes,
            "due_regard": {"stated": True},
            "key": [],
        }
        text = self.statement(feed, "NTC", slots, code="N1", version=1)
        feed.own[slots["id"]] = payload_of(text)
        await self.say(feed, text)

    async def _proposal(self, feed: Feed) -> None:
        """Terms that separate, about a pair that is in conflict: an officer may well accept."""
        pairs = [
            (mine, theirs)
            for mine in feed.own.values()
            for theirs in feed.notices.values()
            if mine["slots"]["volumes"] == theirs["slots"]["volumes"]
        ]
        if not pairs:
            return
        mine, theirs = self.rng.choice(pairs)
        sides = sorted(
            (
                {"party": plain["from"], "id": plain["slots"]["id"], "version": plain["version"]}
                | ({"volumes": _above(plain["slots"]["volumes"])} if plain is mine else {})
                for plain in (mine, theirs)
            ),
            key=lambda side: (side["party"], side["id"]),
        )
        keys = [((side["party"], side["id"]), side["version"]) for side in sides]
        pair = pair_id(keys[0][0], keys[1][0])
        now = self._clock.now_ms()
        slots = {
            "conflict_id": conflict_id(pair, keys[0], keys[1], table_hash(table())),
            "kind": "VERT",
            "notices": sides,
            "until": max(slot["end"] for plain in (mine, theirs) for slot in plain["slots"]["volumes"]),
        }
        text = self.statement(
            feed,
            "PRO",
            slots,
            code="C2",
            version=1,
            dialog_id=pair,
            reply_by=now + 15 * MINUTE,
            valid_until=now + 30 * MINUTE,
        )
        feed.offers[statement_hash(text)] = (payload_of(text), text)
        await self.say(feed, text)

    async def _agree(self, feed: Feed) -> None:
        """AGR for an acceptance: the true one, or with the signature of nobody."""
        open_accepts = [plain for plain in feed.accepts if plain["slots"]["proposal"] in feed.offers]
        if not open_accepts:
            return
        accept = open_accepts[-1]
        offer, text = feed.offers[accept["slots"]["proposal"]]
        agreement = self._agreement(offer, statement_hash(text), accept["from"])
        signature = self.signer.sign_agreement(canonical(agreement).decode())
        if self.rng.random() < 0.5:
            signature = accept["slots"]["signature"]
        await self.say(
            feed,
            self.statement(
                feed,
                "AGR",
                {
                    "agreement_id": agreement_id(agreement),
                    "agreement": msgspec.to_builtins(agreement),
                    "signatures": [
                        {"party": self.party.card.fingerprint, "jws": signature},
                        {"party": accept["from"], "jws": accept["slots"]["signature"]},
                    ],
                },
                version=1,
                dialog_id=accept["dialog_id"],
            ),
        )

    def _agreement(self, offer: dict[str, Any], proposal: str, acceptor: str) -> Agreement:
        slots = offer["slots"]
        terms = msgspec.convert(slots["notices"], tuple[TermNotice, TermNotice])
        return Agreement(
            agreement=1,
            means="NO CONFLICT SEEN UNDER THESE TERMS",
            pair_id=offer["dialog_id"],
            conflict_id=slots["conflict_id"],
            proposer=offer["from"],
            acceptor=acceptor,
            proposal=proposal,
            turn=offer["version"],
            kind=slots["kind"],
            notices=terms,
            until=slots["until"],
            table_hash=offer["table_hash"],
        )

    async def _fork(self, feed: Feed) -> None:
        """Another statement under the number of the last one."""
        if feed.said:
            last = payload_of(feed.said[-1])
            text = self._sign({**last, "msg_id": self._luck.message_id()})
            await self.push(feed, [text])

    async def _broken(self, feed: Feed) -> None:
        if feed.said:
            text = self.statement(feed, "NQR", {"id": "B-0001", "field": "AREA"}, code="N6", version=1)
            await self.push(feed, [self._sign({**payload_of(text), "prev": digest(b"another statement")})])

    async def _false_seen(self, feed: Feed) -> None:
        seen = _head(feed.heard) or {"epoch": 1, "seq": 1, "hash": ""}
        lie = self.rng.choice(
            [{**seen, "hash": digest(b"never sent")}, {**seen, "seq": seen["seq"] + 50, "hash": digest(b"x")}]
        )
        plain = payload_of(self.statement(feed, "NQR", {"id": "B-0001", "field": "AREA"}, code="N6", version=1))
        await self.say(feed, self._sign({**plain, "seen": lie}))

    async def _stale(self, feed: Feed) -> None:
        """A proposal about versions of long ago, or of never."""
        offers = list(feed.offers.values())
        if offers:
            plain = dict(self.rng.choice(offers)[0])
            sides = [{**side, "version": side["version"] + 9} for side in plain["slots"]["notices"]]
            await self.say(feed, self._again(feed, plain, {**plain["slots"], "notices": sides}))

    async def _accept(self, feed: Feed) -> None:
        """ACC of terms that the party proposed: with its own signature, or with one that nobody gave to these terms."""
        if not feed.proposed:
            return
        text = feed.proposed[-1]
        offer = payload_of(text)
        agreement = self._agreement(offer, statement_hash(text), self.party.card.fingerprint)
        signed = canonical(agreement).decode() if self.rng.random() < 0.3 else "other terms"
        slots = {
            "proposal": statement_hash(text),
            "agreement_id": agreement_id(agreement),
            "signature": self.signer.sign_agreement(signed),
        }
        members = {"version": offer["version"], "dialog_id": offer["dialog_id"], "reply_to": offer["msg_id"]}
        await self.say(feed, self.statement(feed, "ACC", slots, code="C5", **members))

    async def _nothing_accepted(self, feed: Feed) -> None:
        slots = {
            "proposal": digest(b"nothing"),
            "agreement_id": digest(b"nothing agreed"),
            "signature": self.signer.sign_agreement("nothing"),
        }
        await self.say(
            feed, self.statement(feed, "ACC", slots, code="C5", version=1, dialog_id=digest(b"no such dialogue"))
        )

    async def _untrue_conflict(self, feed: Feed) -> None:
        """A conflict that is none, between a notice of each, if there is one of each."""
        if not feed.own or not feed.notices:
            return
        mine, theirs = (self.rng.choice(list(each.values())) for each in (feed.own, feed.notices))
        sides = sorted(((plain["from"], plain["slots"]["id"]), plain["version"]) for plain in (mine, theirs))
        pair = pair_id(sides[0][0], sides[1][0])
        slots = {
            "pair_id": pair,
            "conflict_id": conflict_id(pair, sides[0], sides[1], table_hash(table())),
            "notices": [{"party": key[0], "id": key[1], "version": version} for key, version in sides],
            "volumes": [0, self.rng.choice((0, 60))],
            "gaps": {"lateral_m": self.rng.choice((0, 5_000)), "vertical_ft": 0, "time_ms": 0},
        }
        await self.say(feed, self.statement(feed, "CFL", slots, code="C1"))

    async def _one_signature(self, feed: Feed) -> None:
        """An agreement that nobody accepted, signed twice by the liar."""
        if not feed.offers:
            return
        offer, text = self.rng.choice(list(feed.offers.values()))
        agreement = self._agreement(offer, statement_hash(text), feed.peer.card.fingerprint)
        signature = self.signer.sign_agreement(canonical(agreement).decode())
        slots = {
            "agreement_id": agreement_id(agreement),
            "agreement": msgspec.to_builtins(agreement),
            "signatures": [
                {"party": party, "jws": signature}
                for party in (self.party.card.fingerprint, feed.peer.card.fingerprint)
            ],
        }
        await self.say(feed, self.statement(feed, "AGR", slots, version=1, dialog_id=offer["dialog_id"]))

    async def _others_words(self, feed: Feed) -> None:
        """What somebody said to the liar, said again to a third."""
        if self._overheard:
            await self.push(feed, [self.rng.choice(self._overheard)])

    async def _garbage(self, feed: Feed) -> None:
        plain = payload_of(self.statement(feed, "NQR", {"id": "B-0001", "field": "AREA"}, code="N6", version=1))
        loose = self.signer._sign_bytes("desk", msgspec.json.encode(plain) + b" ", jws.STATEMENT)
        deep = self._sign({**plain, "slots": {"x": [[[[[[[[[[[[[1]]]]]]]]]]]]]}})
        huge = self._sign({**plain, "slots": {"x": "y" * 70_000}})
        head, body, tail = self._sign(plain).split(".")
        for text in (loose, deep, huge, f"{head}.{body}.{tail[::-1]}", f"{head}..{tail}"):
            await self.push(feed, [text])

    async def _unknown_fields(self, feed: Feed) -> None:
        """Right in its chain, wrong in its meaning: it takes its number and changes nothing."""
        slots = {"id": "B-0001", "field": "AREA", "target": "none of that"}
        await self.say(feed, self.statement(feed, "NQR", slots, code="N6", version=1))

    async def _act_of_others(self, feed: Feed) -> None:
        """Cancels or changes a notice that belongs to the one it speaks to."""
        if feed.notices:
            theirs = self.rng.choice(list(feed.notices.values()))
            slots = {"id": theirs["slots"]["id"], "reason": "WX"}
            await self.say(feed, self.statement(feed, "NCX", slots, code="N3", version=theirs["version"]))

    # --- statements ----------------------------------------------------------------------------------------------

    def statement(self, feed: Feed, kind: str, slots: dict[str, Any], **members: Any) -> str:
        """The next statement of the feed, properly chained; it is not said yet."""
        plain: dict[str, Any] = {
            "proto": PROTO,
            "from": self.party.card.fingerprint,
            "to": feed.peer.card.fingerprint,
            "msg_id": self._luck.message_id(),
            "role": CLASSES.get(kind, "desk"),
            "class": "ADMIN" if kind == "ERR" else "COORD",
            "type": kind,
            "created_utc": self._clock.now_ms(),
            "clock_quality": "GOOD",
            "table_hash": table_hash(table()),
            "slots": slots,
            **members,
        }
        if plain["class"] == "LIFE":
            del plain["table_hash"]
        return self._next(feed, plain)

    def now_ms(self) -> int:
        """By its own clock."""
        return self._clock.now_ms()

    def new_id(self) -> str:
        return self._luck.message_id()

    @staticmethod
    def payload(text: str) -> dict[str, Any]:
        """What a statement says; nobody may change it."""
        return payload_of(text)

    def _again(self, feed: Feed, plain: dict[str, Any], slots: dict[str, Any]) -> str:
        kept = {name: value for name, value in plain.items() if name not in ("prev", "seen", "seq", "epoch")}
        return self._next(feed, {**kept, "msg_id": self._luck.message_id(), "slots": slots})

    def _next(self, feed: Feed, plain: dict[str, Any]) -> str:
        last = _head(feed.said)
        plain |= {"epoch": 1, "seq": 1} if last is None else {"epoch": last["epoch"], "seq": last["seq"] + 1}
        if last is not None:
            plain["prev"] = last["hash"]
        seen = _head(feed.heard)
        if seen is not None:
            plain["seen"] = seen
        return self._sign(plain)

    def _sign(self, plain: dict[str, Any]) -> str:
        return self.signer.sign(plain["role"], plain, jws.STATEMENT)

    async def say(self, feed: Feed, text: str) -> None:
        """On the record of the feed: from here on the liar keeps to it, or says that it does."""
        feed.said.append(text)
        await self.push(feed, [text])

    async def push(self, feed: Feed, texts: Sequence[str]) -> None:
        await self._net.ask(self.party.url, feed.peer.url, "push", tuple(texts))


_RESULTS: Final = ("RECEIVED", "DUPLICATE", "GAP", "FORK", "BROKEN", "NONSENSE")


@lru_cache(maxsize=4_096)
def payload_of(text: str) -> dict[str, Any]:
    """The payload of a signed text.  Kept, since everybody looks at each: nobody may change it."""
    plain: dict[str, Any] = msgspec.json.decode(jws.split(text, max_bytes=100_000).payload)
    return plain


def _head(texts: Sequence[str]) -> dict[str, Any] | None:
    if not texts:
        return None
    plain = payload_of(texts[-1])
    return {"epoch": plain["epoch"], "seq": plain["seq"], "hash": statement_hash(texts[-1])}


def _above(volumes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same volumes, a good deal higher."""
    return [
        {
            **slot,
            "lower": {"ref": "FL", "ft": slot["lower"]["ft"] + 40_000},
            "upper": {"ref": "FL", "ft": slot["upper"]["ft"] + 40_000},
        }
        for slot in volumes
    ]
