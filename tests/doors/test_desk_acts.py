"""Acts over HTTP: done once, decided on what was seen, refused with reasons, and honest when the record cannot be written."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import door_support as d
import httpx
import pytest

from skyparley.adapters.doors.acts import ACTS
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


async def file(client: httpx.AsyncClient, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
    return await client.post("/desk/v1/notices", json=d.notice(**more), headers=headers or d.key())


# --- done once -------------------------------------------------------------------------------------------------


def test_a_retry_gets_the_same_answer_and_files_once(folder: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        one, body = d.key(), d.notice()
        first = await client.post("/desk/v1/notices", json=body, headers=one)
        again = await client.post("/desk/v1/notices", json=dict(reversed(body.items())), headers=one)
        assert first.json() == again.json() == {"refs": {"id": "A-0001", "version": 1, "ref": "A-0001 v1"}}
        assert len((await client.get("/desk/v1/notices")).json()) == 1

    at_desk(folder, work)


def test_a_retry_after_a_restart_gets_the_same_answer(folder: Path) -> None:
    one, body, answers = d.key(), d.notice(), []

    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        answers.append((await client.post("/desk/v1/notices", json=body, headers=one)).json())
        assert len((await client.get("/desk/v1/notices")).json()) == 1

    at_desk(folder, work)
    at_desk(folder, work)
    assert answers[0] == answers[1]


def test_two_at_once_with_one_key_are_one_act(folder: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        one, body = d.key(), d.notice()
        said = await asyncio.gather(*(client.post("/desk/v1/notices", json=body, headers=one) for _ in range(5)))
        assert len({answer.text for answer in said}) == 1
        assert len((await client.get("/desk/v1/notices")).json()) == 1

    at_desk(folder, work)


def test_one_key_does_not_stand_for_two_acts(folder: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        one = d.key()
        await file(client, one)
        other = await file(client, one, lat=40)
        elsewhere = await client.post("/desk/v1/notices/A-0001/end", json={"expected_version": 1}, headers=one)
        for said in (other, elsewhere):
            assert (said.status_code, d.reasons(said)[0]["code"]) == (409, "KEY_REUSED")

    at_desk(folder, work)


def test_the_keys_of_two_accounts_are_two_keys(folder: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        one = d.key()
        await file(client, one)
        async with d.desk(parts) as person:
            await person.post("/desk/v1/session", json={"account": "one-desk", "password": d.PASSWORD})
            said = await file(person, one | {"x-skyparley-desk": "1"}, lat=40)
        assert said.json()["refs"]["id"] == "A-0002"

    at_desk(folder, work)


@pytest.mark.parametrize(
    "value", [None, "", "x" * 129, "two words", "caf\u00e9".encode().decode("latin-1"), "tab\there"]
)
def test_an_act_needs_a_key(folder: Path, value: str | None) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        headers = [] if value is None else [(b"idempotency-key", value.encode("latin-1"))]
        said = await client.post("/desk/v1/notices", json=d.notice(), headers=headers)
        assert (said.status_code, d.reasons(said)[0]["field"]) == (422, "Idempotency-Key")

    at_desk(folder, work)


# --- on what was seen ------------------------------------------------------------------------------------------


def test_who_decided_on_an_older_version_is_refused(folder: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        await file(client)
        change = {"expected_version": 1, "volumes": [d.circle(nm=10)]}
        path = "/desk/v1/notices/A-0001/change"
        first, late = [await client.post(path, json=change, headers=d.key()) for _ in range(2)]
        assert first.json()["refs"]["version"] == 2
        assert late.status_code == 409
        cancel = await client.post("/desk/v1/notices/A-0001/cancel", json={"expected_version": 1}, headers=d.key())
        assert cancel.status_code == 409
        shown = (await client.get("/desk/v1/notices")).json()[0]
        assert (shown["version"], shown["state"]) == (2, "NOTIFIED")

    at_desk(folder, work)


def test_two_officers_at_once_on_one_version(folder: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        await file(client)
        bodies = [{"expected_version": 1, "volumes": [d.circle(nm=nm)]} for nm in (5, 6)]
        path = "/desk/v1/notices/A-0001/change"
        said = await asyncio.gather(*(client.post(path, json=body, headers=d.key()) for body in bodies))
        assert sorted(one.status_code for one in said) == [200, 409]

    at_desk(folder, work)


def test_the_life_of_a_notice(folder: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        async def act(what: str, **body: Any) -> int:
            path = f"/desk/v1/notices/A-0001/{what}"
            return (await client.post(path, json={"expected_version": 1, **body}, headers=d.key())).status_code

        assert (await file(client)).status_code == 200
        assert [await act("activate"), await act("end"), await act("end"), await act("cancel")] == [200, 200, 409, 409]
        assert (await client.get("/desk/v1/overview")).json()["notices"][0]["state"] == "ENDED"

    at_desk(folder, work)


# --- bodies ----------------------------------------------------------------------------------------------------


def _broken(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    body = d.notice()
    change(body)
    return body


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        (_broken(lambda b: b.update(audiences=["B"])), "audiences", "audience"),
        (_broken(lambda b: b.update(target="x")), "target", "fields are"),
        (_broken(lambda b: b.pop("kind")), "kind", "missing"),
        (_broken(lambda b: b.update(kind="STRIKE")), "kind", "STRIKE"),
        (_broken(lambda b: b.update(volumes=[])), "volumes", ">= 1"),
        (_broken(lambda b: b["volumes"][0].update(start="now")), "volumes[0].start", "int"),
        (_broken(lambda b: b["volumes"][0]["shape"].update(sensor=1)), "volumes[0].shape.sensor", "take it out"),
        (_broken(lambda b: b["volumes"][0]["lower"].update(ft=1.5)), "volumes[0].lower.ft", "int"),
        (_broken(lambda b: b.update(key=["A\x00"])), "key[0]", "x1f"),
        (_broken(lambda b: b.update(due_regard={"stated": False})), "due_regard", "reason"),
        ([1], "", "object"),
    ],
)
def test_a_malformed_body_names_the_field_and_what_would_be_right(
    folder: Path, body: Any, field: str, words: str
) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        said = await client.post("/desk/v1/notices", json=body, headers=d.key())
        assert (said.status_code, said.json()["error"]["code"]) == (422, "REFUSED")
        (reason,) = d.reasons(said)
        assert reason.get("field", "") == field
        assert words in reason["text"]
        assert (await client.get("/desk/v1/notices")).json() == []

    at_desk(folder, work)


@pytest.mark.parametrize("name", ["A%00", "A%0A1", "%7F"])
def test_a_control_character_in_an_address_is_malformed(folder: Path, name: str) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        path = f"/desk/v1/notices/{name}/end"
        said = await client.post(path, json={"expected_version": 1}, headers=d.key())
        assert (said.status_code, d.reasons(said)[0]["field"]) == (422, "id")

    at_desk(folder, work)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"kind": NaN}', b"[" * 100_000, b'{"a":' * 50_000, b"null"])
def test_what_is_not_json_is_malformed(folder: Path, body: bytes) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        headers = d.key() | {"content-type": "application/json"}
        said = await client.post("/desk/v1/notices", content=body, headers=headers)
        assert said.status_code == 422

    at_desk(folder, work)


def test_what_is_too_large_is_not_read(folder: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        taken = 0

        async def endless() -> Any:
            nonlocal taken
            while True:
                taken += 1
                assert taken <= limits.DESK_BODY_BYTES // 1024 + 1, "the door should have stopped reading"
                yield b" " * 1024

        headers = d.key() | {"content-type": "application/json"}
        said = await client.post("/desk/v1/notices", content=endless(), headers=headers)
        assert (said.status_code, said.json()["error"]["code"]) == (413, "TOO_LARGE")
        announced = await client.post(
            "/desk/v1/notices", content=b"{}", headers=headers | {"content-length": str(limits.DESK_BODY_BYTES + 1)}
        )
        assert announced.status_code == 413

    at_desk(folder, work)


def test_a_body_that_does_not_arrive_is_not_waited_for(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BODY_ARRIVES_MS", 20)

    async def never() -> Any:
        yield b"{"
        await asyncio.Event().wait()

    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        headers = d.key() | {"content-type": "application/json"}
        said = await client.post("/desk/v1/notices", content=never(), headers=headers)
        assert (said.status_code, said.json()["error"]["code"]) == (408, "TIMED_OUT")
        assert said.headers["connection"] == "close"
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app=parts.peer_app), base_url="http://peer.test"
        ) as stranger:
            slow = await stranger.post("/peer/v1/hello", content=never())
            assert (slow.status_code, slow.json()["error"]["code"]) == (400, "MALFORMED")

    at_desk(folder, work)


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_body_says_that_it_is_json(folder: Path, media_type: str) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        said = await client.post("/desk/v1/notices", content=b"{}", headers=d.key() | {"content-type": media_type})
        assert said.status_code == 415

    at_desk(folder, work)


def test_unknown_addresses_and_methods_are_answered_in_json(folder: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        nothing = await client.get("/desk/v1/nothing")
        assert (nothing.status_code, nothing.json()["error"]["code"]) == (404, "NOT_FOUND")
        other = await client.put("/desk/v1/notices", json={})
        assert (other.status_code, other.json()["error"]["code"]) == (405, "METHOD")
        assert {one.strip() for one in other.headers["allow"].split(",")} >= {"GET", "POST"}
        assert (await client.get("/desk/v1/conflicts/none/suggestions")).status_code == 404

    at_desk(folder, work)


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.path)
def test_every_act_is_there_needs_its_right_and_takes_its_body(folder: Path, act: Any) -> None:
    members = {"id": "A-1", "party": "B", "pair_id": "p" * 43, "peer": "B", "statement": "s" * 43}
    path = "/desk/v1" + act.path.format(**members, call="CALL-0001", contact="OOB-0001")

    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        async with d.desk(parts) as nobody:
            assert (await nobody.post(path, json={}, headers=d.key())).status_code == 401
        async with d.desk(parts, **{"x-skyparley-desk": "1"}) as person:
            if act.right != "act":
                # The token of a machine may act and no more.
                assert (await client.post(path, json={}, headers=d.key())).status_code == 403
                await person.post("/desk/v1/session", json={"account": "one-supervisor", "password": d.PASSWORD})
            who = client if act.right == "act" else person
            said = await who.post(path, json={"no such field": 1}, headers=d.key())
        assert (said.status_code, d.reasons(said)[0]["field"]) == (422, "no such field")

    at_desk(folder, work)


def test_every_answer_keeps_browsers_and_caches_in_their_place(folder: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        for path in ("/desk/v1/overview", "/desk/v1/health", "/desk/v1/nothing", "/", "/nothing"):
            said = await client.get(path)
            policy = said.headers["content-security-policy"]
            assert "default-src 'self'" in policy
            assert f"frame-ancestors 'self' {d.ALLOWED}" in policy
            assert said.headers["x-content-type-options"] == "nosniff"
            if path.startswith("/desk"):
                assert said.headers["cache-control"] == "no-store"
            assert "access-control-allow-origin" not in said.headers

    at_desk(folder, work)


# --- faults ----------------------------------------------------------------------------------------------------


def test_a_full_disk_is_said_reads_go_on_and_it_recovers_by_itself(folder: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        await file(client)
        between = d.failing(parts)
        between.fault = JournalFull("no space left")
        one = d.key()
        said = await file(client, one, lat=40)
        assert (said.status_code, said.json()["error"]["code"]) == (503, "JOURNAL_FULL")
        assert int(said.headers["retry-after"]) >= 1
        health = await client.get("/desk/v1/health")
        assert (health.status_code, health.json()["status"]) == (503, "JOURNAL_FULL")
        assert len((await client.get("/desk/v1/notices")).json()) == 1
        between.fault = None
        again = await file(client, one, lat=40)
        assert (again.status_code, again.json()["refs"]["id"]) == (200, "A-0002")
        assert (await client.get("/desk/v1/health")).json() == {"status": "OK", "ready": True}

    at_desk(folder, work)


def test_what_was_kept_but_reported_lost_is_done_once(folder: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        between = d.failing(parts)
        between.fault, between.kept = JournalFault("the disk said no, and meant yes"), True
        one, body = d.key(), d.notice()
        said = await client.post("/desk/v1/notices", json=body, headers=one)
        assert said.status_code == 503
        between.fault = None
        again = await client.post("/desk/v1/notices", json=body, headers=one)
        assert (again.status_code, again.json()["refs"]["id"]) == (200, "A-0001")
        assert len((await client.get("/desk/v1/notices")).json()) == 1

    at_desk(folder, work)


def test_a_failure_of_ours_is_500_without_its_inside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        def broken(*_: Any) -> None:
            raise ZeroDivisionError("a secret of the inside")

        monkeypatch.setattr("skyparley.state.views.overview", broken)
        said = await client.get("/desk/v1/overview")
        assert (said.status_code, said.json()["error"]["code"]) == (500, "OUR_FAULT")
        assert "secret" not in said.text

    at_desk(folder, work)


# --- clocks and two persons ------------------------------------------------------------------------------------


def test_a_real_clock_is_not_set(folder: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient) -> None:
        said = await client.post("/desk/v1/clock", json={"shown_ms": 1, "rate_permille": 1000}, headers=d.key())
        assert (said.status_code, d.reasons(said)[0]["code"]) == (409, "CLOCK")

    at_desk(folder, work)


def test_a_scaled_clock_is_set_and_stays_set_after_a_restart(tmp_path: Path) -> None:
    from skyparley.adapters.system.settings import ClockSettings

    now = d.now_ms()
    clock = ClockSettings(kind="SCALED", rate=1.0, anchor_real_ms=now, anchor_ms=now)
    folder = d.make(tmp_path / "s", "S", clock=clock)
    story = now + 30 * 86_400_000

    async def set_it(parts: Parts, client: httpx.AsyncClient) -> None:
        body = {"shown_ms": story, "rate_permille": 10_000}
        assert (await client.post("/desk/v1/clock", json=body, headers=d.key())).status_code == 200

    async def see(parts: Parts, client: httpx.AsyncClient) -> None:
        shown = (await client.get("/desk/v1/overview")).json()
        assert (shown["clock"], shown["rate_permille"]) == ("SCALED", 10_000)
        assert story <= shown["now"] < story + 10 * 60_000
        assert abs(parts.node.clock.now_ms() - shown["now"]) < 60_000

    at_desk(folder, set_it)
    at_desk(folder, see)


def test_a_new_epoch_takes_two_persons_the_second_a_supervisor(folder: Path, tmp_path: Path) -> None:
    other = d.make(tmp_path / "b", "B")
    d.pin(folder, other)

    async def run() -> None:
        async with d.started(folder) as parts:
            from skyparley.adapters.system.identity import own_card
            from skyparley.domain.commands import CompareHello
            from skyparley.domain.messages.envelope import FeedHead

            peer = own_card(other)
            await parts.node.pin(peer.text)
            # What the peer would say if it held statements of ours that this journal has lost.
            held = FeedHead(epoch=1, seq=7, hash="h" * 43)
            table = await parts.node.sequencer.read(lambda state: state.table_hash)
            hello = CompareHello(peer=peer.fingerprint, table_hash=table, clock="REAL", held=held, sent=None)
            await parts.node.sequencer.submit(hello)

            async def ask(account: str) -> httpx.Response:
                async with d.desk(parts, **{"x-skyparley-desk": "1"}) as client:
                    await client.post("/desk/v1/session", json={"account": account, "password": d.PASSWORD})
                    return await client.post("/desk/v1/lines/B/epoch", json={}, headers=d.key())

            async with d.desk(parts, d.token_of(folder)) as machine:
                said = await machine.post("/desk/v1/lines/B/epoch", json={}, headers=d.key())
                assert (said.status_code, said.json()["error"]["code"]) == (403, "PERSON_NEEDED")
            assert (await ask("one-supervisor")).json()["result"] == "ASKED"
            alone, not_one_of_them = await ask("one-supervisor"), await ask("one-desk")
            for refused in (alone, not_one_of_them):
                assert (refused.status_code, d.reasons(refused)[0]["code"]) == (409, "SECOND_PERSON")

    asyncio.run(run())
