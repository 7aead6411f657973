"""Plays a timeline: whole nodes in one process on one virtual clock, each step at its time, each expectation judged.

Everything that a step asks goes through a node's desk door; everything that an expectation sees comes from there, or from
what is durable in a journal.  The same file gives the same run.
"""

import asyncio
import random
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from skyparley.engine.journal_port import Entry
from skyparley.scenario import acts
from skyparley.scenario import timeline as t
from skyparley.scenario.faults import Faults
from skyparley.scenario.judging import Kept, Meaning, Verdict, judge, judge_kept, shown
from skyparley.scenario.moments import span_shown
from skyparley.scenario.references import Unresolved, resolved
from skyparley.scenario.report import Result, Status
from skyparley.scenario.station import Said, Station
from skyparley.state.views import Overview
from skyparley.testing.host import Down
from skyparley.testing.liar import payload_of
from skyparley.testing.loop import run, sim_loop
from skyparley.testing.network import LATEST_S, Net
from skyparley.testing.parties import party
from skyparley.testing.ports import START_MS
from skyparley.testing.simulate import quiet
from skyparley.testing.tape import content_of

MOMENT_S: Final = 0.01
"""From an entry to the look at what it changed: finer than any clock of the table."""
LOOKS: Final = 400
"""How often an open expectation is judged though nothing was written: views change with the time, too."""
_WITH_STATEMENT: Final = {"StatementSealed", "StatementReceived"}


def play(timeline: t.Timeline, note: Callable[[str], None] = lambda text: None) -> list[Result]:
    """What became of every step, in the order of the timeline.  `note` hears the trace."""

    async def main() -> list[Result]:
        return await Play(timeline, note).run()

    with quiet():
        return run(main())


class Play:
    """One run of one timeline."""

    def __init__(self, timeline: t.Timeline, note: Callable[[str], None]) -> None:
        self.timeline = timeline
        self._say = note
        self.meaning = Meaning(timeline.names)
        self.net = Net(random.Random(f"net {timeline.seed}"), lambda text: None)
        self.net.calm()
        self.broken: list[str] = []
        self.answers: dict[str, Any] = {}
        self.kept: dict[str, list[Kept]] = {one.name: [] for one in timeline.parties}
        self.parties = {one.name: party(one.name, one.bearers) for one in timeline.parties}
        self.stations = {one.name: self._station(one) for one in timeline.parties}
        self.faults = Faults(self.stations, self.net)
        self._results: dict[str, Result] = {}
        self._open: list[asyncio.Task[None]] = []
        self._grew = asyncio.Event()

    def _station(self, said: t.Party) -> Station:
        # The machine of each party is dealt its luck by its name, so that another party in the file changes nothing here.
        peers = [
            self.parties[two if one == said.name else one]
            for one, two in self.timeline.lines
            if said.name in (one, two)
        ]
        station = Station(
            self.parties[said.name],
            peers,
            net=self.net,
            rng=random.Random(f"{said.name} {self.timeline.seed}"),
            report=lambda law, broken: self.broken.extend(f"{law}: {text}" for text in broken),
            kept=self._keep,
            numbers=said.numbers,
        )
        station.people = said.people
        station.skew_ms = self.timeline.begin_ms - START_MS + said.clock_error_ms
        return station

    # --- time and trace ----------------------------------------------------------------------------------------

    @property
    def now_ms(self) -> int:
        """The true time of the world; a party's clock may differ."""
        return self.timeline.begin_ms + round(sim_loop().time() * 1000)

    def note(self, text: str) -> None:
        self._say(f"{self.timeline.names.calendar.shown(self.now_ms)}  {text}")

    def _keep(self, host: Any, entries: Sequence[Entry]) -> None:
        """A batch of a node became durable."""
        self._grew.set()
        self._grew = asyncio.Event()
        name = host.party.name
        for entry in entries:
            content = content_of(entry)
            payload = payload_of(content["jws"]) if entry.kind in _WITH_STATEMENT else None
            position = len(self.kept[name]) + 1
            self.kept[name].append(Kept(position, self.now_ms, entry.kind, content, payload))
            about = f" {payload['type']} {payload['epoch']}/{payload['seq']}" if payload else ""
            self.note(f"{name} {position} {entry.kind}{about}")

    # --- the run -----------------------------------------------------------------------------------------------

    async def run(self) -> list[Result]:
        for station in self.stations.values():
            station.up()
        for step in self.timeline.steps:
            await self._until(step.at_ms)
            await self._step(step)
        await asyncio.gather(*self._open)
        await asyncio.sleep(LATEST_S)  # What is under way arrives, and the trace tells it.
        self._laws()
        for station in self.stations.values():
            station.crash()
        await asyncio.sleep(LATEST_S)
        return [self._results[step.id] for step in self.timeline.steps] + [
            self._results[name] for name in ("laws",) if name in self._results
        ]

    async def _until(self, at_ms: int) -> None:
        wait_ms = at_ms - self.now_ms
        if wait_ms > 0:
            await asyncio.sleep(wait_ms / 1000)

    def _laws(self) -> None:
        """The laws that a simulated machine holds its node to are expected of every timeline."""
        if self.broken:
            evidence = "; ".join(self.broken[:3])
            step = t.Step(at_ms=self.now_ms, id="laws", why="what every node keeps", what=t.Later(""))
            self._results["laws"] = Result(step, Status.MISSED, "the nodes keep their laws", evidence)

    async def _step(self, step: t.Step) -> None:
        match step.what:
            case t.Later(text):
                self._done(step, Status.NOT_PLAYED, text, "")
            case t.Fault():
                self.note(f"fault {self.faults.words(step.what)}")
                await self.faults.do(step.what)
                self._done(step, Status.DONE, self.faults.words(step.what), "")
            case t.Act():
                await self._act(step, step.what)
            case t.Expect(within_ms=-1, throughout_ms=-1):
                verdict = await self._judge(step.what, 0)
                self._told(step, step.what, verdict, "")
            case t.Expect():
                self._open.append(asyncio.get_running_loop().create_task(self._watch(step, step.what)))

    def _done(self, step: t.Step, status: Status, what: str, evidence: str) -> None:
        result = Result(step, status, what, evidence)
        self._results[step.id] = result
        if status is not Status.DONE or evidence:
            self.note(f"{status.value} {step.id}: {what}: {evidence}")

    # --- acts --------------------------------------------------------------------------------------------------

    async def _act(self, step: t.Step, act: t.Act) -> None:
        what = f"{act.by} {act.who}: {act.address}"
        if act.by in self.faults.asleep and act.kind.right != "read" and act.who != "clerk":
            self._done(step, Status.MISSED, what, f"{act.by}'s desk sleeps, and nobody else is there")
            return
        try:
            said = await self._asked(act)
        except (Down, Unresolved) as error:
            self._done(step, Status.MISSED, what, str(error))
            return
        self.answers[step.id] = said.plain
        if act.refused is None:
            done = not said.codes
            self._done(step, Status.DONE if done else Status.MISSED, what, _answer(said))
            return
        refused = all(code in said.codes for code in act.refused) and bool(said.codes)
        what += f" is refused with {', '.join(act.refused)}"
        self._done(step, Status.MET if refused else Status.MISSED, what, _answer(said))

    async def _asked(self, act: t.Act) -> Said:
        """Ask the door, with what references stand for now.  Raises Down, Unresolved."""
        station = self.stations[act.by]
        seen = {name: await self._overview(name) for name in self._mentioned(act)}
        body = resolved(act.body, act.by, seen=seen, answers=self.answers, meaning=self.meaning)
        body = self._filled(act, body, seen[act.by])
        address, rest = acts.split(act.kind, body)
        self.note(f"{act.by} {act.who} asks {address} {msgspec.json.encode(rest).decode()}")
        return await station.post(address, rest, act.who)

    def _mentioned(self, act: t.Act) -> list[str]:
        text = msgspec.json.encode(act.body).decode()
        return [act.by, *(name for name in self.stations if f"{{{name}:" in text and name != act.by)]

    def _filled(self, act: t.Act, body: t.Plain, seen: Overview) -> t.Plain:
        """What the desk's screen adds by itself: the version, the revision, the open offer."""
        lacks = [name for name in acts.FILLED_IN if name in acts.command_fields(act.kind) and name not in body]
        if "expected_version" in lacks:
            owner = body.get("party", act.by)
            found = next((one for one in seen.notices if one.id == body.get("id") and one.party == owner), None)
            if found is None:
                raise Unresolved(f"{act.by} sees no notice {body.get('id')} of {owner}: say its expected_version")
            body["expected_version"] = found.version
        if {"expected_revision", "proposal"} & set(lacks) and "pair_id" in body:
            conflict = next((one for one in seen.conflicts if one.pair_id == body.get("pair_id")), None)
            if conflict is None:
                raise Unresolved(f"{act.by} sees no conflict {body.get('pair_id')}")
            body.setdefault("expected_revision", conflict.revision)
            if "proposal" in lacks:
                if conflict.offer is None:
                    raise Unresolved(f"no offer is open about {conflict.own_notice} and {conflict.other_notice}")
                body["proposal"] = conflict.offer.proposal
        return body

    # --- seeing ------------------------------------------------------------------------------------------------

    async def _overview(self, name: str) -> Overview:
        said = await self.stations[name].get("/overview", "o1")
        if said.codes:
            raise Down(f"{name}: {said.words}")
        return msgspec.json.decode(said.body, type=Overview)

    async def _read(self, expect: t.Expect, name: str) -> Any:
        if not expect.read:
            return await self._overview(name)
        seen = {name: await self._overview(name)}
        address = resolved({"read": expect.read}, name, seen=seen, answers=self.answers, meaning=self.meaning)["read"]
        said = await self.stations[name].get(address, "o1")
        if said.codes:
            raise Down(f"{name} {address}: {said.words}")
        return {"answer": said.plain} if isinstance(said.plain, list) else said.plain

    async def _judge(self, expect: t.Expect, since_ms: int) -> Verdict:
        """Whether it holds now.  A view that nobody can see holds nothing."""
        since_ms = expect.since_ms if expect.since_ms >= 0 else since_ms
        if expect.statement is not None:
            return self._judge_statement(expect, since_ms)
        if expect.entry is not None:
            kind = expect.entry["kind"]
            kept = [one for one in self.kept[expect.of] if one.kind == kind and one.at_ms >= since_ms]
            return judge_kept(expect, kept, self.meaning, number_of=f"{kind} in {expect.of}'s journal")
        try:
            seen = await self._read(expect, expect.of)
            other = await self._read(expect, expect.same_at) if expect.same_at else None
        except (Down, Unresolved) as error:
            return Verdict(False, str(error))
        verdict = judge(expect, seen, other, self.meaning)
        position = self.stations[expect.of].disk.tape.position
        return Verdict(verdict.holds, f"{verdict.evidence} (journal position {position})")

    def _judge_statement(self, expect: t.Expect, since_ms: int) -> Verdict:
        """What the receiver's journal holds of a feed: sent and not arrived is not seen."""
        wanted = expect.statement or {}
        src, dst = wanted["from"], wanted["to"]
        sender = self.parties[src].card.fingerprint
        kept = [
            one
            for one in self.kept[dst]
            if one.kind == "StatementReceived"
            and one.at_ms >= since_ms
            and one.payload is not None
            and one.payload["from"] == sender
            and wanted.get("type") in (None, one.payload["type"])
        ]
        kind = wanted.get("type", "statement")
        return judge_kept(expect, kept, self.meaning, number_of=f"{kind} from {src} in {dst}'s journal")

    async def _watch(self, step: t.Step, expect: t.Expect) -> None:
        """An expectation with a span: judged whenever something was written, and now and then between."""
        throughout = expect.throughout_ms >= 0
        span_ms = expect.throughout_ms if throughout else expect.within_ms
        end_ms = step.at_ms + span_ms
        rest_ms = max(1000, span_ms // LOOKS)
        while True:
            verdict = await self._judge(expect, step.at_ms)
            if verdict.holds != throughout or self.now_ms >= end_ms:
                break
            await self._something(min(end_ms, self.now_ms + rest_ms))
        after = span_shown(self.now_ms - step.at_ms)
        self._told(step, expect, verdict, f" throughout {after}" if throughout and verdict.holds else f" after {after}")

    async def _something(self, until_ms: int) -> None:
        """Until a journal grew, or until a time.  What was written may be seen a moment later, when the gate is open."""
        grew = self._grew
        try:
            async with asyncio.timeout(max(0.001, (until_ms - self.now_ms) / 1000)):
                await grew.wait()
                await asyncio.sleep(MOMENT_S)
        except TimeoutError:
            return

    def _told(self, step: t.Step, expect: t.Expect, verdict: Verdict, when: str) -> None:
        status = Status.MET if verdict.holds else Status.MISSED
        self._done(step, status, words(expect), verdict.evidence + when)


def words(expect: t.Expect) -> str:
    """An expectation in words."""
    if expect.statement is not None:
        said = expect.statement
        subject = f"{said.get('type', 'a statement')} from {said['from']} at {said['to']}"
    elif expect.entry is not None:
        subject = f"{expect.entry['kind']} in {expect.of}'s journal"
    else:
        subject = f"{expect.of} {expect.read + ' ' if expect.read else ''}{expect.path_text}"
    if expect.operator == "same_at":
        return f"{subject} is the same at {expect.same_at}"
    if expect.operator in ("absent", "present"):
        return f"{subject} is {expect.operator}"
    return f"{subject} {_VERBS.get(expect.operator, expect.operator)} {shown(expect.value)}"


_VERBS: Final = {
    "equals": "is",
    "differs": "is not",
    "one_of": "is one of",
    "at_least": "is at least",
    "at_most": "is at most",
    "count": "counts",
}


def _answer(said: Said) -> str:
    if said.codes:
        return said.words
    refs = (said.plain or {}).get("refs", {})
    return " ".join(f"{name} {str(value)[:24]}" for name, value in refs.items()) or "done"
