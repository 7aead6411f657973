"""`skyparley serve DIR`: one node as a process, until it is told to stop."""

import asyncio
import getpass
import os
import sys
from pathlib import Path

import uvloop

from skyparley.adapters.system.logs import start_logs
from skyparley.adapters.system.node_dir import load_node
from skyparley.base.errors import Fault
from skyparley.wiring import Parts, build_node, run_node, stop_on_signals


def serve_node(folder: Path) -> int:
    """Run the node of a folder.  0: it was stopped; 1: a part of it failed; 2: it cannot start, and it said why."""
    try:
        start_logs(load_node(folder).log.level)
        parts = build_node(folder, os.environ, _ask if sys.stdin.isatty() else None)
    except Fault as fault:
        return _cannot(fault)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(parts))
    except Fault as fault:
        return _cannot(fault)
    except Exception as error:  # noqa: BLE001 - the outermost: a part of the node ended, and the process ends with it
        print(f"skyparley: the node ended: {error!r}", file=sys.stderr)
        return 1
    return 0


async def _serve(parts: Parts) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    await run_node(parts, ready=_ready, stop=stop)


def _ready(desk: str, peer: str) -> None:
    print(f"READY desk {desk} peer {peer}", flush=True)


def _ask() -> str:
    return getpass.getpass("Passphrase of the keys: ")


def _cannot(fault: Fault) -> int:
    print(f"skyparley: {fault.code}: {fault}", file=sys.stderr)
    return 2
