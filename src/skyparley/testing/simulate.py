"""`python -m skyparley.testing.simulate --seed N`: one simulated world, or several, from their seeds.

Exit 0 when every law held, 1 when one was broken; then it says which, when, and how to see it again.
"""

import argparse
import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec
import structlog

from skyparley.testing.loop import run
from skyparley.testing.tape import Violation
from skyparley.testing.world import STEPS, World

LONGEST_S: Final = 72_000
"""Of simulated time: twice what a world takes."""


class Report(msgspec.Struct, frozen=True):
    """What became of one world."""

    seed: int
    violations: tuple[Violation, ...]
    digest: str
    noted: int
    durable: int
    lines: tuple[str, ...] = ()

    def __str__(self) -> str:
        if not self.violations:
            return f"seed {self.seed}: every law held; {self.durable} durable events, trace {self.digest[:16]}"
        first = [f"  {one.law} at {one.at_s:.3f} s: {one.text}" for one in self.violations[:12]]
        return "\n".join([f"seed {self.seed}: BROKEN", *first, f"see it again: make simulate SEED={self.seed}"])


def simulate(seed: int, steps: int = STEPS, *, verbose: bool = False) -> Report:
    """Run the world of a seed to its end, or to the first broken law."""

    async def main() -> World:
        world = World(seed, steps)
        if verbose:
            world.trace.lines = []
        try:
            async with asyncio.timeout(LONGEST_S):
                await world.run()
        except TimeoutError:
            world.violations.append(Violation("the_world_ends", LONGEST_S, "somebody waits for what never comes"))
        return world

    with quiet():
        world = run(main())
    return Report(
        seed,
        tuple(world.violations),
        world.trace.digest(),
        world.trace.count,
        sum(host.disk.tape.position for host in world.hosts),
        tuple(world.trace.lines or ()),
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Nodes log to nobody meanwhile: what they do stands in the trace."""
    before = structlog.get_config()
    structlog.configure(processors=[_drop])
    try:
        yield
    finally:
        structlog.configure(**before)


def _drop(logger: Any, method: str, event: Any) -> Any:
    raise structlog.DropEvent


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="skyparley.testing.simulate", description=__doc__)
    parser.add_argument("--seed", type=int, required=True, help="the first seed")
    parser.add_argument("--count", type=int, default=1, help="how many seeds from there on")
    parser.add_argument("--steps", type=int, default=STEPS, help="acts and faults before peace")
    parser.add_argument("--verbose", action="store_true", help="print everything that happened")
    given = parser.parse_args()
    failed = 0
    began = time.perf_counter()
    for seed in range(given.seed, given.seed + given.count):
        report = simulate(seed, given.steps, verbose=given.verbose)
        for line in report.lines:
            print(line)
        print(report)
        failed += bool(report.violations)
    if given.count > 1:
        print(f"{given.count} seeds, {failed} broken, {time.perf_counter() - began:.1f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
