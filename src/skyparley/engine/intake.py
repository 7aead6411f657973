"""The intake of a peer's statements, before and around what the sequencer decides: cheap things first, floods deferred.

In this order: what is known already is answered from memory; what is over the share and claims no urgency is deferred before a
signature is looked at; signatures; the shares by class; then the sequencer, a few statements of one peer at a time.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec

from skyparley.base import limits
from skyparley.base.errors import Fault, Refusal
from skyparley.base.ids import Fingerprint, digest
from skyparley.domain.commands import NoteEndedKey, NoteUnauthenticated, ReceiveStatement
from skyparley.domain.messages.codes import BearerKind
from skyparley.domain.messages.envelope import Chain, statement_hash
from skyparley.domain.records import Line
from skyparley.engine import reading
from skyparley.engine.meters import Meters
from skyparley.engine.ports import Clock
from skyparley.engine.reading import KeyEnded, Read, Unusable
from skyparley.engine.sequencer import Sequencer
from skyparley.engine.shares import Bucket, Share, Sources, deferred
from skyparley.evidence import jws
from skyparley.evidence.jws import Parsed

UNSIGNED: Final = frozenset({"MALFORMED", "UNKNOWN_KEY", "BAD_SIGNATURE"})
"""Codes of texts that nobody is known to have signed."""
_LIFE: Final = b'"class":"LIFE"'


class Result(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one statement of a batch."""

    hash: str
    result: str
    receipt: str = ""
    text: str = ""


class Intake:
    """One for the node.  `receipt` signs what is durable."""

    def __init__(
        self,
        *,
        sequencer: Sequencer,
        clock: Clock,
        own: Fingerprint,
        receipt: Callable[[Fingerprint, Chain, str], Awaitable[str]],
    ) -> None:
        self._sequencer = sequencer
        self._clock = clock
        self._own = own
        self._receipt = receipt
        self._sources = Sources()
        self._known: OrderedDict[str, Result] = OrderedDict()
        self._strangers = Bucket(1, limits.UNAUTHENTICATED_KEPT, clock.real_ms())
        self.meters = Meters(sequencer, clock)

    async def take(
        self, line: Line, texts: Sequence[str], *, bearer: BearerKind, source: str, share: Share
    ) -> list[Result]:
        """A result for each text, in order.  Raises Unusable DEFERRED where nothing of it can be taken now."""
        hashes = [statement_hash(text) for text in texts]
        fresh = [place for place, one in enumerate(hashes) if one not in self._known]
        unverified = self._sources.take(source, line.peer, len(texts), self._clock.real_ms())
        results = {place: self._known[one] for place, one in enumerate(hashes) if one in self._known}
        if results:
            await self.meters.add(line.peer, "REPLAYED", len(results))
        if fresh:
            try:
                taken = await self._fresh(line, {place: texts[place] for place in fresh}, bearer, share)
            except Unusable:  # Deferred, and cheaply: it cost no more than its bytes.
                unverified.give_back(len(fresh))
                raise
            results |= taken
            unverified.give_back(sum(one.result != "REFUSED" for one in taken.values()))
            await self._refused(line, texts, taken, source)
        return [results[place] for place in range(len(texts))]

    async def _fresh(self, line: Line, texts: dict[int, str], bearer: BearerKind, share: Share) -> dict[int, Result]:
        now = self._clock.real_ms()
        if not share.statements.has(len(texts), now) and not any(map(claims_life, texts.values())):
            await self.meters.add(line.peer, "PEER_FLOOD")
            raise deferred("statements")
        read = await self._read(line, texts, bearer)
        signed = {place: one for place, one in read.items() if isinstance(one, ReceiveStatement)}
        late = await self._over_share(line.peer, signed, share) if signed else frozenset()
        if late and len(late) == len(read):
            raise deferred("statements")
        await self._key_ended(line, texts, read)
        turns: dict[int, asyncio.Task[Result]] = {}
        for place, one in read.items():
            before = list(turns.values())
            turns[place] = asyncio.ensure_future(self._one(texts[place], one, share, before, place in late))
        return dict(zip(turns, await asyncio.gather(*turns.values()), strict=True))

    async def _over_share(self, peer: Fingerprint, signed: dict[int, ReceiveStatement], share: Share) -> frozenset[int]:
        """Which statements are over the shares of their class.  Only who signed uses up a peer's share."""
        now = self._clock.real_ms()
        life = {place for place, one in signed.items() if is_life(one)}
        others = set(signed) - life
        late: set[int] = set()
        if not life:
            share.take_request(now)
        else:
            share.requests.take(1, now)  # Where there is one: a flood of requests defers no life-safety statement.
        if others and not share.statements.take(len(others), now):
            late |= others
            await self.meters.add(peer, "PEER_FLOOD")
        if life and not share.life.take(len(life), now):
            late |= life
            await self.meters.add(peer, "LIFE_FLOOD", len(life))
        return frozenset(late)

    async def _read(
        self, line: Line, texts: dict[int, str], bearer: BearerKind
    ) -> dict[int, ReceiveStatement | Unusable]:
        """Each as a command, or why it cannot be one.  Signatures are looked at here."""
        found: list[Read] = []
        for text in texts.values():
            try:
                found.append(reading.read_statement(text, line.card, self._own, self._clock.now_ms()))
            except Unusable as error:
                found.append(error)
            await asyncio.sleep(0)  # A signature takes 0.2 ms: what else the node has to do goes in between.
        found = reading.vouched(tuple(texts.values()), found, line.card, self._own)
        return {
            place: one if isinstance(one, Unusable) else _command(line, text, one, bearer)
            for (place, text), one in zip(texts.items(), found, strict=True)
        }

    async def _one(
        self,
        text: str,
        command: ReceiveStatement | Unusable,
        share: Share,
        before: Sequence["asyncio.Task[Result]"],
        late: bool,
    ) -> Result:
        statement = statement_hash(text)
        if isinstance(command, KeyEnded):
            return Result(statement, "REFUSED", text=f"KEY_ENDED: {command}")
        if isinstance(command, Unusable):
            return Result(statement, "REFUSED", text=f"{command.code}: {command}")
        if late:
            return Result(statement, "DEFERRED")
        life = is_life(command)
        result = await self._submit(command, share, life)
        if result == "GAP" and life and before:
            # It has rung, on its signature alone.  Its receipt follows those that stand before it in the same request.
            await asyncio.gather(*before)
            result = await self._submit(command, share, life)
        if result in ("FORK", "BROKEN"):
            await self.meters.add(command.peer, result)
        if result not in ("RECEIVED", "DUPLICATE"):
            return Result(statement, result)
        receipt = await self._receipt(command.peer, command.chain, statement)
        self._know(Result(statement, "DUPLICATE", receipt))
        return Result(statement, result, receipt)

    async def _submit(self, command: ReceiveStatement, share: Share, life: bool) -> str:
        async with share.turn(life):
            outcome = await self._sequencer.submit(command)
        assert not isinstance(outcome, Refusal), "a received statement is placed, not refused"
        return outcome.result

    def _know(self, result: Result) -> None:
        """The same text again is answered the same, without a signature looked at or made: its hash covers the signature."""
        self._known[result.hash] = result
        while len(self._known) > limits.REPLAYS_KNOWN:
            self._known.popitem(last=False)

    async def _key_ended(
        self, line: Line, texts: dict[int, str], read: dict[int, "ReceiveStatement | Unusable"]
    ) -> None:
        """Whoever holds a revoked key still makes true signatures: the first is kept and told, none changes anything."""
        for place, one in read.items():
            if isinstance(one, KeyEnded):
                await self._sequencer.submit(NoteEndedKey(peer=line.peer, kid=one.kid, jws=texts[place]))
                return

    # --- what nobody is known to have signed ---------------------------------------------------------------

    async def _refused(self, line: Line, texts: Sequence[str], taken: dict[int, Result], source: str) -> None:
        """One of a request is enough for the desk; all of them are in no way kept."""
        for place, one in taken.items():
            code = one.text.partition(":")[0]
            if one.result == "REFUSED" and code in UNSIGNED:
                await self.unauthenticated(texts[place], claimed=line.peer, why=code, source=source)
                return

    async def unauthenticated(self, text: str, *, claimed: str, why: str, source: str) -> None:
        """Keep the beginning of a text as it came, a bounded number in an hour.  It changes nothing."""
        if not self._strangers.take(1, self._clock.real_ms()):
            return
        shown = text[: limits.UNAUTHENTICATED_CHARS].encode("unicode_escape").decode("ascii")
        said = NoteUnauthenticated(
            claimed=claimed,
            hash=digest(text.encode("utf-8", "surrogatepass"))[:12],
            text=shown[: limits.UNAUTHENTICATED_CHARS],
            source=source.partition(" ")[0],
            why=why,
        )
        try:
            await self._sequencer.submit(said)
        except Fault:
            return  # What cannot be kept of a stranger is no reason to fail.


def _command(line: Line, text: str, read: tuple[Parsed, Chain], bearer: BearerKind) -> ReceiveStatement:
    parsed, chain = read
    return ReceiveStatement(
        peer=line.peer, jws=text, chain=chain, payload=parsed.payload, kid=str(parsed.kid), bearer=bearer
    )


def claims_life(text: str) -> bool:
    """Whether a text that nobody has verified says that it is about life.  Only then is it worth a look when over the share."""
    try:
        return _LIFE in jws.payload_again(text)
    except (ValueError, IndexError):
        return False


class _Class(msgspec.Struct, frozen=True):
    cls: str = msgspec.field(default="", name="class")


_class: Final = msgspec.json.Decoder(_Class)


def is_life(command: ReceiveStatement) -> bool:
    """Whether a signed statement is of class LIFE by its own word: then it uses the share of that class, and no other."""
    try:
        return _class.decode(command.payload).cls == "LIFE"
    except msgspec.DecodeError:
        return False
