"""A whole DSS in this process: the door over memory, asked by HTTP as a USS would."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from tokens_support import bearer, pair

from skyparley.adapters.storage.memory_journal import MemoryJournal
from skyparley.adapters.system.clock import RealClock
from skyparley.adapters.system.luck import SystemLuck
from skyparley.engine.journal_port import JournalPort
from skyparley.utm.beside import Beside
from skyparley.utm.door import dss_app
from skyparley.utm.key_ring import KeyRing
from skyparley.utm.metrics import Metrics
from skyparley.utm.rulings import Rules
from skyparley.utm.service import Dss
from skyparley.utm.tokens import Tokens
from skyparley.utm.watching import Watching

SC: Final = "utm.strategic_coordination"
CM: Final = "utm.constraint_management"
CP: Final = "utm.constraint_processing"
SA: Final = "utm.conformance_monitoring_sa"
AA: Final = "utm.availability_arbitration"
INTENTS: Final = "/dss/v1/operational_intent_references"
CONSTRAINTS: Final = "/dss/v1/constraint_references"
SUBSCRIPTIONS: Final = "/dss/v1/subscriptions"


class Uss:
    """One USS: its name, its scopes, and its way to the DSS."""

    def __init__(self, client: httpx.AsyncClient, name: str, *scopes: str) -> None:
        self.name = name
        self._client = client
        self._headers = {"authorization": bearer(name, scopes or (SC, CM, CP, SA, AA))}

    async def ask(self, method: str, path: str, body: Any = None, **more: str) -> httpx.Response:
        headers = {**self._headers, **{name.replace("_", "-"): value for name, value in more.items()}}
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        return await self._client.request(method, path, content=data, headers=headers)

    async def done(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        """What a request gives that has to succeed."""
        answer = await self.ask(method, path, body)
        assert answer.status_code == status, (answer.status_code, answer.text)
        return answer.json()


@asynccontextmanager
async def app_of(
    tmp_path: Path,
    *,
    journal: JournalPort | None = None,
    rules: Rules | None = None,
    has_room: Callable[[], bool] | None = None,
) -> AsyncIterator[Any]:
    """The door as an ASGI application.  What it needs beyond memory is a file with the public key of tokens."""
    (tmp_path / "auth.pem").write_bytes(pair().public_pem)
    clock, luck = RealClock(), SystemLuck()
    ring = KeyRing(files=[tmp_path / "auth.pem"])
    dss = Dss(journal=journal or MemoryJournal(), rules=rules or Rules(), clock=clock, luck=luck, has_room=has_room)
    tokens = Tokens(ring, audiences=("localhost",), now_s=lambda: clock.now_ms() / 1000)
    beside = Beside(dss, version="1", name="here")
    app = dss_app(dss, tokens, beside=beside.operations(), open_to_all=beside.open_to_all())
    await dss.start()
    yield Watching(app, Metrics(dss, ring), new_name=luck.nonce)
    await dss.stop()


@asynccontextmanager
async def door(tmp_path: Path, *, journal: JournalPort | None = None, rules: Rules | None = None) -> AsyncIterator[Any]:
    """A client of the door."""
    async with app_of(tmp_path, journal=journal, rules=rules) as app:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://dss") as client:
            yield client


def played(story: Callable[[httpx.AsyncClient], Awaitable[None]], tmp_path: Path, **given: Any) -> None:
    """Run a story against a fresh DSS."""

    async def play() -> None:
        async with door(tmp_path, **given) as client:
            await story(client)

    asyncio.run(play())


def new_id() -> str:
    return str(uuid.uuid4())


def at(minutes: float) -> dict[str, str]:
    """A time, so many minutes from now."""
    moment = datetime.now(UTC) + timedelta(minutes=minutes)
    return {"value": moment.isoformat().replace("+00:00", "Z"), "format": "RFC3339"}


def height(metres: float) -> dict[str, Any]:
    return {"value": metres, "reference": "W84", "units": "M"}


def volume(
    lat: float = 46.9,
    lng: float = 7.4,
    *,
    radius_m: float = 200,
    heights: tuple[float, float] | None = (0, 100),
    minutes: tuple[float, float] | None = (5, 60),
) -> dict[str, Any]:
    """A circle."""
    circle = {"center": {"lat": lat, "lng": lng}, "radius": {"value": radius_m, "units": "M"}}
    said: dict[str, Any] = {"volume": {"outline_circle": circle}}
    if heights is not None:
        said["volume"] |= {"altitude_lower": height(heights[0]), "altitude_upper": height(heights[1])}
    if minutes is not None:
        said |= {"time_start": at(minutes[0]), "time_end": at(minutes[1])}
    return said


def intent(*volumes: dict[str, Any], state: str = "Accepted", key: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """The body of a PUT of an operational intent, with an implicit subscription unless told otherwise."""
    said = {
        "extents": list(volumes) or [volume()],
        "state": state,
        "key": list(key),
        "uss_base_url": "https://uss.example",
    }
    if "subscription_id" not in more and "new_subscription" not in more:
        said["new_subscription"] = {"uss_base_url": "https://uss.example/subs"}
    return {**said, **{name: value for name, value in more.items() if value is not None}}
