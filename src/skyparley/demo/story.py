"""The story: the planning part of scenario `coast`, acted by scripted officers at the desks of two real nodes.

Idle time is jumped by setting both clocks; while anybody acts they run at STORY_RATE times real speed at most.
Source: DOMAIN 11.4 `coast`, D4 07:00Z to 07:36Z.
"""

import asyncio
from typing import Any, Final

from skyparley.base.ids import short_id
from skyparley.base.times import HOUR, MINUTE
from skyparley.base.units import METRES_PER_NM, degrees_to_e7
from skyparley.demo.nodes import DemoFault
from skyparley.demo.officer import Officer, Overview
from skyparley.demo.stage import Stage

STORY_RATE_PERMILLE: Final = 10_000
REAL_RATE_PERMILLE: Final = 1_000
SCENES: Final = 11
DUE_REGARD: Final = {"stated": True}

ROUTE: Final = ((37.0021, 35.4259), (36.70, 36.90), (35.60, 38.60))
AREA: Final = ((35.80, 36.50), (36.40, 36.50), (36.40, 38.20), (35.80, 38.20))
AERODROME: Final = (35.4011, 35.9487)


class Story:
    """Plays it once.  `day` is midnight of the story's day, UTC milliseconds; `pace` scales the time left to read."""

    def __init__(self, a: Officer, b: Officer, stage: Stage, *, day: int, pace: float) -> None:
        self._a, self._b = a, b
        self._stage = stage
        self._day = day
        self._pace = pace
        self._leg_1, self._leg_2 = (
            _volume(_corridor(*leg, half_width_nm=5), 200, 240, self._at(8), self._at(11))
            for leg in (ROUTE[:2], ROUTE[1:])
        )
        self._area = _volume(_polygon(*AREA), 150, 250, self._at(9), self._at(10))

    async def play(self) -> None:
        """From the first caption to both signatures.  Raises DemoFault when something did not go as it must."""
        await self._before()
        await self._a_files()
        await self._b_is_refused()
        conflict = await self._both_find()
        await self._a_proposes(conflict)
        await self._b_counters(conflict)
        await self._a_accepts(conflict)

    async def hand_over(self) -> None:
        """Both clocks go on at normal speed, every notice still ahead."""
        officers = (self._a, self._b)
        now = max([(await officer.see())["now"] for officer in officers])
        body = {"shown_ms": now, "rate_permille": REAL_RATE_PERMILLE}
        await asyncio.gather(*(officer.act("clock", body) for officer in officers))

    # --- the scenes ------------------------------------------------------------------------------------------------

    async def _before(self) -> None:
        await self._both_ready()
        self._stage.caption(
            "Two air forces fly in the same sky. They share no command and no server, and neither trusts the other."
        )
        await self._jump("aerodrome", hour=6, minute=50)
        standing = {
            **_volume(_circle(AERODROME, radius_nm=15), 0, 200, self._at(7), self._at(31)),
            "lower": {"ref": "SFC"},
        }
        await self._b.act("notices", _notice("B-0002", "AERODROME", standing, to="A"))
        await self._a.until(lambda view: _notice_of(view, "B-0002") is not None, "B-0002")
        await self._read(5)
        self._stage.caption(
            "17 September 2016: the line was a telephone, and the named contact was away. It took 27 minutes to be heard; "
            "15 of 37 strikes fell in them."
        )
        await self._read(6)
        self._stage.caption(
            "Here plans meet an hour before anyone flies, and whoever has the desk can answer. The officers are scripts and idle time is jumped; all else is real."
        )
        await self._read(5)

    async def _a_files(self) -> None:
        await self._jump("route", hour=7)
        self._stage.caption(
            "A files a route for 08:00 to 11:00. B's node has it at once, and signs a receipt.", "07:00Z"
        )
        self._stage.act("A", "files A-0001: a route of two legs, ±5 NM, FL200–FL240, 08:00–11:00Z")
        await self._read(1.5)
        await self._a.act("notices", _notice("A-0001", "TRANSIT", self._leg_1, self._leg_2, to="B"))
        view = await self._a.until(_received("A-0001"), "B's receipt for A-0001")
        lead = (_notice_of(view, "A-0001") or {})["audience"][0].get("lead_class", "")
        self._stage.answer("A", f"filed; received by B, lead time {lead}")
        await self._b.until(lambda view: _notice_of(view, "A-0001") is not None, "A-0001 at B")
        await self._read(4)

    async def _b_is_refused(self) -> None:
        await self._jump("area", hour=7, minute=20)
        self._stage.caption(
            "B wants to work in an area that the route crosses. Its own node will not file that blindly.", "07:20Z"
        )
        self._stage.act("B", "files B-0001: an area, FL150–FL250, 09:00–10:00Z")
        await self._read(1.5)
        plan = _notice("B-0001", "AREA WORK", self._area, to="A")
        reasons = await self._b.refused("notices", plan)
        key = next((reason for reason in reasons if reason["code"] == "KEY_INCOMPLETE"), None)
        if key is None:
            raise DemoFault(f"B's node refused B-0001, but not for its key: {reasons}")
        self._stage.answer("B", f"REFUSED {key['code']}", refused=True, more=(key["text"],))
        await self._read(5)
        self._stage.caption("B looks, and files it naming A-0001. Nobody can say later that it was not seen.", "07:20Z")
        self._stage.act("B", f"files B-0001 again, naming {', '.join(key['ids'])}")
        await self._read(1)
        await self._b.act("notices", {**plan, "key": key["ids"]})
        self._stage.answer("B", "filed")

    async def _both_find(self) -> dict[str, Any]:
        views = [
            await officer.until(_told_the_same, "the conflict, with the peer's id") for officer in (self._a, self._b)
        ]
        ids = [view["conflicts"][0]["conflict_id"] for view in views]
        if ids[0] != ids[1]:
            raise DemoFault(f"the nodes found different conflicts: {ids[0]} at A, {ids[1]} at B")
        await self._read(2)
        self._stage.caption(
            f"Both nodes found the same conflict, each by itself, under the same id: {short_id(ids[0])}.", "07:20Z"
        )
        await self._read(5)
        found: dict[str, Any] = views[0]["conflicts"][0]
        return found

    async def _a_proposes(self, conflict: dict[str, Any]) -> None:
        await self._jump("proposal", hour=7, minute=26)
        self._stage.caption("A asks B to stay below: FL180 at most, so that 2,000 ft lie between them.", "07:26Z")
        self._stage.act("A", "proposes VERT: B-0001 at or below FL180")
        await self._read(1)
        lower = {**self._area, "upper": _level(180)}
        await self._propose(self._a, conflict["pair_id"], "propose", [_change("B", "B-0001", lower)])
        await self._b.until(_offered("VERT"), "A's proposal at B")
        self._stage.answer("A", "proposed; B has it")
        await self._read(4)

    async def _b_counters(self, conflict: dict[str, Any]) -> None:
        await self._jump("counter", hour=7, minute=33)
        self._stage.caption(
            "B needs its levels, and offers time instead: B is out by 09:30, A's second leg begins at 09:40.", "07:33Z"
        )
        self._stage.act("B", "counters TIME: B-0001 09:00–09:30Z, second leg of A-0001 from 09:40Z")
        await self._read(1)
        shorter = {**self._area, "end": self._at(9, 30)}
        later = {**self._leg_2, "start": self._at(9, 40)}
        changes = [_change("B", "B-0001", shorter), _change("A", "A-0001", self._leg_1, later)]
        await self._propose(self._b, conflict["pair_id"], "counter", changes)
        await self._a.until(_offered("TIME"), "B's counter-proposal at A")
        self._stage.answer("B", "countered; A has it")
        await self._read(5)

    async def _a_accepts(self, conflict: dict[str, Any]) -> None:
        await self._jump("acceptance", hour=7, minute=36)
        self._stage.caption(
            "A accepts. Both sign the same text, and both plans change with it, at both nodes, in one step.", "07:36Z"
        )
        self._stage.act("A", "accepts B's terms")
        await self._read(1)
        held = _conflict_of(await self._a.see(), conflict["pair_id"])
        body = {"expected_revision": held["revision"], "proposal": held["offer"]["proposal"]}
        await self._a.act(f"conflicts/{conflict['pair_id']}/accept", body)
        for officer in (self._a, self._b):
            view = await officer.until(_agreed, "an agreement in force with both signatures")
            one = view["agreements"][0]
            self._stage.answer(
                officer.name, f"agreement {one['short_id']}, signed by {' and '.join(sorted(one['signed_by']))}"
            )
        await self._read(5)

    # --- how it is done --------------------------------------------------------------------------------------------

    def _at(self, hour: int, minute: int = 0) -> int:
        return self._day + hour * HOUR + minute * MINUTE

    async def _read(self, seconds: float) -> None:
        """Time for a person to read."""
        await asyncio.sleep(seconds * self._pace)

    async def _jump(self, to: str, *, hour: int, minute: int = 0) -> None:
        """Both clocks to one instant of the story.  Only idle time is jumped over."""
        body = {"shown_ms": self._at(hour, minute), "rate_permille": STORY_RATE_PERMILLE}
        await asyncio.gather(*(officer.act("clock", body) for officer in (self._a, self._b)))
        await self._both_ready(to)

    async def _both_ready(self, to: str = "start") -> None:
        for officer in (self._a, self._b):
            await officer.until(_line_ready, f"the line, before the {to}")

    async def _propose(self, officer: Officer, pair_id: str, act: str, changes: list[dict[str, Any]]) -> None:
        held = _conflict_of(await officer.see(), pair_id)
        await officer.act(f"conflicts/{pair_id}/{act}", {"expected_revision": held["revision"], "changes": changes})


# --- what a desk must show ----------------------------------------------------------------------------------------


def _line_ready(view: Overview) -> bool:
    return bool(view["lines"]) and all(line["ready"] and line.get("link_up", False) for line in view["lines"])


def _notice_of(view: Overview, notice_id: str) -> dict[str, Any] | None:
    return next((notice for notice in view["notices"] if notice["id"] == notice_id), None)


def _conflict_of(view: Overview, pair_id: str) -> dict[str, Any]:
    found: dict[str, Any] = next(conflict for conflict in view["conflicts"] if conflict["pair_id"] == pair_id)
    return found


def _received(notice_id: str) -> Any:
    def seen(view: Overview) -> bool:
        notice = _notice_of(view, notice_id)
        return notice is not None and all(one.get("received_utc") for one in notice.get("audience", []))

    return seen


def _told_the_same(view: Overview) -> bool:
    return any(conflict["live"] and conflict.get("peer_same_id") for conflict in view["conflicts"])


def _offered(kind: str) -> Any:
    return lambda view: any((conflict.get("offer") or {}).get("kind") == kind for conflict in view["conflicts"])


def _agreed(view: Overview) -> bool:
    return any(one["status"] == "IN_FORCE" and len(one["signed_by"]) == 2 for one in view["agreements"])


# --- wire forms ---------------------------------------------------------------------------------------------------


def _level(flight_level: int) -> dict[str, Any]:
    return {"ref": "FL", "ft": flight_level * 100}


def _volume(shape: dict[str, Any], lower_fl: int, upper_fl: int, start: int, end: int) -> dict[str, Any]:
    return {"shape": shape, "lower": _level(lower_fl), "upper": _level(upper_fl), "start": start, "end": end}


def _position(point: tuple[float, float]) -> list[int]:
    return [degrees_to_e7(point[0]), degrees_to_e7(point[1])]


def _corridor(*points: tuple[float, float], half_width_nm: int) -> dict[str, Any]:
    return {
        "type": "corridor",
        "line": [_position(point) for point in points],
        "half_width_m": half_width_nm * METRES_PER_NM,
    }


def _polygon(*points: tuple[float, float]) -> dict[str, Any]:
    return {"type": "polygon", "rings": [[_position(point) for point in points]]}


def _circle(centre: tuple[float, float], *, radius_nm: int) -> dict[str, Any]:
    return {"type": "circle", "centre": _position(centre), "radius_m": radius_nm * METRES_PER_NM}


def _notice(notice_id: str, kind: str, *volumes: dict[str, Any], to: str) -> dict[str, Any]:
    return {"id": notice_id, "kind": kind, "volumes": list(volumes), "due_regard": DUE_REGARD, "audience": [to]}


def _change(party: str, notice_id: str, *volumes: dict[str, Any]) -> dict[str, Any]:
    return {"party": party, "id": notice_id, "volumes": list(volumes)}
