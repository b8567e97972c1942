"""One contract for `Outbox` with a budget and for `HeldAlerts`, in memory and on Postgres."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import pytest
from tests.unit.alerting.builders import an_alert

from fraudstream.adapters.database.breaker_store import PostgresHeldAlerts
from fraudstream.adapters.database.outbox_store import PostgresOutbox
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.memory_delivery import MemoryOutbox
from fraudstream.contracts.alert import encode_alert, parse_alert
from fraudstream.contracts.topics import ALERTS, LABELS
from fraudstream.ports.breaker import HeldAlerts
from fraudstream.ports.delivery import AlertBudget, Outbox, OutboxRow

pytestmark = pytest.mark.ports

HOUR = 1_764_000_000.0
"""Any window will do: what is due is the store's affair, and the window its caller's."""
INSERT = "INSERT INTO outbox (topic, key, value, not_before) VALUES (%s, %s, %s, to_timestamp(%s))"
INSERT_ALERT = """
INSERT INTO alerts (alert_id, topic_id, partition, "offset", slice_id, transaction_id, user_id, amount, event_time,
                    score, threshold, reasons, model_version)
VALUES (%s, gen_random_uuid(), 0, 0, 1, %s, %s, 1, now(), 0.9, 0.4, '[]', '7')
"""

Add = Callable[[str, bytes, bytes], object]


@dataclass
class Kept:
    """An outbox, what it holds, and a way to commit rows to it: topic, key and value."""

    outbox: Outbox
    held: HeldAlerts
    add: Add

    def alert(self, number: int, *, customer: int = 42) -> uuid.UUID:
        alert = an_alert(number, user_id=customer)
        self.add(ALERTS, str(customer).encode(), encode_alert(alert))
        return alert.alert_id

    def alerts(self, *numbers: int) -> list[uuid.UUID]:
        return [self.alert(number) for number in numbers]

    def relay(self, most: int | None, *, window: float = HOUR, batch: int = 100) -> list[int]:
        """What a relay does at once; returns the numbers of the alerts that it publishes."""
        rows = self.claim(most, window=window, batch=batch)
        going = [row for row in rows if not row.held]
        self.outbox.settle([row.outbox_id for row in going])
        return numbers(going)

    def claim(self, most: int | None, *, window: float = HOUR, batch: int = 100) -> Sequence[OutboxRow]:
        return self.outbox.claim(batch, None if most is None else AlertBudget(window, most))


@pytest.fixture(params=["memory", "postgres"])
def kept(request: pytest.FixtureRequest) -> Iterator[Kept]:
    if request.param == "memory":
        memory = MemoryOutbox()
        yield Kept(memory, memory, memory.add)
        return
    url: str = request.getfixturevalue("database_url")
    with closing(PostgresOutbox(url)) as outbox:
        yield Kept(outbox, PostgresHeldAlerts(url), adder(url))


def adder(url: str) -> Add:
    def add(topic: str, key: bytes, value: bytes) -> None:
        with closing(connect(url, application="test")) as connection, connection, connection.cursor() as cursor:
            cursor.execute(INSERT, (topic, key, value, 0))
            if topic == ALERTS:
                alert = parse_alert(value)
                cursor.execute(INSERT_ALERT, (str(alert.alert_id), str(alert.transaction_id), alert.user_id))

    return add


def numbers(rows: Sequence[OutboxRow]) -> list[int]:
    return [parse_alert(row.value).transaction_id.int for row in rows if row.topic == ALERTS]


def test_alerts_beyond_the_budget_are_held(kept: Kept) -> None:
    kept.alerts(1, 2, 3)

    rows = kept.claim(2)
    kept.outbox.settle([row.outbox_id for row in rows if not row.held])

    assert [(number, row.held) for number, row in zip(numbers(rows), rows, strict=True)] == [
        (1, False),
        (2, False),
        (3, True),
    ]
    assert kept.held.status(HOUR).held == 1
    assert kept.held.status(HOUR).published == 2


def test_what_is_held_comes_once(kept: Kept) -> None:
    kept.alerts(1, 2)
    kept.relay(1)

    assert list(kept.claim(1)) == []


def test_other_messages_pass_a_spent_budget_and_are_not_charged(kept: Kept) -> None:
    kept.alert(1)
    kept.add(LABELS, b"42", b"label")
    rows = kept.claim(0)
    kept.outbox.settle([row.outbox_id for row in rows if not row.held])

    assert [(row.topic, row.held) for row in rows] == [(ALERTS, True), (LABELS, False)]
    assert kept.held.status(HOUR).published == 0


def test_a_budget_is_spent_over_several_claims(kept: Kept) -> None:
    kept.alerts(1, 2, 3, 4)

    assert [kept.relay(3, batch=2), kept.relay(3, batch=2)] == [[1, 2], [3]]
    assert kept.held.status(HOUR).held == 1


def test_the_next_window_releases_what_is_held_in_order_and_before_what_is_new(kept: Kept) -> None:
    kept.alerts(1, 2, 3, 4)
    kept.relay(1)
    kept.alert(5)

    assert kept.relay(2, window=HOUR + 3_600) == [2, 3]
    assert kept.held.status(HOUR + 3_600).held == 2
    assert kept.relay(2, window=HOUR + 7_200) == [4, 5]
    assert kept.held.status(HOUR + 7_200).held == 0


def test_no_more_are_released_than_a_claim_takes(kept: Kept) -> None:
    kept.alerts(1, 2, 3, 4)
    kept.relay(0)

    assert kept.relay(10, window=HOUR + 3_600, batch=3) == [1, 2, 3]
    assert kept.held.status(HOUR).held == 1


def test_without_a_budget_everything_held_goes(kept: Kept) -> None:
    kept.alerts(1, 2)
    kept.relay(0)
    kept.alert(3)

    assert kept.relay(None) == [1, 2, 3]
    assert kept.held.status(HOUR).held == 0


def test_what_was_not_acknowledged_is_not_charged(kept: Kept) -> None:
    kept.alerts(1, 2)
    first, _ = kept.claim(2)
    kept.outbox.settle([first.outbox_id])

    assert kept.held.status(HOUR).published == 1
    assert kept.relay(2) == [2]


def test_a_claim_that_is_never_settled_holds_nothing(kept: Kept) -> None:
    kept.alerts(1, 2)
    kept.claim(1)
    if isinstance(kept.outbox, PostgresOutbox):
        kept.outbox.close()

    assert kept.held.status(HOUR).held == 0
    assert kept.relay(2) == [1, 2]


def test_a_released_alert_goes_for_free(kept: Kept) -> None:
    first, second = kept.alerts(1, 2)
    kept.relay(0)

    assert kept.held.release(first) == 1
    assert kept.relay(0) == [1]
    assert (kept.held.status(HOUR).held, kept.held.status(HOUR).published) == (1, 0)
    assert kept.held.release(second) == 1
    assert kept.relay(0) == [2]


def test_a_released_alert_takes_its_customers_earlier_ones_with_it(kept: Kept) -> None:
    for number, customer in ((1, 42), (2, 7), (3, 42), (4, 42)):
        kept.alert(number, customer=customer)
    kept.relay(0)

    assert kept.held.release(an_alert(3).alert_id) == 2
    assert kept.relay(0) == [1, 3]


def test_all_are_released_at_once(kept: Kept) -> None:
    kept.alerts(1, 2, 3)
    kept.relay(1)

    assert kept.held.release() == 2
    assert kept.held.release() == 0
    assert kept.relay(1) == [2, 3]


def test_an_alert_that_is_not_held_is_not_released(kept: Kept) -> None:
    sent, _ = kept.alerts(1, 2)
    kept.relay(1)

    assert kept.held.release(sent) == 0
    assert kept.held.release(uuid.UUID(int=99)) == 0


def test_the_first_hold_is_timed(kept: Kept) -> None:
    assert kept.held.status(HOUR).since is None
    kept.alert(1)
    kept.relay(0)

    assert kept.held.status(HOUR).since is not None
