"""Ports of the way an alert leaves the house: a function that is invoked, a topic that notifies, a queue that hears.

They stand apart from `ports` because the alert function loads them, and it must start within a second.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


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
        """Hand over one event (JSON) and wait for the answer, at most as long as the function's timeout.

        Whatever happens to the function is an answer with `error`, never an exception.
        """
        ...

    def close(self) -> None:
        """Let go of what the invoker holds."""
        ...


@dataclass(frozen=True)
class Notification:
    """One message to the subscribers.

    `subject` is ASCII, at most 100 characters, without line breaks; `text` is for people, `document` (JSON) for
    machines; `attributes` are what subscriptions filter on.
    """

    subject: str
    text: str
    document: str
    attributes: Mapping[str, str | float]


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
