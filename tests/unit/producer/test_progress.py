"""Progress is a live line on a terminal and a log line now and then elsewhere."""

import io

from rich.console import Console
from structlog.testing import capture_logs

from fraudstream.clock import ManualClock
from fraudstream.producer.progress import PLAIN_INTERVAL, Progress
from fraudstream.producer.sending import Summary


def test_elsewhere_a_line_comes_every_few_seconds() -> None:
    clock = ManualClock()
    with capture_logs() as logged, Progress(clock, Console(force_terminal=False)) as progress:
        for step in range(1, 101):
            clock.sleep(PLAIN_INTERVAL / 10)
            progress.report(Summary(sent=2 * step, acknowledged=step, failed=1), step, 1_750_000_000.0)

    assert len(logged) in {9, 10}
    assert logged[0]["per_second"] == 2
    assert logged[0]["simulated_time"] == "2025-06-15 15:06:40"


def test_on_a_terminal_one_line_is_kept_up_to_date() -> None:
    clock, screen = ManualClock(), io.StringIO()
    with Progress(clock, Console(file=screen, force_terminal=True, width=120)) as progress:
        progress.preparing(3, 45)
        clock.sleep(1.0)
        progress.report(Summary(sent=200, acknowledged=150, failed=0), 100, 1_750_000_000.0)
    shown = screen.getvalue()

    assert "day 3 of 45" in shown or "100 payments sent (100/s)" in shown
    assert "sending" not in shown
