"""The topics, each named here and nowhere else."""

from dataclasses import dataclass

TRANSACTIONS = "transaction-events"
LABELS = "transaction-labels"
QUARANTINE = "transaction-quarantine"
ALERTS = "fraud-alerts"
FAILED_ALERTS = "fraud-alerts-failed"

MAX_MESSAGE_BYTES = 1_000_000
"""The largest record the topics take, in bytes; librdkafka's own default for `message.max.bytes`."""


@dataclass(frozen=True)
class TopicSpec:
    """How one topic is created. `partitions` is `None` where the deployment chooses the count."""

    name: str
    key: str
    partitions: int | None = None


TOPICS = (
    TopicSpec(TRANSACTIONS, key="user_id"),
    TopicSpec(LABELS, key="user_id", partitions=1),
    TopicSpec(QUARANTINE, key="topic/partition/offset", partitions=1),
    TopicSpec(ALERTS, key="user_id", partitions=1),
    TopicSpec(FAILED_ALERTS, key="user_id", partitions=1),
)
