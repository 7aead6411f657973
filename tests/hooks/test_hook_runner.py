"""Each ring is tried at each hook that wants it, again when it fails, recorded, and once more after a restart; in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from harness import Node, World

from skyparley.adapters.hooks.hook import HookFault, told, trial_ring, wants
from skyparley.adapters.hooks.runner import HookRunner
from skyparley.base import limits
from skyparley.base.errors import Fault, Refusal
from skyparley.base.times import MINUTE
from skyparley.domain import commands as c
from skyparley.domain.events import AlarmRaised, HookTried
from skyparley.domain.rings import LEVELS
from skyparley.domain.rings_kept import Ring
from skyparley.engine.sequencer import Change
from skyparley.state.views import alarm_view
from skyparley.testing.loop import run, sim_loop
from skyparley.testing.ports import START_MS, SimClock, SimLuck


class Pager:
    """A hook whose answers a test writes down beforehand: what fails, or None, one for each try; then it works."""

    def __init__(
        self, name: str = "pager", *answers: str | None, on: Sequence[str] = (), details: bool = False
    ) -> None:
        self.name, self.on, self.details = name, on, details
        self.answers = list(answers)
        self.heard: list[tuple[float, dict[str, Any]]] = []
        self.takes_s = 0.0

    async def ring(self, told: bytes) -> None:
        self.heard.append((sim_loop().time(), msgspec.json.decode(told)))
        if self.takes_s:
            await asyncio.sleep(self.takes_s)
        failed = self.answers.pop(0) if self.answers else None
        if failed is not None:
            raise HookFault(failed)

    @property
    def codes(self) -> list[str]:
        return [said["code"] for _, said in self.heard]


class Straight:
    """The sequencer of one node of the harness: decides at once, and tells who listens."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.fault: Fault | None = None
        self.listeners: list[Callable[[Sequence[Change]], None]] = []

    async def submit(self, command: c.Command) -> c.Outcome | Refusal:
        if self.fault is not None:
            raise self.fault
        self.node.world.now = START_MS + round(sim_loop().time() * 1000)
        before = len(self.node.events)
        outcome = self.node.run(command)
        for event in self.node.events[before:]:
            for listener in self.listeners:
                listener([Change(1, self.node.world.now, event)])
        return outcome

    async def read(self, reader: Callable[[Any], Any]) -> Any:
        return reader(self.node.state)

    async def alarm(self, text: str = "disk") -> None:
        """The journal is damaged: an alarm that needs no peer."""
        await self.submit(c.ReportDamage(text=text))


Story = Callable[[Straight, Callable[[], None]], Awaitable[None]]


def ringing(*pagers: Pager, story: Story, node: Node | None = None) -> Node:
    """A node with these hooks while a story runs.  The story may restart the runner, as a new process would."""
    node = node or World("A").nodes[0]

    async def main() -> None:
        sequencer = Straight(node)
        clock = SimClock(sim_loop(), 0)
        running: list[tuple[asyncio.Task[None], HookRunner]] = []

        def start() -> None:
            runner = HookRunner(pagers, sequencer=sequencer, clock=clock, luck=SimLuck("x"))  # type: ignore[arg-type]
            sequencer.listeners = [runner.heard]
            running.append((asyncio.create_task(runner.run()), runner))

        async def stop() -> None:
            task, _ = running.pop()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        def restart() -> None:
            asyncio.ensure_future(stop()).add_done_callback(lambda _: start())

        start()
        await story(sequencer, restart)
        await stop()

    run(main())
    return node


def tried(node: Node, hook: str = "pager") -> list[tuple[str, int, str]]:
    found = [event for event in node.events if isinstance(event, HookTried) and event.hook == hook]
    return [(event.outcome, event.attempt, event.text) for event in found]


async def once(sequencer: Straight, restart: Callable[[], None]) -> None:
    await sequencer.alarm()
    await asyncio.sleep(600)


# --- one ring ----------------------------------------------------------------------------------------------------


def test_a_ring_goes_out_at_once_and_is_recorded() -> None:
    pager = Pager()
    node = ringing(pager, story=once)
    ((at, said),) = pager.heard
    assert at < 0.1
    (alarm,) = [event for event in node.events if isinstance(event, AlarmRaised)]
    assert said == {
        "skyparley": "ring/1",
        "ring": node.events.index(alarm) + 1,
        "test": False,
        "node": "A",
        "level": "ALARM",
        "code": "JOURNAL_DAMAGED",
        "at": START_MS,
    }
    assert tried(node) == [("OK", 1, "")]


def test_a_failed_try_comes_again_later_each_time_and_is_given_up_in_the_end() -> None:
    pager = Pager("pager", *["answered 500"] * 99)
    node = ringing(pager, story=once)
    times = [at for at, said in pager.heard if said["code"] == "JOURNAL_DAMAGED"]
    waits = [later - before for before, later in pairwise(times)]
    longest = [min(2.0 * 2**n, 60.0) for n in range(limits.HOOK_ATTEMPTS - 1)]
    assert all(0.5 * most <= wait <= most + 0.01 for wait, most in zip(waits, longest, strict=True))
    outcomes = [outcome for outcome, _, _ in tried(node)]
    assert outcomes == ["FAILED"] * (limits.HOOK_ATTEMPTS - 1) + ["GIVEN_UP"]


def test_a_failing_hook_is_one_alarm_that_another_hook_carries_until_it_works_again() -> None:
    broken, good = Pager("broken", *["no"] * (2 * limits.HOOK_ATTEMPTS), on=["ALARM"]), Pager("good")

    async def story(sequencer: Straight, restart: Callable[[], None]) -> None:
        await sequencer.alarm("first")
        await sequencer.alarm("second")
        await asyncio.sleep(600)
        assert sequencer.node.state.rings.failing["broken"].text == "no"
        await sequencer.alarm("third, which works")
        await asyncio.sleep(600)
        assert sequencer.node.state.rings.failing == {}
        broken.answers = ["no", "no"]
        await sequencer.alarm("fourth")
        await asyncio.sleep(600)

    node = ringing(broken, good, story=story)
    assert node.alarms().count("HOOK_FAILED") == 2, "once until it works again, and then anew"
    assert good.codes.count("HOOK_FAILED") == 2
    assert "HOOK_FAILED" not in broken.codes, "it would not carry it"
    assert [text for _, _, text in tried(node, "broken")].count("no") == 2 * limits.HOOK_ATTEMPTS + 2


def test_one_failure_alone_is_no_alarm() -> None:
    assert ringing(Pager("pager", "no"), story=once).alarms() == ["JOURNAL_DAMAGED"]


def test_a_hook_that_hangs_does_not_delay_another() -> None:
    hangs, good = Pager("hangs"), Pager("good")
    hangs.takes_s = 10_000

    async def story(sequencer: Straight, restart: Callable[[], None]) -> None:
        for _ in range(5):
            await sequencer.alarm()
        await asyncio.sleep(1)

    ringing(hangs, good, story=story)
    assert len(good.heard) == 5
    assert len(hangs.heard) == limits.HOOK_AT_ONCE, "and no more of it runs at a time than may"


def test_so_many_rings_wait_and_the_oldest_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HOOK_WAITING", 3)
    hangs = Pager("pager")
    hangs.takes_s = 10_000

    async def story(sequencer: Straight, restart: Callable[[], None]) -> None:
        for _ in range(5):
            await sequencer.alarm()
            await asyncio.sleep(0.1)

    node = ringing(hangs, story=story)
    assert [outcome for outcome, _, _ in tried(node)] == ["GIVEN_UP", "GIVEN_UP"]


def test_ringing_goes_on_when_nothing_can_be_recorded() -> None:
    pager = Pager("pager", "no", "no")

    async def story(sequencer: Straight, restart: Callable[[], None]) -> None:
        await sequencer.alarm()
        sequencer.fault = Fault("the disk is full")
        await asyncio.sleep(60)

    ringing(pager, story=story)
    assert len(pager.heard) == 3


# --- a restart -----------------------------------------------------------------------------------------------------


def test_a_restart_goes_on_with_what_was_not_heard_and_leaves_what_was() -> None:
    pager = Pager("pager", "no", None, "no")

    async def story(sequencer: Straight, restart: Callable[[], None]) -> None:
        await sequencer.alarm("heard at the second try")
        await asyncio.sleep(30)
        await sequencer.alarm("not heard before the restart")
        await asyncio.sleep(0.1)
        restart()
        await asyncio.sleep(60)

    node = ringing(pager, story=story)
    assert tried(node) == [("FAILED", 1, "no"), ("OK", 2, ""), ("FAILED", 1, "no"), ("OK", 2, "")]


def test_what_a_replay_and_a_snapshot_make_of_it_is_the_same() -> None:
    from skyparley.state.snapshot import freeze, thaw

    node = ringing(Pager("pager", *["no"] * 3), story=once)
    assert node.replayed().rings == node.state.rings
    again = node.fresh()
    thaw(list(freeze(node.state)), again)
    assert (again.rings, again.misuse) == (node.state.rings, node.state.misuse)


def test_what_is_too_old_does_not_ring_after_a_restart() -> None:
    pager = Pager("pager", *["no"] * limits.HOOK_ATTEMPTS)
    world = World("A")
    (node,) = world.nodes

    async def story(sequencer: Straight, restart: Callable[[], None]) -> None:
        await asyncio.sleep(0.1)
        sequencer.listeners.clear()  # The process dies before anything was tried.
        await sequencer.alarm()
        await asyncio.sleep(limits.HOOK_AGAIN_MS / 1000 + 1)
        restart()
        await asyncio.sleep(60)

    ringing(pager, story=story, node=node)
    assert pager.heard == []


def test_old_rings_leave_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    (node,) = World("A").nodes
    for _ in range(3):
        node.run(c.ReportDamage(text="x"))
    assert len(node.state.rings.recent) == 3
    node.world.now += limits.HOOK_AGAIN_MS
    node.run(c.ReportDamage(text="x"))
    assert len(node.state.rings.recent) == 1
    monkeypatch.setattr(limits, "RINGS_KEPT", 5)
    for _ in range(9):
        node.run(c.ReportDamage(text="x"))
    assert len(node.state.rings.recent) == 5


# --- who is told what ------------------------------------------------------------------------------------------------


def a_ring(**more: Any) -> Ring:
    return Ring(position=7, at=START_MS, level="SUPERVISOR", code="ACK", text="STP from B at 36.1N", cls="LIFE", **more)


@pytest.mark.parametrize(
    ("on", "wanted"),
    [
        ((), True),
        (("SUPERVISOR",), True),
        (("LIFE",), True),
        (("DESK", "LIFE"), True),
        (("DESK",), False),
        (("DESK", "SAFETY"), False),
        (("EXERCISE",), True),
        (("EXERCISE", "DESK"), False),
    ],
)
def test_a_hook_rings_for_the_levels_and_classes_that_it_names(on: tuple[str, ...], wanted: bool) -> None:
    assert wants(Pager(on=on), a_ring()) == wanted
    assert wants(Pager(on=on), a_ring(exercise=True)) == (wanted and "EXERCISE" in on)


def test_nothing_of_what_was_said_goes_along_without_details() -> None:
    ring = a_ring(msg_id="m", peer="p" * 43, phrase="L1", about="hash of the statement")
    plain = msgspec.json.decode(told(ring, node="A", peer="B", details=False))
    assert plain == {
        "skyparley": "ring/1",
        "ring": 7,
        "test": False,
        "node": "A",
        "level": "SUPERVISOR",
        "code": "ACK",
        "at": START_MS,
        "class": "LIFE",
        "peer": "B",
        "msg_id": "m",
        "phrase": "L1",
    }
    more = msgspec.json.decode(told(ring, node="A", peer="B", details=True))
    assert more == plain | {"text": ring.text}


def test_a_trial_says_that_it_is_one() -> None:
    said = msgspec.json.decode(told(trial_ring(5 * MINUTE), node="A", peer="", details=True, test=True))
    assert (said["test"], said["level"]) == (True, "TEST")
    assert said["text"].startswith("TEST")
    assert "TEST" not in LEVELS


def test_of_the_alarm_the_desk_sees_a_name() -> None:
    node = ringing(Pager("pager", *["no"] * 9), story=once)
    failed = next(alarm for alarm in node.state.alarms if alarm.code == "HOOK_FAILED")
    assert "pager" in alarm_view(node.state, failed).text
