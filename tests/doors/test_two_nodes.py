"""Two real nodes over loopback, with their folders, doors, bearers and journals: from pinning to an agreement both hold."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import door_support as d
import httpx
import pytest

from skyparley.adapters.system.identity import own_card
from skyparley.wiring import LOOK_AGAIN_S, Parts


class Desk:
    """A machine at one desk."""

    def __init__(self, parts: Parts, url: str, folder: Path) -> None:
        self.parts = parts
        headers = {"authorization": f"Bearer {d.token_of(folder)}"}
        self.client = httpx.AsyncClient(base_url=f"{url}/desk/v1", headers=headers)

    async def get(self, path: str) -> Any:
        said = await self.client.get(path)
        assert said.status_code == 200, said.text
        return said.json()

    async def act(self, path: str, **body: Any) -> httpx.Response:
        return await self.client.post(path, json=body, headers=d.key())

    async def done(self, path: str, **body: Any) -> Any:
        said = await self.act(path, **body)
        assert said.status_code == 200, said.text
        return said.json()

    async def conflict(self, **want: Any) -> Any:
        """The one conflict, once it is as wanted."""

        async def look() -> Any:
            return [one for one in await self.get("/conflicts") if want.items() <= one.items()]

        return (await d.until(look))[0]


async def both(stack: AsyncExitStack, a: Path, b: Path) -> tuple[Desk, Desk]:
    desks = [Desk(*await stack.enter_async_context(d.serving(folder)), folder) for folder in (a, b)]
    for desk in desks:
        stack.push_async_callback(desk.client.aclose)
    return desks[0], desks[1]


async def ready(desk: Desk) -> None:
    async def look() -> Any:
        lines = await desk.get("/lines")
        return lines and all(line["ready"] and line.get("link_up") for line in lines)

    await d.until(look)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    a, b = d.make(tmp_path / "a", "A"), d.make(tmp_path / "b", "B")
    d.pin(a, b)
    d.pin(b, a)
    return a, b


def test_two_plans_are_kept_apart_and_both_hold_what_was_signed(pair: tuple[Path, Path]) -> None:
    async def run() -> None:
        async with AsyncExitStack() as stack:
            a, b = await both(stack, *pair)
            await ready(a)
            await ready(b)
            await a.done("/notices", **d.notice(audience=["B"]))
            await d.until(lambda: b.get("/notices"))
            refused = await b.act("/notices", **d.notice(audience=["A"], lat=36.2))
            assert (refused.status_code, d.reasons(refused)[0]["code"]) == (409, "KEY_INCOMPLETE")
            named = d.reasons(refused)[0]["ids"]
            assert len(named) == 1
            assert named[0].endswith("A-0001 v1")
            await b.done("/notices", **d.notice(audience=["A"], lat=36.2, key=named))
            at_a, at_b = await a.conflict(peer_same_id=True), await b.conflict(peer_same_id=True)
            assert at_a["conflict_id"] == at_b["conflict_id"]

            pair_path = f"/conflicts/{at_a['pair_id']}"
            suggestions = await b.get(f"{pair_path}/suggestions")
            wanted = suggestions[0]["changes"]
            await b.done(f"{pair_path}/propose", expected_revision=at_b["revision"], changes=wanted)
            offered = await a.conflict(state="PROPOSED")
            assert "accept" in offered["can"]
            answer = {"expected_revision": offered["revision"], "proposal": offered["offer"]["proposal"]}
            stale = await a.act(f"{pair_path}/accept", **{**answer, "expected_revision": offered["revision"] - 1})
            assert stale.status_code == 409
            await a.done(f"{pair_path}/accept", **answer)

            async def in_force(desk: Desk) -> Any:
                return [one for one in await desk.get("/agreements") if one["status"] == "IN_FORCE"]

            held = [(await d.until(lambda desk=desk: in_force(desk)))[0] for desk in (a, b)]
            assert held[0]["agreement_id"] == held[1]["agreement_id"]
            assert all(set(one["signed_by"]) == {"A", "B"} for one in held)
            for desk in (a, b):
                assert [one for one in await desk.get("/conflicts") if one["live"]] == []
                versions = {one["id"]: one["version"] for one in await desk.get("/notices")}
                assert sorted(versions.values()) == [1, 2]
        # After a restart both still hold it.
        async with AsyncExitStack() as stack:
            for desk in await both(stack, *pair):
                (one,) = await desk.get("/agreements")
                assert one["status"] == "IN_FORCE"

    asyncio.run(run())


def test_what_waits_is_carried_when_the_peer_comes_back(pair: tuple[Path, Path]) -> None:
    async def run() -> None:
        async with AsyncExitStack() as stack:
            a, b = await both(stack, *pair)
            await ready(a)
            await ready(b)
        async with d.serving(pair[0]) as (parts, url):
            a = Desk(parts, url, pair[0])
            await a.done("/notices", **d.notice(audience=["B"]))
            assert (await a.get("/overview"))["lines"][0].get("link_up", False) is False
            async with d.serving(pair[1]) as (other, other_url):
                b = Desk(other, other_url, pair[1])
                (seen,) = await d.until(lambda: b.get("/notices"))
                assert (seen["party"], seen["id"]) == ("A", "A-0001")
                await b.client.aclose()
            await a.client.aclose()

    asyncio.run(run())


@pytest.mark.slow
def test_a_peer_pinned_while_running_is_reached_without_a_restart(tmp_path: Path) -> None:
    a, b = d.make(tmp_path / "a", "A"), d.make(tmp_path / "b", "B")

    async def run() -> None:
        async with AsyncExitStack() as stack:
            at_a, at_b = await both(stack, a, b)
            assert await at_a.get("/lines") == []
            await asyncio.to_thread(d.pin, a, b)
            await asyncio.to_thread(d.pin, b, a)
            for desk in (at_a, at_b):
                await d.until(lambda desk=desk: desk.get("/lines"), wait_s=10 + LOOK_AGAIN_S)
                await ready(desk)
            assert (await at_a.get("/lines"))[0]["fingerprint"] == own_card(b).fingerprint

    asyncio.run(run())
