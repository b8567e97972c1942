"""On paper: what a rate needs on AWS and what it costs, from the measured core seconds and from prices that are given.

A core of the measuring machine is taken for a vCPU. Nothing here was measured on AWS; `docs/scale.md` says what the
steps leave out.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

RATES = (1_000.0, 10_000.0, 100_000.0, 1_000_000.0)
"""Events a second of the plans that are printed."""
HOUR, BILLION, MEGA = 3_600.0, 1e9, 1e6


@dataclass(frozen=True)
class Assumptions:
    """What is not measured here; prices are US dollars, and yours will differ: look them up for your region."""

    event_bytes: float = 340.0
    """Of a record in the log, key and value."""
    busy: float = 0.6
    """Share of its cores that a process is planned to use, so that a lost worker is made up for."""
    partition_rate: float = 10_000.0
    """Events a second in a partition: a task of its own takes them with time to spare for a backlog."""
    broker_megabytes: float = 15.6
    """MB a second that one small broker takes in with its replicas."""
    writer_cores: float = 32.0
    """vCPUs of one database writer."""
    log_bytes: float = 1_100.0
    """Of the write-ahead log for a payment: `python -m benchmarks backlog` tells it."""
    writer_log_megabytes: float = 250.0
    """MB of write-ahead log a second that one writer sustains beside the pages that follow it."""
    row_bytes: float = 900.0
    """Of a stored payment, with its id, its indexes and its share of the write-ahead log's traffic to storage."""
    kept_days: float = 90.0
    """Days that rows stay in the database; the archive keeps them all."""
    scorer_vcpu_hour: float = 0.066
    """EMR Serverless: a vCPU with 2 GB of memory."""
    broker_hour: float = 0.41
    writer_vcpu_hour: float = 0.12
    """RDS in two zones."""
    storage_gb_month: float = 0.23


@dataclass(frozen=True)
class Plan:
    """What a rate (events a second) needs, and US dollars for a billion events."""

    rate: float
    megabytes: float
    partitions: int
    brokers: int
    scorer_vcpus: float
    writers: int
    writer_vcpus: float
    stored_terabytes: float
    cost: Mapping[str, float]


def plan(rate: float, processes: Mapping[str, float], given: Assumptions) -> Plan:
    """Plan for a rate.

    Args:
        rate: events a second.
        processes: measured core seconds per million events, of `scorer` and `postgres`.
        given: everything else.
    """
    megabytes = rate * given.event_bytes / MEGA
    brokers = max(3, math.ceil(megabytes / given.broker_megabytes))
    scorer = rate / MEGA * processes["scorer"] / given.busy
    database = rate / MEGA * processes["postgres"] / given.busy
    logged = rate * given.log_bytes / MEGA
    writers = max(1, math.ceil(database / given.writer_cores), math.ceil(logged / given.writer_log_megabytes))
    stored = rate * 86_400 * given.kept_days * given.row_bytes / 1e12
    hours = BILLION / rate / HOUR
    cost = {
        "scorer": max(scorer, 2.0) * given.scorer_vcpu_hour * hours,
        "brokers": brokers * given.broker_hour * hours,
        "writers": max(database, 2.0) * given.writer_vcpu_hour * hours,
        "rows kept": BILLION * given.row_bytes / 1e9 * given.storage_gb_month * given.kept_days / 30,
    }
    partitions = max(2, math.ceil(rate / given.partition_rate))
    return Plan(rate, megabytes, partitions, brokers, scorer, writers, database, stored, cost)


def on_paper(results: Mapping[str, Any], given: Assumptions) -> str:
    """Plans for some rates, as a table that people read, with what they rest on."""
    processes = results["medians"]["fraudstream"]["processes"]
    lines = [
        f"Measured: scorer {processes['scorer']:.1f}, database {processes['postgres']:.1f} core seconds a million.",
        "Assumed: " + ", ".join(f"{one.name} {getattr(given, one.name):g}" for one in fields(given)) + ".",
        "",
        "| events/s | MB/s | partitions | brokers | scorer vCPU | database vCPU | writers | TB kept | $ a billion |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    return "\n".join([*lines, *(_line(plan(rate, processes, given)) for rate in RATES)])


def _line(one: Plan) -> str:
    return (
        f"| {one.rate:,.0f} | {one.megabytes:,.1f} | {one.partitions} | {one.brokers} | {one.scorer_vcpus:,.1f} "
        f"| {one.writer_vcpus:,.1f} | {one.writers} | {one.stored_terabytes:,.1f} | {sum(one.cost.values()):,.0f} |"
    )
