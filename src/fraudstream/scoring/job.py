"""The streaming query: read the log, score it in Python workers, write nothing; the workers commit the results."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - what everybody calls it
from pyspark.sql.streaming import StreamingQuery

from fraudstream.scoring.task import SUMMARY_SCHEMA, ScoringTask, pass_on, rehearse_slices, score_batches

READING = {"fetch.max.wait.ms": "1", "max.poll.records": "20000"}
"""Kafka's Java client under Spark's reader, which asks for the log's bounds after each poll.

`fetch.max.wait.ms`: how long the broker may hold a question for records that are not there yet. The client has just
asked for what comes next on the same connection, and brokers answer in order: with Kafka's half a second, the last
payments before a lull would wait that long. `max.poll.records`: moving to the bounds and back throws away whatever was
fetched and not yet polled. With Kafka's 500, most of each fetch of a megabyte was fetched again.
"""


@dataclass(frozen=True, slots=True)
class Log:
    """What Spark reads, from where on, and how much at a time."""

    bootstrap_servers: str
    topic: str
    starting_offsets: str
    max_offsets_per_trigger: int
    security: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What Kafka's Java client is configured with to be let in."""

    def source(self) -> dict[str, str]:
        """What Spark's Kafka source is told of the broker and the topic."""
        client = {"bootstrap.servers": self.bootstrap_servers, **READING, **self.security}
        return {
            **{f"kafka.{name}": value for name, value in client.items()},
            "subscribe": self.topic,
            "startingOffsets": self.starting_offsets,
        }


def start_scoring(
    spark: SparkSession, log: Log, task: ScoringTask, *, checkpoint: str, trigger_interval_ms: int
) -> StreamingQuery:
    """Begin to score a log; each of its partitions is a task of its own, and nothing is shuffled."""
    return (
        score(records(read(spark, log)), task)
        .writeStream.format("noop")
        .option("checkpointLocation", checkpoint)
        .trigger(processingTime=f"{trigger_interval_ms} milliseconds")
        .start()
    )


def read(spark: SparkSession, log: Log) -> DataFrame:
    """The log as a stream; a record that the broker deleted unread stops it."""
    return (
        spark.readStream.format("kafka")
        .options(**log.source())
        .option("failOnDataLoss", "true")
        .option("maxOffsetsPerTrigger", log.max_offsets_per_trigger)
        .load()
    )


def records(stream: DataFrame) -> DataFrame:
    """What scoring needs of each record; its bytes are read by the one parser, in Python."""
    return stream.select(F.col("partition"), F.col("offset"), F.col("timestamp"), F.col("value"))


def score(stream: DataFrame, task: ScoringTask) -> DataFrame:
    """One row for each slice committed."""
    return stream.mapInArrow(functools.partial(score_batches, task), SUMMARY_SCHEMA)


def warm_up(spark: SparkSession, *, tasks: int) -> None:
    """Start the Python workers before there is anything to score."""
    spark.range(0, tasks, 1, tasks).mapInArrow(pass_on, "id long").write.format("noop").mode("overwrite").save()


def rehearse(spark: SparkSession, log: Log, task: ScoringTask, places: Sequence[tuple[int, int]]) -> None:
    """Do once what a trigger does: compile the reading of the log, and take a slice of each place, rolled back.

    Args:
        spark: the session.
        log: what will be read.
        task: how it will be scored.
        places: each partition with its next offset.
    """
    nothing = spark.read.format("kafka").options(**log.source()).option("endingOffsets", log.starting_offsets).load()
    slices = spark.range(0, len(places), 1, len(places))
    for plan in (
        score(records(nothing), task),
        slices.mapInArrow(functools.partial(rehearse_slices, task, places), SUMMARY_SCHEMA),
    ):
        plan.write.format("noop").mode("overwrite").save()
