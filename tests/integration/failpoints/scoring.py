"""The scorer: ten slices, with labels, a promotion and a challenger between them."""

import contextlib
import os
from functools import partial

from tests.integration.failpoints.kept import Bench
from tests.integration.failpoints.log import (
    SLICES_PER_PARTITION,
    TEST,
    a_broker,
    apply_labels,
    candidate,
    deploy,
    score_one,
    write_labels,
    write_payments,
)
from tests.integration.failpoints.scenario import Scenario

from fraudstream.adapters.database.deployment_store import PostgresDeployments
from fraudstream.adapters.database.scorer_runs import ScorerRuns, slice_application
from fraudstream.adapters.database.slice_store import PostgresSliceStore
from fraudstream.chaos.failpoints import Failpoints, failing
from fraudstream.clock import SystemClock
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.scoring.model_cache import ModelCache


def prepare(bench: Bench) -> None:
    bench.kept.broker = a_broker()
    write_payments(bench.kept.broker)
    write_labels(bench.kept.broker)
    deploy(bench.url, "1", weight=0.05, threshold=0.3)
    PostgresDeployments(bench.url).begin_trial(candidate("3", weight=0.02, threshold=0.4), TEST)


def run(bench: Bench, points: Failpoints) -> None:
    """Take over the log and offer all of it, from its beginning: what is committed must be dropped."""
    broker = bench.kept.broker
    log = broker.describe(TRANSACTIONS)
    with ScorerRuns(bench.url, log, SystemClock()) as runs:
        runs.acquire(takeover=True)
        epoch = runs.begin(host="test", pid=os.getpid()).epoch
        application = slice_application(log.topic_id, epoch)
        with contextlib.closing(PostgresSliceStore(bench.url, application=application)) as inner:
            store, models = failing(inner, points, "slices"), ModelCache()
            for turn in range(SLICES_PER_PARTITION):
                score_one(broker, (turn % 2, turn), store, models, epoch=epoch)
                bench.once(turn, partial(_between, bench, turn))
                score_one(broker, (1 - turn % 2, turn), store, models, epoch=epoch)


def _between(bench: Bench, turn: int) -> None:
    apply_labels(bench, 5 * (turn + 1))
    if turn == 2:
        deploy(bench.url, "2", weight=0.08, threshold=0.4)


SCORER = Scenario(prepare, run)
