"""What two nodes owe each other, in files: packed and sealed for a peer, and taken from one.

A file holds a head that counts as HELLO, receipts, and statements; each is signed, so any hand may carry it, late, twice or
never.  Nothing here is kept but what a restart may forget: a lost nonce is asked for again, a lost receipt is signed again.
Source: line-v1 12.
"""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from skyparley.base import limits
from skyparley.base.errors import Refusal
from skyparley.base.ids import Fingerprint, digest
from skyparley.domain.commands import CompareHello, KeepReceipts, NoteCarried
from skyparley.domain.messages.envelope import PROTO, FeedHead, read_chain, statement_hash
from skyparley.domain.messages.file_head import FileHead, read_file_head
from skyparley.domain.records import NOTHING, Line, Number
from skyparley.engine import reading
from skyparley.engine.peer_service import MACHINE, PeerService, head_of
from skyparley.engine.ports import Clock, Luck
from skyparley.engine.reading import Unusable
from skyparley.engine.sequencer import Sequencer
from skyparley.engine.signer import Signer
from skyparley.engine.statements import StatementStore
from skyparley.evidence import jws
from skyparley.evidence.seal_keys import SealKey
from skyparley.evidence.sealed import BadSeal, seal, unseal

FILE: Literal["file"] = "file"


class Packed(msgspec.Struct, frozen=True, kw_only=True):
    """A file for a peer, sealed, and what is in it.  `upto` is the last statement of ours in it."""

    data: bytes
    statements: int
    receipts: int
    upto: Number


class TakenFile(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file: how many statements were new, known, or not taken (with the first reason)."""

    peer: Fingerprint
    received: int = 0
    known: int = 0
    receipts: int = 0
    not_taken: int = 0
    why: str = ""


class _Owed:
    """What this process owes one peer by file, beside statements; and what it asked of it."""

    def __init__(self) -> None:
        self.receipts: dict[str, str] = {}  # statement hash -> signed receipt
        self.echo = ""  # the peer's nonce that we did not repeat yet
        self.asked: OrderedDict[str, None] = OrderedDict()  # our nonces that it may still repeat
        self.written_ms: int | None = None  # when a file was last written, in transport time
        self.again = False  # receipts of before the start were gathered
        self.begun = ("", 0)  # the file that was deferred last, and how many new statements it gave so far

    def begun_of(self, name: str) -> int:
        """How many new statements a file gave before it was deferred."""
        return self.begun[1] if self.begun[0] == name else 0

    def owe(self, statement: str, receipt: str) -> None:
        """One more receipt.  The oldest go when nobody fetches them: `held` in the head says the same with fewer words."""
        self.receipts[statement] = receipt
        while len(self.receipts) > limits.FILE_TEXTS:
            del self.receipts[next(iter(self.receipts))]


class Parcels:
    """One for the node.  `one_way`: names of peers from which nothing can come back."""

    def __init__(
        self,
        *,
        sequencer: Sequencer,
        service: PeerService,
        signer: Signer,
        store: StatementStore,
        clock: Clock,
        luck: Luck,
        seals: Sequence[SealKey] = (),
        one_way: frozenset[str] = frozenset(),
    ) -> None:
        self._sequencer = sequencer
        self._service = service
        self._signer = signer
        self._store = store
        self._clock = clock
        self._luck = luck
        self._seals = tuple(seals)
        self._one_way = one_way
        self._owed: dict[Fingerprint, _Owed] = {}

    def one_way(self, peer: Fingerprint, name: str) -> bool:
        """Whether nothing can come back from this peer, so that no receipt is possible."""
        return name in self._one_way or peer in self._one_way

    # --- packing -------------------------------------------------------------------------------------------

    async def due(self, peer: Fingerprint, *, link_up: bool) -> bool:
        """Whether a file should be written now.  While a link carries, only for LIFE that no file holds yet."""
        line = await self._line(peer)
        owed = await self._owed_to(line)
        fresh = line.sent.head > max(line.carried, line.delivered)
        if link_up:
            return fresh and await self._life_waits(line)
        if fresh or owed.receipts or owed.echo:
            return True
        if self.one_way(line.peer, line.name):
            return False
        now = self._clock.real_ms()
        late = owed.written_ms is None or now - owed.written_ms >= limits.FILE_AGAIN_MS
        return late and (line.compared != "EQUAL" or line.sent.head > line.delivered)

    async def pack(self, peer: Fingerprint) -> Packed:
        """A file with what is owed.  Nothing is forgotten by packing: `wrote` says that the file is durable.

        Raises Unusable when the card names no key to seal to.
        """
        line = await self._line(peer)
        owed = await self._owed_to(line)
        places = _to_carry(line, one_way=self.one_way(line.peer, line.name))
        statements = _fitting(await self._store.at(places), limits.FILE_CONTENT_BYTES // 2)
        receipts = _fitting(list(owed.receipts.values())[: limits.FILE_TEXTS], limits.FILE_CONTENT_BYTES // 4)
        body = "".join(f"{text}\n" for text in (*receipts, *statements)).encode("ascii")
        table_hash = await self._sequencer.read(lambda state: state.table_hash_of(peer))
        head = self._head(line, owed, table_hash=table_hash, body=digest(body))
        content = f"{self._signer.sign(MACHINE, head, jws.FILE)}\n".encode("ascii") + body
        try:
            data = seal(content, line.card, self._clock.now_ms())
        except BadSeal as error:
            raise Unusable(error.code, str(error)) from None
        if not isinstance(head.nonce, UnsetType):
            owed.asked[head.nonce] = None
            while len(owed.asked) > limits.FILE_NONCES:
                owed.asked.popitem(last=False)
        upto = _number_of(statements[-1]) if statements else NOTHING
        return Packed(data=data, statements=len(statements), receipts=len(receipts), upto=upto)

    def _head(self, line: Line, owed: _Owed, *, table_hash: str, body: str) -> FileHead:
        asks = line.compared != "EQUAL" and not self.one_way(line.peer, line.name)
        return FileHead(
            proto=PROTO,
            from_=self._signer.card.fingerprint,
            to=line.peer,
            time=self._clock.now_ms(),
            clock=self._clock.kind,
            table_hash=table_hash,
            sent=head_of(line.sent),
            held=head_of(line.received),
            nonce=self._luck.nonce() if asks else UNSET,
            echo=owed.echo or UNSET,
            body=body,
        )

    async def wrote(self, peer: Fingerprint, packed: Packed) -> None:
        """The file is durable where somebody will carry it from.

        If the process dies before this, the same is written once more; the peer takes it as known.
        """
        owed = self._owed[peer]
        for statement in list(owed.receipts)[: packed.receipts]:
            del owed.receipts[statement]
        owed.echo = ""
        owed.written_ms = self._clock.real_ms()
        if packed.upto != NOTHING:
            epoch, seq = packed.upto
            await self._sequencer.submit(NoteCarried(peer=peer, epoch=epoch, seq=seq))

    async def _life_waits(self, line: Line) -> bool:
        """Whether a LIFE statement is among what no file holds yet."""
        texts = await self._store.at(_after(line, max(line.carried, line.delivered)))
        return any(_class_of(text) == "LIFE" for text in texts)

    # --- taking --------------------------------------------------------------------------------------------

    async def take(self, data: bytes, expected: Fingerprint | None = None) -> TakenFile:
        """A file of a peer; its statements go the way of those that come by any bearer.  Twice is as good as once.

        Raises Unusable with the code of 12.4 that refuses the whole file, or DEFERRED: the same file later.
        """
        line, head, texts = await self._open(data, expected)
        owed = await self._owed_to(line)
        await self._compare(line, head, owed)
        receipts = [text for text in texts if _typ(text) == jws.RECEIPT]
        statements = [text for text in texts if _typ(text) != jws.RECEIPT]
        kept = await self._keep_receipts(line, receipts)
        counts, why = await self._take_statements(statements, owed, digest(data))
        known = counts.pop("DUPLICATE", 0)
        received = counts.pop("RECEIVED", 0)
        return TakenFile(
            peer=line.peer, received=received, known=known, receipts=kept, not_taken=sum(counts.values()), why=why
        )

    async def _take_statements(self, texts: Sequence[str], owed: _Owed, name: str) -> tuple[dict[str, int], str]:
        """How many came to what, and the first reason of what was not taken.  A file larger than a peer's share is taken
        in several goes: what was new in the goes before counts as new."""
        counts: dict[str, int] = {}
        why = ""
        try:
            for first in range(0, len(texts), limits.STATEMENTS_PER_BATCH):
                pushed = await self._service.statements(texts[first : first + limits.STATEMENTS_PER_BATCH], FILE)
                for result in pushed.results:
                    counts[result.result] = counts.get(result.result, 0) + 1
                    if result.receipt:
                        owed.owe(result.hash, result.receipt)
                    elif not why:
                        why = f"{result.result} {result.text}".strip()
                if counts.get("DEFERRED"):
                    raise Unusable("DEFERRED", "over the peer's share of statements; take the file again in a moment")
        except Unusable:
            owed.begun = (name, counts.get("RECEIVED", 0) + owed.begun_of(name))
            raise
        before = owed.begun_of(name)
        owed.begun = ("", 0)
        counts["RECEIVED"] = counts.get("RECEIVED", 0) + before
        counts["DUPLICATE"] = counts.get("DUPLICATE", 0) - before
        return counts, why

    async def _open(self, data: bytes, expected: Fingerprint | None) -> tuple[Line, FileHead, list[str]]:
        """Whose file it is, its head, and the texts behind it.  Raises Unusable."""
        own = self._signer.card.fingerprint
        try:
            content = unseal(data, own, self._seals)
        except BadSeal as error:
            raise Unusable(error.code, str(error)) from None
        first, _, body = content.partition(b"\n")
        if len(content) > limits.FILE_CONTENT_BYTES or not content.isascii() or len(first) > limits.STATEMENT_BYTES:
            raise Unusable("MALFORMED", "what was sealed is not lines of signed texts")
        text = first.decode("ascii")
        line = await self._service.line_of(text)
        parsed = reading.read_signed(text, line.card, jws.FILE, self._clock.now_ms())
        try:
            head = read_file_head(parsed.payload)
        except ValueError as error:
            raise Unusable("MALFORMED", f"the head of the file: {error}") from None
        if (head.from_, head.to) != (line.peer, own) or parsed.kid.role != "machine":
            raise Unusable("NOT_THIS_LINE", "the head of this file belongs to another line")
        if expected not in (None, line.peer):
            raise Unusable("OTHER_PEER", f"this file is from {line.name} and lies in the folder of another peer")
        if digest(body) != head.body:
            raise Unusable("FILE_DAMAGED", "the head was signed for another file than this")
        if head.clock != self._clock.kind:
            raise Unusable("CLOCK", f"this node runs on a {self._clock.kind} clock, theirs is {head.clock}")
        texts = body.decode("ascii").split("\n")[:-1]
        if len(texts) > 2 * limits.FILE_TEXTS or any(not 0 < len(one) <= limits.STATEMENT_BYTES for one in texts):
            raise Unusable("MALFORMED", "a file holds at most 1,024 receipts and 1,024 statements, one a line")
        return line, head, texts

    async def _compare(self, line: Line, head: FileHead, owed: _Owed) -> None:
        """The head as HELLO; as the answer to ours where it repeats a nonce of this process, once."""
        fresh = not isinstance(head.echo, UnsetType) and head.echo in owed.asked
        while fresh and head.echo in owed.asked:  # That nonce and all before it are used up.
            owed.asked.popitem(last=False)
        command = CompareHello(
            peer=line.peer,
            table_hash=head.table_hash,
            clock=head.clock,
            held=_or_none(head.held),
            sent=_or_none(head.sent),
            fresh=fresh,
            by_file=True,
        )
        outcome = await self._sequencer.submit(command)
        assert not isinstance(outcome, Refusal), "a comparison has a result"
        if not isinstance(head.nonce, UnsetType):
            owed.echo = head.nonce

    async def _keep_receipts(self, line: Line, texts: Sequence[str]) -> int:
        """How many receipts held.  One that does not is passed over: the statement counts as not receipted."""
        read = []
        for text in texts:
            try:
                _, payload = reading.read_peer_receipt(
                    text, line.card, self._signer.card.fingerprint, self._clock.now_ms()
                )
            except Unusable:
                continue
            read.append((text, payload))
        if read:
            await self._sequencer.submit(KeepReceipts(peer=line.peer, receipts=tuple(read)))
        return len(read)

    # --- what a restart forgot -----------------------------------------------------------------------------

    async def _owed_to(self, line: Line) -> _Owed:
        """What is owed to a peer; the first time after a start with the newest receipts for what came by file."""
        owed = self._owed.setdefault(line.peer, _Owed())
        if not owed.again:
            owed.again = True
            for text in await self._store.at(_came_by_file(line)):
                signed = await self._service.receipt_again(line.peer, text)
                owed.owe(statement_hash(text), signed)
        return owed

    async def _line(self, peer: Fingerprint) -> Line:
        return await self._sequencer.read(lambda state: state.lines[peer])


def _to_carry(line: Line, *, one_way: bool) -> list[int]:
    """Journal positions of what the next file holds: what the peer is not known to hold; what no file held before where
    nothing can come back."""
    return _after(line, max(line.carried, line.delivered) if one_way else line.delivered)


def _after(line: Line, number: Number) -> list[int]:
    """Positions of our statements behind a number, in the epoch that we write, as many as one file may hold."""
    epoch = line.sent.head[0]
    places = line.sent.places.get(epoch)
    done = number[1] if number[0] == epoch else 0
    return [] if places is None or number >= line.sent.head else places.some(done, limits.FILE_TEXTS)


def _came_by_file(line: Line) -> list[int]:
    """Positions of the newest statements of the peer that came by file."""
    epoch, seq = line.received.head
    places, taken = line.received.places.get(epoch), line.received.receipts.get(epoch)
    if places is None or taken is None:
        return []
    newest = range(max(0, seq - limits.FILE_RECEIPTS_AGAIN), seq)
    return [place for at in newest if taken[at][1] == FILE for place in places.some(at, 1)]


def _fitting(texts: Sequence[str], most_bytes: int) -> Sequence[str]:
    """As many of the first as fit."""
    size = 0
    for place, text in enumerate(texts):
        size += len(text) + 1
        if size > most_bytes:
            return texts[:place]
    return texts


class _Classed(msgspec.Struct, frozen=True, rename={"cls": "class"}):
    cls: str


def _class_of(statement: str) -> str:
    return msgspec.json.decode(jws.payload_again(statement), type=_Classed).cls


def _number_of(statement: str) -> Number:
    return read_chain(jws.payload_again(statement)).number


def _typ(text: str) -> str:
    """What a text says that it is; "" for what is no signed text, which is then refused as a statement."""
    try:
        return jws.split(text).typ
    except jws.BadSignature:
        return ""


def _or_none(head: FeedHead | UnsetType) -> FeedHead | None:
    return None if isinstance(head, UnsetType) else head
