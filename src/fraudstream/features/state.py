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
"""Two slots: decayed sums of amounts, one for each of `velocity.AMOUNT_HALF_LIVES`."""
SMALL_PAYMENTS = 10
ONLINE = 11
NEW_MERCHANTS_1H = 12
NEW_MERCHANTS_1D = 13

MEAN = 14
"""Winsorised running mean of the amount."""
LOG_MEAN = 15
LOG_VARIANCE = 16
"""Running mean and variance of log(1 + amount), winsorised too."""
RECENT_LARGEST = 17
"""Largest amount, forgotten with a half-life of 14 days."""
OUTLIERS = 18
LAST_OUTLIER = 19
"""Decayed count of payments far above the mean, and the time of the newest; 0 is never."""
EXCESS_1H = 20
EXCESS_1D = 21
"""Decayed sums of how far amounts lay above what is usual in their category, in logarithms."""

HOUR_SIN = 22
HOUR_COS = 23
"""Mean direction of the time of day on the clock's circle."""

PLACE = 24
"""City of the newest card-present payment: its code + 1; 0 is none."""
PLACE_TIME = 25
FASTEST = 26
"""Largest speed between cities in km/h, forgotten with a half-life of 6 hours."""
CITY_CHANGES = 27

CITIES = 28
"""Two slots of counters, see `histogram`: card-present payments by city."""
CATEGORIES = 30
"""Two slots of counters: payments by category."""
LEVELS = 32
"""Two slots of numbers: the usual log(1 + amount) in each category, in steps of `levels.LEVEL_STEP`."""

DEVICES = 34
"""Three slots: the devices used last, the newest first, as `memory.folded` ids; 0 is none."""
DEVICE_FIRST_TIMES = 37
"""Three slots: when each of them appeared."""
DEVICE_SLOTS = 3
MERCHANTS = 40
"""Sixteen slots: the merchants paid last, each once, the newest first, as `memory.folded` ids; 0 is none."""
MERCHANT_SLOTS = 16

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
"""Mean amount ratio of those. Slots 6 and 7 are free."""

MERCHANT_LABELS = 0
"""Merchant risk: labels so far."""
MERCHANT_NEWEST = 1
"""Time of the newest labelled payment, which the decayed slots refer to."""
FRAUD_RUN = 2
UNEXPLAINED_RUN = 3
"""Frauds since the newest genuine payment; those of them whose amount was not unusual for their customer."""
RUN_START = 4
"""Time of the first payment of that run; of the last run while there is none."""
MERCHANT_LAST_FRAUD = 5
MERCHANT_LAST_GENUINE = 6
"""Times of the newest payments with each outcome; 0 is never."""
FRAUDS_3D = 7
LABELS_3D = 8
FRAUDS_10D = 9
LABELS_10D = 10
UNEXPLAINED_10D = 11
"""Decayed counts. Slots 12 to 15 are free."""
