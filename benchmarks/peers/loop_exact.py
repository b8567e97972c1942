"""Our slices without Spark: a process for each partition, confluent-kafka by hand. What it saves is what Spark costs.

It takes our scorer's place: the same log, database, slices, states and commits. Nothing tries a slice again that fails
for good, or shares the partitions out among machines.
"""

import gc
import multiprocessing
import os
import signal
import socket
import sys
from itertools import count
from multiprocessing.connection import wait

import numpy as np
from confluent_kafka import Consumer, TopicPartition

from fraudstream.adapters.database.scorer_runs import ScorerRuns
from fraudstream.adapters.kafka import KafkaAdmin
from fraudstream.adapters.kafka.connection import connection_options
from fraudstream.clock import SystemClock
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.scoring import warm_up
from fraudstream.scoring.parse import LogRecords
from fraudstream.scoring.task import ScoringTask
from fraudstream.scoring.worker import score_records
from fraudstream.settings import DatabaseSettings, KafkaSettings, ScoringSettings

BATCH = 40_000
"""What our scorer's slices have in a drain, about."""


def main() -> None:
    """Begin a run and score each partition from its position on, until told to stop."""
    settings = ScoringSettings.load()
    topic = KafkaAdmin(KafkaSettings.load()).describe(TRANSACTIONS)
    url = DatabaseSettings.load().database_url.get_secret_value()
    clock = SystemClock()
    with ScorerRuns(url, topic, clock) as runs:
        runs.acquire(takeover=False)
        runs.make_months(clock.now())
        run = runs.begin(host=socket.gethostname(), pid=os.getpid())
        task = ScoringTask(
            topic=topic.topic,
            topic_id=topic.topic_id,
            epoch=run.epoch,
            database_url=url,
            slice_rows=BATCH,
            max_future=settings.max_future.total_seconds(),
            label_delay=settings.label_delay.total_seconds(),
        )
        begins = {partition: begin for partition, (begin, _) in topic.bounds.items()}
        _score_everything(task, begins | dict(run.next_offset))


def _score_everything(task: ScoringTask, next_offset: dict[int, int]) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    apart = multiprocessing.get_context("spawn")
    scoring = [apart.Process(target=score_partition, args=(task, *place), daemon=True) for place in next_offset.items()]
    for process in scoring:
        process.start()
    wait([process.sentinel for process in scoring])
    sys.exit("the process of a partition has ended; what it said stands above")


def score_partition(task: ScoringTask, partition: int, offset: int) -> None:
    """Consume from this offset on, and take each batch through a slice, without an end."""
    warm_up.compile_everything()
    gc.freeze()
    gc.disable()  # as in our workers
    options = connection_options(KafkaSettings.load()) | {
        "group.id": "loop-exact",
        "enable.auto.commit": False,
        "fetch.wait.max.ms": 50,
        "queued.max.messages.kbytes": 131_072,
    }
    consumer = Consumer(options)
    consumer.assign([TopicPartition(task.topic, partition, offset)])
    for _ in count():
        messages = [message for message in consumer.consume(BATCH, 0.2) if message.error() is None]
        if messages:
            times = np.array([message.timestamp()[1] for message in messages]) / 1e3
            offsets = np.array([message.offset() for message in messages])
            score_records(task, partition, LogRecords(offsets, times, [message.value() for message in messages]))


if __name__ == "__main__":
    main()
