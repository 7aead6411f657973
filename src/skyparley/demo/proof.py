"""The proof: what both desks show is the same, and what both folders hold on disk verifies without either node."""

import asyncio
import json
import sys
from typing import Any, Final

from skyparley.demo.nodes import DemoFault, Party
from skyparley.demo.officer import Officer
from skyparley.demo.stage import Stage

VERIFY_S: Final = 60
COMMAND: Final = "import sys; from skyparley.cli.main import main; sys.argv[0] = 'skyparley'; main()"
COPIES: Final = 9  # the step of the verification that compares both copies of a feed
VERSIONS: Final = {"A-0001": 2, "B-0001": 2, "B-0002": 1}


async def prove(stage: Stage, officers: tuple[Officer, Officer], parties: tuple[Party, Party], statement: str) -> bool:
    """Shows each line of the proof; whether all of it holds."""
    views = [await officer.see() for officer in officers]
    held = [_same_conflict(stage, views), _same_agreement(stage, views), _same_versions(stage, views)]
    held.append(_same_matter(stage, views, statement))
    held.append(await _records(stage, parties))
    return all(held)


def _same_conflict(stage: Stage, views: list[dict[str, Any]]) -> bool:
    ids = [view["conflicts"][0]["conflict_id"] for view in views]
    holds = bool(ids[0] == ids[1])
    stage.proof("The same conflict id at both desks.", holds=holds, more=(f"A: {ids[0]}", f"B: {ids[1]}"))
    return holds


def _same_agreement(stage: Stage, views: list[dict[str, Any]]) -> bool:
    both = [view["agreements"][0] for view in views]
    holds = bool(both[0]["agreement_id"] == both[1]["agreement_id"])
    holds &= all(sorted(one["signed_by"]) == ["A", "B"] and one["status"] == "IN_FORCE" for one in both)
    more = tuple(f"{view['own']['name']}: {one['agreement_id']}" for view, one in zip(views, both, strict=True))
    signers = " and ".join(sorted(set(both[0]["signed_by"]) & set(both[1]["signed_by"]))) or "nobody"
    stage.proof(f"The same agreement id at both desks, signed by {signers}.", holds=holds, more=more)
    return holds


def _same_versions(stage: Stage, views: list[dict[str, Any]]) -> bool:
    shown = [{notice["id"]: notice["version"] for notice in view["notices"]} for view in views]
    holds = shown[0] == shown[1] == VERSIONS and not any(one["live"] for view in views for one in view["conflicts"])
    said = ", ".join(f"{notice_id} v{version}" for notice_id, version in sorted(shown[0].items()))
    stage.proof(f"The same plans at both desks: {said}; no conflict open.", holds=holds)
    return holds


def _same_matter(stage: Stage, views: list[dict[str, Any]], statement: str) -> bool:
    """What was asked while the line was suspended was received, understood, passed on and done, at both desks alike."""
    both: list[dict[str, Any]] = [
        next((one for one in view["matters"] if one["statement"] == statement), {}) for view in views
    ]
    steps = [[step["what"] for step in one.get("history", [])] for one in both]
    holds = steps[0] == steps[1] == ["RDB", "RDB", "ACK", "PAS", "DON"] and all(one["state"] == "DONE" for one in both)
    more = tuple(f"{view['own']['name']}: {' '.join(done)}" for view, done in zip(views, steps, strict=True))
    stage.proof("The same stop request, said while the line was suspended, done at both desks.", holds=holds, more=more)
    return holds


async def _records(stage: Stage, parties: tuple[Party, Party]) -> bool:
    """`skyparley verify` on both folders, as anybody could run it: no key, no running node."""
    folders = [str(party.folder) for party in parties]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        COMMAND,
        "verify",
        *folders,
        "--json",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(VERIFY_S):
            out, wrong = await process.communicate()
    except BaseException:
        process.kill()
        raise
    try:
        report = json.loads(out)
    except ValueError:
        raise DemoFault(f"skyparley verify did not answer: {wrong.decode(errors='replace')[-600:]}") from None
    holds = process.returncode == 0 and bool(report["holds"])
    failed = [finding for finding in report["findings"] if finding["verdict"] == "FAILS"]
    copies = [finding for finding in report["findings"] if finding["step"] == COPIES]
    shown = tuple(f"{finding['record']}: {finding['text']}".lstrip(": ") for finding in (failed or copies))
    count = len(report["findings"])
    stage.proof(
        f"Both records verified from the folders on disk: {count} checks, {len(failed)} failed.",
        holds=holds,
        more=shown,
    )
    return holds
