"""Quix Streams: state by key in RocksDB, the model called for each event, or (`--batched`) for each commit.

`--library`: for each event, and by scikit-learn.
"""

import sys
from typing import Any

import numpy as np
from quixstreams import Application, State
from quixstreams.sinks.base import BatchingSink, SinkBatch

from benchmarks.peers.engines import LIBRARY, batch_size, engine
from benchmarks.peers.given import OneCustomer, Row, Table, given, rows_of
from fraudstream.features.events import EventColumns


class Rows(BatchingSink):  # type: ignore[misc]  # not typed here
    """Stores what was scored; scores first what was not."""

    def __init__(self, scoring: OneCustomer) -> None:
        super().__init__()
        self._engine, self._table = scoring, Table()

    def write(self, batch: SinkBatch) -> None:
        """See `BatchingSink.write`."""
        items: list[tuple[EventColumns, Any, Any]] = [item.value for item in batch]
        rows: list[Row] = []
        if items and items[0][2] is None:
            probability = self._engine.score(np.concatenate([features for _, features, _ in items]))
            items = [(columns, features, probability[n : n + 1]) for n, (columns, features, _) in enumerate(items)]
        for columns, features, chance in items:
            rows += rows_of(columns, features, chance)
        self._table.write(rows)


def main() -> None:
    """Run until the log is at its end."""
    is_batched, name = "--batched" in sys.argv, "".join(["quix", *sys.argv[1:]])
    application = Application(
        broker_address=given().bootstrap_servers,
        consumer_group=name,
        auto_offset_reset="earliest",
        commit_every=batch_size(),  # rows are stored with each commit
        state_dir=f"{given().folder}/{name}",
        use_changelog_topics=False,
        loglevel="WARNING",
    )
    scoring = engine(library=LIBRARY in sys.argv)

    def scored(value: bytes, key: bytes, timestamp: int, headers: Any, state: State) -> tuple[EventColumns, Any, Any]:
        known = state.get_bytes("state")
        own = scoring.first_state(int(key)) if known is None else np.frombuffer(known).copy()
        columns, features = scoring.features([value], own)
        state.set_bytes("state", own.tobytes())
        return columns, features, None if is_batched else scoring.score(features)

    topic = application.topic(given().topic, value_deserializer="bytes", key_deserializer="bytes")
    frame = application.dataframe(topic).apply(scored, stateful=True, metadata=True)
    frame.sink(Rows(scoring))
    application.run(count=given().payments)


if __name__ == "__main__":
    main()
