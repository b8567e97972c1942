"""Our scorer and its peers on one machine, one after the other, with the same payments and the same model."""

import time
from collections.abc import Sequence

from benchmarks.arena import Arena, Sizes, peers_database
from benchmarks.contenders import CONTENDERS, Log
from benchmarks.machine import machine
from benchmarks.payments import city_for
from benchmarks.results import Comparison
from benchmarks.stand import opened_stand

QUICK = Sizes({Log.LARGE: 200_000, Log.MEDIUM: 40_000, Log.SMALL: 8_000}, rounds=1)
WHOLE = Sizes({Log.LARGE: 600_000, Log.MEDIUM: 150_000, Log.SMALL: 24_000}, rounds=3)


def compare(sizes: Sizes, now: float, only: Sequence[str] = ()) -> Comparison:
    """All rounds, of all contenders or of those whose scripts are named."""
    contenders = [one for one in CONTENDERS if not only or one.script in only]
    began = time.monotonic()
    with opened_stand(city_for(sizes.payments[Log.LARGE] * sizes.rounds, now=now)) as stand:
        print(stand.train())
        arena = Arena(stand, sizes, peers_database(stand))
        rounds = [arena.round(number, contenders) for number in range(sizes.rounds)]
        model = arena.digest()
    payments = {str(log): count for log, count in sizes.payments.items()}
    return Comparison(machine(), payments, rounds, time.monotonic() - began, model)
