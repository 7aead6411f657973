"""`skyparley demo`: makes the two nodes, plays the story, proves it, and leaves both desks to the newcomer."""

import asyncio
import contextlib
import shlex
import signal
import sys
import tempfile
import time
import webbrowser
from collections.abc import AsyncIterator, Coroutine, Iterator
from pathlib import Path
from typing import Final

import msgspec

from skyparley.adapters.system.settings import ClockSettings
from skyparley.base.errors import Fault
from skyparley.base.times import DAY, HOUR, MINUTE
from skyparley.demo.line_story import SCENES as LINE_SCENES
from skyparley.demo.line_story import LineStory
from skyparley.demo.nodes import DemoFault, NodeProcess, Party, make_parties
from skyparley.demo.officer import Officer
from skyparley.demo.page import DemoPage, listen
from skyparley.demo.proof import prove
from skyparley.demo.stage import Stage
from skyparley.demo.story import SCENES, Story

STARTS: Final = 3  # another program may take a port between the moment it was found free and the moment it is used
LOOK_S: Final = 30  # how long the story waits for a page that shows both desks
SETTLE_S: Final = 2.5  # two maps are drawn
ENDED_BY_SIGNAL: Final = 130


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How the demonstration is to run.  `pace` scales the time left to look and to read; 1 is for people."""

    exit_after: bool = False
    keep: Path | None = None
    open_browser: bool = True
    port: int | None = None
    pace: float = 1.0


def run_demo(*, exit_after: bool, keep: Path | None, open_browser: bool, port: int | None, pace: float = 1.0) -> int:
    """0: played and proved; 1: it did not hold, or failed; 2: it cannot be run as asked; 130: ended by a signal."""
    plan = Plan(exit_after=exit_after, keep=keep, open_browser=open_browser, port=port, pace=pace)
    try:
        with _folder(plan.keep) as base:
            return asyncio.run(_until_signal(_run(plan, base)))
    except _Unusable as error:
        print(f"skyparley: {error}", file=sys.stderr)
        return 2
    except Fault as fault:
        print(f"\nskyparley: the demonstration failed: {fault}", file=sys.stderr)
        return 1


class _Unusable(DemoFault):
    """What was asked for cannot be had."""


@contextlib.contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Where the two nodes live: the folder to be kept, or one that is gone afterwards."""
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="skyparley-demo-", ignore_cleanup_errors=True) as made:
            yield Path(made)
        return
    try:
        if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
            raise _Unusable(f"{keep} is there and not empty; name a folder that is new or empty. Nothing was changed")
        keep.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _Unusable(f"{keep} cannot be used: {error.strerror or error}") from None
    yield keep


async def _until_signal(work: Coroutine[None, None, int]) -> int:
    """Runs the work; SIGINT and SIGTERM cancel it, so that every `finally` on the way ends what it began."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        print("\nskyparley: ended; both nodes are stopped.", flush=True)
        return ENDED_BY_SIGNAL


async def _run(plan: Plan, base: Path) -> int:
    day = (time.time_ns() // 1_000_000 // DAY + 1) * DAY
    stage = Stage(SCENES + LINE_SCENES)
    try:
        listening = listen(plan.port)
    except DemoFault as fault:
        raise _Unusable(str(fault)) from None
    page = DemoPage(listening, stage)
    async with contextlib.AsyncExitStack() as held:
        held.push_async_callback(page.stop)
        print("Making two nodes, each with its own folder and keys, and starting them.", flush=True)
        parties, nodes = await held.enter_async_context(_nodes(base, page, day))
        page.start(parties)
        officers = Officer(parties[0]), Officer(parties[1])
        for officer in officers:
            held.push_async_callback(officer.close)
        await _invite(plan, page, stage)
        work = asyncio.ensure_future(_play(plan, stage, officers, parties, day))
        fallen = [asyncio.ensure_future(node.ended()) for node in nodes]
        try:
            await asyncio.wait((work, *fallen), return_when=asyncio.FIRST_COMPLETED)
            if not work.done():
                raise DemoFault("a node ended by itself:\n" + "\n".join(node.last_words() for node in nodes))
            holds = work.result()
            if plan.exit_after or not holds:
                return 0 if holds else 1
            _leave_to_newcomer(page, parties)
            await asyncio.wait(fallen, return_when=asyncio.FIRST_COMPLETED)
            raise DemoFault("a node ended by itself:\n" + "\n".join(node.last_words() for node in nodes))
        except asyncio.CancelledError:
            if work.done() and not work.cancelled() and work.exception() is None:
                print("\nskyparley: both nodes are stopped.", flush=True)
                return 0
            raise
        finally:
            for task in (work, *fallen):
                task.cancel()
            await asyncio.gather(work, *fallen, return_exceptions=True)


@contextlib.asynccontextmanager
async def _nodes(
    base: Path, page: DemoPage, day: int
) -> AsyncIterator[tuple[tuple[Party, Party], tuple[NodeProcess, NodeProcess]]]:
    """Two running nodes, stopped at the end."""
    async with contextlib.AsyncExitStack() as held:
        for tried in range(1, STARTS + 1):
            place = base if tried == 1 else base / f"again-{tried}"
            now = time.time_ns() // 1_000_000
            clock = ClockSettings(kind="SCALED", anchor_real_ms=now, anchor_ms=day + 6 * HOUR + 45 * MINUTE)
            parties = await asyncio.to_thread(make_parties, place, page_origin=page.origin, clock=clock)
            nodes = NodeProcess(parties[0]), NodeProcess(parties[1])
            for node in nodes:
                held.push_async_callback(node.stop)
            try:
                await asyncio.gather(*(node.start() for node in nodes))
            except DemoFault as fault:
                if tried == STARTS or "cannot be listened on" not in str(fault):
                    raise
                await held.aclose()
                continue
            yield parties, nodes
            return


async def _invite(plan: Plan, page: DemoPage, stage: Stage) -> None:
    """Shows the address; opens it where a person sits; waits a while for somebody to look."""
    print(f"\nBoth desks, side by side:  {page.url}\n", flush=True)
    if plan.exit_after:
        return
    if plan.open_browser and sys.stdout.isatty():
        await asyncio.to_thread(webbrowser.open, page.url)
    print(f"The story begins when that page is open, or in {LOOK_S} seconds.\n", flush=True)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LOOK_S * plan.pace):
            await stage.watched.wait()
            await asyncio.sleep(SETTLE_S * plan.pace)


async def _play(
    plan: Plan, stage: Stage, officers: tuple[Officer, Officer], parties: tuple[Party, Party], day: int
) -> bool:
    story = Story(*officers, stage, day=day, pace=plan.pace)
    await story.play()
    line = LineStory(*officers, stage, pace=plan.pace)
    await line.play()
    stage.caption("The proof, from both desks and from both folders on disk:")
    holds = await prove(stage, officers, parties, line.statement)
    await story.hand_over()
    if holds:
        yours = "" if plan.exit_after else " Now it is yours: both desks are live."
        stage.end(
            f"Found at 07:20Z, settled at 07:36Z; they would have met from 09:00Z. Proved twice.{yours}", holds=True
        )
    else:
        stage.end("The proof does not hold. This should not happen: please report it.", holds=False)
    return holds


def _program() -> str:
    """The command as it can be typed in any folder: the one beside the Python that runs this, where there is one."""
    beside = Path(sys.executable).with_name("skyparley")
    return str(beside) if beside.is_file() else "skyparley"


def _leave_to_newcomer(page: DemoPage, parties: tuple[Party, Party]) -> None:
    print("\nBoth nodes stay up at normal speed, with every notice still ahead:", flush=True)
    print(f"  both desks   {page.url}")
    for party in parties:
        print(f"  desk of {party.name}    {party.desk_page}")
        print(f"  command line {shlex.quote(_program())} conflict list --node {shlex.quote(str(party.folder))}")
    print("File a notice across the route and see what both desks say. Ctrl-C ends everything.", flush=True)
