"""One contract for `QualityStore`, in memory and on Postgres."""

import datetime as dt
from collections.abc import Iterator
from contextlib import closing

import pytest
from tests.ports.quality_worlds import DAY, NOON, World, day, memory_world, postgres_world

from fraudstream.adapters.database.quality_store import PostgresQuality
from fraudstream.features.catalogue import FEATURE_COUNT
from fraudstream.features.stability import Histogram
from fraudstream.ports.quality import (
    DayPayments,
    DayQuality,
    FeatureDrift,
    OutcomeChange,
    Reference,
)

pytestmark = pytest.mark.ports

SECOND = dt.timedelta(seconds=1)


@pytest.fixture(params=["memory", "postgres"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    if request.param == "memory":
        yield memory_world()
        return
    url: str = request.getfixturevalue("database_url")
    with closing(PostgresQuality(url)) as store:
        yield postgres_world(url, store)


def changed(later: int, *sums: int, version: str = "1") -> OutcomeChange:
    return OutcomeChange(version, day(later), *sums)


def a_row(**changes: object) -> DayQuality:
    fields: dict[str, object] = {
        "day": DAY,
        "as_known_on": day(3),
        "model_version": "1",
        "payments": 1_000,
        "alerts": 6,
        "labelled": 40,
        "frauds": 5,
        "frauds_alerted": 4,
        "genuine_alerted": 1,
        "fraud_value": 512.25,
        "caught_value": 500.5,
    }
    return DayQuality(**(fields | changes))  # type: ignore[arg-type]


def test_without_payments_there_is_no_horizon(world: World) -> None:
    assert world.store.horizon() is None


def test_the_horizon_is_the_streams_own_time(world: World) -> None:
    world.paid(at=NOON + dt.timedelta(days=2))
    number = world.paid(at=NOON)
    before = world.store.horizon()
    world.labelled(number, is_fraud=True, after=5)
    after = world.store.horizon()

    assert before is not None
    assert after is not None
    assert (before.newest_day, before.known_on) == (day(2), day(2))
    assert (after.newest_day, after.known_on) == (day(2), day(5))


def test_the_mark_differs_after_each_payment_and_label(world: World) -> None:
    marks = []
    for _ in range(2):
        number = world.paid()
        marks.append(world.store.horizon())
        world.labelled(number, is_fraud=False, after=1)
        marks.append(world.store.horizon())
    again = world.store.horizon()

    assert len({horizon.mark for horizon in marks if horizon}) == 4
    assert again == marks[-1]


def test_the_days_touched_since_a_mark_are_those_of_new_payments_and_new_labels(world: World) -> None:
    first, second = world.paid(), world.paid(at=NOON + dt.timedelta(days=1))
    world.labelled(first, is_fraud=True, after=1)
    horizon = world.store.horizon()
    assert horizon is not None
    assert world.store.touched(horizon.mark) == set()

    world.labelled(second, is_fraud=False, after=9)
    world.paid(at=NOON + dt.timedelta(days=4))
    world.labelled(99, is_fraud=True, after=1, known=False)

    assert world.store.touched(horizon.mark) == {day(1), day(4)}


def test_a_days_payments_are_counted_from_midnight_to_midnight(world: World) -> None:
    midnight = dt.datetime.combine(DAY, dt.time(), dt.UTC)
    for moment in (midnight - SECOND, midnight, midnight + dt.timedelta(days=1) - SECOND):
        world.paid(at=moment, alert=True)
    world.paid(at=midnight + dt.timedelta(days=1))

    assert list(world.store.payments(DAY)) == [DayPayments("1", 2, 2)]


def test_payments_are_counted_by_the_version_that_scored_them(world: World) -> None:
    world.paid(version="10")
    world.paid(version="9", alert=True)
    world.paid(version="9")

    assert sorted(world.store.payments(DAY), key=lambda part: part.payments) == [
        DayPayments("10", 1, 0),
        DayPayments("9", 2, 1),
    ]


def test_a_day_without_payments_has_none(world: World) -> None:
    world.paid()

    assert list(world.store.payments(day(1))) == []
    assert list(world.store.changes(day(1))) == []


def test_labels_change_what_is_known_on_the_day_of_their_arrival(world: World) -> None:
    caught, missed, false_alarm, genuine = (
        world.paid(alert=True, amount=100.10),
        world.paid(amount=20.20),
        world.paid(alert=True, amount=5.0),
        world.paid(),
    )
    world.labelled(caught, is_fraud=True, after=1)
    world.labelled(false_alarm, is_fraud=False, after=1)
    world.labelled(missed, is_fraud=True, after=3)
    world.labelled(genuine, is_fraud=False, after=30)

    assert list(world.store.changes(DAY)) == [
        changed(1, 2, 1, 1, 1, 10_010, 10_010),
        changed(3, 1, 1, 0, 0, 2_020, 0),
        changed(30, 1, 0, 0, 0, 0, 0),
    ]


def test_a_reversal_takes_back_what_was_known(world: World) -> None:
    alerted = world.paid(alert=True, amount=70.0)
    silent = world.paid(amount=30.0)
    world.labelled(alerted, is_fraud=True, after=2)
    world.labelled(silent, is_fraud=False, after=2)
    world.labelled(alerted, is_fraud=False, after=9)
    world.labelled(silent, is_fraud=True, after=9)

    assert list(world.store.changes(DAY)) == [
        changed(2, 2, 1, 1, 0, 7_000, 7_000),
        changed(9, 0, 0, -1, 1, -4_000, -7_000),
    ]


def test_a_repeated_label_changes_nothing(world: World) -> None:
    number = world.paid(alert=True)
    world.labelled(number, is_fraud=True, after=1)
    world.labelled(number, is_fraud=True, after=2)

    assert list(world.store.changes(DAY)) == [changed(1, 1, 1, 1, 0, 1_000, 1_000), changed(2, 0, 0, 0, 0, 0, 0)]


def test_labels_count_by_arrival_and_not_by_turn(world: World) -> None:
    """The bank's word of day 4 was delivered before the one of day 2."""
    number = world.paid()
    world.labelled(number, is_fraud=False, after=4)
    world.labelled(number, is_fraud=True, after=2)

    assert list(world.store.changes(DAY)) == [changed(2, 1, 1, 0, 0, 1_000, 0), changed(4, 0, -1, 0, 0, -1_000, 0)]


def test_of_labels_that_arrived_at_once_the_last_applied_counts(world: World) -> None:
    number = world.paid()
    world.labelled(number, is_fraud=False, after=2)
    world.labelled(number, is_fraud=True, after=2)

    assert list(world.store.changes(DAY)) == [changed(2, 1, 1, 0, 0, 1_000, 0)]


def test_a_label_from_before_its_payment_is_known_on_the_payments_day(world: World) -> None:
    number = world.paid()
    world.labelled(number, is_fraud=True, after=-3)

    assert list(world.store.changes(DAY)) == [changed(0, 1, 1, 0, 0, 1_000, 0)]


def test_a_label_that_waits_for_its_payment_is_not_known(world: World) -> None:
    world.paid()
    world.labelled(99, is_fraud=True, after=1, known=False)

    assert list(world.store.changes(DAY)) == []


def test_labels_count_for_the_version_that_scored_the_payment(world: World) -> None:
    for version in ("1", "2"):
        world.labelled(world.paid(version=version), is_fraud=True, after=1)

    assert [change.model_version for change in world.store.changes(DAY)] == ["1", "2"]


def test_a_version_began_with_the_median_of_its_first_slice(world: World) -> None:
    world.paid(version="1", slice_id=1)
    for hours in (0, -9_000, 2, 1):
        world.paid(version="2", slice_id=5, at=NOON + dt.timedelta(hours=hours))
    world.paid(version="2", slice_id=9, at=NOON - dt.timedelta(days=3))

    assert world.store.began_at("2") == NOON
    assert world.store.began_at("3") is None


def test_a_sample_holds_vectors_and_scores_of_one_version_in_a_time(world: World) -> None:
    world.paid(version="2")
    chosen = [world.paid(score=0.5), world.paid(score=0.75, at=NOON + SECOND)]
    world.paid(at=NOON + 2 * SECOND)
    sample = world.store.sample("1", NOON, NOON + 2 * SECOND, every=1)

    order = sample.score.argsort()
    assert sample.score[order].tolist() == [0.5, 0.75]
    assert sample.features.shape == (2, FEATURE_COUNT)
    assert sample.features[order].tolist() == [world.payments[number].features.tolist() for number in chosen]


def test_a_sample_takes_one_in_so_many_and_always_the_same(world: World) -> None:
    for number in range(8):
        world.paid(score=number / 8, body_hash=-number if number % 2 else number)
    first, again = (world.store.sample("1", NOON, NOON + SECOND, every=4) for _ in range(2))

    assert sorted(first.score.tolist()) == sorted(again.score.tolist()) == [0.0, 0.5]


def test_an_empty_sample_has_its_width(world: World) -> None:
    assert world.store.sample("1", NOON, NOON + SECOND, every=1).features.shape == (0, FEATURE_COUNT)


def test_a_reference_is_kept_as_it_was_first(world: World) -> None:
    first = Reference("1", NOON, NOON + 7 * 86_400 * SECOND, {"amount": Histogram((0.1, 2.5), (3, 2, 1))})
    world.store.put_reference(first)
    world.store.put_reference(Reference("1", NOON, NOON + SECOND, {"amount": Histogram((9.0,), (1, 1))}))

    assert world.store.reference("1") == first
    assert world.store.reference("2") is None


def test_figures_are_replaced_by_a_second_measurement(world: World) -> None:
    world.store.put_quality([a_row(), a_row(as_known_on=day(4), frauds=6)])
    world.store.put_quality([a_row(labelled=41, caught_value=501.0)])
    world.store.put_quality([])

    assert list(world.store.stored_quality(DAY, DAY)) == [
        a_row(labelled=41, caught_value=501.0),
        a_row(as_known_on=day(4), frauds=6),
    ]


def test_stored_figures_are_those_of_the_days_asked_for(world: World) -> None:
    rows = [a_row(day=day(later), as_known_on=day(9)) for later in range(4)]
    world.store.put_quality(rows)

    assert list(world.store.stored_quality(day(1), day(2))) == rows[1:3]


def test_drift_is_replaced_by_a_second_measurement(world: World) -> None:
    first = [FeatureDrift(DAY, "1", "amount", 0.2, 900), FeatureDrift(day(1), "1", "amount", 0.01, 800)]
    world.store.put_drift(first)
    world.store.put_drift([FeatureDrift(DAY, "1", "amount", 0.3, 950)])

    assert list(world.store.stored_drift(DAY, DAY)) == [FeatureDrift(DAY, "1", "amount", 0.3, 950)]
    assert list(world.store.stored_drift(DAY, day(5)))[1:] == first[1:]
