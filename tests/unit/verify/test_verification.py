import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.unit.verify.memory_stack import MemoryStack, a_busy_stack, a_payment

from fraudstream.clock import ManualClock
from fraudstream.contracts.alert import alert_id_for
from fraudstream.errors import ModelUnavailable


@pytest.fixture
def stack() -> MemoryStack:
    return a_busy_stack()


def test_a_healthy_stack_balances(stack: MemoryStack) -> None:
    balance = stack.verify()

    assert balance.problems == ()
    assert balance.holds
    assert (balance.log_records, balance.scored, balance.quarantined) == (52, 48, 3)
    assert (balance.repeats_dropped, balance.in_flight) == (1, 0)
    assert (balance.mismatch_checked, balance.max_abs_difference) == (48, 0.0)
    assert balance.alerts == balance.notified > 0
    assert balance.model_version == "2"
    assert balance.examples == {}


def test_what_is_not_reached_yet_is_in_flight(stack: MemoryStack) -> None:
    stack.send(a_payment(100))
    stack.send(b"unreadable")

    balance = stack.verify()

    assert balance.in_flight == 2
    assert balance.holds


def test_what_is_still_in_flight_after_the_wait_is_overdue(stack: MemoryStack) -> None:
    stack.send(a_payment(100))

    balance = stack.verify(wait=5.0)

    assert balance.overdue == 1
    assert balance.problems == ("1 records were not scored in time",)


def test_nothing_checked_is_a_failure() -> None:
    balance = MemoryStack().verify()

    assert balance.problems == ("no score was recomputed",)


def test_a_missing_alert_is_named(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    alert, _ = ledger.alert_rows.pop(0)

    balance = stack.verify(ledger)

    assert balance.alerts_missing == 1
    assert balance.examples["alerts missing"] == (str(alert),)


def test_an_alert_that_nobody_decided_is_named(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    stranger = uuid.UUID(int=4_711)
    ledger.alert_rows.append((alert_id_for(stranger), stranger))

    balance = stack.verify(ledger)

    assert (balance.alerts_unfounded, balance.alerts_unpublished) == (1, 1)


def test_an_alert_that_never_reached_the_outbox_is_named(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    ledger.published.pop()

    assert stack.verify(ledger).alerts_unpublished == 1


def test_an_alert_that_is_in_the_outbox_twice_is_named(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    ledger.published.append(ledger.published[0])

    assert stack.verify(ledger).alerts_unpublished == 1


def test_a_missing_notification_is_named(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    alert = ledger.notifications.pop()

    balance = stack.verify(ledger)

    assert balance.notified == balance.alerts - 1
    assert balance.problems == ("1 alerts without a notification",)
    assert balance.examples["alerts unnotified"] == (str(alert),)


@dataclass
class EventfulClock(ManualClock):
    """Something happens while somebody sleeps."""

    meanwhile: Callable[[], None] = lambda: None

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.meanwhile()


def test_notifications_that_still_arrive_are_waited_for_past_a_short_wait(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    late, ledger.notifications = ledger.notifications, []
    stack.clock = EventfulClock(stack.clock.now(), meanwhile=lambda: ledger.notifications.extend([late.pop()]))

    balance = stack.verify(ledger)

    assert (balance.notified, balance.delivering) == (balance.alerts, 0)
    assert balance.holds


def test_an_alert_that_the_breaker_holds_is_counted_and_allowed(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    ledger.held_back.append(ledger.notifications.pop())

    balance = stack.verify(ledger)

    assert (balance.held, balance.notified) == (1, balance.alerts - 1)
    assert balance.holds


def test_an_alert_that_was_let_go_meanwhile_is_not_held(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    ledger.held_back.append(ledger.notifications[0])

    balance = stack.verify(ledger)

    assert (balance.held, balance.notified) == (0, balance.alerts)


def test_repeated_notifications_are_counted_and_allowed(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    ledger.notifications += ledger.notifications[:2]

    balance = stack.verify(ledger)

    assert balance.repeats == 2
    assert balance.holds


def test_scores_of_a_model_that_is_gone_cannot_be_verified(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    ledger.artefacts.clear()

    with pytest.raises(ModelUnavailable, match="is stored"):
        stack.verify(ledger)


def test_customers_whose_beginning_was_cleaned_from_the_log_are_left_out(stack: MemoryStack) -> None:
    stack.clean(2)
    of_the_rest = sum(row.user_id in (3, 4) for row in stack.ledger().scored)

    balance = stack.verify()

    assert (balance.mismatched, balance.mismatch_checked) == (0, of_the_rest)
    assert balance.problems == ()


def test_the_scripted_frauds_first_alert_is_timed(stack: MemoryStack, tmp_path: Path) -> None:
    alerted = next(row for row in stack.ledger().scored if row.alert)
    note = {"user_id": 1, "payments": 2, "transaction_ids": [str(uuid.UUID(int=999)), str(alerted.transaction_id)]}
    (tmp_path / "scripted-1.json").write_text(json.dumps(note))

    balance = stack.verify(journal_dir=tmp_path)

    assert balance.scripted_fraud_alert_ms is not None
    assert balance.scripted_fraud_alert_ms > 0


def test_the_line_of_json_has_the_promised_fields(stack: MemoryStack) -> None:
    said = json.loads(stack.verify().to_json())

    promised = (
        "produced acknowledged log_records scored quarantined repeats_dropped in_flight lost duplicated phantom "
        "mismatched mismatch_checked alerts notified repeats scripted_fraud_alert_ms model_version"
    )
    assert set(promised.split()) < said.keys()
    assert said["latency_ms"].keys() == {"p50", "p99"}
    assert said["holds"] is True
