"""The second half of the story: what people ask of each other and do about it, and what becomes of the line."""

from typing import Any, Final

import msgspec
from two_nodes import TwoNodes

from skyparley.base.times import HOUR, MINUTE
from skyparley.domain import commands as c
from skyparley.domain.matter_records import Matter
from skyparley.domain.messages.matter_slots import FreeText
from skyparley.domain.messages.slots import AmslSlot, CircleSlot, DueRegard, FlSlot, VolumeSlot
from skyparley.domain.read_back import values_of

POINT: Final = [358_000_000, 370_000_000]
CIRCLE: Final = {"type": "circle", "centre": POINT, "radius_m": 5_000}


class _Talk:
    """Acts of either desk about the newest statement of a type that the other one said."""

    def __init__(self, pair: TwoNodes) -> None:
        self._pair = pair

    @property
    def now(self) -> int:
        return self._pair.clock.now_ms()

    async def desk(self, name: str, command: c.DeskCommand, account: str = "officer") -> None:
        self._pair.pass_time(5_000)
        await self._pair.desk(name, command, account)

    async def say(self, name: str, kind: Any, free_text: FreeText | None = None, **slots: Any) -> None:
        """What stands by itself: STP, DIS, RLY, IDQ, LAS, GNI."""
        peer = "B" if name == "A" else "A"
        exercise = bool(slots.pop("exercise", False))
        await self.desk(name, c.Say(peers=(peer,), type=kind, slots=slots, free_text=free_text, exercise=exercise))

    async def heard(self, name: str, kind: str) -> Matter:
        """The newest of a type that was said to a desk."""
        matters = (await self._pair.state(name)).matters.values()
        return [one for one in matters if one.type == kind and not one.ours][-1]

    async def read_back(self, name: str, kind: str, **wrong: Any) -> None:
        matter = await self.heard(name, kind)
        values = msgspec.structs.replace(values_of(matter.envelope.slots), **wrong)
        await self.desk(name, c.ReadBackMatter(statement=matter.hash, values=values))

    async def act(self, name: str, kind: str, act: type[c.AboutMatter], **more: Any) -> None:
        await self.desk(name, act(statement=(await self.heard(name, kind)).hash, **more))

    async def answer(self, name: str, answer: Any, **more: Any) -> None:
        await self.act(name, "SAR", c.AnswerMatter, answer=answer, **more)

    async def tell(self, name: str, kind: Any, centre: tuple[int, int]) -> None:
        """A notice of a kind, over the open sea."""
        volume = VolumeSlot(
            shape=CircleSlot(centre=centre, radius_m=20_000),
            lower=AmslSlot(ft=1_000),
            upper=AmslSlot(ft=3_000),
            start=self.now + HOUR,
            end=self.now + 2 * HOUR,
        )
        peer = "B" if name == "A" else "A"
        regard = DueRegard(stated=True)
        await self.desk(name, c.FileNotice(kind=kind, volumes=(volume,), due_regard=regard, audience=(peer,)))


async def people_talk(pair: TwoNodes) -> None:
    """Each statement that asks people for something, and each thing that they do about one."""
    talk = _Talk(pair)
    await _stopped(talk)
    await _in_distress(talk)
    await _whose(talk)
    await _told(talk)
    await _exercise(talk)


async def _stopped(talk: _Talk) -> None:
    """A stop request: read back wrongly, then rightly, acknowledged, passed on and done; it begins again and is refused."""
    await talk.say("A", "STP", area=CIRCLE, at=talk.now)
    await talk.read_back("B", "STP", position=(POINT[0] + 200_000, POINT[1]))
    await talk.read_back("B", "STP")
    await talk.act("B", "STP", c.Acknowledge)
    await talk.act("B", "STP", c.PassOn, action="STOPPING")
    await talk.act("B", "STP", c.ReportDone, action="STOPPING")
    first = (await talk.heard("B", "STP")).hash
    await talk.say("A", "STP", area=CIRCLE, at=talk.now, reopens=first)
    await talk.read_back("B", "STP")
    await talk.act("B", "STP", c.Acknowledge)
    await talk.act("B", "STP", c.RefuseMatter, reason="SAFETY")


async def _in_distress(talk: _Talk) -> None:
    """An aircraft in distress, and one of a third party, relayed."""
    words = FreeText(
        lang="ru",
        text="\u0434\u0432\u0430 \u0447\u0435\u043b\u043e\u0432\u0435\u043a\u0430 \u0432 \u0432\u043e\u0434\u0435",
    )
    distress = {"aircraft": "ROTARY WING", "position": POINT, "precision": "ROUNDED", "at": talk.now, "pob": 2}
    await talk.say("B", "DIS", free_text=words, **distress)
    await talk.read_back("A", "DIS")
    await talk.act("A", "DIS", c.Acknowledge)
    await talk.act("A", "DIS", c.PassOn)
    relayed = {"aircraft": "FIXED WING", "area": CIRCLE, "at": talk.now}
    await talk.say("A", "RLY", source="CIVIL ATS", heard_at=talk.now, distress=relayed)


async def _whose(talk: _Talk) -> None:
    """Whose aircraft: checking, not ours; another one: ours."""
    asked = {"position": POINT, "level": {"ref": "FL", "ft": 24_000}, "error_m": 2_000}
    await talk.say("A", "IDQ", at=talk.now, **asked)
    await talk.act("B", "IDQ", c.AnswerIdentity, answer="CHECKING", until=talk.now + 2 * MINUTE)
    await talk.act("B", "IDQ", c.AnswerIdentity, answer="NOT OURS")
    await talk.say("A", "IDQ", at=talk.now, **asked)
    await talk.act("B", "IDQ", c.AnswerIdentity, answer="OURS")
    await talk.say("B", "LAS", position=POINT, since=talk.now)
    await talk.say("A", "GNI", area=CIRCLE, level={"ref": "FL", "ft": 10_000}, since=talk.now)


async def _told(talk: _Talk) -> None:
    """Notices that have a type of their own, and each answer to a box for search and rescue."""
    await talk.tell("A", "HAZARD", (340_000_000, 310_000_000))
    await talk.tell("B", "HUM", (345_000_000, 320_000_000))
    await talk.tell("A", "SAR", (330_000_000, 330_000_000))
    smaller = VolumeSlot(
        shape=CircleSlot(centre=(330_000_000, 330_000_000), radius_m=10_000),
        lower=FlSlot(ft=1_000),
        upper=FlSlot(ft=3_000),
        start=talk.now + HOUR,
        end=talk.now + 2 * HOUR,
    )
    await talk.answer("B", "SBY", until=talk.now + 2 * MINUTE)
    await talk.answer("B", "CPR", volumes=(smaller,))
    await talk.answer("B", "REJ", reason="CAPACITY")
    await talk.tell("A", "SAR", (325_000_000, 335_000_000))
    await talk.read_back("B", "SAR")
    await talk.answer("B", "ACC")


async def _exercise(talk: _Talk) -> None:
    await talk.say("A", "LAS", area=CIRCLE, since=talk.now, exercise=True)
    await talk.act("B", "LAS", c.Acknowledge)


async def line_changes(pair: TwoNodes) -> None:
    """A person's line check; suspended and resumed by two persons of A, terminated by two of B."""
    talk = _Talk(pair)
    await talk.desk("A", c.CheckLine(peer="B"))
    await talk.act("B", "LCK", c.Acknowledge)
    for name, change in (("A", c.SuspendLine), ("A", c.ResumeLine), ("B", c.TerminateLine)):
        peer = "B" if name == "A" else "A"
        for account in ("officer", "supervisor"):
            await talk.desk(name, change(peer=peer, reason="POLITICAL"), account)
