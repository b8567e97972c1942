"""The last word of a start names places and an alert that really arrived."""

import datetime as dt
import io
import uuid
from dataclasses import replace

import pytest
from rich.console import Console

from fraudstream.adapters.memory_delivery import MemoryAlerts
from fraudstream.clock import ManualClock
from fraudstream.contracts.decision import Reason
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.ports.delivery import StoredAlert
from fraudstream.provisioning.ready import LOOK_BACK, Place, first_notified, show


def alert(number: int, *, age: float, notified: bool = True) -> StoredAlert:
    """An alert that was created `age` seconds before the clock's time."""
    return StoredAlert(
        alert_id=uuid.UUID(int=number),
        transaction_id=uuid.UUID(int=1_000 + number),
        user_id=42,
        amount=1_234.5,
        event_time=dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
        score=0.97,
        threshold=0.4,
        reasons=(Reason("amount_ratio", 6.2, 1.8, "6.2 times the usual amount"),),
        model_version="7",
        status="open",
        created_at=dt.datetime.fromtimestamp(ManualClock().time - age, dt.UTC),
        notified=notified,
    )


def feed_of(*alerts: StoredAlert) -> MemoryAlerts:
    """A feed of these alerts, with a message about each that is said to be notified."""
    return MemoryAlerts(list(alerts), {str(each.alert_id): each.alert_id for each in alerts if each.notified})


class Arriving(MemoryAlerts):
    """A feed whose alerts are notified after some looks, and which fails before."""

    looks = 0

    def created_since(self, moment: dt.datetime) -> list[StoredAlert]:
        self.looks += 1
        if self.looks == 1:
            raise TemporarilyUnavailable("PostgreSQL is starting")
        return [replace(found, notified=self.looks > 5) for found in super().created_since(moment)]


def waited(feed: MemoryAlerts) -> tuple[StoredAlert | None, str]:
    text = io.StringIO()
    found = first_notified(feed, Console(file=text, width=200), ManualClock(), 60.0)
    return found, text.getvalue()


def test_the_oldest_recent_alert_that_was_notified_is_the_first() -> None:
    feed = feed_of(alert(1, age=30, notified=False), alert(2, age=20), alert(3, age=10))

    found, _ = waited(feed)

    assert found is not None
    assert found.alert_id.int == 2


def test_an_alert_of_an_earlier_start_does_not_count() -> None:
    assert waited(feed_of(alert(1, age=LOOK_BACK.total_seconds() + 1)))[0] is None


def test_it_waits_for_the_notification_and_through_an_outage() -> None:
    found, printed = waited(Arriving([alert(1, age=0)]))

    assert found is not None
    assert "trying again: PostgreSQL is starting" in printed


def test_long_waits_say_so() -> None:
    assert waited(feed_of())[1].count("waiting for the first alert") == 3


def test_places_and_alert_are_shown() -> None:
    text = io.StringIO()
    place = Place.parse("MLflow=http://localhost:5000=models; no sign-in")

    show([place], alert(1, age=0), Console(file=text, width=200))

    assert "MLflow  http://localhost:5000  models; no sign-in" in text.getvalue()
    assert "6.2 times the usual amount" in text.getvalue()


def test_a_place_needs_its_three_parts() -> None:
    with pytest.raises(ConfigurationError, match="is not NAME=ADDRESS=NOTE"):
        Place.parse("MLflow=http://localhost:5000")
