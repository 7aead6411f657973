"""Server-sent events: in order, none lost, none doubled, resumed across cuts and restarts, and no secrets in them."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import door_support as d
import httpx
import msgspec
import pytest

from skyparley.adapters.doors import changes, stream
from skyparley.adapters.doors.stream import EventStream
from skyparley.base import limits
from skyparley.base.errors import JournalFull
from skyparley.domain import events as e
from skyparley.wiring import Parts


class Listener:
    """A client that reads one stream, called in memory: what it got so far, as (event, id, data)."""

    def __init__(self) -> None:
        self.text = ""
        self.status = 0
        self.ended = False
        self.reads = asyncio.Event()
        self.reads.set()
        self.gone = asyncio.Event()

    async def send(self, message: Any) -> None:
        await self.reads.wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
        else:
            self.text += message["body"].decode()
            self.ended = self.ended or not message.get("more_body", False)

    async def receive(self) -> Any:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    @property
    def events(self) -> list[dict[str, str]]:
        blocks = [block for block in self.text.split("\n\n")[:-1] if "event: " in block]
        return [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]

    @property
    def positions(self) -> list[int]:
        return [int(one["id"]) for one in self.events if one["event"] == "change"]


@asynccontextmanager
async def listening(parts: Parts, after: int | None, **more: Any) -> AsyncIterator[Listener]:
    listener = Listener()
    serve = EventStream(parts.hub, after, more.pop("still", lambda: True), **more)
    task = asyncio.create_task(serve({"type": "http"}, listener.receive, listener.send))
    await d.until(lambda: listener.text)
    try:
        yield listener
    finally:
        listener.gone.set()
        listener.reads.set()
        await task


async def file_some(parts: Parts, folder: Path, count: int) -> None:
    async with d.desk(parts, d.token_of(folder)) as client:
        for _ in range(count):
            assert (await client.post("/desk/v1/notices", json=d.notice(), headers=d.key())).status_code == 200


async def head(parts: Parts) -> int:
    return await parts.node.sequencer.read(lambda state: state.position)


def test_every_change_once_from_the_beginning_and_on(folder: Path) -> None:
    async def run() -> None:
        async with d.started(folder) as parts:
            await file_some(parts, folder, 3)
            async with listening(parts, 0) as listener:
                await file_some(parts, folder, 3)
                last = await head(parts)
                await d.until(lambda: listener.positions[-1:] == [last])
                assert listener.positions == list(range(1, last + 1))

    asyncio.run(run())


def test_without_a_position_only_what_comes(folder: Path) -> None:
    async def run() -> None:
        async with d.started(folder) as parts:
            await file_some(parts, folder, 2)
            before = await head(parts)
            async with listening(parts, None) as listener:
                assert f"id: {before}\n" in listener.text, "a client that is cut now still knows where it was"
                await file_some(parts, folder, 1)
                last = await head(parts)
                await d.until(lambda: listener.positions[-1:] == [last])
                assert listener.positions == list(range(before + 1, last + 1))

    asyncio.run(run())


def test_resumed_after_a_restart_nothing_is_lost_or_doubled(folder: Path) -> None:
    async def run() -> None:
        async with d.started(folder) as parts:
            async with listening(parts, 0) as listener:
                await file_some(parts, folder, 2)
                await d.until(lambda: len(listener.positions) >= 3)
            heard = listener.positions
            await file_some(parts, folder, 2)
        async with d.started(folder) as parts:
            last = await head(parts)
            async with listening(parts, heard[-1]) as listener:
                await d.until(lambda: listener.positions[-1:] == [last])
                assert heard + listener.positions == list(range(1, last + 1))

    asyncio.run(run())


def test_changes_while_the_journal_is_being_read_come_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SSE_PAGE_ENTRIES", 2)

    async def run() -> None:
        async with d.started(folder) as parts:
            await file_some(parts, folder, 10)
            async with listening(parts, 0) as listener:
                for _ in range(10):
                    await file_some(parts, folder, 1)
                last = await head(parts)
                await d.until(lambda: listener.positions[-1:] == [last])
                assert listener.positions == list(range(1, last + 1))

    asyncio.run(run())


def test_what_was_kept_but_reported_lost_is_told_too(folder: Path) -> None:
    async def run() -> None:
        async with d.started(folder) as parts, listening(parts, 0) as listener:
            between = d.failing(parts)
            between.fault, between.kept = JournalFull("said no, meant yes"), True
            async with d.desk(parts, d.token_of(folder)) as client:
                assert (await client.post("/desk/v1/notices", json=d.notice(), headers=d.key())).status_code == 503
            between.fault = None
            await file_some(parts, folder, 1)
            last = await head(parts)
            await d.until(lambda: listener.positions[-1:] == [last])
            assert listener.positions == list(range(1, last + 1))

    asyncio.run(run())


def test_a_slow_client_is_cut_and_resumes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SSE_BACKLOG_EVENTS", 4)

    async def run() -> None:
        async with d.started(folder) as parts:
            async with listening(parts, 0) as slow, listening(parts, 0) as quick:
                await d.until(lambda: len(slow.positions) == 2)
                slow.reads.clear()
                for _ in range(8):
                    count = len(quick.positions)
                    await file_some(parts, folder, 1)
                    await d.until(lambda count=count: len(quick.positions) > count)
                slow.reads.set()
                await d.until(lambda: slow.ended)
                assert not quick.ended
                last = await head(parts)
                await d.until(lambda: quick.positions[-1:] == [last])
                assert quick.positions == list(range(1, last + 1))
                assert slow.positions == list(range(1, len(slow.positions) + 1))
                assert len(slow.positions) < last
            async with listening(parts, slow.positions[-1]) as again:
                await d.until(lambda: again.positions[-1:] == [last])
                assert slow.positions + again.positions == list(range(1, last + 1))

    asyncio.run(run())


def test_a_position_of_another_journal_begins_anew(folder: Path) -> None:
    async def run() -> None:
        async with d.started(folder) as parts, listening(parts, 10_000) as listener:
            last = await head(parts)
            said = {"event": "reset", "id": str(last), "data": f'{{"position":{last}}}'}
            assert {**listener.events[0], **said} == listener.events[0]

    asyncio.run(run())


def test_links_are_told_without_a_position(folder: Path) -> None:
    async def run() -> None:
        async with d.started(folder) as parts, listening(parts, 0) as listener:

            class Up:
                up, last_error = True, ""

            parts.node.links["p" * 43] = Up()  # type: ignore[index,assignment]
            for _ in range(2):
                parts.hub.links_changed()
            await d.until(lambda: [one for one in listener.events if one["event"] == "link"])
            (said,) = [one for one in listener.events if one["event"] == "link"]
            assert "id" not in said
            assert json.loads(said["data"])["up"] is True
            parts.node.links.clear()

    asyncio.run(run())


def test_a_stream_ends_with_its_session_with_the_door_and_beyond_the_most(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SSE_CLIENTS", 1)

    async def run() -> None:
        async with d.started(folder) as parts:
            async with listening(parts, 0, still=lambda: False, ping_ms=1) as over:
                await d.until(lambda: over.ended)
            async with listening(parts, 0, ping_ms=1) as held:
                await d.until(lambda: ": ping" in held.text)
                async with d.desk(parts, d.token_of(folder)) as client:
                    assert (await client.get("/desk/v1/events")).status_code == 503
                parts.hub.close()
                await d.until(lambda: held.ended)

    asyncio.run(run())


@pytest.mark.parametrize("after", ["x", "-1", "1.5", "", "1" * 16, "\u0663"])
def test_a_position_is_a_number(folder: Path, after: str) -> None:
    async def run() -> None:
        async with d.started(folder) as parts, d.desk(parts, d.token_of(folder)) as client:
            said = await client.get("/desk/v1/events", params={"after": after})
            assert (said.status_code, d.reasons(said)[0]["field"]) == (422, "after")

    asyncio.run(run())


def test_over_a_real_connection_with_the_header_of_a_browser(folder: Path) -> None:
    async def run() -> None:
        async with d.serving(folder) as (parts, url):
            await file_some(parts, folder, 2)
            headers = {"authorization": f"Bearer {d.token_of(folder)}", "last-event-id": "2"}
            async with httpx.AsyncClient() as client:
                request = client.build_request("GET", f"{url}/desk/v1/events?after=0", headers=headers)
                response = await client.send(request, stream=True)
                assert response.headers["content-type"].startswith("text/event-stream")
                assert response.headers["x-content-type-options"] == "nosniff"
                async for line in response.aiter_lines():
                    if line.startswith("id: "):
                        assert line == "id: 3", "the browser's header goes before the first address"
                        break
                await response.aclose()

    asyncio.run(run())


# --- what is told ----------------------------------------------------------------------------------------------

SECRETS = ("jws", "signature", "card", "hash", "request", "answer", "key", "by", "second", "text", "draft", "volumes")


@pytest.mark.parametrize("kind", sorted(e.EVENTS))
def test_no_kind_of_event_tells_more_than_references(kind: str) -> None:
    told = {*changes._PLAIN, *changes._MORE.get(e.EVENTS[kind][0], ())}
    assert told.isdisjoint(SECRETS)


def test_every_reference_that_is_told_is_a_member_of_its_event() -> None:
    for cls, names in changes._MORE.items():
        assert set(names) <= {field.name for field in msgspec.structs.fields(cls)}, cls.__name__


def test_the_answer_to_a_command_tells_nothing() -> None:
    event = e.CommandAnswered(key="one:secret-key", request="r", answer={"refs": {"id": "A-0001"}})
    assert changes.about(event) == {}
    frame = stream.change_frame(changes.public_change(7, "CommandAnswered", 9, event))
    assert frame == b'id: 7\nevent: change\ndata: {"position":7,"kind":"CommandAnswered","at":9,"about":{}}\n\n'
