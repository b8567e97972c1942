"""SNS, DynamoDB or SQS are away for longer than a failing function is borne: alerts wait, and all of them arrive."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import boto3
import pytest
from tests.integration.alerting.road import Road
from tests.integration.alerting.world import AlertWorld, ids
from tests.unit.alerting.builders import an_alert

from fraudstream.adapters.aws.notifier import SnsNotifier
from fraudstream.adapters.aws.queue import SqsQueue
from fraudstream.adapters.memory_delivery import MemoryAlerts
from fraudstream.alerting.inbox import Inbox
from fraudstream.alerting.message import notification_of
from fraudstream.alerting.trigger import TriggerPolicy
from fraudstream.clock import ManualClock
from fraudstream.contracts.alert import encode_alert
from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import FAILING, FUNCTION_WAITS
from fraudstream.service import serve

pytestmark = pytest.mark.integration

TIMEOUT = 6.0
POLICY = TriggerPolicy.outlasting(TIMEOUT)
PARKING_TIME = sum(POLICY.pause(number + 1) for number in range(POLICY.function_retries))
"""Seconds of pauses after which a function that only fails has its records parked."""


@dataclass
class Outage:
    """A loop's step with an outage that ends once the loop has paused for so many seconds."""

    step: Callable[[], int]
    end: Callable[[], object]
    seconds: float
    clock: ManualClock = field(default_factory=ManualClock)
    over: bool = False
    done: int = 0
    board: Board = field(default_factory=lambda: Board("lambda-trigger"))
    failing: list[float] = field(default_factory=list)
    """Failures in a row, as the board showed them before each step."""

    def __call__(self) -> None:
        self.failing.append(self.board.value(FAILING) or 0.0)
        if not self.over and sum(self.clock.slept) > self.seconds:
            self.over = True
            self.end()
        self.done += self.step()

    def serve_until(self, count: int) -> None:
        """Go on until so many are done with."""
        serve(self, stopping=lambda: self.done >= count, clock=self.clock, board=self.board)


@pytest.fixture
def road(aws_environment: Mapping[str, str]) -> Iterator[Road]:
    with Road.to_aws(aws_environment) as road:
        yield road


def publish(world: AlertWorld, *numbers: int) -> None:
    world.publish(*[encode_alert(an_alert(number)) for number in numbers])


def deliver_through(world: AlertWorld, end: Callable[[], object], count: int) -> Outage:
    """Deliver so many records during an outage that lasts past the parking time, and after it."""
    clock, board = ManualClock(), Board("lambda-trigger")
    with world.trigger(clock=clock, policy=POLICY, board=board) as trigger:
        outage = Outage(lambda: trigger.run_once(0.5), end, PARKING_TIME, clock, board=board)
        outage.serve_until(count)
    return outage


def told(world: AlertWorld) -> Counter[str]:
    """Types of the errors that the function answered with."""
    return Counter(answer.error.split(":")[0] for answer in world.invoker.answers if answer.error is not None)


def test_alerts_wait_while_nobody_listens(make_world: Callable[..., AlertWorld], road: Road) -> None:
    world = make_world(timeout=TIMEOUT, environment=road.variables)
    publish(world, 1, 2, 3)

    outage = deliver_through(world, road.open, 3)

    assert outage.over
    assert max(outage.failing) >= 3
    assert outage.board.value(FAILING) == 0
    assert outage.board.value(FUNCTION_WAITS) == len(world.invoker.answers) - 1
    assert set(told(world)) == {"TemporarilyUnavailable"}
    assert Counter(world.notified(3)) == Counter(ids(1, 2, 3))
    assert world.records(world.failed_topic) == []


@pytest.mark.parametrize("gone", ["topic", "table", "both"])
def test_alerts_wait_while_an_emulator_has_forgotten(make_world: Callable[..., AlertWorld], gone: str) -> None:
    world = make_world(timeout=TIMEOUT)
    publish(world, 1)
    world.deliver(1)
    if gone != "table":
        boto3.client("sns").delete_topic(TopicArn=world.resources.topic_arn)
    if gone != "topic":
        boto3.client("dynamodb").delete_table(TableName=world.resources.idempotency_table)
    publish(world, 2, 3, 4)

    outage = deliver_through(world, world.aws.ensure, 3)

    assert outage.over
    assert set(told(world)) == {"TemporarilyUnavailable"}
    assert Counter(world.notified(4)) == Counter(ids(1, 2, 3, 4))
    assert world.records(world.failed_topic) == []


def test_the_inbox_waits_for_a_queue_that_was_forgotten(world: AlertWorld) -> None:
    log = MemoryAlerts()
    inbox = Inbox(SqsQueue(world.resources.queue_url), log)
    boto3.client("sqs").delete_queue(QueueUrl=world.resources.queue_url)

    def come_back() -> None:
        world.aws.ensure()
        SnsNotifier(world.resources.topic_arn).publish(notification_of(an_alert()))

    outage = Outage(lambda: inbox.run_once(1.0), come_back, 30.0)
    outage.serve_until(1)

    assert outage.over
    assert list(log.notifications.values()) == [an_alert().alert_id]
