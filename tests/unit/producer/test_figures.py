"""What became of a run's records is told as it grows."""

from fraudstream.metrics.board import Board
from fraudstream.metrics.catalogue import ACKNOWLEDGED, PRODUCER_OPEN, SENT, UNDELIVERED
from fraudstream.producer.figures import SendingFigures
from fraudstream.producer.sending import Summary


def test_counters_grow_by_what_is_new_and_what_is_open_comes_and_goes() -> None:
    board = Board("producer")
    figures = SendingFigures(board)
    figures.show(Summary(sent=100, acknowledged=70, failed=1), now=5.0)
    still_open = board.value(PRODUCER_OPEN)
    figures.show(Summary(sent=150, acknowledged=148, failed=2), now=6.0)

    assert (board.value(SENT), board.value(ACKNOWLEDGED), board.value(UNDELIVERED)) == (150, 148, 2)
    assert (still_open, board.value(PRODUCER_OPEN)) == (29, 0)
