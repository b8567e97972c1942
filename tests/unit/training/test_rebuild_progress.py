import io

from rich.console import Console

from fraudstream.clock import ManualClock
from fraudstream.training.rebuild_progress import RebuildProgress


def test_it_tells_count_pace_and_what_is_left_now_and_then() -> None:
    """What an earlier run did is not part of the pace."""
    clock, written = ManualClock(0.0), io.StringIO()
    with RebuildProgress(Console(file=written, width=200), clock) as progress:
        progress.report(1_000, 10_000)
        clock.sleep(1.0)
        progress.report(1_500, 10_000)
        clock.sleep(9.0)
        progress.report(2_000, 10_000)
        clock.sleep(5.0)
        progress.report(3_000, 10_000)

    assert written.getvalue().splitlines() == [
        "2,000 of 10,000 payments replayed, 100 a second, 1:20 min left",
    ]
