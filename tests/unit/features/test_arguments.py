import numpy as np
import pytest

from fraudstream.features.arguments import check_index, check_rows, plain
from fraudstream.features.events import Floats
from fraudstream.features.state import MERCHANT_RISK_WIDTH


def test_rows_that_fit_are_handed_on() -> None:
    rows = np.zeros((3, MERCHANT_RISK_WIDTH))

    assert check_rows("merchant_risk", rows) is rows


@pytest.mark.parametrize(
    "rows",
    [
        np.zeros((3, MERCHANT_RISK_WIDTH - 1)),
        np.zeros(MERCHANT_RISK_WIDTH),
        np.zeros((3, MERCHANT_RISK_WIDTH), np.float32),
        np.zeros((MERCHANT_RISK_WIDTH, 3)).T,
        np.broadcast_to(np.zeros(MERCHANT_RISK_WIDTH), (3, MERCHANT_RISK_WIDTH)),
    ],
    ids=["narrow", "flat", "single precision", "transposed", "read-only"],
)
def test_rows_that_could_not_be_changed_in_place_are_refused(rows: Floats) -> None:
    with pytest.raises(ValueError, match=r"merchant_risk of shape .* pass a writeable, contiguous float64 array"):
        check_rows("merchant_risk", rows)


def test_an_index_of_nothing_fits_anything() -> None:
    check_index("state_row", np.empty(0, np.int64), 0, lowest=0, end=0)


@pytest.mark.parametrize("row", [-2, 5])
def test_an_index_outside_is_refused(row: int) -> None:
    with pytest.raises(ValueError, match="rows run from -1 to 4"):
        check_index("merchant_row", np.array([0, row]), 2, lowest=-1, end=5)


def test_plain_copies_only_what_it_must() -> None:
    fine = np.zeros(4)
    read_only = np.zeros(4)
    read_only.flags.writeable = False

    assert plain(fine, np.float64) is fine
    assert plain(read_only, np.float64).flags.writeable
    assert plain(np.zeros(8)[::2], np.float64).flags.c_contiguous
