"""Traffic nobody wants: payments sent twice, ids used twice, and what is no payment at all; storms of labels."""

import datetime as dt
import random
import threading
import uuid
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from fraudstream.adapters.database.vitals import newest_payments
from fraudstream.adapters.kafka import KafkaProducer
from fraudstream.clock import Clock
from fraudstream.contracts.label import Label, encode_label
from fraudstream.contracts.topics import LABELS, TRANSACTIONS
from fraudstream.contracts.transaction import Transaction, encode_transaction
from fraudstream.settings import KafkaSettings

FIRST_CUSTOMER = 9_000_001
CUSTOMERS = 20
INTERVAL = 0.5
FLUSH_TIMEOUT = 60.0
NO_PAYMENTS = (b"", b"{", b"null", b"\xff\xfe", b'{"transaction_id": 1}', b'{"amount": NaN}', b"[" * 2_000)


class BadTraffic:
    """Sends a little of everything bad, twice a second, from a thread of its own; a context manager."""

    def __init__(self, settings: KafkaSettings, seed: int, clock: Clock) -> None:
        self._settings, self._clock = settings, clock
        self._draw = random.Random(f"traffic {seed}")  # noqa: S311 - a plan, not a secret
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bad traffic", daemon=True)
        self.sent = 0

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End, with everything delivered or given up."""
        self._over.set()
        self._thread.join(FLUSH_TIMEOUT)

    def _run(self) -> None:
        producer = KafkaProducer(self._settings)
        while not self._over.wait(INTERVAL):
            for key, value in self._records():
                producer.send(TRANSACTIONS, key=key, value=value)
                self.sent += 1
            producer.poll()
        producer.flush(FLUSH_TIMEOUT)

    def _records(self) -> Iterator[tuple[bytes | None, bytes]]:
        user = FIRST_CUSTOMER + self._draw.randrange(CUSTOMERS)
        identifier = uuid.UUID(int=self._draw.getrandbits(128), version=4)
        payment, other = (_payment(identifier, user, amount, self._clock.now()) for amount in (12.5, 13.5))
        key = str(user).encode()
        yield from ((key, value) for value in (payment, payment, other, payment))
        yield key, self._draw.choice(NO_PAYMENTS)
        yield None, self._draw.randbytes(40)


def label_storm(settings: KafkaSettings, database_url: str, labels: int, now: float) -> int:
    """Say of the newest payments, at once, that they were fraud, and then that they were not; returns how many.

    Raises:
        TemporarilyUnavailable: database or broker did not answer.
    """
    payments = newest_payments(database_url, labels // 2)
    producer, moment, sent = KafkaProducer(settings), dt.datetime.fromtimestamp(now, dt.UTC), 0
    for is_fraud in (True, False):
        for identifier, user in payments:
            label = Label(
                transaction_id=identifier,
                user_id=user,
                is_fraud=is_fraud,
                arrived_at=moment,
                source="bank",
            )
            producer.send(LABELS, key=str(user).encode(), value=encode_label(label))
            sent += 1
        producer.poll()
    producer.flush(FLUSH_TIMEOUT)
    return sent


def _payment(identifier: uuid.UUID, user: int, amount: float, now: float) -> bytes:
    payment = Transaction(
        transaction_id=identifier,
        user_id=user,
        amount=amount,
        timestamp=dt.datetime.fromtimestamp(now, dt.UTC) - dt.timedelta(days=1),
        merchant_category="Groceries",
        location="New York",
        payment_method="Credit Card",
    )
    return encode_transaction(payment)
