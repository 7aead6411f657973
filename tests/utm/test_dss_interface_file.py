"""Every answer against the interface file of ASTM F3548-21, where somebody has it: SKYPARLEY_UTM_YAML names a utm.yaml.

The file is not in this repository.  What it says of the DSS side is asked for as it stands there: paths, scopes, and for
each status of each operation an answer that fits its schema.
"""

import asyncio
import os
from pathlib import Path
from typing import Any

import httpx
import pytest
from dss_door_support import door, played
from dss_story import Checked, operations_of, told_everything

FILE = os.environ.get("SKYPARLEY_UTM_YAML", "")
pytestmark = pytest.mark.skipif(not FILE, reason="SKYPARLEY_UTM_YAML names no interface file")

NOT_ANSWERED = {"429": "nobody is asked to slow down"}
"""Statuses of the file that this DSS does not answer, and why."""
BESIDE = {
    "createSubscription 413": "a body may be too large here too",
    "updateSubscription 413": "a body may be too large here too",
    "makeDssReport 413": "a body may be too large here too",
    "setUssAvailability 409": "old_version is not the current one, for which the file names no status",
    "setUssAvailability 413": "a body may be too large here too",
}
"""Statuses that the file does not have."""


@pytest.fixture(scope="module")
def interface() -> Any:
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load(Path(FILE).read_text(encoding="utf-8"))


def _as_templates(paths: Any) -> set[tuple[str, str]]:
    return {(path, method) for path, methods in paths.items() for method in methods if path.startswith("/dss/")}


def test_paths_and_scopes_are_those_of_the_file(interface: Any, tmp_path: Path) -> None:
    async def story(client: httpx.AsyncClient) -> None:
        ours = (await client.get("/openapi.json")).json()["paths"]
        theirs = {(path, method): operation for path, method, operation in operations_of(interface)}
        assert _as_templates(ours) == set(theirs)
        assert len(theirs) == 18
        for (path, method), operation in theirs.items():
            ways = [frozenset(one["Authority"]) for one in operation["security"]]
            least = {way for way in ways if not any(other < way for other in ways)}
            assert {frozenset(one["token"]) for one in ours[path][method]["security"]} == least, (path, method)
            assert ours[path][method]["operationId"] == operation["operationId"]

    played(story, tmp_path)


def test_every_answer_fits_the_file(interface: Any, tmp_path: Path) -> None:
    async def play() -> set[str]:
        async with door(tmp_path) as client:
            checked = Checked(interface, BESIDE)
            client.event_hooks["response"].append(checked.look)
            await told_everything(client, interface)
            return checked.seen

    wanted = {
        f"{one['operationId']} {status}"
        for _, _, one in operations_of(interface)
        for status in one["responses"]
        if status not in NOT_ANSWERED
    }
    assert asyncio.run(play()) == wanted | set(BESIDE)
