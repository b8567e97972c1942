"""How long a payment waits for its score and an alert for its notification, at rates that are sent whatever happens."""

import contextlib
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from benchmarks.open_loop import Sent, send
from benchmarks.payments import city_for
from benchmarks.stand import Stand, opened_stand
from fraudstream.adapters.database.live_figures import commit_time
from fraudstream.adapters.database.roles import Role
from fraudstream.adapters.database.sessions import connect
from fraudstream.local import apps

MOST_ALERTS = 2_000.0
"""Rate up to which alerts are waited for: the emulator of AWS publishes some fifty a second, whoever asks it. Above it
the scorer runs alone, as it does where the full rate is measured, of which such a rate is a share."""
WARM_UP = 20.0
"""Seconds of traffic that do not count: Java compiles."""
IN_PEACE = 1.0
"""Seconds between the last payment and the first question about any, which takes a core and would delay its answer."""
PATIENCE = 120.0
"""Seconds that what was sent may take to be committed, and its alerts to arrive."""
LONGEST_QUEUE = 600.0
"""Seconds that alerts of earlier payments may take to be on their way."""
WAITING = "SELECT int8send(outbox_id), 0::float8 FROM outbox WHERE sent_at IS NULL"
COMMITTED = """
SELECT uuid_send(transaction_id), extract(epoch FROM {committed})::float8
FROM scored_transactions JOIN slices USING (slice_id) WHERE log_time >= to_timestamp(%s) - interval '5 s'
"""
NOTIFIED = """
SELECT uuid_send(transaction_id), extract(epoch FROM min(received_at))::float8
FROM notifications JOIN alerts USING (alert_id) GROUP BY 1
"""


@dataclass(frozen=True)
class Latency:
    """At a rate (payments a second): milliseconds from when a payment was due to its commit, and to its notification.

    A notification has passed relay, function, SNS, SQS and the subscriber, so that the function was invoked before.
    `busiest` is how many alerts the payments of one second raised at the most: they wait for one another.
    """

    rate: float
    payments: int
    alerts: int
    p50: float
    p99: float
    alert_p50: float
    alert_p99: float
    busiest: int = 0

    def __str__(self) -> str:
        """As a person reads it."""
        scored = (
            f"{self.rate:>8,.0f} a second: committed after p50 {self.p50:,.0f} ms, p99 {self.p99:,.0f} ms "
            f"({self.payments:,} payments)"
        )
        if not self.alerts:
            return scored
        return (
            f"{scored}; notified after p50 {self.alert_p50:,.0f} ms, p99 {self.alert_p99:,.0f} ms "
            f"({self.alerts:,} alerts, {self.busiest:,} of them in one second)"
        )

    def to_json(self) -> dict[str, float | None]:
        """Whole milliseconds by name; of alerts `None` where none were waited for."""
        return {
            "p50": round(self.p50),
            "p99": round(self.p99),
            "alert_p50": round(self.alert_p50) if self.alerts else None,
            "alert_p99": round(self.alert_p99) if self.alerts else None,
            "alerts_in_busiest_second": self.busiest if self.alerts else None,
        }


def measure_latency(
    now: float, rates: Sequence[float], seconds: float, settings: Mapping[str, str] | None = None
) -> list[Latency]:
    """Train, start everything, and send at one rate after the other."""
    with opened_stand(city_for(needed(rates, seconds), now=now)) as stand:
        print(stand.train())
        return latencies(stand, rates, seconds, settings=settings)


def needed(rates: Sequence[float], seconds: float) -> int:
    """Payments that will be sent."""
    return int(sum(rates) * seconds + min(rates) * WARM_UP) + 1


def latencies(
    stand: Stand,
    rates: Sequence[float],
    seconds: float,
    *,
    begin: int = 0,
    settings: Mapping[str, str] | None = None,
) -> list[Latency]:
    """Start scorer and services where a model is at work, and send at one rate after the other, in ascending order.

    Args:
        stand: where; nothing of it runs yet but the servers.
        rates: payments a second.
        seconds: at each rate.
        begin: how many of the city's payments stand in the log already.
        settings: of the scorer, where it is not to have its defaults.
    """
    scorer = stand.start_scorer(**(settings or {}))
    services = apps.services(stand.environments)
    for command in services:
        stand.stack.supervisor.start(command)
    stand.wait_until_ready(scorer)
    _let_alerts_go(stand)
    stream = islice(stand.city.outgoing(), begin, None)
    send(stand, stream, rate=min(rates), seconds=WARM_UP)
    found = []
    for rate in sorted(rates):
        if rate > MOST_ALERTS:
            for command in services:
                stand.stack.supervisor.stop_process(command.name)
        ready = iter(list(islice(stream, int(rate * seconds) + 1)))
        measured = latency_of(stand, rate, send(stand, ready, rate=rate, seconds=seconds))
        print(measured, flush=True)
        found.append(measured)
    return found


def _let_alerts_go(stand: Stand) -> None:
    """Wait until what earlier payments have raised is on its way: new alerts would stand behind it.

    Raises:
        TimeoutError: it takes too long.
    """
    deadline = time.monotonic() + LONGEST_QUEUE
    while left := _asked(stand, WAITING, None):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(left):,} alerts of earlier payments wait after {LONGEST_QUEUE:.0f} s")
        time.sleep(1.0)


def latency_of(stand: Stand, rate: float, sent: Sent, *, alerts: bool = True) -> Latency:
    """Wait until everything sent is committed, and with `alerts` notified, and say how long each took.

    Raises:
        TimeoutError: it takes too long.
    """
    time.sleep(IN_PEACE)
    due = sent.due()
    committed = _awaited(stand, COMMITTED, due, sent.begun, wanted=len(due))
    alerted = alerts and rate <= MOST_ALERTS
    notified = _awaited(stand, NOTIFIED, due, None, wanted=_alerts(stand, due)) if alerted else {}
    scores = np.array([moment - due[id_] for id_, moment in committed.items()]) * 1e3
    told = np.array([moment - due[id_] for id_, moment in notified.items()] or [np.nan]) * 1e3
    p50, p99 = np.quantile(scores, [0.5, 0.99]).tolist()
    alert_p50, alert_p99 = np.quantile(told, [0.5, 0.99]).tolist()
    busiest = _busiest([due[id_] for id_ in notified])
    return Latency(rate, len(scores), len(notified), p50, p99, alert_p50, alert_p99, busiest)


def _busiest(moments: Sequence[float]) -> int:
    """How many of some moments lie in one second, at the most."""
    return max(Counter(int(moment) for moment in moments).values(), default=0)


def _awaited(
    stand: Stand, question: str, due: Mapping[bytes, float], since: float | None, *, wanted: int
) -> dict[bytes, float]:
    """The moments of so many of the payments, as soon as they are there.

    Raises:
        TimeoutError: they are not.
    """
    deadline = time.monotonic() + PATIENCE
    while True:
        found = {id_: moment for id_, moment in _asked(stand, question, since) if id_ in due}
        if len(found) >= wanted:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"only {len(found):,} of {wanted:,} arrived within {PATIENCE:.0f} s")
        time.sleep(1.0)


def _alerts(stand: Stand, due: Mapping[bytes, float]) -> int:
    alerted = _asked(stand, "SELECT uuid_send(transaction_id), 0::float8 FROM alerts", None)
    return sum(id_ in due for id_, _ in alerted)


def _asked(stand: Stand, question: str, since: float | None) -> list[tuple[bytes, float]]:
    opened = contextlib.closing(connect(stand.url(Role.READER), application="fraudstream benchmark"))
    with opened as connection, connection, connection.cursor() as cursor:
        values = None if since is None else (since,)
        cursor.execute(question.format(committed=commit_time(connection)), values)
        return [(bytes(id_), moment) for id_, moment in cursor.fetchall()]
