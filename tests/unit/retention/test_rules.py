"""What is old and still needed stays, with the reason and the next step."""

import datetime as dt
from dataclasses import replace

import pytest

from fraudstream.errors import ConfigurationError
from fraudstream.ports.retention import LogsNow, StoredMonth
from fraudstream.retention.rules import check_ids_outlive_the_log, deletable
from fraudstream.settings import RetentionSettings

JANUARY = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
FEBRUARY = dt.datetime(2025, 2, 1, tzinfo=dt.UTC)
MONTH = StoredMonth(JANUARY, FEBRUARY, 100, JANUARY, JANUARY, {("log", 0): 60, ("log", 1): 40}, 0, 0)
LOGS = LogsNow("log", {0: 60, 1: 45}, {("log", 0): 90, ("log", 1): 90}, {("log", 0): 80, ("log", 1): 80}, None)
SETTINGS = RetentionSettings()


def why(month: StoredMonth = MONTH, logs: LogsNow = LOGS, settings: RetentionSettings = SETTINGS) -> str:
    going, first, reason = deletable([month], logs, settings)
    assert (going, first) == (([month], None) if not reason else ([], month))
    return reason


def test_a_month_that_nothing_needs_goes() -> None:
    assert why() == ""


@pytest.mark.parametrize(
    ("month", "logs", "reason"),
    [
        (replace(MONTH, open_alerts=2), LOGS, "2 alerts of it are open"),
        (replace(MONTH, waiting_labels=1), LOGS, "1 labels of it have not been applied"),
        (MONTH, replace(LOGS, positions={("log", 0): 90, ("log", 1): 39}), "partition 1 lie beyond the scorer"),
        (
            MONTH,
            replace(LOGS, first_offsets={0: 59, 1: 45}),
            "the log still holds its records (partition 0 begins at 59",
        ),
        (MONTH, replace(LOGS, archived={("log", 0): 80, ("log", 1): 39}), "partition 1 is archived up to 39 only"),
        (MONTH, replace(LOGS, archived={}), "is archived up to 0 only"),
    ],
)
def test_a_month_that_is_needed_stays(month: StoredMonth, logs: LogsNow, reason: str) -> None:
    assert reason in why(month, logs)


def test_an_earlier_log_that_was_deleted_holds_nothing_back() -> None:
    assert why(logs=replace(LOGS, topic_id="another", first_offsets={0: 0})) == ""


def test_whoever_has_no_archive_says_so() -> None:
    settings = RetentionSettings(keep_until_archived=False)

    assert why(logs=replace(LOGS, archived={}), settings=settings) == ""


def test_nothing_goes_beyond_a_month_that_stays() -> None:
    march = replace(MONTH, begins=FEBRUARY, open_alerts=1)
    april = replace(MONTH, begins=FEBRUARY + dt.timedelta(days=28))

    assert deletable([MONTH, march, april], LOGS, SETTINGS)[:2] == ([MONTH], march)


@pytest.mark.parametrize("kept", [800, 900])
def test_ids_may_not_go_before_the_log_has_forgotten_their_records(kept: int) -> None:
    with pytest.raises(ConfigurationError, match=r"would be scored again\. Set KEEP_IDS"):
        check_ids_outlive_the_log(SETTINGS.keep_ids, dt.timedelta(days=kept))
    check_ids_outlive_the_log(SETTINGS.keep_ids, dt.timedelta(days=7))
    check_ids_outlive_the_log(SETTINGS.keep_ids, None)


@pytest.mark.parametrize("name", ["KEEP_IDS", "KEEP_ALERTS"])
def test_what_hangs_on_a_score_outlives_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "P399D")

    with pytest.raises(ConfigurationError, match=f"{name} must not be shorter than KEEP_SCORES"):
        RetentionSettings.load()
