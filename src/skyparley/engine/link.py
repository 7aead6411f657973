"""The link to one peer: HELLO and the comparison of heads, restore, catch-up, delivery with retry and back-off.

A link carries bytes; it decides and signs nothing but requests.  Whatever it learns goes to the sequencer as a command.
Each HTTP bearer of the peer has loops of its own beside the conversation: its heartbeats, and what is LIFE.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import Final

import structlog
from msgspec import UNSET

from skyparley.base import limits
from skyparley.base.canonical import MAX_SAFE_INTEGER
from skyparley.base.errors import Fault, PeerFault, Refusal
from skyparley.base.ids import Fingerprint
from skyparley.domain.commands import KeepReceipts, NoteKeys, ReceiveStatement, RestoreStatement
from skyparley.domain.key_refusals import REFUSED_WITH
from skyparley.domain.link_health import Heads, bearer_named
from skyparley.domain.messages.codes import HttpBearerKind
from skyparley.domain.messages.envelope import PROTO, FeedHead
from skyparley.domain.messages.receipt import CatchUp, Hello
from skyparley.domain.records import Line, Number
from skyparley.engine import reading
from skyparley.engine.heartbeats import Heart, Pulse
from skyparley.engine.peer_service import MACHINE, PeerService, compare
from skyparley.engine.ports import Bearer, Carried, Clock, Luck
from skyparley.engine.reading import Unusable
from skyparley.engine.sequencer import Sequencer
from skyparley.engine.signer import Signer
from skyparley.engine.statements import StatementStore, fitting
from skyparley.engine.urgent import Urgent
from skyparley.engine.waiting import sleep_or
from skyparley.engine.ways import PeerTime, Way, Ways
from skyparley.engine.ways import Stale as Stale
from skyparley.evidence import jws
from skyparley.state.projection import State

log = structlog.get_logger("skyparley.link")


_EVERYTHING: Final[Number] = (MAX_SAFE_INTEGER, 0)
"""A number behind which no feed goes on."""


class Link:
    """One task per peer.  `wake` makes it look again; `up` tells whether the last exchange worked."""

    def __init__(
        self,
        peer: Fingerprint,
        *,
        sequencer: Sequencer,
        service: PeerService,
        signer: Signer,
        bearer: Bearer,
        clock: Clock,
        luck: Luck,
        store: StatementStore,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.peer = peer
        self.up = False
        self.since_ms = clock.now_ms()
        self.last_error = ""
        self._key_refused: bool | None = None
        self._sequencer = sequencer
        self._service = service
        self._signer = signer
        self._bearer = bearer
        self._clock = clock
        self._luck = luck
        self._store = store
        self._changed = changed
        self._work = asyncio.Event()
        self._near = asyncio.Event()
        self._greet = True
        self._pull = False
        self._time = PeerTime(clock)
        self._ways = Ways()
        self._group = asyncio.TaskGroup()
        self._judging: asyncio.Task[None] | None = None
        self._loops: dict[Way, tuple[asyncio.Task[None], ...]] = {}
        self._pulse = Pulse(peer, sequencer=sequencer, clock=clock)
        self._heart = Heart(
            peer,
            sequencer=sequencer,
            signer=signer,
            bearer=bearer,
            clock=clock,
            luck=luck,
            time=self._time,
            pulse=self._pulse,
            told=self._told,
        )
        self._urgent = Urgent(
            peer, sequencer=sequencer, store=store, bearer=bearer, clock=clock, luck=luck, take=self._take_results
        )

    def wake(self, greet: bool = False) -> None:
        """Something is to be carried; with `greet`, heads are to be compared first."""
        self._greet = self._greet or greet
        self._work.set()
        self._urgent.wake()

    def heard(self, bearer: HttpBearerKind) -> None:
        """A heartbeat of the peer came in by one of our bearers."""
        self._pulse.heard(bearer, "IN")
        self._near.set()

    def spoke(self, greet: bool) -> None:
        """The peer reached us just now, so it is worth trying to reach it before the back-off is over."""
        self._near.set()
        self.wake(greet)

    async def run(self) -> None:
        """Carry until cancelled.  Transport time: a scaled clock does not hurry a retry."""
        async with asyncio.TaskGroup() as self._group:
            await self._converse()

    async def _converse(self) -> None:
        back_off_ms = limits.RETRY_FIRST_MS
        while True:
            self._work.clear()
            self._near.clear()
            try:
                await self._exchange()
                back_off_ms = limits.RETRY_FIRST_MS
                self._note(True, "")
                await self._note_keys(refused=False)
                await self._idle()
            except Stale as stale:
                self._time.correct(stale)
                log.warning("peer_clock_differs", peer=self.peer[:8], by_ms=self._time.skew_ms)
                await self._clock.sleep_ms(limits.RETRY_FIRST_MS)
            except Fault as fault:
                self._greet = True
                self._note(False, f"{fault.code}: {fault}")
                await self._note_keys(refused=fault.code in REFUSED_WITH)
                await self._rest(round(back_off_ms * self._luck.jitter()))
                back_off_ms = min(2 * back_off_ms, limits.RETRY_LAST_MS)

    def _note(self, up: bool, error: str) -> None:
        if up != self.up or error != self.last_error:
            if up != self.up:
                self.since_ms = self._clock.now_ms()
            self.up, self.last_error = up, error
            log.info("link", peer=self.peer[:8], up=up, error=error)
            self._changed()

    async def _note_keys(self, *, refused: bool) -> None:
        """Tell people why nothing arrives where their door does not take our key; and that it does again."""
        if refused == self._key_refused or (not self.up and not refused):
            return
        with contextlib.suppress(Fault):  # A node that cannot write now tells it at the next try.
            await self._sequencer.submit(NoteKeys(peer=self.peer, refused=refused))
            self._key_refused = refused

    async def _rest(self, back_off_ms: int) -> None:
        """Until the back-off is over or the peer speaks; a little at least, so that nobody sets our pace."""
        await self._clock.sleep_ms(min(back_off_ms, limits.RETRY_FIRST_MS))
        left_ms = back_off_ms - limits.RETRY_FIRST_MS
        if left_ms > 0:
            await sleep_or(self._clock, left_ms, self._near)

    async def _idle(self) -> None:
        """Until something is to be done, or it is time to compare heads again."""
        pulse_ms = await self._sequencer.read(lambda state: state.table_of(self.peer).heartbeat_ms)
        slept = await sleep_or(self._clock, max(limits.HELLO_EVERY_MS, pulse_ms), self._work)
        self._greet = self._greet or slept

    async def _look_up(self) -> None:
        """Take up the addresses of the peer's newest card.  Each has its own loops: none waits for another."""
        line = await self._line()
        if self._judging is None:
            self._judging = self._group.create_task(self._pulse.run())
        if not self._ways.take(line):
            return
        for way in [way for way in self._loops if way not in self._ways.all]:
            for task in self._loops.pop(way):
                task.cancel()
        for way in self._ways.all:
            if way not in self._loops:
                loops = (self._heart.beat(way), self._urgent.carry(way))
                self._loops[way] = tuple(self._group.create_task(loop) for loop in loops)

    def _told(self, heads: Heads) -> None:
        """What the heads of a heartbeat ask for."""
        if heads != "EQUAL":
            self.wake(heads == "COMPARE")

    async def _exchange(self) -> None:
        await self._look_up()
        await self._urgent.first(self._ways)
        if self._greet:
            await self._hello()
        if self._pull:
            await self._catch_up()
        while await self._deliver():
            pass

    # --- HELLO and restore ---------------------------------------------------------------------------------

    async def _hello(self) -> None:
        answer = await self._ways.ask(self._hello_by)
        line = await self._line()
        command = compare(self.peer, answer, self._clock.kind, fresh=True, now_ms=self._clock.now_ms())
        if line.compared != "EQUAL" and not _above(command.held, line.sent.head):
            await self._take_what_was_sent(command.sent)
        outcome = await self._sequencer.submit(command)
        assert not isinstance(outcome, Refusal), "a comparison has a result"
        if outcome.result == "AHEAD":
            assert command.held is not None, "nothing is not ahead of us"
            await self._restore(command.held.number)
            return  # Still to greet: heads are compared again before anything is sealed.
        self._greet = False
        received = await self._sequencer.read(lambda state: state.lines[self.peer].received.head)
        self._pull = command.sent is not None and command.sent.number > received

    async def _hello_by(self, way: Way) -> Hello:
        """One HELLO by one way, with its answer verified."""
        line = await self._line()
        nonce = self._luck.nonce()
        hello = await self._sequencer.read(
            lambda state: self._service.make_hello(state, self.peer, nonce, self._time.now_ms())
        )
        text = await self._bearer.hello(way.url, self._signer.sign(MACHINE, hello, jws.HELLO))
        answer = reading.read_peer_hello(
            text, line.card, self._signer.card.fingerprint, jws.HELLO_ANSWER, self._clock.now_ms()
        )
        if answer.nonce != nonce:
            raise PeerFault("the answer to HELLO repeats another nonce")
        self._pulse.heard(way.name, "OUT")
        return answer

    async def _take_what_was_sent(self, sent: FeedHead | None) -> None:
        """After a start: what the peer said before is known before anything new is sealed.  It may have bound us."""
        while _above(sent, (await self._line()).received.head) and await self._receive_some(_EVERYTHING):
            pass

    async def _restore(self, held: tuple[int, int]) -> None:
        """Refill our own feed from the peer's copy, the peer's feed to us in between, in the order in which it was.

        What we had judged is judged again: so no statement is received before one of ours that had not seen it.
        """
        while True:
            progress, wanted = await self._restore_some(held)
            received = wanted is not None and await self._receive_some(wanted)
            if not progress and not received:
                break
        while await self._receive_some(_EVERYTHING):
            pass  # What the peer answered to the last of ours is known before anything new is sealed.
        head = await self._sequencer.read(lambda state: state.lines[self.peer].sent.head)
        log.info("restored", peer=self.peer[:8], head=head, held=held)
        if head < held:
            raise PeerFault(f"the peer holds {held} of our feed and gave it back only to {head}")
        self._work.set()

    async def _restore_some(self, held: tuple[int, int]) -> tuple[bool, Number | None]:
        """Whether something came back, and the number of the peer's feed that has to be received before more can."""
        line = await self._line()
        epoch, seq = max(line.sent.head, (1, 0))
        texts, _ = await self._fetch("YOURS", epoch, seq)
        if not texts and held[0] > epoch:
            texts, _ = await self._fetch("YOURS", epoch + 1, 0)
        own = self._signer.card
        for place, text in enumerate(texts):
            try:
                parsed, chain = reading.read_statement(text, own, self.peer, None)
            except Unusable as error:
                raise PeerFault(f"the peer's copy of our feed: {error}") from None
            command = RestoreStatement(peer=self.peer, jws=text, chain=chain, payload=parsed.payload)
            outcome = await self._sequencer.submit(command)
            if isinstance(outcome, Refusal):
                first = outcome.codes == ("SEEN_FIRST",) and chain.seen is not UNSET
                return place > 0, chain.seen.number if first and chain.seen is not UNSET else None
        return (await self._line()).sent.head > line.sent.head, None

    # --- catch-up ------------------------------------------------------------------------------------------

    async def _catch_up(self) -> None:
        while await self._receive_some():
            pass
        self._pull = False

    async def _receive_some(self, until: Number | None = None) -> bool:
        """Ask for what follows on the peer's feed, up to a number.  True when something new was taken."""
        line = await self._line()
        epoch, seq = max(line.received.head, (1, 0))
        texts, bearer = await self._fetch("OURS", epoch, seq)
        if not texts:
            texts, bearer = await self._fetch("OURS", epoch + 1, 0)
        taken = False
        for text, read in zip(texts, self._read(line, texts), strict=True):
            if isinstance(read, Unusable):
                raise PeerFault(f"the peer's feed: {read}")
            parsed, chain = read
            command = ReceiveStatement(
                peer=self.peer,
                jws=text,
                chain=chain,
                payload=parsed.payload,
                kid=str(parsed.kid),
                bearer=bearer,
                refill=until is not None,
            )
            outcome = await self._sequencer.submit(command)
            if isinstance(outcome, Refusal) or outcome.result not in ("RECEIVED", "DUPLICATE"):
                break
            taken = taken or outcome.result == "RECEIVED"
            if until is not None and chain.number >= until:
                break
        return taken

    def _read(self, line: Line, texts: Sequence[str]) -> list[reading.Read]:
        own, found = self._signer.card.fingerprint, list[reading.Read]()
        for text in texts:
            try:
                found.append(reading.read_statement(text, line.card, own, self._clock.now_ms()))
            except Unusable as error:
                found.append(error)
        return reading.vouched(texts, found, line.card, own)

    async def _fetch(self, feed: str, epoch: int, after: int) -> tuple[list[str], HttpBearerKind]:
        """Statements of a feed, and the bearer by which they were fetched."""

        async def by(way: Way) -> tuple[list[str], HttpBearerKind]:
            request = CatchUp(
                proto=PROTO,
                from_=self._signer.card.fingerprint,
                to=self.peer,
                time=self._time.now_ms(),
                nonce=self._luck.nonce(),
                feed="OURS" if feed == "OURS" else "YOURS",
                epoch=epoch,
                after=after,
                limit=limits.CATCH_UP_STATEMENTS,
            )
            return await self._bearer.catch_up(way.url, self._signer.sign(MACHINE, request, jws.CATCHUP)), way.name

        return await self._ways.ask(by)

    # --- delivery ------------------------------------------------------------------------------------------

    async def _deliver(self) -> bool:
        """Carry the next batch.  True while there may be more."""
        await self._urgent.first(self._ways)
        places = await self._sequencer.read(lambda state: undelivered(state, self.peer))
        if not places:
            return False
        texts, first = for_one_bearer(fitting(await self._store.at(places)))

        async def by(way: Way) -> tuple[Way, list[Carried]]:
            return way, await self._bearer.push(way.url, texts, way.name)

        way, results = await self._ways.ask(by, first)
        odd = await self._take_results(way, results)
        if odd:
            self._greet = True
            raise PeerFault(f"the peer answered {odd} to a statement")
        return bool(results)

    async def _take_results(self, way: Way, results: Sequence[Carried]) -> str:
        """Keep the receipts.  Returns the first result that came without one; empty when all have theirs."""
        line = await self._line()
        receipts = []
        for _, result, receipt in results:
            if result in ("RECEIVED", "DUPLICATE"):
                try:
                    _, payload = reading.read_peer_receipt(
                        receipt, line.card, self._signer.card.fingerprint, self._clock.now_ms()
                    )
                except Unusable as error:
                    raise PeerFault(f"a receipt of the peer: {error}") from None
                receipts.append((receipt, payload))
        if receipts:
            self._pulse.heard(way.name, "OUT")
            await self._sequencer.submit(KeepReceipts(peer=self.peer, receipts=tuple(receipts)))
        return next((result for _, result, _ in results if result not in ("RECEIVED", "DUPLICATE")), "")

    async def _line(self) -> Line:
        return await self._sequencer.read(lambda state: state.lines[self.peer])


def _above(head: FeedHead | None, number: Number) -> bool:
    return head is not None and head.number > number


def undelivered(state: State, peer: Fingerprint) -> list[int]:
    """Journal positions of what the peer is not known to hold, oldest first, one batch; none before heads were compared."""
    line = state.lines[peer]
    if line.compared != "EQUAL" or line.sent.head <= line.delivered:
        return []
    epoch = line.sent.head[0]
    done = line.delivered[1] if line.delivered[0] == epoch else 0
    places = line.sent.places.get(epoch)
    return places.some(done, limits.STATEMENTS_PER_BATCH) if places is not None else []


def for_one_bearer(texts: Sequence[str]) -> tuple[Sequence[str], str]:
    """The first statements that may go together, and the bearer that is to carry them first where one is named.

    A line check tests one bearer, and goes alone.
    """
    for place, text in enumerate(texts):
        named = bearer_named(jws.payload_again(text))
        if named:
            return (texts[:1], named) if place == 0 else (texts[:place], "")
    return texts, ""
