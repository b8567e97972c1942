"""Bytewax: state by key in memory, the model called for each event, or (`--batched`) for each batch that is stored.

`--library`: for each event, and by scikit-learn.
"""

import sys
from typing import Any

import bytewax.operators as op
import numpy as np
from bytewax.connectors.kafka import operators as kafka
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import run_main

from benchmarks.peers.engines import LIBRARY, batch_size, engine
from benchmarks.peers.given import Row, Table, given, rows_of
from fraudstream.features.events import Floats

ENGINE = engine(library=LIBRARY in sys.argv)
IS_BATCHED = "--batched" in sys.argv


class Rows(DynamicSink[Any], StatelessSinkPartition[Any]):  # type: ignore[misc]  # not typed here
    """Stores what was scored; scores first what was not."""

    def __init__(self) -> None:
        self._table = Table()

    def build(self, step_id: str, worker_index: int, worker_count: int) -> "Rows":  # noqa: ARG002 - Bytewax's signature
        """See `DynamicSink.build`."""
        return self

    def write_batch(self, items: list[Any]) -> None:
        """See `StatelessSinkPartition.write_batch`."""
        rows: list[Row] = []
        if IS_BATCHED:
            probability = ENGINE.score(np.concatenate([features for _, (_, features, _) in items]))
            chances: Any = np.split(probability, len(items))
        else:
            chances = [chance for _, (_, _, chance) in items]
        for (_, (columns, features, _)), chance in zip(items, chances, strict=True):
            rows += rows_of(columns, features, chance)
        self._table.write(rows)


def scored(state: Floats | None, item: tuple[int, bytes]) -> tuple[Floats, Any]:
    """One payment of a customer, who may be new."""
    user, value = item
    own = ENGINE.first_state(user) if state is None else state
    columns, features = ENGINE.features([value], own)
    return own, (columns, features, None if IS_BATCHED else ENGINE.score(features))


def flow() -> Dataflow:
    """From the log to the table."""
    built = Dataflow("scores")
    taken = kafka.input(
        "log", built, brokers=[given().bootstrap_servers], topics=[given().topic], tail=False, batch_size=batch_size()
    )
    keyed = op.map("key", taken.oks, lambda message: (message.key.decode(), (int(message.key), message.value)))
    op.output("rows", op.stateful_map("score", keyed, scored), Rows())
    return built


if __name__ == "__main__":
    run_main(flow())
