"""`skyparley serve DIR` and `skyparley dss DIR`: one node, or its DSS alone, as a process, until it is told to stop."""

import asyncio
import getpass
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop

from skyparley.adapters.system.dss_settings import DSS_SECTION
from skyparley.adapters.system.logs import start_logs
from skyparley.adapters.system.node_dir import load_node
from skyparley.adapters.system.settings_edit import Value, change_settings
from skyparley.base.errors import Fault
from skyparley.wiring import Parts, build_dss_alone, build_node, run_dss, run_node, stop_on_signals

if TYPE_CHECKING:
    from skyparley.utm.wiring import RunningDss

Prompt = Callable[[], str]


def serve_node(folder: Path) -> int:
    """Run the node of a folder.  0: it was stopped; 1: a part of it failed; 2: it cannot start, and it said why."""
    return _run(folder, lambda prompt: _serve(build_node(folder, os.environ, prompt)))


def serve_dss(folder: Path, given: Mapping[str, Value]) -> int:
    """Run the DSS of a folder and nothing else of its node; ends as serve_node.

    `given`: settings of [utm.dss], which are written once it serves with them: one that may not start changes nothing.
    """

    def served() -> None:
        if given:
            change_settings(folder, DSS_SECTION, given)

    return _run(
        folder, lambda prompt: _serve_dss(build_dss_alone(folder, os.environ, prompt, given=given), served=served)
    )


def _run(folder: Path, build: Callable[[Prompt | None], Coroutine[Any, Any, None]]) -> int:
    """Build what is to run, and run it to its end."""
    try:
        start_logs(load_node(folder).log.level)
        running = build(_ask if sys.stdin.isatty() else None)
    except Fault as fault:
        return _cannot(fault)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(running)
    except Fault as fault:
        return _cannot(fault)
    except Exception as error:  # noqa: BLE001 - the outermost: a part of the node ended, and the process ends with it
        print(f"skyparley: the node ended: {error!r}", file=sys.stderr)
        return 1
    return 0


async def _serve(parts: Parts) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)

    def ready(desk: str, peer: str) -> None:
        dss = f" dss {parts.dss.url}" if parts.dss else ""
        print(f"READY desk {desk} peer {peer}{dss}", flush=True)

    await run_node(parts, ready=ready, stop=stop)


async def _serve_dss(dss: "RunningDss", *, served: Callable[[], None]) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)

    def ready(url: str) -> None:
        served()
        print(f"READY dss {url}", flush=True)

    await run_dss(dss, ready=ready, stop=stop)


def _ask() -> str:
    return getpass.getpass("Passphrase of the keys: ")


def _cannot(fault: Fault) -> int:
    print(f"skyparley: {fault.code}: {fault}", file=sys.stderr)
    return 2
