"""What must exist before the apps start: tables and topics."""

from collections.abc import Iterator

from fraudstream.adapters.database.migrate import upgrade
from fraudstream.adapters.database.roles import grant_privileges
from fraudstream.adapters.kafka import KafkaAdmin
from fraudstream.contracts.topics import TOPICS
from fraudstream.settings import DatabaseSettings, KafkaSettings


def provision() -> Iterator[str]:
    """Upgrade the database and create the missing topics of the environment; yields a line for each step done."""
    url = DatabaseSettings.load().database_url.get_secret_value()
    upgrade(url)
    grant_privileges(url)
    yield "database: at the newest migration"
    kafka = KafkaSettings.load()
    partitions = {spec.name: spec.partitions or kafka.transaction_partitions for spec in TOPICS}
    KafkaAdmin(kafka).ensure_topics(partitions, kafka.kafka_replication_factor)
    yield "topics: " + ", ".join(f"{name} ({count})" for name, count in partitions.items())
