"""confluent-kafka by hand, one message at a time, as its guide shows; rows are stored a thousand at a time."""

from confluent_kafka import Consumer

from benchmarks.peers.given import OneCustomer, Row, Table, given, rows_of
from fraudstream.features.events import Floats

ROWS = 1_000


def main() -> None:
    """Poll, score, store and commit until the log is at its end."""
    consumer = Consumer(
        {
            "bootstrap.servers": given().bootstrap_servers,
            "group.id": "loop-per-message",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 50,
        }
    )
    consumer.subscribe([given().topic])
    engine, table, done = OneCustomer(), Table(), 0
    states = dict[bytes, Floats]()
    rows: list[Row] = []
    while done < given().payments:
        message = consumer.poll(1.0)
        if message is not None and message.error() is None:
            key = message.key()
            if key not in states:
                states[key] = engine.first_state(int(key))
            columns, features = engine.features([message.value()], states[key])
            rows += rows_of(columns, features, engine.score(features))
        if rows and (message is None or len(rows) >= ROWS):
            table.write(rows)
            consumer.commit(asynchronous=False)
            done += len(rows)
            rows = []


if __name__ == "__main__":
    main()
