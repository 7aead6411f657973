"""Many notices at once and the question beforehand, over HTTP: all or none, done once, and what-if writes nothing."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import door_support as d
import httpx
import pytest

from skyparley.base import limits
from skyparley.base.errors import JournalFault, JournalFull
from skyparley.wiring import Parts

Work = Callable[[Parts, httpx.AsyncClient], Awaitable[None]]


def at_desk(folder: Path, work: Work) -> None:
    """A node in memory and a machine at its desk."""

    async def run() -> None:
        async with d.started(folder) as parts, d.desk(parts, d.token_of(folder)) as client:
            await work(parts, client)

    asyncio.run(run())


async def position(client: httpx.AsyncClient) -> int:
    return (await client.get("/desk/v1/overview")).json()["position"]


async def ids(client: httpx.AsyncClient) -> list[str]:
    return [one["id"] for one in (await client.get("/desk/v1/notices")).json()]


async def ask(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    """The answer to a question, which leaves the record where it was."""
    before = await position(client)
    said = await client.post("/desk/v1/what-if", json=body)
    assert said.status_code == 200, said.text
    assert said.json()["position"] == before == await position(client)
    return said.json()


def twenty() -> list[dict[str, Any]]:
    return [d.notice(lon=37 + place) for place in range(20)]


def test_twenty_are_filed_by_one_act_and_a_retry_files_them_once(folder: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        key, body = d.key(), {"notices": twenty()}
        first = await client.post("/desk/v1/notices/batch", json=body, headers=key)
        assert first.status_code == 200
        assert [one["ref"] for one in first.json()["refs"]["notices"]] == [f"A-{n:04d} v1" for n in range(1, 21)]
        before = await position(client)
        again = await client.post("/desk/v1/notices/batch", json=body, headers=key)
        assert (again.status_code, again.json()) == (200, first.json())
        assert (await position(client), len(await ids(client))) == (before, 20)

    at_desk(folder, work)


@pytest.mark.parametrize("kept", [False, True])
def test_many_that_were_reported_lost_are_filed_once(folder: Path, kept: bool) -> None:
    """Lost, or kept and reported lost: after the retry there are twenty, and each was told one id."""

    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        between = d.failing(parts)
        between.fault, between.kept = JournalFault("the disk said no"), kept
        key, body = d.key(), {"notices": twenty()}
        assert (await client.post("/desk/v1/notices/batch", json=body, headers=key)).status_code == 503
        between.fault = None
        assert len(await ids(client)) == (20 if kept else 0)
        again = await client.post("/desk/v1/notices/batch", json=body, headers=key)
        assert again.status_code == 200
        assert [one["id"] for one in again.json()["refs"]["notices"]] == await ids(client)
        assert len(await ids(client)) == 20

    at_desk(folder, work)


def test_one_bad_of_twenty_files_nothing_and_names_its_place(folder: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        notices = twenty()
        notices[13] = d.notice(nm=1)
        before = await position(client)
        said = await client.post("/desk/v1/notices/batch", json={"notices": notices}, headers=d.key())
        assert said.status_code == 409
        (reason,) = d.reasons(said)
        assert (reason["code"], reason["field"]) == ("AREA_TOO_SMALL", "notices[13].volumes[0]")
        assert (await position(client), await ids(client)) == (before, [])

    at_desk(folder, work)


@pytest.mark.parametrize("address", ["/notices/batch", "/what-if"])
@pytest.mark.parametrize(
    ("member", "value", "field", "words"),
    [
        ("kind", "STRIKE", "notices[1].kind", "STRIKE"),
        ("volumes", [], "notices[1].volumes", ">= 1"),
        ("pilot", "x", "notices[1].pilot", "take it out"),
        ("key", ["A\x00"], "notices[1].key[0]", "x1f"),
        ("id", "A\x7f", "notices[1].id", "x1f"),
    ],
)
def test_a_malformed_notice_of_several_is_named(
    folder: Path, address: str, member: str, value: Any, field: str, words: str
) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        notices = [d.notice(), d.notice() | {member: value}]
        said = await client.post(f"/desk/v1{address}", json={"notices": notices}, headers=d.key())
        assert said.status_code == 422
        (reason,) = d.reasons(said)
        assert (reason.get("field", ""), words in reason["text"]) == (field, True)

    at_desk(folder, work)


def test_more_than_fit_into_one_act_are_refused(folder: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        for notices in ([], [d.notice()] * (limits.NOTICES_AT_ONCE + 1)):
            said = await client.post("/desk/v1/notices/batch", json={"notices": notices}, headers=d.key())
            assert (said.status_code, d.reasons(said)[0]["field"]) == (422, "notices")
        most = [d.notice(lon=place) for place in range(limits.NOTICES_AT_ONCE)]
        assert (await client.post("/desk/v1/notices/batch", json={"notices": most}, headers=d.key())).status_code == 200

    at_desk(folder, work)


@pytest.mark.parametrize(
    ("address", "most"), [("/notices/batch", limits.DESK_BATCH_BYTES), ("/what-if", limits.DESK_BATCH_BYTES)]
)
def test_a_body_may_be_as_large_as_its_address_takes(folder: Path, address: str, most: int) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        headers = d.key() | {"content-type": "application/json"}
        body = b'{"notices": []}'
        fits = await client.post(f"/desk/v1{address}", content=body.ljust(most), headers=headers)
        assert fits.status_code in (200, 422)
        larger = await client.post(f"/desk/v1{address}", content=body.ljust(most + 1), headers=headers)
        assert (larger.status_code, str(most) in larger.json()["error"]["text"]) == (413, True)

    at_desk(folder, work)


def test_what_would_be_is_what_then_is(folder: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        body = d.notice(nm=15)
        (would,) = (await ask(client, notices=[body]))["notices"]
        assert (would["ref"], would.get("reasons"), would["lead_class"]) == ("A-0001 v1", None, "SHORT")
        filed = await client.post("/desk/v1/notices", json=body, headers=d.key())
        assert filed.json()["refs"]["ref"] == would["ref"]
        change = {"id": "A-0001", "expected_version": 1, "volumes": d.notice(nm=1)["volumes"]}
        (would,) = (await ask(client, changes=[change]))["changes"]
        refused = await client.post(
            "/desk/v1/notices/A-0001/change",
            json={name: value for name, value in change.items() if name != "id"},
            headers=d.key(),
        )
        assert (would["ref"], would["reasons"]) == ("A-0001 v2", d.reasons(refused))

    at_desk(folder, work)


def test_a_question_is_answered_while_nothing_can_be_written(folder: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        d.failing(parts).fault = JournalFull("no space")
        (would,) = (await ask(client, notices=[d.notice()]))["notices"]
        assert would["id"] == "A-0001"

    at_desk(folder, work)


def test_who_may_only_look_does_not_ask_and_a_page_of_another_site_neither(folder: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        body = {"notices": [d.notice()]}
        for role, headers, wanted in (
            ("observer", {"x-skyparley-desk": "1"}, 403),
            ("desk", {}, 403),
            ("desk", {"x-skyparley-desk": "1", "origin": "https://other.example"}, 403),
            ("desk", {"x-skyparley-desk": "1"}, 200),
        ):
            async with d.desk(parts) as person:
                said = {"account": f"one-{role}", "password": d.PASSWORD}
                assert (await person.post("/desk/v1/session", json=said)).status_code == 200
                assert (await person.post("/desk/v1/what-if", json=body, headers=headers)).status_code == wanted
        async with d.desk(parts) as nobody:
            assert (await nobody.post("/desk/v1/what-if", json=body)).status_code == 401

    at_desk(folder, work)
