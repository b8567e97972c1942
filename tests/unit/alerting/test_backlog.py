"""What waits in the outbox is counted now and then, and never stands in the way."""

from fraudstream.adapters.memory_delivery import MemoryOutbox
from fraudstream.alerting.backlog import EVERY, BacklogShown
from fraudstream.clock import ManualClock
from fraudstream.contracts.topics import ALERTS
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import BREAKER_OPEN, HELD, PUBLISHED, UNSENT, UNSENT_AGE
from fraudstream.ports.delivery import AlertBudget, Unsent

FIGURES = (UNSENT, UNSENT_AGE, HELD, BREAKER_OPEN)


def test_what_waits_and_what_is_held_is_shown() -> None:
    clock, board = ManualClock(), Board("alert-relay")
    outbox = MemoryOutbox(clock)
    for key in (b"1", b"2", b"3"):
        outbox.add(ALERTS, key, b"alert", not_before=clock.now() - 20)
    shown = BacklogShown(outbox, board, clock)
    shown.after(0)
    before = [board.value(metric) for metric in FIGURES]
    rows = outbox.claim(10, AlertBudget(0.0, 1))
    outbox.settle([row.outbox_id for row in rows if not row.held])
    clock.sleep(EVERY)
    shown.after(1)

    assert before == [3, 20, 0, 0]
    assert [board.value(metric) for metric in FIGURES] == [0, 0, 2, 1]
    assert board.value(PUBLISHED) == 1


class Away:
    """An outbox that does not answer, and counts how often it was asked."""

    asked = 0

    def unsent(self) -> Unsent:
        self.asked += 1
        raise TemporarilyUnavailable("away")


def test_an_outbox_that_does_not_answer_is_asked_now_and_then_and_hinders_nothing() -> None:
    clock, away = ManualClock(), Away()
    shown = BacklogShown(away, Board("alert-relay"), clock)
    for _ in range(5):
        shown.after(1)
    clock.sleep(EVERY)
    shown.after(1)

    assert away.asked == 2
    assert shown.board.value(PUBLISHED) == 6
    assert shown.board.value(UNSENT) is None
