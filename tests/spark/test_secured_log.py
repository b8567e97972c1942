"""Spark reads a log over TLS, as whoever the settings name."""

import pytest
from pyspark.sql import SparkSession
from tests.servers.secured_broker import PASSWORD, SecuredBroker

from fraudstream.adapters.kafka import KafkaAdmin, KafkaProducer, java_options
from fraudstream.scoring.job import Log
from fraudstream.settings import KafkaSettings

pytestmark = [
    pytest.mark.spark,
    # PySpark leaves the socket that collect() reads from to the garbage collector
    pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]
PATIENCE = 30.0


def test_the_whole_log_is_read(spark: SparkSession, secured_broker: SecuredBroker, topic: str) -> None:
    settings = KafkaSettings.model_validate(
        {
            "kafka_bootstrap_servers": secured_broker.address("SASL_SSL"),
            "kafka_security_protocol": "SASL_SSL",
            "kafka_ssl_ca_file": secured_broker.authority.file,
            "kafka_sasl_mechanism": "SCRAM-SHA-512",
            "kafka_sasl_username": "app",
            "kafka_sasl_password": PASSWORD,
        }
    )
    KafkaAdmin(settings).ensure_topics({topic: 1}, 1)
    producer = KafkaProducer(settings)
    for value in (b"one", b"two"):
        producer.send(topic, key=None, value=value)
    assert producer.flush(PATIENCE) == 0
    log = Log(settings.kafka_bootstrap_servers, topic, "earliest", 10, java_options(settings))

    rows = spark.read.format("kafka").options(**log.source()).load().collect()

    assert [bytes(row.value) for row in rows] == [b"one", b"two"]
