"""Whole nodes without a network, a disk or a clock: decide, fold, react, seal; a test carries the statements by hand.

The loop is the sequencer's, so what a test sees is what a node does.  Every event goes through its stored form, and
the journal is a list that can be replayed.  `World` holds the nodes and the one clock; `settle` carries all that waits.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from skyparley.base import limits
from skyparley.base.canonical import canonical
from skyparley.base.errors import Refusal
from skyparley.base.ids import Fingerprint, b64url
from skyparley.base.times import HOUR, MINUTE, parse_utc
from skyparley.domain import commands as c
from skyparley.domain.decide import decide
from skyparley.domain.events import Event, StatementOwed, StatementSealed, decode, encode
from skyparley.domain.lines import must_wait
from skyparley.domain.messages.envelope import PROTO, Envelope, FeedHead, read_chain, read_meaning, statement_hash
from skyparley.domain.messages.receipt import Receipt
from skyparley.domain.messages.slots import CircleSlot, DueRegard, FlSlot, LevelSlot, VolumeSlot
from skyparley.domain.react import react
from skyparley.domain.records import NOTHING, AgreementRecord, Conflict, Draft, Feed, Notice, OwedDraft
from skyparley.domain.table import Table, parse_table
from skyparley.domain.view import Item, Moment
from skyparley.domain.voice_records import HeardDraft
from skyparley.engine.signer import Signer
from skyparley.evidence import card as cards
from skyparley.evidence import jws
from skyparley.evidence.keys import ROLES, SigningRole, from_seed, public_bytes
from skyparley.state.fold import fold
from skyparley.state.projection import State

TABLES: Final = Path(__file__).parents[2] / "src" / "skyparley" / "domain" / "tables"
TABLE: Final = parse_table((TABLES / "military.toml").read_text())
T0: Final = parse_utc("2026-11-22T06:00Z")
"""When every world begins."""
STATED: Final = DueRegard(stated=True)


def fl(level: int) -> FlSlot:
    """A flight level, as people say it: fl(200)."""
    return FlSlot(ft=level * 100)


def circle(
    east_km: float = 0.0,
    *,
    radius_km: float = 10.0,
    levels: tuple[LevelSlot, LevelSlot] = (fl(200), fl(240)),
    hours: tuple[float, float] = (3.0, 4.0),
) -> VolumeSlot:
    """A circle on the equator, so many kilometres east of a fixed point, in hours after T0."""
    centre = (0, round(30e7 + east_km / 111.195 * 1e7))
    window = {"start": round(T0 + hours[0] * HOUR), "end": round(T0 + hours[1] * HOUR)}
    return VolumeSlot(
        shape=CircleSlot(centre=centre, radius_m=round(radius_km * 1000)), lower=levels[0], upper=levels[1], **window
    )


@cache
def _party(name: str) -> tuple[cards.Card, dict[SigningRole, Any]]:
    party = from_seed(sha256(f"{name} party".encode()).digest())
    keys: dict[SigningRole, Any] = {role: from_seed(sha256(f"{name} {role}".encode()).digest()) for role in ROLES}
    roles = tuple(
        cards.RoleKey(role=role, key=b64url(public_bytes(key)), from_ms=0, until_ms=10**14)
        for role, key in keys.items()
    )
    bearers = (cards.Bearer(kind="http", url=f"http://{name.lower()}.invalid"),)
    draft = cards.Draft(name=name, roles=roles, bearers=bearers, clock="REAL", issued_ms=0)
    return cards.read_card(cards.make_card(draft, party)), keys


class Node:
    """One party's node.  Statements it sealed wait in `waiting` until somebody carries them."""

    def __init__(self, world: "World", name: str, table: Table) -> None:
        self.world = world
        self.card, keys = _party(name)
        self.name, self.party, self.table = name, self.card.fingerprint, table
        self.signer = Signer(self.card, keys)
        self.keys = keys
        self.state = self.fresh()
        self.journal: list[tuple[int, str, int, bytes]] = []
        self.events: list[Event] = []
        self.sent: dict[Fingerprint, list[str]] = {}
        self.carried: dict[Fingerprint, int] = {}
        self.asked = 0
        self.run(c.Start(software="test"))

    def fresh(self) -> State:
        return State(self.card, self.table, "REAL", keep_ms=self.world.keep_ms)

    # --- commands ---------------------------------------------------------------------------------------------

    def run(self, command: c.Command) -> c.Outcome | Refusal:
        """One command, as the sequencer would: all of its events, or none."""
        moment = Moment(self.world.now, self.world.new_id, "GOOD")
        ruling = decide(self.state, command, moment)
        if isinstance(ruling, Refusal):
            return ruling
        self.happen(*ruling.items, moment=moment)
        return ruling.outcome

    def happen(self, *items: Item, moment: Moment | None = None) -> None:
        """What was decided, and what follows from it, by whomever it was decided."""
        moment = moment or Moment(self.world.now, self.world.new_id, "GOOD")
        queue: deque[Item] = deque(items)
        while queue:
            event = self._stored(self._to_event(queue.popleft(), moment))
            envelope = fold(self.state, self.state.position + 1, moment.now, event)
            if isinstance(event, StatementSealed):
                self.sent.setdefault(event.peer, []).append(event.jws)
            queue.extend(react(self.state, event, envelope, moment))
            assert len(self.journal) < 100_000, "a reaction has an end"

    def _to_event(self, item: Item, moment: Moment) -> Event:
        if isinstance(item, OwedDraft):
            text = self.signer.seal(self.state, item.draft, moment.quality)
            return StatementSealed(peer=item.draft.peer, jws=text, owed=True)
        if isinstance(item, HeardDraft):
            return self.signer.heard(item)
        if not isinstance(item, Draft):
            return item
        line = self.state.lines[item.peer]
        if must_wait(line, item):
            return StatementOwed(draft=item)
        return StatementSealed(peer=item.peer, jws=self.signer.seal(self.state, item, moment.quality))

    def _stored(self, event: Event) -> Event:
        kind, schema, content = encode(event)
        self.journal.append((self.world.now, kind, schema, content))
        read = decode(kind, msgspec.json.decode(content))
        assert encode(read) == (kind, schema, content), "what is journaled reads back"
        self.events.append(read)
        return read

    def desk(self, command: c.DeskCommand, *, account: str = "officer", key: str = "") -> c.Outcome | Refusal:
        """A desk's act with a fresh idempotency key, or the one given."""
        self.asked += 1
        request = b64url(sha256(repr(command).encode()).digest())
        return self.run(c.ByDesk(command=command, account=account, key=key or f"k{self.asked}", request=request))

    def done(self, command: c.DeskCommand) -> c.Outcome:
        """A desk's act that must succeed."""
        answer = self.desk(command)
        assert isinstance(answer, c.Outcome), answer
        return answer

    def refused(self, command: c.DeskCommand) -> list[str]:
        """The codes with which a desk's act is refused; the state stays as it was."""
        before = len(self.journal)
        answer = self.desk(command)
        assert isinstance(answer, Refusal), answer
        assert len(self.journal) == before, "a refusal changes nothing"
        return [reason.code for reason in answer.reasons]

    def file(self, *volumes: VolumeSlot, to: Sequence["Node"] = (), **members: Any) -> Notice:
        """A notice filed; what it conflicts with goes into the key unless a key is given."""
        members.setdefault(
            "key", tuple(self.state.notices[hit.notice].ref for hit in self.state.hits(self.party, volumes))
        )
        members.setdefault("kind", "TRANSIT")
        command = c.FileNotice(volumes=volumes, due_regard=STATED, audience=tuple(node.name for node in to), **members)
        return self.notice(str(self.done(command).refs["id"]))

    def change(self, notice_id: str, *volumes: VolumeSlot, **members: Any) -> c.Outcome:
        """A new version of a notice of ours at its current version."""
        members.setdefault(
            "key", tuple(self.state.notices[hit.notice].ref for hit in self.state.hits(self.party, volumes))
        )
        version = self.notice(notice_id).current.version
        return self.done(c.ChangeNotice(id=notice_id, expected_version=version, volumes=volumes or None, **members))

    def propose(self, pair: str, *changes: tuple["Node", str, Sequence[VolumeSlot]]) -> c.Outcome | Refusal:
        """PRO or CPR on the dialogue as it stands here."""
        terms = tuple(c.TermChange(node.party, notice_id, tuple(volumes)) for node, notice_id, volumes in changes)
        return self.desk(c.Propose(pair_id=pair, expected_revision=self.state.conflicts[pair].revision, changes=terms))

    def answer(self, kind: type[c.Answer], pair: str, **members: Any) -> c.Outcome | Refusal:
        """ACC, REJ, SBY or WDR of the offer that is open here."""
        conflict = self.state.conflicts[pair]
        proposal = conflict.offer.proposal if conflict.offer else "0" * 43
        return self.desk(kind(pair_id=pair, expected_revision=conflict.revision, proposal=proposal, **members))

    # --- looking ------------------------------------------------------------------------------------------------

    def notice(self, notice_id: str, of: "Node | None" = None) -> Notice:
        return self.state.notices[((of or self).party, notice_id)]

    def conflict(self, pair: str | None = None) -> Conflict:
        """The conflict of a pair, or the only one."""
        if pair is not None:
            return self.state.conflicts[pair]
        (only,) = self.state.conflicts.values()
        return only

    def agreement(self) -> AgreementRecord:
        (only,) = self.state.agreements.values()
        return only

    def alarms(self) -> list[str]:
        return [alarm.code for alarm in reversed(self.state.alarms)]

    def sealed(self, peer: "Node") -> list[Envelope]:
        """All that this node sealed for a peer."""
        return [read_meaning(jws.split(text).payload) for text in self.sent.get(peer.party, [])]

    def told(self, peer: "Node") -> list[Envelope]:
        """What desks said: without the line's own checks and the state of the desk."""
        return [envelope for envelope in self.sealed(peer) if envelope.type not in ("LCK", "STAT")]

    def types(self, peer: "Node") -> list[str]:
        return [envelope.type for envelope in self.told(peer)]

    def replayed(self) -> State:
        """The state made again from the journal."""
        state = self.fresh()
        for position, (at, kind, _, content) in enumerate(self.journal, 1):
            fold(state, position, at, decode(kind, msgspec.json.decode(content)))
        return state

    # --- forging ------------------------------------------------------------------------------------------------

    def forge(self, peer: "Node", *, role: SigningRole = "desk", patch: Mapping[str, Any] = {}, **members: Any) -> str:
        """A statement that this node's own code would not make: next on the feed, any members, truly signed."""
        sent = self.state.lines[peer.party].sent
        head = sent.head if self.sent.get(peer.party) else NOTHING
        plain: dict[str, Any] = {
            "proto": PROTO,
            "epoch": 1,
            "seq": head[1] + 1,
            "from": self.party,
            "to": peer.party,
            "msg_id": self.world.new_id(),
            "role": role,
            "class": "COORD",
            "created_utc": self.world.now,
            "clock_quality": "GOOD",
            "table_hash": self.state.table_hash_of(peer.party),
        }
        if head != NOTHING:
            plain["prev"] = sent.head_hash
        plain |= members
        plain |= patch
        kept = {name: value for name, value in plain.items() if value is not None}
        return self.sign(canonical(kept), role)

    def sign(self, payload: bytes, role: SigningRole = "desk") -> str:
        kid = next(self.card.kid_of(entry) for entry in self.card.said.roles if entry.role == role)
        return jws.sign(payload, self.keys[role], kid, jws.STATEMENT)


class World:
    """Nodes and one clock.  Lines are opened by their checks unless a test leaves them out."""

    def __init__(
        self,
        *names: str,
        tables: Mapping[str, Table] = {},
        link: bool = True,
        keep_ms: int = limits.FORGET_AFTER_MS,
    ) -> None:
        self.keep_ms = keep_ms
        self.now = T0
        self.ids = 0
        self.nodes = [Node(self, name, tables.get(name, TABLE)) for name in names]
        for node in self.nodes:
            for other in self.nodes:
                if other is not node:
                    node.run(c.PinPeer(card=other.card.text))
        if link:
            for node in self.nodes:
                for other in self.nodes:
                    if other is not node:
                        self.hello(node, other)
            self.settle()

    @property
    def pair(self) -> str:
        """The pair of the only conflict, as the first node holds it."""
        return self.nodes[0].conflict().pair_id

    def new_id(self) -> str:
        self.ids += 1
        return f"00000000-0000-4000-8000-{self.ids:012x}"

    def hello(self, node: Node, other: Node) -> c.Outcome:
        """`node` hears what `other` holds and sends."""
        line = other.state.lines[node.party]
        compare = c.CompareHello(
            peer=other.party,
            table_hash=other.state.table_hash_of(node.party),
            clock="REAL",
            held=_head(line.received),
            sent=_head(line.sent),
        )
        outcome = node.run(compare)
        assert isinstance(outcome, c.Outcome)
        return outcome

    def receive(self, node: Node, text: str, *, receipt: bool = True) -> str:
        """A statement arrives; its receipt goes back unless it is lost.  Returns what became of it."""
        parsed = jws.split(text)
        chain = read_chain(parsed.payload)
        command = c.ReceiveStatement(
            peer=chain.from_, jws=text, chain=chain, payload=parsed.payload, kid=str(parsed.kid), bearer="http"
        )
        outcome = node.run(command)
        assert isinstance(outcome, c.Outcome)
        if receipt and outcome.result in ("RECEIVED", "DUPLICATE"):
            sender = next(one for one in self.nodes if one.party == chain.from_)
            sender.run(c.KeepReceipts(peer=node.party, receipts=(self.receipt(node, text),)))
        return outcome.result

    def receipt(self, node: Node, text: str) -> tuple[str, bytes]:
        chain = read_chain(jws.split(text).payload)
        at, bearer, lead = node.state.lines[Fingerprint(chain.from_)].received.receipts[chain.epoch][chain.seq - 1]
        receipt = Receipt(
            proto=PROTO,
            from_=node.party,
            to=chain.from_,
            epoch=chain.epoch,
            seq=chain.seq,
            hash=statement_hash(text),
            msg_id=chain.msg_id,
            received_utc=at,
            bearer=bearer,
            lead_class=lead or msgspec.UNSET,
        )
        return node.signer.sign("machine", receipt, jws.RECEIPT), canonical(receipt)

    def carry(self, sender: Node, to: Node, count: int | None = None, *, receipt: bool = True) -> list[str]:
        """Statements that wait, in order; all of them, or so many."""
        done = sender.carried.get(to.party, 0)
        texts = sender.sent.get(to.party, [])[done:]
        if count is not None:
            assert len(texts) >= count, f"{len(texts)} wait, not {count}"
            texts = texts[:count]
        sender.carried[to.party] = done + len(texts)
        return [self.receive(to, text, receipt=receipt) for text in texts]

    def settle(self) -> None:
        """Carry until nothing waits anywhere."""
        for _ in range(100):
            moved = [self.carry(one, two) for one in self.nodes for two in self.nodes if one is not two]
            if not any(moved):
                return
        raise AssertionError("two nodes talk without end")

    def pass_time(self, minutes: float) -> None:
        """The clock goes on, and every deadline of every node fires in its minute."""
        until = self.now + round(minutes * MINUTE)
        while True:
            due = [at for node in self.nodes if (at := node.state.deadlines.next()) is not None and at <= until]
            if not due:
                break
            self.now = max(self.now, min(due))
            for node in self.nodes:
                node.run(c.PassDeadlines())
            self.settle()
        self.now = until


def _head(feed: Feed) -> FeedHead | None:
    if feed.head == NOTHING:
        return None
    return FeedHead(epoch=feed.head[0], seq=feed.head[1], hash=feed.head_hash)


def moved(volume: VolumeSlot, **members: Any) -> VolumeSlot:
    """The volume with something else about it."""
    return replace(volume, **members)


def conflicting(a_kind: str = "TRANSIT", b_kind: str = "AREA WORK") -> tuple[World, Node, Node]:
    """Two nodes that hold one conflict: A-0001 FL200-FL240 and, filed after hearing of it, B-0001 FL150-FL250."""
    world = World("A", "B")
    a, b = world.nodes
    a.file(circle(), to=[b], kind=a_kind)
    world.settle()
    b.file(circle(5, levels=(fl(150), fl(250))), to=[a], kind=b_kind)
    world.settle()
    return world, a, b
