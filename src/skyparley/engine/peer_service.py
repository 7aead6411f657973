"""What this node answers to a peer, whatever the bearer: statements, HELLO, heartbeats, catch-up.

A peer is not trusted: rates, freshness and signatures are looked at before anything is decided.  Source: line-v1 7.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec
from msgspec import UNSET

from skyparley.base import limits
from skyparley.base.errors import Refusal
from skyparley.base.ids import Fingerprint
from skyparley.domain import link_health
from skyparley.domain.commands import CompareHello
from skyparley.domain.messages.codes import BearerKind, HttpBearerKind
from skyparley.domain.messages.envelope import PROTO, Chain, FeedHead, read_chain, statement_hash
from skyparley.domain.messages.receipt import CatchUp, Heartbeat, Hello, Receipt
from skyparley.domain.records import NOTHING, Feed, Line
from skyparley.engine import reading
from skyparley.engine.intake import Intake, Result
from skyparley.engine.ports import Clock
from skyparley.engine.reading import Unusable
from skyparley.engine.sequencer import Sequencer
from skyparley.engine.shares import Share
from skyparley.engine.signer import Signer
from skyparley.engine.statements import StatementStore
from skyparley.evidence import jws
from skyparley.state.projection import State

MACHINE: Final = "machine"


class Pushed(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to a batch: results, and the head that is now held."""

    results: tuple[Result, ...]
    head: FeedHead | msgspec.UnsetType = UNSET


class PeerService:
    """One for the node.  `wake` is called with a peer whose link has something to do, `heard` with each heartbeat."""

    def __init__(
        self,
        *,
        sequencer: Sequencer,
        signer: Signer,
        clock: Clock,
        store: StatementStore,
        wake: Callable[[Fingerprint, bool], None],
        heard: Callable[[Fingerprint, HttpBearerKind], None] = lambda peer, bearer: None,
    ) -> None:
        self._sequencer = sequencer
        self._signer = signer
        self._clock = clock
        self._store = store
        self._wake = wake
        self._heard = heard
        self._shares: dict[Fingerprint, Share] = {}
        self._intake = Intake(sequencer=sequencer, clock=clock, own=signer.card.fingerprint, receipt=self._receipt_for)

    async def statements(self, texts: Sequence[str], bearer: BearerKind, source: str = "") -> Pushed:
        """Statements of one peer, in feed order.  A receipt is signed only for what is durable.

        `source`: from where they came, as `http ADDRESS`; empty where the bearer has no sender that could flood.
        """
        try:
            line = await self.line_of(texts[0])
        except Unusable as error:
            await self.unsigned(texts[0], error.code, source or bearer)
            raise
        share = self._share(line.peer)
        results = await self._intake.take(line, texts, bearer=bearer, source=source, share=share)
        head = await self._sequencer.read(lambda state: head_of(state.lines[line.peer].received))
        if any(result.result == "GAP" for result in results):
            self._wake(line.peer, True)
        return Pushed(tuple(results), head)

    async def unsigned(self, text: str, why: str, source: str) -> None:
        """A text that nobody pinned here has signed: its beginning is kept, a bounded number in an hour."""
        try:
            claimed = reading.party_of(text)
        except Unusable:
            claimed = Fingerprint("")
        await self._intake.unauthenticated(text, claimed=claimed, why=why, source=source)

    async def _receipt_for(self, peer: Fingerprint, chain: Chain, statement: str) -> str:
        receipt = await self._sequencer.read(lambda state: _receipt(state, peer, chain.number, statement, chain.msg_id))
        return self._signer.sign(MACHINE, receipt, jws.RECEIPT)

    async def receipt_again(self, peer: Fingerprint, text: str) -> str:
        """The receipt for a statement of a peer that is held.  It says the same as the first."""
        return await self._receipt_for(peer, read_chain(jws.payload_again(text)), statement_hash(text))

    async def hello(self, text: str) -> str:
        """HELLO: compare, then answer with what we hold and send."""
        line = await self.line_of(text)
        hello = reading.read_peer_hello(text, line.card, self._signer.card.fingerprint, jws.HELLO, self._clock.now_ms())
        await self._take_request(line.peer)
        self._fresh(line.peer, hello)
        outcome = await self._sequencer.submit(compare(line.peer, hello, self._clock.kind, fresh=False))
        assert not isinstance(outcome, Refusal), "a comparison has a result"
        answer = await self._sequencer.read(
            lambda state: self.make_hello(state, line.peer, hello.nonce, self._clock.now_ms())
        )
        theirs = (0, 0) if hello.sent is UNSET else hello.sent.number
        ours = (0, 0) if answer.held is UNSET else answer.held.number
        self._wake(line.peer, outcome.result != "EQUAL" or theirs > ours)
        return self._signer.sign(MACHINE, answer, jws.HELLO_ANSWER)

    def make_hello(self, state: State, peer: Fingerprint, nonce: str, time: int) -> Hello:
        """HELLO, or its answer, of this node to a peer."""
        line = state.lines[peer]
        return Hello(
            proto=PROTO,
            from_=state.own,
            to=peer,
            time=time,
            nonce=nonce,
            clock=self._clock.kind,
            table_hash=state.table_hash_of(peer),
            sent=head_of(line.sent),
            held=head_of(line.received),
        )

    async def heartbeat(self, text: str) -> str:
        """A heartbeat: noted by its bearer, answered with our heads.  It changes nothing that was agreed."""
        line = await self.line_of(text)
        beat = reading.read_peer_heartbeat(
            text, line.card, self._signer.card.fingerprint, jws.HEARTBEAT, self._clock.now_ms()
        )
        await self._take_request(line.peer)
        self._fresh(line.peer, beat)
        self._heard(line.peer, beat.bearer)
        heads, answer = await self._sequencer.read(
            lambda state: (
                link_health.heads(state.lines[line.peer], sent=beat.sent, held=beat.held),
                make_heartbeat(state, line.peer, beat.bearer, beat.nonce, self._clock.now_ms()),
            )
        )
        if heads != "EQUAL":
            self._wake(line.peer, heads == "COMPARE")
        return self._signer.sign(MACHINE, answer, jws.HEARTBEAT_ANSWER)

    async def catch_up(self, text: str) -> list[str]:
        """Statements of one of the two feeds of this line; nobody reads a feed that is not theirs."""
        line = await self.line_of(text)
        request = reading.read_peer_catch_up(text, line.card, self._signer.card.fingerprint, self._clock.now_ms())
        await self._take_request(line.peer)
        self._fresh(line.peer, request)
        ours = request.feed == "OURS"
        places = await self._sequencer.read(
            lambda state: _places(state.lines[line.peer].sent if ours else state.lines[line.peer].received, request)
        )
        return await self._store.at(places)

    # --- before anything is decided ------------------------------------------------------------------------

    async def line_of(self, text: str) -> Line:
        """The line of whoever a signed text names.  Nothing is verified.  Raises Unusable UNKNOWN_KEY."""
        party = reading.party_of(text)
        line = await self._sequencer.read(lambda state: state.lines.get(party))
        if line is None:
            raise Unusable("UNKNOWN_KEY", "no peer with this fingerprint is pinned here")
        return line

    async def _take_request(self, peer: Fingerprint) -> None:
        try:
            self._share(peer).take_request(self._clock.real_ms())
        except Unusable:
            await self._intake.meters.add(peer, "PEER_FLOOD")
            raise

    def _share(self, peer: Fingerprint) -> Share:
        return self._shares.setdefault(peer, Share(self._clock.real_ms()))

    def _fresh(self, peer: Fingerprint, request: Hello | CatchUp | Heartbeat) -> None:
        now = self._clock.now_ms()
        nonces = self._share(peer).nonces
        old = abs(request.time - now) > limits.REQUEST_AGE_MS
        forgotten = len(nonces) >= limits.NONCES_KEPT and request.time <= next(iter(nonces.values()))
        if old or forgotten or request.nonce in nonces:
            raise Unusable("STALE", "ask again with this time and a new nonce", {"time": now})
        nonces[request.nonce] = request.time
        while len(nonces) > limits.NONCES_KEPT:
            nonces.popitem(last=False)


def head_of(feed: Feed) -> FeedHead | msgspec.UnsetType:
    """The head of a feed for the wire; absent when it is empty."""
    if feed.head == NOTHING or not feed.head_hash:
        return UNSET
    return FeedHead(epoch=feed.head[0], seq=feed.head[1], hash=feed.head_hash)


def make_heartbeat(state: State, peer: Fingerprint, bearer: HttpBearerKind, nonce: str, time: int) -> Heartbeat:
    """A heartbeat of this node to a peer, or the answer to one."""
    line = state.lines[peer]
    return Heartbeat(
        proto=PROTO,
        from_=state.own,
        to=peer,
        time=time,
        nonce=nonce,
        bearer=bearer,
        sent=head_of(line.sent),
        held=head_of(line.received),
    )


def compare(peer: Fingerprint, hello: Hello, own_clock: str, *, fresh: bool, now_ms: int = 0) -> CompareHello:
    """The command that a HELLO comes to.  A REAL node refuses a SCALED one, and the other way round.

    `now_ms`: our clock when a fresh answer came; its time was said just now, so it shows how far the clocks are apart.
    """
    if hello.clock != own_clock:
        raise Unusable("CLOCK", f"this node runs on a {own_clock} clock, yours is {hello.clock}")
    return CompareHello(
        peer=peer,
        table_hash=hello.table_hash,
        clock=hello.clock,
        held=None if hello.held is UNSET else hello.held,
        sent=None if hello.sent is UNSET else hello.sent,
        fresh=fresh,
        skew_ms=hello.time - now_ms if fresh and now_ms else 0,
    )


def _receipt(state: State, peer: Fingerprint, number: tuple[int, int], statement: str, msg_id: str) -> Receipt:
    epoch, seq = number
    received_utc, bearer, lead = state.lines[peer].received.receipts[epoch][seq - 1]
    return Receipt(
        proto=PROTO,
        from_=state.own,
        to=peer,
        epoch=epoch,
        seq=seq,
        hash=statement,
        msg_id=msg_id,
        received_utc=received_utc,
        bearer=bearer,
        lead_class=lead or UNSET,
    )


def _places(feed: Feed, request: CatchUp) -> list[int]:
    places = feed.places.get(request.epoch)
    return places.some(request.after, request.limit) if places is not None else []
