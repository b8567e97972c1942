"""Payments and labels leave in the order of simulated time, each once."""

from collections.abc import Iterator
from itertools import islice

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraudstream.contracts.label import parse_label
from fraudstream.contracts.topics import LABELS
from fraudstream.contracts.transaction import parse_transaction
from fraudstream.features.events import uuid_at
from fraudstream.producer.outgoing import Outgoing
from fraudstream.producer.timeline import Batch, Timeline, a_day_ahead
from fraudstream.simulation.city import DEFAULT_START, CityWorld, SimulatedDay
from fraudstream.simulation.scripted import scripted_fraud

DAY = 86_400.0
FOREVER = 4e9
WORLD = CityWorld(7, 60, DEFAULT_START)
HISTORY = 33
LIVE = DEFAULT_START + HISTORY * DAY
DAYS = list(islice(WORLD.days(), HISTORY + 8))


def a_timeline() -> Timeline:
    return Timeline(iter(DAYS[HISTORY:]), start=LIVE)


def moment_of(record: Outgoing) -> float:
    if record.topic == LABELS:
        return parse_label(record.value).arrived_at.timestamp()
    return parse_transaction(record.value, latest=FOREVER).event_time


def identity_of(record: Outgoing) -> tuple[str, str]:
    return record.topic, str(msgspec.json.decode(record.value)["transaction_id"])


def taken_until(timeline: Timeline, until: float, most: int = 1_000) -> list[Outgoing]:
    records: list[Outgoing] = []
    while (batch := timeline.due(most, until)).records:
        records += batch.records
    return records


def test_live_days_come_whole_and_in_order() -> None:
    days = DAYS[HISTORY : HISTORY + 4]
    records = taken_until(a_timeline(), days[-1].start + DAY - 0.001)
    moments = [moment_of(record) for record in records]

    assert moments == sorted(moments)
    assert len({identity_of(record) for record in records}) == len(records)
    assert len(records) == sum(len(day.events) + len(day.labels) for day in days)


def test_labels_of_history_arrive_live() -> None:
    known = {str(uuid_at(day.events.transaction_id, row)) for day in DAYS[:HISTORY] for row in range(len(day.events))}
    records = taken_until(a_timeline(), LIVE + DAY)

    assert any(topic == LABELS and name in known for topic, name in map(identity_of, records))


@settings(max_examples=30, deadline=None)
@given(steps=st.lists(st.tuples(st.integers(0, 60), st.floats(0, 3 * DAY)), max_size=30))
def test_the_cut_into_batches_changes_nothing(steps: list[tuple[int, float]]) -> None:
    timeline = a_timeline()
    records: list[Outgoing] = []
    for most, until in steps:
        batch = timeline.due(most, LIVE + until)

        assert batch.payments <= most
        assert batch.payments == sum(record.topic != LABELS for record in batch.records)
        assert all(moment_of(record) <= LIVE + until for record in batch.records)
        records += batch.records
    records += taken_until(timeline, LIVE + 3 * DAY)

    assert records == taken_until(a_timeline(), LIVE + 3 * DAY)


def test_nothing_is_taken_where_nothing_is_due() -> None:
    timeline = a_timeline()

    assert timeline.due(0, FOREVER) == Batch([], 0)
    assert timeline.due(10, LIVE - 1) == Batch([], 0)
    assert timeline.moment == LIVE


@pytest.mark.parametrize("most", [1, 2, 7])
def test_as_many_payments_are_taken_as_may_be(most: int) -> None:
    assert a_timeline().due(most, FOREVER).payments == most


def test_a_day_that_has_not_begun_is_waited_for() -> None:
    timeline = a_timeline()
    taken_until(timeline, LIVE + DAY - 0.001)

    assert timeline.due(10, LIVE + DAY - 0.001) == Batch([], 0)
    assert timeline.due(10, LIVE + 2 * DAY).records


def test_the_moment_is_that_of_the_last_record() -> None:
    timeline = a_timeline()
    batch = timeline.due(5, FOREVER)

    assert timeline.moment == moment_of(batch.records[-1])


def test_added_payments_take_their_place_and_displace_nothing() -> None:
    timeline = a_timeline()
    before = timeline.due(50, FOREVER).records
    fraud = scripted_fraud(WORLD, 1_005, timeline.moment, seed=1)
    timeline.add(fraud)
    records = before + taken_until(timeline, LIVE + 2 * DAY)
    mine = {str(uuid_at(fraud.transaction_id, row)) for row in range(len(fraud))}
    moments = [moment_of(record) for record in records]

    assert [record for record in records if record.transaction_id not in mine] == taken_until(
        a_timeline(), LIVE + 2 * DAY
    )
    assert len([record for record in records if record.transaction_id in mine]) == len(mine)
    assert moments == sorted(moments)


def test_payments_added_at_the_end_of_a_day_are_not_lost() -> None:
    timeline = a_timeline()
    taken_until(timeline, LIVE + DAY - 0.001)
    fraud = scripted_fraud(WORLD, 1_005, LIVE + DAY - 10.0, seed=1)
    timeline.add(fraud)
    records = taken_until(timeline, LIVE + 2 * DAY)
    mine = {str(uuid_at(fraud.transaction_id, row)) for row in range(len(fraud))}

    assert mine <= {record.transaction_id for record in records}


def test_days_made_in_advance_are_the_same_days() -> None:
    made: list[float] = []

    def days() -> Iterator[SimulatedDay]:
        for day in DAYS:
            made.append(day.start)
            yield day

    assert list(islice(a_day_ahead(days()), 4)) == DAYS[:4]
    assert len(made) <= 5
