"""Spark with state for each customer (`transformWithStateInPandas`), and the model on each group's rows at once."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - what everybody calls it
from pyspark.sql.streaming import StatefulProcessor, StatefulProcessorHandle

from benchmarks.peers.engines import engine
from benchmarks.peers.given import Row, Table, rows_of
from benchmarks.peers.spark_session import drain, log, session

STATE, ROWS = "state binary", "value binary, scored binary"


class Customer(StatefulProcessor):  # type: ignore[misc]  # pyspark's types are not followed
    """Features of one customer's payments, from its state."""

    def init(self, handle: StatefulProcessorHandle) -> None:
        """See `StatefulProcessor.init`."""
        self._engine = engine()
        self._state: Any = handle.getValueState("state", STATE)

    def handleInputRows(self, key: Any, rows: Iterator[pd.DataFrame], timerValues: Any) -> Iterator[pd.DataFrame]:  # noqa: N802, N803, ARG002 - Spark's names
        """See `StatefulProcessor.handleInputRows`."""
        taken = pd.concat(rows).sort_values("offset")
        known = self._state.get()
        own = self._engine.first_state(int(key[0])) if known is None else np.frombuffer(known[0]).copy()
        values = [bytes(value) for value in taken["value"]]
        _, features = self._engine.features(values, own)
        self._state.update((own.tobytes(),))
        probability = self._engine.score(features)
        scored = [chance.tobytes() + row.tobytes() for chance, row in zip(probability, features, strict=True)]
        yield pd.DataFrame({"value": values, "scored": scored})

    def close(self) -> None:
        """See `StatefulProcessor.close`."""


def store(rows: Any) -> None:
    """One partition of a batch."""
    scoring, found = engine(), list[Row]()
    for row in rows:
        numbers = np.frombuffer(row.scored)
        columns, _ = scoring.features([bytes(row.value)], scoring.first_state(0))
        found += rows_of(columns, numbers[np.newaxis, 1:], numbers[:1])
    if found:
        Table().write(found)


def main() -> None:
    """Drain the log."""
    spark = session(
        "user-state",
        **{
            "spark.sql.streaming.stateStore.providerClass": (
                "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
            ),
            "spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled": "true",
        },
    )

    def sink(batch: DataFrame, _: int) -> None:
        batch.foreachPartition(store)

    keyed = log(spark).select(F.col("key").cast("string").alias("user"), "value", "offset")
    scored = keyed.groupBy("user").transformWithStateInPandas(Customer(), ROWS, "Append", "None")
    drain(scored, sink, "user-state")


if __name__ == "__main__":
    main()
