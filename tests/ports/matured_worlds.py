"""Slices with scores of a challenger and labels, in memory and on PostgreSQL, to be read again."""

import contextlib
import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from tests.ports.slice_worlds import OTHER_DIGEST, MemoryWorld, PostgresWorld, SliceWorld
from tests.ports.test_slice_store import PART, ids, ints, payments, result, rows

from fraudstream.adapters.database.matured_scores import PostgresMaturedScores
from fraudstream.adapters.database.training_history import PostgresTrainingHistory
from fraudstream.adapters.memory_labels import LabelFacts
from fraudstream.adapters.memory_matured import MemoryMaturedScores
from fraudstream.adapters.memory_training_history import MemoryTrainingHistory
from fraudstream.contracts.label import Label
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.features.events import Floats
from fraudstream.ports.labels import LabelRow
from fraudstream.ports.matured import MaturedScores, Window
from fraudstream.ports.slices import Deployment, ShadowScores
from fraudstream.ports.training_history import TrainingHistory

DAY = 86_400.0
START = 1_764_000_000.0
MONTH = Window(START, START + 30 * DAY, START + 40 * DAY)


class MaturedWorld(Protocol):
    """Slices and labels to be read."""

    @property
    def slices(self) -> SliceWorld: ...

    def matured(self) -> MaturedScores: ...

    def history(self) -> TrainingHistory: ...

    def put_label(self, id_: int, *, is_fraud: bool, arrived_at: float, label_seq: int | None) -> None: ...


@dataclass
class MemoryMaturedWorld:
    slices: MemoryWorld = field(default_factory=MemoryWorld)
    labels: LabelFacts = field(default_factory=LabelFacts)

    def matured(self) -> MaturedScores:
        return MemoryMaturedScores(self.slices.memory, self.labels)

    def history(self) -> TrainingHistory:
        return MemoryTrainingHistory(self.slices.memory, self.labels)

    def put_label(self, id_: int, *, is_fraud: bool, arrived_at: float, label_seq: int | None) -> None:
        place = ("labels", 0, len(self.labels.labels))
        label = Label(
            transaction_id=uuid.UUID(int=id_),
            user_id=1,
            is_fraud=is_fraud,
            arrived_at=dt.datetime.fromtimestamp(arrived_at, dt.UTC),
        )
        self.labels.labels[place] = LabelRow(*place, label, label_seq)


@dataclass
class PostgresMaturedWorld:
    slices: PostgresWorld
    labels: int = 0

    def matured(self) -> MaturedScores:
        return PostgresMaturedScores(self.slices.url)

    def history(self) -> TrainingHistory:
        return PostgresTrainingHistory(self.slices.url)

    def put_label(self, id_: int, *, is_fraud: bool, arrived_at: float, label_seq: int | None) -> None:
        self.slices.run(
            'INSERT INTO labels (topic_id, partition, "offset", label_seq, transaction_id, is_fraud, source,'
            " arrived_at, user_id) VALUES (%s, 0, %s, %s, %s, %s, 'bank', to_timestamp(%s), 1)",
            PART.topic_id,
            self.labels,
            label_seq,
            str(uuid.UUID(int=id_)),
            is_fraud,
            arrived_at,
        )
        self.labels += 1


def matured_world(kind: str, url_of: Callable[[], str]) -> Iterator[MaturedWorld]:
    """A world of this kind; `url_of` gives the database of one on PostgreSQL."""
    with contextlib.ExitStack() as stack:
        if kind == "memory":
            yield MemoryMaturedWorld()
        else:
            yield PostgresMaturedWorld(PostgresWorld(url_of(), stack))


def score(
    world: MaturedWorld,
    deployment: Deployment,
    *days: float,
    first: int = 1,
    challenger: str | None = OTHER_DIGEST,
    catalogue_version: int = CATALOGUE_VERSION,
) -> Floats:
    """Score one payment on each of these days, with ids from `first` on; returns what the challenger said of them."""
    count = len(days)
    numbers = ids(*range(first, first + count))
    says = np.linspace(0.5, 1.0, count)
    with world.slices.store().open(PART) as opened:
        opened.reserve(numbers, ints(*range(count)), ints(*range(first, first + count)))
        users = ints(*range(first, first + count))
        state = opened.lock_states(1, users)
        made = replace(
            payments(numbers, users, users),
            event_time=START + np.array(days) * DAY,
            amount=np.linspace(1.0, count, count),
        )
        used = replace(deployment, catalogue_version=catalogue_version)
        written = result(opened, used, rows(made, first_offset=first), state)
        opened.write(replace(written, shadow=None if challenger is None else ShadowScores(challenger, says)))
    return says
