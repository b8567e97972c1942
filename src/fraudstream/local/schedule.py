"""When things happen in the demo, in real and in simulated time."""

import datetime as dt
import math
from dataclasses import dataclass

PAYMENTS_A_DAY = 2.0
"""A low estimate of a simulated customer's payments in a day, so that the window below is never too short."""
SPARE_DAYS = 1_000
"""Simulated days kept between the end of the stream and today: later demos in the same home go on with them."""
OPEN_END_SECONDS = 4 * 3_600
"""Real seconds a demo without an end is laid out for; after them simulated time slows down to real time."""

EARLIEST_DAY = dt.date(2000, 1, 2)
"""No simulated payment is older: the contract takes an older timestamp for an unset clock."""


@dataclass(frozen=True)
class DemoPlan:
    """What the demo was asked for; `seconds` is counted from ready, `None` means until somebody stops it."""

    seconds: int | None
    rate: float
    producer: bool
    seed: int
    customers: int
    history_days: int


def world_start(plan: DemoPlan, today: dt.date | None = None) -> float:
    """Midnight (UTC) of the first simulated day, in seconds since 1970.

    So long ago that a stream of `rate` payments a second for `seconds` seconds stays in the past; a payment's time
    may never pass now.
    """
    seconds = plan.seconds if plan.seconds is not None else OPEN_END_SECONDS
    live_days = math.ceil(plan.rate * seconds / (plan.customers * PAYMENTS_A_DAY))
    last_day = today or dt.datetime.now(dt.UTC).date()
    wanted = plan.history_days + live_days + SPARE_DAYS
    first_day = last_day - dt.timedelta(days=min(wanted, (last_day - EARLIEST_DAY).days))
    return dt.datetime.combine(first_day, dt.time(), dt.UTC).timestamp()
