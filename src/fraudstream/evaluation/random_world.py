"""The negative control: payments whose every field is drawn at random, and of which a random 2 % are called fraud.

The fields are those of the producer this project grew out of, without a merchant, a device or a channel. Nothing in
them says which payments are called fraud, so whoever finds a way to tell has made a mistake.
"""

import numpy as np

from fraudstream.errors import ConfigurationError
from fraudstream.features.events import ABSENT, CATEGORIES, LOCATIONS, PAYMENT_METHODS, EventColumns
from fraudstream.features.replay import LabelArrivals
from fraudstream.simulation.transaction_ids import transaction_ids
from fraudstream.training.dataset import DAY, WEEK, History

START = 1_704_067_200.0
"""2024-01-01 UTC, in seconds since 1970."""
PAYMENTS, DAYS = 400_000, 42
USERS = 1_000, 9_999
AMOUNTS = 1.0, 5_000.0
FRAUD_SHARE = 0.02
LABEL_DELAY = WEEK
SCENARIOS = {1: "drawn at random"}
_STREAM = 0x7261_6E64


def random_history(seed: int, *, payments: int = PAYMENTS, days: int = DAYS) -> History:
    """So many payments in so many days, each with the label it was drawn a week later.

    Raises:
        ConfigurationError: an argument is out of range.
    """
    if seed < 0 or payments < 1 or days < 1:
        raise ConfigurationError(f"seed {seed}, {payments} payments and {days} days are no world; use more")
    rng = np.random.default_rng([seed, _STREAM])
    time = START + np.sort(rng.integers(0, int(days * DAY), payments)).astype(np.float64)
    absent = np.full(payments, ABSENT)
    ids = transaction_ids((seed, _STREAM), 0, payments)
    ids = ids[np.argsort(np.ascontiguousarray(ids).view(">u8")[:, 0], kind="stable")]  # ids order equal times
    events = EventColumns(
        transaction_id=ids,
        user_id=rng.integers(USERS[0], USERS[1] + 1, payments),
        event_time=time,
        amount=np.round(rng.uniform(*AMOUNTS, payments), 2),
        category=rng.integers(0, len(CATEGORIES), payments).astype(np.int16),
        location=rng.integers(0, len(LOCATIONS), payments).astype(np.int16),
        payment_method=rng.integers(0, len(PAYMENT_METHODS), payments).astype(np.int16),
        merchant_id=absent,
        device_id=absent,
        channel=absent.astype(np.int16),
    )
    fraud = rng.random(payments) < FRAUD_SHARE
    arrivals = LabelArrivals(np.arange(payments), time + LABEL_DELAY, fraud)
    return History(events, arrivals, fraud.astype(np.int8), START, START + days * DAY)
