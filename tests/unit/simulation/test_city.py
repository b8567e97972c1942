"""A world is endless, in order, complete, and a function of seed, customers and start alone."""

import hashlib
import subprocess
import sys
from dataclasses import fields
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fraudstream.errors import ConfigurationError
from fraudstream.features.events import ABSENT, EventColumns
from fraudstream.simulation.city import DEFAULT_START, CityWorld, SimulatedDay
from fraudstream.simulation.labels import SimulatedLabels

if TYPE_CHECKING:
    from .conftest import Simulated

GOLDEN = "a4ff59f8ebcad38be1d34f092da0a0ca67fbff497eb020c137b1a7ad5e7027ed"


def digest_of(days: list[SimulatedDay]) -> str:
    """Of everything that a client sees; the numbers of the payments follow from their order."""
    digest = hashlib.sha256()
    for day in days:
        for part, columns in ((day.events, fields(EventColumns)), (day.labels, fields(SimulatedLabels))):
            for column in [column for column in columns if column.name != "payment"]:
                digest.update(np.ascontiguousarray(getattr(part, column.name)).tobytes())
        digest.update(day.scenario.tobytes())
    return digest.hexdigest()


def first_days(count: int, *, seed: int = 7, customers: int = 50, start: float = DEFAULT_START) -> list[SimulatedDay]:
    return list(islice(CityWorld(seed, customers, start).days(), count))


def test_a_world_is_what_it_was() -> None:
    """Changing this changes every published figure: do it on purpose, and say so in the changelog."""
    assert digest_of(first_days(40)) == GOLDEN


def test_another_process_sees_the_same_world() -> None:
    script = (
        "import hashlib; from fraudstream.simulation.city import DEFAULT_START, CityWorld; "
        "events = next(CityWorld(7, 50, DEFAULT_START).days()).events; "
        "print(hashlib.sha256(events.transaction_id.tobytes() + events.amount.tobytes()).hexdigest())"
    )
    environment = {"PYTHONHASHSEED": "1", "TZ": "Asia/Tokyo"}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60, env=environment
    )
    events = first_days(1)[0].events
    here = hashlib.sha256(events.transaction_id.tobytes() + events.amount.tobytes()).hexdigest()

    assert done.stdout.strip() == here


def test_each_iteration_begins_at_the_first_day() -> None:
    world = CityWorld(3, 20, DEFAULT_START)
    next(world.days())

    assert digest_of([next(world.days())]) == digest_of([next(world.days())])


@pytest.mark.parametrize("other", [{"seed": 8}, {"customers": 51}, {"start": DEFAULT_START + 86_400}])
def test_other_worlds_share_no_transaction_id(other: dict[str, int]) -> None:
    ids = {row.tobytes() for day in first_days(3) for row in day.events.transaction_id}
    others = {row.tobytes() for day in first_days(3, **other) for row in day.events.transaction_id}

    assert ids.isdisjoint(others)


def test_the_stream_goes_on_where_the_history_ends() -> None:
    """What was under way at the end of the history, fraud and labels alike, comes to its end in the live days."""
    whole = CityWorld(5, 400, DEFAULT_START).days()
    days = list(islice(whole, 60))
    history, live = days[:45], days[45:]
    sent = {row.tobytes() for day in history for row in day.events.transaction_id}
    arriving = {row.tobytes() for day in live for row in day.labels.transaction_id}

    assert len(sent & arriving) > len(sent) / 4
    assert live[0].start == DEFAULT_START + 45 * 86_400


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), customers=st.integers(1, 300), day=st.integers(0, 9_000))
def test_any_world_is_in_order_and_complete(seed: int, customers: int, day: int) -> None:
    start = DEFAULT_START - 3_000 * 86_400 + day * 86_400
    last = 0.0
    for simulated in first_days(4, seed=seed, customers=customers, start=start):
        events, labels = simulated.events, simulated.labels
        times = np.concatenate([[last], events.event_time])
        last = float(times[-1])

        assert np.all(np.diff(times) > 0)
        assert np.all((events.event_time >= simulated.start) & (events.event_time < simulated.start + 86_401))
        assert np.all(np.diff(labels.arrived_at) >= 0)
        assert np.all((labels.arrived_at >= simulated.start) & (labels.arrived_at < simulated.start + 86_400))
        assert np.all((events.user_id >= 1_000) & (events.user_id < 1_000 + customers))
        assert np.all(events.amount > 0)
        assert np.all(np.round(events.amount, 2) == events.amount)
        for column in (events.merchant_id, events.device_id, events.channel):
            assert not np.any(column == ABSENT)


def test_ids_are_unique(city: "Simulated") -> None:
    ids = city.events.transaction_id

    assert len(np.unique(np.ascontiguousarray(ids).view("V16"))) == len(ids)


def test_a_customer_pays_about_twice_a_day(city: "Simulated") -> None:
    assert 2.0 < len(city.events) / len(city.days) / city.world.customers < 2.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((-1, 10, DEFAULT_START), "seed -1 is negative"),
        ((1, 0, DEFAULT_START), "0 customers cannot be simulated"),
        ((1, 200_001, DEFAULT_START), "200001 customers cannot be simulated"),
        ((1, 10, DEFAULT_START + 3_600), "use a midnight"),
        ((1, 10, 0.0), "from 2000 on"),
    ],
)
def test_impossible_worlds_are_refused(arguments: tuple[int, int, float], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        CityWorld(*arguments)
