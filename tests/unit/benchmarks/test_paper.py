"""Arithmetic of a plan, by hand."""

from dataclasses import replace

import pytest
from benchmarks.paper import Assumptions, on_paper, plan

PROCESSES = {"scorer": 30.0, "kafka": 2.0, "postgres": 24.0}
GIVEN = Assumptions(
    event_bytes=400,
    busy=0.5,
    partition_rate=10_000,
    broker_megabytes=40,
    writer_cores=16,
    row_bytes=1_000,
    kept_days=30,
    scorer_vcpu_hour=0.06,
    broker_hour=0.4,
    writer_vcpu_hour=0.12,
    storage_gb_month=0.25,
    log_bytes=1_000,
    writer_log_megabytes=500,
)


def test_a_hundred_thousand_a_second() -> None:
    found = plan(100_000.0, PROCESSES, GIVEN)

    assert (found.megabytes, found.partitions, found.brokers) == (40.0, 10, 3)
    assert (found.scorer_vcpus, found.writers) == (6.0, 1)
    assert found.writer_vcpus == pytest.approx(4.8)
    assert found.stored_terabytes == pytest.approx(259.2)
    hours = 1e9 / 100_000 / 3_600
    assert found.cost == pytest.approx(
        {"scorer": 6 * 0.06 * hours, "brokers": 3 * 0.4 * hours, "writers": 4.8 * 0.12 * hours, "rows kept": 250.0}
    )


def test_ten_times_the_rate_needs_more_writers_and_costs_no_more_for_each_event() -> None:
    one, ten = (plan(rate, PROCESSES, GIVEN) for rate in (100_000.0, 1_000_000.0))

    assert (ten.brokers, ten.writers, ten.partitions) == (10, 3, 100)
    assert sum(ten.cost.values()) <= sum(one.cost.values())


def test_the_table_has_a_line_for_each_rate() -> None:
    table = on_paper({"medians": {"fraudstream": {"processes": PROCESSES}}}, GIVEN)

    assert "scorer 30.0, database 24.0 core seconds a million" in table
    assert "| 1,000,000 | 400.0 | 100 | 10 | 60.0 | 48.0 | 3 |" in table


def test_a_writer_may_be_full_of_log_before_its_processors_are() -> None:
    found = plan(1_000_000.0, PROCESSES, replace(GIVEN, writer_log_megabytes=100.0))

    assert found.writers == 10
