"""One run: the line is begun, every requirement is tried by itself, and what came of it is told as it comes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from skyparley.conform.catalogue import REQUIREMENTS
from skyparley.conform.door import listening
from skyparley.conform.identity import Identity
from skyparley.conform.line_checks import BEAT_S, answer_checks, beaten, open_line
from skyparley.conform.probe import DeskAsk, Probe
from skyparley.conform.requirement import CannotRun, Fails, Requirement, Skips, Verdict
from skyparley.conform.target import Target, new_client
from skyparley.evidence.card import Card


async def run(
    identity: Identity,
    card: Card,
    url: str,
    *,
    listen: str = "",
    desk: DeskAsk | None = None,
    table: dict[str, int] | None = None,
    wanted: Callable[[Requirement], bool] = lambda _: True,
) -> AsyncIterator[Verdict]:
    """Verdicts, one for each wanted requirement.  Raises CannotRun when the line cannot be begun or breaks off."""
    async with new_client() as client:
        probe = Probe(identity, card, Target(url, client), desk=desk, table=table)
        async with listening(probe, listen), begun(probe):
            async for verdict in tried(probe, [one for one in REQUIREMENTS if wanted(one)]):
                yield verdict


@asynccontextmanager
async def begun(probe: Probe) -> AsyncIterator[None]:
    """The line is opened, and heartbeats keep it so.  Raises CannotRun."""
    await probe.begin()
    try:
        await open_line(probe)
    except Fails as fails:
        where = ", ".join(probe.identity.card.urls)
        raise CannotRun(f"the line does not open: {fails}. Can the node reach {where}?") from None
    beating = asyncio.create_task(_beat(probe))
    try:
        yield
    finally:
        beating.cancel()
        await asyncio.gather(beating, return_exceptions=True)


async def _beat(probe: Probe) -> None:
    """Heartbeats, so that the node calls no bearer dead while a person is waited for."""
    while True:
        with suppress(Fails, CannotRun):
            await beaten(probe)
        await asyncio.sleep(BEAT_S)


async def tried(probe: Probe, requirements: Sequence[Requirement]) -> AsyncIterator[Verdict]:
    """The verdict on each.  One that fails leaves our feed as the node holds it, so that the next one is judged for itself."""
    for requirement in requirements:
        try:
            await answer_checks(probe)
            await requirement.check(probe)
        except Fails as fails:
            yield Verdict(requirement, "FAIL", str(fails))
            await probe.find_again()
        except Skips as skips:
            yield Verdict(requirement, "SKIPPED", str(skips))
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            # The node answered with a shape that the test did not look at first; that is its verdict and not our end.
            yield Verdict(requirement, "FAIL", f"an answer that cannot be read: {type(error).__name__} {error}")
            await probe.find_again()
        else:
            yield Verdict(requirement, "PASS")
