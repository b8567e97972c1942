"""Ids look random, are version-4 UUIDs, and depend on key and number alone."""

import uuid

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fraudstream.simulation.transaction_ids import transaction_ids

WORDS = st.integers(0, 2**64 - 1)


@given(key=st.tuples(WORDS, WORDS), first=st.integers(0, 2**40), count=st.integers(0, 50))
def test_ids_are_version_4_uuids(key: tuple[int, int], first: int, count: int) -> None:
    ids = [uuid.UUID(bytes=row.tobytes()) for row in transaction_ids(key, first, count)]

    assert len(set(ids)) == count
    assert all(identifier.version == 4 and identifier.variant == uuid.RFC_4122 for identifier in ids)


@given(key=st.tuples(WORDS, WORDS), first=st.integers(0, 2**40), skipped=st.integers(0, 20))
def test_an_id_is_a_function_of_its_number(key: tuple[int, int], first: int, skipped: int) -> None:
    assert np.array_equal(
        transaction_ids(key, first, 30)[skipped:], transaction_ids(key, first + skipped, 30 - skipped)
    )


def test_a_million_numbers_have_a_million_ids() -> None:
    ids = transaction_ids((1, 2), 0, 1_000_000)

    assert len(np.unique(ids.view("V16"))) == len(ids)


def test_each_bit_but_the_fixed_six_is_set_half_of_the_time() -> None:
    share = np.unpackbits(transaction_ids((1, 2), 0, 20_000), axis=1).mean(axis=0)

    assert np.count_nonzero(np.abs(share - 0.5) > 0.02) == 6
