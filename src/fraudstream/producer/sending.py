"""Hands records to the broker and accounts for each: acknowledged, failed, or unknown."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from fraudstream.clock import Clock
from fraudstream.contracts.journal import Outcome
from fraudstream.ports.records import Delivery, RecordProducer
from fraudstream.producer.journal import Journal
from fraudstream.producer.outgoing import Outgoing

FLUSH_STEP = 0.5
"""Seconds between two looks at the clock while the last records are on their way."""


@dataclass(frozen=True)
class Summary:
    """What became of a run's records: `sent` = `acknowledged` + `failed` + `unknown`."""

    sent: int
    acknowledged: int
    failed: int

    @property
    def unknown(self) -> int:
        """Records nobody has heard of again: they may be in the log or not."""
        return self.sent - self.acknowledged - self.failed

    @property
    def exit_status(self) -> int:
        """0 exactly if every record was acknowledged."""
        return 0 if self.acknowledged == self.sent else 1


class Sender:
    """Journals a group of records, then sends it; counts what is reported back."""

    def __init__(self, producer: RecordProducer, journal: Journal, clock: Clock) -> None:
        self._producer = producer
        self._journal = journal
        self._clock = clock
        self._sent = self._acknowledged = self._failed = 0
        self.last_error: str | None = None

    @property
    def summary(self) -> Summary:
        """The account so far."""
        return Summary(self._sent, self._acknowledged, self._failed)

    def send(self, records: Sequence[Outgoing]) -> None:
        """Send records in their order; blocks while the local queue is full."""
        if not records:
            return
        first = self._journal.intend(records)
        self._sent += len(records)
        for sequence, record in enumerate(records, start=first):
            self._producer.send(
                record.topic, key=record.key, value=record.value, on_delivery=partial(self._settle, sequence)
            )
        self._producer.poll()

    def poll(self) -> None:
        """Take what has been reported and write it down, without waiting."""
        self._producer.poll()
        self._journal.write_outcomes()

    def finish(self, timeout: float) -> Summary:
        """Wait for what is still open, at most `timeout` seconds."""
        deadline = self._clock.monotonic() + timeout
        while self._producer.flush(FLUSH_STEP) and self._clock.monotonic() < deadline:
            self._journal.write_outcomes()
        self._journal.write_outcomes()
        return self.summary

    def _settle(self, sequence: int, delivery: Delivery) -> None:
        if delivery.error is None:
            self._acknowledged += 1
            outcome = Outcome(sequence, "acknowledged", delivery.partition, delivery.offset)
        else:
            self._failed += 1
            self.last_error = delivery.error
            outcome = Outcome(sequence, "failed", error=delivery.error)
        self._journal.note(outcome)
