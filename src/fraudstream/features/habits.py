"""What is new for a customer: device, merchant, category, time of day."""

import math

from fraudstream.features import state as slot
from fraudstream.features.catalogue import index_of
from fraudstream.features.compilation import compiled
from fraudstream.features.events import Floats
from fraudstream.features.histogram import count, share
from fraudstream.features.memory import move_to_front, place_of
from fraudstream.features.payment import DAY, HOUR, NEVER_DAYS, Payment, remaining

SETTLED_HOUR = 5
"""Payments after which a customer has a usual time of day."""
HOUR_MEMORY = 33
"""Payments after which it no longer slows down."""
WEEK_DAYS = 7
EPOCH_WEEKDAY = 3
"""1970-01-01 was a Thursday; Monday is 0."""
SATURDAY = 5

_ONLINE = index_of("online")
_CATEGORY_SHARE = index_of("category_share")
_NEW_DEVICE = index_of("new_device")
_DEVICE_AGE = index_of("device_age_days")
_MERCHANTS_SINCE = index_of("merchants_since")
_NEW_MERCHANTS_1H = index_of("new_merchants_1h")
_NEW_MERCHANTS_1D = index_of("new_merchants_1d")
_HOUR = index_of("hour")
_WEEKEND = index_of("weekend")
_HOUR_DISTANCE = index_of("hour_distance")


@compiled
def describe_habits(state: Floats, payment: Payment, vector: Floats) -> None:
    """The features of novelty and of the time of day."""
    vector[_ONLINE] = 1.0 if payment.online else 0.0
    vector[_CATEGORY_SHARE] = share(state[slot.CATEGORIES : slot.LEVELS], payment.category)
    _describe_device(state, payment, vector)
    merchants = state[slot.MERCHANTS : slot.MERCHANTS + slot.MERCHANT_SLOTS]
    vector[_MERCHANTS_SINCE] = place_of(merchants, payment.merchant) if payment.merchant else 0.0
    vector[_NEW_MERCHANTS_1H] = state[slot.NEW_MERCHANTS_1H] * remaining(payment.gap, HOUR)
    vector[_NEW_MERCHANTS_1D] = state[slot.NEW_MERCHANTS_1D] * remaining(payment.gap, DAY)
    vector[_HOUR] = payment.time % DAY / HOUR
    weekday = (payment.time // DAY + EPOCH_WEEKDAY) % WEEK_DAYS
    vector[_WEEKEND] = 1.0 if weekday >= SATURDAY else 0.0
    angle = vector[_HOUR] / 24.0 * 2.0 * math.pi
    near = state[slot.HOUR_SIN] * math.sin(angle) + state[slot.HOUR_COS] * math.cos(angle)
    vector[_HOUR_DISTANCE] = 1.0 - near if state[slot.COUNT] >= SETTLED_HOUR else 0.0


@compiled
def _describe_device(state: Floats, payment: Payment, vector: Floats) -> None:
    """The first device counts as one the customer has had as long as we know them; an absent one is never new."""
    known_days = max(payment.time - state[slot.FIRST_TIME], 0.0) / DAY if state[slot.COUNT] > 0.0 else 0.0
    devices = state[slot.DEVICES : slot.DEVICES + slot.DEVICE_SLOTS]
    vector[_NEW_DEVICE] = 0.0
    vector[_DEVICE_AGE] = known_days if payment.device else NEVER_DAYS
    if payment.device == 0 or devices[0] == 0.0:
        return
    place = place_of(devices, payment.device)
    if place == slot.DEVICE_SLOTS:
        vector[_NEW_DEVICE] = 1.0
        vector[_DEVICE_AGE] = 0.0
    else:
        vector[_DEVICE_AGE] = max(payment.time - state[slot.DEVICE_FIRST_TIMES + place], 0.0) / DAY


@compiled
def learn_habits(state: Floats, payment: Payment, vector: Floats) -> None:
    """Let the payment enter the habits."""
    count(state[slot.CATEGORIES : slot.LEVELS], payment.category)
    _learn_device(state, payment)
    state[slot.NEW_MERCHANTS_1H] = vector[_NEW_MERCHANTS_1H]
    state[slot.NEW_MERCHANTS_1D] = vector[_NEW_MERCHANTS_1D]
    if payment.merchant:
        place = int(vector[_MERCHANTS_SINCE])
        if place == slot.MERCHANT_SLOTS:
            state[slot.NEW_MERCHANTS_1H] += remaining(payment.lateness, HOUR)
            state[slot.NEW_MERCHANTS_1D] += remaining(payment.lateness, DAY)
        move_to_front(state[slot.MERCHANTS : slot.MERCHANTS + slot.MERCHANT_SLOTS], place, payment.merchant)
    angle = vector[_HOUR] / 24.0 * 2.0 * math.pi
    gain = 1.0 / min(state[slot.COUNT] + 1.0, HOUR_MEMORY)
    state[slot.HOUR_SIN] += gain * (math.sin(angle) - state[slot.HOUR_SIN])
    state[slot.HOUR_COS] += gain * (math.cos(angle) - state[slot.HOUR_COS])


@compiled
def _learn_device(state: Floats, payment: Payment) -> None:
    if payment.device == 0:
        return
    devices = state[slot.DEVICES : slot.DEVICES + slot.DEVICE_SLOTS]
    since = state[slot.DEVICE_FIRST_TIMES : slot.DEVICE_FIRST_TIMES + slot.DEVICE_SLOTS]
    place = place_of(devices, payment.device)
    first = min(since[place], payment.time) if place < slot.DEVICE_SLOTS else payment.time
    move_to_front(devices, place, payment.device)
    move_to_front(since, place, first)
