"""Sending at an even rate, whatever becomes of what was sent before: nobody's slowness makes the load lighter."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from confluent_kafka import Producer

from benchmarks.stand import Stand
from fraudstream.adapters.kafka.connection import connection_options
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.producer.outgoing import Outgoing

TICK = 0.005
"""Seconds between two moments at which what is due is sent: it waits half of it on average, which counts."""
FLUSH_TIMEOUT = 60.0
CLIENT = {
    "enable.idempotence": True,
    "linger.ms": 5,
    "compression.type": "lz4",
    "queue.buffering.max.messages": 1_000_000,
}
"""As our producer's, but that nothing is called back for each payment: whoever sends stands on the same cores."""


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
    producer = Producer(connection_options(stand.kafka) | CLIENT)
    begun, wall = time.monotonic(), time.time()
    sent: list[Outgoing] = []
    while (passed := time.monotonic() - begun) < seconds:
        due = list(islice(stream, int(passed * rate) - len(sent)))
        taken = producer.produce_batch(TRANSACTIONS, [{"key": one.key, "value": one.value} for one in due])
        if taken < len(due):
            raise TimeoutError(f"the broker has not taken what was sent before: {len(sent):,} payments")
        sent += due
        producer.poll(0)
        time.sleep(TICK)
    left = producer.flush(FLUSH_TIMEOUT)
    if left:
        raise TimeoutError(f"the broker has not taken {left} payments after {FLUSH_TIMEOUT:.0f} s")
    ids = [bytes.fromhex((one.transaction_id or "").replace("-", "")) for one in sent]
    return Sent(wall, 1 / rate, ids)
