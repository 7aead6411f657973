"""The faults of a simulated world: crashes, disks, links, bearers, clocks, old backups."""

import asyncio
from typing import TYPE_CHECKING, Final

from skyparley.adapters.storage.memory_journal import WriteFault
from skyparley.base.errors import Fault
from skyparley.domain.messages.codes import HTTP_BEARERS, HttpBearerKind
from skyparley.testing.host import Host
from skyparley.testing.loop import sim_loop
from skyparley.testing.network import LATEST_S

if TYPE_CHECKING:
    from skyparley.testing.world import World

KINDS: Final = (
    "crash",
    "crash",
    "die in a write",
    "disk",
    "disk",
    "slow disk",
    "net",
    "net",
    "cut",
    "cut",
    "heal",
    "jump",
    "restore",
    "hello",
)


class Faults:
    """What goes wrong in a world, drawn from its luck."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._rng = world.rng
        self._net = world.net
        self.down_until: dict[str, float] = {}
        self._disturbed_s: dict[str, float] = {}

    def quiet_s(self, host: Host) -> float:
        """For how long nothing disturbed a node; 0 while its disk is slow."""
        if host.disk.slowest_s > 0.5:
            return 0.0
        return sim_loop().time() - self._disturbed_s.get(host.party.name, 0.0)

    def disturb(self, *hosts: Host) -> None:
        """Something happened to these nodes now."""
        for host in hosts:
            self._disturbed_s[host.party.name] = sim_loop().time()

    async def strike(self) -> None:
        """One fault, somewhere."""
        host = self._rng.choice(self._world.hosts)
        match self._rng.choice(KINDS):
            case "crash":
                await self._crash(host)
            case "die in a write" if host.node is not None:
                host.disk.plan(self._rng.choice((WriteFault.TORN, WriteFault.DIED_AFTER)))
                await asyncio.sleep(self._rng.uniform(0, 2))
                await self._crash(host)
            case "disk":
                self._disk(host)
            case "slow disk":
                host.disk.slowest_s = self._rng.choice((0.0, 0.05, 0.5, 3.0))
                self.disturb(host)
            case "net":
                self._net.loss = self._rng.choice((0.0, 0.1, 0.3))
                self._net.slowest_s = self._rng.choice((0.05, 0.5, LATEST_S))
            case "cut":
                self._cut()
            case "heal":
                self._net.cuts.clear()
                self._net.dead.clear()
            case "jump":
                self.disturb(*self._world.hosts)
                sim_loop().jump(self._rng.choice((60.0, 600.0, 1_800.0, 5_400.0)) * self._rng.random())
                self.disturb(*self._world.hosts)
            case "restore":
                await self._restore(host)
            case "hello" if self._net.heard_hellos:
                dst, text = self._rng.choice(self._net.heard_hellos)
                await self._net.repeat(dst, "hello", text)

    def _disk(self, host: Host) -> None:
        host.disk.plan(self._rng.choice((WriteFault.LOST, WriteFault.FULL, WriteFault.KEPT, WriteFault.KEPT)))
        if self._rng.random() < 0.3:
            host.disk.unreadable_until_s = sim_loop().time() + self._rng.uniform(0, 5)
        self.disturb(host)

    def _cut(self) -> None:
        """One direction whole; or, where there are several bearers, one of them, all but one, or all."""
        one, two = self._rng.sample([*self._net.ends], 2)
        bearers = HTTP_BEARERS[: self._world.bearers]
        roll = self._rng.random()
        if len(bearers) == 1 or roll < 0.3:
            self._net.cuts.add((one, two))
        elif roll < 0.6:
            self._net.cut(one, two, self._rng.choice(bearers))
        else:
            self.all_but(one, two, () if roll < 0.75 else (self._rng.choice(bearers),))

    def all_but(self, one: str, two: str, alive: tuple[HttpBearerKind, ...]) -> None:
        """Every bearer by which `one` asks `two` dies, but for these."""
        for bearer in HTTP_BEARERS[: self._world.bearers]:
            if bearer not in alive:
                self._net.cut(one, two, bearer)

    async def _crash(self, host: Host, down_s: float | None = None) -> None:
        """At any await: some turns of the loop from now."""
        for _ in range(self._rng.randrange(30)):
            await asyncio.sleep(0)
        if host.node is not None:
            self._world.note(f"{host.party.name} crashes")
        host.crash()
        down = self._rng.uniform(0.5, 15) if down_s is None else down_s
        self.down_until[host.party.name] = sim_loop().time() + down
        self.disturb(host)

    def raise_the_dead(self) -> None:
        """Whoever was down for long enough starts again."""
        for host in self._world.hosts:
            if host.node is None and sim_loop().time() >= self.down_until.get(host.party.name, 0):
                self._world.note(f"{host.party.name} starts")
                self.disturb(host)
                host.up()

    # --- an old backup --------------------------------------------------------------------------------------

    async def _restore(self, host: Host) -> None:
        """An old backup is put back, after whatever was under way has landed.  Others must hold what this node said."""
        if not await self._whole():
            return
        await self._crash(host, 60)
        await asyncio.sleep(2 * LATEST_S + 10)
        ends = host.disk.tape.batches
        if not ends:
            return
        position = self._rng.choice(ends[-40:])
        self._world.note(f"{host.party.name} is restored from {host.disk.tape.position} to {position}")
        self._forget_unheard(host)
        host.disk.put_back(position)
        self._world.learn_anew(host)
        self.down_until[host.party.name] = sim_loop().time()

    def _forget_unheard(self, host: Host) -> None:
        """A statement that left and that no honest party holds may be said anew: nobody can show the other one."""
        holders = {other.party.url: other.disk.tape.received for other in self._world.hosts}
        host.disk.tape.left = {
            (peer, number): statement
            for (peer, number), statement in host.disk.tape.left.items()
            if statement in holders.get(peer, {})
        }

    async def _whole(self) -> bool:
        """Whether every line between honest nodes was compared and found equal: nobody is still refilling."""
        for host in self._world.hosts:
            try:
                compared = await host.look(
                    lambda state: [line.compared for peer, line in state.lines.items() if peer in self._world.honest]
                )
            except Fault:
                return False
            if any(result != "EQUAL" for result in compared):
                return False
        return True
