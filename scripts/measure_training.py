"""Train on a simulated history of any size, without a registry, and say how long it took and how much memory.

Usage: python scripts/measure_training.py [--customers N] [--history-days D] [--replay-only]

The default is a history of ten million payments. Peak memory is that of this process, as the system counts it.
"""

import argparse
import resource
import time

from fraudstream.clock import SystemClock
from fraudstream.progress import Progress
from fraudstream.simulation.city import DEFAULT_START, CityWorld
from fraudstream.training.past import simulated_past
from fraudstream.training.sampling import sample_of
from fraudstream.training.train import run_training

KIBIBYTE = 1024


def main() -> None:
    """Measure once and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=50_000)
    parser.add_argument("--history-days", type=int, default=90)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--replay-only", action="store_true", help="simulate, replay and thin, but fit nothing")
    asked = parser.parse_args()
    past = simulated_past(CityWorld(asked.seed, asked.customers, DEFAULT_START), asked.history_days)
    begun = time.perf_counter()
    with Progress("days of history replayed") as bar:
        if asked.replay_only:
            sample = sample_of(past, report=bar.report)
            print(f"{sample.payments:,} payments, {sample.frauds:,} of them fraud; {sample.text}")
        else:
            trained = run_training(
                past, started_at=SystemClock().now(), code_version="measured", progress=print, report=bar.report
            )
            print(f"average precision {trained.evaluation.average_precision:.3f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIBIBYTE
    print(f"{time.perf_counter() - begun:.0f} seconds in all, at most {peak / 1e9:.2f} GB of memory")


if __name__ == "__main__":
    main()
