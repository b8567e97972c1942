"""The label applier: a log of labels, some of which wait for payments that are scored in the middle."""

import contextlib
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from tests.integration.failpoints.kept import Bench
from tests.integration.failpoints.log import (
    SLICES_PER_PARTITION,
    a_broker,
    deploy,
    score_all,
    write_labels,
    write_payments,
)
from tests.integration.failpoints.scenario import EMPTY_HANDED, Facts, Scenario

from fraudstream.adapters.database.label_store import PostgresLabelStore
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.memory import MemoryConsumer
from fraudstream.chaos.failpoints import Failpoints, failing
from fraudstream.clock import ManualClock
from fraudstream.contracts.topics import LABELS
from fraudstream.feedback.applier import LabelApplier
from fraudstream.feedback.consumption import LabelLoop
from fraudstream.ports.records import Record

GROUP = "labels"


@dataclass
class SmallSips(MemoryConsumer):
    """Takes four records at a time, and counts how often there was none."""

    idle: int = 0

    def consume(self, max_records: int, timeout: float) -> Sequence[Record]:
        taken = super().consume(min(max_records, 4), timeout)
        self.idle = 0 if taken else self.idle + 1
        return taken


def prepare(bench: Bench) -> None:
    bench.kept.broker = a_broker()
    write_payments(bench.kept.broker)
    write_labels(bench.kept.broker)
    deploy(bench.url, "1", weight=0.05, threshold=0.3)
    score_all(bench, 0, 2)


def run(bench: Bench, points: Failpoints) -> None:
    broker = bench.kept.broker
    consumer = SmallSips(broker, LABELS, GROUP)
    with contextlib.closing(PostgresLabelStore(bench.url)) as inner:
        store = failing(inner, points, "labels")
        applier = LabelApplier(store, LABELS, broker.ids[LABELS], dt.timedelta(days=1))
        for turn in range(3):
            consumer.idle = 0
            LabelLoop(
                applier,
                failing(bench.lasting(consumer), points, "consumer"),
                failing(broker, points, "admin"),
                ManualClock(),
            ).run(lambda: consumer.idle > 1)
            if turn < 2:
                bench.once(turn, partial(score_all, bench, 2 + turn, SLICES_PER_PARTITION - 1 + turn))


def facts(bench: Bench) -> Facts:
    """The group's position may stand behind the database's, which counts, and is never ahead of it."""
    with contextlib.closing(connect(bench.url, application="test")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT partition, next_offset FROM positions WHERE topic = %s", [LABELS])
        applied = dict(cursor.fetchall())
    committed = bench.kept.broker.committed
    return {"ahead of the database": {key: at for key, at in committed.items() if at > applied.get(key[-1], 0)}}


LABEL_APPLIER = Scenario(prepare, run, facts, EMPTY_HANDED)
