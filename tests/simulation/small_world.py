"""A small simulated world without luck: two or three whole nodes, a network that is cut and healed, backups put back."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import msgspec

from skyparley.base import limits
from skyparley.base.canonical import canonical
from skyparley.base.errors import Refusal
from skyparley.base.ids import digest
from skyparley.base.times import MINUTE
from skyparley.domain import commands as c
from skyparley.domain.messages.slots import CircleSlot, DueRegard, FlSlot, VolumeSlot
from skyparley.domain.records import Conflict, Notice
from skyparley.state.projection import State
from skyparley.testing import checkers
from skyparley.testing.host import Host
from skyparley.testing.liar import Liar
from skyparley.testing.loop import run, sim_loop
from skyparley.testing.network import LATEST_S, Net
from skyparley.testing.parties import party, table
from skyparley.testing.ports import START_MS, SimClock


class SmallWorld:
    """Whole nodes of the named parties.  Every law that a host checks by itself holds, or the test fails."""

    def __init__(
        self, *names: str, keep_ms: int = limits.FORGET_AFTER_MS, bearers: int = 1, lies: Sequence[str] = ()
    ) -> None:
        self.keep_ms = keep_ms
        self.bearers = bearers
        self.broken: list[str] = []
        self.net = Net(random.Random(1), lambda text: None)
        self.net.calm()
        self.hosts = {
            name: self._host(name, [party(other, bearers) for other in names if other != name] + [*map(party, lies)])
            for name in names
        }
        self.liars = {name: self._liar(name, names) for name in lies}
        self._keys = 0

    def _host(self, name: str, peers: Sequence[Any]) -> Host:
        host = Host(
            party(name, self.bearers),
            peers,
            net=self.net,
            rng=random.Random(name),
            report=lambda law, broken: self.broken.extend(f"{law}: {text}" for text in broken),
            kept=lambda host, entries: None,
            keep_ms=self.keep_ms,
        )
        host.skew_ms = 0
        return host

    def _liar(self, name: str, names: Sequence[str]) -> Liar:
        """A peer without a node, that says only what the story lets it say."""
        peers = [party(other, self.bearers) for other in names]
        liar = Liar(party(name), peers, self.net, random.Random(name), SimClock(sim_loop(), 0))
        liar.honest = 1.0
        liar.answers = False
        return liar

    # --- life ------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        for host in self.hosts.values():
            host.up()
        await asyncio.sleep(2)

    def cut(self) -> None:
        """Nothing arrives anywhere."""
        urls = list(self.net.ends)
        self.net.cuts = {(one, two) for one in urls for two in urls if one != two}

    def heal(self) -> None:
        self.net.cuts.clear()
        self.net.dead.clear()

    def backup(self, name: str) -> int:
        return self.hosts[name].disk.tape.position

    async def restore(self, name: str, position: int) -> None:
        """The process ends, an older backup is put back, the process starts."""
        host = self.hosts[name]
        host.crash()
        await asyncio.sleep(2 * LATEST_S)
        host.disk.put_back(position)
        host.up()
        await asyncio.sleep(0.5)

    async def peace(self) -> None:
        """Heal, wait until nothing is under way, and hold both sides of every line against each other."""
        self.heal()
        await asyncio.sleep(90)
        states = [await host.look(lambda state: state) for host in self.hosts.values()]
        now = START_MS + round(sim_loop().time() * 1000)
        for place, one in enumerate(states):
            for two in states[place + 1 :]:
                differ = checkers.converge(one, two, now)
                assert not differ, differ
        for host, live in zip(self.hosts.values(), states, strict=True):
            again = checkers.refold(host.disk.tape, State(host.party.card, table(), "REAL", keep_ms=host.keep_ms))
            assert checkers.replay_equals(live, again) == []
        assert not self.broken, self.broken

    async def stop(self) -> None:
        for host in self.hosts.values():
            host.crash()
        await asyncio.sleep(LATEST_S + 11)

    # --- desks -----------------------------------------------------------------------------------------------

    async def desk(self, name: str, command: c.DeskCommand, account: str = "O1") -> c.Outcome | Refusal:
        self._keys += 1
        by_desk = c.ByDesk(
            command=command, account=account, key=f"{name}-{self._keys}", request=digest(canonical(command))
        )
        return await self.hosts[name].desk(by_desk)

    async def done(self, name: str, command: c.DeskCommand) -> c.Outcome:
        answer = await self.desk(name, command)
        assert isinstance(answer, c.Outcome), answer
        return answer

    async def by_two(self, name: str, command: c.DeskCommand) -> None:
        """One person asks, a second one confirms."""
        for account in ("O1", "O2"):
            answer = await self.desk(name, command, account)
            assert isinstance(answer, c.Outcome), answer

    async def file(self, name: str, *volumes: VolumeSlot) -> str:
        """File to everybody, knowing everything that conflicts; give back the id."""
        state = await self.state(name)
        key = {state.notices[hit.notice].ref for hit in state.hits(state.own, volumes)}
        others = tuple(other for other in self.hosts if other != name)
        answer = await self.done(
            name,
            c.FileNotice(
                kind="TRANSIT",
                volumes=volumes,
                due_regard=DueRegard(stated=True),
                audience=others,
                key=tuple(sorted(key)),
            ),
        )
        return str(answer.refs["id"])

    async def change(self, name: str, notice_id: str, *volumes: VolumeSlot) -> c.Outcome | Refusal:
        state = await self.state(name)
        key = {state.notices[hit.notice].ref for hit in state.hits(state.own, volumes)}
        version = state.notices[(state.own, notice_id)].current.version
        command = c.ChangeNotice(id=notice_id, expected_version=version, volumes=volumes, key=tuple(sorted(key)))
        return await self.desk(name, command)

    async def propose(self, name: str, own_id: str, other_id: str, moved: str, *volumes: VolumeSlot) -> c.Outcome:
        conflict = await self.conflict(name, own_id, other_id)
        change = c.TermChange(moved[0], moved, volumes)
        return await self.done(
            name, c.Propose(pair_id=conflict.pair_id, expected_revision=conflict.revision, changes=(change,))
        )

    async def accept(self, name: str, own_id: str, other_id: str) -> c.Outcome | Refusal:
        conflict = await self.conflict(name, own_id, other_id)
        assert conflict.offer is not None
        command = c.Accept(
            pair_id=conflict.pair_id, expected_revision=conflict.revision, proposal=conflict.offer.proposal
        )
        return await self.desk(name, command)

    async def state(self, name: str) -> State:
        return await self.hosts[name].look(lambda state: state)

    async def notice(self, name: str, owner: str, notice_id: str) -> Notice:
        return (await self.state(name)).notices[(party(owner).card.fingerprint, notice_id)]

    async def conflict(self, name: str, own_id: str, other_id: str) -> Conflict:
        conflicts = (await self.state(name)).conflicts.values()
        return next(one for one in conflicts if (one.own_id, one.other_id) == (own_id, other_id))


def volume(*, start_min: int = 120, end_min: int = 180, lower_ft: int = 20_000, radius_m: int = 12_000) -> VolumeSlot:
    """The same area for everybody, 3,000 ft thick; minutes from the beginning of the world."""
    return VolumeSlot(
        shape=CircleSlot(centre=(352_000_000, 362_000_000), radius_m=radius_m),
        lower=FlSlot(ft=lower_ft),
        upper=FlSlot(ft=lower_ft + 3_000),
        start=START_MS + start_min * MINUTE,
        end=START_MS + end_min * MINUTE,
    )


def raised(slot: VolumeSlot, feet: int) -> VolumeSlot:
    """The same, so much higher."""
    assert isinstance(slot.lower, FlSlot)
    lower = slot.lower.ft + feet
    return msgspec.structs.replace(slot, lower=FlSlot(ft=lower), upper=FlSlot(ft=lower + 3_000))


def told(
    story: Callable[[SmallWorld], Coroutine[Any, Any, None]],
    *names: str,
    keep_ms: int = limits.FORGET_AFTER_MS,
    bearers: int = 1,
    lies: Sequence[str] = (),
) -> None:
    """Play a story in a world of the named parties, then leave the world in peace and judge it."""

    async def play() -> None:
        world = SmallWorld(*names, keep_ms=keep_ms, bearers=bearers, lies=lies)
        await world.start()
        await story(world)
        await world.peace()
        await world.stop()

    run(play())
