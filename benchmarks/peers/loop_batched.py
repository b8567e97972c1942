"""confluent-kafka by hand, in batches, state in memory: no engine, nothing survives a crash. The ceiling."""

from itertools import count

from confluent_kafka import Consumer

from benchmarks.peers.given import Everybody, Table, given, rows_of

BATCH = 10_000


def main() -> None:
    """Consume, score, store and commit until the log is at its end."""
    consumer = Consumer(
        {
            "bootstrap.servers": given().bootstrap_servers,
            "group.id": "loop",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 50,
            "queued.max.messages.kbytes": 131_072,
        }
    )
    consumer.subscribe([given().topic])
    engine, table, done = Everybody(), Table(), 0
    for _ in count():
        messages = [message for message in consumer.consume(BATCH, 0.2) if message.error() is None]
        if messages:
            table.write(rows_of(*engine.score([message.value() for message in messages])))
            consumer.commit(asynchronous=False)
            done += len(messages)
        if done >= given().payments:
            return


if __name__ == "__main__":
    main()
