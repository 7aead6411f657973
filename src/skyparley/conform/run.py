"""One run: the line is begun, every requirement is tried by itself, and what came of it is told as it comes."""

from collections.abc import AsyncIterator, Callable, Sequence

from skyparley.conform.catalogue import REQUIREMENTS
from skyparley.conform.door import listening
from skyparley.conform.identity import Identity
from skyparley.conform.probe import DeskAsk, Probe
from skyparley.conform.requirement import Fails, Requirement, Skips, Verdict
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
        async with listening(probe, listen):
            await probe.begin()
            async for verdict in tried(probe, [one for one in REQUIREMENTS if wanted(one)]):
                yield verdict


async def tried(probe: Probe, requirements: Sequence[Requirement]) -> AsyncIterator[Verdict]:
    """The verdict on each.  One that fails leaves our feed as the node holds it, so that the next one is judged for itself."""
    for requirement in requirements:
        try:
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
