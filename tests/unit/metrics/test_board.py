"""A board shows what it was told, to whoever asks on its port."""

import socket
import urllib.error
import urllib.request

import pytest

from fraudstream.errors import ConfigurationError
from fraudstream.metrics.board import Board, exported
from fraudstream.metrics.catalogue import BUILD, FAILING, FAILURES, LABEL_DELAY, LABELS_BEHIND, PSI, STREAM_LATENCY
from fraudstream.metrics.metric import Gauge, Unit
from fraudstream.metrics.scrape import read as figures_of


def test_a_counter_begins_with_nothing_and_a_gauge_is_not_there_before_it_is_known() -> None:
    board = Board("quality")

    assert board.value(FAILURES) == 0.0
    assert board.value(FAILING) is None


def test_a_board_shows_what_it_was_told_last() -> None:
    board = Board("quality")
    board.count(FAILURES, 2)
    board.count(FAILURES)
    board.set(FAILING, 3)
    board.set(FAILING, 1)

    assert (board.value(FAILURES), board.value(FAILING)) == (3.0, 1.0)
    assert "\nfraudstream_failing 1.0\n" in board.text()


def test_what_a_replacement_does_not_name_is_gone() -> None:
    board = Board("quality")
    board.replace(PSI, {("1", "score"): 0.1, ("1", "amount"): 0.2})
    board.replace(PSI, {("2", "score"): 0.3})

    assert board.value(PSI, "1", "score") is None
    assert board.value(PSI, "2", "score") == 0.3


@pytest.mark.parametrize("metric", [LABELS_BEHIND, Gauge("fraudstream_else", Unit.NUMBER, "of nobody")])
def test_a_board_knows_the_gauges_of_its_process_alone(metric: Gauge) -> None:
    with pytest.raises(KeyError, match=metric.name):
        Board("quality").set(metric, 1)


def a_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def read(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        return str(answer.read().decode())


def test_it_is_served_where_the_environment_says_and_no_longer_than_the_work_lasts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port = a_port()
    monkeypatch.setenv("METRICS_PORT", str(port))
    with exported("quality") as board:
        board.set(FAILING, 7)
        assert "fraudstream_failing 7.0" in read(port)

    with pytest.raises(urllib.error.URLError, match="refused"):
        read(port)


def test_without_a_port_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("METRICS_PORT", raising=False)
    monkeypatch.setattr("fraudstream.metrics.board.start_http_server", lambda *_: pytest.fail("somebody listens"))

    with exported("quality") as board:
        board.set(FAILING, 7)


def test_a_port_that_is_taken_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setenv("METRICS_PORT", str(taken.getsockname()[1]))
        with pytest.raises(ConfigurationError, match="a METRICS_PORT of its own"), exported("quality"):
            pass


def test_a_histogram_counts_each_measurement_in_its_bucket_and_all_above_it() -> None:
    board = Board("label-applier")
    board.observe(LABEL_DELAY, (0.05, 0.2, 7.0, 9_999.0))
    text = board.text()

    assert 'fraudstream_labels_delay_seconds_bucket{le="0.05"} 1.0' in text
    assert 'fraudstream_labels_delay_seconds_bucket{le="0.25"} 2.0' in text
    assert 'fraudstream_labels_delay_seconds_bucket{le="3600.0"} 3.0' in text
    assert 'fraudstream_labels_delay_seconds_bucket{le="+Inf"} 4.0' in text
    assert board.value(LABEL_DELAY) == 4.0


def test_a_histogram_without_labels_is_there_before_it_counts_one_with_labels_is_not() -> None:
    assert Board("label-applier").value(LABEL_DELAY) == 0.0
    assert Board("observer").value(STREAM_LATENCY, "score") is None


def test_what_a_board_tells_is_read_back_by_its_metrics() -> None:
    board = Board("quality")
    board.replace(PSI, {("1", "score"): 0.1, ("1", "amount"): 0.2})
    told = figures_of(board.text())

    assert told.each(PSI) == {("1", "score"): 0.1, ("1", "amount"): 0.2}
    assert told.value(PSI, "1", "amount") == 0.2
    assert told.value(FAILING) is None
    assert [process for process, _ in told.each(BUILD)] == ["quality"]
    assert (told.standard("process_resident_memory_bytes") or 0) > 0
