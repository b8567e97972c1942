"""Sending payments as their producer does: written into a journal first, so that verification knows them."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from fraudstream.clock import Clock
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.records import Delivery, OnDelivery, RecordProducer
from fraudstream.producer.journal import Journal
from fraudstream.producer.lines import outgoing_line
from fraudstream.producer.sending import Sender
from fraudstream.rework.sending import FLUSH_TIMEOUT


@dataclass
class _Witness:
    """Passes records on and keeps what the broker said of them."""

    producer: RecordProducer
    deliveries: list[Delivery] = field(default_factory=list)

    def send(self, topic: str, *, key: bytes | None, value: bytes, on_delivery: OnDelivery | None = None) -> None:
        """See `RecordProducer.send`."""

        def delivered(delivery: Delivery) -> None:
            self.deliveries.append(delivery)
            if on_delivery is not None:
                on_delivery(delivery)

        self.producer.send(topic, key=key, value=value, on_delivery=delivered)

    def poll(self) -> None:
        """See `RecordProducer.poll`."""
        self.producer.poll()

    def flush(self, timeout: float) -> int:
        """See `RecordProducer.flush`."""
        return self.producer.flush(timeout)


class JournalledSending:
    """`Sending` through the producer's own code, one record at a time; the journal is begun with the first.

    `logs` are the ids of the topics that records may go to, by their names.
    """

    def __init__(self, producer: RecordProducer, folder: Path, clock: Clock, logs: Mapping[str, str]) -> None:
        self._producer = producer
        self._folder = folder
        self._clock = clock
        self._logs = logs
        self._journal: Journal | None = None

    def __call__(self, topic: str, key: bytes | None, value: bytes) -> Delivery:
        """See `Sending`; a record that names its customer is keyed by them, whatever `key` is."""
        if self._journal is None:
            self._journal = Journal(self._folder, started_at=self._clock.now(), pid=os.getpid(), logs=self._logs)
        witness = _Witness(self._producer)
        sender = Sender(witness, self._journal, self._clock)
        line = outgoing_line(value, self._clock)
        sender.send([msgspec.structs.replace(line, topic=topic, key=line.key or key)])
        sender.finish(FLUSH_TIMEOUT)
        if not witness.deliveries:
            raise TemporarilyUnavailable(f"{topic}: the broker did not answer; the record may be in the log or not")
        return witness.deliveries[0]

    def close(self) -> None:
        """Close the journal."""
        if self._journal is not None:
            self._journal.__exit__(None, None, None)
