"""One customer with most of the traffic: do the others wait for it, and does its order hold?"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import numpy as np

from benchmarks.open_loop import send
from benchmarks.payments import City, city_for
from benchmarks.stand import opened_stand
from fraudstream.adapters.database.live_figures import commit_time
from fraudstream.adapters.database.roles import Role
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.database.vitals import read_order
from fraudstream.producer.outgoing import Outgoing, outgoing_payment, transactions_of

HOT = 1_000
"""The customer; the city's own begin higher."""
LATENCIES = """
SELECT scored.user_id = %s, scored."partition" = home.home,
    percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM {committed} - log_time) * 1000)
FROM scored_transactions AS scored JOIN slices USING (slice_id)
CROSS JOIN (SELECT coalesce(min(partition), 0) AS home FROM scored_transactions WHERE user_id = %s) AS home
WHERE log_time >= to_timestamp(%s) GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Waited:
    """Latency from the log to the commit, in milliseconds, of whom."""

    whom: str
    p50: float
    p99: float


def payments(city: City, share: float) -> Iterator[Outgoing]:
    """The city's payments, of which a share, spread evenly, is made by one customer."""
    owed = 0.0
    for day in city.days():
        for transaction in transactions_of(day):
            owed += share
            is_hot = owed >= 1.0
            owed -= is_hot
            yield outgoing_payment(msgspec.structs.replace(transaction, user_id=HOT) if is_hot else transaction)


def _latencies(url: str, since: float) -> list[Waited]:
    opened = contextlib.closing(connect(url, application="fraudstream benchmark"))
    with opened as connection, connection, connection.cursor() as cursor:
        cursor.execute(LATENCIES.format(committed=commit_time(connection)), (HOT, HOT, since))
        return [Waited(_whom(hot=hot, home=home), *map(float, pair)) for hot, home, pair in cursor.fetchall()]


def _whom(*, hot: bool, home: bool) -> str:
    return "the hot customer" if hot else "others in its partition" if home else "others elsewhere"


def measure_hot_customer(now: float, *, rate: float, seconds: float, share: float, rounds: int) -> str:
    """Even and uneven traffic in turn, on one running scorer; a table of latencies, and what became of the order."""
    city = city_for(int(rate * seconds * (2 * rounds + 2)), now=now)
    lines = []
    with opened_stand(city) as stand:
        print(stand.train())
        scorer = stand.start_scorer()
        stand.wait_until_ready(scorer)
        even, uneven = payments(city, 0.0), payments(city_for(1, now=now, seed=8), share)
        send(stand, even, rate=rate, seconds=seconds)  # not counted: Java compiles
        found: dict[str, list[Waited]] = {}
        for number in range(2 * rounds):
            is_even = number % 2 == 0
            since = time.time()
            send(stand, even if is_even else uneven, rate=rate, seconds=seconds)
            time.sleep(2.0)  # what was sent last is committed
            for waited in _latencies(stand.url(Role.READER), since):
                found.setdefault("even traffic" if is_even else waited.whom, []).append(waited)
        order = read_order(stand.url(Role.READER))
    lines.append(f"{rate:,.0f} payments a second, {share:.0%} of one customer, medians of {rounds} rounds:")
    for whom, waits in found.items():
        p50, p99 = (float(np.median([getattr(waited, name) for waited in waits])) for name in ("p50", "p99"))
        lines.append(f"  {whom:<26} p50 {p50:6.0f} ms, p99 {p99:6.0f} ms from the log to the commit")
    lines.append(f"payments scored before one that stands earlier in the log: {order.misordered}")
    return "\n".join(lines)
