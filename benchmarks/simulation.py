"""How fast the simulated world runs: durable events a second of one core, and virtual time against real time.

python benchmarks/simulation.py [--seeds 20]
"""

import argparse
import statistics
import time

from skyparley.testing.simulate import simulate


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    given = parser.parse_args()
    simulate(1)
    steps, durable, seconds = [], [], []
    for seed in range(1, given.seeds + 1):
        began = time.process_time()
        report = simulate(seed)
        taken = time.process_time() - began
        seconds.append(taken)
        steps.append(report.noted / taken)
        durable.append(report.durable / taken)
    print("| what | median | least | most |")
    print("|---|---|---|---|")
    for what, values in (("simulated steps a second", steps), ("durable events a second", durable)):
        print(f"| {what} | {statistics.median(values):,.0f} | {min(values):,.0f} | {max(values):,.0f} |")
    print(f"| seconds a seed | {statistics.median(seconds):.2f} | {min(seconds):.2f} | {max(seconds):.2f} |")


if __name__ == "__main__":
    main()
