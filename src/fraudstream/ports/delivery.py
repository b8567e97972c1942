"""Ports of the way an alert leaves the house: outbox, function, notifying topic, and the queue that hears of it.

They stand apart from `ports` because the alert function loads them, and it must start within a second.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from fraudstream.contracts.decision import Reason
from fraudstream.errors import FraudstreamError, MalformedEvent

LONGEST_SUBJECT = 100
"""Characters SNS allows in a subject."""
MOST_AT_ONCE = 10
"""Notifications that one call may publish; SNS takes no more."""


@dataclass(frozen=True)
class FunctionAnswer:
    """What an invocation came back with.

    `payload` is JSON. `error` is set where the function raised, ran out of time or died; the payload then is AWS's
    error document (`errorType`, `errorMessage`).
    """

    payload: bytes
    error: str | None = None


class FunctionInvoker(Protocol):
    """Runs one function, one invocation at a time."""

    def invoke(self, event: bytes) -> FunctionAnswer:
        """Hand over one event (JSON) and wait for the answer, little longer than the function's timeout.

        Whatever happens to the function is an answer with `error`, never an exception. Exceptions say that nobody
        answered for the function; it may have run all the same.

        Raises:
            TemporarilyUnavailable: what runs the function cannot be reached, or takes no invocation at the moment.
            ConfigurationError: there is no such function, or we may not invoke it.
        """
        ...

    def close(self) -> None:
        """Let go of what the invoker holds."""
        ...


@dataclass(frozen=True)
class Notification:
    """One message to the subscribers.

    `subject` is 1 to `LONGEST_SUBJECT` printable ASCII characters; `text` is for people, `document` (JSON) for
    machines; `attributes` are what subscriptions filter on.

    Raises:
        MalformedEvent: the subject is none; SNS would refuse it.
    """

    subject: str
    text: str
    document: str
    attributes: Mapping[str, str | float]

    def __post_init__(self) -> None:
        """Check here what not every emulator checks."""
        if not (0 < len(self.subject) <= LONGEST_SUBJECT and self.subject.isascii() and self.subject.isprintable()):
            raise MalformedEvent(
                "refused", f"{self.subject!r} is not 1 to {LONGEST_SUBJECT} printable ASCII characters"
            )


class Notifier(Protocol):
    """Publishes to everyone who subscribed."""

    def publish(self, notification: Notification) -> str:
        """Publish and return the service's message id; calling again publishes again.

        Raises:
            TemporarilyUnavailable: the service did not take it; the next try may succeed.
            ConfigurationError: the topic does not exist, or we may not publish to it.
            MalformedEvent: the service refuses this message.
        """
        ...


class BatchNotifier(Protocol):
    """Publishes several notifications with one call."""

    def publish_all(self, notifications: Sequence[Notification]) -> Sequence[str | FraudstreamError]:
        """Publish up to `MOST_AT_ONCE`; calling again publishes again.

        Returns:
            For each its message id, or what the service said against it alone: one of the errors below.

        Raises:
            TemporarilyUnavailable: the service did not take them; the next try may succeed.
            ConfigurationError: the topic does not exist, or we may not publish to it.
            MalformedEvent: the service refuses them together; each alone it may take.
        """
        ...


class DeliveryBook(Protocol):
    """What became of each alert on each channel; one line for an alert and a channel.

    Every method raises `TemporarilyUnavailable` if the store does not answer.
    """

    def is_settled(self, alert_id: uuid.UUID, channel: str) -> bool:
        """Whether it was delivered there, so that it must not be again."""
        ...

    def trying(self, alert_id: uuid.UUID, channel: str) -> int:
        """Write down that it is tried now; returns how often that was, this time included."""
        ...

    def delivered(self, alert_id: uuid.UUID, channel: str, message_id: str) -> None:
        """Write down that it got there, for good."""
        ...

    def failed(self, alert_id: uuid.UUID, channel: str, error: str) -> None:
        """Write down why the last try did not; one that got there stays so."""
        ...


@dataclass(frozen=True)
class ChannelDelivery:
    """What became of one alert on one channel; without `delivered_at` it has not got there."""

    channel: str
    attempts: int
    tried_at: dt.datetime | None
    delivered_at: dt.datetime | None
    message_id: str | None
    error: str | None


@dataclass(frozen=True)
class QueuedMessage:
    """One message as a subscriber's queue hands it out; `receipt` is what `delete` wants."""

    message_id: str
    receipt: str
    body: str


class MessageQueue(Protocol):
    """A subscriber's queue: what is received and not deleted comes again."""

    def receive(self, most: int, wait: float) -> Sequence[QueuedMessage]:
        """Up to `most` (1 to 10) messages, as soon as there is one; empty after `wait` seconds.

        Raises:
            TemporarilyUnavailable: the queue did not answer.
            ConfigurationError: there is no such queue, or we may not read it.
        """
        ...

    def delete(self, messages: Sequence[QueuedMessage]) -> None:
        """Forget messages for good.

        Raises:
            TemporarilyUnavailable: not all of them were deleted; the rest will come again.
        """
        ...


@dataclass(frozen=True)
class OutboxRow:
    """A message whose fact is committed and which has still to be published.

    `released`: an alert that a person let go; it costs nothing. `held`: an alert beyond the budget; it must not be
    published now.
    """

    outbox_id: int
    topic: str
    key: bytes
    value: bytes
    released: bool = False
    held: bool = False


@dataclass(frozen=True)
class AlertBudget:
    """At most `most` alerts are published in the window that began at `window` (seconds since 1970 UTC)."""

    window: float
    most: int


class Outbox(Protocol):
    """Messages waiting to be published. Of several callers one at a time gets rows; the others stand by."""

    def claim(self, most: int, budget: AlertBudget | None = None) -> Sequence[OutboxRow]:
        """Up to `most` unsent rows whose time has come, in the order in which they must be published.

        They are locked for the caller until `settle`; whoever dies before leaves them as they were. Alerts beyond the
        budget come once, marked `held`, and don't come again before there is a budget for them, oldest first, or a
        person lets them go. Without a budget nothing is held, and what was held comes again.

        Raises:
            TemporarilyUnavailable: the store did not answer.
        """
        ...

    def settle(self, sent: Sequence[int]) -> None:
        """Mark these of the claimed rows as sent for good, charge the budget, and let go of the others.

        What was claimed as held is held from now on.

        Raises:
            TemporarilyUnavailable: the store did not answer; the rows may come again.
        """
        ...

    def wait(self, timeout: float) -> None:
        """Return when rows may be there to claim, or after `timeout` seconds."""
        ...


@dataclass(frozen=True)
class Unsent:
    """Messages that are due and not published, how many seconds the oldest has been due, and alerts held back."""

    due: int
    oldest: float
    held: int


class OutboxBacklog(Protocol):
    """Somebody who counts what waits in an outbox, and changes nothing."""

    def unsent(self) -> Unsent:
        """What waits now; what is not due yet does not count.

        Raises:
            TemporarilyUnavailable: the store did not answer.
        """
        ...


class NotificationLog(Protocol):
    """What reached the subscriber."""

    def record(self, arrived: Mapping[str, uuid.UUID]) -> None:
        """Remember alert ids by message id; a message id that is known stays as it is.

        Raises:
            TemporarilyUnavailable: the store did not answer; nothing was recorded.
        """
        ...


@dataclass(frozen=True)
class StoredAlert:
    """One row of the alerts table; `notified` says that a message about it reached the subscriber."""

    alert_id: uuid.UUID
    transaction_id: uuid.UUID
    user_id: int
    amount: float
    event_time: dt.datetime
    score: float
    threshold: float
    reasons: tuple[Reason, ...]
    model_version: str
    status: str
    created_at: dt.datetime
    notified: bool


class AlertFeed(Protocol):
    """Stored alerts, oldest first."""

    def latest(self, most: int) -> Sequence[StoredAlert]:
        """The newest alerts.

        Raises:
            TemporarilyUnavailable: the store did not answer.
        """
        ...

    def created_since(self, moment: dt.datetime) -> Sequence[StoredAlert]:
        """Alerts that bear this time of creation or a later one.

        A commit shows its alerts a little after the time they bear: ask for an overlap.

        Raises:
            TemporarilyUnavailable: the store did not answer.
        """
        ...
