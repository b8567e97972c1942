"""Ids are settled in log order, against what is known and among themselves."""

import uuid

import numpy as np

from fraudstream.features.events import Bytes, Ints
from fraudstream.ports.slices import Reservation
from fraudstream.scoring.identity import Fates, settle_ids


def ids(*numbers: int) -> Bytes:
    return np.frombuffer(b"".join(uuid.UUID(int=number).bytes for number in numbers), np.uint8).reshape(-1, 16)


def settle(numbers: list[int], hashes: list[int], known: dict[int, int]) -> Fates:
    def reserve(transaction_id: Bytes, body_hash: Ints, offset: Ints) -> Reservation:
        asked = [int(uuid.UUID(bytes=row.tobytes())) for row in transaction_id]
        assert asked == sorted(set(asked))
        assert [numbers[place] for place in offset.tolist()] == asked
        fresh = np.array([number not in known for number in asked], np.bool_)
        stands_for = [known.get(number, own) for number, own in zip(asked, body_hash.tolist(), strict=True)]
        return Reservation(fresh, np.array(stands_for, np.int64))

    return settle_ids(ids(*numbers), np.array(hashes, np.int64), np.arange(len(numbers)), reserve)


def test_new_ids_are_fresh() -> None:
    fates = settle([3, 1, 2], [30, 10, 20], {})

    assert fates.fresh.all()
    assert not (fates.repeat | fates.conflict).any()


def test_a_known_id_is_a_repeat_or_a_conflict() -> None:
    fates = settle([1, 2], [10, 21], {1: 10, 2: 20})

    assert fates.fresh.tolist() == [False, False]
    assert fates.repeat.tolist() == [True, False]
    assert fates.conflict.tolist() == [False, True]


def test_within_a_slice_the_first_one_counts() -> None:
    fates = settle([5, 2, 5, 5, 2], [50, 20, 51, 50, 20], {})

    assert fates.fresh.tolist() == [True, True, False, False, False]
    assert fates.conflict.tolist() == [False, False, True, False, False]
    assert fates.repeat.tolist() == [False, False, False, True, True]


def test_ids_that_differ_in_trailing_zero_bytes_are_different() -> None:
    high = 0xAB << 120

    assert settle([high, high | 1 << 64, high | 1], [1, 1, 1], {}).fresh.all()


def test_nothing_is_settled_for_nobody() -> None:
    assert len(settle([], [], {}).fresh) == 0
