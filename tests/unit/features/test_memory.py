import numpy as np

from fraudstream.features.events import ABSENT
from fraudstream.features.memory import FOLD, folded, move_to_front, place_of


def test_absent_is_nothing_and_zero_is_an_id() -> None:
    assert (folded(ABSENT), folded(0), folded(1)) == (0, 1, 2)


def test_folded_ids_are_exact_as_floats() -> None:
    for identifier in (FOLD - 1, FOLD, 2**63 - 1, 2**62 + 12_345):
        found = folded(identifier)

        assert found == identifier % FOLD + 1
        assert int(float(found)) == found


def test_ids_that_a_float_would_confuse_are_told_apart() -> None:
    assert float(2**62) == float(2**62 + 1)
    assert folded(2**62) != folded(2**62 + 1)


def test_the_newest_comes_first_and_the_oldest_is_dropped() -> None:
    ids = np.array([3.0, 2.0, 1.0])
    move_to_front(ids, place_of(ids, 2), 2)
    assert ids.tolist() == [2, 3, 1]
    move_to_front(ids, place_of(ids, 9), 9)
    assert ids.tolist() == [9, 2, 3]
    move_to_front(ids, place_of(ids, 9), 9)
    assert ids.tolist() == [9, 2, 3]
