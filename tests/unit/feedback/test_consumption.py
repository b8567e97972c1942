import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
import stamina
from structlog.testing import capture_logs

from fraudstream.adapters.memory import MemoryBroker, MemoryConsumer
from fraudstream.adapters.memory_labels import LabelFacts, MemoryLabelStore, MemoryLabelTransaction
from fraudstream.clock import ManualClock
from fraudstream.contracts.label import Label, encode_label
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.feedback.applier import LabelApplier
from fraudstream.feedback.consumption import CHECK_SECONDS, MOST_STUCK, LabelLoop
from fraudstream.metrics.catalogue import (
    APPLIED,
    FAILING,
    FAILURES,
    LABEL_DELAY,
    LABEL_SEQ,
    LABELS_BEHIND,
    LABELS_FAR_BEHIND,
    LABELS_WAITING,
)
from fraudstream.ports.labels import LabelledPayment
from fraudstream.ports.records import Record

TOPIC = "labels"
GROUP = "applier"
PAYMENT = LabelledPayment(100, 200, 1_749_000_000.0, 10.0, 1.5)


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(testing=True, attempts=3):
        yield


@dataclass
class FailingStore(MemoryLabelStore):
    """Fails the transactions whose numbers are listed, after they were committed."""

    failing: set[int] = field(default_factory=set)
    begun: int = 0

    @contextmanager
    def transaction(self) -> Iterator[MemoryLabelTransaction]:
        self.begun += 1
        with super().transaction() as transaction:
            yield transaction
        if self.begun in self.failing:
            raise TemporarilyUnavailable("the answer to the commit was lost")


@dataclass
class World:
    broker: MemoryBroker
    store: FailingStore
    clock: ManualClock
    loop: LabelLoop

    def say(self, number: int) -> None:
        label = Label(
            transaction_id=uuid.UUID(int=number),
            user_id=100,
            is_fraud=True,
            arrived_at=dt.datetime.fromtimestamp(self.broker.clock.now(), dt.UTC),
        )
        self.broker.append(TOPIC, b"100", encode_label(label))

    def run(self, rounds: int = 1, *, each: Callable[[], None] = lambda: None) -> None:
        left = iter(range(rounds))

        def stopping() -> bool:
            each()
            return next(left, None) is None

        self.loop.run(stopping)

    def turns(self) -> int:
        return self.store.facts.label_seq


@pytest.fixture
def world() -> World:
    broker = MemoryBroker()
    broker.ensure_topics({TOPIC: 1}, 1)
    facts = LabelFacts(payments={uuid.UUID(int=number): PAYMENT for number in range(1, 10)})
    store, clock = FailingStore(facts), ManualClock()
    applier = LabelApplier(store, TOPIC, broker.describe(TOPIC).topic_id, dt.timedelta(days=1))
    return World(broker, store, clock, LabelLoop(applier, MemoryConsumer(broker, TOPIC, GROUP), broker, clock))


def test_labels_are_applied_and_their_offset_is_committed(world: World) -> None:
    world.say(1)
    world.say(2)

    world.run()

    assert world.turns() == 2
    assert world.broker.committed == {(GROUP, TOPIC, 0): 2}


def test_a_crash_between_the_commit_and_the_offset_applies_nothing_twice(world: World) -> None:
    world.say(1)
    world.run()
    world.broker.committed.clear()
    world.loop.consumer = MemoryConsumer(world.broker, TOPIC, GROUP)
    world.say(2)

    world.run()

    assert world.turns() == 2
    assert len(world.store.facts.labels) == 2


def test_a_commit_whose_answer_was_lost_is_offered_again_and_applied_once(world: World) -> None:
    world.say(1)
    world.store.failing = {1}

    world.run()

    assert world.turns() == 1
    assert world.broker.committed == {(GROUP, TOPIC, 0): 1}


def test_a_database_that_stays_away_ends_the_process(world: World) -> None:
    world.say(1)
    world.store.failing = {1, 2, 3}

    with pytest.raises(TemporarilyUnavailable, match="lost"):
        world.run()

    assert world.broker.committed == {}


def test_a_waiting_label_is_released_without_further_labels(world: World) -> None:
    world.say(50)
    world.run()
    world.store.facts.payments[uuid.UUID(int=50)] = PAYMENT

    world.run()

    assert world.turns() == 1


class AbsentBroker(MemoryConsumer):
    """Never answers."""

    def consume(self, max_records: int, timeout: float) -> Sequence[Record]:  # noqa: ARG002
        raise TemporarilyUnavailable("no broker")


def test_a_broker_that_is_away_for_a_while_is_waited_for(world: World) -> None:
    consumer = world.loop.consumer
    world.loop.consumer = AbsentBroker(world.broker, TOPIC, GROUP)
    world.run(5)
    world.loop.consumer = consumer
    world.say(1)

    world.run()

    assert world.turns() == 1


def test_a_broker_that_stays_away_ends_the_process(world: World) -> None:
    world.loop.consumer = AbsentBroker(world.broker, TOPIC, GROUP)

    with pytest.raises(TemporarilyUnavailable, match="no broker"):
        world.run(10_000)


def idle_checks(world: World) -> Callable[[], None]:
    return lambda: world.clock.sleep(CHECK_SECONDS)


def test_offsets_that_ran_ahead_of_the_database_are_read_again(world: World) -> None:
    world.say(1)
    world.broker.committed[GROUP, TOPIC, 0] = 1

    world.run(3, each=idle_checks(world))

    assert world.turns() == 1


def test_labels_that_are_there_and_never_come_end_the_process(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        world.say(number)
    monkeypatch.setattr(MemoryConsumer, "consume", lambda *_: ())

    def later() -> None:
        world.clock.sleep(CHECK_SECONDS)

    world.run(rounds=MOST_STUCK, each=later)
    with pytest.raises(TemporarilyUnavailable, match="labels stand in labels and did not come in 60 seconds"):
        world.run(rounds=3, each=later)


def test_a_recreated_topic_is_a_new_log(world: World) -> None:
    world.say(1)
    world.run()
    world.broker.logs.clear()
    world.broker.ids[TOPIC] = str(uuid.uuid4())
    world.say(2)

    world.run(4, each=idle_checks(world))

    assert world.turns() == 2
    assert len({topic_id for topic_id, _, _ in world.store.facts.labels}) == 2


def test_what_was_done_and_where_the_labels_stand_is_shown(world: World) -> None:
    world.say(1)
    world.say(2)
    world.say(99)

    world.run(3, each=idle_checks(world))

    shown = [world.loop.board.value(metric) for metric in (APPLIED, LABELS_WAITING, LABEL_SEQ, LABELS_BEHIND, FAILING)]
    assert shown == [2, 1, 2, 0, 0]
    assert world.loop.board.value(LABEL_DELAY) == 3


def test_being_far_behind_is_told_once_and_so_is_its_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fraudstream.feedback.consumption.FAR_BEHIND", 4)
    monkeypatch.setattr("fraudstream.feedback.consumption.MAX_RECORDS", 1)
    behind, far = list[float | None](), list[float | None]()
    for number in range(1, 8):
        world.say(number)

    def look() -> None:
        world.clock.sleep(CHECK_SECONDS)
        behind.append(world.loop.board.value(LABELS_BEHIND))
        far.append(world.loop.board.value(LABELS_FAR_BEHIND))

    with capture_logs() as logs:
        world.run(8, each=look)

    assert behind == [None, 6, 5, 4, 3, 2, 1, 0, 0]
    assert far == [None, 1, 1, 1, 1, 1, 0, 0, 0]
    told = [(entry["event"], entry["records"]) for entry in logs if "records" in entry]
    assert told == [
        ("labels are far behind: scores go on without their news, nothing is lost", 6),
        ("labels have caught up", 1),
    ]


def test_failures_are_shown_until_the_work_goes_on(world: World) -> None:
    world.say(1)
    world.store.failing = {1, 2}
    world.run(2)

    assert world.loop.board.value(FAILURES) == 2
    assert world.loop.board.value(FAILING) == 0
