"""The topics of the broker that the environment names."""

from stamina.instrumentation import set_on_retry_hooks

from fraudstream.adapters.kafka import KafkaAdmin
from fraudstream.contracts.topics import TOPICS
from fraudstream.settings import KafkaSettings


def provision_topics() -> str:
    """Create the missing topics; returns a line about all of them.

    Raises:
        ConfigurationError: a setting is missing.
        TemporarilyUnavailable: the broker did not answer.
    """
    set_on_retry_hooks([])  # a new partition has no leader for a moment: nothing that anybody needs to know
    kafka = KafkaSettings.load()
    partitions = {spec.name: spec.partitions or kafka.transaction_partitions for spec in TOPICS}
    KafkaAdmin(kafka).ensure_topics(partitions, kafka.kafka_replication_factor)
    return "topics: " + ", ".join(f"{name} ({count})" for name, count in partitions.items())
