"""Measure: `python -m benchmarks compare|latency|backlog|hot-customer|slice|what-if`."""

import argparse
import time
from pathlib import Path

from benchmarks.backlog import measure_backlog, told
from benchmarks.hot_customer import measure_hot_customer
from benchmarks.latency import measure_latency
from benchmarks.side_by_side import QUICK, WHOLE, compare
from benchmarks.slice_profile import measure_slices
from benchmarks.what_if import measure_what_if


def main() -> None:
    """Take one measurement and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure on servers started for it.")
    kinds = parser.add_subparsers(dest="kind", required=True)
    compared = kinds.add_parser("compare", help="fraudstream beside its peers")
    compared.add_argument("--quick", action="store_true", help="one round on shorter logs")
    compared.add_argument("--only", nargs="*", default=(), metavar="SCRIPT", help="these peers alone")
    compared.add_argument("--to", type=Path, help="file for the raw results, as JSON")
    latency = kinds.add_parser("latency", help="how long payments wait for scores, and alerts for notifications")
    latency.add_argument("--rates", type=float, nargs="+", default=[1_000.0])
    latency.add_argument("--seconds", type=float, default=60.0, help="at each rate")
    backlog = kinds.add_parser("backlog", help="drain what an hour has left in the log, and watch the memory")
    backlog.add_argument("--payments", type=int, default=3_600_000)
    hot = kinds.add_parser("hot-customer", help="one customer with most of the traffic, beside even traffic")
    hot.add_argument("--rate", type=float, default=1_000.0)
    hot.add_argument("--seconds", type=float, default=30.0, help="of each round")
    hot.add_argument("--share", type=float, default=0.9)
    hot.add_argument("--rounds", type=int, default=3)
    sliced = kinds.add_parser("slice", help="where the time of a slice goes, statement by statement")
    sliced.add_argument("--rows", type=int, nargs="+", default=[50, 500, 20_000])
    sliced.add_argument("--payments", type=int, default=100_000, help="in all slices of one size, twenty at least")
    questions = kinds.add_parser("what-if", help="how long an answer of the scoring API takes")
    questions.add_argument("--rate", type=float, default=100.0, help="questions a second")
    questions.add_argument("--seconds", type=float, default=20.0)
    questions.add_argument("--streaming", type=float, default=0.0, help="payments a second that are scored beside it")
    asked = parser.parse_args()
    if asked.kind == "compare":
        found = compare(QUICK if asked.quick else WHOLE, time.time(), asked.only)
        print(found.to_markdown())
        if asked.to is not None:
            asked.to.parent.mkdir(parents=True, exist_ok=True)
            asked.to.write_text(found.to_json() + "\n", encoding="utf-8")
    elif asked.kind == "latency":
        measure_latency(time.time(), asked.rates, asked.seconds)
    elif asked.kind == "backlog":
        print(told(measure_backlog(asked.payments, time.time())))
    elif asked.kind == "what-if":
        print(measure_what_if(time.time(), rate=asked.rate, seconds=asked.seconds, streaming=asked.streaming))
    elif asked.kind == "hot-customer":
        print(
            measure_hot_customer(
                time.time(), rate=asked.rate, seconds=asked.seconds, share=asked.share, rounds=asked.rounds
            )
        )
    else:
        print(measure_slices(time.time(), asked.rows, asked.payments))


if __name__ == "__main__":
    main()
