"""One contract for `NotificationLog` and `AlertFeed`, in memory and on Postgres."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

import msgspec
import pytest

from fraudstream.adapters.database.alert_store import PostgresAlerts
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.memory_delivery import MemoryAlerts
from fraudstream.contracts.decision import Reason
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.delivery import StoredAlert

pytestmark = pytest.mark.ports

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
INSERT = """
INSERT INTO alerts (alert_id, topic_id, partition, "offset", slice_id, transaction_id, user_id, amount, event_time,
                    score, threshold, reasons, model_version, created_at)
VALUES (%s, '00000000-0000-0000-0000-000000000001', 0, 0, 1, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""


@dataclass
class Kept:
    """Alerts, and how to commit one."""

    alerts: MemoryAlerts | PostgresAlerts
    add: Callable[[StoredAlert], None]


def stored(number: int) -> StoredAlert:
    return StoredAlert(
        alert_id=uuid.UUID(int=number),
        transaction_id=uuid.UUID(int=1_000 + number),
        user_id=2**40,
        amount=12.34,
        event_time=NOON - dt.timedelta(minutes=1),
        score=0.1 + 0.2,
        threshold=0.25,
        reasons=(Reason("amount_ratio", 6.2, 1.8, "6.2 times the usual amount"),),
        model_version="7",
        status="open",
        created_at=NOON + dt.timedelta(seconds=number, microseconds=1),
        notified=False,
    )


@pytest.fixture(params=["memory", "postgres"])
def kept(request: pytest.FixtureRequest) -> Iterator[Kept]:
    if request.param == "memory":
        memory = MemoryAlerts()
        yield Kept(memory, memory.alerts.append)
        return
    url: str = request.getfixturevalue("database_url")

    def add(alert: StoredAlert) -> None:
        with closing(connect(url, application="test")) as connection, connection, connection.cursor() as cursor:
            cursor.execute(
                INSERT,
                (
                    str(alert.alert_id),
                    str(alert.transaction_id),
                    alert.user_id,
                    alert.amount,
                    alert.event_time,
                    alert.score,
                    alert.threshold,
                    msgspec.json.encode(alert.reasons).decode(),
                    alert.model_version,
                    alert.created_at,
                ),
            )

    with closing(PostgresAlerts(url, application="test")) as alerts:
        yield Kept(alerts, add)


def numbers(alerts: object) -> list[int]:
    return [alert.alert_id.int for alert in alerts]  # type: ignore[attr-defined]


def test_an_alert_is_read_as_it_was_stored(kept: Kept) -> None:
    kept.add(stored(1))

    assert list(kept.alerts.latest(10)) == [stored(1)]


def test_the_latest_come_oldest_first(kept: Kept) -> None:
    for number in (2, 3, 1):
        kept.add(stored(number))

    assert numbers(kept.alerts.latest(2)) == [2, 3]
    assert numbers(kept.alerts.latest(0)) == []


def test_alerts_since_a_moment_include_that_moment(kept: Kept) -> None:
    for number in (1, 2, 3):
        kept.add(stored(number))

    assert numbers(kept.alerts.created_since(stored(2).created_at)) == [2, 3]


def test_an_alert_counts_as_notified_once_a_message_arrived(kept: Kept) -> None:
    kept.add(stored(1))
    kept.add(stored(2))
    kept.alerts.record({"message-1": stored(1).alert_id})

    assert list(kept.alerts.latest(10)) == [replace(stored(1), notified=True), stored(2)]


def test_a_message_that_comes_again_is_recorded_once(kept: Kept) -> None:
    kept.add(stored(1))
    kept.alerts.record({"message-1": stored(1).alert_id})
    kept.alerts.record({"message-1": stored(1).alert_id, "message-2": stored(1).alert_id})

    assert list(kept.alerts.latest(10)) == [replace(stored(1), notified=True)]


def test_recording_nothing_is_nothing(kept: Kept) -> None:
    kept.alerts.record({})

    assert list(kept.alerts.latest(10)) == []


def test_repeats_are_counted_and_redeliveries_are_not(database_url: str) -> None:
    with closing(PostgresAlerts(database_url, application="test")) as alerts:
        alerts.record({"message-1": uuid.UUID(int=1)})
        alerts.record({"message-1": uuid.UUID(int=1), "message-2": uuid.UUID(int=1)})
    with closing(connect(database_url, application="test")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT message_id, alert_id::text FROM notifications ORDER BY message_id")

        assert cursor.fetchall() == [("message-1", str(uuid.UUID(int=1))), ("message-2", str(uuid.UUID(int=1)))]


def test_a_server_that_does_not_answer_is_unavailable_for_a_time() -> None:
    alerts = PostgresAlerts("postgresql+psycopg2://nobody:x@127.0.0.1:1/none", application="test")

    with pytest.raises(TemporarilyUnavailable, match="did not accept the connection"):
        alerts.latest(1)
