"""Spark with a UDF that scores a row at a time, as most notebooks do.

Without state: a UDF sees one row, so its features are those of a customer's first payment. Rows are stored from each
partition by COPY. `--library`: scored by scikit-learn.
"""

import sys
from collections.abc import Iterable
from typing import Any

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - what everybody calls it
from pyspark.sql.types import BinaryType

from benchmarks.peers.engines import LIBRARY, engine
from benchmarks.peers.given import Row, Table, rows_of
from benchmarks.peers.spark_session import drain, log, session
from fraudstream.features.state import CUSTOMER_STATE_WIDTH

IS_LIBRARY = LIBRARY in sys.argv


def scored(value: bytes) -> bytes:
    """A scored row in one field: probability, then the features."""
    scoring = engine(library=IS_LIBRARY)
    _, features = scoring.features([bytes(value)], np.zeros(CUSTOMER_STATE_WIDTH))
    return scoring.score(features).tobytes() + features.tobytes()


def store(rows: Iterable[Any]) -> None:
    """One partition of a batch."""
    found: list[Row] = []
    for row in rows:
        columns, _ = engine(library=IS_LIBRARY).features([bytes(row.value)], np.zeros(CUSTOMER_STATE_WIDTH))
        numbers = np.frombuffer(row.scored)
        found += rows_of(columns, numbers[np.newaxis, 1:], numbers[:1])
    if found:
        Table().write(found)


def main() -> None:
    """Drain the log."""
    spark = session("row-udf")
    udf = F.udf(scored, BinaryType())

    def sink(batch: DataFrame, _: int) -> None:
        batch.foreachPartition(store)

    drain(log(spark).select("value", udf("value").alias("scored")), sink, "row-udf")


if __name__ == "__main__":
    main()
