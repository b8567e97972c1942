"""The Handbook world is the published one at seed 0, and keeps to the published rules at any other."""

from dataclasses import replace

import numpy as np
import pytest

from fraudstream.errors import ConfigurationError
from fraudstream.features.events import ABSENT
from fraudstream.simulation.handbook import (
    BAD_TERMINAL,
    LARGE_AMOUNT,
    START,
    STOLEN_NUMBER,
    HandbookPayments,
    HandbookWorld,
    labels_of,
)

PUBLISHED = "e2f69b1be19a6b4b535c4de653bf11e538a4ead82710667bc247329cb0f87d2c"
DAY = 86_400
CARDS, TERMINALS, DAYS = 400, 1_200, 60


def small(seed: int) -> HandbookWorld:
    return HandbookWorld(seed, cards=CARDS, terminals=TERMINALS, days=DAYS)


@pytest.fixture(scope="module")
def paid() -> HandbookPayments:
    return small(5).payments()


def test_seed_0_is_the_published_data_set() -> None:
    payments = HandbookWorld(0).payments()

    assert payments.digest() == PUBLISHED
    assert np.bincount(payments.scenario).tolist() == [1_739_474, 973, 9_077, 4_631]


def test_the_digest_knows_every_column_and_not_the_order(paid: HandbookPayments) -> None:
    backwards = paid.take(np.arange(len(paid))[::-1])
    changed = {
        replace(paid, **{name: np.where(np.arange(len(paid)) == 9, 1 - np.minimum(column, 1), column)}).digest()
        for name, column in vars(paid).items()
    }

    assert backwards.digest() == paid.digest()
    assert len(changed | {paid.digest()}) == 6


def test_another_seed_is_another_world_and_the_same_seed_the_same(paid: HandbookPayments) -> None:
    assert small(5).payments().digest() == paid.digest()
    assert small(6).payments().digest() != paid.digest()


def test_payments_stand_in_the_order_of_their_seconds_within_the_day(paid: HandbookPayments) -> None:
    assert (np.diff(paid.second) >= 0).all()
    assert 0 < paid.second[0] < paid.second[-1] < DAYS * DAY
    assert (paid.second % DAY > 0).all()


@pytest.mark.parametrize("seed", [0, 5])
def test_amounts_rates_and_hours_are_those_of_the_description(seed: int) -> None:
    payments = HandbookWorld(seed, cards=1_500, terminals=3_000, days=30).payments()
    genuine = payments.cents[payments.scenario == 0]

    assert len(payments) / 1_500 / 30 == pytest.approx(2.0 * 0.969, rel=0.06)
    assert genuine.mean() / 100 == pytest.approx(53.0, rel=0.06)
    assert (payments.second % DAY).mean() == pytest.approx(43_200, rel=0.01)


def test_a_card_pays_at_terminals_that_are_near_each_other(paid: HandbookPayments) -> None:
    """Of 1,200 terminals a circle of radius 5 holds about nine."""
    known = [len(np.unique(paid.terminal[paid.card == card])) for card in range(50)]

    assert max(known) < 30


def test_an_amount_above_220_is_fraud(paid: HandbookPayments) -> None:
    """Unless it became so by the misuse of a stolen number, which overrides."""
    above = paid.cents > 22_000

    assert set(paid.scenario[above]) <= {LARGE_AMOUNT, BAD_TERMINAL, STOLEN_NUMBER}
    assert (paid.scenario[~above] != LARGE_AMOUNT).all()


def test_two_terminals_a_day_are_bad_for_28_days(paid: HandbookPayments) -> None:
    """Half way through, 56 of them are bad at once, and whatever is paid there is fraud."""
    now = (paid.second // DAY == 40) & (paid.scenario != STOLEN_NUMBER)
    bad = np.unique(paid.terminal[now & (paid.scenario == BAD_TERMINAL)])

    assert 0 < len(bad) <= 56
    assert set(paid.scenario[now & np.isin(paid.terminal, bad)]) == {BAD_TERMINAL}


def test_a_stolen_number_is_misused_for_a_third_of_two_weeks_at_five_times_the_amount(paid: HandbookPayments) -> None:
    misused = paid.scenario == STOLEN_NUMBER
    cards, counts = np.unique(paid.card[misused], return_counts=True)
    genuine = paid.cents[(paid.scenario == 0) & np.isin(paid.card, cards)].mean()

    assert (paid.cents[misused] % 5 == 0).all()
    assert paid.cents[misused].mean() / genuine == pytest.approx(5, rel=0.15)
    assert counts.mean() == pytest.approx(2 * 14 / 3, rel=0.35)


def test_the_system_sees_cards_as_users_and_terminals_as_merchants(paid: HandbookPayments) -> None:
    events, scenario = small(5).events(paid)

    assert np.bincount(events.user_id, minlength=CARDS).tolist() == np.bincount(paid.card, minlength=CARDS).tolist()
    assert events.amount.sum() == pytest.approx(paid.cents.sum() / 100)
    assert scenario.sum() == paid.scenario.sum()
    assert events.event_time[0] == START + paid.second[0]
    for column in (events.category, events.location, events.payment_method, events.device_id, events.channel):
        assert (column == ABSENT).all()


def test_events_are_sorted_by_time_and_then_by_id(paid: HandbookPayments) -> None:
    events, _ = small(5).events(paid)
    keys = [(time, bytes(name)) for time, name in zip(events.event_time, events.transaction_id, strict=True)]

    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_every_payment_has_its_true_label_a_week_later(paid: HandbookPayments) -> None:
    events, scenario = small(5).events(paid)
    labels = labels_of(events, scenario)

    assert labels.event_row.tolist() == list(range(len(events)))
    assert (labels.arrived_at - events.event_time == 7 * DAY).all()
    assert np.array_equal(labels.is_fraud, scenario > 0)


def test_a_card_without_a_terminal_near_pays_nothing() -> None:
    payments = HandbookWorld(1, cards=100, terminals=2, days=20).payments()

    assert len(np.unique(payments.card)) < 20
    assert (payments.terminal != ABSENT).all()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"seed": -1}, "seed -1 is negative"),
        ({"seed": 1, "cards": 2}, "2 cards, 10000 terminals and 183 days are no world"),
        ({"seed": 1, "days": 0}, "and 0 days are no world"),
    ],
)
def test_impossible_worlds_are_refused(arguments: dict[str, int], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        HandbookWorld(**arguments)
