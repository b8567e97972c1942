"""Sending at an even rate, whatever becomes of what was sent before: nobody's slowness makes the load lighter."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.stand import Stand
from fraudstream.adapters.kafka import KafkaProducer
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.producer.outgoing import Outgoing

TICK = 0.002
"""Seconds between two moments at which what is due is sent."""
FLUSH_TIMEOUT = 60.0


@dataclass(frozen=True)
class Sent:
    """When sending began (seconds since 1970), how far apart payments were due, and their ids in that order."""

    begun: float
    apart: float
    ids: list[bytes]

    def due(self) -> dict[bytes, float]:
        """When each payment should have been sent, by its id: latencies count from then, not from when it was."""
        return {id_: self.begun + number * self.apart for number, id_ in enumerate(self.ids)}


def send(stand: Stand, stream: Iterator[Outgoing], *, rate: float, seconds: float) -> Sent:
    """Send payments at `rate` a second for so many seconds; everything is acknowledged when it returns.

    Raises:
        TimeoutError: the broker did not take everything.
    """
    producer = KafkaProducer(stand.kafka)
    begun, wall = time.monotonic(), time.time()
    ids: list[bytes] = []
    while (passed := time.monotonic() - begun) < seconds:
        for _ in range(int(passed * rate) - len(ids)):
            payment = next(stream)
            producer.send(TRANSACTIONS, key=payment.key, value=payment.value)
            ids.append(bytes.fromhex((payment.transaction_id or "").replace("-", "")))
        producer.poll()
        time.sleep(TICK)
    left = producer.flush(FLUSH_TIMEOUT)
    if left:
        raise TimeoutError(f"the broker has not taken {left} payments after {FLUSH_TIMEOUT:.0f} s")
    return Sent(wall, 1 / rate, ids)
