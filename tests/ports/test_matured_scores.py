"""One contract for `MaturedScores`, in memory and on PostgreSQL."""

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import pytest
from tests.ports.slice_worlds import DIGEST, OTHER_DIGEST, MemoryWorld, PostgresWorld, SliceWorld
from tests.ports.test_slice_store import PART, ids, ints, payments, result, rows

from fraudstream.adapters.database.matured_scores import PostgresMaturedScores
from fraudstream.adapters.memory_labels import LabelFacts
from fraudstream.adapters.memory_matured import MemoryMaturedScores
from fraudstream.contracts.label import Label
from fraudstream.features.events import Floats
from fraudstream.ports.labels import LabelRow
from fraudstream.ports.matured import MaturedScores, ScoredPairs, Window
from fraudstream.ports.slices import Deployment, ShadowScores

pytestmark = pytest.mark.ports

DAY = 86_400.0
START = 1_764_000_000.0
MONTH = Window(START, START + 30 * DAY, START + 40 * DAY)


class MaturedWorld(Protocol):
    """Slices and labels to be read."""

    slices: SliceWorld

    def matured(self) -> MaturedScores: ...

    def put_label(self, id_: int, *, is_fraud: bool, arrived_at: float, label_seq: int | None) -> None: ...


@dataclass
class MemoryMaturedWorld:
    slices: MemoryWorld = field(default_factory=MemoryWorld)
    labels: LabelFacts = field(default_factory=LabelFacts)

    def matured(self) -> MaturedScores:
        return MemoryMaturedScores(self.slices.memory, self.labels)

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


@pytest.fixture(params=["memory", "postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[MaturedWorld]:
    with contextlib.ExitStack() as stack:
        if request.param == "memory":
            yield MemoryMaturedWorld()
        else:
            yield PostgresMaturedWorld(PostgresWorld(request.getfixturevalue("database_url"), stack))


def score(
    world: MaturedWorld,
    deployment: Deployment,
    *days: float,
    first: int = 1,
    challenger: str | None = OTHER_DIGEST,
) -> Floats:
    """Score one payment on each of these days, with ids from `first` on; returns what the challenger said of them."""
    count = len(days)
    numbers = ids(*range(first, first + count))
    says = np.linspace(0.5, 1.0, count)
    with world.slices.store().open(PART) as opened:
        opened.reserve(numbers, ints(*range(count)))
        users = ints(*range(first, first + count))
        state = opened.lock_states(1, users)
        made = replace(
            payments(numbers, users, users), event_time=START + np.array(days) * DAY, amount=np.arange(count) + 1.0
        )
        written = result(opened, deployment, rows(made, first_offset=first), state)
        opened.write(replace(written, shadow=challenger and ShadowScores(challenger, says)))
    return says


def by_customer(batches: Iterator[ScoredPairs]) -> dict[int, tuple[float, float, bool, float]]:
    return {
        int(user): (float(champion), float(challenger), bool(fraud), float(amount))
        for batch in batches
        for user, champion, challenger, fraud, amount in zip(
            batch.user_id, batch.champion, batch.challenger, batch.fraud, batch.amount, strict=True
        )
    }


def test_before_the_first_payment_there_is_no_time_and_nothing_to_compare(world: MaturedWorld) -> None:
    assert world.matured().as_of() is None
    assert list(world.matured().pairs(DIGEST, OTHER_DIGEST, MONTH)) == []


def test_both_scores_of_a_payment_come_together(world: MaturedWorld) -> None:
    score(world, world.slices.deploy(), 1, 2, 3)

    assert by_customer(world.matured().pairs(DIGEST, OTHER_DIGEST, MONTH)) == {
        1: (0.25, 0.5, False, 1.0),
        2: (0.5, 0.75, False, 2.0),
        3: (0.75, 1.0, False, 3.0),
    }


def test_a_window_ends_before_its_end(world: MaturedWorld) -> None:
    score(world, world.slices.deploy(), 0.99, 1, 1.99, 2)
    window = Window(START + DAY, START + 2 * DAY, START + 9 * DAY)

    assert sorted(by_customer(world.matured().pairs(DIGEST, OTHER_DIGEST, window))) == [2, 3]


def test_only_payments_that_both_of_these_models_scored_are_compared(world: MaturedWorld) -> None:
    deployment = world.slices.deploy()
    score(world, deployment, 1, 1, first=1)
    score(world, deployment, 1, 1, first=11, challenger="d" * 64)
    score(world, deployment, 1, 1, first=21, challenger=None)

    assert sorted(by_customer(world.matured().pairs(DIGEST, OTHER_DIGEST, MONTH))) == [1, 2]
    assert sorted(by_customer(world.matured().pairs(DIGEST, "d" * 64, MONTH))) == [11, 12]
    assert by_customer(world.matured().pairs(OTHER_DIGEST, OTHER_DIGEST, MONTH)) == {}


def test_the_newest_label_that_had_arrived_says_what_a_payment_was(world: MaturedWorld) -> None:
    score(world, world.slices.deploy(), *[1] * 6)
    for id_, is_fraud, day, label_seq in (
        (1, True, 3, 1),
        (2, False, 3, 2),
        (3, True, 3, 3),
        (3, False, 4, 4),
        (4, False, 3, 5),
        (4, True, 4, 6),
        (5, True, 41, 7),
        (6, True, 3, None),
    ):
        world.put_label(id_, is_fraud=is_fraud, arrived_at=START + day * DAY, label_seq=label_seq)
    found = by_customer(world.matured().pairs(DIGEST, OTHER_DIGEST, MONTH))

    assert {user: fraud for user, (_, _, fraud, _) in found.items()} == {
        1: True,
        2: False,
        3: False,
        4: True,
        5: False,
        6: False,
    }


def test_a_label_that_arrived_too_late_hides_no_earlier_one(world: MaturedWorld) -> None:
    score(world, world.slices.deploy(), 1)
    world.put_label(1, is_fraud=True, arrived_at=START + 40 * DAY, label_seq=1)
    world.put_label(1, is_fraud=False, arrived_at=START + 40 * DAY + 1, label_seq=2)

    assert by_customer(world.matured().pairs(DIGEST, OTHER_DIGEST, MONTH))[1][2] is True


def test_time_is_that_of_the_latest_slices_and_no_single_payment_moves_it(world: MaturedWorld) -> None:
    deployment = world.slices.deploy()
    score(world, deployment, 1, first=1)
    for number in range(20):
        score(world, deployment, 5, first=10 + number)

    assert world.matured().as_of() == START + 5 * DAY
    score(world, deployment, 900, first=50)
    assert world.matured().as_of() == START + 5 * DAY
