"""Scorers and label applier at work at once: whatever order they come in, the oracle finds the same."""

import contextlib
import datetime as dt
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from tests.integration.verify.postgres_stack import PostgresStack
from tests.unit.verify.memory_stack import MAX_FUTURE, a_payment

from fraudstream.adapters.database.slice_store import PostgresSliceStore
from fraudstream.contracts.label import Label, encode_label
from fraudstream.contracts.topics import LABELS, TRANSACTIONS
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.slices import LogPart
from fraudstream.scoring.model_cache import ModelCache
from fraudstream.scoring.parse import LogRecords, read_records
from fraudstream.scoring.slice import score_slice

pytestmark = pytest.mark.integration

PAYMENTS = 400
SLICE = 10


@pytest.fixture
def stack(database_url: str) -> Iterator[PostgresStack]:
    with contextlib.ExitStack() as resources:
        yield PostgresStack(database_url, resources)


def score_all(stack: PostgresStack, partition: int) -> None:
    """Take one partition through slices of a few records, as a task of the scorer does."""
    log = stack.broker.logs[TRANSACTIONS, partition]
    models = ModelCache()
    part = LogPart(TRANSACTIONS, stack.topic_id, partition, epoch=1)
    with contextlib.closing(PostgresSliceStore(stack.url, application="test")) as store:
        for start in range(0, len(log), SLICE):
            taken = log[start : start + SLICE]
            values = LogRecords(
                offset=np.array([record.offset for record in taken], np.int64),
                log_time=np.array([record.log_time for record in taken], np.float64),
                values=[record.value for record in taken],
            )
            read = read_records(values, max_future=MAX_FUTURE)
            until_done(lambda: score_slice(read, part, store, models, label_delay=0.0))  # noqa: B023 - called at once


def until_done(step: Callable[[], object]) -> None:
    for _ in range(50):
        with contextlib.suppress(TemporarilyUnavailable):
            step()
            return
    pytest.fail("two slices were in each other's way for ever")


def apply_all(stack: PostgresStack, finished: threading.Event) -> None:
    """Labels of every payment, some contradicted later, in small batches, most before their payment is scored."""
    applier = stack.applier()
    log = stack.broker.logs[LABELS, 0]
    for start in range(0, len(log), 7):
        applier.apply(log[start : start + 7])
        applier.release()
    while not finished.wait(0.001) or applier.release().turns:
        applier.release()


def test_concurrent_slices_and_labels_are_recomputed_bit_for_bit(stack: PostgresStack) -> None:
    random = np.random.default_rng(11)
    arrived = dt.datetime.fromtimestamp(stack.clock.now(), dt.UTC)
    for number in range(1, PAYMENTS + 1):
        user, merchant = int(random.integers(1, 12)), int(random.integers(5, 9))
        payment = a_payment(number, user_id=user, amount=float(random.uniform(1, 500)), merchant_id=merchant)
        stack.send(payment, partition=int(random.integers(0, 2)))
        for _ in range(1 + number % 2):
            label = Label(
                transaction_id=uuid.UUID(int=int(random.integers(1, number + 1))),
                user_id=user,
                is_fraud=bool(random.random() < 0.3),
                arrived_at=arrived,
            )
            stack.broker.append(LABELS, b"1", encode_label(label))
    finished = threading.Event()
    with ThreadPoolExecutor(3) as workers:
        labels = workers.submit(apply_all, stack, finished)
        scorers = [workers.submit(score_all, stack, partition) for partition in (0, 1)]
        for scorer in scorers:
            scorer.result()
        finished.set()
        labels.result()
    stack.deliver_alerts()

    balance = stack.verify(window_records=50)

    assert balance.problems == ()
    assert (balance.scored, balance.mismatch_checked, balance.max_abs_difference) == (PAYMENTS, PAYMENTS, 0.0)
    ((turns, waiting, seen),) = stack.run(
        "SELECT count(label_seq), count(*) FILTER (WHERE label_seq IS NULL),"
        " (SELECT count(DISTINCT label_seq) FROM slices) FROM labels"
    )
    assert (turns, waiting) == (len(stack.broker.logs[LABELS, 0]), 0)
    assert seen > 5
