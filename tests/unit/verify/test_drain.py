import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from fraudstream.adapters.memory_ledger import MemoryLedger
from fraudstream.clock import ManualClock
from fraudstream.ports.ledger import LedgerSnapshot, Pending
from fraudstream.verify.drain import GRACE_SECONDS, LONGEST_DELIVERY, POLL_SECONDS, Drain, Told

ALERT = uuid.UUID(int=1)


@dataclass
class ScriptedLedger:
    """Gives one answer after the other, the last one for ever."""

    answers: list[Pending]
    received: list[list[uuid.UUID]] = field(default_factory=lambda: [[]])
    asked_before: list[float | None] = field(default_factory=list)
    held_back: list[list[uuid.UUID]] = field(default_factory=lambda: [[]])

    @contextmanager
    def snapshot(self) -> Iterator[LedgerSnapshot]:
        yield MemoryLedger()

    def pending(self, topic_id: str, *, before: float | None = None) -> Pending:  # noqa: ARG002
        self.asked_before.append(before)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def notified(self) -> Sequence[uuid.UUID]:
        return self.received.pop(0) if len(self.received) > 1 else self.received[0]

    def held(self) -> Sequence[uuid.UUID]:
        return self.held_back.pop(0) if len(self.held_back) > 1 else self.held_back[0]


def pending(at: int, *, unsent: int = 0, unnotified: int = 0, now: float = 0.0) -> Pending:
    return Pending(now, {0: at}, unsent, unnotified)


def test_a_drained_stack_is_not_waited_for() -> None:
    clock = ManualClock()

    behind = Drain(ScriptedLedger([pending(5)]), clock, clock.now() + 30).settled("topic", {0: 5})

    assert (behind, clock.slept) == (0, [])


def test_scoring_is_waited_for_up_to_the_offsets_of_the_beginning() -> None:
    clock = ManualClock()
    ledger = ScriptedLedger([pending(3), pending(4), pending(9)])

    behind = Drain(ledger, clock, clock.now() + 30).settled("topic", {0: 5})

    assert (behind, len(clock.slept)) == (0, 2)


def test_messages_made_later_than_the_last_score_are_not_waited_for() -> None:
    clock = ManualClock()
    ledger = ScriptedLedger([pending(5, now=77.0), pending(5, unsent=1), pending(5, unnotified=1), pending(5)])

    Drain(ledger, clock, clock.now() + 30).settled("topic", {0: 5})

    assert ledger.asked_before == [None, 77.0, 77.0, 77.0]


def test_the_wait_is_bounded_and_says_how_many_records_are_behind() -> None:
    clock = ManualClock()
    started = clock.now()

    behind = Drain(ScriptedLedger([pending(2, unsent=4)]), clock, started + 30).settled("topic", {0: 5, 1: 1})

    assert behind == 4
    assert clock.now() - started == 30


def test_notifications_of_the_alerts_wanted_are_waited_for() -> None:
    clock = ManualClock()
    ledger = ScriptedLedger([], received=[[], [ALERT, ALERT]])

    told = Drain(ledger, clock, clock.now() + 30).told(frozenset([ALERT]))

    assert told == Told([ALERT, ALERT], frozenset())
    assert len(clock.slept) == 1


def test_what_is_held_is_not_waited_for() -> None:
    clock = ManualClock()
    ledger = ScriptedLedger([], received=[[]], held_back=[[], [ALERT]])

    told = Drain(ledger, clock, clock.now() + 30).told(frozenset([ALERT]))

    assert told == Told([], frozenset([ALERT]))
    assert len(clock.slept) == 1


def test_past_the_deadline_the_wait_goes_on_while_notifications_arrive() -> None:
    clock = ManualClock()
    started = clock.now()
    more = [uuid.UUID(int=number) for number in range(1, 5)]
    slow = ScriptedLedger([], received=[more[: count // 30] for count in range(150)])
    said: list[tuple[int, int]] = []

    told = Drain(slow, clock, started, lambda done, total: said.append((done, total))).told(frozenset(more))

    assert told == Told(more, frozenset())
    assert clock.now() - started == 120 * POLL_SECONDS > GRACE_SECONDS
    assert (said[0], said[-1]) == ((0, 4), (4, 4))


def test_nothing_to_wait_for_is_not_waited_for() -> None:
    clock = ManualClock()

    Drain(ScriptedLedger([], received=[[ALERT]]), clock, clock.now() + 30).told(frozenset([ALERT]))

    assert clock.slept == []


def test_a_delivery_that_goes_on_and_on_is_not_waited_for_for_ever() -> None:
    """What is still missing then is on its way; nobody can say that it got lost."""
    clock = ManualClock()
    started = clock.now()
    looks = round(LONGEST_DELIVERY / POLL_SECONDS) + 1
    every = [uuid.UUID(int=number) for number in range(looks + 50)]
    ledger = ScriptedLedger([], received=[every[:count] for count in range(looks + 10)])

    told = Drain(ledger, clock, started).told(frozenset(every))

    assert told.arriving
    assert clock.now() - started == LONGEST_DELIVERY


def test_the_wait_ends_when_none_has_arrived_for_a_while() -> None:
    clock = ManualClock()
    started = clock.now()
    other = uuid.UUID(int=2)
    ledger = ScriptedLedger([], received=[[], [ALERT]])

    told = Drain(ledger, clock, started).told(frozenset([ALERT, other]))

    assert told == Told([ALERT], frozenset())
    assert clock.now() - started == POLL_SECONDS + GRACE_SECONDS
