"""Simulated officers: they file, change, settle, answer and make mistakes, from what their desk shows them."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any, Final, Literal, cast

import msgspec

from skyparley.base.canonical import canonical
from skyparley.base.errors import Fault, Refusal
from skyparley.base.ids import digest
from skyparley.base.times import MINUTE
from skyparley.domain import commands as c
from skyparley.domain.messages.codes import NoticeKind, RejectReason
from skyparley.domain.messages.slots import CircleSlot, DueRegard, FlSlot, VolumeSlot
from skyparley.domain.records import LIVE_STATES, Conflict, Notice
from skyparley.state.projection import State
from skyparley.state.views import acts
from skyparley.testing import checkers, officers
from skyparley.testing.host import Host
from skyparley.testing.loop import sim_loop

ATTEMPTS: Final = 4
"""How often an officer sends the same act again after a fault."""

KINDS: Final[tuple[NoticeKind, ...]] = ("TRANSIT", "TRANSIT", "AREA WORK", "HUM", "SAR", "HAZARD")
CHANGED_TO: Final[tuple[NoticeKind, ...]] = ("MEDEVAC", "MEDEVAC", "SAR", "HAZARD", "TRANSIT")
"""What a notice becomes that changes its kind: told in every state of the line, or no longer."""
SLEEP_S: Final = (60, 1_800, 7_200)
"""For how long a desk falls asleep."""
BY_TWO: Final = (c.OpenEpoch, c.SuspendLine, c.ResumeLine, c.TerminateLine)
AT_ONCE: Final = (c.ChangeNotice, c.CancelNotice, c.Answer, c.Acknowledge, c.PassOn, c.ReportDone)
"""Acts of which only one of two at once can be done."""
REASONS: Final[tuple[RejectReason, ...]] = ("CAPACITY", "WEATHER")

Answer = c.Outcome | Refusal | None
"""None: no answer came, and nobody knows."""


class Desk:
    """Both officers of one party."""

    def __init__(self, host: Host, rng: random.Random, names: Sequence[str]) -> None:
        self._host = host
        self._rng = rng
        self._names = tuple(names)
        self._count = 0
        self._asleep_until_s = 0.0
        self._ends_lines = rng.random() < 0.05

    async def act(self) -> str:
        """One act of one officer, whatever the desk shows now.  Says what it was."""
        if sim_loop().time() < self._asleep_until_s:
            return "sleeps"
        if self._rng.random() < 0.01:
            self._asleep_until_s = sim_loop().time() + self._rng.choice(SLEEP_S)
        try:
            chosen = await self._host.look(self._choose)
        except Fault:
            return "sees nothing"
        if isinstance(chosen, BY_TWO):
            return await self._two_persons(chosen)
        if isinstance(chosen, AT_ONCE) and self._rng.random() < 0.06:
            return await self._both_at_once(chosen)
        answer = await self._give(chosen, "O1")
        if isinstance(answer, Refusal) and isinstance(chosen, c.FileNotice | c.ChangeNotice):
            missing = [ref for reason in answer.reasons if reason.code == "KEY_INCOMPLETE" for ref in reason.ids]
            if missing:
                answer = await self._give(msgspec.structs.replace(chosen, key=tuple(missing)), "O1")
        return f"{type(chosen).__name__}: {_short(answer)}"

    # --- giving a command ------------------------------------------------------------------------------------

    async def _give(self, command: c.DeskCommand, account: str) -> Answer:
        """Send it, and send it again with the same key when no answer came; sometimes for no reason at all."""
        self._count += 1
        by_desk = c.ByDesk(
            command=command,
            account=account,
            key=f"{self._host.party.name}-{self._count}",
            request=digest(canonical(command)),
        )
        answer: Answer = None
        for _ in range(ATTEMPTS):
            try:
                answer = await self._host.desk(by_desk)
            except Fault:
                await asyncio.sleep(self._rng.uniform(0.1, 12))
                continue
            if self._rng.random() > 0.04 or isinstance(answer, Refusal):
                break
        return answer

    async def _both_at_once(self, command: c.DeskCommand) -> str:
        answers = await asyncio.gather(self._give(command, "O1"), self._give(command, "O2"))
        done = [isinstance(answer, c.Outcome) and answer.result != "ALREADY" for answer in answers]
        self._host.report("one_of_two", checkers.one_of_two(done))
        return f"two {type(command).__name__}: {[_short(answer) for answer in answers]}"

    async def _two_persons(self, command: c.DeskCommand) -> str:
        """The second one may be the first one again, who is refused."""
        first = await self._give(command, "O1")
        second = await self._give(command, "O2" if self._rng.random() < 0.9 else "O1")
        return f"{type(command).__name__}: {_short(first)}, {_short(second)}"

    async def lift(self) -> bool:
        """Whether nothing of ours is suspended any more; what still is, two officers lift now."""
        try:
            held = await self._host.look(officers.lifts)
        except Fault:
            return False
        for command in held:
            await self._two_persons(command)
        return not held

    # --- choosing one ------------------------------------------------------------------------------------------

    def _choose(self, state: State) -> c.DeskCommand:
        """What an officer would do next, from the durable state."""
        now = self._host.node.clock.now_ms() if self._host.node else 0
        for line in state.lines.values():
            if line.compared == "DIVERGED" and self._rng.random() < 0.5:
                return c.OpenEpoch(peer=line.name)
        if self._rng.random() < 0.4 and (chosen := self._about_people(state, now)) is not None:
            return chosen
        talks = [
            conflict
            for conflict in state.conflicts.values()
            if len(acts(state, conflict, now)) > 1 or self._opens(acts(state, conflict, now))
        ]
        own = [notice for notice in self._own(state) if notice.live]
        roll = self._rng.random()
        if talks and roll < 0.65:
            # What the other side offered is answered first.
            talks.sort(key=lambda conflict: conflict.offer is None)
            return self._talk(state, talks[0] if self._rng.random() < 0.5 else self._rng.choice(talks), now)
        if own and ((roll < 0.85 and len(own) > 2) or len(own) > 4):
            return self._handle(state, self._rng.choice(own), now)
        if 0.85 < roll < 0.88 and len(state.notices) > len(own):
            return self._query(state)
        over = [notice for notice in self._own(state) if not notice.live and notice.state in LIVE_STATES]
        if over and roll > 0.88:
            # Somebody finds that an activity goes on and changes, ends or cancels it after its period: late for others.
            return self._handle(state, self._rng.choice(over), now)
        return self._file(state, now)

    def _about_people(self, state: State, now: int) -> c.DeskCommand | None:
        """What people are asked and told beside notices and their conflicts; None: nothing of it now."""
        rng, roll = self._rng, self._rng.random()
        waiting = officers.to_handle(state)
        if waiting and roll < 0.6:
            matter = waiting[0] if rng.random() < 0.6 else rng.choice(waiting)
            return officers.handles(rng, matter, now, self.volume(now))
        if roll < 0.85:
            return officers.says(rng, state, self._names, now, self.volume(now))
        if roll < 0.93:
            return officers.of_the_desk(rng, state)
        return officers.changes_line(rng, state, now, ends=self._ends_lines)

    def _own(self, state: State) -> list[Notice]:
        return [notice for notice in state.notices.values() if notice.party == state.own]

    def _opens(self, can: Sequence[str]) -> bool:
        """Whether to begin, or now and then to take back: an offer of ours mostly waits for its answer."""
        return can == ("propose",) or (can == ("withdraw",) and self._rng.random() < 0.15)

    def _query(self, state: State) -> c.DeskCommand:
        foreign = [notice for notice in state.notices.values() if notice.party != state.own]
        notice = self._rng.choice(foreign or list(state.notices.values()))
        return c.QueryNotice(
            party=state.lines[notice.party].name if notice.party in state.lines else state.name,
            id=notice.id,
            expected_version=notice.current.version,
            field="LEVELS",
        )

    def _file(self, state: State, now: int) -> c.DeskCommand:
        """A notice, or several at once."""
        if self._rng.random() < 0.08:
            return c.FileNotices(notices=(self._one(state, now), self._one(state, now)))
        return self._one(state, now)

    def _one(self, state: State, now: int) -> c.FileNotice:
        volumes = tuple(self.volume(now) for _ in range(self._rng.choice((1, 1, 1, 2))))
        audience = tuple(name for name in self._names if self._rng.random() < 0.9)
        return c.FileNotice(
            kind=self._rng.choice(KINDS),
            volumes=volumes,
            due_regard=DueRegard(stated=True),
            audience=audience,
            key=self._key(state, volumes),
        )

    def volume(self, now: int) -> VolumeSlot:
        """A circle in a small area, so that conflicts are common."""
        rng = self._rng
        lower = 1000 * rng.randint(10, 26)
        start = now + MINUTE * rng.choice((-10, 3, 40, 120, 240))
        return VolumeSlot(
            shape=CircleSlot(
                centre=(rng.randint(350_000_000, 355_000_000), rng.randint(360_000_000, 365_000_000)),
                radius_m=rng.randint(9_300, 16_000),
            ),
            lower=FlSlot(ft=lower),
            upper=FlSlot(ft=lower + 1000 * rng.randint(2, 4)),
            start=start,
            end=start + MINUTE * rng.choice((20, 45, 90)),
        )

    def _key(self, state: State, volumes: Sequence[VolumeSlot]) -> tuple[str, ...]:
        """Mostly the officer looked at what conflicts; sometimes not."""
        if self._rng.random() < 0.15:
            return ()
        return tuple(sorted({state.notices[hit.notice].ref for hit in state.hits(state.own, volumes)}))

    def _handle(self, state: State, notice: Notice, now: int) -> c.DeskCommand:
        version = notice.current.version - (1 if self._rng.random() < 0.03 else 0)
        roll = self._rng.random()
        if notice.state == "NOTIFIED" and (roll < 0.1 or (roll < 0.4 and now >= notice.current.start)):
            return c.ActivateNotice(id=notice.id, expected_version=version)
        if roll < 0.15:
            return c.CancelNotice(id=notice.id, expected_version=version, reason="WX")
        if roll < 0.22:
            return c.EndNotice(id=notice.id, expected_version=version)
        volumes = tuple(self._amended(slot) for slot in notice.current.volumes)
        return c.ChangeNotice(
            id=notice.id,
            expected_version=version,
            kind=self._rng.choice(CHANGED_TO) if self._rng.random() < 0.1 else None,
            volumes=volumes,
            audience=self._names if self._rng.random() < 0.3 else None,
            key=self._key(state, volumes),
        )

    def _amended(self, slot: VolumeSlot) -> VolumeSlot:
        """Shrunk, shifted in time or in height, or quite another area."""
        roll = self._rng.random()
        assert isinstance(slot.lower, FlSlot)
        assert isinstance(slot.upper, FlSlot)
        assert isinstance(slot.shape, CircleSlot)
        if roll < 0.35 and slot.shape.radius_m > 9_300:
            return msgspec.structs.replace(
                slot, shape=CircleSlot(centre=slot.shape.centre, radius_m=max(9_300, slot.shape.radius_m - 1_500))
            )
        if roll < 0.5 and slot.end - slot.start > 25 * MINUTE:
            return msgspec.structs.replace(slot, end=slot.end - 5 * MINUTE)
        if roll < 0.75:
            return msgspec.structs.replace(slot, start=slot.start + 10 * MINUTE, end=slot.end + 10 * MINUTE)
        step = 1000 * self._rng.randint(-2, 2)
        return msgspec.structs.replace(
            slot, lower=FlSlot(ft=slot.lower.ft + step), upper=FlSlot(ft=slot.upper.ft + step)
        )

    # --- talking about a conflict ------------------------------------------------------------------------------

    def _talk(self, state: State, conflict: Conflict, now: int) -> c.DeskCommand:
        can = acts(state, conflict, now)
        chances = {"accept": 6.0, "propose": 4.0, "counter": 1.5, "reject": 1.0, "stand_by": 1.0, "withdraw": 0.7}
        act = self._rng.choices(can, [chances[name] for name in can])[0]
        base: dict[str, Any] = {"pair_id": conflict.pair_id, "expected_revision": conflict.revision}
        if act in ("propose", "counter") or conflict.offer is None:
            return c.Propose(**base, changes=self._terms(state, conflict, now))
        base["proposal"] = conflict.offer.proposal
        match act:
            case "accept":
                return c.Accept(**base)
            case "reject":
                return c.Reject(**base, reason=self._rng.choice(REASONS))
            case "stand_by":
                return c.StandBy(**base, until=self._rng.randint(now, conflict.offer.valid_until + 1))
        return c.Withdraw(**base)

    def _terms(self, state: State, conflict: Conflict, now: int) -> tuple[c.TermChange, ...]:
        """One side, or both, goes above or behind the other; mostly that separates."""
        own = state.notices[(state.own, conflict.own_id)]
        other = state.notices[(conflict.other_party, conflict.other_id)]
        moved, stays = (own, other) if self._rng.random() < 0.6 else (other, own)
        if moved.active(now):
            moved, stays = stays, moved
        how: Literal["LEVELS", "TIME"] = "LEVELS" if self._rng.random() < 0.6 else "TIME"
        changes = [self._moved(state, moved, stays, how)]
        if self._rng.random() < 0.15:
            smaller = tuple(msgspec.structs.replace(slot, end=slot.end - MINUTE) for slot in stays.current.volumes)
            changes.append(c.TermChange(self._called(state, stays), stays.id, smaller))
        return tuple(changes)

    def _moved(self, state: State, moved: Notice, stays: Notice, how: Literal["LEVELS", "TIME"]) -> c.TermChange:
        volumes = moved.current.volumes
        if how == "LEVELS":
            floor = max(cast(FlSlot, slot.upper).ft for slot in stays.current.volumes) + 1000 * self._rng.randint(2, 12)
            volumes = tuple(
                msgspec.structs.replace(
                    slot,
                    lower=FlSlot(ft=floor),
                    upper=FlSlot(ft=floor + cast(FlSlot, slot.upper).ft - cast(FlSlot, slot.lower).ft),
                )
                for slot in volumes
            )
        else:
            later = max(0, stays.current.end - moved.current.start) + MINUTE * self._rng.randint(10, 30)
            volumes = tuple(
                msgspec.structs.replace(slot, start=slot.start + later, end=slot.end + later) for slot in volumes
            )
        return c.TermChange(self._called(state, moved), moved.id, volumes)

    def _called(self, state: State, notice: Notice) -> str:
        return state.name if notice.party == state.own else state.lines[notice.party].name


def _short(answer: Answer) -> str:
    if answer is None:
        return "no answer"
    if isinstance(answer, Refusal):
        return "refused " + ",".join(answer.codes)
    return f"{answer.result} {answer.refs.get('ref', answer.refs.get('turn', ''))}"
