"""Measure: `python -m benchmarks KIND`; without one it lists them."""

import argparse
import time
from dataclasses import fields, replace
from pathlib import Path

from benchmarks.backlog import measure_backlog, told
from benchmarks.chart import draw_peers, draw_scale
from benchmarks.hot_customer import measure_hot_customer
from benchmarks.kept_results import LATEST, keep, keep_scale, kept, told_regressions
from benchmarks.kept_results import QUICK as KEPT_QUICK
from benchmarks.latency import measure_latency
from benchmarks.one_by_one import measure_one_by_one
from benchmarks.page import measure_page
from benchmarks.paper import Assumptions, on_paper
from benchmarks.published import PICTURES, publish
from benchmarks.scale import DIMENSIONS, measure_scale
from benchmarks.side_by_side import QUICK, WHOLE, compare
from benchmarks.slice_profile import measure_slices
from benchmarks.what_if import measure_what_if


def main() -> None:
    """Take one measurement and print it."""
    asked = _arguments().parse_args()
    asked.take(asked)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure on servers started for it.")
    kinds = parser.add_subparsers(required=True)
    compared = kinds.add_parser("compare", help="fraudstream beside its peers")
    compared.add_argument("--quick", action="store_true", help="one round on shorter logs")
    compared.add_argument("--rounds", type=int, help="how often everybody runs (default: three times, or once)")
    compared.add_argument("--only", nargs="*", default=(), metavar="SCRIPT", help="these peers alone")
    compared.add_argument("--to", type=Path, help="file that the raw results are added to, as JSON")
    compared.set_defaults(take=_compare)
    latency = kinds.add_parser("latency", help="how long payments wait for scores, and alerts for notifications")
    latency.add_argument("--rates", type=float, nargs="+", default=[1_000.0])
    latency.add_argument("--seconds", type=float, default=60.0, help="at each rate")
    latency.add_argument("--to", type=Path, help="file that the results are added to, as JSON")
    latency.set_defaults(take=_latency)
    backlog = kinds.add_parser("backlog", help="drain what an hour has left in the log, and watch the memory")
    backlog.add_argument("--payments", type=int, default=3_600_000)
    backlog.set_defaults(take=lambda asked: print(told(measure_backlog(asked.payments, time.time(), _set(asked)))))
    for kind in (latency, backlog):
        kind.add_argument("--set", nargs="*", default=(), metavar="NAME=VALUE", help="settings of the scorer")
    hot = kinds.add_parser("hot-customer", help="one customer with most of the traffic, beside even traffic")
    hot.add_argument("--rate", type=float, default=1_000.0)
    hot.add_argument("--seconds", type=float, default=30.0, help="of each round")
    hot.add_argument("--share", type=float, default=0.9)
    hot.add_argument("--rounds", type=int, default=3)
    hot.set_defaults(take=_hot_customer)
    sliced = kinds.add_parser("slice", help="where the time of a slice goes, statement by statement")
    sliced.add_argument("--rows", type=int, nargs="+", default=[50, 500, 20_000])
    sliced.add_argument("--payments", type=int, default=100_000, help="in all slices of one size, twenty at least")
    sliced.set_defaults(take=lambda asked: print(measure_slices(time.time(), asked.rows, asked.payments)))
    scale = kinds.add_parser("scale", help="what grows with customers, stored rows, event size, partitions, workers")
    scale.add_argument("--dimensions", nargs="+", choices=DIMENSIONS, default=list(DIMENSIONS))
    scale.add_argument("--to", type=Path, help="file that the results are added to, as JSON")
    scale.set_defaults(take=_scale)
    questions = kinds.add_parser("what-if", help="how long an answer of the scoring API takes")
    questions.add_argument("--rate", type=float, default=100.0, help="questions a second")
    questions.add_argument("--seconds", type=float, default=20.0)
    questions.add_argument("--streaming", type=float, default=0.0, help="payments a second that are scored beside it")
    questions.set_defaults(take=_what_if)
    single = kinds.add_parser("one-by-one", help="scikit-learn asked about one payment at a time, beside the walker")
    single.set_defaults(take=lambda _: print(measure_one_by_one()))
    page = kinds.add_parser("page", help="what the open page costs the scorer, and how soon a decision is felt")
    page.add_argument("--rate", type=float, default=1_000.0, help="payments a second")
    page.add_argument("--seconds", type=float, default=30.0, help="of each round")
    page.add_argument("--pages", type=int, default=3, help="pages that are open")
    page.add_argument("--rounds", type=int, default=2)
    page.add_argument("--decisions", type=int, default=30)
    page.set_defaults(take=_page)
    paper = kinds.add_parser("paper", help="what a rate needs on AWS, from the committed results and given prices")
    for each in fields(Assumptions):
        paper.add_argument(f"--{each.name.replace('_', '-')}", type=float, default=each.default)
    paper.set_defaults(take=_paper)
    kinds.add_parser("draw", help="charts and tables of the committed results again").set_defaults(
        take=lambda _: _draw(LATEST)
    )
    return parser


def _set(asked: argparse.Namespace) -> dict[str, str]:
    return dict(setting.split("=", 1) for setting in asked.set)


def _compare(asked: argparse.Namespace) -> None:
    sizes = QUICK if asked.quick else WHOLE
    found = compare(replace(sizes, rounds=asked.rounds or sizes.rounds), time.time(), asked.only)
    print(found.to_markdown())
    print(*told_regressions(found.to_json(), KEPT_QUICK if asked.quick else LATEST), sep="\n")
    if asked.to is not None:
        keep(found.to_json(), asked.to)
        if not asked.quick:  # the pictures show whole rounds
            _draw(asked.to)


def _latency(asked: argparse.Namespace) -> None:
    found = measure_latency(time.time(), asked.rates, asked.seconds, _set(asked))
    if asked.to is not None:
        keep({"latency_ms": {f"{one.rate:.0f}": one.to_json() for one in found}}, asked.to)
        _draw(asked.to)


def _paper(asked: argparse.Namespace) -> None:
    given = Assumptions(**{each.name: getattr(asked, each.name) for each in fields(Assumptions)})
    results = kept()
    if "medians" not in results:
        raise SystemExit(f"{LATEST} has no comparison in it: `make bench` adds it")
    print(on_paper(results, given))


def _scale(asked: argparse.Namespace) -> None:
    found = measure_scale(time.time(), asked.dimensions)
    if asked.to is not None:
        keep_scale(found, asked.to)
        _draw(asked.to)


def _draw(results: Path) -> None:
    found, committed = kept(results), results.resolve() == LATEST
    folder = PICTURES if committed else results.parent
    if "medians" in found:
        draw_peers(found, folder / "peers.svg")
    if "scale" in found:
        draw_scale(found, folder / "scale.svg")
    if committed:
        publish(found)


def _hot_customer(asked: argparse.Namespace) -> None:
    asked_for = {"rate": asked.rate, "seconds": asked.seconds, "share": asked.share}
    print(measure_hot_customer(time.time(), **asked_for, rounds=asked.rounds))


def _page(asked: argparse.Namespace) -> None:
    wanted = {name: getattr(asked, name) for name in ("rate", "seconds", "pages", "rounds", "decisions")}
    print(measure_page(time.time(), **wanted))


def _what_if(asked: argparse.Namespace) -> None:
    print(measure_what_if(time.time(), rate=asked.rate, seconds=asked.seconds, streaming=asked.streaming))


if __name__ == "__main__":
    main()
