"""Every id is found at its own row, whatever it has in common with others; none is entered twice."""

import uuid

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraudstream.features.events import Bytes
from fraudstream.training import id_index
from fraudstream.training.id_index import UNKNOWN, IdIndex


def ids(*numbers: int) -> Bytes:
    return np.frombuffer(b"".join(uuid.UUID(int=number).bytes for number in numbers), np.uint8).reshape(-1, 16)


@given(st.lists(st.lists(st.integers(0, 2**128 - 1), max_size=20), max_size=8))
def test_ids_are_found_at_their_rows(batches: list[list[int]]) -> None:
    index, rows = IdIndex(), dict[int, int]()
    for batch in batches:
        new = [number for number in dict.fromkeys(batch) if number not in rows]
        assert not len(index.add(ids(*new)))
        rows |= {number: len(rows) + place for place, number in enumerate(new)}

    assert index.rows_of(ids(*rows)).tolist() == list(rows.values())
    assert len(index) == len(rows)


def test_an_id_that_was_never_entered_has_no_row() -> None:
    index = IdIndex()
    assert index.rows_of(ids(3)).tolist() == [UNKNOWN]

    index.add(ids(1, 2, 2**64, 2**127))

    assert index.rows_of(ids(3, 2**64 + 1, 0, 2**127)).tolist() == [UNKNOWN, UNKNOWN, UNKNOWN, 3]


def test_ids_that_are_there_are_named_and_nothing_is_entered() -> None:
    index = IdIndex()
    index.add(ids(1, 2))

    assert index.add(ids(5, 2, 6, 5)).tolist() == [1, 3]
    assert len(index) == 2


def test_ids_that_share_what_they_are_looked_up_by_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a factor of zero the first half alone decides where an id stands; all of these have the same."""
    monkeypatch.setattr(id_index, "_ODD", np.uint64(0))
    index = IdIndex()
    index.add(ids(7, 8, 9))
    index.add(ids(3))

    assert index.rows_of(ids(9, 3, 8, 4, 7)).tolist() == [2, 3, 1, UNKNOWN, 0]
    assert index.add(ids(4, 8)).tolist() == [1]
