"""The observer's look at a real ledger: each record is counted once, and what is new is measured."""

import contextlib
from collections.abc import Iterator

import pytest
from tests.integration.verify.postgres_stack import PostgresStack, fill
from tests.unit.verify.memory_stack import a_payment

from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.adapters.database.ledger_watch import LedgerWatch
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import STREAM_LAG, STREAM_LATENCY, STREAM_RECORDS, STREAM_UNACCOUNTED
from fraudstream.watching.observing import StreamShown

pytestmark = pytest.mark.integration


@pytest.fixture
def stack(database_url: str) -> Iterator[PostgresStack]:
    with contextlib.ExitStack() as resources:
        stack = PostgresStack(database_url, resources)
        fill(stack)
        yield stack


def test_everything_is_counted_once_and_what_is_new_is_measured(stack: PostgresStack) -> None:
    with contextlib.closing(ConnectionPool(stack.url, application="test", readonly=True)) as pool:
        watch = LedgerWatch(pool, TRANSACTIONS)
        before = watch.look()
        nothing = watch.look()
        stack.deploy("3", weight=0.08, threshold=1e-6)
        stack.send(a_payment(501, user_id=1))
        stack.send(a_payment(502, user_id=2, amount=90_000.0))
        stack.send(b"no payment")
        stack.score()
        behind = stack.send(a_payment(503))
        after = watch.look()

    assert (before.scored, before.quarantined, before.repeats, before.unaccounted) == (48, 3, 1, 0)
    assert before.alerts == before.notified > 0
    assert (before.model_version, sum(before.reasons.values())) == ("2", 3)
    assert (nothing.scored, nothing.alerts, nothing.notified, nothing.score_latency) == (0, 0, 0, [])
    assert (after.scored, after.quarantined, after.unaccounted) == (2, 1, 0)
    assert (after.reasons, after.alerts, after.notified) == ({"not_json": 1}, 2, 0)
    assert len(after.score_latency) == 2
    assert (len(after.alert_latency), after.model_version) == (2, "3")
    assert min(after.alert_latency) > 0

    shown = StreamShown(Board("observer"))
    for moment, look in enumerate((before, nothing, after)):
        shown.show(look, stack.broker.describe(TRANSACTIONS), moment=float(moment))
    assert shown.board.value(STREAM_RECORDS, "scored") == 50
    assert shown.board.value(STREAM_LATENCY, "score") == 2
    assert shown.board.value(STREAM_UNACCOUNTED) == 0
    assert shown.board.value(STREAM_LAG, str(behind.partition)) == 1


def test_a_row_that_somebody_deleted_shows_as_unaccounted_in_the_counts_of_a_slice(stack: PostgresStack) -> None:
    stack.run("UPDATE slices SET rows = rows - 1 WHERE slice_id = (SELECT max(slice_id) FROM slices WHERE rows > 1)")

    with contextlib.closing(ConnectionPool(stack.url, application="test", readonly=True)) as pool:
        assert LedgerWatch(pool, TRANSACTIONS).look().unaccounted == 1
