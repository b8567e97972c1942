"""Simulated time stays in the past for as long as the stream is meant to run."""

import datetime as dt

import pytest

from fraudstream.local.schedule import DemoPlan, world_start

TODAY = dt.date(2026, 11, 24)


def a_plan(**changes: float | None) -> DemoPlan:
    values = {"seconds": 60, "rate": 1_000.0, "producer": True, "seed": 7, "customers": 2_000, "history_days": 45}
    return DemoPlan(**(values | changes))  # type: ignore[arg-type]


def test_the_stream_ends_before_today() -> None:
    live_start = dt.datetime.fromtimestamp(world_start(a_plan(), TODAY), dt.UTC) + dt.timedelta(days=45)
    simulated_days = 60 * 1_000 / (2_000 * 2.0)

    assert live_start + dt.timedelta(days=simulated_days) < dt.datetime.combine(TODAY, dt.time(), dt.UTC)


def test_it_starts_at_midnight() -> None:
    assert world_start(a_plan(), TODAY) % 86_400 == 0


@pytest.mark.parametrize("seconds", [None, 86_400])
def test_it_never_starts_before_the_earliest_timestamp_accepted(seconds: int | None) -> None:
    plan = a_plan(seconds=seconds, rate=100_000.0, customers=1)

    assert world_start(plan, TODAY) >= dt.datetime(2000, 1, 1, tzinfo=dt.UTC).timestamp()
