"""Where a customer pays: distance and speed between card-present payments, and how usual a city is."""

import math

import numpy as np

from fraudstream.features import state as slot
from fraudstream.features.catalogue import index_of
from fraudstream.features.compilation import compiled
from fraudstream.features.events import COORDINATES, Floats
from fraudstream.features.histogram import count, share
from fraudstream.features.payment import DAY, HOUR, MINUTE, Payment, remaining

EARTH_RADIUS_KM = 6_371.0
SHORTEST_TIME = 3.0 * MINUTE
"""Clocks of terminals differ: less than this between two payments says nothing about speed."""
LARGEST_SPEED = 10_000.0
"""km/h."""
FASTEST_HALF_LIFE = 6.0 * HOUR
"""Seconds: a stolen card is used in another city for hours, and its holder goes on paying at home."""


def great_circle_km(first: tuple[float, float], second: tuple[float, float]) -> float:
    """Distance of two points given as latitude and longitude in degrees (haversine formula)."""
    (lat1, lon1), (lat2, lon2) = (tuple(map(math.radians, point)) for point in (first, second))
    chord = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2.0 * EARTH_RADIUS_KM * math.asin(math.sqrt(chord))


DISTANCES: Floats = np.array(
    [[great_circle_km(here, there) for there in COORDINATES.values()] for here in COORDINATES.values()]
)
"""(7, 7) km between the cities, in the order of `events.LOCATIONS`."""

_DISTANCE = index_of("distance_km")
_SPEED = index_of("speed_kmh")
_FASTEST = index_of("fastest_6h")
_CITY_CHANGES = index_of("city_changes_1d")
_CITY_SHARE = index_of("city_share")


@compiled
def is_seen(payment: Payment) -> bool:
    """Whether the customer stood at the place: card present, in a city we know."""
    return not payment.online and 0 <= payment.location < len(DISTANCES)


@compiled
def describe_place(state: Floats, payment: Payment, vector: Floats) -> None:
    """The features of the place; nothing is unusual about a payment without one."""
    vector[_DISTANCE] = 0.0
    vector[_SPEED] = 0.0
    vector[_FASTEST] = state[slot.FASTEST] * remaining(payment.gap, FASTEST_HALF_LIFE)
    vector[_CITY_CHANGES] = state[slot.CITY_CHANGES] * remaining(payment.gap, DAY)
    vector[_CITY_SHARE] = share(state[slot.CITIES : slot.CATEGORIES], payment.location)
    if not is_seen(payment):
        return
    if state[slot.PLACE] > 0.0:
        distance = DISTANCES[int(state[slot.PLACE]) - 1, payment.location]
        between = max(abs(payment.time - state[slot.PLACE_TIME]), SHORTEST_TIME)
        vector[_DISTANCE] = distance
        vector[_SPEED] = min(distance / (between / HOUR), LARGEST_SPEED)


@compiled
def learn_place(state: Floats, payment: Payment, vector: Floats) -> None:
    """Let the place enter the state; a late payment is counted but is not where the customer is now."""
    speed = vector[_SPEED] * remaining(payment.lateness, FASTEST_HALF_LIFE)
    state[slot.FASTEST] = max(vector[_FASTEST], speed)
    state[slot.CITY_CHANGES] = vector[_CITY_CHANGES]
    if vector[_DISTANCE] > 0.0:
        state[slot.CITY_CHANGES] += remaining(payment.lateness, DAY)
    if not is_seen(payment):
        return
    count(state[slot.CITIES : slot.CATEGORIES], payment.location)
    if state[slot.PLACE] == 0.0 or payment.time >= state[slot.PLACE_TIME]:
        state[slot.PLACE] = payment.location + 1.0
        state[slot.PLACE_TIME] = payment.time
