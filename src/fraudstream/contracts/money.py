"""Sums of money that no order of addition changes."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt


def cents(amounts: npt.NDArray[np.float64] | Sequence[float]) -> int:
    """The sum of some amounts in whole cents, each rounded to the cent before it is added.

    Ten billion of the largest payments can be added.
    """
    return int(np.rint(np.asarray(amounts, np.float64) * 100.0).astype(np.int64).sum())
