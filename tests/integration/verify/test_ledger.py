"""Verification of a database: a healthy one balances, and what SQL spoils is named."""

import uuid

import pytest
from tests.integration.verify.postgres_stack import PostgresStack

from fraudstream.adapters.database.ledger_reader import PostgresLedger
from fraudstream.errors import TemporarilyUnavailable

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("window_records", [1, 9, 20_000])
def test_a_healthy_database_balances(stack: PostgresStack, window_records: int) -> None:
    balance = stack.verify(window_records=window_records)

    assert balance.problems == ()
    assert (balance.log_records, balance.scored, balance.quarantined, balance.repeats_dropped) == (52, 48, 3, 1)
    assert (balance.mismatch_checked, balance.max_abs_difference) == (48, 0.0)
    assert balance.alerts == balance.notified > 0
    assert balance.model_version == "2"
    assert balance.latency_ms.p50 is not None


PLACE = 'WHERE "offset" = 4 AND partition = 1'
FIRST_OUTGOING = "WHERE outbox_id = (SELECT min(outbox_id) FROM outbox WHERE topic = 'fraud-alerts')"
FIRST_ALERT = "WHERE alert_id = (SELECT min(alert_id::text)::uuid FROM alerts)"
MOVE_AWAY = 'UPDATE scored_transactions SET "offset" = 26, partition = 0 WHERE partition = 0 AND "offset" = 1'
COPY_BACK = """
CREATE TEMPORARY TABLE copied AS SELECT * FROM scored_transactions WHERE partition = 0 AND "offset" = 26;
UPDATE copied SET "offset" = 1;
INSERT INTO scored_transactions SELECT * FROM copied
"""
SPOILED = {
    "lost": ('DELETE FROM scored_transactions WHERE partition = 0 AND "offset" = 3', "lost", 1),
    "lost quarantine": ('DELETE FROM quarantine WHERE "offset" = 24', "lost", 1),
    "duplicated": (f"{MOVE_AWAY}; {COPY_BACK}", "duplicated", 1),
    "phantom": (
        'UPDATE scored_transactions SET body_hash = body_hash + 1 WHERE partition = 1 AND "offset" = 2',
        "phantom",
        1,
    ),
    "phantom beyond the log": (
        'UPDATE scored_transactions SET "offset" = 99999 WHERE partition = 1 AND "offset" = 2',
        "phantom",
        1,
    ),
    "phantom partition": ('UPDATE quarantine SET partition = 7 WHERE "offset" = 24', "phantom", 1),
    "score": (f"UPDATE scored_transactions SET score = score + 1e-15 {PLACE}", "mismatched", 1),  # noqa: S608
    "vector": (
        f"UPDATE scored_transactions SET features = set_byte(features, 8, get_byte(features, 8) # 1) {PLACE}",  # noqa: S608
        "mismatched",
        1,
    ),
    "short vector": (
        f"UPDATE scored_transactions SET features = substring(features FROM 9) {PLACE}",  # noqa: S608
        "mismatched",
        1,
    ),
    "amount": (f"UPDATE scored_transactions SET amount = 1 {PLACE}", "mismatched", 1),  # noqa: S608
    "slice": ("UPDATE slices SET rows = rows + 1 WHERE slice_id = 3", "wrong_slices", 1),
    "missing alert": (f"DELETE FROM alerts {FIRST_ALERT}", "alerts_missing", 1),  # noqa: S608
    "unpublished alert": (f"DELETE FROM outbox {FIRST_OUTGOING}", "alerts_unpublished", 1),  # noqa: S608
    "unreadable outbox": (f"UPDATE outbox SET value = 'x' {FIRST_OUTGOING}", "alerts_unpublished", 2),  # noqa: S608
}


@pytest.mark.parametrize(("statement", "line", "count"), SPOILED.values(), ids=SPOILED)
def test_what_is_spoilt_is_named(stack: PostgresStack, statement: str, line: str, count: int) -> None:
    stack.run(statement)

    balance = stack.verify()

    assert getattr(balance, line) == count
    assert not balance.holds


def test_a_label_that_changed_its_outcome_afterwards_is_a_mismatch(stack: PostgresStack) -> None:
    stack.run("UPDATE labels SET is_fraud = NOT is_fraud WHERE label_seq = 2")

    assert stack.verify().mismatched > 0


def test_a_missing_notification_is_named(stack: PostgresStack) -> None:
    stack.run("DELETE FROM notifications WHERE message_id = (SELECT min(message_id) FROM notifications)")

    balance = stack.verify()

    assert balance.alerts - balance.notified == 1


def test_the_first_alert_of_some_payments_is_found(stack: PostgresStack) -> None:
    alerted = [uuid.UUID(key) for (key,) in stack.run("SELECT transaction_id FROM alerts")]

    with PostgresLedger(stack.url).snapshot() as snapshot:
        first = snapshot.first_alert([uuid.UUID(int=99_999), *alerted])
        none = snapshot.first_alert([uuid.UUID(int=99_999)])

    assert first is not None
    assert first.committed_at > first.log_time
    assert none is None


def test_what_is_pending_is_counted(stack: PostgresStack) -> None:
    stack.run("UPDATE outbox SET sent_at = NULL; DELETE FROM notifications")
    ((outbox, alerts),) = stack.run("SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM alerts)")
    ledger = PostgresLedger(stack.url)

    pending = ledger.pending(stack.topic_id)
    long_ago = ledger.pending(stack.topic_id, before=0.0)

    assert (pending.next_offsets, pending.unsent, pending.unnotified) == ({0: 28, 1: 24}, outbox, alerts)
    assert (long_ago.unsent, long_ago.unnotified) == (0, 0)


def test_a_database_that_is_not_there_is_a_clear_error() -> None:
    ledger = PostgresLedger("postgresql+psycopg2://nobody:x@127.0.0.1:1/none")

    with pytest.raises(TemporarilyUnavailable, match=r"127\.0\.0\.1:1/none"):
        ledger.notified()


def test_verification_cannot_write(stack: PostgresStack) -> None:
    with PostgresLedger(stack.url).snapshot() as snapshot, pytest.raises(Exception, match="read-only"):
        snapshot._cursor.execute("DELETE FROM slices")
