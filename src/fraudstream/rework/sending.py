"""Sending a record again: first into the book, then to the broker, then what the broker said into the book.

A process that dies on the way leaves a replay whose fate is unknown. Trying again is safe: both readers know what they
have seen by its id.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fraudstream.errors import ImpossibleRequest, TemporarilyUnavailable
from fraudstream.ports.cases import RecordPlace
from fraudstream.ports.records import Delivery, RecordProducer, TopicAdmin
from fraudstream.ports.replays import MOST_ATTEMPTS, Replay, ReplayBook, ReplayRequest
from fraudstream.rework.places import written

FLUSH_TIMEOUT = 130.0
"""Seconds until a record must be acknowledged; a little more than the client itself tries to deliver it."""
HASH_BYTES = 16
"""Of the digest of the bytes sent, as in the producers' journals."""


@dataclass(frozen=True)
class Order:
    """Who wants a record sent again and why; `anyway` even where it will come back for the same reason."""

    author: str
    reason: str
    anyway: bool = False


class Sending(Protocol):
    """Hands one record to the broker and waits for what it says."""

    def __call__(self, topic: str, key: bytes | None, value: bytes) -> Delivery:
        """Send one record.

        Raises:
            TemporarilyUnavailable: the broker said nothing; the record may be in the log or not.
        """
        ...


@dataclass(frozen=True)
class PlainSending:
    """Sends without a journal."""

    producer: RecordProducer

    def __call__(self, topic: str, key: bytes | None, value: bytes) -> Delivery:
        """See `Sending`."""
        reports: list[Delivery] = []
        self.producer.send(topic, key=key, value=value, on_delivery=reports.append)
        self.producer.flush(FLUSH_TIMEOUT)
        if not reports:
            raise TemporarilyUnavailable(f"{topic}: the broker did not answer; the record may be in the log or not")
        return reports[0]


@dataclass(frozen=True)
class Resender:
    """Sends records again, each at most `most` times."""

    book: ReplayBook
    log: TopicAdmin
    sending: Sending
    most: int = MOST_ATTEMPTS

    def check(self, replays: Sequence[Replay]) -> None:
        """Refuse what was sent again too often.

        Raises:
            ImpossibleRequest: it was.
        """
        if len(replays) >= self.most:
            raise ImpossibleRequest(
                f"it was sent again {len(replays)} times, which is the most; mend it where it comes from"
            )

    def send(
        self,
        origin: RecordPlace,
        topic: str,
        key: bytes | None,
        value: bytes,
        order: Order,
        *,
        attempt: int,
        repair: str,
    ) -> RecordPlace:
        """Send one record; returns where it stands now.

        Raises:
            ImpossibleRequest: somebody else sends it at the moment.
            ConfigurationError: there is no such topic, or the book may not be written.
            TemporarilyUnavailable: the broker refused it, or its fate is unknown; the book says which.
        """
        topic_id = self.log.topic_id(topic)
        digest = hashlib.blake2b(value, digest_size=HASH_BYTES).hexdigest()
        replay_id = self.book.begin(ReplayRequest(origin, attempt, order.author, order.reason, repair, digest))
        delivery = self.sending(topic, key, value)
        if delivery.error is not None:
            self.book.settle(replay_id, delivery.error)
            raise TemporarilyUnavailable(f"the broker did not take it: {delivery.error}")
        sent = RecordPlace(topic, topic_id, delivery.partition, delivery.offset)
        try:
            self.book.settle(replay_id, sent)
        except TemporarilyUnavailable as error:
            raise TemporarilyUnavailable(
                f"it is sent and stands at {written(sent)}, but the book does not know it: {error}"
            ) from error
        return sent
