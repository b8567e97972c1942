"""Where a log begins: every customer's and merchant's state at the end of history, in one file of arrays."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from fraudstream.errors import ModelUnavailable
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.features.events import Bytes, Floats, Ints
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.models.archive import read_arrays, write_arrays

_VERSION = "catalogue_version"
_WIDTHS = {
    "customer_state": CUSTOMER_STATE_WIDTH,
    "customer_risk": CUSTOMER_RISK_WIDTH,
    "merchant_risk": MERCHANT_RISK_WIDTH,
}


@dataclass(frozen=True)
class WaitingPayments:
    """`w` payments of the history that no label had arrived for, as the label applier will need them.

    `transaction_id` is (w, 16) bytes; `merchant_id` may be `ABSENT`; `event_time` is in seconds since 1970 UTC,
    `amount` in units of the currency, `amount_ratio` the feature of that name when the payment was made.
    """

    transaction_id: Bytes
    user_id: Ints
    merchant_id: Ints
    event_time: Floats
    amount: Floats
    amount_ratio: Floats

    def __len__(self) -> int:
        """Number of payments."""
        return len(self.user_id)


@dataclass(frozen=True)
class InitialState:
    """State rows of `U` customers and `M` merchants by id, and the payments that still wait for a label."""

    user_ids: Ints
    customer_state: Floats
    customer_risk: Floats
    merchant_ids: Ints
    merchant_risk: Floats
    waiting: WaitingPayments


def state_to_bytes(state: InitialState) -> bytes:
    """The state as an `.npz` file; equal states give equal bytes."""
    arrays = {name: getattr(state, name) for name in _names()}
    arrays |= {f"waiting_{field.name}": getattr(state.waiting, field.name) for field in fields(WaitingPayments)}
    return write_arrays(arrays | {_VERSION: np.array([CATALOGUE_VERSION])})


def load_state(content: bytes) -> InitialState:
    """Read a file of `state_to_bytes`.

    Raises:
        ModelUnavailable: it is no such file, is of another catalogue version, or its arrays do not fit together.
    """
    arrays: dict[str, Any] = dict(read_arrays(content))
    try:
        version = int(arrays[_VERSION][0])
        waiting = WaitingPayments(**{field.name: arrays[f"waiting_{field.name}"] for field in fields(WaitingPayments)})
        state = InitialState(**{name: arrays[name] for name in _names()}, waiting=waiting)
    except KeyError as error:
        raise ModelUnavailable(f"the initial state has no array {error}; train and register it again") from error
    if version != CATALOGUE_VERSION:
        raise ModelUnavailable(
            f"the initial state is of feature catalogue {version}, this program computes {CATALOGUE_VERSION}; "
            "train a new version"
        )
    _check_shapes(state)
    return state


def _check_shapes(state: InitialState) -> None:
    rows = {
        "customer_state": len(state.user_ids),
        "customer_risk": len(state.user_ids),
        "merchant_risk": len(state.merchant_ids),
    }
    for name, count in rows.items():
        array = getattr(state, name)
        if array.shape != (count, _WIDTHS[name]) or not np.isfinite(array).all():
            raise ModelUnavailable(f"{name} of the initial state has a wrong shape or is not finite; train again")


def _names() -> tuple[str, ...]:
    return tuple(field.name for field in fields(InitialState) if field.name != "waiting")
