"""The observer shows rates and quantiles of the last minute, totals, and how far scoring is behind."""

from fraudstream.adapters.database.ledger_watch import LedgerLook
from fraudstream.metrics import catalogue as c
from fraudstream.metrics.board import Board
from fraudstream.ports.records import TopicPartitions
from fraudstream.watching.observing import StreamShown

LOG = TopicPartitions("payments", "id", {0: (100, 500), 1: (0, 50)})


def a_look(*, scored: int = 0, unaccounted: int = 0, score: tuple[float, ...] = ()) -> LedgerLook:
    return LedgerLook(
        scored=scored,
        quarantined=0,
        repeats=0,
        unaccounted=unaccounted,
        reasons={},
        alerts=0,
        notified=0,
        model_version="3",
        next_offsets={("id", 0): 480, ("another log", 1): 50},
        score_latency=score,
    )


def shown(*looks: tuple[float, LedgerLook]) -> Board:
    stream = StreamShown(Board("observer"))
    for moment, look in looks:
        stream.show(look, LOG, moment=moment)
    return stream.board


def test_what_was_stored_before_is_a_total_and_no_rate() -> None:
    board = shown((0.0, a_look(scored=1_000_000)), (5.0, a_look(scored=50)), (10.0, a_look(scored=150)))

    assert board.value(c.STREAM_RECORDS, "scored") == 1_000_200
    assert board.value(c.STREAM_RATE) == 20.0


def test_rate_and_quantiles_are_of_the_last_minute() -> None:
    early = ((0.0, a_look()), (5.0, a_look(scored=9_000, score=(30.0,) * 50)))
    board = shown(*early, *((5.0 + at, a_look(scored=100, score=(0.2, 0.4))) for at in range(5, 66, 5)))

    assert board.value(c.STREAM_RATE) == 20.0
    assert board.value(c.STREAM_RECENT, "score", "0.5") == 0.2 + 0.1
    assert board.value(c.STREAM_RECENT, "alert", "0.5") is None
    assert board.value(c.STREAM_LATENCY, "score") == 50 + 26


def test_lag_is_counted_for_each_partition_of_the_log_as_it_is_now() -> None:
    board = shown((0.0, a_look()))

    assert board.value(c.STREAM_LAG, "0") == 20
    assert board.value(c.STREAM_LAG, "1") == 50


def test_what_is_unaccounted_stays_until_it_is_found() -> None:
    board = shown((0.0, a_look()), (5.0, a_look(unaccounted=2)), (10.0, a_look()), (15.0, a_look(unaccounted=-2)))
    before = shown((0.0, a_look()), (5.0, a_look(unaccounted=2)), (10.0, a_look()))

    assert before.value(c.STREAM_UNACCOUNTED) == 2
    assert board.value(c.STREAM_UNACCOUNTED) == 0


def test_every_series_is_there_before_it_grows() -> None:
    text = StreamShown(Board("observer")).board.text()

    assert 'fraudstream_stream_latency_seconds_count{stage="notification"} 0.0' in text
    assert 'fraudstream_stream_quarantined_total{reason="not_json"} 0.0' in text
