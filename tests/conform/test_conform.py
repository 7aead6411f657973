"""A real node passes every requirement; and for every requirement, nodes that break it fail that line."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from bends import BENDS
from conform_support import Bent, make_parties, running_node

from skyparley.conform import line_checks
from skyparley.conform import probe as probes
from skyparley.conform.catalogue import REQUIREMENTS
from skyparley.conform.probe import Probe
from skyparley.conform.requirement import Requirement, Verdict
from skyparley.conform.run import tried

pytestmark = pytest.mark.slow
BENT = [(key, place) for key, bends in BENDS.items() for place in range(len(bends))]
SAID_BEFORE = ("3.5 own-feed", "4 schemas", "3.1 table-hash")
"""Requirements about what the node has said: it has to say something while it is bent."""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_parties(tmp_path_factory.mktemp("conform"))


@pytest.fixture(scope="module")
def right(folders: tuple[Path, Path]) -> dict[str, Verdict]:
    """The verdicts on our own node."""

    async def run() -> dict[str, Verdict]:
        async with running_node(*folders) as (probe, _):
            return {one.requirement.key: one async for one in tried(probe, REQUIREMENTS)}

    return asyncio.run(run())


@pytest.fixture(scope="module")
def bent(right: dict[str, Verdict], folders: tuple[Path, Path]) -> dict[tuple[str, int], Verdict]:
    """The verdict on each requirement by each node that breaks it: one node, bent in turn, on the line of before."""

    async def run() -> dict[tuple[str, int], Verdict]:
        async with running_node(*folders) as (probe, bent):
            return {
                (one.key, place): await _bent(probe, bent, one, place)
                for one in REQUIREMENTS
                for place in range(len(BENDS[one.key]))
            }

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(probes, "HEARD_S", 3.0)
        patch.setattr(line_checks, "ANSWER_S", 3.0)
        return asyncio.run(run())


async def _bent(probe: Probe, bent: Bent, requirement: Requirement, place: int) -> Verdict:
    probe.heard.oddities.clear()
    probe.cache.pop("pair", None)
    probe.cache.pop("accepted", None)
    with BENDS[requirement.key][place](probe, bent):
        if requirement.key in SAID_BEFORE:
            text, _ = await probe.say("NQR", {"id": probe.fresh_id(), "field": "AREA"}, code="N6", version=1)
            await probe.error_for(text, "NOT_OURS")
            text, _ = await probe.say("NQR", {"id": probe.fresh_id(), "field": "AREA"}, code="N6", version=1)
            await probe.error_for(text, "NOT_OURS")
        (verdict,) = [one async for one in tried(probe, [requirement])]
    await probe.find_again()
    return verdict


@pytest.mark.parametrize("key", [one.key for one in REQUIREMENTS])
def test_a_real_node_passes(key: str, right: dict[str, Verdict]) -> None:
    assert (right[key].outcome, right[key].text) == ("PASS", "")


@pytest.mark.parametrize(("key", "place"), BENT)
def test_a_node_that_breaks_it_fails(key: str, place: int, bent: dict[tuple[str, int], Verdict]) -> None:
    verdict = bent[key, place]
    assert verdict.outcome == "FAIL", verdict
    assert verdict.text


def test_every_requirement_is_seen_to_fail() -> None:
    assert set(BENDS) == {one.key for one in REQUIREMENTS}
    assert all(BENDS.values())
