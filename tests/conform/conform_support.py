"""A real node on loopback that a probe tests, whose answers and statements a test can bend, and whose desk acts."""

from __future__ import annotations

import asyncio
import dataclasses
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from skyparley.adapters.system.identity import own_card
from skyparley.adapters.system.node_dir import NewNode, init_node
from skyparley.adapters.system.peers import pin_peer
from skyparley.base.canonical import canonical
from skyparley.base.errors import Refusal
from skyparley.conform import identity
from skyparley.conform.door import listening
from skyparley.conform.probe import Probe
from skyparley.conform.run import begun
from skyparley.conform.target import Target, new_client
from skyparley.domain import commands as c
from skyparley.domain.messages.slots import DueRegard, VolumeSlot
from skyparley.evidence import jws
from skyparley.wiring import Parts, build_node, read_table, run_node

Reply = tuple[int, dict[str, str], bytes]
BendAnswer = Callable[[str, bytes, Reply], Reply]
BendSaid = Callable[[str, dict[str, Any]], dict[str, Any]]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def make_parties(at: Path) -> tuple[Path, Path]:
    """The folders of a node and of a party that tests it, pinned there."""
    node, probe = at / "node", at / "probe"
    new = NewNode(name="A", http_peer=f"127.0.0.1:{free_port()}", http_desk=f"127.0.0.1:{free_port()}")
    init_node(node, new, luck=secrets.token_bytes, now_ms=now_ms())
    made = identity.make("PROBE", f"http://127.0.0.1:{free_port()}", "REAL", luck=secrets.token_bytes, now_ms=now_ms())
    identity.write(probe, *made)
    pin_peer(node, made[1], now_ms=now_ms(), accept_warnings=True)
    return node, probe


class Bent:
    """The peer door and the signer of a node, between which and the world a test puts its fault."""

    def __init__(self) -> None:
        self.answer: BendAnswer | None = None
        self.said: BendSaid | None = None
        self.parts: Parts | None = None

    def wrap(self, parts: Parts) -> Parts:
        """The same node with its door and its signer bendable."""
        inner, signer = parts.peer_app, parts.node._signer
        sign_bytes = signer._sign_bytes

        async def app(scope: Any, receive: Any, send: Any) -> None:
            await self._through(inner, scope, receive, send)

        def bent_sign(role: Any, payload: bytes, typ: str) -> str:
            if self.said is not None:
                payload = canonical(self.said(typ, msgspec.json.decode(payload)))
            return sign_bytes(role, payload, typ)

        signer._sign_bytes = bent_sign  # type: ignore[method-assign]
        self.parts = dataclasses.replace(parts, peer_app=app)
        return self.parts

    async def _through(self, inner: Any, scope: Any, receive: Any, send: Any) -> None:
        bend = self.answer
        if bend is None:
            await inner(scope, receive, send)
            return
        asked, told = [], []

        async def hear() -> Any:
            message = await receive()
            asked.append(message.get("body", b""))
            return message

        async def tell(message: Any) -> None:
            told.append(message)

        await inner(scope, hear, tell)
        headers = {name.decode(): value.decode() for name, value in told[0]["headers"]}
        body = b"".join(message.get("body", b"") for message in told[1:])
        status, headers, body = bend(scope["path"], b"".join(asked), (told[0]["status"], headers, body))
        headers = {name: value for name, value in headers.items() if name != "content-length"}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})

    def resigned(self, text: str, **members: Any) -> str:
        """A signed text of the node with other members, and its own good signature.  None takes a member away."""
        assert self.parts is not None
        parsed = jws.split(text)
        said = {**msgspec.json.decode(parsed.payload), **members}
        said = {name: value for name, value in said.items() if value is not None}
        key, kid = self.parts.node._signer._keys[parsed.kid.role]
        return jws.sign(canonical(said), key, kid, parsed.typ)


class NodeDesk:
    """The desk of the node: does what a probe asks for."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def __call__(self, request: dict[str, Any]) -> None:
        match request["act"]:
            case "FILE":
                await self._act(
                    c.FileNotice(
                        kind=request["kind"],
                        volumes=msgspec.convert(request["volumes"], tuple[VolumeSlot, ...]),
                        due_regard=DueRegard(stated=True),
                        audience=(request["probe"],),
                        key=tuple(f"{request['probe_name']} {entry}" for entry in request["key"]),
                    )
                )
            case "ACCEPT":
                revision = await self._revision(request["pair_id"])
                await self._act(
                    c.Accept(pair_id=request["pair_id"], expected_revision=revision, proposal=request["proposal"])
                )
            case "PROPOSE":
                revision = await self._revision(request["pair_id"])
                changes = msgspec.convert(request["changes"], tuple[c.TermChange, ...])
                await self._act(c.Propose(pair_id=request["pair_id"], expected_revision=revision, changes=changes))

    async def _revision(self, pair_id: str) -> int:
        found = await self._parts.node.sequencer.read(lambda state: state.conflicts[pair_id].revision)
        return int(found)

    async def _act(self, command: c.DeskCommand) -> None:
        key = secrets.token_hex(8)  # one that an earlier run had used would be answered without an act
        ruling = await self._parts.node.desk(c.ByDesk(command=command, account="officer", key=key, request=key))
        assert not isinstance(ruling, Refusal), ruling


@asynccontextmanager
async def running_node(node: Path, probe: Path, *, with_desk: bool = True) -> AsyncIterator[tuple[Probe, Bent]]:
    """A running node and a probe whose line with it has begun."""
    bent, stop = Bent(), asyncio.Event()
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    parts = bent.wrap(build_node(node, {}))
    running = asyncio.create_task(run_node(parts, ready=lambda _, peer: ready.set_result(peer), stop=stop))
    await asyncio.wait((running, ready), return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    try:
        async with new_client() as client:
            one = Probe(
                identity.load(probe),
                own_card(node),
                Target(ready.result(), client),
                desk=NodeDesk(parts) if with_desk else None,
                table=msgspec.to_builtins(read_table(node, parts.config)),
            )
            async with listening(one), begun(one):
                yield one, bent
    finally:
        stop.set()
        await running
