import pytest
from tests.unit.features.streams import DAY, HOUR, MINUTE, Paid, features, last

from fraudstream.features.events import ABSENT, CHANNELS, COORDINATES, LOCATIONS
from fraudstream.features.places import DISTANCES, great_circle_km

CHICAGO, MIAMI, SEATTLE = (LOCATIONS.index(name) for name in ("Chicago", "Miami", "Seattle"))
ONLINE = CHANNELS.index("online")


def test_every_city_has_coordinates_at_its_place() -> None:
    assert tuple(COORDINATES) == LOCATIONS


def test_distances_are_those_on_the_globe() -> None:
    assert great_circle_km(COORDINATES["New York"], COORDINATES["Los Angeles"]) == pytest.approx(3_936, abs=5)
    assert (DISTANCES == DISTANCES.T).all()
    assert (DISTANCES.diagonal() == 0).all()


def test_speed_is_the_distance_by_the_time_between() -> None:
    distance, speed = features([Paid(0), Paid(2 * HOUR, location=MIAMI)], "distance_km", "speed_kmh")[-1]

    assert distance == DISTANCES[CHICAGO, MIAMI]
    assert speed == pytest.approx(distance / 2)


def test_less_than_three_minutes_counts_as_three_and_speed_is_bounded() -> None:
    assert last([Paid(0), Paid(1, location=MIAMI)], "speed_kmh") == 10_000
    nearest = last([Paid(0, location=1), Paid(1, location=4)], "speed_kmh")
    assert nearest == last([Paid(0, location=1), Paid(3 * MINUTE, location=4)], "speed_kmh") < 20 * DISTANCES[1, 4] + 1


def test_a_late_payment_is_as_far_in_time_as_one_after() -> None:
    late = last([Paid(5 * HOUR), Paid(0, location=MIAMI)], "speed_kmh")

    assert late == last([Paid(0), Paid(5 * HOUR, location=MIAMI)], "speed_kmh")


def test_a_late_payment_does_not_move_the_customer() -> None:
    assert last([Paid(DAY), Paid(0, location=MIAMI), Paid(2 * DAY)], "distance_km") == 0


@pytest.mark.parametrize("away", [Paid(HOUR, location=MIAMI, channel=ONLINE), Paid(HOUR, location=ABSENT)])
def test_online_and_unknown_places_have_no_distance_and_move_nobody(away: Paid) -> None:
    assert last([Paid(0), away], "distance_km") == 0
    assert last([Paid(0), away, Paid(2 * HOUR, location=SEATTLE)], "distance_km") == DISTANCES[CHICAGO, SEATTLE]


def test_the_share_of_a_city_is_learned_from_card_present_payments() -> None:
    history = [Paid(0)] * 3 + [Paid(0, location=MIAMI)] + [Paid(0, location=SEATTLE, channel=ONLINE)] * 4

    assert last([*history, Paid(0)], "city_share") == 0.75
    assert last([*history, Paid(0, channel=ONLINE)], "city_share") == 0.75
    assert last([*history, Paid(0, location=SEATTLE)], "city_share") == 0
    assert last([*history, Paid(0, location=ABSENT)], "city_share") == 1


def test_the_largest_recent_speed_is_remembered_for_hours() -> None:
    journey = [Paid(0), Paid(2 * HOUR, location=MIAMI), Paid(3 * HOUR, location=MIAMI)]
    speed = DISTANCES[CHICAGO, MIAMI] / 2

    assert features(journey, "fastest_6h")[:, 0].tolist() == pytest.approx([0, 0, speed * 2 ** (-1 / 6)])
    assert last([*journey, Paid(14 * HOUR, channel=ONLINE)], "fastest_6h") == pytest.approx(speed / 4)


def test_changes_of_city_are_counted_and_fade() -> None:
    to_and_fro = [Paid(0), Paid(0, location=MIAMI), Paid(0, location=MIAMI, channel=ONLINE), Paid(0)]

    assert features(to_and_fro, "city_changes_1d")[:, 0].tolist() == [0, 0, 1, 1]
    assert last([*to_and_fro, Paid(DAY)], "city_changes_1d") == 1


def test_a_late_journey_counts_as_if_it_had_faded_since() -> None:
    events = [Paid(DAY), Paid(0, location=MIAMI), Paid(DAY)]
    changes, fastest, speed = features(events, "city_changes_1d", "fastest_6h", "speed_kmh").T

    assert changes[-1] == 0.5
    assert fastest[-1] == pytest.approx(speed[1] / 16)
