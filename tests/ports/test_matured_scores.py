"""One contract for `MaturedScores`, in memory and on PostgreSQL."""

from collections.abc import Iterator

import pytest
from tests.ports.matured_worlds import DAY, MONTH, START, MaturedWorld, matured_world, score
from tests.ports.slice_worlds import DIGEST, OTHER_DIGEST

from fraudstream.ports.matured import ScoredPairs, Window

pytestmark = pytest.mark.ports


@pytest.fixture(params=["memory", "postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[MaturedWorld]:
    yield from matured_world(request.param, lambda: request.getfixturevalue("database_url"))


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
