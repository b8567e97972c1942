"""A person's word becomes a label in the log, with the stream's own time, and is followed until it is applied."""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import get_args

import pytest
from tests.unit.verify.memory_stack import MemoryStack, a_payment
from typer.testing import CliRunner

from fraudstream.adapters.memory import MemoryProducer
from fraudstream.adapters.memory_label_desk import MemoryLabelDesk
from fraudstream.analyst.labelling import LOOK_EVERY, Labelling, Word
from fraudstream.analyst.receipt import receipt
from fraudstream.cli import app
from fraudstream.contracts.alert import alert_id_for
from fraudstream.contracts.label import Label, PersonalSource, parse_label
from fraudstream.contracts.topics import LABELS
from fraudstream.errors import ImpossibleRequest, TemporarilyUnavailable
from fraudstream.ports.label_desk import LabelFate, LabelPlace

STREAM = a_payment(30).timestamp


@dataclass(frozen=True)
class LateDesk(MemoryLabelDesk):
    """Something happens at each look at what became of a label."""

    before_look: Callable[[], None] = lambda: None

    def fate(self, place: LabelPlace) -> LabelFate | None:
        self.before_look()
        return super().fate(place)


class SilentProducer(MemoryProducer):
    """Takes everything, and nothing is ever acknowledged."""

    def flush(self, timeout: float) -> int:  # noqa: ARG002
        return 1


@pytest.fixture
def stack() -> MemoryStack:
    """Payments 10, 20 and 30 of customer 5, scored; the stream lies in the past of the clock."""
    made = MemoryStack()
    for number in (10, 20, 30):
        made.send(a_payment(number, user_id=5))
    made.score()
    return made


def a_labelling(stack: MemoryStack, before_look: Callable[[], None] = lambda: None) -> Labelling:
    desk = LateDesk(stack.labels, stack.slices, before_look)
    return Labelling(desk, MemoryProducer(stack.broker), stack.broker, stack.clock)


def fraud(number: int, **changes: object) -> Word:
    values = {"named": uuid.UUID(int=number), "is_fraud": True, **changes}
    return Word(**values)  # type: ignore[arg-type]


def in_log(stack: MemoryStack) -> list[tuple[bytes | None, Label]]:
    return [(record.key, parse_label(record.value)) for record in stack.broker.logs[LABELS, 0]]


def told(labelling: Labelling, word: Word, *, patience: float = 1.0) -> list[str]:
    said = labelling.say(word)
    return list(receipt(said, labelling.follow(said, patience=patience)))


def test_a_word_becomes_a_label_of_the_payments_customer_at_the_streams_time(stack: MemoryStack) -> None:
    a_labelling(stack).say(fraud(10))

    label = Label(transaction_id=uuid.UUID(int=10), user_id=5, is_fraud=True, arrived_at=STREAM, source="analyst")
    assert in_log(stack) == [(b"5", label)]


def test_a_label_never_arrives_before_its_payment(stack: MemoryStack) -> None:
    """The stream's time is taken from the newest slices, and a payment may lie ahead of them."""
    ahead = dt.timedelta(days=2)
    old = stack.labels.facts.payments[uuid.UUID(int=10)]
    stack.labels.facts.payments[uuid.UUID(int=10)] = replace(old, event_time=(STREAM + ahead).timestamp())

    assert a_labelling(stack).say(fraud(10)).label.arrived_at == STREAM + ahead


def test_before_anything_is_scored_the_clock_on_the_wall_counts() -> None:
    empty = MemoryStack()

    said = a_labelling(empty).say(fraud(10, user_id=8))

    assert said.label.arrived_at.timestamp() == empty.clock.now()


def test_an_arrival_may_be_given_and_is_utc_without_a_zone(stack: MemoryStack) -> None:
    given = STREAM.replace(tzinfo=None) + dt.timedelta(hours=3)

    assert a_labelling(stack).say(fraud(10, arrived_at=given)).label.arrived_at == STREAM + dt.timedelta(hours=3)


def test_nobody_knows_an_outcome_before_the_payment(stack: MemoryStack) -> None:
    with pytest.raises(ImpossibleRequest, match="the payment was made at 2025-06-15 10:30:00 UTC"):
        a_labelling(stack).say(fraud(30, arrived_at=STREAM - dt.timedelta(seconds=1)))
    assert in_log(stack) == []


def test_a_payment_that_nobody_knows_needs_its_customer(stack: MemoryStack) -> None:
    with pytest.raises(ImpossibleRequest, match=r"no payment and no alert .* is known.*--user"):
        a_labelling(stack).say(fraud(99))
    assert in_log(stack) == []


def test_an_alert_may_be_named_instead_of_its_payment(stack: MemoryStack) -> None:
    stack.deploy(2, weight=0.05, threshold=0.001)
    stack.send(a_payment(40, user_id=5))
    stack.score()
    alert_id = alert_id_for(uuid.UUID(int=40))

    lines = told(a_labelling(stack, stack.apply_labels), fraud(alert_id.int))

    assert lines[0] == f"{alert_id} is an alert; what is said is said of its payment {uuid.UUID(int=40)}"
    assert lines[1].startswith(f"{uuid.UUID(int=40)} (customer 5, ")
    assert [label.transaction_id.int for _, label in in_log(stack)] == [40]


def test_what_only_a_process_can_find_no_person_can_claim() -> None:
    refused = CliRunner().invoke(app, ["label", str(uuid.UUID(int=1)), "fraud", "--source", "matured"])

    assert refused.exit_code == 2
    assert set(get_args(PersonalSource)) == {"analyst", "bank"}


def test_a_payment_is_nobody_elses(stack: MemoryStack) -> None:
    with pytest.raises(ImpossibleRequest, match="one of customer 5, not of customer 6"):
        a_labelling(stack).say(fraud(10, user_id=6))
    assert in_log(stack) == []


def test_it_is_followed_until_it_is_applied(stack: MemoryStack) -> None:
    looks = iter([False, False, True])

    def applied_at_last() -> None:
        if next(looks):
            stack.apply_labels()

    lines = told(a_labelling(stack, applied_at_last), fraud(10, source="bank"))

    assert lines[0] == (
        f"{uuid.UUID(int=10)} (customer 5, made 2025-06-15 10:10:00 UTC) is fraud, says the bank; "
        "known from 2025-06-15 10:30:00 UTC on"
    )
    assert lines[1:] == ["applied as label 1: scores see it from now on"]
    assert stack.clock.slept[-2:] == [LOOK_EVERY, LOOK_EVERY]


def test_a_label_of_a_payment_to_come_waits_and_nobody_waits_for_it(stack: MemoryStack) -> None:
    before = stack.clock.now()

    lines = told(a_labelling(stack, stack.apply_labels), fraud(99, user_id=6))

    assert "customer 6, not scored yet" in lines[0]
    assert lines[1:] == ["it waits until its payment is scored"]
    assert stack.clock.now() == before


def test_a_label_that_no_applier_takes_is_given_up_after_a_while(stack: MemoryStack) -> None:
    before = stack.clock.now()

    lines = told(a_labelling(stack), fraud(10), patience=2.0)

    assert "not applied yet" in lines[-1]
    assert 2.0 <= stack.clock.now() - before < 2.0 + 2 * LOOK_EVERY


def test_a_store_that_is_away_for_a_moment_does_not_end_the_following(stack: MemoryStack) -> None:
    looks = iter([False, True])

    def away_then_applied() -> None:
        if not next(looks):
            raise TemporarilyUnavailable("away")
        stack.apply_labels()

    assert told(a_labelling(stack, away_then_applied), fraud(10))[-1].startswith("applied as label 1")


def test_a_contradiction_is_said_and_the_newer_word_counts(stack: MemoryStack) -> None:
    stack.label(10, is_fraud=False)

    lines = told(a_labelling(stack, stack.apply_labels), fraud(10))

    assert lines[1].startswith("it contradicts what was said before (genuine, by bank, ")
    assert lines[1].endswith("the newer word counts, the history is kept")
    assert stack.labels.facts.payments
    assert [row.label.is_fraud for row in stack.labels.facts.labels.values()] == [False, True]


def test_it_is_the_newest_word_that_is_contradicted_or_not(stack: MemoryStack) -> None:
    stack.label(10, is_fraud=True)
    stack.label(10, is_fraud=False)

    assert told(a_labelling(stack, stack.apply_labels), fraud(10))[1].startswith("it contradicts")


def test_the_same_word_again_is_kept_and_changes_nothing(stack: MemoryStack) -> None:
    stack.label(10, is_fraud=True)

    lines = told(a_labelling(stack, stack.apply_labels), fraud(10))

    assert lines[1].startswith("the same was said before (fraud, by bank, ")


def test_a_label_that_the_applier_refuses_says_why(stack: MemoryStack) -> None:
    """An arrival far ahead of the broker's own time."""
    far = dt.datetime(2031, 1, 1, tzinfo=dt.UTC)

    lines = told(a_labelling(stack, stack.apply_labels), fraud(10, arrived_at=far))

    assert (
        lines[-1]
        == "it was refused: timestamp_out_of_range: 2031-01-01T00:00:00+00:00 lies in the future of the broker"
    )


def test_a_broker_that_does_not_answer_is_no_success(stack: MemoryStack) -> None:
    labelling = a_labelling(stack)
    labelling.producer = SilentProducer(stack.broker)

    with pytest.raises(TemporarilyUnavailable, match="did not take the label within 10 seconds"):
        labelling.say(fraud(10))
