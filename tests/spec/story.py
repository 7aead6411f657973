"""The little story of the specification: what two desks order, so that every type of statement is said once at least."""

from msgspec.structs import replace
from story_of_people import line_changes, people_talk
from two_nodes import T0, TwoNodes

from skyparley.base.times import HOUR, MINUTE
from skyparley.domain import commands as c
from skyparley.domain.messages.slots import (
    AmslSlot,
    CircleSlot,
    CorridorSlot,
    DueRegard,
    FlSlot,
    PolygonSlot,
    SfcSlot,
    VolumeSlot,
)
from skyparley.domain.records import Conflict

START = T0 + 3 * HOUR


def place(lat: float, lon: float) -> tuple[int, int]:
    return (round(lat * 1e7), round(lon * 1e7))


def _leg(one: tuple[int, int], other: tuple[int, int]) -> VolumeSlot:
    shape = CorridorSlot(line=(one, other), half_width_m=9260)
    return VolumeSlot(shape=shape, lower=FlSlot(ft=20000), upper=FlSlot(ft=24000), start=START, end=START + 3 * HOUR)


ROUTE = (
    _leg(place(37.0021, 35.4259), place(36.7, 36.9)),
    _leg(place(36.7, 36.9), place(35.6, 38.6)),
)
AREA = VolumeSlot(
    shape=PolygonSlot(rings=((place(35.8, 36.5), place(36.4, 36.5), place(36.4, 38.2), place(35.8, 38.2)),)),
    lower=FlSlot(ft=15000),
    upper=FlSlot(ft=25000),
    start=START + HOUR,
    end=START + 2 * HOUR,
)


def circle(lat: float, lon: float, *, lower_ft: int, upper_ft: int) -> VolumeSlot:
    return VolumeSlot(
        shape=CircleSlot(centre=place(lat, lon), radius_m=15_000),
        lower=AmslSlot(ft=lower_ft) if lower_ft else SfcSlot(),
        upper=AmslSlot(ft=upper_ft),
        start=START,
        end=START + HOUR,
    )


class Story:
    """Acts in order.  After each, both nodes have heard and receipted everything."""

    def __init__(self, pair: TwoNodes) -> None:
        self._pair = pair

    async def play(self) -> None:
        """The whole story."""
        await self.play_notices()
        await people_talk(self._pair)
        await line_changes(self._pair)

    async def play_notices(self) -> None:
        """Notices, conflicts and what is agreed about them."""
        await self._pair.start()
        await self.settled_by_counter()
        await self.rejected_withdrawn_cancelled()
        await self.crossed()
        await self.used_and_ended()

    async def _desk(self, name: str, command: c.DeskCommand) -> None:
        self._pair.pass_time(10_000)
        await self._pair.desk(name, command)

    async def _file(self, name: str, notice: str, volumes: tuple[VolumeSlot, ...], key: tuple[str, ...] = ()) -> None:
        other = "B" if name == "A" else "A"
        kind = "TRANSIT" if volumes == ROUTE else "AREA WORK"
        regard = DueRegard(stated=True) if name == "A" else DueRegard(stated=False, reason="NOT STATED")
        await self._desk(
            name, c.FileNotice(kind=kind, volumes=volumes, due_regard=regard, audience=(other,), key=key, id=notice)
        )

    async def conflict(self, name: str, own_id: str) -> Conflict:
        found = [one for one in (await self._pair.state(name)).conflicts.values() if one.own_id == own_id and one.live]
        assert len(found) == 1, found
        return found[0]

    async def _propose(self, name: str, own_id: str, *changes: c.TermChange) -> None:
        conflict = await self.conflict(name, own_id)
        await self._desk(
            name, c.Propose(pair_id=conflict.pair_id, expected_revision=conflict.revision, changes=changes)
        )

    async def _answer(self, name: str, own_id: str, act: type[c.Answer], **more: object) -> None:
        conflict = await self.conflict(name, own_id)
        assert conflict.offer is not None
        said = {"pair_id": conflict.pair_id, "expected_revision": conflict.revision} | more
        await self._desk(name, act(proposal=conflict.offer.proposal, **said))

    async def settled_by_counter(self) -> None:
        """A route of two legs and an area: a query, a proposal, stand by, a counter, an acceptance, both signatures."""
        pair = self._pair
        await self._file("A", "A-0001", ROUTE)
        await self._file("B", "B-0001", (AREA,), key=("A-0001 v1",))
        await self._desk("A", c.QueryNotice(party="B", id="B-0001", expected_version=1, field="LEVELS"))
        await self._propose("A", "A-0001", c.TermChange("B", "B-0001", (replace(AREA, upper=FlSlot(ft=18000)),)))
        await self._answer("B", "B-0001", c.StandBy, until=pair.clock.now_ms() + 20 * MINUTE)
        shorter = replace(AREA, end=AREA.start + 30 * MINUTE)
        later = replace(ROUTE[1], start=AREA.start + 40 * MINUTE)
        await self._propose(
            "B", "B-0001", c.TermChange("B", "B-0001", (shorter,)), c.TermChange("A", "A-0001", (ROUTE[0], later))
        )
        await self._answer("A", "A-0001", c.Accept)

    async def rejected_withdrawn_cancelled(self) -> None:
        """A second pair: rejected with a reason, proposed again, withdrawn, and the notice cancelled."""
        low = circle(34.0, 33.0, lower_ft=0, upper_ft=8_000)
        await self._file("A", "A-0002", (low,))
        await self._file("B", "B-0002", (replace(low, lower=AmslSlot(ft=4_000)),), key=("A-0002 v1",))
        away = circle(34.0, 33.0, lower_ft=12_000, upper_ft=16_000)
        await self._propose("A", "A-0002", c.TermChange("A", "A-0002", (away,)))
        await self._answer("B", "B-0002", c.Reject, reason="CAPACITY")
        later = replace(low, start=low.end + 2 * HOUR, end=low.end + 3 * HOUR)
        await self._propose("A", "A-0002", c.TermChange("A", "A-0002", (later,)))
        await self._answer("A", "A-0002", c.Withdraw)
        await self._desk("A", c.CancelNotice(id="A-0002", expected_version=1, reason="WX"))

    async def crossed(self) -> None:
        """Two proposals cross while the line is cut: one stands, the other is answered with ERR."""
        pair = self._pair
        high = circle(33.0, 30.0, lower_ft=30_000, upper_ft=36_000)
        await self._file("A", "A-0003", (high,))
        await self._file("B", "B-0003", (high,), key=("A-0003 v1",))
        for bearer in pair.bearers.values():
            bearer.cut = True
        pair.pass_time(10_000)
        for name in "AB":
            conflict = await self.conflict(name, f"{name}-0003")
            change = c.TermChange(
                name, f"{name}-0003", (replace(high, start=high.end + HOUR, end=high.end + 2 * HOUR),)
            )
            await pair.order(
                name, c.Propose(pair_id=conflict.pair_id, expected_revision=conflict.revision, changes=(change,))
            )
        for bearer in pair.bearers.values():
            bearer.cut = False
        pair.pass_time(60_000)
        await pair.rest()

    async def used_and_ended(self) -> None:
        """A change that shrinks, an activation, an end."""
        version = (await self._pair.state("A")).notices[(self._pair.nodes["A"].card.fingerprint, "A-0003")].current
        narrower = tuple(replace(one, upper=AmslSlot(ft=34_000)) for one in version.volumes)
        await self._desk("A", c.ChangeNotice(id="A-0003", expected_version=1, volumes=narrower, key=("B-0003 v1",)))
        self._pair.pass_time(4 * HOUR)
        await self._pair.rest()
        await self._desk("B", c.ActivateNotice(id="B-0001", expected_version=2))
        await self._desk("B", c.EndNotice(id="B-0001", expected_version=2))

    # --- acts that are not in the vectors ----------------------------------------------------------------------

    async def file_far_away(self, name: str, notice: str) -> None:
        """A notice that conflicts with nothing: each number lies on a parallel of its own."""
        await self._file(name, notice, (circle(-50 + 5 * int(notice[-1]), 10, lower_ft=0, upper_ft=5_000),))

    async def cross_the_countersignature(self, act: c.DeskCommand) -> None:
        """A accepts B's terms for its route and acts before B's AGR can arrive."""
        pair = self._pair
        await self._file("A", "A-0001", ROUTE)
        await self._file("B", "B-0001", (AREA,), key=("A-0001 v1",))
        later = replace(ROUTE[1], start=AREA.end + 20 * MINUTE, end=ROUTE[1].end + HOUR)
        await self._propose("B", "B-0001", c.TermChange("A", "A-0001", (ROUTE[0], later)))
        offered = await self.conflict("A", "A-0001")
        assert offered.offer is not None
        pair.bearers["B"].cut = True
        accept = c.Accept(pair_id=offered.pair_id, expected_revision=offered.revision, proposal=offered.offer.proposal)
        await pair.order("A", accept)
        await pair.until(lambda a, b: bool(b.agreements))
        assert not (await pair.state("A")).agreements, "the countersignature is under way"
        await pair.order("A", act)
        pair.bearers["B"].cut = False
        pair.pass_time(60_000)
        await pair.rest()
