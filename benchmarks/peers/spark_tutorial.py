"""The tutorial's job: fields by `json_tuple`, Spark's logistic regression, to the console or (`--postgres`) a table.

Its features are the payment's own fields. Rows are stored from each partition with `execute_values`, a thousand at a
time.
"""

import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
import psycopg2
from psycopg2.extras import execute_values
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import VectorAssembler
from pyspark.ml.functions import vector_to_array
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - what everybody calls it
from pyspark.sql.streaming import StreamingQueryListener

from benchmarks.peers.given import given
from benchmarks.peers.spark_session import drain, log, session

FIELDS = ("transaction_id", "user_id", "amount", "timestamp", "merchant_category", "location", "payment_method")
INSERT = "INSERT INTO tutorial_rows (transaction_id, user_id, event_time, amount, score) VALUES %s"


def store(rows: Iterable[Any]) -> None:
    """One partition of a batch."""
    values = [(row.transaction_id, int(row.user_id), row.timestamp, float(row.amount), row.probability) for row in rows]
    if values:
        with psycopg2.connect(given().database) as connection, connection.cursor() as cursor:
            execute_values(cursor, INSERT, values, page_size=1_000)
        connection.close()


class Shown(StreamingQueryListener):  # type: ignore[misc]
    """Notes how many rows each micro-batch has shown, for the measurement."""

    def onQueryStarted(self, event: Any) -> None:  # noqa: N802 - Spark's own
        """Nothing to note."""

    def onQueryProgress(self, event: Any) -> None:  # noqa: N802 - Spark's own
        """One row for a batch."""
        with psycopg2.connect(given().database) as connection, connection.cursor() as cursor:
            cursor.execute("INSERT INTO console_batches (rows) VALUES (%s)", [event.progress.numInputRows])
        connection.close()

    def onQueryTerminated(self, event: Any) -> None:  # noqa: N802 - Spark's own
        """Nothing to note."""


def main() -> None:
    """Drain the log."""
    spark = session("tutorial")
    draw = np.random.default_rng(7)
    past = spark.createDataFrame(
        [
            (float(amount), float(hour), float(amount > 300))
            for amount, hour in zip(draw.exponential(80, 2_000), draw.integers(0, 24, 2_000), strict=True)
        ],
        ["amount_number", "hour", "label"],
    )
    assemble = VectorAssembler(inputCols=["amount_number", "hour"], outputCol="features")
    model = LogisticRegression().fit(assemble.transform(past))
    text = log(spark).select(F.col("value").cast("string").alias("json"))
    fields = text.select(F.json_tuple("json", *FIELDS).alias(*FIELDS))
    numbers = fields.withColumn("amount_number", F.col("amount").cast("double")).withColumn(
        "hour", F.hour(F.to_timestamp("timestamp")).cast("double")
    )
    chance = vector_to_array("probability")[1].alias("probability")
    scored = model.transform(assemble.transform(numbers)).select(*FIELDS, chance)

    def to_table(batch: DataFrame, _: int) -> None:
        batch.foreachPartition(store)

    if "--postgres" in sys.argv:
        drain(scored, to_table, "tutorial-postgres")
    else:
        spark.streams.addListener(Shown())
        query: Any = (
            scored.writeStream.format("console")
            .option("checkpointLocation", f"{given().folder}/tutorial-console")
            .trigger(availableNow=True)
            .start()
        )
        query.awaitTermination()
        spark.stop()  # which waits for the listener


if __name__ == "__main__":
    main()
