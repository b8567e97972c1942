"""What the compiled loop may be handed: it checks no bounds, so everything is checked before."""

import numpy as np
import numpy.typing as npt

from fraudstream.features.events import Floats, Ints
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH

WIDTHS = {
    "customer_state": CUSTOMER_STATE_WIDTH,
    "customer_risk": CUSTOMER_RISK_WIDTH,
    "merchant_risk": MERCHANT_RISK_WIDTH,
}


def check_rows(name: str, rows: Floats) -> Floats:
    """Rows that can be changed in place.

    Raises:
        ValueError: another shape or type, read-only, or not contiguous.
    """
    width = WIDTHS[name]
    fits = rows.ndim == 2 and rows.shape[1] == width and rows.dtype == np.float64  # noqa: PLR2004 - a table
    if not fits or not rows.flags.c_contiguous or not rows.flags.writeable:
        raise ValueError(
            f"{name} of shape {rows.shape} and type {rows.dtype} cannot be changed in place; pass a writeable, "
            f"contiguous float64 array of shape (rows, {width})"
        )
    return rows


def check_index(name: str, index: Ints, count: int, *, lowest: int, end: int) -> None:
    """One row number, at least `lowest` and below `end`, for each of `count` payments or labels.

    Raises:
        ValueError: another number of them, or a row that is not there.
    """
    if len(index) != count:
        raise ValueError(f"{name} names {len(index)} rows for {count} payments or labels; pass one for each")
    if count and (index.min() < lowest or index.max() >= end):
        raise ValueError(f"{name} runs from {index.min()} to {index.max()}; rows run from {lowest} to {end - 1}")


def plain(values: npt.ArrayLike, dtype: npt.DTypeLike) -> npt.NDArray:  # type: ignore[type-arg]
    """Contiguous and writeable, copied only if need be: the loop is compiled for one type of array."""
    return np.require(values, dtype, ["C", "W"])
