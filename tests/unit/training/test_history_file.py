"""A history in a file is the history it was written from; what is wrong with one is said with its line."""

import uuid
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np
import pytest

from fraudstream.errors import ConfigurationError
from fraudstream.producer.outgoing import outgoing_labels, outgoing_payments
from fraudstream.simulation.city import DEFAULT_START, CityWorld
from fraudstream.training import history_file
from fraudstream.training.dataset import SHORTEST_HISTORY
from fraudstream.training.history_file import file_past
from fraudstream.training.past import simulated_past
from fraudstream.training.sampling import Limits, sample_of

DAYS = SHORTEST_HISTORY + 8
Change = Callable[[list[bytes]], list[bytes]]


@pytest.fixture(scope="module")
def world() -> CityWorld:
    return CityWorld(3, 60, DEFAULT_START)


@pytest.fixture(scope="module")
def lines(world: CityWorld) -> list[bytes]:
    """Payments and labels of the city in the order of their time."""
    dated: list[tuple[float, bytes]] = []
    for day in islice(world.days(), DAYS):
        payments = zip(day.events.event_time.tolist(), outgoing_payments(day.events), strict=True)
        labels = zip(day.labels.arrived_at.tolist(), outgoing_labels(day.labels), strict=True)
        dated += [(moment, sent.value) for moment, sent in (*payments, *labels)]
    return [value for _, value in sorted(dated, key=lambda row: row[0])]


@pytest.fixture
def write(tmp_path: Path, lines: list[bytes]) -> Callable[[Change], Path]:
    def to_file(change: Change) -> Path:
        path = tmp_path / "history.jsonl"
        path.write_bytes(b"".join(line + b"\n" for line in change(list(lines))))
        return path

    return to_file


def same(lines: list[bytes]) -> list[bytes]:
    return lines


def is_label(line: bytes) -> bool:
    return b"arrived_at" in line


def first_label(lines: list[bytes]) -> int:
    return next(place for place, line in enumerate(lines) if is_label(line))


@pytest.mark.parametrize("at_once", [50_000, 701])
def test_a_file_is_the_history_it_was_written_from(
    world: CityWorld, write: Callable[[Change], Path], at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_file, "LINES_AT_ONCE", at_once)
    limits = Limits(genuine=2_000, measured=600)
    simulated = sample_of(simulated_past(world, DAYS), limits=limits)
    read = sample_of(file_past(write(same), seed=3), limits=limits)

    assert (read.history.start, read.history.end) == (simulated.history.start, simulated.history.end)
    assert read.sha256 == simulated.sha256
    assert read.payments == simulated.payments
    assert read.genuine_every > 1
    for moment in (read.history.end - 7 * 86_400, read.history.end):
        _, fraud = read.history.known_at(moment)
        assert fraud.any()
    _, fraud = read.history.known_at(np.inf)
    assert np.array_equal(read.history.scenario > 0, fraud)
    assert np.isin(read.history.events.event_time[fraud], simulated.history.events.event_time).all()
    assert np.array_equal(read.replay.rows().customer_state, simulated.replay.rows().customer_state)
    assert np.array_equal(read.replay.rows().merchant_risk, simulated.replay.rows().merchant_risk)


def test_an_outcome_inside_a_payment_was_known_at_once(write: Callable[[Change], Path]) -> None:
    def with_outcomes(lines: list[bytes]) -> list[bytes]:
        payments = [msgspec.json.decode(line) for line in lines if not is_label(line)]
        return [msgspec.json.encode(payment | {"is_fraud": row % 50 == 0}) for row, payment in enumerate(payments)]

    sample = sample_of(file_past(write(with_outcomes), seed=1))

    known, fraud = sample.history.known_at(sample.history.end)
    assert known.all()
    assert 0 < fraud.sum() == (sample.history.scenario > 0).sum()
    assert not len(sample.replay.unlabelled().events)


def without_order(lines: list[bytes]) -> list[bytes]:
    lines[100], lines[3_000] = lines[3_000], lines[100]
    return lines


def with_a_line_twice(lines: list[bytes]) -> list[bytes]:
    return [*lines[:500], lines[499], *lines[500:]]


def with_a_label_before_its_payment(lines: list[bytes]) -> list[bytes]:
    """A payment of the same moment that the label is about comes after it."""
    payment = msgspec.json.decode(lines[200])
    label = {
        "transaction_id": payment["transaction_id"],
        "user_id": payment["user_id"],
        "is_fraud": True,
        "arrived_at": payment["timestamp"],
    }
    return [*lines[:200], msgspec.json.encode(label), *lines[200:]]


def with_a_label_of_nothing(lines: list[bytes]) -> list[bytes]:
    place = first_label(lines)
    label = msgspec.json.decode(lines[place]) | {"transaction_id": str(uuid.UUID(int=7))}
    return [*lines[:place], msgspec.json.encode(label), *lines[place:]]


def with_two_labels(lines: list[bytes]) -> list[bytes]:
    place = first_label(lines)
    return [*lines[: place + 1], *lines[place : place + 1], *lines[place + 1 :]]


def with_nonsense(lines: list[bytes]) -> list[bytes]:
    return [*lines[:7], b'{"amount": "much"}', *lines[7:]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without_order, r"line 102: .* lies before .* of the line before; sort the lines by time"),
        (with_a_line_twice, r"line 501: transaction \S+ stands in the file before; remove one of the two"),
        (with_a_label_before_its_payment, r"line 201: the label of transaction \S+ stands before its payment"),
        (with_a_label_of_nothing, r"line \S+: the label of transaction 0{8}\S+ stands .* or that payment is missing"),
        (with_two_labels, r"line \S+: the payment it is about has a label already; keep the last one alone"),
        (with_nonsense, r"line 8: .*; correct or remove the line"),
        (lambda lines: lines[:900], r"covers \d+ days, too few to train on; at least 24 are needed"),
        (lambda _: [], r"has no lines; give a file of payments and labels"),
        (lambda _: [b"", b"  "], r"has no lines"),
        (lambda lines: [b"nonsense", *lines], r"line 1: .*; correct or remove the line"),
        (lambda lines: [line for line in lines if not is_label(line)], r"there is no fraud among the .* payments"),
    ],
    ids=lambda value: getattr(value, "__name__", "").strip("<>"),
)
def test_what_is_wrong_is_said_with_its_line(write: Callable[[Change], Path], change: Change, said: str) -> None:
    path = write(change)

    with pytest.raises(ConfigurationError, match=said):
        sample_of(file_past(path, seed=1))


def test_blank_lines_are_passed_over(write: Callable[[Change], Path]) -> None:
    def spaced(lines: list[bytes]) -> Iterator[bytes]:
        for line in lines:
            yield from (line, b"")

    assert sample_of(file_past(write(lambda lines: list(spaced(lines))), seed=1)).payments > 0


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nothing.jsonl cannot be read: No such file"):
        file_past(tmp_path / "nothing.jsonl", seed=1)
