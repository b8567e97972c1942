"""What a drain comes to, what processes cost, and payments that lie in the past."""

import os
import subprocess
import sys

import pytest
from benchmarks.backlog import Drain
from benchmarks.payments import city_for
from benchmarks.usage import Sampler, cpu_seconds_of, megabytes_of

from fraudstream.contracts.transaction import parse_transaction

DRAIN = Drain(1_000, [0.0, 10.0, 15.0, 20.0], [0, 100, 600, 1_000], [100.0], {"scorer": 0.027, "kafka": 0.009})


def test_the_first_tenth_of_a_drain_does_not_count() -> None:
    assert DRAIN.rate == pytest.approx(90.0)
    assert DRAIN.tenths[0] == pytest.approx(10.0)
    assert DRAIN.tenths[1] == pytest.approx(100.0)
    assert DRAIN.core_seconds_per_million == pytest.approx(40.0)


def test_a_family_is_counted_with_its_children() -> None:
    code = "import subprocess, sys, time; subprocess.run([sys.executable, '-c', 'sum(range(30_000_000))']); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        with Sampler(lambda: {"it": process.pid}) as sampler:
            while cpu_seconds_of(process.pid) < 0.2:
                assert process.poll() is None
        assert process.stdin
        process.stdin.close()
        process.wait()

    whole = sampler.cpu_seconds()["it"]
    middle = sum(sampler.moments) / len(sampler.moments)
    assert whole > 0.1
    assert sampler.cpu_seconds(end=middle)["it"] + sampler.cpu_seconds(middle)["it"] == pytest.approx(whole)
    assert sampler.cpu_seconds(sampler.moments[-1])["it"] == 0.0
    assert max(sampler.megabytes("it")) > 1.0


def test_somebody_who_is_gone_costs_nothing() -> None:
    with subprocess.Popen(["true"]) as process:
        process.wait()

    assert cpu_seconds_of(process.pid) == 0.0
    assert megabytes_of(os.getpid()) > 1.0


def test_the_traffic_lies_in_the_past_and_belongs_to_its_key() -> None:
    now = 1_700_000_000.0
    records = list(city_for(500, now=now, customers=50).records(500))

    assert len(records) == 500
    for key, value in records:
        parsed = parse_transaction(value, latest=now)
        assert key == b"%d" % parsed.transaction.user_id
