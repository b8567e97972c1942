"""One contract for `TrainingHistory`, in memory, on PostgreSQL, and in an archive of either."""

from collections.abc import Iterator

import numpy as np
import pytest
from tests.ports.archived_worlds import ArchivedWorld
from tests.ports.matured_worlds import DAY, MONTH, START, MaturedWorld, matured_world, score

from fraudstream.features.catalogue import CATALOGUE_VERSION, FEATURE_COUNT
from fraudstream.ports.matured import Window
from fraudstream.ports.training_history import Extent, PastPayments

pytestmark = pytest.mark.ports


@pytest.fixture(params=["memory", "postgres", "archive of memory", "archive of postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[MaturedWorld]:
    kind = request.param.removeprefix("archive of ")
    for world in matured_world(kind, lambda: request.getfixturevalue("database_url")):
        yield world if kind == request.param else ArchivedWorld(world)


def days_of(batches: Iterator[PastPayments]) -> dict[float, tuple[float, bool]]:
    """Amount and outcome of each payment by its day."""
    return {
        (float(time) - START) / DAY: (float(amount), bool(fraud))
        for batch in batches
        for time, amount, fraud in zip(batch.event_time, batch.amount, batch.fraud, strict=True)
    }


def test_before_the_first_payment_there_is_nothing(world: MaturedWorld) -> None:
    assert world.history().as_of() is None
    assert world.history().extent(MONTH) == Extent(0, 0)
    assert list(world.history().payments(MONTH)) == []


def test_a_window_gives_its_payments_as_they_were_seen(world: MaturedWorld) -> None:
    score(world, world.slices.deploy(), 0, 1, 2, 3)
    world.put_label(2, is_fraud=True, arrived_at=START + 3 * DAY, label_seq=1)
    window = Window(START + DAY, START + 3 * DAY, START + 9 * DAY)

    assert days_of(world.history().payments(window)) == {1.0: (2.0, True), 2.0: (3.0, False)}
    assert world.history().extent(window) == Extent(2, 1)
    assert world.history().as_of() == START + DAY
    vectors = [batch.features for batch in world.history().payments(window)]
    np.testing.assert_array_equal(np.concatenate(vectors), np.ones((2, FEATURE_COUNT)))


def test_only_labels_that_had_arrived_and_have_a_turn_are_known(world: MaturedWorld) -> None:
    score(world, world.slices.deploy(), 1, 2, 3, 4)
    for id_, is_fraud, day, label_seq in (
        (1, True, 5, 1),
        (1, False, 6, 2),
        (2, True, 7, 3),
        (3, True, 5, None),
        (4, False, 4, 4),
        (4, True, 5, 5),
    ):
        world.put_label(id_, is_fraud=is_fraud, arrived_at=START + day * DAY, label_seq=label_seq)

    def known(day: float) -> dict[float, bool]:
        window = Window(START, START + 9 * DAY, START + day * DAY)
        return {day: fraud for day, (_, fraud) in days_of(world.history().payments(window)).items()}

    assert known(4.5) == {1: False, 2: False, 3: False, 4: False}
    assert known(5.5) == {1: True, 2: False, 3: False, 4: True}
    assert known(9.0) == {1: False, 2: True, 3: False, 4: True}


def test_of_many_payments_a_share_is_taken_always_the_same(world: MaturedWorld) -> None:
    deployment = world.slices.deploy()
    score(world, deployment, *[1 + number / 1_000 for number in range(60)])
    for id_ in (5, 7, 10, 11):
        world.put_label(id_, is_fraud=True, arrived_at=START + 2 * DAY, label_seq=id_)

    def counts(every: int, every_fraud: int) -> tuple[int, int]:
        found = days_of(world.history().payments(MONTH, every=every, every_fraud=every_fraud))
        frauds = sum(fraud for _, fraud in found.values())
        return len(found) - frauds, frauds

    assert counts(1, 1) == (56, 4)
    assert counts(10, 1) == (5, 4)
    assert counts(5, 5) == (10, 2)
    taken = days_of(world.history().payments(MONTH, every=10))
    assert taken == days_of(world.history().payments(MONTH, every=10))


def test_vectors_of_another_catalogue_are_left_out(world: MaturedWorld) -> None:
    deployment = world.slices.deploy()
    score(world, deployment, 1, 1.5)
    score(world, deployment, 2, 2.5, first=11, catalogue_version=CATALOGUE_VERSION + 1)

    assert sorted(days_of(world.history().payments(MONTH))) == [1.0, 1.5]
    assert world.history().extent(MONTH) == Extent(2, 0)
