"""What is shown of the stream."""

import datetime as dt
import uuid
from dataclasses import replace

from rich.console import Console

from fraudstream.adapters.database.live_figures import AlertLine, LiveFigures, Quantiles
from fraudstream.local.live_view import RateMeter, Snapshot, alert_text, line, panel

FIGURES = LiveFigures(
    scored=12_345,
    quarantined=2,
    repeats=1,
    alerts=7,
    notified=6,
    labels=99,
    next_offsets={0: 6_000, 1: 6_345},
    score_latency=Quantiles(66.0, 129.0),
    alert_latency=Quantiles(None, None),
    model_version="3",
)
ALERT = AlertLine(
    alert_id=uuid.UUID(int=1),
    transaction_id=uuid.UUID(int=2),
    created_at=dt.datetime(2026, 11, 24, 9, 30, tzinfo=dt.UTC),
    event_time=dt.datetime(2026, 11, 24, 9, 29, 58, tzinfo=dt.UTC),
    user_id=1042,
    amount=1_999.5,
    score=0.97,
    reasons=("nine payments in five minutes", "a new device"),
    latency_ms=212.4,
    notified=True,
)


def a_snapshot() -> Snapshot:
    return Snapshot(FIGURES, 998.4, 12, 30.0, [ALERT], frozenset({str(ALERT.transaction_id)}))


def test_the_rate_is_of_the_last_seconds_only() -> None:
    meter = RateMeter()
    rates = [meter.add(float(second), total) for second, total in enumerate([0, 100, 200, 300, 400, 500, 1_500, 2_500])]

    assert rates[0] == 0.0
    assert rates[1] == 100.0
    assert rates[-1] == 2_300 / 5


def test_looks_far_apart_still_give_a_rate() -> None:
    meter = RateMeter()
    meter.add(0.0, 0)

    assert meter.add(60.0, 6_000) == 100.0


def test_a_line_names_rate_lag_and_latencies() -> None:
    text = line(a_snapshot())

    assert "998 events/s" in text
    assert "lag    12" in text
    assert "p50/p99 66/129 ms" in text
    assert "p50/p99 -" in text


def test_an_alert_reads_as_a_sentence() -> None:
    text = alert_text(ALERT, scripted=True)

    assert text.startswith("SCRIPTED FRAUD  ALERT 09:30:00 customer 1042 1,999.50 p=0.970 after 212 ms")
    assert text.endswith("nine payments in five minutes; a new device")


def test_an_alert_of_a_simulated_time_says_both() -> None:
    text = alert_text(replace(ALERT, event_time=dt.datetime(2025, 8, 3, 9, 10, tzinfo=dt.UTC)), scripted=False)

    assert text.startswith("ALERT 09:30:00 paid 2025-08-03 09:10 customer 1042 1,999.50 ")


def test_the_screen_shows_figures_alerts_and_addresses() -> None:
    console = Console(width=120, record=True, file=None, force_terminal=False)
    with console.capture() as captured:
        console.print(panel(a_snapshot(), {"MLflow": "http://127.0.0.1:5000"}))
    screen = captured.get()

    for expected in ("12,345", "1042", "a new device", "notified", "http://127.0.0.1:5000", "f play a fraud"):
        assert expected in screen
