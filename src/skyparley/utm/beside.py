"""Operations that deployed systems have beside the standard: version, who a token names, and the pool of one that this is.

A pool is several DSS instances that share one state.  This DSS is alone in its pool, and says so.
"""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from skyparley.utm import scopes
from skyparley.utm.answers import time_out
from skyparley.utm.commands import Problem
from skyparley.utm.door import CANNOT_WRITE, Asked, Operation, said, said_no
from skyparley.utm.service import Dss

AUX: Final = "/aux/v1"


class Heartbeat(msgspec.Struct, kw_only=True):
    """The last sign of life that somebody asked this DSS to note.  `timestamp`: RFC 3339."""

    timestamp: str
    reporter: str
    source: str
    next_heartbeat_expected_before: str | None = None


class Beside:
    """Over one DSS.  `name`: what it is called among others; `public_url`: where they find it, "" if that was not set."""

    def __init__(self, dss: Dss, *, version: str, name: str, public_url: str = "") -> None:
        self._dss = dss
        self._version = version
        self._name = name
        self._public_url = public_url
        self._heartbeat: Heartbeat | None = None
        """Kept in memory only: it says that this process lives."""

    def operations(self) -> list[Operation]:
        """Those that need a token."""
        return [
            Operation("getSystemVersion", "GET", "/versions/{system_identity:rest}", scopes.VERSIONS, self.versions),
            Operation("validateOauth", "GET", f"{AUX}/validate_oauth", scopes.REMOTE_ID, self.validate_oauth),
            Operation("getPool", "GET", f"{AUX}/pool", scopes.POOL_READ, self.pool),
            Operation("getDssInstances", "GET", f"{AUX}/pool/dss_instances", scopes.POOL_READ, self.instances),
            Operation(
                "putDssInstancesHeartbeat",
                "PUT",
                f"{AUX}/pool/dss_instances/heartbeat",
                scopes.POOL_HEARTBEAT,
                self.heartbeat,
            ),
            Operation(
                "getGlobalOptions", "GET", f"{AUX}/configuration/global_options", scopes.POOL_READ, self.global_options
            ),
        ]

    def open_to_all(self) -> list[BaseRoute]:
        """Those that need none."""
        return [
            Route("/healthy", self.healthy, methods=["GET"], name="healthy"),
            Route("/ready", self.ready, methods=["GET"], name="ready"),
            Route(f"{AUX}/version", self.version, methods=["GET"], name="getVersion"),
            Route(f"{AUX}/configuration/ca_certs", _no_certificates, methods=["GET"], name="getCACerts"),
            Route(f"{AUX}/configuration/accepted_ca_certs", _no_certificates, methods=["GET"], name="getAcceptedCAs"),
        ]

    # --- open ------------------------------------------------------------------------------------------------

    async def healthy(self, _: Request) -> Response:
        """The process answers."""
        return PlainTextResponse("ok\n")

    async def ready(self, _: Request) -> Response:
        """It can decide and write."""
        fault = self._dss.fault
        if fault is not None:
            return said_no(503, f"this DSS cannot write at the moment: {fault}", CANNOT_WRITE)
        return PlainTextResponse("ok\n")

    async def version(self, _: Request) -> Response:
        return said({"version": self._version})

    # --- with a token ----------------------------------------------------------------------------------------

    async def versions(self, asked: Asked) -> Response:
        return said({"system_identity": asked.part("system_identity"), "system_version": self._version})

    async def validate_oauth(self, asked: Asked) -> Response:
        """Whether the token is good, and of whom the query says it is."""
        owner = asked.request.query_params.get("owner", "")
        if owner and owner != asked.caller.sub:
            problem = Problem("owner", f"the token is of {asked.caller.sub}", "the `sub` of the token, or nothing")
            return said_no(403, "the token is of another owner", problem)
        return said({})

    async def pool(self, _: Asked) -> Response:
        return said({"dar_id": self._name})

    async def instances(self, _: Asked) -> Response:
        return said({"dss_instances": [self._instance()]})

    async def heartbeat(self, asked: Asked) -> Response:
        """Note a sign of life, and tell the pool."""
        query = asked.request.query_params
        expected = query.get("next_heartbeat_expected_before")
        if expected is not None:
            try:
                moment = datetime.fromisoformat(expected)
            except ValueError:
                moment = None
            if moment is None or moment.tzinfo is None:
                problem = Problem("next_heartbeat_expected_before", "it is no time", "RFC 3339, 2026-01-01T00:00:00Z")
                return said_no(400, "next_heartbeat_expected_before is no time", problem)
            expected = moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
        self._heartbeat = Heartbeat(
            timestamp=time_out(self._dss.now_us()).value,
            reporter=asked.caller.sub,
            source=query.get("source", ""),
            next_heartbeat_expected_before=expected,
        )
        return said({"dss_instances": [self._instance()]})

    async def global_options(self, _: Asked) -> Response:
        """How those of one pool must agree: writes are decided one after another, so there is no lock to choose."""
        return said({"scd_lock_mode": "none"})

    def _instance(self) -> dict[str, Any]:
        found: dict[str, Any] = {"id": self._name, "public_endpoint": self._public_url}
        if self._heartbeat is not None:
            found["most_recent_heartbeat"] = {
                name: value for name, value in msgspec.structs.asdict(self._heartbeat).items() if value
            }
        return found


async def _no_certificates(_: Request) -> Response:
    """Certificates between the parts of a replicated store: there is none."""
    return said({"CAs": []})
