"""Port of the memory that keeps an alert from being published twice; the alert function loads it."""

import uuid
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Protocol

from fraudstream.errors import FraudstreamError

REMEMBERED_SECONDS = 14 * 24 * 3_600
"""How long an alert id is remembered: twice the week that Kafka keeps a record, so that no replay is news."""


class AlertInProgress(FraudstreamError):  # noqa: N818 - a state of things
    """Another invocation is publishing this alert, or died of it, which the time it was given will tell."""


class SentAlerts(Protocol):
    """Remembers for `REMEMBERED_SECONDS` which alerts were published, and for a moment which are about to be.

    Every method raises `TemporarilyUnavailable` if the memory does not answer, and `ConfigurationError` if there is
    none or we may not use it.
    """

    def claim(self, alert_id: uuid.UUID, seconds: float) -> str | None:
        """Write down that an alert is being published, which nobody else may try for so many seconds.

        Returns:
            None if it is the caller's now, else the message id under which it was published.

        Raises:
            AlertInProgress: somebody has claimed it, and their seconds are not over.
        """
        ...

    def settle(self, published: Mapping[uuid.UUID, str]) -> None:
        """Remember claimed alerts as published, each under its message id."""
        ...

    def release(self, alert_ids: AbstractSet[uuid.UUID]) -> None:
        """Give claimed alerts back that were not published."""
        ...
