"""`RecordProducer` on a broker."""

import contextlib
import time
from collections.abc import Iterator

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from fraudstream.adapters.kafka.connection import Refusals
from fraudstream.contracts.topics import MAX_MESSAGE_BYTES
from fraudstream.errors import MalformedEvent, TemporarilyUnavailable
from fraudstream.ports.records import Delivery, OnDelivery
from fraudstream.settings import KafkaSettings

DELIVERY_TIMEOUT_MS = 120_000
"""Milliseconds after which an unacknowledged record is reported as failed."""
LOOK_EVERY = 0.5
"""Seconds between two looks at whether the broker refuses us, while records are waited for."""
QUEUE_FULL_WAIT = 0.1
"""Seconds to serve callbacks for, each time the local queue is full."""


class KafkaProducer:
    """`RecordProducer` with idempotence and `acks=all`."""

    def __init__(self, settings: KafkaSettings, *, linger_ms: float = 5.0) -> None:
        self._refusals = Refusals(settings, "writing records")
        self._producer = self._refusals.client(
            Producer,
            {
                "enable.idempotence": True,
                "acks": "all",
                "linger.ms": linger_ms,
                "compression.type": "lz4",
                "message.max.bytes": MAX_MESSAGE_BYTES,
                "delivery.timeout.ms": DELIVERY_TIMEOUT_MS,
                "queue.buffering.max.messages": 100_000,
            },
        )

    def send(self, topic: str, *, key: bytes | None, value: bytes, on_delivery: OnDelivery | None = None) -> None:
        """See `RecordProducer.send`."""

        def delivered(error: KafkaError | None, message: Message) -> None:
            if error is None:
                self._refusals.passed()
            else:
                self._refusals.keep(self._refusals.forbidden(f"to write to topic {topic}", error))
            if on_delivery is not None:
                on_delivery(_delivery(error, message))

        while True:
            try:
                self._producer.produce(topic, value, key, on_delivery=delivered)
            except BufferError:
                self._producer.poll(QUEUE_FULL_WAIT)
                self._refusals.check()
            except KafkaException as error:
                self._refused(error.args[0], Delivery(topic, key, -1, -1, error.args[0].str()), on_delivery)
                return
            else:
                return

    def _refused(self, error: KafkaError, delivery: Delivery, on_delivery: OnDelivery | None) -> None:
        if on_delivery is not None:
            on_delivery(delivery)
        elif error.code() == KafkaError.MSG_SIZE_TOO_LARGE:
            raise MalformedEvent("too_large", f"a record for {delivery.topic} is over {MAX_MESSAGE_BYTES} bytes")
        else:
            raise TemporarilyUnavailable(f"{delivery.topic}: {error.str()}")

    def poll(self) -> None:
        """See `RecordProducer.poll`."""
        with self._fatal_told():
            self._producer.poll(0)
        self._refusals.check()

    def flush(self, timeout: float) -> int:
        """See `RecordProducer.flush`."""
        deadline = time.monotonic() + timeout
        with self._fatal_told():
            while (waiting := int(self._producer.flush(min(timeout, LOOK_EVERY)))) and time.monotonic() < deadline:
                self._refusals.check()
        return waiting

    @contextlib.contextmanager
    def _fatal_told(self) -> Iterator[None]:
        """Whoever may write to no topic at all gets no producer id: librdkafka gives up, in the midst of a callback."""
        try:
            yield
        except (KafkaException, SystemError) as error:
            fatal = error if isinstance(error, KafkaException) else error.__cause__
            if not isinstance(fatal, KafkaException):  # sometimes the reason is lost on the way
                self._refusals.check()
                raise TemporarilyUnavailable("the producer gave up: may this principal write to any topic?") from error
            said = fatal.args[0]
            told = self._refusals.forbidden("to write to any topic", said)
            raise told or TemporarilyUnavailable(f"the producer gave up: {said.str()}") from error


def _delivery(error: KafkaError | None, message: Message) -> Delivery:
    failed = error is not None
    offset = None if failed else message.offset()  # None: sent again, and the broker had it already
    return Delivery(
        topic=message.topic(),
        key=message.key(),
        partition=-1 if failed else message.partition(),
        offset=-1 if offset is None else offset,
        error=error.str() if error is not None else None,
    )
