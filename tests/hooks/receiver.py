"""A receiver of rings on loopback: it keeps what is posted to it and answers as a test says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec


class Receiver:
    """`answer` is sent as it stands; None lets the client wait.  `flood` is sent on and on behind it."""

    def __init__(self) -> None:
        self.answer: bytes | None = b"HTTP/1.1 204 No Content\r\n\r\n"
        self.flood = b""
        self.heads: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.url = ""
        self.came = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            (length,) = [line.split(":")[1] for line in head.splitlines() if line.lower().startswith("content-length:")]
            body = await reader.readexactly(int(length))
            self.heads.append(head)
            self.bodies.append(msgspec.json.decode(body))
            self.came.set()
            if self.answer is None:
                await reader.read()
            else:
                writer.write(self.answer)
                while self.flood:
                    writer.write(self.flood)
                    await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def receiving(port: int = 0) -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", port)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ring"
    try:
        yield receiver
    finally:
        server.close()
