import io
from dataclasses import replace

import pytest
from rich.console import Console

from fraudstream.verify.amounts import Amounts
from fraudstream.verify.report import Balance, Latency, LeftOut
from fraudstream.verify.sheet import lines, show

HEALTHY = Balance(
    journals=1,
    produced=1_200,
    acknowledged=1_200,
    failed=0,
    unknown=0,
    log_records=1_200,
    scored=1_190,
    quarantined=4,
    repeats_dropped=5,
    in_flight=1,
    overdue=0,
    lost=0,
    duplicated=0,
    phantom=0,
    mismatched=0,
    mismatch_checked=1_000,
    max_abs_difference=0.0,
    slices=12,
    wrong_slices=0,
    alerts=3,
    alerts_missing=0,
    alerts_unfounded=0,
    alerts_unpublished=0,
    notified=3,
    held=0,
    repeats=0,
    pending_outbox=0,
    scripted_fraud_alert_ms=412.25,
    latency_ms=Latency(p50=66.1, p99=129.4),
    model_version="1",
)
WRONG: list[dict[str, int | bool | Amounts]] = [
    {"scored": 1_189},
    {"overdue": 2},
    {"lost": 1},
    {"duplicated": 1},
    {"phantom": 1},
    {"mismatched": 1},
    {"mismatch_checked": 0},
    {"parity": True, "mismatch_checked": 1_189},
    {"wrong_slices": 1},
    {"alerts_missing": 1},
    {"alerts_unfounded": 1},
    {"alerts_unpublished": 1},
    {"notified": 2},
    {"amounts": Amounts(acknowledged=1)},
    {"amounts": Amounts(log=1)},
    {"amounts": Amounts(flagged=1)},
    {"amounts": Amounts(flagged=1, alerts=1)},
]


def printed(balance: Balance) -> str:
    console = Console(file=io.StringIO(), width=120, force_terminal=True, color_system="standard")
    show(balance, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_healthy_balance_holds_and_shows_no_red_line() -> None:
    assert HEALTHY.holds
    assert all(line.good is not False for line in lines(HEALTHY))
    assert "The balance holds." in printed(HEALTHY)


@pytest.mark.parametrize("change", WRONG, ids=lambda change: next(iter(change)))
def test_each_error_is_one_problem_and_one_red_line(change: dict[str, int]) -> None:
    balance = replace(HEALTHY, **change)  # type: ignore[arg-type]

    assert len(balance.problems) == 1
    assert sum(line.good is False for line in lines(balance)) == 1
    assert "does not hold" in printed(balance)


def test_sums_of_money_are_lines_also_where_they_are_equal() -> None:
    sums = Amounts(acknowledged=123_450, acknowledged_log=123_450, log=99_900, scored=99_900)
    told = {line.name: (line.value, line.meaning, line.good) for line in lines(replace(HEALTHY, amounts=sums))}

    assert told["money acknowledged"] == ("1,234.50", "journals say, and 1,234.50 the log", True)
    assert told["money scored"] == ("999.00", "is stored, and 999.00 in the log", True)
    assert told["money alerted"][::2] == ("0.00", True)


def test_held_alerts_are_a_line_of_their_own_and_no_problem() -> None:
    balance = replace(HEALTHY, notified=1, held=2)

    assert balance.holds
    assert [line.value for line in lines(balance) if line.name == "held"] == ["2"]
    assert all(line.good is not False for line in lines(balance))


def test_an_alert_that_is_neither_notified_nor_held_is_a_problem() -> None:
    assert replace(HEALTHY, notified=1, held=1).problems == ("1 alerts without a notification",)


def test_examples_are_shown_as_they_are() -> None:
    assert "lost: partition 0 offset 7" in printed(replace(HEALTHY, examples={"lost": ("partition 0 offset 7",)}))


def test_without_a_journal_the_sheet_says_so() -> None:
    names = [line.name for line in lines(replace(HEALTHY, journals=0))]

    assert "journal" in names
    assert "acknowledged" not in names


def test_journals_that_were_left_out_are_counted_with_the_reasons() -> None:
    (line,) = [
        line
        for line in lines(replace(HEALTHY, journals_left_out=LeftOut(earlier=1, other=2, unnamed=3)))
        if line.name == "journals left out"
    ]

    assert line.value == "6"
    assert line.meaning == (
        "2 of another stack's log, 1 of an earlier log of this database, 3 of an older version, which name no log"
    )


def test_what_is_still_being_delivered_is_told_apart_from_what_is_missing() -> None:
    under_way = replace(HEALTHY, notified=1, delivering=2)

    assert under_way.holds
    assert [line.value for line in lines(under_way) if line.name == "being delivered"] == ["2"]
    assert replace(HEALTHY, notified=1, delivering=1).problems == ("1 alerts without a notification",)


def test_every_line_explains_itself() -> None:
    assert all(line.meaning for line in lines(HEALTHY))
