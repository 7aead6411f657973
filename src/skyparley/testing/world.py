"""One simulated world: its parties, its faults, its officers, its liar, and the checkers that watch at every step."""

import asyncio
import random
from collections.abc import Coroutine, Sequence
from typing import Any, Final

import msgspec

from skyparley.adapters.storage.memory_journal import WriteFault
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
from skyparley.testing import checkers
from skyparley.testing.desk import Desk
from skyparley.testing.host import Host
from skyparley.testing.liar import Liar, payload_of
from skyparley.testing.loop import sim_loop
from skyparley.testing.network import LATEST_S, Net
from skyparley.testing.parties import Party, party, table
from skyparley.testing.ports import START_MS, SimClock
from skyparley.testing.tape import Trace, Violation, content_of

STEPS: Final = 60
KEEP_MS: Final = (MINUTE, 10 * MINUTE, HOUR, limits.FORGET_AFTER_MS)
"""How long what is over stays in memory in a world: mostly so short that it leaves while faults go on."""
SETTLE_S: Final = 240
"""Virtual seconds after which an undisturbed line must have come to rest."""


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
        self._down_until: dict[str, float] = {}

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
        for entry in entries:
            self.note(f"{name} keeps {entry.kind} {digest(entry.content)[:12]}")
            if self.trace.lines is not None:
                self.trace.show(told(entry))
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
            sim_loop().jump(10 * HOUR / 1000)
            await self._settle()
        for host in self.hosts:
            await self._judge_journal(host)
            host.crash()
        await asyncio.sleep(LATEST_S + 20)

    async def _step(self) -> None:
        roll = self.rng.random()
        if roll < 0.80:
            self._spawn(self._desk_acts(self.rng.randrange(len(self.desks))))
        else:
            await self._chaos()
        if self.liars and self.rng.random() < 0.25:
            self._spawn(self._liar_acts())
        self._raise_the_dead()
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

        try:
            await host.look(judge)
        except Fault:
            return

    # --- faults --------------------------------------------------------------------------------------------------

    async def _chaos(self) -> None:
        host = self.rng.choice(self.hosts)
        match self.rng.choice(
            (
                "crash",
                "crash",
                "die in a write",
                "disk",
                "disk",
                "slow disk",
                "net",
                "net",
                "cut",
                "heal",
                "jump",
                "restore",
                "hello",
            )
        ):
            case "crash":
                await self._crash(host)
            case "die in a write" if host.node is not None:
                host.disk.plan(self.rng.choice((WriteFault.TORN, WriteFault.DIED_AFTER)))
                await asyncio.sleep(self.rng.uniform(0, 2))
                await self._crash(host)
            case "disk":
                host.disk.plan(self.rng.choice((WriteFault.LOST, WriteFault.FULL, WriteFault.KEPT, WriteFault.KEPT)))
                if self.rng.random() < 0.3:
                    host.disk.unreadable_until_s = sim_loop().time() + self.rng.uniform(0, 5)
            case "slow disk":
                host.disk.slowest_s = self.rng.choice((0.0, 0.05, 0.5, 3.0))
            case "net":
                self.net.loss = self.rng.choice((0.0, 0.1, 0.3))
                self.net.slowest_s = self.rng.choice((0.05, 0.5, LATEST_S))
            case "cut":
                one, two = self.rng.sample([*self.net.ends], 2)
                if self.bearers > 1 and self.rng.random() < 0.5:
                    self.net.cut(one, two, self.rng.choice(HTTP_BEARERS[: self.bearers]))
                else:
                    self.net.cuts.add((one, two))
            case "heal":
                self.net.cuts.clear()
                self.net.dead.clear()
            case "jump":
                sim_loop().jump(self.rng.choice((60.0, 600.0, 1_800.0, 5_400.0)) * self.rng.random())
            case "restore":
                await self._restore(host)
            case "hello" if self.net.heard_hellos:
                dst, text = self.rng.choice(self.net.heard_hellos)
                await self.net.repeat(dst, "hello", text)

    async def _crash(self, host: Host, down_s: float | None = None) -> None:
        """At any await: some turns of the loop from now."""
        for _ in range(self.rng.randrange(30)):
            await asyncio.sleep(0)
        if host.node is not None:
            self.note(f"{host.party.name} crashes")
        host.crash()
        down = self.rng.uniform(0.5, 15) if down_s is None else down_s
        self._down_until[host.party.name] = sim_loop().time() + down

    async def _restore(self, host: Host) -> None:
        """An old backup is put back, after whatever was under way has landed.  Others must hold what this node said."""
        if not await self._whole():
            return
        await self._crash(host, 60)
        await asyncio.sleep(2 * LATEST_S + 10)
        ends = host.disk.tape.batches
        if not ends:
            return
        position = self.rng.choice(ends[-40:])
        self.note(f"{host.party.name} is restored from {host.disk.tape.position} to {position}")
        self._forget_unheard(host)
        host.disk.put_back(position)
        self.bonds[host.party.name].clear()
        for entry in host.disk.tape.entries:
            self._consider(host, entry)
        self._down_until[host.party.name] = sim_loop().time()

    def _forget_unheard(self, host: Host) -> None:
        """A statement that left and that no honest party holds may be said anew: nobody can show the other one."""
        holders = {other.party.url: other.disk.tape.received for other in self.hosts}
        host.disk.tape.left = {
            (peer, number): statement
            for (peer, number), statement in host.disk.tape.left.items()
            if statement in holders.get(peer, {})
        }

    async def _whole(self) -> bool:
        """Whether every line between honest nodes was compared and found equal: nobody is still refilling."""
        for host in self.hosts:
            try:
                compared = await host.look(
                    lambda state: [line.compared for peer, line in state.lines.items() if peer in self.honest]
                )
            except Fault:
                return False
            if any(result != "EQUAL" for result in compared):
                return False
        return True

    def _raise_the_dead(self) -> None:
        for host in self.hosts:
            if host.node is None and sim_loop().time() >= self._down_until.get(host.party.name, 0):
                self.note(f"{host.party.name} starts")
                host.up()

    # --- peace -----------------------------------------------------------------------------------------------------

    async def _peace(self) -> None:
        """No more faults and no more acts: then both sides of every line must say the same."""
        self.net.calm()
        for host in self.hosts:
            host.disk.slowest_s = 0.0
            host.disk.unreadable_until_s = 0.0
            host.disk.rows.forget_faults()
        await self._settle()

    async def _settle(self) -> None:
        broken: list[str] = []
        for _ in range(SETTLE_S // 20):
            for host in self.hosts:
                self._down_until[host.party.name] = 0
            self._raise_the_dead()
            await asyncio.sleep(20)
            broken = await self._differences()
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
            for place, one in enumerate(states)
            for two in states[place + 1 :]
            for text in checkers.converge(one, two, now)
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
