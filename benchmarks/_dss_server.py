"""The servers of dss.py: the DSS of a folder as `skyparley dss` runs it, or rows of SQL behind the same door.

    python benchmarks/_dss_server.py ours|rows FOLDER [--profile FILE]

Says READY and its address once it answers, and the seconds from the start of this process; ends at SIGTERM.
"""

import argparse
import asyncio
import cProfile
import os
import time
from pathlib import Path

import uvloop

from _dss_rows import RowsDss
from skyparley.adapters.doors.serving import Doors, door_config
from skyparley.adapters.system.clock import RealClock
from skyparley.adapters.system.logs import start_logs
from skyparley.adapters.system.luck import SystemLuck
from skyparley.adapters.system.node_dir import load_node
from skyparley.base import limits
from skyparley.utm.door import dss_app
from skyparley.utm.key_ring import KeyRing
from skyparley.utm.metrics import Metrics
from skyparley.utm.tokens import Tokens
from skyparley.utm.watching import Watching
from skyparley.utm.wiring import DssHttp
from skyparley.wiring import build_dss_alone, run_dss, stop_on_signals


async def ours(folder: Path) -> None:
    stop = asyncio.Event()
    stop_on_signals(stop)
    dss = build_dss_alone(folder, os.environ)
    await run_dss(dss, ready=lambda url: print(f"READY dss {url}", flush=True), stop=stop)


async def rows(folder: Path) -> None:
    """All that ours has in front of the core: limits of connections, tokens, names of requests, metrics, logs."""
    settings = load_node(folder).utm.dss
    dss: RowsDss = RowsDss(folder / "rows.db")
    clock, luck = RealClock(), SystemLuck()
    ring = KeyRing(files=[folder / name for name in settings.keys])
    tokens = Tokens(ring, audiences=settings.audience, now_s=lambda: clock.now_ms() / 1000)
    app = Watching(dss_app(dss, tokens), Metrics(dss, ring), new_name=luck.message_id)  # type: ignore[arg-type]
    doors = Doors()
    config = door_config(app, http=DssHttp, keep_alive_s=limits.DSS_KEEP_ALIVE_S)
    url = doors.take("utm.dss.listen", settings.listen, config)
    await doors.open()
    stop = asyncio.Event()
    stop_on_signals(stop)
    print(f"READY rows {url}", flush=True)
    await stop.wait()
    await doors.close()
    await dss.stop()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("side", choices=("ours", "rows"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--profile", type=Path, default=None)
    arguments = parser.parse_args()
    start_logs(load_node(arguments.folder).log.level)
    profile = cProfile.Profile(time.process_time) if arguments.profile else None
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if profile is not None:
            profile.enable()
        runner.run({"ours": ours, "rows": rows}[arguments.side](arguments.folder))
    if profile is not None:
        profile.disable()
        profile.dump_stats(arguments.profile)


if __name__ == "__main__":
    main()
