"""The kernel: from a payment and its past to a vector of features, one payment at a time.

`step` computes every feature from the rows as they stand, then lets the payment enter the customer's state. It is the
only implementation: live scoring, the replay of history and the oracle all run it, and the label updates between
payments, through the one compiled loop below.

A payment is late if its time lies before the newest payment of its customer. It sees the state as it is, without
decay, as if it were the newest one's twin; it enters decayed sums with the weight it would have by now, and it never
moves a time back. So a decayed count or sum of amounts comes out as if the payments had come in order.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fraudstream.features import state as slot
from fraudstream.features.amounts import describe_amount, learn_amount
from fraudstream.features.arguments import check_index, check_rows, plain
from fraudstream.features.catalogue import FEATURE_COUNT, index_of
from fraudstream.features.compilation import cached, compiled, source_digest
from fraudstream.features.events import ABSENT, CATEGORIES, CHANNELS, Codes, EventColumns, Floats, Ints
from fraudstream.features.habits import describe_habits, learn_habits
from fraudstream.features.levels import describe_level, learn_level
from fraudstream.features.memory import folded
from fraudstream.features.outcomes import (
    describe_customer_risk,
    describe_merchant_risk,
    learn_customer_label,
    learn_merchant_label,
)
from fraudstream.features.payment import Payment
from fraudstream.features.places import describe_place, learn_place
from fraudstream.features.velocity import describe_velocity, learn_velocity

Bools = npt.NDArray[np.bool_]

_ONLINE = CHANNELS.index("online")
_ONLINE_PURCHASE = CATEGORIES.index("Online Purchase")
_SUBSCRIPTION = CATEGORIES.index("Subscription Service")
_RATIO = index_of("amount_ratio")


class Payments(NamedTuple):
    """The columns of `EventColumns` that the kernel reads, and the rows of each payment's customer and merchant."""

    event_time: Floats
    amount: Floats
    category: Codes
    location: Codes
    merchant_id: Ints
    device_id: Ints
    channel: Codes
    customer_row: Ints
    merchant_row: Ints


class Labelled(NamedTuple):
    """What labels need of the payments they are about; `merchant_row` is -1 where there is no merchant.

    `amount_ratio` is filled in by the loop as payments are taken.
    """

    event_time: Floats
    amount_ratio: Floats
    customer_row: Ints
    merchant_row: Ints


class Labels(NamedTuple):
    """Labels in their order: each is applied before the payment whose number is `turn`, which never falls."""

    turn: Ints
    payment: Ints
    is_fraud: Bools


class Rows(NamedTuple):
    """What is remembered; changed in place."""

    customer_state: Floats
    customer_risk: Floats
    merchant_risk: Floats


@compiled
def is_online(channel: int, category: int) -> bool:
    """A payment is online when its channel says so or, without a channel, when its category can only be online."""
    if channel == ABSENT:
        return category in (_ONLINE_PURCHASE, _SUBSCRIPTION)
    return channel == _ONLINE


@compiled
def payment_at(payments: Payments, i: int, state: Floats) -> Payment:
    """One payment beside its customer's newest one."""
    time = payments.event_time[i]
    newest = state[slot.LAST_TIME] if state[slot.COUNT] > 0.0 else time
    return Payment(
        time,
        max(time - newest, 0.0),
        max(newest - time, 0.0),
        payments.amount[i],
        int(payments.category[i]),
        int(payments.location[i]),
        folded(payments.merchant_id[i]),
        folded(payments.device_id[i]),
        is_online(payments.channel[i], payments.category[i]),
    )


@compiled
def step(state: Floats, customer_risk: Floats, merchant_risk: Floats, payment: Payment, vector: Floats) -> None:
    """Fill `vector` (F,) from the rows as they stand, then let the payment enter `state`.

    Args:
        state: (56,) the customer's state, changed in place.
        customer_risk: (8,) what labels say about the customer.
        merchant_risk: (16,) what labels say about the merchant; zeros if it is absent or unknown.
        payment: the payment.
        vector: (F,) every column is written.
    """
    describe_amount(state, payment, vector)
    describe_level(state, payment, vector)
    describe_velocity(state, payment, vector)
    describe_habits(state, payment, vector)
    describe_place(state, payment, vector)
    describe_customer_risk(customer_risk, payment, vector)
    describe_merchant_risk(merchant_risk, payment, vector)

    learn_amount(state, payment, vector)
    learn_level(state, payment, vector)
    learn_velocity(state, payment, vector)
    learn_habits(state, payment, vector)
    learn_place(state, payment, vector)
    if state[slot.COUNT] == 0.0:
        state[slot.FIRST_TIME] = payment.time
        state[slot.LAST_TIME] = payment.time
    state[slot.LAST_TIME] = max(state[slot.LAST_TIME], payment.time)
    state[slot.COUNT] += 1.0


@compiled
def apply_label(labels: Labels, labelled: Labelled, rows: Rows, j: int) -> None:
    """Let one label enter the risk rows of its customer and merchant; a row of -1 is passed over."""
    i = labels.payment[j]
    time, ratio = labelled.event_time[i], labelled.amount_ratio[i]
    customer, merchant = labelled.customer_row[i], labelled.merchant_row[i]
    if customer >= 0:
        learn_customer_label(rows.customer_risk[customer], labels.is_fraud[j], time, ratio)
    if merchant >= 0:
        learn_merchant_label(rows.merchant_risk[merchant], labels.is_fraud[j], time, ratio)


Loop = Callable[[Payments, Labels, Labelled, Rows, Floats], int]


def _loop(digest: int) -> Loop:
    @cached
    def run(payments: Payments, labels: Labels, labelled: Labelled, rows: Rows, vectors: Floats) -> int:
        """Take payments in their order and labels at their turn; returns what it was compiled from."""
        j = 0
        for i in range(len(payments.event_time)):
            while j < len(labels.turn) and labels.turn[j] <= i:
                apply_label(labels, labelled, rows, j)
                j += 1
            customer = payments.customer_row[i]
            state = rows.customer_state[customer]
            risk = rows.customer_risk[customer]
            merchant = rows.merchant_risk[payments.merchant_row[i]]
            step(state, risk, merchant, payment_at(payments, i, state), vectors[i])
            labelled.amount_ratio[i] = vectors[i, _RATIO]
        while j < len(labels.turn):
            apply_label(labels, labelled, rows, j)
            j += 1
        return digest

    return run


run = _loop(source_digest())
"""The compiled loop: payments and the labels between them."""


def vectors(
    columns: EventColumns,
    state: Floats,
    state_row: Ints,
    customer_risk: Floats,
    merchant_risk: Floats,
    merchant_row: Ints,
) -> Floats:
    """The features of `n` payments, shape (n, FEATURE_COUNT), taken in their order.

    Args:
        columns: the payments.
        state: (U, 56) customer states, changed in place.
        state_row: (n,) the row of each payment's customer in `state` and in `customer_risk`.
        customer_risk: (U, 8).
        merchant_risk: (M, 16).
        merchant_row: (n,) the row of each payment's merchant; a row of zeros for one that is absent or unknown.

    Raises:
        ValueError: shapes or rows do not fit; nothing was changed.
    """
    rows = rows_of(state, customer_risk, merchant_risk)
    payments = payments_of(columns, state_row, merchant_row)
    check_index("state_row", state_row, len(columns), lowest=0, end=min(len(state), len(customer_risk)))
    check_index("merchant_row", merchant_row, len(columns), lowest=0, end=len(merchant_risk))
    labelled = Labelled(payments.event_time, np.empty(len(columns)), payments.customer_row, payments.merchant_row)
    result = np.empty((len(columns), FEATURE_COUNT))
    run(payments, NO_LABELS, labelled, rows, result)
    return result


NO_LABELS = Labels(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.bool_))


def rows_of(customer_state: Floats, customer_risk: Floats, merchant_risk: Floats) -> Rows:
    """The rows, checked.

    Raises:
        ValueError: they cannot be changed in place.
    """
    return Rows(
        check_rows("customer_state", customer_state),
        check_rows("customer_risk", customer_risk),
        check_rows("merchant_risk", merchant_risk),
    )


def payments_of(columns: EventColumns, customer_row: Ints, merchant_row: Ints) -> Payments:
    """The columns the kernel reads, each contiguous and of its own type."""
    return Payments(
        plain(columns.event_time, np.float64),
        plain(columns.amount, np.float64),
        plain(columns.category, np.int16),
        plain(columns.location, np.int16),
        plain(columns.merchant_id, np.int64),
        plain(columns.device_id, np.int64),
        plain(columns.channel, np.int16),
        plain(customer_row, np.int64),
        plain(merchant_row, np.int64),
    )
