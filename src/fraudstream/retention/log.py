"""What retention asks a broker."""

import datetime as dt
from typing import Protocol

from fraudstream.ports.records import TopicPartitions


class KeptLog(Protocol):
    """A log that forgets."""

    def describe(self, topic: str) -> TopicPartitions:
        """See `TopicAdmin.describe`."""
        ...

    def kept(self, topic: str) -> dt.timedelta | None:
        """How long its records are kept; `None` where none goes by its age."""
        ...
