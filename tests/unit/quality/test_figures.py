"""Cohorts: what was known of a day's payments at the end of each later day."""

import datetime as dt
import json

import pytest

from fraudstream.ports.quality import DayPayments, DayQuality, FeatureDrift, OutcomeChange
from fraudstream.quality.figures import LiveQuality, cohorts

DAY = dt.date(2026, 3, 1)


def day(later: int) -> dt.date:
    return DAY + dt.timedelta(days=later)


def change(later: int, *sums: int, version: str = "1") -> OutcomeChange:
    return OutcomeChange(version, day(later), *sums)


CHANGES = [
    change(4, 1, 1, 1, 0, 5_000, 5_000),
    change(1, 2, 1, 1, 1, 10_050, 10_050),
    change(9, 0, -1, -1, 1, -10_050, -10_050),
]
"""A caught fraud and a false alarm on the first day, another fraud on the fourth, a reversal on the ninth."""


def measured(known_on: int = 60) -> list[DayQuality]:
    return cohorts(DAY, [DayPayments("1", 1_000, 3)], CHANGES, known_on=day(known_on))


def test_a_day_is_known_by_nobody_at_first_and_better_with_each_arrival() -> None:
    rows = measured()

    assert [row.as_known_on for row in rows] == [DAY, day(1), day(4), day(9)]
    assert [row.labelled for row in rows] == [0, 2, 3, 3]
    assert [row.frauds for row in rows] == [0, 1, 2, 1]
    assert [row.precision for row in rows] == [None, 0.5, 2 / 3, 1 / 3]
    assert [row.recall for row in rows] == [None, 1.0, 1.0, 1.0]
    assert [row.fraud_value for row in rows] == [0.0, 100.5, 150.5, 50.0]


def test_what_became_known_later_is_left_out() -> None:
    assert [row.as_known_on for row in measured(known_on=5)] == [DAY, day(1), day(4)]
    assert measured(known_on=5)[-1] == measured()[2]


def test_every_cohort_has_all_payments_and_alerts() -> None:
    assert {(row.payments, row.alerts) for row in measured()} == {(1_000, 3)}


def test_each_version_has_cohorts_of_its_own() -> None:
    scored = [DayPayments("2", 5, 0), DayPayments("1", 7, 1)]
    rows = cohorts(
        DAY, scored, [change(2, 1, 1, 1, 0, 1, 1), change(3, 1, 0, 0, 0, 0, 0, version="2")], known_on=day(9)
    )

    assert [(row.model_version, row.as_known_on, row.labelled) for row in rows] == [
        ("1", DAY, 0),
        ("1", day(2), 1),
        ("2", DAY, 0),
        ("2", day(3), 1),
    ]


def test_what_arrived_on_the_day_itself_is_in_its_first_cohort() -> None:
    (row,) = cohorts(DAY, [DayPayments("1", 5, 1)], [change(0, 1, 1, 1, 0, 100, 100)], known_on=DAY)

    assert (row.as_known_on, row.labelled, row.recall) == (DAY, 1, 1.0)


def test_a_day_without_payments_has_no_cohort() -> None:
    assert cohorts(DAY, [], [], known_on=day(1)) == []


def test_rates_are_shares_and_empty_where_there_is_nothing_to_share() -> None:
    full = DayQuality(DAY, DAY, "1", 200, 5, 50, 4, 3, 1, 400.0, 390.0)
    empty = DayQuality(DAY, DAY, "1", 0, 0, 0, 0, 0, 0, 0.0, 0.0)

    assert (full.alert_rate, full.labelled_share) == (0.025, 0.25)
    assert (full.precision, full.recall, full.value_detection_rate) == (0.75, 0.75, 0.975)
    assert (empty.alert_rate, empty.labelled_share, empty.precision) == (None, None, None)
    assert (empty.recall, empty.value_detection_rate) == (None, None)


def test_values_are_exact_whatever_was_taken_back() -> None:
    amounts = [1, 10, 33, 70, 1_099]
    changes = [change(1, 0, 0, 0, 0, sign * cents, 0) for sign in (1, -1) for cents in amounts]
    rows = cohorts(DAY, [DayPayments("1", 5, 0)], [*changes, change(1, 0, 0, 0, 0, 10, 0)], known_on=day(1))

    assert rows[-1].fraud_value == pytest.approx(0.1, abs=0)


def test_the_newest_cohort_of_each_day_and_version_is_found() -> None:
    rows = cohorts(day(1), [DayPayments("1", 9, 0)], [], known_on=day(60))

    assert LiveQuality(day(60), (*measured(), *rows)).newest() == [measured()[-1], rows[0]]


def test_the_line_of_json_has_counts_rates_and_drift() -> None:
    drift = FeatureDrift(DAY, "1", "amount", 0.25, 900)
    until = dt.datetime(2026, 3, 8, tzinfo=dt.UTC)
    said = json.loads(LiveQuality(day(60), tuple(measured()), (drift,), {"2": until}).to_json())

    assert said["known_on"] == "2026-04-30"
    assert (said["cohorts"][1]["day"], said["cohorts"][1]["precision"]) == ("2026-03-01", 0.5)
    assert said["drift"] == [
        {"day": "2026-03-01", "model_version": "1", "feature": "amount", "psi": 0.25, "payments": 900}
    ]
    assert said["reference_until"] == {"2": "2026-03-08T00:00:00Z"}
