"""What people read: days as they are known now, a day as its labels arrived, and where the drift is."""

import datetime as dt
import io

import pytest
from rich.console import Console

from fraudstream.ports.quality import DayQuality, FeatureDrift
from fraudstream.quality.figures import LiveQuality
from fraudstream.quality.sheet import percent, show_cohorts, show_days, summary

DAY = dt.date(2026, 3, 1)
LATER = dt.date(2026, 3, 5)
UNKNOWN = DayQuality(DAY, DAY, "1", 4_000, 25, 0, 0, 0, 0, 0.0, 0.0)
KNOWN = DayQuality(DAY, LATER, "1", 4_000, 25, 30, 20, 15, 10, 2_000.0, 1_900.0)
DRIFT = tuple(
    FeatureDrift(DAY, "1", name, psi, 4_000)
    for name, psi in (("amount", 0.02), ("age_days", 0.61), ("hour", 0.12), ("score", 0.0), ("[bold]", 0.3))
)
QUALITY = LiveQuality(LATER, (UNKNOWN, KNOWN), DRIFT, {"2": dt.datetime(2026, 3, 9, 13, 30, tzinfo=dt.UTC)})


def console() -> Console:
    return Console(file=io.StringIO(), width=140)


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def days(quality: LiveQuality) -> str:
    target = console()
    show_days(quality, target)
    return printed(target)


def test_a_day_is_one_line_as_it_is_known_now() -> None:
    (line,) = [line for line in days(QUALITY).splitlines() if line.startswith("2026-03-01")]
    cells = line.split()

    assert cells[:6] == ["2026-03-01", "1", "4,000", "25", "0.62", "0.8"]
    assert cells[6:] == ["20", "15", "75.0", "95.0", "25", "60.0", "0.000", "3"]
    assert "as known on 2026-03-05" in days(QUALITY)


def test_the_features_that_moved_are_named_the_farthest_first() -> None:
    lines = [line.split() for line in days(QUALITY).splitlines()]
    below = lines[lines.index(["feature", "index"]) + 1 :]

    assert below[:3] == [["age_days", "0.610"], ["[bold]", "0.300"], ["hour", "0.120"]]
    assert "amount" not in days(QUALITY)


def test_where_nothing_moved_one_line_says_so() -> None:
    said = days(LiveQuality(LATER, (KNOWN,), (DRIFT[0], DRIFT[3])))

    assert "Stable on 2026-03-01: the largest index (PSI) is 0.020, of amount." in said


def test_a_version_without_a_reference_says_when_it_has_one() -> None:
    assert "Version 2 is compared with its own first week, which ends 2026-03-09 13:30 UTC." in days(QUALITY)


@pytest.mark.parametrize(
    ("drift", "said"),
    [
        ((), ["–", "–"]),  # noqa: RUF001
        (DRIFT[3:4], ["0.000", "0"]),
        (DRIFT[2:4], ["0.000", "1"]),
        ((FeatureDrift(DAY, "1", "score", 0.4, 9),), ["0.400", "0"]),
    ],
)
def test_drift_is_summed_up_in_two_figures(drift: tuple[FeatureDrift, ...], said: list[str]) -> None:
    (line,) = [line for line in days(LiveQuality(LATER, (KNOWN,), drift)).splitlines() if line.startswith("2026-03-01")]

    assert line.split()[-2:] == said


def test_a_busy_day_of_many_versions_fits_a_hundred_columns() -> None:
    busy = DayQuality(DAY, LATER, "12345", 9_999_999, 99_999, 9_999_999, 99_999, 89_999, 10_000, 9e9, 8e9)
    drift = tuple(FeatureDrift(DAY, "12345", name, 12.345, 9) for name in ("score", "amount"))
    target = Console(file=io.StringIO(), width=100)
    show_days(LiveQuality(LATER, (busy,), drift), target)
    show_cohorts(DAY, LiveQuality(LATER, (busy,), drift), target)

    assert "9,999,999" in printed(target)
    assert max(map(len, printed(target).splitlines())) <= 100


def test_cohorts_are_lines_with_their_age() -> None:
    target = console()
    show_cohorts(DAY, QUALITY, target)
    lines = printed(target).splitlines()

    (first,) = [line for line in lines if line.startswith("2026-03-01")]
    (second,) = [line for line in lines if line.startswith("2026-03-05")]
    assert first.split()[1:3] == ["0", "d"]
    assert second.split()[1:3] == ["4", "d"]
    assert first.count("–") == 3  # noqa: RUF001
    assert "Version 1 scored 4,000 payments and alerted 25 of them (0.62 %)." in printed(target)


def test_the_line_for_a_log_is_of_the_newest_day_with_outcomes() -> None:
    newer = DayQuality(LATER, LATER, "1", 10, 0, 0, 0, 0, 0, 0.0, 0.0)

    assert summary(LiveQuality(LATER, (UNKNOWN, KNOWN, newer))).startswith("2026-03-01 as known on 2026-03-05")
    assert summary(LiveQuality(LATER, (UNKNOWN, newer))) == "2 days measured, no outcome is known yet"


def test_a_share_is_a_percentage_or_a_dash() -> None:
    assert (percent(0.5), percent(0.00625, 2), percent(None)) == ("50.0 %", "0.62 %", "–")  # noqa: RUF001


def test_no_figure_is_cut_off_on_a_narrow_terminal() -> None:
    narrow = Console(file=io.StringIO(), width=40)
    show_days(QUALITY, narrow)

    assert "…" not in printed(narrow)
    assert "75.0" in printed(narrow)
