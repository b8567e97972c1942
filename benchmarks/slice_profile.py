"""Where the time of a slice goes: how much of it is ledger and fencing, how much storing, features and scoring."""

import contextlib
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from benchmarks.payments import city_for
from benchmarks.stand import Stand, opened_stand
from fraudstream.adapters.database.roles import Role
from fraudstream.adapters.database.scorer_runs import ScorerRuns
from fraudstream.adapters.database.slice_store import PostgresSlice, PostgresSliceStore
from fraudstream.clock import SystemClock
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.ports.records import TopicPartitions
from fraudstream.ports.slices import LogPart
from fraudstream.scoring.model_cache import ModelCache
from fraudstream.scoring.parse import LogRecords, read_records
from fraudstream.scoring.slice import score_slice

LEDGER = "ledger and fencing"
SERVED = {
    "transaction_ids": "storing ids",
    "hold_active_deployment": LEDGER,
    "pg_get_serial_sequence('slices'": "reading risk",
    "into slices": LEDGER,
    "positions": LEDGER,
    "moved_state": "customers' states",
    "customer_state": "customers' states",
    'copy "scored_transactions"': "storing scores",
    "alerts": "alerts and messages",
    "outbox": "alerts and messages",
    "notify": "alerts and messages",
}
"""What a statement serves, by the first of these words that it holds; reserving ids is what any exact store needs."""
COMMIT, COMPUTING = "commit", "parsing, features, scoring"
WARM_UP = 3
"""Slices before the first that counts."""


class Stopwatch:
    """Seconds by what they were spent on."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    def add(self, statement: str, seconds: float) -> None:
        """Count a statement."""
        text = statement.lower()
        self.seconds[next((what for word, what in SERVED.items() if word in text), "other statements")] += seconds


class TimedStore(PostgresSliceStore):
    """The store of slices, with a clock on each statement of its connection and on its commit."""

    def __init__(self, url: str, watch: Stopwatch) -> None:
        super().__init__(url, application="fraudstream slice profile")
        self._watch = watch

    @contextlib.contextmanager
    def open(self, part: LogPart) -> Iterator[PostgresSlice]:
        """See `SliceStore.open`; what comes after the body is the commit."""
        with super().open(part) as opened:
            yield opened
            begun = time.perf_counter()
        self._watch.seconds[COMMIT] += time.perf_counter() - begun

    def _connect(self) -> Connection:
        connection = super()._connect()
        watch = self._watch

        class TimedCursor(Cursor):
            """Counts what its statements take."""

            def execute(self, query: Any, vars: Any = None) -> None:  # noqa: A002, ANN401 - psycopg2's signature
                begun = time.perf_counter()
                super().execute(query, vars)
                watch.add(str(query), time.perf_counter() - begun)

            def copy_expert(self, sql: Any, file: Any, size: int = 8192) -> None:  # noqa: ANN401 - the same
                begun = time.perf_counter()
                super().copy_expert(sql, file, size)
                text = sql if isinstance(sql, str) else sql.as_string(self)
                watch.add(text, time.perf_counter() - begun)

        connection.cursor_factory = TimedCursor
        return connection


def profile(stand: Stand, values: Iterator[bytes], *, rows: int, slices: int) -> Stopwatch:
    """Score so many slices of so many payments each in this process, as a log of their own, and time them."""
    watch, clock = Stopwatch(), SystemClock()
    log = TopicPartitions(TRANSACTIONS, str(uuid.uuid4()), {0: (0, 0)})
    url = stand.url(Role.SCORER)
    with ScorerRuns(url, log, clock) as runs:
        runs.acquire(takeover=False)
        runs.make_months(clock.now())
        epoch = runs.begin(host="benchmark", pid=1).epoch
    part, store, models = LogPart(TRANSACTIONS, log.topic_id, 0, epoch), TimedStore(url, watch), ModelCache()
    total = 0.0
    for number, taken in enumerate(_slices(values, rows, slices + WARM_UP)):
        if number == WARM_UP:
            watch.seconds.clear()
            total = 0.0
        offsets = np.arange(number * rows, number * rows + len(taken))
        begun = time.perf_counter()
        records = LogRecords(offsets, np.full(len(taken), clock.now()), taken)
        score_slice(read_records(records, max_future=86_400.0), part, store, models, label_delay=4 * 86_400.0)
        total += time.perf_counter() - begun
    store.close()
    _divide_the_rest(watch, total)
    return watch


def _divide_the_rest(watch: Stopwatch, total: float) -> None:
    watch.seconds[COMPUTING] = total - sum(watch.seconds.values())


def _slices(values: Iterator[bytes], rows: int, count: int) -> Iterator[Sequence[bytes]]:
    return (list(islice(values, rows)) for _ in range(count))


def measure_slices(now: float, sizes: Sequence[int], payments: int) -> str:
    """A table of shares for slices of each size, one after the other on one database."""
    counts = {rows: max(payments // rows, 20) for rows in sizes}
    total = sum(rows * (count + WARM_UP) for rows, count in counts.items())
    lines = []
    with opened_stand(city_for(total, now=now, customers=5_000), say=False) as stand:
        print(stand.train(), flush=True)
        values = (value for _, value in stand.city.records(total))
        for rows, count in counts.items():
            seconds = profile(stand, values, rows=rows, slices=count).seconds
            whole = sum(seconds.values())
            lines.append(f"{count} slices of {rows:,} payments, {whole / count * 1e3:.1f} ms each:")
            ordered = sorted(seconds.items(), key=lambda item: -item[1])
            lines += [f"  {what:<28} {spent / whole:6.1%}" for what, spent in ordered]
    return "\n".join(lines)
