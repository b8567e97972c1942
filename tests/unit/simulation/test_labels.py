"""The truth arrives late, once for each payment, and not always."""

from dataclasses import fields
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fraudstream.features.events import Bytes
from fraudstream.simulation.labels import LABEL_SOURCES, SimulatedLabels

if TYPE_CHECKING:
    from .conftest import Simulated

DAY = 86_400.0


@pytest.fixture(scope="module")
def known(city: "Simulated") -> SimulatedLabels:
    """Every label of the payments of the city's first 45 days."""
    days = [day.labels for day in islice(city.world.days(), len(city.days) + 31)]
    labels = SimulatedLabels(
        *(np.concatenate([getattr(part, column.name) for part in days]) for column in fields(SimulatedLabels))
    )
    return labels.take(np.isin(as_keys(labels.transaction_id), as_keys(city.events.transaction_id)))


def as_keys(ids: Bytes) -> Bytes:
    return np.ascontiguousarray(ids).view("S16").ravel()


def payment_rows(city: "Simulated", labels: SimulatedLabels) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    keys = as_keys(city.events.transaction_id)
    order = np.argsort(keys)
    return np.asarray(order[np.searchsorted(keys, as_keys(labels.transaction_id), sorter=order)])


def test_every_payment_has_one_label_in_the_end(city: "Simulated", known: SimulatedLabels) -> None:
    assert np.array_equal(np.sort(as_keys(known.transaction_id)), np.sort(as_keys(city.events.transaction_id)))


def test_a_label_names_its_customer(city: "Simulated", known: SimulatedLabels) -> None:
    assert np.array_equal(city.events.user_id[payment_rows(city, known)], known.user_id)


def test_a_label_carries_the_number_of_its_payment(city: "Simulated", known: SimulatedLabels) -> None:
    assert np.array_equal(payment_rows(city, known), known.payment)


def test_banks_report_fraud_after_a_median_of_four_days(city: "Simulated", known: SimulatedLabels) -> None:
    reports = known.take(known.source == LABEL_SOURCES.index("bank"))
    delay = (reports.arrived_at - city.events.event_time[payment_rows(city, reports)]) / DAY

    assert np.all(reports.is_fraud)
    assert np.all(city.scenario[payment_rows(city, reports)] > 0)
    assert 3.5 < np.median(delay) < 4.5
    assert 0.0 < delay.min() < 1.0
    assert 15.0 < delay.max() < 30.0


def test_what_nobody_reports_matures_as_genuine_after_thirty_days(city: "Simulated", known: SimulatedLabels) -> None:
    matured = known.take(known.source == LABEL_SOURCES.index("matured"))
    rows = payment_rows(city, matured)

    assert not np.any(matured.is_fraud)
    assert np.allclose(matured.arrived_at - city.events.event_time[rows], 30 * DAY, rtol=0, atol=1e-3)
    assert 0.01 < np.count_nonzero(city.scenario[rows]) / np.count_nonzero(city.scenario) < 0.06


def test_there_are_no_other_sources(known: SimulatedLabels) -> None:
    assert {LABEL_SOURCES[code] for code in np.unique(known.source)} == {"bank", "matured"}
