"""Publishes what was committed to the outbox: at least once, in order for each key, never anything else.

A crash between publishing and marking repeats the same bytes under the same key; readers know repeats by their ids.
"""

from collections.abc import Callable, Sequence

import structlog

from fraudstream.alerting.breaker import Breaker
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.delivery import Outbox, OutboxRow
from fraudstream.ports.records import Delivery, RecordProducer

BATCH = 500
"""Rows claimed at a time: what a crash repeats at the most."""
FLUSH_STEP = 0.5
"""Seconds between two looks at whether the process shall stop, while acknowledgements are awaited."""

log = structlog.get_logger()


class Relay:
    """Moves rows from an outbox to their topics; with a breaker, only so many alerts an hour."""

    def __init__(
        self,
        outbox: Outbox,
        producer: RecordProducer,
        *,
        batch: int = BATCH,
        breaker: Breaker | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self._outbox = outbox
        self._producer = producer
        self._batch = batch
        self._breaker = breaker
        self._stopping = stopping

    def run_once(self, timeout: float) -> int:
        """Publish what is due; where there is nothing, wait up to `timeout` seconds for something.

        Returns:
            How many rows were published and marked; those that are held back don't count.

        Raises:
            TemporarilyUnavailable: the outbox did not answer, or records were not acknowledged; those stay unsent.
        """
        rows = self._claim()
        if not rows:
            self._outbox.wait(timeout)
            return 0
        going = [row for row in rows if not row.held]
        refusals = list[str]()
        sent = self._publish(going, refusals)
        self._outbox.settle(sent)
        if refusals:
            raise TemporarilyUnavailable(
                f"{len(refusals)} of {len(going)} records were not acknowledged, the first because: {refusals[0]}"
            )
        return len(sent)

    def _claim(self) -> Sequence[OutboxRow]:
        if self._breaker is None:
            return self._outbox.claim(self._batch)
        budget = self._breaker.budget()
        rows = self._outbox.claim(self._batch, budget)
        self._breaker.note(rows, budget)
        return rows

    def _publish(self, rows: Sequence[OutboxRow], refusals: list[str]) -> list[int]:
        """Send all rows and wait for their fate; returns the ids of those the broker acknowledged."""
        sent = list[int]()
        for row in rows:
            self._producer.send(
                row.topic, key=row.key, value=row.value, on_delivery=_reporter(row.outbox_id, sent, refusals)
            )
        while self._producer.flush(FLUSH_STEP) and not self._stopping():
            pass
        log.debug("published", rows=len(rows), acknowledged=len(sent))
        return sent


def _reporter(outbox_id: int, sent: list[int], refusals: list[str]) -> Callable[[Delivery], None]:
    def report(delivery: Delivery) -> None:
        if delivery.error is None:
            sent.append(outbox_id)
        else:
            refusals.append(f"{delivery.topic}: {delivery.error}")

    return report
