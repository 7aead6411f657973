"""The desk door's OpenAPI document: it is valid, it names what there is, and the door keeps to it, whatever is sent."""

import asyncio
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import door_support as d
import httpx
import pytest

from how_many import THOROUGH
from skyparley.adapters.doors.acts import ACTS
from skyparley.adapters.doors.desk import PARTS
from skyparley.adapters.doors.openapi import document

# Some hundred cases that cover each schema one by one take two minutes.
PHASES = "coverage,fuzzing" if THOROUGH else "fuzzing"
EXAMPLES = 3  # drawn for each operation, besides some hundred that cover its schema one by one
ENDLESS = "/desk/v1/events"
HEARD = "/desk/v1/voice-peers/{peer}/statements"  # its slots are told by the catalogue of types, not by the schema
PLANS = "^/desk/v1/(notices|conflicts|peers|what-if)"


@pytest.fixture(scope="module")
def served(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A real node on loopback with a notice and a peer; its address and a token."""
    base = tmp_path_factory.mktemp("openapi")
    folder = d.copied(made, base / "a")
    d.pin(folder, d.make(base / "b", "B"))
    going: dict[str, Any] = {}
    begun, failures = threading.Event(), list[BaseException]()

    async def serve() -> None:
        going["loop"], going["stop"] = asyncio.get_running_loop(), asyncio.Event()
        async with d.serving(folder) as (_, url):
            going["url"] = url
            begun.set()
            await going["stop"].wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            failures.append(error)
            begun.set()
            raise

    thread = threading.Thread(target=run)
    thread.start()
    begun.wait(30)
    assert not failures, failures
    headers = {"authorization": f"Bearer {d.token_of(folder)}"}
    with httpx.Client(base_url=going["url"], headers=headers) as client:
        assert client.post("/desk/v1/notices", json=d.notice(audience=["B"]), headers=d.key()).status_code == 200
    yield going["url"], d.token_of(folder)
    going["loop"].call_soon_threadsafe(going["stop"].set)
    thread.join(30)
    assert not thread.is_alive()


@pytest.mark.slow
@pytest.mark.parametrize("part", ["include", "exclude"])
def test_the_door_keeps_to_its_document_whatever_is_sent(served: tuple[str, str], tmp_path: Path, part: str) -> None:
    """Thousands of requests, right and wrong: no 500, nothing undocumented, nothing taken that the document forbids.

    In two parts, plans and all the rest, so that two cores share them.
    """
    url, token = served
    done = subprocess.run(
        [
            *(Path(sys.executable).parent / "schemathesis", "run", f"{url}/desk/v1/openapi.json"),
            *("--header", f"Authorization: Bearer {token}", "--exclude-path", ENDLESS, "--no-color"),
            *("--exclude-path", HEARD),
            *(f"--{part}-path-regex", PLANS),
            *("--phases", PHASES, "--max-examples", str(EXAMPLES), "--seed", "1"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,  # it takes 40 s of a core; a busy machine gives it less than a whole one
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6_000:]
    assert re.search(r"\b(\d{2,}) passed", done.stdout), done.stdout[-2_000:]


def test_every_address_of_the_door_is_in_the_document() -> None:
    paths = document()["paths"]
    assert {"/desk/v1" + act.path for act in ACTS} <= {path for path, methods in paths.items() if "post" in methods}
    assert {f"/desk/v1/{part}" for part in PARTS} <= {path for path, methods in paths.items() if "get" in methods}


def test_the_routes_of_the_door_and_of_the_document_are_the_same(folder: Path) -> None:
    async def run() -> set[tuple[str, str]]:
        async with d.started(folder) as parts:
            door = parts.desk_app._app.__closure__  # type: ignore[attr-defined]
            (app,) = [cell.cell_contents for cell in door if hasattr(cell.cell_contents, "routes")]
            return {(route.path, method.lower()) for route in app.routes for method in route.methods - {"HEAD"}}

    said = {(path, method) for path, methods in document()["paths"].items() for method in methods}
    assert asyncio.run(run()) == said


def test_every_operation_says_what_may_go_wrong() -> None:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            answered = set(operation["responses"])
            if operation.get("security") != []:
                assert "401" in answered, (method, path)
            if method == "post":
                assert {"413", "415", "422"} <= answered, (method, path)
            assert operation["summary"]
