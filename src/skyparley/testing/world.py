"""One simulated world: its parties, its faults, its officers, its liar, and the checkers that watch at every step."""

import asyncio
import itertools
import random
from collections.abc import Coroutine, Sequence
from typing import Any, Final

import msgspec

from skyparley.base import limits
from skyparley.base.canonical import canonical
from skyparley.base.errors import Fault
from skyparley.base.ids import digest
from skyparley.base.times import HOUR, MINUTE
from skyparley.domain.events import AgreementVoid, NoticeChanged, NoticeFiled, StatementReceived, decode
from skyparley.domain.messages.catalogue import FIRST_TELLS
from skyparley.domain.messages.codes import HTTP_BEARERS
from skyparley.domain.messages.envelope import statement_hash
from skyparley.domain.messages.slots import Agreement, VolumeSlot
from skyparley.engine.journal_port import Entry
from skyparley.state.projection import State
from skyparley.state.views import overview
from skyparley.testing import checkers, line_checkers
from skyparley.testing.desk import Desk
from skyparley.testing.faults import Faults
from skyparley.testing.host import Host
from skyparley.testing.liar import Liar, payload_of
from skyparley.testing.loop import sim_loop
from skyparley.testing.network import LATEST_S, Net
from skyparley.testing.parties import Party, party, table
from skyparley.testing.ports import START_MS, SimClock
from skyparley.testing.record import Record
from skyparley.testing.tape import Trace, Violation, content_of

STEPS: Final = 60
KEEP_MS: Final = (MINUTE, MINUTE, 10 * MINUTE, HOUR, limits.FORGET_AFTER_MS)
"""How long what is over stays in memory in a world: mostly so short that it leaves while faults go on."""
SETTLE_S: Final = 240
"""Virtual seconds after which an undisturbed line must have come to rest."""
OFF_MS: Final = HOUR
"""By how much the clock of one node is wrong in some worlds."""


class Bond:
    """What an agreement binds a node to, as its journal says."""

    def __init__(self, text: bytes, agreement: Agreement) -> None:
        self.text = text
        self.agreement = agreement
        self.void = False


class World:
    """Everything of one seed.  `steps` is how many acts and faults happen before it is left in peace."""

    def __init__(self, seed: int, steps: int = STEPS) -> None:
        self.seed = seed
        self.steps = steps
        self.rng = random.Random(f"world {seed}")
        self.trace = Trace()
        self.violations: list[Violation] = []
        self.net = Net(random.Random(f"net {seed}"), self.note)
        names = ["A", "B", "C"] if self.rng.random() < 0.2 else ["A", "B"]
        self.bearers = random.Random(f"bearers {seed}").choice((1, 1, 2, 3))
        liars = ["L"] if self.rng.random() < 0.4 else []
        self.cards = {self._party(name).card.fingerprint: self._party(name).card for name in (*names, *liars)}
        self.honest: set[str] = {party(name).card.fingerprint for name in names}
        self.hosts = [self._host(name, [other for other in (*names, *liars) if other != name]) for name in names]
        self.desks = [
            Desk(
                host,
                random.Random(f"desk {host.party.name} {seed}"),
                [other for other in (*names, *liars) if other != host.party.name],
            )
            for host in self.hosts
        ]
        clock = SimClock(sim_loop(), 0)
        self.liars = [
            Liar(party(name), [self._party(one) for one in names], self.net, random.Random(f"liar {seed}"), clock)
            for name in liars
        ]
        self.signed: dict[tuple[str, str, int], set[bytes]] = {}
        self.bonds: dict[str, dict[str, Bond]] = {name: {} for name in names}
        self.own_volumes: dict[tuple[str, str], tuple[VolumeSlot, ...]] = {}
        self._proved: set[str] = set()
        self._acting: set[asyncio.Task[None]] = set()
        self._faults = Faults(self)
        self.records = {host.party.name: self._record(host) for host in self.hosts}
        clocks = random.Random(f"clocks {seed}")
        self.clocks_agree = clocks.random() > 0.08
        if not self.clocks_agree:
            clocks.choice(self.hosts).skew_ms = clocks.choice((-OFF_MS, OFF_MS))
        self._lifting = clocks.random() < 0.75

    def _host(self, name: str, peers: Sequence[str]) -> Host:
        return Host(
            self._party(name),
            [self._party(peer) for peer in peers],
            net=self.net,
            rng=random.Random(f"host {name} {self.seed}"),
            report=self.report,
            kept=self._kept,
            keep_ms=random.Random(f"keep {self.seed}").choice(KEEP_MS),
        )

    def _record(self, host: Host) -> Record:
        return Record(host.party.card.fingerprint, self.cards)

    def _party(self, name: str) -> Party:
        """The honest ones are reached at several addresses in some worlds."""
        return party(name, 1 if name == "L" else self.bearers)

    # --- what checkers and traces hear -----------------------------------------------------------------------

    def note(self, text: str) -> None:
        self.trace.note(sim_loop().time(), text)

    def report(self, law: str, broken: Sequence[str]) -> None:
        for text in broken:
            self.violations.append(Violation(law, sim_loop().time(), text))
            self.note(f"BROKEN {law}: {text}")

    def _kept(self, host: Host, entries: Sequence[Entry]) -> None:
        """A batch of a node became durable: note it, and learn from it what was signed and what binds."""
        name = host.party.name
        self.records[name].follow(entries)
        for entry in entries:
            self.note(f"{name} keeps {entry.kind} {digest(entry.content)[:12]}")
            if self.trace.lines is not None:
                self.trace.show(told(entry))
            self._consider(host, entry)

    def learn_anew(self, host: Host) -> None:
        """An old backup was put back: what its journal says is learned again from the beginning."""
        self.bonds[host.party.name].clear()
        self.records[host.party.name] = self._record(host)
        self.records[host.party.name].follow(host.disk.tape.entries)
        for entry in host.disk.tape.entries:
            self._consider(host, entry)

    def _consider(self, host: Host, entry: Entry) -> None:
        name = host.party.name
        match entry.kind:
            case "StatementSealed" | "StatementReceived" | "StatementRestored":
                self._learn(host, entry)
            case "NoticeFiled" | "NoticeChanged":
                self._own_content(host, entry)
            case "AgreementVoid":
                event = decode(entry.kind, content_of(entry))
                assert isinstance(event, AgreementVoid)
                self.bonds[name][event.agreement_id].void = True

    def _learn(self, host: Host, entry: Entry) -> None:
        event = decode(entry.kind, content_of(entry))
        ours = not isinstance(event, StatementReceived)
        if isinstance(event, StatementReceived) and event.verdict != "FOLDED":
            return
        plain = payload_of(event.jws)  # type: ignore[attr-defined]
        slots = plain["slots"]
        if "exercise" in plain:
            return
        if plain["type"] in (*FIRST_TELLS, "NCH") and ours:
            key = (plain["from"], slots["id"], plain["version"])
            self.signed.setdefault(key, set()).add(canonical(slots["volumes"]))
            said = msgspec.convert(slots["volumes"], tuple[VolumeSlot, ...])
            self.own_volumes[(host.party.name, slots["id"])] = said  # Also what was taken back after a restore.
        elif plain["type"] == "AGR":
            self._learn_agreement(host, slots)

    def _learn_agreement(self, host: Host, slots: dict[str, object]) -> None:
        agreement = msgspec.convert(slots["agreement"], Agreement)
        text = canonical(agreement)
        signatures = slots["signatures"]
        assert isinstance(signatures, list)
        for signature in signatures:
            if checkers.signature_holds(signature["jws"], text, self.cards[signature["party"]]):
                for term in agreement.notices:
                    if term.party == signature["party"] and term.volumes is not msgspec.UNSET:
                        key = (term.party, term.id, term.version + 1)
                        self.signed.setdefault(key, set()).add(canonical(term.volumes))
        self.bonds[host.party.name].setdefault(str(slots["agreement_id"]), Bond(text, agreement))
        for term in agreement.notices:
            if term.party == host.party.card.fingerprint and term.volumes is not msgspec.UNSET:
                self.own_volumes[(host.party.name, term.id)] = term.volumes

    def _own_content(self, host: Host, entry: Entry) -> None:
        """What the desk set; a change is judged against what binds it."""
        event = decode(entry.kind, content_of(entry))
        assert isinstance(event, NoticeFiled | NoticeChanged)
        key = (host.party.name, event.id)
        before = self.own_volumes.get(key, ())
        bound = any(
            (term.party, term.id) == (host.party.card.fingerprint, event.id)
            for bond in self.bonds[host.party.name].values()
            if not bond.void and entry.at_ms < bond.agreement.until
            for term in bond.agreement.notices
        )
        if isinstance(event, NoticeChanged) and bound:
            self.report("signers_keep", checkers.own_change_keeps(before, event.volumes))
        self.own_volumes[key] = event.volumes

    # --- the run -----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """All steps, then peace, then the end of all clocks.  Stops at the first broken law."""
        for host in self.hosts:
            host.up()
        await asyncio.sleep(1)
        for _ in range(self.steps):
            await self._step()
            if self.violations:
                return
        await self._peace()
        if not self.violations:
            self.net.calm()
            await self._grow_old()
            self.clocks_agree = True  # Ten hours later an hour makes no difference.
            await self._settle()
        for host in self.hosts:
            await self._judge_journal(host)
            host.crash()
        await asyncio.sleep(LATEST_S + 20)

    async def _grow_old(self) -> None:
        """Ten hours, by the half: what ends first is over and forgotten while other things still bind."""
        for _ in range(20):
            self._faults.disturb(*self.hosts)
            sim_loop().jump(HOUR / 1000 / 2)
            self._faults.disturb(*self.hosts)
            await asyncio.sleep(1)

    async def _step(self) -> None:
        roll = self.rng.random()
        if roll < 0.80:
            self._spawn(self._desk_acts(self.rng.randrange(len(self.desks))))
        else:
            await self._faults.strike()
        if self.liars and self.rng.random() < 0.25:
            self._spawn(self._liar_acts())
        self._faults.raise_the_dead()
        for _ in range(self.rng.choice((0, 0, 3, 10))):
            await asyncio.sleep(0)
        await self._look(self.rng.choice(self.hosts))
        await asyncio.sleep(self.rng.choice((0.0, 0.05, 0.5, 2.0, 8.0)) * self.rng.random())

    async def _desk_acts(self, place: int) -> None:
        said = await self.desks[place].act()
        self.note(f"desk {self.hosts[place].party.name}: {said}")

    async def _liar_acts(self) -> None:
        said = await self.liars[0].act()
        self.note(f"liar: {said}")

    async def _look(self, host: Host) -> None:
        """What a desk sees now, held against the laws of views.  Does not wait for a gate that is closed."""
        self._spawn(self._look_at(host))

    async def _look_at(self, host: Host) -> None:
        def judge(state: State) -> None:
            assert host.node is not None
            shown = overview(state, host.node.clock.now_ms())
            self.report(
                "agreement_two_signatures", checkers.agreement_two_signatures(state, shown, self.cards, self._proved)
            )
            self.report("liar_contained", checkers.notices_signed(state, self.signed, self.honest))
            self._judge_lines(host, state, host.node.clock.now_ms())

        try:
            await host.look(judge)
        except Fault:
            return

    def _judge_lines(self, host: Host, state: State, now: int) -> None:
        """The laws of the line that hold at every step, once the record has read as far as the state."""
        record = self.records[host.party.name]
        self.report("rules_of_what_is_taken", record.broken)
        if record.position != state.position:
            return
        self.report("agreement_by_statements", line_checkers.agreement_by_statements(state, record))
        self.report("matters_by_acts", line_checkers.matters_by_acts(state, record, now))
        self.report("exercise_apart", line_checkers.exercise_apart(state, record))
        if self._faults.quiet_s(host) > line_checkers.LATE_S:
            until = now - line_checkers.LATE_S * 1000
            self.report("rings_in_time", line_checkers.rings_in_time(state, record, until))

    # --- peace -----------------------------------------------------------------------------------------------------

    async def _peace(self) -> None:
        """No more faults and no more acts: then both sides of every line must say the same, even by one bearer of several."""
        self.net.calm()
        honest = [host.party.url for host in self.hosts]
        if self.bearers > 1 and self.rng.random() < 0.5:
            for one, two in itertools.combinations(honest, 2):
                alive = self.rng.choice(HTTP_BEARERS[: self.bearers])
                self._faults.all_but(one, two, (alive,))
                self._faults.all_but(two, one, (alive,))
        for host in self.hosts:
            host.disk.slowest_s = 0.0
            host.disk.unreadable_until_s = 0.0
            host.disk.rows.forget_faults()
        await self._settle()

    async def _settle(self) -> None:
        broken: list[str] = []
        for _ in range(SETTLE_S // 20):
            for host in self.hosts:
                self._faults.down_until[host.party.name] = 0
            self._faults.raise_the_dead()
            lifted = [await desk.lift() for desk in self.desks] if self._lifting else []
            await asyncio.sleep(20)
            broken = await self._differences()
            broken += [] if all(lifted) else ["a suspension is to be lifted still"]
            if not broken or self.violations:
                break
        self.report("converge", broken)
        for host in self.hosts:
            await self._look_at(host)

    async def _differences(self) -> list[str]:
        states = []
        now = START_MS + round(sim_loop().time() * 1000)
        for host in self.hosts:
            try:
                states.append(await host.look(lambda state: state))
            except Fault:
                return [f"{host.party.name} is not there"]
        return [
            text
            for one, two in itertools.combinations(states, 2)
            for text in (*(checkers.converge(one, two, now) if self.clocks_agree else ()), *self._lines(one, two, now))
        ]

    def _lines(self, one: State, two: State, now: int) -> list[str]:
        """What both ends of a line must say alike of its agreement and of what people were asked."""
        records = self.records[one.name], self.records[two.name]
        said = [
            change
            for mine, theirs in (records, records[::-1])
            for change in mine.changes.get(theirs.own, ())
            if change.ours
        ]
        earliest = now - (0 if self.clocks_agree else OFF_MS) - MINUTE
        return [
            *line_checkers.agreement_equal(one, two, said, self.cards, earliest),
            *line_checkers.matters_equal(one, two),
            *line_checkers.life_reaches(*records, two),
            *line_checkers.life_reaches(*records[::-1], one),
        ]

    async def _judge_journal(self, host: Host) -> None:
        try:
            live = await host.look(lambda state: state)
        except Fault:
            return
        tape = host.disk.tape
        self.report("answered_command_kept", checkers.answered_command_kept(tape))
        again = checkers.refold(tape, State(host.party.card, table(), "REAL", keep_ms=host.keep_ms))
        self.report("replay_equals", checkers.replay_equals(live, again))
        record = self.records[host.party.name]
        ids = [str(msg_id) for outcome in tape.promised.values() for msg_id in outcome.refs.get("msg_ids", {}).values()]
        self.report("life_reaches", line_checkers.life_said(record, live, ids))
        self.report("read_back_first", line_checkers.read_back_first(record))
        self.report("rings_for_cause", line_checkers.rings_for_cause(record, table()))
        self.report("alarms_bounded", line_checkers.alarms_bounded(record))
        bonds = {name: bond.text for name, bond in self.bonds[host.party.name].items()}
        self.report("signers_keep", checkers.signers_keep(live, bonds))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._acting.add(task)
        task.add_done_callback(self._acted)

    def _acted(self, task: "asyncio.Task[None]") -> None:
        self._acting.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self.report("no_fault_of_ours", [f"the simulation itself: {task.exception()!r}"])


def told(entry: Entry) -> str:
    """An entry in a line for people."""
    plain = content_of(entry)
    if not entry.kind.startswith("Statement") or "jws" not in plain:
        return ", ".join(f"{name} {str(value)[:60]}" for name, value in plain.items() if name not in ("card", "jws"))
    said = payload_of(plain["jws"])
    slots = said["slots"]
    seen = said.get("seen", {"seq": 0})["seq"]
    what = " ".join(
        str(slots[name])[:12] for name in ("id", "proposal", "agreement_id", "code", "pair_id") if name in slots
    )
    terms = slots.get("agreement", slots).get("notices", ())
    names = [f"{term['id']} v{term['version']}{'+' if 'volumes' in term else ''}" for term in terms]
    err = f"{plain.get('err', '')} {plain.get('text', '')}"
    return (
        f"{said['from'][:4]}>{said['to'][:4]} {said['epoch']}/{said['seq']} seen {seen} {said['type']} "
        f"v{said.get('version', '')} {what} {names} {err} hash {statement_hash(plain['jws'])[:12]}"
    )
