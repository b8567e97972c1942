"""The Spark session of the peers on Spark: two cores, arrow on, as many shuffle partitions as cores."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession

from benchmarks.peers.given import given


def session(name: str, **settings: str) -> SparkSession:
    """A session with Spark's Kafka source."""
    jars = ",".join(str(path) for path in Path(given().jars).glob("*.jar"))
    builder = SparkSession.builder.master("local[2]").appName(name)
    for key, value in {
        "spark.jars": jars,
        "spark.driver.memory": "1g",
        "spark.ui.enabled": "false",
        "spark.log.level": "ERROR",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        **settings,
    }.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


BATCHES = 10
"""Micro-batches for a log, so that the first, during which Java compiles, need not count."""


def log(spark: SparkSession) -> DataFrame:
    """The log from its beginning, a tenth at a time."""
    most = -(-given().payments // BATCHES)
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", given().bootstrap_servers)
        .option("subscribe", given().topic)
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", most)
        .load()
    )


def drain(stream: DataFrame, sink: Callable[[DataFrame, int], None], name: str) -> None:
    """Everything that stands in the log now, batch by batch, into a sink."""
    query: Any = (
        stream.writeStream.foreachBatch(sink)
        .option("checkpointLocation", f"{given().folder}/{name}")
        .trigger(availableNow=True)
        .start()
    )
    query.awaitTermination()
