"""Signs of life are waited for, and missed in words."""

from dataclasses import dataclass, field

import pytest

from fraudstream.adapters.database.vitals import Vitals
from fraudstream.chaos.pulse import POLL_SECONDS, Pulse, Sign, StandsStill
from fraudstream.clock import ManualClock


@dataclass
class Told(Pulse):
    """A pulse that is told what it sees, look by look; the last one stays."""

    seen: list[Vitals | None] = field(default_factory=list)
    attended: int = 0

    def __post_init__(self) -> None:
        self.attend = self._attend

    def _attend(self) -> None:
        self.attended += 1

    def look(self) -> Vitals | None:
        return self.seen.pop(0) if len(self.seen) > 1 else self.seen[0]


def told(*seen: Vitals | None) -> Told:
    return Told("", ManualClock(), lambda: None, list(seen))


def vitals(newest: int = 0, scored: int = 0, notifications: int = 0, labels: int = 0) -> Vitals:
    return Vitals(newest, scored, notifications, labels)


@pytest.mark.parametrize(
    ("sign", "more"),
    [
        (Sign.COMMITS, vitals(newest=1)),
        (Sign.NOTIFICATIONS, vitals(notifications=1)),
        (Sign.LABELS, vitals(labels=1)),
    ],
)
def test_the_time_until_the_next_sign_is_taken(sign: Sign, more: Vitals) -> None:
    pulse = told(vitals(), vitals(), vitals(), more)

    assert pulse.until_more(sign, timeout=60.0) == pytest.approx(3 * POLL_SECONDS)
    assert pulse.attended == 4


def test_other_signs_do_not_count() -> None:
    pulse = told(vitals(), vitals(newest=5, scored=100, labels=3))

    with pytest.raises(StandsStill, match="no new notifications for 2 s"):
        pulse.until_more(Sign.NOTIFICATIONS, timeout=2.0)


def test_a_database_that_does_not_answer_is_waited_for() -> None:
    pulse = told(None, None, vitals(newest=4), vitals(newest=4), vitals(newest=5))

    assert pulse.until_more(Sign.COMMITS, timeout=60.0) == pytest.approx(4 * POLL_SECONDS)


def test_enough_payments_are_waited_for() -> None:
    pulse = told(None, vitals(scored=10), vitals(scored=900), vitals(scored=1_010))
    pulse.until_scored(1_000, timeout=60.0)

    with pytest.raises(StandsStill, match="1,000 payments were not scored within 2 s"):
        told(vitals(scored=10), vitals(scored=900)).until_scored(1_000, timeout=2.0)
