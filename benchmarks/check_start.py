"""How long a person waits for `skyparley check` on a small file: from the start of the process to its end.

Side by side in one run, rounds interleaved, medians: the interpreter alone, the help, a check of the documents' example
(three plans, one conflict, ways to settle it), the same with the map, and only `import geopandas`, which is where a check
written with the usual libraries begins.  CPU seconds are told too, since a busy machine lengthens the other ones.

    python benchmarks/check_start.py [ROUNDS]
"""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
EXAMPLE: Final = ROOT / "docs/examples/plans.geojson"
COMMAND: Final = [sys.executable, "-c", "from skyparley.cli.main import main; main()"]


def ways(folder: Path) -> dict[str, list[str]]:
    """What is started, by what it is called."""
    return {
        "`python -c pass`": [sys.executable, "-c", "pass"],
        "`skyparley check --help`": [*COMMAND, "check", "--help"],
        "`skyparley check plans.geojson`": [*COMMAND, "check", str(EXAMPLE)],
        "the same with `--map`": [*COMMAND, "check", str(EXAMPLE), "--map", str(folder / "map.html")],
        "`python -c 'import geopandas'`": [sys.executable, "-c", "import geopandas"],
    }


def once(command: list[str]) -> tuple[float, float]:
    """Seconds by the clock and of the processor, of one process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    took = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{command}: {done.stderr.decode()}")
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory() as folder:
        commands = ways(Path(folder))
        found: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for command in commands.values():
            once(command)  # Files come into memory; nobody's first start after a reboot is measured.
        for _ in range(rounds):
            for name, command in commands.items():
                found[name].append(once(command))
    least = statistics.median(took for took, _ in found["`python -c 'import geopandas'`"])
    print(f"{rounds} rounds; load average {os.getloadavg()[0]:.1f}\n")
    print("| what | median | least | CPU, median | against geopandas |")
    print("|---|---|---|---|---|")
    for name, each in found.items():
        took, cpu = (statistics.median(values) for values in zip(*each, strict=True))
        print(f"| {name} | {took:.2f} s | {min(each)[0]:.2f} s | {cpu:.2f} s | {took / least:.2f} |")


if __name__ == "__main__":
    main()
