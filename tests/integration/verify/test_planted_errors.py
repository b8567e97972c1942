"""Errors that a schema, a single writer or one commit should make impossible, planted by SQL: each is named."""

import psycopg2.errors
import pytest
from tests.integration.verify.postgres_stack import PostgresStack

from fraudstream.adapters.database.vitals import Order, read_order

pytestmark = pytest.mark.integration

AN_ALERT = "(SELECT min(alert_id::text)::uuid FROM alerts)"
COLUMNS = (
    'topic_id, partition, "offset", slice_id, user_id, amount, event_time, score, threshold, reasons, model_version'
)
ALERT_AGAIN = f"""
INSERT INTO alerts (alert_id, transaction_id, {COLUMNS})
SELECT '00000000-0000-0000-0000-0000000000aa', transaction_id, {COLUMNS} FROM alerts WHERE alert_id = {AN_ALERT}
"""  # noqa: S608 - a text of this file
WITHOUT_ITS_KEY = "ALTER TABLE alerts DROP CONSTRAINT uq_alerts_transaction_id"
SCORED_AND_QUARANTINED = """
INSERT INTO quarantine (topic_id, partition, "offset", topic, slice_id, reason, detail, raw, raw_size, log_time)
SELECT topic_id, 1, 4, topic, slice_id, reason, detail, raw, raw_size, log_time FROM quarantine LIMIT 1
"""
ANOTHER_VERDICT = """
UPDATE scored_transactions SET alert = true
WHERE partition = 1 AND "offset" = (SELECT min("offset") FROM scored_transactions WHERE partition = 1 AND NOT alert)
"""
TWICE_IN_THE_OUTBOX = """
INSERT INTO outbox (topic, key, value, not_before, sent_at)
SELECT topic, key, value, not_before, sent_at FROM outbox WHERE topic = 'fraud-alerts' ORDER BY outbox_id LIMIT 1
"""
TWO_SLICES_CHANGE_PLACES = """
ALTER TABLE slices ALTER slice_id DROP IDENTITY;
UPDATE slices SET slice_id = -slice_id WHERE slice_id IN (1, 12);
UPDATE slices SET slice_id = 13 + slice_id WHERE slice_id < 0;
UPDATE scored_transactions SET slice_id = 13 - slice_id WHERE slice_id IN (1, 12)
"""
TWO_PAYMENTS_CHANGE_PLACES = """
UPDATE scored_transactions SET slice_id = 13 - slice_id WHERE slice_id IN (1, 12) AND user_id = 3
"""
PLANTED: dict[str, tuple[str, dict[str, int]]] = {
    "scored and quarantined": (SCORED_AND_QUARANTINED, {"duplicated": 1}),
    "another reason": ("UPDATE quarantine SET reason = 'empty' WHERE reason = 'not_json'", {"mismatched": 1}),
    "another verdict": (ANOTHER_VERDICT, {"mismatched": 1, "alerts_missing": 1}),
    "another slice": (
        'UPDATE scored_transactions SET slice_id = slice_id + 1 WHERE partition = 1 AND "offset" = 4',
        {"mismatched": 1},
    ),
    "payments in another order": (TWO_PAYMENTS_CHANGE_PLACES, {"mismatched": 2}),
    "alert of nothing": (
        f"UPDATE alerts SET alert_id = '00000000-0000-0000-0000-0000000000aa' WHERE alert_id = {AN_ALERT}",  # noqa: S608
        {"alerts_missing": 1, "alerts_unfounded": 1, "alerts_unpublished": 2, "unnotified": 1},
    ),
    "alert twice in the outbox": (TWICE_IN_THE_OUTBOX, {"alerts_unpublished": 1}),
    "slice that is gone": ("DELETE FROM slices WHERE slice_id = 12", {"mismatched": 4}),
    "slice with fewer in quarantine": ("UPDATE slices SET quarantined = 0 WHERE quarantined > 0", {"wrong_slices": 1}),
    "slice with more repeats": ("UPDATE slices SET repeats = repeats + 1 WHERE slice_id = 4", {"wrong_slices": 1}),
    "slices that overlap": (
        "UPDATE slices SET first_offset = first_offset - 1 WHERE slice_id = 4",
        {"wrong_slices": 3},  # it begins too early; both count otherwise than their rows
    ),
}


@pytest.mark.parametrize(("statement", "counts"), PLANTED.values(), ids=PLANTED)
def test_what_is_planted_is_named(stack: PostgresStack, statement: str, counts: dict[str, int]) -> None:
    stack.run(statement)

    balance = stack.verify()

    assert {name: getattr(balance, name) for name in counts} == counts
    assert not balance.holds


def test_a_second_alert_of_a_payment_is_refused_and_named_where_it_is_not(stack: PostgresStack) -> None:
    with pytest.raises(psycopg2.errors.UniqueViolation):
        stack.run(ALERT_AGAIN)
    before = stack.verify()
    stack.run(f"{WITHOUT_ITS_KEY}; {ALERT_AGAIN}")

    balance = stack.verify()

    assert before.holds
    assert (balance.alerts, balance.alerts_missing, balance.alerts_unfounded) == (before.alerts + 1, 0, 1)
    assert read_order(stack.url).alerts_doubled == 1


def test_a_repeated_notification_is_counted_and_no_error(stack: PostgresStack) -> None:
    stack.run(f"INSERT INTO notifications (message_id, alert_id) VALUES ('again', {AN_ALERT})")  # noqa: S608

    balance = stack.verify()

    assert (balance.repeats, balance.notified, balance.holds) == (1, balance.alerts, True)


def test_slices_in_another_order_are_named_by_the_customers_they_concern(stack: PostgresStack) -> None:
    assert read_order(stack.url) == Order(0, 0)
    stack.run(TWO_SLICES_CHANGE_PLACES)

    balance = stack.verify()

    assert balance.mismatched > 0
    assert any("out of order" in case for case in balance.examples["mismatched"])
    assert read_order(stack.url).misordered > 0
