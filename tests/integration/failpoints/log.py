"""A log of two partitions with everything that goes wrong in one, and a database and a model to score it with."""

import contextlib
import datetime as dt
import uuid

import numpy as np
import stamina
from tests.integration.failpoints.kept import Bench
from tests.integration.verify.postgres_stack import an_initial_state
from tests.unit.verify.memory_stack import MAX_FUTURE, a_model, a_payment

from fraudstream.adapters.database.deployment_store import PostgresDeployments
from fraudstream.adapters.database.label_store import PostgresLabelStore
from fraudstream.adapters.database.slice_store import PostgresSliceStore
from fraudstream.adapters.memory import MemoryBroker
from fraudstream.clock import ManualClock
from fraudstream.contracts.label import Label, encode_label
from fraudstream.contracts.topics import ALERTS, FAILED_ALERTS, LABELS, QUARANTINE, TRANSACTIONS
from fraudstream.contracts.transaction import encode_transaction
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.feedback.applier import LabelApplier
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.ports.life_cycle import Candidate, Signature
from fraudstream.ports.records import Record
from fraudstream.ports.slices import LogPart, SliceStore
from fraudstream.scoring.model_cache import ModelCache
from fraudstream.scoring.parse import LogRecords, read_records
from fraudstream.scoring.slice import score_slice

MORNING = 1_764_000_000.0
TEST = Signature("test", "test")
SLICE = 8
SLICES_PER_PARTITION = 5


def a_broker() -> MemoryBroker:
    """Topics without a record; its clock stands still."""
    broker = MemoryBroker(clock=ManualClock(MORNING))
    broker.ensure_topics({TRANSACTIONS: 2, LABELS: 1, ALERTS: 2, FAILED_ALERTS: 1, QUARANTINE: 1}, 1)
    return broker


def write_payments(broker: MemoryBroker) -> None:
    """Ten slices: partitions that share customers, repeats, conflicting ids and bad records; a day ends among them."""
    number = 0
    for turn in range(SLICES_PER_PARTITION):
        for partition in (0, 1):
            values: list[bytes | None] = []
            for user in (1, 2, 3, 4, 1):
                number += 1
                values.append(
                    encode_transaction(
                        a_payment(number, user_id=user, amount=_amount(number), merchant_id=7 + user % 3)
                    )
                )
            values.append(values[0] if turn % 2 else encode_transaction(a_payment(max(number - 9, 1), amount=1.0)))
            values.append(b"not a payment" if partition else None)
            values.append(encode_transaction(a_payment(max(number - 7, 1), user_id=2, amount=999.5)))
            log = broker.logs[TRANSACTIONS, partition]
            for value in values:
                moment = MORNING + 20_000.0 * turn + len(log) / 1_000
                log.append(Record(TRANSACTIONS, partition, len(log), b"1", value, moment))


def write_labels(broker: MemoryBroker) -> None:
    """Labels of payments scored and to be scored, contradictions, of nobody's payment, and records that are none."""
    for place in range(24):
        if place % 9 == 5:
            broker.append(LABELS, b"1", b"not a label")
        else:
            arrived = dt.datetime.fromtimestamp(MORNING - 60 + place, dt.UTC)
            known = uuid.UUID(int=1 + (place * 7) % 55)
            label = Label(transaction_id=known, user_id=1, is_fraud=place % 2 == 0, arrived_at=arrived)
            broker.append(LABELS, b"1", encode_label(label))


def candidate(version: str, *, weight: float, threshold: float) -> Candidate:
    content = to_bytes(a_model(weight, threshold))
    return Candidate("m", version, digest_of(content), CATALOGUE_VERSION, threshold, content)


def deploy(url: str, version: str, *, weight: float, threshold: float) -> None:
    found = candidate(version, weight=weight, threshold=threshold)
    PostgresDeployments(url).deploy(found, an_initial_state(), TEST)


def score_one(
    broker: MemoryBroker, place: tuple[int, int], store: SliceStore, models: ModelCache, *, epoch: int
) -> None:
    """Take the `place[1]`-th slice of partition `place[0]` through the scorer, as a worker does."""
    partition, number = place
    records = broker.logs[TRANSACTIONS, partition][number * SLICE : (number + 1) * SLICE]
    values = LogRecords(
        offset=np.array([record.offset for record in records], np.int64),
        log_time=np.array([record.log_time for record in records], np.float64),
        values=[record.value for record in records],
    )
    part = LogPart(TRANSACTIONS, broker.ids[TRANSACTIONS], partition, epoch)
    read = read_records(values, max_future=MAX_FUTURE)
    for attempt in stamina.retry_context(on=TemporarilyUnavailable, attempts=5):
        with attempt:
            score_slice(read, part, store, models, label_delay=0.0)


def score_all(bench: Bench, first: int = 0, end: int = SLICES_PER_PARTITION) -> None:
    """Score slices of both partitions, by a scorer that nothing happens to."""
    with contextlib.closing(PostgresSliceStore(bench.url, application="test")) as store:
        models = ModelCache()
        for number in range(first, end):
            for partition in (0, 1):
                score_one(bench.kept.broker, (partition, number), store, models, epoch=1)


def applier(bench: Bench, store: PostgresLabelStore) -> LabelApplier:
    return LabelApplier(store, LABELS, bench.kept.broker.ids[LABELS], dt.timedelta(days=1))


def apply_labels(bench: Bench, end: int) -> None:
    """Apply the first labels of the log, by an applier that nothing happens to."""
    with contextlib.closing(PostgresLabelStore(bench.url)) as store:
        worker = applier(bench, store)
        worker.apply(bench.kept.broker.logs[LABELS, 0][:end])
        worker.release()


def _amount(number: int) -> float:
    return 900.0 if number % 7 == 0 else 10.0 + number
