"""The second part of the story: politics suspends the line, and what saves lives still passes, in the other language.

Source: DOMAIN 0.4 (suspended in 2017 and still in use), 0.1 (received, understood, passed on and done are four things),
11.4 `27-minute-wait`.
"""

import asyncio
from typing import Any, Final

from skyparley.base.units import degrees_to_e7
from skyparley.demo.nodes import DemoFault
from skyparley.demo.officer import Officer, Overview
from skyparley.demo.stage import Stage

SCENES: Final = 4
REASON: Final = "POLITICAL"
PEOPLE: Final = (35.92, 37.35)
RADIUS_M: Final = 5_000


class LineStory:
    """Plays it once, after the first part.  `pace` scales the time left to read."""

    def __init__(self, a: Officer, b: Officer, stage: Stage, *, pace: float) -> None:
        self._a, self._b = a, b
        self._stage = stage
        self._pace = pace
        self.statement = ""
        """The hash of the stop request, once it was said."""

    async def play(self) -> None:
        """Suspended, stopped, resumed.  Raises DemoFault when something did not go as it must."""
        await self._b_suspends()
        matter = await self._a_asks_to_stop()
        await self._b_acts(matter)
        await self._b_resumes()

    async def _b_suspends(self) -> None:
        self._stage.caption("Far away, politics suspends the line. Two persons at B do it, with a coded reason.")
        self._stage.act("B", f"suspends the line: reason {REASON}; a supervisor confirms")
        await self._read(1)
        await self._two_persons("suspend")
        for officer in (self._a, self._b):
            await officer.until(_word("SUSPENDED"), "the word SUSPENDED")
        self._stage.answer("B", "SUSPENDED at both desks; the agreement stands until its end, nothing new is agreed")
        await self._read(3)

    async def _a_asks_to_stop(self) -> dict[str, Any]:
        self._stage.caption("Minutes later A's people are in danger. A stop request passes in every state of the line.")
        now = (await self._a.see())["now"]
        centre = [degrees_to_e7(PEOPLE[0]), degrees_to_e7(PEOPLE[1])]
        area = {"type": "circle", "centre": centre, "radius_m": RADIUS_M}
        self._stage.act("A", "sends STOP: an area and a time, no unit, no purpose")
        await self._a.act("statements", {"peers": ["B"], "type": "STP", "slots": {"area": area, "at": now}})
        view = await self._b.until(_stop, "the stop request at B")
        matter = _matter(view)
        self.statement = matter["statement"]
        for lang in ("en", "ru"):
            for sentence in await self._b.look(f"statements/{self.statement}/sentences?lang={lang}"):
                mark = f"  [{sentence['mark']}]" if sentence["mark"] else ""
                self._stage.answer("B", f"rings: {sentence['text']}{mark}")
        await self._read(4)
        return matter

    async def _b_acts(self, matter: dict[str, Any]) -> None:
        path = f"statements/{self.statement}"
        self._stage.caption("Whoever has B's desk takes it. First the place is read back: 9 km wrong is refused.")
        said = matter["to_read_back"]
        wrong = {**said, "position": [said["position"][0] + degrees_to_e7(0.08), said["position"][1]]}
        self._stage.act("B", "reads back a place 9 km off")
        answer = await self._b.act(f"{path}/read_back", {"values": wrong})
        if answer["result"] != "MISMATCH" or not await self._b.refused(f"{path}/acknowledge", {}):
            raise DemoFault("a read-back 9 km off must block the acknowledgment")
        self._stage.answer("B", "READ-BACK DIFFERS: POSITION; the acknowledgment is blocked", refused=True)
        await self._read(3)
        self._stage.act("B", "reads it back rightly, and acknowledges: received and understood, this is not agreement")
        await self._b.act(f"{path}/read_back", {"values": said})
        await self._b.act(f"{path}/acknowledge", {})
        await self._a.until(_state(self.statement, "ACKNOWLEDGED"), "the acknowledgment at A")
        await self._b.act(f"{path}/pass_on", {"action": "STOPPING"})
        await self._a.until(_state(self.statement, "PASSED"), "the controlling unit told, at A")
        self._stage.answer("B", "acknowledged; passed to the controlling unit, action STOPPING")
        await self._read(2)
        await self._b.act(f"{path}/done", {"action": "STOPPING"})
        await self._a.until(_state(self.statement, "DONE"), "done, at A")
        self._stage.answer("A", "sees it: RECEIVED, UNDERSTOOD, PASSED, DONE; each signed, each with its time")
        await self._read(4)

    async def _b_resumes(self) -> None:
        self._stage.caption("Politics calms. Only who suspended lifts it; the line is checked, and open again.")
        self._stage.act("B", "resumes the line; a supervisor confirms")
        await self._two_persons("resume")
        for officer in (self._a, self._b):
            await officer.until(_word("OPEN", "DEGRADED"), "the line open again")
        self._stage.answer("B", "checked each way and in force again, at both desks")
        await self._read(3)

    async def _two_persons(self, act: str) -> None:
        body = {"reason": REASON, "effective": 0}
        asked = await self._b.as_person("duty-officer").act(f"lines/A/{act}", body)
        if asked["result"] != "ASKED":
            raise DemoFault(f"one person alone must not {act} the line; the node answered {asked}")
        await self._b.as_person("supervisor").act(f"lines/A/{act}", body)

    async def _read(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self._pace)


def _word(*words: str) -> Any:
    return lambda view: all(line["word"] in words for line in view["lines"])


def _matter(view: Overview) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in view["matters"] if one["type"] == "STP")
    return found


def _stop(view: Overview) -> bool:
    return any(one["type"] == "STP" for one in view.get("matters", []))


def _state(statement: str, wanted: str) -> Any:
    def seen(view: Overview) -> bool:
        return any(one["statement"] == statement and one["state"] == wanted for one in view.get("matters", []))

    return seen
