"""The party that tests: its line with the node, what it says and what it hears.  One for a run."""

import asyncio
import secrets
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Final

from skyparley.base.canonical import NotCanonical, parse_canonical
from skyparley.base.ids import b64url, digest
from skyparley.conform import schemas
from skyparley.conform.heard import NOTHING, Heard, HeardFeed, Number, head_of
from skyparley.conform.identity import Identity
from skyparley.conform.requirement import CannotRun, Fails, need
from skyparley.conform.target import CATCH_UP, HELLO, STATEMENTS, Answer, Target
from skyparley.evidence import jws
from skyparley.evidence.card import Card

PROTO: Final = "skyparley/1"
BATCH: Final = 64  # line-v1 7.1
HEARD_S: Final = 15.0  # a machine's answer is waited for so long: its receipt is due within 10 s
DeskAsk = Callable[[dict[str, Any]], Awaitable[None]]


class Probe:
    """`desk`, where there is one, has people at the tested node do what only people do there."""

    def __init__(
        self,
        identity: Identity,
        card: Card,
        target: Target,
        *,
        desk: DeskAsk | None = None,
        table: dict[str, int] | None = None,
    ) -> None:
        self.identity = identity
        self.card = card
        self.target = target
        self.desk = desk
        self.table = table
        self.own = identity.fingerprint
        self.peer = card.fingerprint
        self.heard = HeardFeed(card, self.own)
        self.said: dict[Number, str] = {}
        self.head: Number = NOTHING
        self.table_hash = ""
        self.received_utc: dict[Number, int] = {}
        self.cache: dict[str, Any] = {}
        self._skew_ms = 0
        self._news = asyncio.Condition()

    # --- time and names ------------------------------------------------------------------------------------

    def now_ms(self) -> int:
        """The node's clock, as far as it told us."""
        return time.time_ns() // 1_000_000 + self._skew_ms

    def fresh_id(self) -> str:
        """A notice id that was never used."""
        return f"P-{secrets.token_hex(6).upper()}"

    def fresh_nonce(self) -> str:
        """A nonce that was never used."""
        return b64url(secrets.token_bytes(16))

    # --- HELLO and catch-up --------------------------------------------------------------------------------

    def hello_members(self, **other: Any) -> dict[str, Any]:
        """The payload of a HELLO, or its answer, of ours.  A member given as None is left out."""
        said: dict[str, Any] = {
            "proto": PROTO,
            "from": self.own,
            "to": self.peer,
            "time": self.now_ms(),
            "nonce": self.fresh_nonce(),
            "clock": self.card.said.clock,
            "table_hash": self.table_hash or "0" * 43,
        }
        if self.head != NOTHING:
            said["sent"] = head_of(self.head, self.hash_of(self.head))
        if self.heard.head != NOTHING:
            said["held"] = head_of(self.heard.head, self.heard.head_hash)
        return {name: value for name, value in (said | other).items() if value is not None}

    def make_hello(self, *, name: str = "machine", **other: Any) -> str:
        """A HELLO with some members of a test."""
        return self.identity.sign(self.hello_members(**other), jws.HELLO, name)

    def make_catch_up(self, *, name: str = "machine", **other: Any) -> str:
        """A catch-up request with some members of a test."""
        said = {
            "proto": PROTO,
            "from": self.own,
            "to": self.peer,
            "time": self.now_ms(),
            "nonce": self.fresh_nonce(),
            "feed": "YOURS",
            "epoch": max(self.head[0], 1),
            "after": 0,
            "limit": BATCH,
        } | other
        return self.identity.sign(said, jws.CATCHUP, name)

    async def hello(self) -> dict[str, Any]:
        """A right HELLO, and what the answer says.  Raises Fails when it is not an answer of line-v1 7.2."""
        answer = await self.target.post(HELLO, self.make_hello())
        need(answer.status == 200, f"HELLO was answered {answer.shown}")
        return self.read(answer.text(), jws.HELLO_ANSWER, "hello-answer")

    async def catch_up(self, **members: Any) -> list[str]:
        """Statements of a feed."""
        answer = await self.target.post(CATCH_UP, self.make_catch_up(**members))
        need(answer.status == 200, f"catch-up was answered {answer.shown}")
        text = answer.text()
        return text.split("\n") if text else []

    def read(self, text: str, typ: str, schema: str) -> dict[str, Any]:
        """The payload of a signed text of the node's machine for us, by its schema.  Raises Fails."""
        try:
            parsed = jws.read(text, typ=typ, key_of=self.card.role_key)
            said = parse_canonical(parsed.payload, max_bytes=64 * 1024, max_depth=12)
        except (jws.BadSignature, NotCanonical) as error:
            raise Fails(f"the {schema} does not hold: {error}") from None
        schemas.check(schema, said)
        need(parsed.kid.role == "machine", f"the {schema} is signed by role {parsed.kid.role}")
        need((said["from"], said["to"]) == (self.peer, self.own), f"the {schema} is of another line")
        return dict(said)

    # --- the start -----------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Find the line as it is: the clock, the table, both feeds.

        Raises CannotRun when the node does not take us for a peer.
        """
        try:
            said = await self._first_hello()
            self.table_hash = said["table_hash"]
            await self._take_back(said)
            await self.hello()  # Heads are right now, and the node learns that we are there.
        except Fails as fails:
            raise CannotRun(f"the line does not begin: {fails}") from None

    async def _first_hello(self) -> dict[str, Any]:
        answer = await self.target.post(HELLO, self.make_hello())
        if answer.status == 401 and answer.code == "STALE":
            self._skew_ms = int(answer.json()["error"]["time"]) - time.time_ns() // 1_000_000
            answer = await self.target.post(HELLO, self.make_hello())
        if answer.status == 401:
            raise CannotRun(f"the node answered {answer.shown}: it must pin the card of the party that tests it")
        need(answer.status == 200, f"HELLO was answered {answer.shown}")
        said = self.read(answer.text(), jws.HELLO_ANSWER, "hello-answer")
        self._skew_ms = said["time"] - time.time_ns() // 1_000_000
        return said

    def _keep_again(self, text: str) -> None:
        """A statement of ours as the node gives it back.  Raises Fails when it is none."""
        try:
            jws.read(text, typ=jws.STATEMENT, key_of=self.identity.card.role_key)
            self.keep(text)
        except (jws.BadSignature, NotCanonical, LookupError, TypeError):
            raise Fails("what it gives back as our feed is no statement of ours") from None

    async def find_again(self) -> None:
        """After a test that failed: our feed as the node holds it, whatever the test made of it."""
        try:
            said = await self.hello()
            held = said.get("held")
            number = (held["epoch"], held["seq"]) if held else NOTHING
            self.said = {one: text for one, text in self.said.items() if one <= number}
            self.head = max(self.said, default=NOTHING)
            await self._take_back(said)
        except Fails:
            pass  # The next test says so itself.

    async def _take_back(self, said: dict[str, Any]) -> None:
        """Both feeds, as earlier runs left them."""
        held, sent = said.get("held"), said.get("sent")
        for epoch in range(max(1, self.head[0]), held["epoch"] + 1 if held else 1):
            while texts := await self.catch_up(feed="YOURS", epoch=epoch, after=self._last_of(epoch)):
                before = self._last_of(epoch)
                for text in texts:
                    self._keep_again(text)
                need(self._last_of(epoch) > before, "catch-up gives again what it gave")
        if held is not None:
            need(self.head == (held["epoch"], held["seq"]), "what the node holds of our feed is not what it gives back")
        for epoch in range(max(1, self.heard.head[0]), sent["epoch"] + 1 if sent else 1):
            after = self._heard_of(epoch)
            while texts := await self.catch_up(feed="OURS", epoch=epoch, after=after):
                results = [self.take(text) for text in texts]
                need(set(results) <= {"RECEIVED", "DUPLICATE"}, f"its own feed does not verify: {', '.join(results)}")
                # It may carry the same to our door meanwhile, so that all of these are duplicates.
                need(self._heard_of(epoch) > after, "catch-up gives again what it gave")
                after = self._heard_of(epoch)

    def _last_of(self, epoch: int) -> int:
        return max((number[1] for number in self.said if number[0] == epoch), default=0)

    def _heard_of(self, epoch: int) -> int:
        return max((number[1] for number in self.heard.statements if number[0] == epoch), default=0)

    # --- hearing -------------------------------------------------------------------------------------------

    def take(self, text: str) -> str:
        """A statement of the node, by whatever way: its result."""
        result = self.heard.take(text)
        if result == "RECEIVED":
            self.received_utc[self.heard.head] = self.now_ms()
        return result

    async def noted(self) -> None:
        """The door took something up: whoever waits looks again."""
        async with self._news:
            self._news.notify_all()

    async def wait_for(self, fits: Callable[[Heard], bool], what: str, *, wait_s: float | None = None) -> Heard:
        """The first statement of the node that fits.  Raises Fails when none comes."""

        def found() -> Heard | None:
            return next((one for one in reversed(self.heard.statements.values()) if fits(one)), None)

        most_s = HEARD_S if wait_s is None else wait_s
        try:
            async with asyncio.timeout(most_s):
                async with self._news:
                    await self._news.wait_for(lambda: found() is not None)
        except TimeoutError:
            raise Fails(f"{what} did not come within {most_s:.0f} s") from None
        one = found()
        assert one is not None, "a statement that was heard stays"
        return one

    # --- saying --------------------------------------------------------------------------------------------

    def hash_of(self, number: Number) -> str:
        """The hash of a statement of ours."""
        return digest(self.said[number].encode("ascii"))

    def members(self, kind: str, slots: dict[str, Any], **other: Any) -> dict[str, Any]:
        """The payload of our next statement.  A member given as None is left out."""
        number = (max(self.head[0], 1), self.head[1] + 1)
        said: dict[str, Any] = {
            "proto": PROTO,
            "epoch": number[0],
            "seq": number[1],
            "from": self.own,
            "to": self.peer,
            "msg_id": str(uuid.uuid4()),
            "role": "desk",
            "class": "COORD",
            "type": kind,
            "created_utc": self.now_ms(),
            "clock_quality": "GOOD",
            "table_hash": self.table_hash,
            "slots": slots,
        }
        if number[1] > 1:
            said["prev"] = self.hash_of(self.head)
        if self.heard.head != NOTHING:
            said["seen"] = head_of(self.heard.head, self.heard.head_hash)
        return {name: value for name, value in (said | other).items() if value is not None}

    def sealed(self, said: dict[str, Any], name: str = "") -> str:
        """A statement with this payload, signed by the role that it says or by the key that is named."""
        return self.identity.sign(said, jws.STATEMENT, name or said.get("role", "desk"))

    async def push(self, *texts: str) -> list[dict[str, Any]]:
        """Results for statements, once the answer has the shape of line-v1 7.1.  Raises Fails."""
        answer = await self.target.post(STATEMENTS, "\n".join(texts))
        return self.results(answer, texts)["results"]  # type: ignore[no-any-return]

    def results(self, answer: Answer, texts: tuple[str, ...]) -> dict[str, Any]:
        """The answer to statements, judged: one result for each, in order, with its hash."""
        need(answer.status == 200, f"statements were answered {answer.shown}")
        plain = answer.json()
        fits = isinstance(plain, dict) and set(plain) <= {"results", "head"} and isinstance(plain.get("results"), list)
        need(fits, "the answer to statements is {results, head}")
        results = plain["results"]
        need(
            all(isinstance(one, dict) and {"hash", "result"} <= set(one) for one in results), "a result lacks a member"
        )
        hashes = [digest(text.encode("utf-8")) for text in texts]
        need([one["hash"] for one in results] == hashes, "the results are not one for each statement, in order")
        for one in results:
            receipted = one["result"] in ("RECEIVED", "DUPLICATE")
            need(
                ("receipt" in one) == receipted, f"{one['result']} comes {'without' if receipted else 'with'} a receipt"
            )
        return dict(plain)

    async def say(self, kind: str, slots: dict[str, Any], **other: Any) -> tuple[str, dict[str, Any]]:
        """A statement that the node must take: its text and its receipt.  Raises Fails."""
        return await self.say_text(self.sealed(self.members(kind, slots, **other)))

    async def say_text(self, text: str) -> tuple[str, dict[str, Any]]:
        """A statement that was sealed, pushed and kept as ours."""
        (result,) = await self.push(text)
        need(
            result["result"] == "RECEIVED",
            f"the next statement was answered {result['result']} {result.get('text', '')}",
        )
        self.keep(text)
        return text, self.read(result["receipt"], jws.RECEIPT, "receipt")

    def keep(self, text: str) -> None:
        """A statement of ours that the node took."""
        payload = parse_canonical(jws.split(text).payload, max_bytes=64 * 1024, max_depth=12)
        number = (payload["epoch"], payload["seq"])
        self.said[number] = text
        self.head = max(self.head, number)

    # --- what follows ----------------------------------------------------------------------------------------

    async def error_for(self, text: str, *codes: str) -> Heard:
        """The ERR that answers a statement of ours, with one of these codes.  Raises Fails."""
        wanted = digest(text.encode("ascii"))
        heard = await self.wait_for(
            lambda one: one.said.get("type") == "ERR" and one.slots.get("hash") == wanted, f"ERR {' or '.join(codes)}"
        )
        need(heard.slots["code"] in codes, f"ERR {heard.slots['code']} came; {' or '.join(codes)} is right")
        return heard

    async def no_error_for(self, *texts: str) -> None:
        """Raises Fails if an ERR came for one of these.  Statements are answered in their order: so one that must be
        answered is said behind them, and its answer waited for."""
        last, _ = await self.say("NQR", {"id": self.fresh_id(), "field": "AREA"}, code="N6", version=1)
        await self.error_for(last, "NOT_OURS")
        hashes = {digest(text.encode("ascii")) for text in texts}
        for one in self.heard.statements.values():
            if one.said.get("type") == "ERR" and one.slots.get("hash") in hashes:
                raise Fails(f"ERR {one.slots.get('code')} came for a statement that is right")
