"""Progress goes to standard error: seldom a line where nobody watches, a live one on a terminal."""

import io

import pytest
from rich.console import Console

from fraudstream.clock import ManualClock
from fraudstream.progress import PLAIN_INTERVAL, TERMINAL_INTERVAL, Progress


def test_where_nobody_watches_there_is_a_line_every_few_seconds() -> None:
    clock, out = ManualClock(), io.StringIO()
    with Progress("scores recomputed", clock, Console(file=out, width=100)) as progress:
        progress.report(1, 5_000)
        clock.sleep(PLAIN_INTERVAL)
        progress.report(1_000, 5_000)
        progress.report(2_000, 5_000)
        clock.sleep(PLAIN_INTERVAL)
        progress.report(3_000, 5_000)

    assert out.getvalue().splitlines() == ["scores recomputed: 1,000 of 5,000", "scores recomputed: 3,000 of 5,000"]


def test_work_of_several_parts_tells_each_on_the_same_line() -> None:
    clock, out = ManualClock(), io.StringIO()
    with Progress("verifying", clock, Console(file=out, width=100)) as progress:
        scores, alerts = progress.of("scores recomputed"), progress.of("alerts notified")
        clock.sleep(PLAIN_INTERVAL)
        scores(1, 2)
        alerts(1, 3)
        clock.sleep(PLAIN_INTERVAL)
        alerts(2, 3)

    assert out.getvalue().splitlines() == ["scores recomputed: 1 of 2", "alerts notified: 2 of 3"]


def test_on_a_terminal_the_line_is_live() -> None:
    clock, out = ManualClock(), io.StringIO()
    with Progress("scores recomputed", clock, Console(file=out, width=100, force_terminal=True)) as progress:
        clock.sleep(TERMINAL_INTERVAL)
        progress.report(1_000, 5_000)

    assert "scores recomputed: 1,000 of 5,000" in out.getvalue()


def test_it_stays_off_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    clock = ManualClock()
    with Progress("scores recomputed", clock) as progress:
        clock.sleep(PLAIN_INTERVAL)
        progress.report(1, 2)

    assert capsys.readouterr() == ("", "scores recomputed: 1 of 2\n")
