"""Sums of money: exact in any order, compared stage by stage."""

import itertools
import json
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest
from tests.unit.verify.memory_stack import MemoryStack, a_busy_stack, a_payment
from tests.unit.verify.test_journal import LOG, acknowledged, intent, write

from fraudstream.adapters.memory import MemoryBroker
from fraudstream.contracts.journal import Intent
from fraudstream.contracts.money import cents
from fraudstream.verify.amounts import Amounts, plain, told


@pytest.fixture
def stack() -> MemoryStack:
    return a_busy_stack()


def test_no_order_changes_a_sum() -> None:
    amounts = [0.1, 0.2, 0.3, 1_000_000.0, 0.01]

    assert {cents(list(order)) for order in itertools.permutations(amounts)} == {100_000_061}
    assert cents(np.full(1_000_000, 0.1)) == 10_000_000
    assert cents([]) == 0


def test_sums_are_written_exactly() -> None:
    assert (plain(123_450), told(123_450), plain(-5), told(7)) == ("1234.50", "1,234.50", "-0.05", "0.07")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"scored": 876_550}, "money: scored 1,234.50 less than the log"),
        ({"scored": 1_000_001}, "money: scored 0.01 more than the log"),
        ({"acknowledged_log": 0}, "money: log 50.00 less than the journals"),
        ({"flagged": 4_000}, "money: alerts 10.00 more than the scores that say alert"),
        ({"outbox": 0}, "money: outbox 50.00 less than the alerts"),
    ],
)
def test_a_difference_names_stage_and_sum(change: dict[str, int], sentence: str) -> None:
    equal = Amounts(
        acknowledged=5_000,
        acknowledged_log=5_000,
        log=1_000_000,
        scored=1_000_000,
        flagged=5_000,
        alerts=5_000,
        outbox=5_000,
    )

    assert equal.problems == ()
    assert replace(equal, **change).problems == (sentence,)


def test_sums_are_told_also_where_they_are_equal(stack: MemoryStack) -> None:
    balance = stack.verify()
    scored = cents([row.amount for row in stack.ledger().scored])
    alerted = cents([row.amount for row in stack.ledger().scored if row.alert])
    said = json.loads(balance.to_json())

    assert balance.amounts == Amounts(log=scored, scored=scored, flagged=alerted, alerts=alerted, outbox=alerted)
    assert said["amount_log"] == said["amount_scored"] == plain(scored)
    assert said["amount_flagged"] == said["amount_alerts"] == said["amount_outbox"] == plain(alerted)
    assert "amounts" not in said


@pytest.mark.parametrize("window_records", [1, 20_000])
def test_windows_do_not_change_the_sums(stack: MemoryStack, window_records: int) -> None:
    assert stack.verify(window_records=window_records).amounts == stack.verify().amounts


def test_money_of_a_lost_payment_is_missing(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    gone = next(row for row in ledger.scored if not row.alert)
    ledger.scored.remove(gone)

    assert f"money: scored {gone.amount:.2f} less than the log" in stack.verify(ledger).problems


def test_money_of_a_good_payment_in_quarantine_is_missing(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    row = next(row for row in ledger.scored if not row.alert)
    ledger.scored.remove(row)
    ledger.quarantine.append(replace(ledger.quarantine[0], partition=row.partition, offset=row.offset, reason="empty"))

    assert f"money: scored {row.amount:.2f} less than the log" in stack.verify(ledger).problems


def test_money_beyond_the_log_is_too_much(stack: MemoryStack) -> None:
    ledger = stack.ledger()
    row = next(row for row in ledger.scored if not row.alert)
    ledger.scored.append(replace(row, offset=1_000, user_id=77))

    assert f"money: scored {row.amount:.2f} more than the log" in stack.verify(ledger).problems


def test_what_is_cleaned_from_the_log_is_on_neither_side(stack: MemoryStack) -> None:
    stack.clean(2)

    assert stack.verify().amounts.problems == ()


def a_told_stack() -> MemoryStack:
    stack = MemoryStack(broker=MemoryBroker(ids={LOG.topic: LOG.topic_id}))
    for number in (1, 2, 3):
        stack.send(a_payment(number))
    stack.score()
    return stack


def an_intent_of(sequence: int, amount: float) -> Intent:
    return msgspec.structs.replace(intent(sequence), amount=amount)


def test_journal_and_log_agree_on_what_was_acknowledged(tmp_path: Path) -> None:
    stack = a_told_stack()
    meant = [an_intent_of(number, 20.0) for number in (0, 1)]
    write(tmp_path, *meant, intent(2), *(acknowledged(n, n) for n in range(3)))

    balance = stack.verify(journal_dir=tmp_path)

    assert (balance.amounts.acknowledged, balance.amounts.acknowledged_log) == (4_000, 4_000)
    assert balance.amounts.problems == ()


def test_a_journal_that_names_another_sum_is_named(tmp_path: Path) -> None:
    stack = a_told_stack()
    write(tmp_path, an_intent_of(0, 21.5), acknowledged(0, 0))

    assert stack.verify(journal_dir=tmp_path).problems[-1] == "money: log 1.50 less than the journals"


def test_an_acknowledged_payment_that_is_gone_takes_its_money_along(tmp_path: Path) -> None:
    stack = a_told_stack()
    write(tmp_path, an_intent_of(9, 20.0), acknowledged(9, 3))

    balance = stack.verify(journal_dir=tmp_path)

    assert balance.lost == 1
    assert "money: log 20.00 less than the journals" in balance.problems
