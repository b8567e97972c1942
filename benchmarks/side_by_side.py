"""Our scorer and its peers on one machine, one after the other, with the same payments and the same model."""

import time
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.arena import OURS, Arena, Sizes, peers_database
from benchmarks.calibration import calibrate
from benchmarks.contenders import CONTENDERS, Log
from benchmarks.latency import Latency, measure_latency
from benchmarks.machine import machine
from benchmarks.payments import city_for
from benchmarks.results import Comparison
from benchmarks.stand import opened_stand

QUICK = Sizes({Log.LARGE: 400_000, Log.MEDIUM: 20_000, Log.SMALL: 4_000, Log.TINY: 300}, rounds=1)
WHOLE = Sizes({Log.LARGE: 1_000_000, Log.MEDIUM: 150_000, Log.SMALL: 24_000, Log.TINY: 1_500}, rounds=3, seconds=30.0)
STEADY = 1_000.0
"""Payments a second at which latency is measured first."""
SHARE = 0.7
"""Share of the full rate at which it is measured next."""


def compare(sizes: Sizes, now: float, only: Sequence[str] = ()) -> Comparison:
    """All rounds, of all contenders or of those whose scripts are named."""
    contenders = [one for one in CONTENDERS if not only or one.script in only]
    began, speed = time.monotonic(), calibrate()
    on_our_log = 1 + sum(one.in_our_place for one in contenders)
    sent = sizes.payments[Log.LARGE] * sizes.rounds * on_our_log
    with opened_stand(city_for(sent, now=now)) as stand:
        print(stand.train())
        arena = Arena(stand, sizes, peers_database(stand))
        rounds = [arena.round(number, contenders) for number in range(sizes.rounds)]
        model = arena.digest()
        payments = {str(log): count for log, count in sizes.payments.items()}
        found = Comparison(machine(), payments, rounds, time.monotonic() - began, model, speed)
    if sizes.seconds:
        found = replace(found, latency=_latency(found.medians[OURS].rate, sizes.seconds, now))
    return replace(found, seconds=time.monotonic() - began)


def _latency(full: float, seconds: float, now: float) -> list[Latency]:
    """On a stand of its own: the alerts of all rounds would stand in the way of those that are timed."""
    rates = [STEADY, round(full * SHARE, -3)] if full * SHARE > STEADY else [STEADY]
    try:
        return measure_latency(now, rates, seconds)
    except TimeoutError as error:  # the rounds have taken too long to be lost with it
        print(f"latency was not measured: {error}", flush=True)
        return []
