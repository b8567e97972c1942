"""What is remembered of a customer and of a merchant: rows of float64 slots, each named here.

A row starts as zeros, which mean "nothing known yet". In the database a row is its float64 values as little-endian
bytes. A customer's state and label-fed risk together are 512 bytes. A decayed slot is kept as of the newest payment
(`LAST_TIME`) or, in the risk rows, as of the newest labelled payment (`*_NEWEST`). Times are seconds since 1970 UTC.
"""

CUSTOMER_STATE_WIDTH = 56
CUSTOMER_RISK_WIDTH = 8
MERCHANT_RISK_WIDTH = 16

COUNT = 0
"""Payments so far."""
FIRST_TIME = 1
LAST_TIME = 2
"""Time of the newest payment; a late one does not move it back."""

PAYMENTS = 3
"""Five slots: decayed counts of payments, one for each of `velocity.HALF_LIVES`."""
AMOUNTS = 8
"""Three slots: decayed sums of amounts, half-lives one hour, one day, seven days."""
SMALL_PAYMENTS = 11
ONLINE_PAYMENTS = 12
NEW_MERCHANTS = 13

MEAN = 14
"""Winsorised running mean of the amount."""
LOG_MEAN = 15
LOG_VARIANCE = 16
"""Running mean and variance of log(1 + amount), winsorised too."""
LARGEST = 17
RECENT_LARGEST = 18
"""Largest amounts, forgotten with half-lives of 90 and 14 days."""
OUTLIERS_5D = 19
OUTLIERS_20D = 20
LAST_OUTLIER = 21
"""Time of the newest payment far above the mean; 0 is never."""

HOUR_SIN = 22
HOUR_COS = 23
"""Mean direction of the time of day on the clock's circle."""

PLACE = 24
"""City of the newest card-present payment: its code + 1; 0 is none."""
PLACE_TIME = 25

CITIES = 26
"""Two slots of counters, see `histogram`."""
CATEGORIES = 28
"""Two slots of counters."""
METHODS = 30
"""One slot of counters."""

DEVICES = 31
"""Four slots: the devices used last, the newest first, as `memory.folded` ids; 0 is none."""
DEVICE_FIRST_TIMES = 35
"""Four slots: when each of them appeared."""
DEVICE_SLOTS = 4
MERCHANTS = 39
"""Fourteen slots: the merchants paid last, each once, the newest first, as `memory.folded` ids; 0 is none."""
MERCHANT_SLOTS = 14

EXPOSURE = 53
"""Decayed sum of the risk of the merchants paid, as it was known at each payment. Slots 54 and 55 are free."""

LABELS = 0
"""Customer risk: labels so far."""
NEWEST = 1
"""Time of the newest labelled payment, which the decayed slots refer to."""
FRAUDS_30D = 2
LAST_FRAUD = 3
"""Time of the newest payment confirmed as fraud; 0 is never."""
GENUINE = 4
"""Payments confirmed as genuine."""
GENUINE_RATIO = 5
LARGEST_GENUINE_RATIO = 6
"""Mean and largest amount ratio of those. Slot 7 is free."""

MERCHANT_LABELS = 0
"""Merchant risk: labels so far."""
MERCHANT_NEWEST = 1
FRAUD_RUN = 2
UNEXPLAINED_RUN = 3
RUN_START = 4
GENUINE_BEFORE_RUN = 5
MERCHANT_LAST_FRAUD = 6
MERCHANT_LAST_GENUINE = 7
GENUINE_RUN = 8
MERCHANT_FRAUDS_3D = 9
MERCHANT_LABELS_3D = 10
MERCHANT_FRAUDS_10D = 11
MERCHANT_LABELS_10D = 12
MERCHANT_UNEXPLAINED_10D = 13
"""Slots 14 and 15 are free."""
