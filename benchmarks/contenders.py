"""Who takes part: our scorer's peers, how each is started, and how many payments it is given."""

import os
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from fraudstream.scoring.session import WORKER_ENVIRONMENT

ROOT = Path(__file__).resolve().parent.parent
PEERS_PYTHON = ROOT / ".venv-peers" / "bin" / "python"
"""Engines that want other versions of our libraries live in an environment of their own."""


class Log(StrEnum):
    """How much a contender is given: enough to show its speed, and little enough to wait for."""

    LARGE = "large"
    MEDIUM = "medium"
    SMALL = "small"
    TINY = "tiny"


class Computes(StrEnum):
    """What a contender computes, which decides what its rows are compared with."""

    SAME = "features, model and rows are ours"
    STATELESS = "features of a row alone, our model"
    OWN = "its own features and model"


@dataclass(frozen=True)
class Contender:
    """A peer as a script: `name` is its row in the table, `what` says what it is."""

    name: str
    what: str
    script: str
    log: Log
    computes: Computes = Computes.SAME
    arguments: tuple[str, ...] = ()
    table: str = "peer_rows"
    elsewhere: bool = False
    rounding: float = 0.0
    """How far a score may be from ours: who adds up in another order rounds otherwise."""
    in_our_place: bool = False
    """Whether it scores our log into our database, as our scorer does, and not a log of its own into a table."""

    @property
    def process(self) -> str:
        """Its name among the processes."""
        return self.script + "".join(self.arguments)

    @property
    def command(self) -> tuple[str, ...]:
        """How it is started."""
        python = str(PEERS_PYTHON) if self.elsewhere else sys.executable
        return (python, "-P", "-m", f"benchmarks.peers.{self.script}", *self.arguments)

    @property
    def environment(self) -> dict[str, str]:
        """What it needs to find this package, and what our scorer's workers have."""
        return {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "src"))), **WORKER_ENVIRONMENT}


ROUNDING = 1e-9
CONTENDERS = (
    Contender("loop, batched", "confluent-kafka by hand, 10,000 at once", "loop_batched", Log.LARGE),
    Contender("loop, exactly once", "our slices and commits without Spark", "loop_exact", Log.LARGE, in_our_place=True),
    Contender("loop, per message", "confluent-kafka by hand, one at a time", "loop_per_message", Log.MEDIUM),
    Contender("Quix, per event", "Quix Streams, model for each event", "quix", Log.MEDIUM, elsewhere=True),
    Contender(
        "Quix, batched", "the same, model for each commit", "quix", Log.MEDIUM, arguments=("--batched",), elsewhere=True
    ),
    Contender("Bytewax, per event", "Bytewax, model for each event", "bytewax_flow", Log.MEDIUM, elsewhere=True),
    Contender(
        "Bytewax, batched",
        "the same, model for each batch",
        "bytewax_flow",
        Log.MEDIUM,
        arguments=("--batched",),
        elsewhere=True,
    ),
    Contender("Spark, row UDF", "Spark, a UDF for each row", "spark_row_udf", Log.MEDIUM, Computes.STATELESS),
    Contender(
        "Quix, scikit-learn",
        "the same for each event, by scikit-learn itself",
        "quix",
        Log.TINY,
        arguments=("--library",),
        elsewhere=True,
        rounding=ROUNDING,
    ),
    Contender(
        "Bytewax, scikit-learn",
        "the same for each event, by scikit-learn itself",
        "bytewax_flow",
        Log.TINY,
        arguments=("--library",),
        elsewhere=True,
        rounding=ROUNDING,
    ),
    Contender(
        "Spark, row UDF, scikit-learn",
        "the same by scikit-learn itself",
        "spark_row_udf",
        Log.TINY,
        Computes.STATELESS,
        arguments=("--library",),
        rounding=ROUNDING,
    ),
    Contender("Spark, user state", "Spark, transformWithStateInPandas", "spark_user_state", Log.SMALL),
    Contender(
        "tutorial, Postgres",
        "Spark, json_tuple and logistic regression",
        "spark_tutorial",
        Log.LARGE,
        Computes.OWN,
        arguments=("--postgres",),
        table="tutorial_rows",
    ),
    Contender(
        "tutorial, console",
        "the same as written: it stores nothing",
        "spark_tutorial",
        Log.LARGE,
        Computes.OWN,
        table="console_batches",
    ),
)
