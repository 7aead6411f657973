"""Two real nodes, each reached at two addresses over loopback: one is closed, the line goes on by the other and says so."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import door_support as d
import httpx
import msgspec

from skyparley.adapters.system.node_dir import NodePaths, load_node
from skyparley.adapters.system.settings import TableSettings, write_settings
from skyparley.base import limits
from skyparley.domain.profiles import profile


class Road:
    """A second address of a door: it passes bytes on until it is closed, and lets no connection live on."""

    def __init__(self, to: int) -> None:
        self._to = to
        self.port = d.free_port()
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self.port)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._open):
            writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._open |= {writer, back}
        await asyncio.gather(_copy(reader, back), _copy(there, writer), return_exceptions=True)
        self._open -= {writer, back}


async def _copy(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65_536):
            to.write(data)
            await to.drain()
    finally:
        to.close()


@asynccontextmanager
async def roads(*made: Road) -> AsyncIterator[None]:
    for road in made:
        await road.open()
    try:
        yield
    finally:
        for road in made:
            await road.close()


def node_with_a_road(folder: Path, name: str) -> tuple[Path, Road]:
    """A node whose card gives the road first, the door itself second."""
    door = d.free_port()
    road = Road(door)
    urls = (f"http://127.0.0.1:{road.port}", f"http://127.0.0.1:{door}")
    d.make(folder, name, http_peer=f"127.0.0.1:{door}", urls=urls)
    return folder, road


def set_numbers(folder: Path, **numbers: int) -> None:
    """The military table with other numbers, as this node's own file."""
    table = msgspec.structs.asdict(profile("military")) | numbers
    (folder / "numbers.toml").write_text("".join(f"{name} = {value}\n" for name, value in table.items()))
    config = msgspec.structs.replace(load_node(folder), table=TableSettings(file="numbers.toml"))
    NodePaths(folder).settings.write_bytes(write_settings(config))


async def line_of(client: httpx.AsyncClient) -> dict[str, Any]:
    (line,) = (await client.get("/lines")).json()
    return dict(line)


async def states(client: httpx.AsyncClient) -> dict[tuple[str, str], str]:
    return {(one["bearer"], one["direction"]): one["state"] for one in (await line_of(client)).get("links", ())}


ALL_UP = {(bearer, way): "UP" for bearer in ("http", "http2") for way in ("OUT", "IN")}


def test_one_address_is_closed_and_the_line_goes_on(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(limits, "HEARTBEAT_LEAST_MS", 50)
    numbers = {"heartbeat_ms": 100, "link_degraded_ms": 1_000, "link_lost_ms": 2_000}
    (a, road), (b, other) = (node_with_a_road(tmp_path / name.lower(), name) for name in "AB")
    for folder in (a, b):
        set_numbers(folder, **numbers)
    d.pin(a, b)
    d.pin(b, a)

    async def run() -> None:
        async with roads(road, other), AsyncExitStack() as stack:
            desks = []
            for folder in (a, b):
                _, url = await stack.enter_async_context(d.serving(folder))
                headers = {"authorization": f"Bearer {d.token_of(folder)}"}
                client = httpx.AsyncClient(base_url=f"{url}/desk/v1", headers=headers)
                desks.append(await stack.enter_async_context(client))
            at_a, at_b = desks

            async def up() -> bool:
                return await states(at_a) == ALL_UP == await states(at_b)

            await d.until(up)
            await other.close()

            async def seen() -> bool:
                return (await states(at_a))["http", "OUT"] == "LOST" == (await states(at_b))["http", "IN"]

            await d.until(seen)

            async def goes_on() -> bool:
                # On a busy machine one request by the other address may time out too; the next one does not.
                return (await states(at_a))["http2", "OUT"] == "UP" and bool((await line_of(at_a)).get("link_up"))

            await d.until(goes_on)
            assert (await states(at_a))["http", "OUT"] == "LOST"
            said = await at_a.post("/notices", json=d.notice(audience=["B"]), headers=d.key())
            assert said.status_code == 200, said.text

            async def arrived() -> Any:
                return (await at_b.get("/notices")).json()

            (notice,) = await d.until(arrived)
            assert notice["id"] == "A-0001"
            await other.open()
            await d.until(up)

    asyncio.run(run())
