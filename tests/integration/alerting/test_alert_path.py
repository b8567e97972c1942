"""From a committed alert to a notification that reached a subscriber, with everything that may die on the way."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest
from tests.integration.alerting.world import PATIENCE, AlertWorld, ids
from tests.unit.alerting.builders import an_alert

from fraudstream.adapters.aws.calls import dynamodb_client
from fraudstream.adapters.kafka import KafkaConsumer
from fraudstream.contracts.alert import encode_alert, parse_alert
from fraudstream.contracts.parked import parse_parked
from fraudstream.ports.delivery import MOST_AT_ONCE

pytestmark = pytest.mark.integration

DYING_RELAY = """
import os, signal, sys
from fraudstream.adapters.database.outbox_store import PostgresOutbox
from fraudstream.adapters.kafka import KafkaProducer
from fraudstream.alerting.relay import Relay
from fraudstream.settings import KafkaSettings

class DiesBeforeMarking(PostgresOutbox):
    def settle(self, sent):
        os.kill(os.getpid(), signal.SIGKILL)

Relay(DiesBeforeMarking(sys.argv[1]), KafkaProducer(KafkaSettings(kafka_bootstrap_servers=sys.argv[2]))).run_once(1.0)
"""


def test_a_committed_alert_becomes_a_notification(world: AlertWorld) -> None:
    world.commit_alerts(1)

    assert world.relay() == 1
    world.deliver(1)

    assert world.notified(1) == ids(1)
    assert [parse_alert(record.value or b"") for record in world.records(world.topic)] == [an_alert(1)]
    assert world.query("SELECT count(*) FROM outbox WHERE sent_at IS NULL") == [(0,)]


def test_a_repeated_alert_is_notified_once(world: AlertWorld) -> None:
    alert = encode_alert(an_alert(1))
    world.publish(alert, alert)
    world.deliver(2)
    world.publish(alert, encode_alert(an_alert(2)))
    world.deliver(2)

    assert Counter(world.notified(2)) == Counter(ids(1, 2))


def test_a_poison_record_is_parked_and_its_neighbours_are_notified(world: AlertWorld) -> None:
    world.publish(encode_alert(an_alert(1)), b'{"poison": true}', encode_alert(an_alert(2)))
    world.deliver(3)

    assert Counter(world.notified(2)) == Counter(ids(1, 2))
    (record,) = world.records(world.failed_topic)
    parked = parse_parked(record.value)
    assert (parked.topic, parked.offset, parked.value) == (world.topic, 1, b'{"poison": true}')
    assert (record.key, parked.reason) == (b"42", "record_failed")


def test_a_trigger_goes_on_behind_what_is_done(world: AlertWorld) -> None:
    world.publish(encode_alert(an_alert(1)))
    world.deliver(1)
    invocations = len(world.invoker.answers)

    world.publish(encode_alert(an_alert(2)))
    world.deliver(1)

    assert len(world.invoker.answers) == invocations + 1


def test_a_trigger_that_dies_before_its_commit_repeats_and_nothing_is_notified_twice(world: AlertWorld) -> None:
    class DiesBeforeCommit(KafkaConsumer):
        def commit(self, next_offsets: object) -> None:  # noqa: ARG002
            raise SystemExit

    world.publish(encode_alert(an_alert(1)))
    with pytest.raises(SystemExit):
        world.deliver(1, consumer=DiesBeforeCommit)
    world.deliver(1)

    assert world.notified(1) == ids(1)
    assert [answer.error for answer in world.invoker.answers] == [None, None]


def test_a_relay_that_dies_between_publishing_and_marking_causes_one_notification(world: AlertWorld) -> None:
    world.commit_alerts(1)
    died = subprocess.run(
        [sys.executable, "-c", DYING_RELAY, world.database_url, world.kafka.kafka_bootstrap_servers],
        check=False,
        timeout=PATIENCE,
    )
    assert died.returncode == -signal.SIGKILL
    deadline = time.monotonic() + PATIENCE
    while not world.relay():
        assert time.monotonic() < deadline

    world.deliver(2)

    first, second = world.records(world.topic)
    assert (first.key, first.value) == (second.key, second.value)
    assert world.notified(1) == ids(1)


def test_a_function_killed_in_the_middle_of_a_batch_loses_nothing(make_world: Callable[..., AlertWorld]) -> None:
    count = 40
    world = make_world(timeout=6.0)
    world.publish(encode_alert(an_alert(0)))
    world.deliver(1)
    world.publish(*[encode_alert(an_alert(number)) for number in range(1, count)])
    killer = threading.Thread(target=kill_when_some_are_sent, args=(world, 10))
    killer.start()

    world.deliver(count - 1)
    killer.join(PATIENCE)

    deaths = [answer.error for answer in world.invoker.answers if answer.error and "Runtime.ExitError" in answer.error]
    assert deaths == ["Runtime.ExitError: Runtime exited with signal 9"]
    messages = Counter(world.notified(count))
    assert set(messages) == set(ids(*range(count)))
    timeouts = [answer.error for answer in world.invoker.answers if answer.error and "timed out" in answer.error]
    died = len(deaths + timeouts)  # each may leave what one call published, and not marked
    assert messages.total() - len(messages) <= died * MOST_AT_ONCE
    assert world.records(world.failed_topic) == []


def kill_when_some_are_sent(world: AlertWorld, some: int) -> None:
    """Kill the function once it has taken up so many alerts."""
    client = dynamodb_client()
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if client.scan(TableName=world.resources.idempotency_table, Select="COUNT")["Count"] >= some:
            pid = world.invoker.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            return
