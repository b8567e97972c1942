"""Errors of money, planted with SQL in a database that was healthy: each is named with its sum."""

import msgspec
import pytest
from tests.integration.verify.postgres_stack import PostgresStack

from fraudstream.contracts.alert import encode_alert, parse_alert
from fraudstream.contracts.topics import ALERTS

pytestmark = pytest.mark.integration

CALM_ROW = "(SELECT log_time FROM scored_transactions WHERE NOT alert ORDER BY log_time LIMIT 1)"
WRONG = {
    "score": (
        f"UPDATE scored_transactions SET amount = amount + 0.01 WHERE log_time = {CALM_ROW}",  # noqa: S608
        "money: scored 0.01 more than the log",
    ),
    "alert": (
        "UPDATE alerts SET amount = amount - 0.5 WHERE alert_id = (SELECT min(alert_id::text)::uuid FROM alerts)",
        "money: alerts 0.50 less than the scores that say alert",
    ),
}


def test_a_healthy_database_has_one_sum_at_every_stage(stack: PostgresStack) -> None:
    ((scored, alerted),) = stack.run(
        "SELECT sum(amount::numeric), sum(amount::numeric) FILTER (WHERE alert) FROM scored_transactions"
    )
    said = stack.verify().amounts.said()

    assert said["amount_log"] == said["amount_scored"] == f"{scored:.2f}"
    assert said["amount_flagged"] == said["amount_alerts"] == said["amount_outbox"] == f"{alerted:.2f}"


@pytest.mark.parametrize(("statement", "sentence"), WRONG.values(), ids=WRONG)
def test_a_wrong_amount_is_a_wrong_sum(stack: PostgresStack, statement: str, sentence: str) -> None:
    stack.run(statement)

    assert sentence in stack.verify().problems


def test_money_that_was_lost_is_named(stack: PostgresStack) -> None:
    delete = f"DELETE FROM scored_transactions WHERE log_time = {CALM_ROW} RETURNING amount"  # noqa: S608
    ((amount,),) = stack.run(delete)

    balance = stack.verify()

    assert balance.lost == 1
    assert f"money: scored {amount:,.2f} less than the log" in balance.problems


def test_a_wrong_amount_in_the_outbox_is_a_wrong_sum(stack: PostgresStack) -> None:
    first = "SELECT outbox_id, value FROM outbox WHERE topic = %s ORDER BY outbox_id LIMIT 1"
    ((key, value),) = stack.run(first, ALERTS)
    alert = parse_alert(bytes(value))
    changed = msgspec.structs.replace(alert, amount=alert.amount + 7.25)
    stack.run("UPDATE outbox SET value = %s WHERE outbox_id = %s", encode_alert(changed), key)

    assert stack.verify().problems == ("money: outbox 7.25 more than the alerts",)
