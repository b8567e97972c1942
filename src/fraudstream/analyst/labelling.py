"""What a person says of a payment becomes a label in the log, and is followed until scores see it."""

import datetime as dt
import threading
import uuid
from dataclasses import dataclass, field

from fraudstream.clock import Clock
from fraudstream.contracts.label import Label, PersonalSource, encode_label
from fraudstream.contracts.topics import LABELS
from fraudstream.errors import ImpossibleRequest, TemporarilyUnavailable
from fraudstream.ports.label_desk import KnownPayment, LabelDesk, LabelFate, LabelPlace, StoredLabel
from fraudstream.ports.records import Delivery, RecordProducer, TopicAdmin

ACKNOWLEDGED_WITHIN = 10.0
"""Seconds the broker has to take a label."""
LOOK_EVERY = 0.1
"""Seconds between two looks at what became of a label."""


@dataclass(frozen=True, kw_only=True)
class Word:
    """What somebody says of one payment, named by its own id or by that of the alert it raised.

    `user_id` is needed only for a payment that nobody knows yet. `arrived_at` is when the outcome became known, in
    the stream's own time; by default now, but never before the payment.
    """

    named: uuid.UUID
    is_fraud: bool
    source: PersonalSource = "analyst"
    user_id: int | None = None
    arrived_at: dt.datetime | None = None


@dataclass(frozen=True)
class Said:
    """A label that the broker has taken for good; `before` is the newest word that there was until then.

    `alert_id` is the id it was asked for by, where that was an alert's.
    """

    label: Label
    place: LabelPlace
    payment: KnownPayment | None
    before: StoredLabel | None
    alert_id: uuid.UUID | None = None

    @property
    def contradicts(self) -> bool:
        """Whether the word before was another one."""
        return self.before is not None and self.before.is_fraud != self.label.is_fraud


@dataclass
class Labelling:
    """Says labels, one at a time, and follows them; any thread may ask."""

    desk: LabelDesk
    producer: RecordProducer
    log: TopicAdmin
    clock: Clock
    topic: str = LABELS
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock)

    def say(self, word: Word) -> Said:
        """Append a label to the log.

        Raises:
            ImpossibleRequest: nobody knows the payment and no customer is named, or the word doesn't fit the payment.
            ConfigurationError: there is no log of labels.
            TemporarilyUnavailable: store or broker did not answer; the label may be in the log all the same, and
                saying it again does no harm.
        """
        payment, transaction_id = self._meant(word.named)
        label = Label(
            transaction_id=transaction_id,
            user_id=_customer(word, transaction_id, payment),
            is_fraud=word.is_fraud,
            arrived_at=self._arrival(word, payment),
            source=word.source,
        )
        earlier = self.desk.labels(transaction_id)
        topic_id = self.log.topic_id(self.topic)
        with self._one_at_a_time:
            delivery = self._deliver(label)
        place = LabelPlace(topic_id, delivery.partition, delivery.offset)
        alert_id = None if transaction_id == word.named else word.named
        return Said(label, place, payment, earlier[-1] if earlier else None, alert_id)

    def follow(self, said: Said, *, patience: float) -> LabelFate | None:
        """What became of a label within `patience` seconds.

        A label whose payment was not known waits, and nothing more is to be expected soon; nothing at all is known of
        one that the label applier has not reached, or while the store does not answer.
        """
        deadline = self.clock.monotonic() + patience
        while True:
            fate = self._fate(said.place)
            if fate is not None and (fate.label_seq is not None or fate.refused or said.payment is None):
                return fate
            if self.clock.monotonic() >= deadline:
                return fate
            self.clock.sleep(LOOK_EVERY)

    def _meant(self, named: uuid.UUID) -> tuple[KnownPayment | None, uuid.UUID]:
        """The payment with this id, or the one that raised the alert with this id."""
        payment = self.desk.payment(named)
        alerted = self.desk.alerted(named) if payment is None else None
        return (payment, named) if alerted is None else (self.desk.payment(alerted), alerted)

    def _arrival(self, word: Word, payment: KnownPayment | None) -> dt.datetime:
        if word.arrived_at is not None:
            given = word.arrived_at
            arrived = given.replace(tzinfo=dt.UTC) if given.tzinfo is None else given.astimezone(dt.UTC)
            if payment is not None and arrived < payment.event_time:
                raise ImpossibleRequest(
                    f"the outcome can't have been known at {moment(arrived)}: the payment was made at "
                    f"{moment(payment.event_time)}"
                )
            return arrived
        now = self.desk.stream_time() or dt.datetime.fromtimestamp(self.clock.now(), dt.UTC)
        return now if payment is None else max(now, payment.event_time)

    def _deliver(self, label: Label) -> Delivery:
        fates: list[Delivery] = []
        key = str(label.user_id).encode()
        self.producer.send(self.topic, key=key, value=encode_label(label), on_delivery=fates.append)
        self.producer.flush(ACKNOWLEDGED_WITHIN)
        if not fates:
            raise TemporarilyUnavailable(
                f"the broker did not take the label within {ACKNOWLEDGED_WITHIN:g} seconds; it may still arrive, and "
                "saying it again does no harm"
            )
        if fates[0].error is not None:
            raise TemporarilyUnavailable(f"the broker did not take the label: {fates[0].error}")
        return fates[0]

    def _fate(self, place: LabelPlace) -> LabelFate | None:
        try:
            return self.desk.fate(place)
        except TemporarilyUnavailable:
            return None  # the label is out; that it can't be followed at the moment is no failure of it


def moment(time: dt.datetime) -> str:
    """A time as people read it, in UTC."""
    return f"{time.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S} UTC"


def outcome(*, is_fraud: bool) -> str:
    """The word for an outcome."""
    return "fraud" if is_fraud else "genuine"


def _customer(word: Word, transaction_id: uuid.UUID, payment: KnownPayment | None) -> int:
    if payment is None:
        if word.user_id is None:
            raise ImpossibleRequest(
                f"no payment and no alert {word.named} is known. If it is a payment still to come, name its customer "
                "(--user): the label will wait until it is scored"
            )
        return word.user_id
    if word.user_id not in (None, payment.user_id):
        raise ImpossibleRequest(
            f"payment {transaction_id} is one of customer {payment.user_id}, not of customer {word.user_id}"
        )
    return payment.user_id
