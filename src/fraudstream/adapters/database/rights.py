"""Who may log in to the database, and what a right is."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Role(StrEnum):
    """A role that a process logs in as."""

    MIGRATE = "fraudstream_migrate"
    """Owns the schema: migrations, and a person who knows what they do."""
    SCORER = "fraudstream_scorer"
    LABELS = "fraudstream_labels"
    """The label applier."""
    RELAY = "fraudstream_relay"
    """The alert relay."""
    INBOX = "fraudstream_inbox"
    """The notification inbox."""
    QUALITY = "fraudstream_quality"
    """`fraudstream quality`, where it stores what it measures."""
    PROMOTER = "fraudstream_promoter"
    """The trainer, and `fraudstream promote`."""
    OPERATOR = "fraudstream_operator"
    """`fraudstream quarantine` and `fraudstream redrive`, where they send records again or show them unmasked."""
    SERVING = "fraudstream_serving"
    """The scoring API: reads what the next score depends on, and nothing else."""
    DASHBOARD = "fraudstream_dashboard"
    """The analyst's page, where it keeps accounts and decisions, changes the model at work, or sends records again."""
    ARCHIVER = "fraudstream_archiver"
    KEEPER = "fraudstream_keeper"
    """`fraudstream retain`: deletes what has been kept for long enough, and nothing else."""
    READER = "fraudstream_reader"
    """Verification, the list of alerts, the live view: whatever only looks."""
    MLFLOW = "mlflow"
    """The model registry, in a database of its own."""


@dataclass(frozen=True)
class Privilege:
    """A right to a whole table, or, where columns are named, to these alone."""

    verb: Literal["SELECT", "INSERT", "UPDATE", "DELETE"]
    columns: tuple[str, ...] = ()


Rights = Mapping[Role, tuple[Privilege, ...]]

SELECT = Privilege("SELECT")
INSERT = Privilege("INSERT")
DELETE = Privilege("DELETE")


def insert(*columns: str) -> Privilege:
    """The right to give these columns of a new row."""
    return Privilege("INSERT", columns)


def update(*columns: str) -> Privilege:
    """The right to change these columns."""
    return Privilege("UPDATE", columns)
