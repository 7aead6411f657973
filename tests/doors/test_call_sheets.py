"""The desk door hears, calls and shows the sheet beside the telephone: as JSON and as a page in which everything is escaped."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
from door_support import ORIGIN, PASSWORD, make, started, token_of, with_roles

from skyparley.wiring import Parts

VOLUME = {
    "shape": {"type": "circle", "centre": [0, 300_000_000], "radius_m": 20_000},
    "lower": {"ref": "FL", "ft": 20_000},
    "upper": {"ref": "FL", "ft": 24_000},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_roles(make(tmp_path_factory.mktemp("voice") / "A"))


async def logged_on(parts: Parts, role: str) -> httpx.AsyncClient:
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=parts.desk_app), base_url=ORIGIN)
    client.headers["X-Skyparley-Desk"] = "1"
    answer = await client.post("/desk/v1/session", json={"account": f"one-{role}", "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return client


KEYS = iter(range(10_000))


async def act(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> httpx.Response:
    return await client.post(f"/desk/v1{path}", json=body, headers={"Idempotency-Key": f"voice-{next(KEYS)}"})


def test_from_the_pinned_number_to_the_sheet(folder: Path) -> None:
    async def told() -> None:
        async with started(folder) as parts:
            now = parts.node.clock.now_ms()
            desk, boss = await logged_on(parts, "desk"), await logged_on(parts, "supervisor")
            pinned = {"name": "V", "languages": ["ar"], "numbers": ["<+00> 555 0100"]}
            assert (await act(desk, "/voice-peers", pinned)).status_code == 403
            assert (await act(boss, "/voice-peers", pinned)).status_code == 200
            notice = {
                "kind": "TRANSIT",
                "volumes": [{**VOLUME, "start": now + 3_600_000, "end": now + 7_200_000}],
                "due_regard": {"stated": True},
                "audience": ["V"],
            }
            assert (await act(desk, "/notices", notice)).status_code == 200
            (call,) = (await desk.get("/desk/v1/calls")).json()
            assert (call["type"], call["state"], call["can"]) == ("NTC", "DUE", ["start"])
            assert (await act(desk, f"/calls/{call['call']}/start", {})).status_code == 200
            sheet = (await desk.get(f"/desk/v1/calls/{call['call']}/sheet")).json()
            assert sheet["call"]["started_at"] == pytest.approx(now, abs=60_000)
            assert [one["direction"] for one in sheet["theirs"]] == ["rtl"]
            assert [one["lang"] for one in sheet["ours"]] == ["en"]
            assert set(sheet["read_back"]) == {"position", "lower", "upper", "start", "end"}
            russian = (await desk.get(f"/desk/v1/calls/{call['call']}/sheet?lang=ru")).json()
            assert len(russian["aloud"]) == 1
            page = await desk.get(f"/desk/v1/calls/{call['call']}/sheet.html")
            assert page.headers["content-type"].startswith("text/html")
            assert 'dir="rtl"' in page.text
            assert "&lt;+00&gt; 555 0100" in page.text
            assert "<+00>" not in page.text
            for value in ("POSITION", "LOWER", "UPPER", "START", "END"):
                assert f'<th scope="row">{value}</th>' in page.text
            assert (await desk.get("/desk/v1/calls/CALL-9999/sheet")).status_code == 404
            assert (await desk.get(f"/desk/v1/calls/{call['call']}/sheet?lang=xx")).status_code == 422
            assert (await desk.get("/sheet.css")).status_code == 200
            assert (await desk.get("/sheet.js")).status_code == 200
            await desk.aclose()
            await boss.aclose()

    asyncio.run(told())


def test_a_machine_with_a_token_neither_hears_nor_calls(folder: Path) -> None:
    async def told() -> None:
        async with started(folder) as parts:
            transport = httpx.ASGITransport(app=parts.desk_app)
            async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as machine:
                machine.headers["Authorization"] = f"Bearer {token_of(folder)}"
                contact = {"how": "PHONE", "who": "DESK", "gist": {"lang": "en", "text": "A call."}}
                answer = await act(machine, "/contacts", contact)
                assert answer.status_code in (403, 409)
                assert "PERSON_NEEDED" in answer.text
                assert (await machine.get("/desk/v1/contacts")).json() == []

    asyncio.run(told())
