"""Server-sent events of the desk: every durable change in journal order, none lost and none doubled, resumed by position.

`id:` is the position in the journal, so that a client goes on where it was, after a cut and after a restart of the node.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import msgspec
from starlette.types import Receive, Scope, Send

from skyparley.adapters.doors.changes import PublicChange, public_change
from skyparley.base import limits
from skyparley.base.errors import Fault
from skyparley.engine.journal_port import JournalPort
from skyparley.engine.node import Node
from skyparley.engine.sequencer import Change, read_event


class LinkChange(msgspec.Struct, frozen=True):
    """A link went up or down.  It is no entry of the journal and has no position."""

    peer: str
    up: bool
    error: str
    at: int


class Client:
    """What waits to be sent to one client.  `cut`: it was too slow, or the door closes; it resumes when it comes back."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[int, bytes]] = deque()
        self.cut = False
        self._more = asyncio.Event()

    def put(self, position: int, frame: bytes) -> None:
        """`position` is 0 for what has none."""
        if len(self.waiting) >= limits.SSE_BACKLOG_EVENTS:
            self.cut = True
            self.waiting.clear()
        if not self.cut:
            self.waiting.append((position, frame))
        self._more.set()

    def end(self) -> None:
        self.cut = True
        self._more.set()

    async def more(self, wait_ms: int) -> bool:
        """True when there is something, or the end; False when `wait_ms` went by."""
        try:
            async with asyncio.timeout(wait_ms / 1000):
                await self._more.wait()
        except TimeoutError:
            return False
        self._more.clear()
        return True


class Hub:
    """Hears the sequencer once and tells every client.  Each change is translated and encoded once."""

    def __init__(self, node: Node, journal: JournalPort) -> None:
        self._node = node
        self._journal = journal
        self._clients: set[Client] = set()
        self._links: dict[str, bool] = {}
        self._closed = False
        node.sequencer.listen(self.heard)
        node.on_link_change = self.links_changed

    @property
    def full(self) -> bool:
        """Whether there is room for another client."""
        return len(self._clients) >= limits.SSE_CLIENTS

    @property
    def closed(self) -> bool:
        """Whether the door is closing."""
        return self._closed

    def heard(self, changes: Sequence[Change]) -> None:
        """Durable changes, in order."""
        if not self._clients:
            return
        for change in changes:
            said = public_change(change.position, type(change.event).__name__, change.at, change.event)
            frame = change_frame(said)
            for client in self._clients:
                client.put(change.position, frame)

    def links_changed(self) -> None:
        """Tell of each link that is up and was down, or the other way round."""
        for peer, link in self._node.links.items():
            if self._links.get(peer) != link.up:
                self._links[peer] = link.up
                said = LinkChange(peer, link.up, link.last_error, self._node.clock.now_ms())
                for client in self._clients:
                    client.put(0, b"event: link\ndata: " + msgspec.json.encode(said) + b"\n\n")

    def join(self) -> Client:
        """A client that hears everything from now on."""
        client = Client()
        self._clients.add(client)
        if self._closed:
            client.end()
        return client

    def leave(self, client: Client) -> None:
        self._clients.discard(client)

    def close(self) -> None:
        """Every stream ends; each client comes back to whoever answers then."""
        self._closed = True
        for client in self._clients:
            client.end()

    async def head(self) -> int:
        """The last durable position."""
        return await self._node.sequencer.read(lambda state: state.position)

    async def page(self, after: int) -> list[PublicChange]:
        """What the journal holds behind a position, one page of it."""
        return [
            public_change(
                stored.position, stored.kind, stored.at_ms, read_event(stored.kind, stored.schema, stored.content)
            )
            for stored in await self._journal.read(after, limits.SSE_PAGE_ENTRIES)
        ]


def change_frame(said: PublicChange) -> bytes:
    """A change as it stands on the stream."""
    return b"id: %d\nevent: change\ndata: %s\n\n" % (said.position, msgspec.json.encode(said))


class EventStream:
    """The answer to one client: an ASGI application for one request.  `still` says whether the client may still listen."""

    def __init__(self, hub: Hub, after: int | None, still: Callable[[], bool], *, ping_ms: int = limits.SSE_PING_MS):
        self._hub = hub
        self._after = after
        self._still = still
        self._ping_ms = ping_ms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = self._hub.join()
        telling = asyncio.ensure_future(self._tell(client, send))
        leaving = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait((telling, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._hub.leave(client)
            leaving.cancel()
            telling.cancel()
            await asyncio.gather(telling, leaving, return_exceptions=True)

    async def _tell(self, client: Client, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            await self._tell_all(client, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except (OSError, Fault):
            # The client is gone, or the journal cannot be read: it comes back with its position.
            return

    async def _tell_all(self, client: Client, send: Send) -> None:
        """First what the client missed, from the journal; then what it hears, without what it was told already."""
        told = await self._from_journal(await self._begin(send), send)
        while not client.cut:
            if not await client.more(self._ping_ms):
                if not self._still():
                    return
                await _send_part(send, b": ping\n\n")
                # What was kept but reported lost is in the journal without anybody having been told.
                told = await self._from_journal(told, send)
            frames: list[bytes] = []
            while client.waiting:
                position, frame = client.waiting.popleft()
                if position > told + 1:
                    await _send_part(send, b"".join(frames))
                    frames, told = [], await self._from_journal(told, send)
                if position == 0 or position > told:
                    told = max(told, position)
                    frames.append(frame)
            if frames:
                await _send_part(send, b"".join(frames))

    async def _from_journal(self, told: int, send: Send) -> int:
        """Tell everything that the journal holds behind a position.  Returns the last position told."""
        while page := await self._hub.page(told):
            await _send_part(send, b"".join(change_frame(said) for said in page))
            told = page[-1].position
            if len(page) < limits.SSE_PAGE_ENTRIES:
                break
        return told

    async def _begin(self, send: Send) -> int:
        """Where the stream begins.  A position that this journal never had is another journal's: the client starts anew."""
        head = await self._hub.head()
        if self._after is None or self._after == head:
            await _send_part(send, b"retry: 1000\nid: %d\n: from here\n\n" % head)
            return head
        if self._after > head:
            said = msgspec.json.encode({"position": head})
            await _send_part(send, b"retry: 1000\nid: %d\nevent: reset\ndata: %s\n\n" % (head, said))
            return head
        await _send_part(send, b"retry: 1000\n\n")
        return self._after


_HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-store")]


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_part(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})
