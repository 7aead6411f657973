"""Who passes the desk door: sessions that no other site can use, tokens, roles, and how often one may try."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import door_support as d
import httpx
import pytest

from skyparley.adapters.system.accounts import RIGHTS, Accounts
from skyparley.adapters.system.node_dir import NodePaths
from skyparley.base import limits
from skyparley.base.times import MINUTE
from skyparley.wiring import Parts

FROM_PAGE = {"x-skyparley-desk": "1"}


class Hand:
    """Ticks by hand."""

    def __init__(self) -> None:
        self.ms = 1_000

    def __call__(self) -> int:
        return self.ms


def in_node(folder: Path, work: Callable[[Parts, Hand], Awaitable[None]]) -> None:
    async def run() -> None:
        hand = Hand()
        async with d.started(folder, ticks=hand) as parts:
            await work(parts, hand)

    asyncio.run(run())


async def log_on(client: httpx.AsyncClient, account: str = "one-desk", password: str = d.PASSWORD) -> httpx.Response:
    return await client.post("/desk/v1/session", json={"account": account, "password": password})


def the_cookie(response: httpx.Response) -> str:
    return response.headers["set-cookie"].split(";")[0].split("=")[1]


# --- sessions --------------------------------------------------------------------------------------------------


def test_a_session_begins_lasts_a_shift_and_ends(folder: Path) -> None:
    async def work(parts: Parts, hand: Hand) -> None:
        async with d.desk(parts) as client:
            assert (await client.get("/desk/v1/session")).status_code == 401
            said = await log_on(client)
            assert said.json() == {"account": "one-desk", "role": "desk", "must_change": False}
            assert (await client.get("/desk/v1/session")).json()["account"] == "one-desk"
            hand.ms += limits.SESSION_MS - 1
            assert (await client.get("/desk/v1/overview")).status_code == 200
            hand.ms += 1
            assert (await client.get("/desk/v1/overview")).status_code == 401
            await log_on(client)
            assert (await client.delete("/desk/v1/session", headers=FROM_PAGE)).status_code == 204
            assert (await client.get("/desk/v1/overview")).status_code == 401

    in_node(folder, work)


def test_logging_off_ends_the_session_itself_and_not_only_the_cookie(folder: Path) -> None:
    async def work(parts: Parts, hand: Hand) -> None:
        async with d.desk(parts) as client, d.desk(parts) as thief:
            secret = the_cookie(await log_on(client))
            cookie = next(iter(client.cookies.jar)).name
            thief.cookies.set(cookie, secret)
            assert (await thief.get("/desk/v1/session")).status_code == 200
            await client.delete("/desk/v1/session", headers=FROM_PAGE)
            assert (await thief.get("/desk/v1/session")).status_code == 401

    in_node(folder, work)


def test_a_planted_secret_is_worth_nothing_after_log_on(folder: Path) -> None:
    async def work(parts: Parts, hand: Hand) -> None:
        async with d.desk(parts) as client, d.desk(parts) as thief:
            planted = the_cookie(await log_on(thief, "one-observer"))
            name = next(iter(thief.cookies.jar)).name
            client.cookies.set(name, planted, domain="desk.test", path="/desk/v1")
            given = the_cookie(await log_on(client))
            assert given != planted
            assert (await thief.get("/desk/v1/session")).status_code == 401
            assert (await client.get("/desk/v1/session")).json()["account"] == "one-desk"

    in_node(folder, work)


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(folder: Path) -> None:
    async def work(parts: Parts, hand: Hand) -> None:
        async with d.desk(parts) as client:
            said = (await log_on(client)).headers["set-cookie"].lower()
            name, _, attributes = said.partition("=")
            assert name == f"skyparley_{parts.node.card.fingerprint[:8]}".lower()
            assert {"httponly", "samesite=strict", "path=/desk/v1"} <= {one.strip() for one in attributes.split(";")}
            assert "secure" not in attributes, "over plain HTTP a browser would drop it"
            tls = await client.post(
                "/desk/v1/session",
                json={"account": "one-desk", "password": d.PASSWORD},
                headers={"origin": "https://desk.test"},
            )
            assert "secure" in tls.headers["set-cookie"].lower()

    in_node(folder, work)


@pytest.mark.parametrize("change", ["password", "role", "removed"])
def test_a_change_of_the_account_ends_its_sessions(folder: Path, change: str) -> None:
    async def work(parts: Parts, hand: Hand) -> None:
        async with d.desk(parts) as client:
            await log_on(client)
            elsewhere = Accounts(NodePaths(folder).accounts)
            if change == "password":
                elsewhere.set_password("one-desk", "quite another one", luck=lambda n: b"x" * n)
            else:
                elsewhere.remove("one-desk")
            if change == "role":
                elsewhere.add("one-desk", "observer", d.PASSWORD, luck=lambda n: b"y" * n)
            assert (await client.get("/desk/v1/session")).status_code == 401

    in_node(folder, work)


def test_over_the_most_sessions_the_oldest_ends(folder: Path) -> None:
    async def work(parts: Parts, hand: Hand) -> None:
        token = d.token_of(folder)
        async with d.desk(parts) as first, d.desk(parts) as second:
            await first.post("/desk/v1/session", json={"token": token})
            await second.post("/desk/v1/session", json={"token": token})
            for _ in range(limits.SESSIONS - 1):
                async with d.desk(parts) as another:
                    await another.post("/desk/v1/session", json={"token": token})
            assert (await first.get("/desk/v1/session")).status_code == 401
            assert (await second.get("/desk/v1/session")).status_code == 200

    in_node(folder, work)


# --- other sites -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (FROM_PAGE, 200),
        (FROM_PAGE | {"origin": d.ORIGIN}, 200),
        (FROM_PAGE | {"origin": "https://desk.test"}, 200),  # A proxy speaks TLS for this door.
        (FROM_PAGE | {"origin": d.ALLOWED}, 403),
        ({}, 403),
        ({"origin": d.ORIGIN}, 403),
        ({"x-skyparley-desk": "0"}, 403),
        (FROM_PAGE | {"origin": "http://evil.test"}, 403),
        (FROM_PAGE | {"origin": "http://desk.test:81"}, 403),
        (FROM_PAGE | {"origin": "http://desk.test.evil.test"}, 403),
        (FROM_PAGE | {"origin": "ftp://desk.test"}, 403),
        (FROM_PAGE | {"origin": "null"}, 403),
        (FROM_PAGE | {"origin": "http://[bad"}, 403),
        (FROM_PAGE | {"sec-fetch-site": "cross-site"}, 403),
        (FROM_PAGE | {"sec-fetch-site": "same-site"}, 403),
        (FROM_PAGE | {"sec-fetch-site": "same-origin"}, 200),
    ],
)
def test_an_act_with_a_session_comes_from_our_own_page(folder: Path, headers: dict[str, str], status: int) -> None:
    async def work(parts: Parts, hand: Hand) -> None:
        async with d.desk(parts) as client:
            await client.post("/desk/v1/session", json={"token": d.token_of(folder)})
            said = await client.post("/desk/v1/notices", json=d.notice(), headers=d.key() | headers)
            assert said.status_code == status
            filed = (await client.get("/desk/v1/notices")).json()
            assert len(filed) == (status == 200)

    in_node(folder, work)


def test_another_site_cannot_log_a_browser_on(folder: Path) -> None:
    async def work(parts: Parts, hand: Hand) -> None:
        good = {"account": "one-desk", "password": d.PASSWORD}
        async with d.desk(parts) as client:
            said = await client.post("/desk/v1/session", json=good, headers={"origin": "http://evil.test"})
            assert (said.status_code, "set-cookie" in said.headers) == (403, False)
            # What a form of another site can send without asking.
            plain = await client.post(
                "/desk/v1/session", content=b'{"token":"x"}', headers={"content-type": "text/plain"}
            )
            assert plain.status_code == 415

    in_node(folder, work)


def test_a_token_needs_no_header_of_the_page_and_beats_a_cookie(folder: Path) -> None:
    async def work(parts: Parts, hand: Hand) -> None:
        async with d.desk(parts, d.token_of(folder)) as client:
            await client.post("/desk/v1/session", json={"account": "one-observer", "password": d.PASSWORD})
            said = await client.post("/desk/v1/notices", json=d.notice(), headers=d.key())
            assert said.status_code == 200
            assert (await client.get("/desk/v1/session")).json()["account"] == "token:local-command-line"

    in_node(folder, work)


@pytest.mark.parametrize("given", ["Bearer skp_wrong", "Bearer ", "Basic b2ZmaWNlcjp4", "skp_x"])
def test_a_wrong_token_is_nobody_even_with_a_session(folder: Path, given: str) -> None:
    async def work(parts: Parts, hand: Hand) -> None:
        async with d.desk(parts) as client:
            await log_on(client)
            said = await client.get("/desk/v1/overview", headers={"authorization": given})
            assert said.status_code == 401
            assert "bearer" in said.headers["www-authenticate"].lower()

    in_node(folder, work)


def test_a_session_of_a_token_ends_with_the_token(folder: Path) -> None:
    async def work(parts: Parts, hand: Hand) -> None:
        async with d.desk(parts) as client:
            said = await client.post("/desk/v1/session", json={"token": d.token_of(folder)})
            assert said.json() == {"account": "token:local-command-line", "role": "desk", "must_change": False}
            Accounts(NodePaths(folder).accounts).remove_token("local-command-line")
            assert (await client.get("/desk/v1/session")).status_code == 401

    in_node(folder, work)


# --- roles -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", sorted(RIGHTS))
def test_what_a_role_may_do(folder: Path, role: str) -> None:
    async def work(parts: Parts, hand: Hand) -> None:
        async with d.desk(parts) as client:
            await log_on(client, f"one-{role}")
            assert (await client.get("/desk/v1/overview")).status_code == 200
            said = await client.post("/desk/v1/notices", json=d.notice(), headers=d.key() | FROM_PAGE)
            assert said.status_code == (200 if "act" in RIGHTS[role] else 403)

    in_node(folder, work)


def test_a_password_from_another_hand_is_good_only_for_a_new_one(folder: Path) -> None:
    Accounts(NodePaths(folder).accounts).set_password(
        "officer", "handed over on paper", luck=lambda n: b"z" * n, must_change=True
    )

    async def work(parts: Parts, hand: Hand) -> None:
        async with d.desk(parts) as client, d.desk(parts) as other:
            assert (await log_on(client, "officer", "handed over on paper")).json()["must_change"] is True
            await log_on(other, "officer", "handed over on paper")
            for path in ("overview", "notices", "events", "alarms"):
                said = await client.get(f"/desk/v1/{path}")
                assert (said.status_code, said.json()["error"]["code"]) == (403, "PASSWORD_MUST_CHANGE")
            act = await client.post("/desk/v1/notices", json=d.notice(), headers=d.key() | FROM_PAGE)
            assert act.status_code == 403

            async def change(old: str, new: str) -> httpx.Response:
                body = {"old": old, "new": new}
                return await client.post("/desk/v1/session/password", json=body, headers=FROM_PAGE)

            wrong = await change("not this one at all", "a new one of my own")
            assert (wrong.status_code, d.reasons(wrong)[0]["field"]) == (409, "old")
            for bad in ("short", "handed over on paper", "x" * 257):
                refused = await change("handed over on paper", bad)
                assert (refused.status_code, d.reasons(refused)[0]["field"]) == (409, "new")
            done = await change("handed over on paper", "a new one of my own")
            assert done.json() == {"account": "officer", "role": "desk", "must_change": False}
            assert (await client.get("/desk/v1/overview")).status_code == 200
            assert (await other.get("/desk/v1/session")).status_code == 401, "elsewhere one logs on anew"

    in_node(folder, work)


# --- how often -------------------------------------------------------------------------------------------------


def test_passwords_are_not_tried_without_end(folder: Path) -> None:
    async def work(parts: Parts, hand: Hand) -> None:
        async with d.desk(parts) as client:
            for _ in range(limits.LOGONS_PER_MINUTE):
                assert (await log_on(client, "one-desk", "a wrong password")).status_code == 401
            right = await log_on(client)
            assert (right.status_code, right.headers["retry-after"]) == (429, "60")
            assert (await log_on(client, "one-observer")).status_code == 200, "others are not kept out"
            hand.ms += MINUTE
            assert (await log_on(client)).status_code == 200

    in_node(folder, work)


def test_an_unknown_name_and_a_wrong_password_are_answered_alike(folder: Path) -> None:
    async def work(parts: Parts, hand: Hand) -> None:
        async with d.desk(parts) as client:
            wrong, unknown = await log_on(client, password="not the one"), await log_on(client, "nobody")
            assert wrong.status_code == unknown.status_code == 401
            assert wrong.content == unknown.content

    in_node(folder, work)


def test_many_at_once_are_told_to_wait(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOGONS_WAITING", 2)

    async def work(parts: Parts, hand: Hand) -> None:
        async with d.desk(parts) as client:
            names = ["one-desk", "one-observer", "one-supervisor", "one-custodian"]
            said = await asyncio.gather(*(log_on(client, name) for name in names))
            assert sorted(one.status_code for one in said) == [200, 200, 503, 503]

    in_node(folder, work)
