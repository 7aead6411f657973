"""The peer door, as a stranger and as a pinned peer find it: line-v1 7, status by status."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import door_support as d
import httpx
import msgspec
import pytest

from skyparley.adapters.doors import answers
from skyparley.adapters.system.identity import Identity, open_identity
from skyparley.adapters.system.node_dir import NodePaths
from skyparley.base import limits
from skyparley.base.canonical import canonical
from skyparley.base.errors import JournalFull
from skyparley.base.ids import b64url
from skyparley.domain.messages.catalogue import CATALOGUE
from skyparley.domain.messages.envelope import PROTO, FeedHead, statement_hash
from skyparley.domain.messages.receipt import read_hello, read_receipt
from skyparley.evidence import jws
from skyparley.wiring import Parts


class Peer:
    """A party with real keys and no node: it says what a test wants said."""

    def __init__(self, folder: Path, to: str) -> None:
        self.identity: Identity = open_identity(folder, NodePaths(folder).passphrase.read_text().strip())
        self.to = to
        self.table_hash = "t" * 43

    def sign(self, value: Any, typ: str, role: str = "machine") -> str:
        key, kid = (
            (self.identity.machine, self.identity.machine_kid)
            if role == "machine"
            else (self.identity.desk, self.identity.desk_kid)
        )
        return jws.sign(canonical(value), key, kid, typ)

    def hello(self, role: str = "machine", **more: Any) -> str:
        said = {
            "proto": PROTO,
            "from": self.identity.fingerprint,
            "to": self.to,
            "time": d.now_ms(),
            "nonce": b64url(secrets.token_bytes(16)),
            "clock": "REAL",
            "table_hash": self.table_hash,
        } | more
        return self.sign(said, jws.HELLO, role)

    def catch_up(self, **more: Any) -> str:
        said = {
            "proto": PROTO,
            "from": self.identity.fingerprint,
            "to": self.to,
            "time": d.now_ms(),
            "nonce": b64url(secrets.token_bytes(16)),
            "feed": "OURS",
            "epoch": 1,
            "after": 0,
            "limit": limits.CATCH_UP_STATEMENTS,
        } | more
        return self.sign(said, jws.CATCHUP)

    def statement(self, seq: int = 1, prev: str = "", **more: Any) -> str:
        said = {
            "proto": PROTO,
            "epoch": 1,
            "seq": seq,
            "from": self.identity.fingerprint,
            "to": self.to,
            "msg_id": "12345678-1234-4234-8234-123456789abc",
            "role": "desk",
            "class": CATALOGUE["NTC"].cls,
            "type": "NTC",
            "code": "N1",
            "version": 1,
            "created_utc": d.now_ms(),
            "clock_quality": "GOOD",
            "table_hash": self.table_hash,
            "slots": {
                "id": f"B-{seq:04d}",
                "kind": "AREA WORK",
                "volumes": [d.circle()],
                "due_regard": {"stated": True},
                "key": [],
            },
        } | more
        return self.sign(said | ({"prev": prev} if prev else {}), jws.STATEMENT, "desk")


Work = Callable[[Parts, httpx.AsyncClient, Peer], Awaitable[None]]


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a party B."""
    return d.make(tmp_path_factory.mktemp("other") / "b", "B")


def at_door(folder: Path, other: Path, work: Work, *, pinned: bool = True) -> None:
    """A node with B pinned, and B without a node."""

    async def run() -> None:
        async with d.started(folder) as parts:
            peer = Peer(other, parts.node.card.fingerprint)
            if pinned:
                await parts.node.pin(peer.identity.card.text)
            transport = httpx.ASGITransport(app=parts.peer_app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://peer.test/peer/v1") as client:
                await work(parts, client, peer)

    asyncio.run(run())


async def push(client: httpx.AsyncClient, *texts: str) -> httpx.Response:
    return await client.post("/statements", content="\n".join(texts), headers={"content-type": "text/plain"})


def code(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


# --- what works ------------------------------------------------------------------------------------------------


def test_statements_are_received_receipted_and_counted(folder: Path, other: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        first = peer.statement()
        second = peer.statement(2, statement_hash(first))
        said = await push(client, first, second)
        assert said.status_code == 200
        assert said.content == canonical(msgspec.json.decode(said.content)), "answers are canonical too"
        results = said.json()["results"]
        assert [one["result"] for one in results] == ["RECEIVED", "RECEIVED"]
        assert said.json()["head"] == {"epoch": 1, "seq": 2, "hash": statement_hash(second)}
        card = parts.node.card
        for text, one in zip((first, second), results, strict=True):
            parsed = jws.read(one["receipt"], typ=jws.RECEIPT, key_of=card.role_key)
            receipt = read_receipt(parsed.payload)
            assert (receipt.hash, receipt.to) == (statement_hash(text), peer.identity.fingerprint)
        again = (await push(client, first)).json()["results"][0]
        assert (again["result"], again["receipt"]) == ("DUPLICATE", results[0]["receipt"])

    at_door(folder, other, work)


def test_hello_is_answered_with_its_nonce_and_heads(folder: Path, other: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        await push(client, peer.statement())
        said = await client.post("/hello", content=peer.hello(nonce="n" * 21 + "A"))
        parsed = jws.read(said.text, typ=jws.HELLO_ANSWER, key_of=parts.node.card.role_key)
        hello = read_hello(parsed.payload)
        assert hello.nonce == "n" * 21 + "A"
        assert isinstance(hello.held, FeedHead)
        assert hello.held.seq == 1

    at_door(folder, other, work)


def test_catch_up_gives_a_party_its_own_line_only(folder: Path, other: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        sent = [peer.statement()]
        sent.append(peer.statement(2, statement_hash(sent[0])))
        await push(client, *sent)
        assert (await client.post("/catchup", content=peer.catch_up(feed="YOURS"))).text.split("\n") == sent
        assert (await client.post("/catchup", content=peer.catch_up(feed="YOURS", after=1))).text == sent[1]
        assert (await client.post("/catchup", content=peer.catch_up(feed="OURS"))).text == ""

    at_door(folder, other, work)


def test_a_catch_up_answer_has_a_limit_and_goes_on_behind_it(
    folder: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        sent = [peer.statement()]
        for seq in (2, 3, 4):
            sent.append(peer.statement(seq, statement_hash(sent[-1])))
        await push(client, *sent)
        monkeypatch.setattr(limits, "PEER_BODY_BYTES", 2 * len(sent[0]) + 100)
        got: list[str] = []
        while answer := (await client.post("/catchup", content=peer.catch_up(feed="YOURS", after=len(got)))).text:
            assert len(answer) <= limits.PEER_BODY_BYTES
            got += answer.split("\n")
        assert got == sent

    at_door(folder, other, work)


# --- refusals --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"", b"\n", b"x", b"a.b.c", b"\xff\xfe", b"..", b"{}"])
@pytest.mark.parametrize("path", ["/statements", "/hello", "/catchup"])
def test_what_is_not_a_signed_text_is_malformed(folder: Path, other: Path, path: str, body: bytes) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        said = await client.post(path, content=body, headers={"content-type": "text/plain"})
        assert code(said) == (400, "MALFORMED")
        assert said.content == canonical(msgspec.json.decode(said.content))

    at_door(folder, other, work)


def test_a_party_that_is_not_pinned_is_unknown(folder: Path, other: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        assert code(await push(client, peer.statement())) == (401, "UNKNOWN_KEY")
        assert code(await client.post("/hello", content=peer.hello())) == (401, "UNKNOWN_KEY")
        assert code(await client.post("/catchup", content=peer.catch_up())) == (401, "UNKNOWN_KEY")

    at_door(folder, other, work, pinned=False)


def test_signatures_lines_and_clocks_are_looked_at(folder: Path, other: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        async def hello(text: str) -> tuple[int, str]:
            return code(await client.post("/hello", content=text))

        good = peer.hello()
        forged = good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB")
        assert await hello(forged) == (401, "BAD_SIGNATURE")
        assert await hello(peer.hello(to="x" * 43)) == (403, "NOT_THIS_LINE")
        assert await hello(peer.hello(role="desk")) == (403, "NOT_THIS_LINE"), "a desk key does not greet"
        assert await hello(peer.hello(clock="SCALED")) == (403, "CLOCK")
        assert await hello(peer.hello(proto="skyparley/2")) == (403, "PROTO")
        assert code(await client.post("/catchup", content=peer.catch_up(proto="skyparley/2"))) == (403, "PROTO")
        assert await hello(peer.hello(surplus=1)) == (400, "MALFORMED")
        assert await hello(peer.catch_up()) == (400, "MALFORMED"), "a text of another type"
        said = (await push(client, peer.statement(to="x" * 43), "garbage")).json()["results"]
        assert [one["result"] for one in said] == ["REFUSED", "REFUSED"]
        assert all("receipt" not in one for one in said)
        assert "head" not in (await push(client, peer.statement(to="x" * 43))).json()

    at_door(folder, other, work)


def test_a_replayed_or_stale_request_is_refused_with_our_time(folder: Path, other: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        for path, make in (("/hello", peer.hello), ("/catchup", peer.catch_up)):
            text = make()
            assert (await client.post(path, content=text)).status_code == 200
            replayed = await client.post(path, content=text)
            assert code(replayed) == (401, "STALE")
            for off in (-limits.REQUEST_AGE_MS - 5_000, limits.REQUEST_AGE_MS + 5_000):
                stale = await client.post(path, content=make(time=d.now_ms() + off))
                assert code(stale) == (401, "STALE")
                assert abs(stale.json()["error"]["time"] - d.now_ms()) < 10_000

    at_door(folder, other, work)


def test_over_its_share_a_peer_is_put_off_and_nothing_is_receipted(
    folder: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PEER_REQUESTS_BURST", 3)
    monkeypatch.setattr(limits, "PEER_REQUESTS_PER_S", 0)

    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        for _ in range(3):
            assert (await push(client, peer.statement(2, "p" * 43))).json()["results"][0]["result"] == "GAP"
        over = await push(client, peer.statement())
        assert code(over) == (429, "DEFERRED")
        assert int(over.headers["retry-after"]) >= 1
        assert await parts.node.sequencer.read(lambda state: state.lines[peer.identity.fingerprint].received.head) == (
            0,
            0,
        )

    at_door(folder, other, work)


def test_sizes_are_limited_before_anything_is_read(folder: Path, other: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        taken = 0

        async def endless() -> Any:
            nonlocal taken
            while True:
                taken += 1
                assert taken <= limits.PEER_BODY_BYTES // 4096 + 1, "the door should have stopped reading"
                yield b"a" * 4096

        for path in ("/statements", "/hello", "/catchup"):
            taken = 0
            said = await client.post(path, content=endless(), headers={"content-type": "text/plain"})
            assert code(said) == (413, "TOO_LARGE")
            assert said.headers["connection"] == "close"
            assert taken > 100, "it was the limit that stopped it"
        long_line = "a" * (limits.STATEMENT_BYTES + 1)
        assert code(await push(client, long_line)) == (413, "TOO_LARGE")
        assert code(await push(client, *["a.b.c"] * (limits.STATEMENTS_PER_BATCH + 1))) == (413, "TOO_LARGE")
        announced = {"content-type": "text/plain", "content-length": str(limits.PEER_BODY_BYTES + 1)}
        assert code(await client.post("/statements", content=b"x", headers=announced)) == (413, "TOO_LARGE")

    at_door(folder, other, work)


def test_statements_travel_as_text(folder: Path, other: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        said = await client.post("/statements", content=peer.statement(), headers={"content-type": "application/json"})
        assert code(said) == (400, "MALFORMED")
        assert (await client.get("/statements")).status_code == 405
        assert code(await client.post("/other")) == (404, "NOT_FOUND")

    at_door(folder, other, work)


def test_without_a_record_there_is_no_receipt(folder: Path, other: Path) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        between = d.failing(parts)
        between.fault = JournalFull(f"{parts.folder}: no space left")
        text = peer.statement()
        said = await push(client, text)
        assert code(said) == (503, "NOT_READY")
        assert "receipt" not in said.text
        assert str(parts.folder) not in said.text, "a peer learns nothing of our disk"
        between.fault = None
        assert (await push(client, text)).json()["results"][0]["result"] == "RECEIVED"

    at_door(folder, other, work)


def test_a_failure_of_ours_shows_nothing_of_its_inside(
    folder: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(parts: Parts, client: httpx.AsyncClient, peer: Peer) -> None:
        async def broken(_: str) -> str:
            raise ZeroDivisionError("a secret of the inside")

        monkeypatch.setattr(parts.node.service, "hello", broken)
        said = await client.post("/hello", content=peer.hello())
        assert code(said) == (503, "NOT_READY")
        assert "secret" not in said.text

    at_door(folder, other, work)


def test_every_code_of_the_specification_has_its_status() -> None:
    spec = {400: "MALFORMED", 413: "TOO_LARGE", 429: "DEFERRED", 503: "NOT_READY"}
    spec_many = {401: ("UNKNOWN_KEY", "BAD_SIGNATURE", "STALE"), 403: ("NOT_THIS_LINE", "CLOCK", "PROTO")}
    for status, name in spec.items():
        assert answers.STATUS[name] == status
    for status, names in spec_many.items():
        assert all(answers.STATUS[name] == status for name in names)
