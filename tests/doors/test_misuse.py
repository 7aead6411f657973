"""A peer that misbehaves, over HTTP: contained, recorded, told as one alarm that grows; and a stranger, who changes nothing."""

import asyncio
import time
from pathlib import Path
from typing import Any

import door_support as d
import httpx
import pytest
from test_peer_door import Peer, at_door, code, push

from skyparley.base import limits
from skyparley.domain.messages.envelope import statement_hash
from skyparley.engine import intake
from skyparley.wiring import Parts

MSG = "12345678-1234-4234-8234-{:012d}"


def stop(peer: Peer, seq: int = 1, prev: str = "", **more: Any) -> str:
    """STP, of class LIFE."""
    said = {
        "msg_id": MSG.format(seq),
        "class": "LIFE",
        "type": "STP",
        "code": "V8",
        "slots": {"area": d.circle()["shape"], "at": d.now_ms()},
    }
    plain = said | more
    return without(peer, "version", seq, prev, **plain)


def without(peer: Peer, member: str, seq: int, prev: str, **said: Any) -> str:
    """A statement of the test peer that lacks a member which its kind has not."""
    signed: list[Any] = []
    true_sign = peer.sign
    peer.sign = lambda value, typ, role="machine": signed.append(value) or ""  # type: ignore[method-assign]
    try:
        peer.statement(seq, prev, **said)
    finally:
        peer.sign = true_sign  # type: ignore[method-assign]
    (value,) = signed
    value.pop(member, None)
    return peer.sign(value, "skyparley-statement", "desk")


def notices(peer: Peer, count: int, first: int = 1, prev: str = "") -> list[str]:
    texts = []
    for seq in range(first, first + count):
        texts.append(peer.statement(seq, prev, msg_id=MSG.format(seq)))
        prev = statement_hash(texts[-1])
    return texts


def results(response: httpx.Response) -> list[str]:
    assert response.status_code == 200, response.text
    return [one["result"] for one in response.json()["results"]]


async def alarms(parts: Parts, name: str) -> list[tuple[int, str]]:
    """Count and text of the alarms of one code, the newest first."""
    return await parts.node.sequencer.read(
        lambda state: [(alarm.count, alarm.text) for alarm in state.alarms if alarm.code == name]
    )


async def position(parts: Parts) -> int:
    return await parts.node.sequencer.read(lambda state: state.position)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a party B."""
    return d.make(tmp_path_factory.mktemp("other") / "b", "B")


@pytest.fixture
def small_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three statements of each kind and no more."""
    for name, value in (("PEER_STATEMENTS", 3), ("PEER_LIFE", 3)):
        monkeypatch.setattr(limits, f"{name}_BURST", value)
        monkeypatch.setattr(limits, f"{name}_PER_S", 0)


# --- floods --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("small_shares")
def test_a_flood_of_others_never_defers_life_and_the_other_way_round(folder: Path, other: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        sent = notices(peer, 3)
        assert results(await push(client, *sent)) == ["RECEIVED"] * 3
        over = peer.statement(4, statement_hash(sent[-1]))
        assert code(await push(client, over)) == (429, "DEFERRED")
        life = stop(peer, 4, statement_hash(sent[-1]))
        assert results(await push(client, life)) == ["RECEIVED"], "the share of the others is used up, this one is not"
        for seq in (5, 6):
            life = stop(peer, seq, statement_hash(life))
            assert results(await push(client, life)) == ["RECEIVED"]
        said = await push(client, stop(peer, 7, statement_hash(life)))
        assert code(said) == (429, "DEFERRED"), "no more than its own share either; deferred and not refused"
        assert said.headers["retry-after"]
        assert (await alarms(parts, "LIFE_FLOOD"))[0][0] == 1

    at_door(folder, other, work)


@pytest.mark.usefixtures("small_shares")
def test_life_behind_a_flood_rings_at_once_and_is_taken_in_its_turn(
    folder: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        sent = notices(peer, 5)
        assert results(await push(client, *sent[:3])) == ["RECEIVED"] * 3
        life = stop(peer, 6, statement_hash(sent[-1]))
        assert results(await push(client, *sent[3:], life)) == ["DEFERRED", "DEFERRED", "GAP"]

        def rang(state: Any) -> list[str]:
            matter = state.matters.get(statement_hash(life))
            return [rung.post for rung in matter.rung] if matter else []

        await d.until(lambda: parts.node.sequencer.read(rang))
        parts.node.service._shares.clear()  # As after some seconds.
        assert results(await push(client, *sent[3:])) == ["RECEIVED"] * 2
        assert results(await push(client, life)) == ["RECEIVED"]

    at_door(folder, other, work)


def test_a_flood_is_deferred_before_a_signature_is_looked_at(
    folder: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PEER_STATEMENTS_BURST", 1)
    monkeypatch.setattr(limits, "PEER_STATEMENTS_PER_S", 0)
    looked: list[str] = []
    true_read = intake.reading.read_statement
    monkeypatch.setattr(
        intake.reading, "read_statement", lambda text, *rest: looked.append(text) or true_read(text, *rest)
    )

    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        first, second = notices(peer, 2)
        await push(client, first)
        for _ in range(25):
            assert code(await push(client, second)) == (429, "DEFERRED")
        assert looked == [first]
        ((count, text),) = await alarms(parts, "PEER_FLOOD")
        assert count == 10, "told at steps: 10 and then 100"
        assert "B sends more than its share" in text

    at_door(folder, other, work)


def test_a_flood_of_life_is_kept_told_as_one_alarm_that_grows_and_rings_a_few_times(
    folder: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PEER_LIFE_BURST", 200)

    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        texts: list[str] = []
        for seq in range(1, 121):
            texts.append(stop(peer, seq, statement_hash(texts[-1]) if texts else ""))
        for first in range(0, 120, 40):
            assert results(await push(client, *texts[first : first + 40])) == ["RECEIVED"] * 40
        ((count, text),) = await alarms(parts, "LIFE_FLOOD")
        assert (count, "B" in text) == (100, True)

        def seen(state: Any) -> tuple[int, int, int]:
            rung = sum(bool(matter.rung) for matter in state.matters.values())
            due = state.deadlines.next() or 0
            return len(state.matters), rung, due

        await d.until(lambda: parts.node.sequencer.read(lambda state: seen(state)[2] > d.now_ms()))
        matters, rung, _ = await parts.node.sequencer.read(seen)
        assert (matters, rung) == (120, limits.LIFE_FLOOD_AT), "all are in sight; the first ring by themselves"

    at_door(folder, other, work)


# --- the same again, and other texts with one number -------------------------------------------------------------


def test_a_replay_is_answered_from_memory_and_uses_up_nothing_of_the_peers(
    folder: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PEER_STATEMENTS_BURST", 70)
    monkeypatch.setattr(limits, "PEER_STATEMENTS_PER_S", 0)
    monkeypatch.setattr(limits, "PEER_REQUESTS_BURST", 5)
    monkeypatch.setattr(limits, "PEER_REQUESTS_PER_S", 0)

    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        sent = notices(peer, 64)
        receipts = [one["receipt"] for one in (await push(client, *sent)).json()["results"]]
        before = await position(parts)
        with monkeypatch.context() as without_keys:
            without_keys.setattr(intake.reading, "read_statement", None)
            for _ in range(20):
                again = await push(client, *sent)
                assert results(again) == ["DUPLICATE"] * 64
                assert [one["receipt"] for one in again.json()["results"]] == receipts
        assert [count for count, _ in await alarms(parts, "REPLAYED")] == [1_024], "told when the thousandth came"
        assert await position(parts) <= before + 2, "the alarm and its count"
        assert results(await push(client, peer.statement(65, statement_hash(sent[-1])))) == ["RECEIVED"]

    at_door(folder, other, work)


def test_forks_are_kept_a_few_times_and_are_one_alarm(folder: Path, other: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        first = peer.statement()
        await push(client, first)
        for one in range(60):
            assert results(await push(client, peer.statement(created_utc=1_000 + one))) == ["FORK"]
        ((count, _),) = await alarms(parts, "FORK")
        kept = await parts.node.sequencer.read(lambda state: sum(map(len, state.misuse.evidence.values())))
        assert (count, kept) == (10, limits.EVIDENCE_PER_NUMBER)
        sent = [first, *notices(peer, 100, 2, statement_hash(first))]
        await push(client, *sent[1:51])
        await push(client, *sent[51:])
        for seq in range(2, 101):
            assert results(await push(client, peer.statement(seq, created_utc=5))) == ["FORK"]
        numbers = await parts.node.sequencer.read(lambda state: len(state.misuse.evidence))
        assert numbers == limits.EVIDENCE_NUMBERS
        assert len(await alarms(parts, "FORK")) == 1

    at_door(folder, other, work)


# --- sizes, depths, clocks -----------------------------------------------------------------------------------------


def test_deep_json_is_refused_before_it_is_parsed(folder: Path, other: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        deep: Any = 1
        for _ in range(200):
            deep = [deep]
        said = await push(client, peer.statement(slots={"id": deep}))
        assert said.status_code == 200
        (one,) = said.json()["results"]
        assert one["result"] == "REFUSED"
        assert f"at most {limits.JSON_DEPTH}" in one["text"]
        assert code(await push(client, "a" * (limits.STATEMENT_BYTES + 1))) == (413, "TOO_LARGE")

    at_door(folder, other, work)


@pytest.mark.parametrize("off_ms", [-3_600_000, 3_600_000])
def test_from_a_clock_an_hour_off_statements_are_taken_and_hello_is_asked_for_again(
    folder: Path, other: Path, off_ms: int
) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        said = await client.post("/hello", content=peer.hello(time=d.now_ms() + off_ms))
        assert code(said) == (401, "STALE")
        shown = said.json()["error"]["time"]
        assert abs(shown - d.now_ms()) < 60_000
        assert (await client.post("/hello", content=peer.hello(time=shown))).status_code == 200
        assert results(await push(client, peer.statement(created_utc=d.now_ms() + off_ms))) == ["RECEIVED"]

    at_door(folder, other, work)


# --- who signed nothing ------------------------------------------------------------------------------------------


def test_what_nobody_signed_is_kept_a_little_shown_and_changes_nothing(folder: Path, other: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        true = peer.statement()
        forged = true[:-4] + ("AAAA" if true[-4:] != "AAAA" else "BBBB")
        assert results(await push(client, forged)) == ["REFUSED"]
        assert code(await push(client, "LIFE: cease fire at 36.1N\x07 now")) == (400, "MALFORMED")
        assert code(await push(client, "Тревога")) == (400, "MALFORMED")
        async with d.desk(parts, d.token_of(folder)) as desk:
            shown = (await desk.get("/desk/v1/overview")).json()["unauthenticated"]
        assert [one["claimed"] for one in shown] == ["", "", "B"]
        assert [one["why"] for one in shown] == ["MALFORMED", "MALFORMED", "BAD_SIGNATURE"]
        assert shown[1]["text"] == "LIFE: cease fire at 36.1N\\x07 now"
        assert shown[0]["text"].startswith("\\u0422")
        assert shown[2]["text"] == forged[: limits.UNAUTHENTICATED_CHARS]
        assert {one["source"] for one in shown} == {"http"}
        held = await parts.node.sequencer.read(
            lambda state: (len(state.notices), state.lines[peer.identity.fingerprint])
        )
        assert (held[0], held[1].received.head) == (0, (0, 0))
        assert results(await push(client, true)) == ["RECEIVED"], "the true one is not in its way"

    at_door(folder, other, work)


def test_a_flood_of_strangers_fills_neither_journal_nor_desk(folder: Path, other: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        before = await position(parts)
        for one in range(200):
            await push(client, f"stranger {one}")
        kept = await parts.node.sequencer.read(lambda state: len(state.misuse.unauthenticated))
        assert kept == limits.UNAUTHENTICATED_KEPT
        assert await position(parts) <= before + 2 * limits.UNAUTHENTICATED_KEPT + 1
        assert len(await alarms(parts, "UNAUTHENTICATED")) == 1

    at_door(folder, other, work)


def test_a_strangers_texts_in_the_name_of_a_peer_are_limited_by_where_they_come_from(
    folder: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SOURCE_TEXTS_BURST", 5)
    monkeypatch.setattr(limits, "SOURCE_TEXTS_PER_S", 0)

    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        true = notices(peer, 8)
        junk = true[0][:-4] + "AAAA"
        elsewhere = httpx.ASGITransport(app=parts.peer_app, client=("192.0.2.7", 1))
        async with httpx.AsyncClient(transport=elsewhere, base_url="http://peer.test/peer/v1") as stranger:
            for _ in range(5):
                assert results(await push(stranger, junk)) == ["REFUSED"]
            assert code(await push(stranger, junk)) == (429, "DEFERRED")
        for text in true:
            assert results(await push(client, text)) == ["RECEIVED"], (
                "the peer calls from elsewhere, and what it signs is free"
            )

    at_door(folder, other, work)


def test_of_one_peer_only_a_few_stand_before_the_sequencer(folder: Path, other: Path) -> None:
    """So that another peer's statement waits for a few and not for hundreds."""
    most = 0

    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        sequencer = parts.node.sequencer
        true_submit = sequencer.submit

        async def counting(command: Any) -> Any:
            nonlocal most
            most = max(most, 1 + sum(type(one).__name__ == "ReceiveStatement" for one, _ in sequencer._queue))
            return await true_submit(command)

        sequencer.submit = counting  # type: ignore[method-assign]
        assert results(await push(client, *notices(peer, 64))) == ["RECEIVED"] * 64

    at_door(folder, other, work)
    assert 1 < most <= limits.PEER_AT_ONCE + 1


def test_a_meter_tells_at_steps_and_begins_anew_after_a_quiet_hour() -> None:
    from skyparley.domain.commands import NoteMisuse
    from skyparley.engine.meters import Meters

    told: list[NoteMisuse] = []

    class Sequencer:
        async def submit(self, command: NoteMisuse) -> None:
            told.append(command)

    class Clock:
        now = 0

        def real_ms(self) -> int:
            return self.now

    clock = Clock()
    meters = Meters(Sequencer(), clock)  # type: ignore[arg-type]

    async def run() -> None:
        began = time.monotonic()
        for _ in range(2_500):
            await meters.add("p", "FORK")  # type: ignore[arg-type]
        assert [one.count for one in told] == [10, 100, 1_000]
        clock.now += limits.ALARM_EPISODE_MS + 1
        for _ in range(10):
            await meters.add("p", "FORK")  # type: ignore[arg-type]
        assert [one.count for one in told] == [10, 100, 1_000, 10]
        assert time.monotonic() - began < 5
        for one in range(2 * limits.MISUSE_PEERS_KEPT):
            await meters.add(str(one), "FORK")  # type: ignore[arg-type]
        assert len(meters._counts) == limits.MISUSE_PEERS_KEPT

    asyncio.run(run())
