"""Histories written by hand: who pays on which day, and whether it is fraud; labels arrive a week later."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from fraudstream.features.events import ABSENT, EventColumns
from fraudstream.features.replay import LabelArrivals
from fraudstream.simulation.transaction_ids import transaction_ids
from fraudstream.training.dataset import DAY, WEEK, History

START = 1_522_540_800.0
NOON = DAY / 2


class Paid(NamedTuple):
    """A payment at noon of a day that counts from `START`."""

    day: int
    card: int
    fraud: bool = False


def history(payments: Sequence[Paid], *, days: int, delay: float = WEEK) -> History:
    """The payments in the order of their days, each with a true label `delay` seconds later."""
    paid = sorted(payments, key=lambda payment: payment.day)
    count = len(paid)
    time = np.array([START + payment.day * DAY + NOON for payment in paid])
    fraud = np.array([payment.fraud for payment in paid])
    absent = np.full(count, ABSENT)
    code = absent.astype(np.int16)
    events = EventColumns(
        transaction_id=transaction_ids((1, 2), 0, count),
        user_id=np.array([payment.card for payment in paid], np.int64),
        event_time=time,
        amount=np.full(count, 10.0),
        category=code,
        location=code,
        payment_method=code,
        merchant_id=absent,
        device_id=absent,
        channel=code,
    )
    arrivals = LabelArrivals(np.arange(count), time + delay, fraud)
    return History(events, arrivals, fraud.astype(np.int8), START, START + days * DAY)


def days_of(world: History, rows: "np.typing.NDArray[np.int64]") -> list[tuple[int, int]]:
    """The day and the card of each of these rows."""
    days = ((world.events.event_time[rows] - START) // DAY).astype(int)
    return list(zip(days.tolist(), world.events.user_id[rows].tolist(), strict=True))
