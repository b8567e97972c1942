"""Kafka, through librdkafka: the only package that imports confluent_kafka."""

from fraudstream.adapters.kafka.admin import KafkaAdmin
from fraudstream.adapters.kafka.connection import connection_options
from fraudstream.adapters.kafka.consumer import KafkaConsumer
from fraudstream.adapters.kafka.producer import KafkaProducer
from fraudstream.adapters.kafka.security import java_options

__all__ = ["KafkaAdmin", "KafkaConsumer", "KafkaProducer", "connection_options", "java_options"]
