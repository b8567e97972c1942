"""The relay, and the trigger with the function behind it."""

import contextlib
import io
import uuid
from collections import Counter
from collections.abc import Iterable

import msgspec
from aws_lambda_powertools import Logger
from tests.integration.failpoints.kept import Bench
from tests.integration.failpoints.log import MORNING, a_broker
from tests.integration.failpoints.scenario import EMPTY_HANDED, Facts, Scenario
from tests.unit.alerting.builders import an_alert

from fraudstream.adapters.database.outbox_store import PostgresOutbox
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.memory import MemoryConsumer, MemoryProducer
from fraudstream.adapters.memory_delivery import InProcessInvoker
from fraudstream.alerting.breaker import Breaker
from fraudstream.alerting.kafka_event import EventSource
from fraudstream.alerting.notification import AlertFunction
from fraudstream.alerting.parking import Parking
from fraudstream.alerting.relay import Relay
from fraudstream.alerting.trigger import Trigger, TriggerPolicy
from fraudstream.chaos.failpoints import Failpoints, failing
from fraudstream.clock import ManualClock, SystemClock
from fraudstream.contracts.alert import encode_alert
from fraudstream.contracts.parked import parse_parked
from fraudstream.contracts.topics import ALERTS, FAILED_ALERTS, QUARANTINE
from fraudstream.ports.records import Record
from fraudstream.service import serve

INSERT = "INSERT INTO outbox (topic, key, value, not_before) VALUES (%s, %s, %s, to_timestamp(0))"
ALERTS_PER_HOUR = 14
GROUP = "trigger"
FUNCTION_SECONDS = 0.05
"""So long an alert that a dead invocation left in progress is out of bounds."""


def prepare_outbox(bench: Bench) -> None:
    bench.kept.broker = a_broker()
    with contextlib.closing(connect(bench.url, application="test")) as connection, connection, connection.cursor() as c:
        for number in range(24):
            topic = QUARANTINE if number % 4 == 3 else ALERTS
            c.execute(INSERT, (topic, str(number % 3).encode(), encode_alert(an_alert(number + 1))))


def run_relay(bench: Bench, points: Failpoints) -> None:
    """Publish until nothing is due; of 18 alerts some are beyond the hour's budget."""
    clock, more = ManualClock(MORNING), True
    with contextlib.closing(PostgresOutbox(bench.url)) as outbox:
        relay = Relay(
            failing(outbox, points, "outbox"),
            failing(bench.lasting(MemoryProducer(bench.kept.broker)), points, "producer"),
            batch=5,
            breaker=Breaker(clock, ALERTS_PER_HOUR),
        )

        def step() -> None:
            nonlocal more
            done = relay.run_once(0.0)
            more = done > 0 or _is_due(bench.url)

        serve(step, stopping=lambda: not more, clock=clock)


def _is_due(url: str) -> bool:
    """Whether anything waits: the session of a dead relay may have held it for a moment longer."""
    with contextlib.closing(connect(url, application="test")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT FROM outbox WHERE sent_at IS NULL AND held_at IS NULL LIMIT 1")
        return cursor.fetchone() is not None


def published(bench: Bench) -> Facts:
    """What stands in the topics, in the order of each key, without repeats."""
    return {f"topic {topic}/{number}": _by_key(log) for (topic, number), log in bench.kept.broker.logs.items()}


def _by_key(log: Iterable[Record]) -> dict[bytes | None, list[bytes | None]]:
    found: dict[bytes | None, dict[bytes | None, None]] = {}
    for record in log:
        found.setdefault(record.key, {})[record.value] = None
    return {key: list(values) for key, values in found.items()}


def prepare_alerts(bench: Bench) -> None:
    broker = bench.kept.broker = a_broker()
    for number in range(14):
        value = b"not an alert" if number == 6 else encode_alert(an_alert(number + 1))
        broker.append(ALERTS, str(number % 4).encode(), value)


def run_trigger(bench: Bench, points: Failpoints) -> None:
    """Deliver every alert; the function dies with the trigger."""
    broker, clock = bench.kept.broker, SystemClock()
    function = AlertFunction(
        failing(bench.lasting(bench.kept.notifier), points, "notifier"),
        failing(bench.lasting(bench.kept.sent), points, "sent"),
        Logger(service=f"test-{uuid.uuid4()}", stream=io.StringIO()),
    )
    trigger = Trigger(
        failing(bench.lasting(MemoryConsumer(broker, ALERTS, GROUP)), points, "consumer"),
        failing(InProcessInvoker(function, timeout=FUNCTION_SECONDS), points, "function"),  # type: ignore[arg-type]
        Parking(failing(bench.lasting(MemoryProducer(broker)), points, "producer")),
        EventSource("127.0.0.1:9092"),
        clock=clock,
        policy=TriggerPolicy(batch_size=4, record_retries=1, function_retries=40, first_pause=0.03, longest_pause=0.03),
    )
    ends = {partition: end for partition, (_, end) in broker.describe(ALERTS).bounds.items() if end}
    serve(
        lambda: trigger.run_once(0.0),
        stopping=lambda: {p: broker.committed.get((GROUP, ALERTS, p), 0) for p in ends} == ends,
        clock=ManualClock(),
    )


def delivered(bench: Bench) -> Facts:
    """Each alert by its id: how many messages say so is the limit of the promise, see `repeats`."""
    parked = [parse_parked(record.value) for record in bench.kept.broker.logs[FAILED_ALERTS, 0]]
    return {
        "notified": set(_notified(bench)),
        "remembered": {
            alert_id: message_id is not None for alert_id, (message_id, _) in bench.kept.sent.entries.items()
        },
        "parked": {msgspec.structs.replace(record, attempts=0) for record in parked},
        "positions": bench.kept.broker.committed,
    }


def repeats(bench: Bench) -> int:
    """Messages that say what another one had said."""
    return sum(count - 1 for count in _notified(bench).values())


def _notified(bench: Bench) -> Counter[object]:
    return Counter(message.attributes["alert_id"] for message in bench.kept.notifier.published)


RELAY = Scenario(prepare_outbox, run_relay, published)
TRIGGER = Scenario(prepare_alerts, run_trigger, delivered, EMPTY_HANDED)
