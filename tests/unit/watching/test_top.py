"""`fraudstream top`: one frame of what answers, what is wrong and its runbook, a word where nothing runs."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.integration.scraping import a_free_port

from fraudstream.clock import ManualClock
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.local.endpoints import write_endpoints
from fraudstream.metrics import catalogue as c
from fraudstream.metrics.board import Board, exported
from fraudstream.metrics.metric import Gauge
from fraudstream.metrics.scrape import Figures, read
from fraudstream.watching.frame import Frame, frame
from fraudstream.watching.targets import parsed, rendered, running_targets
from fraudstream.watching.top import top

NOW = 1_764_000_000.0
RUNBOOKS = Path(__file__).parents[3]


@pytest.fixture
def boards(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Board]]:
    """An observer and a scorer that answer on loopback."""
    ports = {"observer": a_free_port(), "scorer": a_free_port()}
    monkeypatch.setenv("METRICS_TARGETS", rendered({name: f"127.0.0.1:{port}" for name, port in ports.items()}))
    with ExitStack() as resources:
        observer = resources.enter_context(exported("observer", port=ports["observer"]))
        scorer = resources.enter_context(exported("scorer", port=ports["scorer"]))
        for board in (observer, scorer):
            board.set(c.WORKED_AT, NOW - 3)
        observer.count(c.STREAM_RECORDS, 1_234_567, "scored")
        observer.set(c.STREAM_RATE, 1_000.4)
        observer.replace(c.STREAM_LAG, {("0",): 3, ("1",): 4})
        observer.set(c.STREAM_RECENT, 0.25, "score", "0.5")
        observer.set(c.STREAM_RECENT, 0.75, "score", "0.99")
        observer.set(c.STREAM_UNACCOUNTED, 0)
        observer.set(c.STREAM_MODEL, 1, "7")
        yield {"observer": observer, "scorer": scorer}


def test_one_frame_shows_the_stream_and_the_processes(
    boards: dict[str, Board], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "140")

    assert top(every=1.0, once=True, json_only=False, clock=ManualClock(NOW))

    printed = capsys.readouterr().out
    assert boards.keys() == {"observer", "scorer"}
    for words in ("healthy", "1,234,567", "1,000", "p50/p99 250/750 ms", "0 unaccounted", "scorer", "3 s ago", "works"):
        assert words in printed


def test_without_a_terminal_it_is_one_frame(boards: dict[str, Board], capsys: pytest.CaptureFixture[str]) -> None:
    assert top(every=1.0, once=False, json_only=False, clock=ManualClock(NOW))

    assert boards
    assert capsys.readouterr().out.count("healthy") == 1


def test_the_frame_as_json_is_one_line_for_machines(
    boards: dict[str, Board], capsys: pytest.CaptureFixture[str]
) -> None:
    boards["scorer"].set(c.SCORER_STANDS_STILL, 1)
    boards["scorer"].set(c.FAILING, 4)

    assert not top(every=1.0, once=True, json_only=True, clock=ManualClock(NOW))

    told = json.loads(capsys.readouterr().out)
    assert (told["healthy"], told["stream"]["lag"], told["stream"]["model_version"]) == (False, 7, "7")
    assert [each["health"] for each in told["processes"]] == ["works", "failing"]
    assert [each["runbook"] for each in told["trouble"]] == [
        "docs/runbooks/scoring-stands-still.md",
        "docs/runbooks/process-failing.md",
    ]


def test_without_a_terminal_frames_follow_each_other_until_it_is_stopped(
    boards: dict[str, Board], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter((False, False, True, True, True, True))
    monkeypatch.setattr("fraudstream.watching.top.stop_on_signals", lambda: lambda: next(answers))

    top(every=0.01, once=False, json_only=True, clock=ManualClock(NOW))

    assert capsys.readouterr().out.count('"healthy":true') >= 1
    assert boards


def a_frame(name: str, board: Board) -> Frame:
    return frame({name: read(board.text())}, moment=NOW)


@pytest.mark.parametrize(
    ("process", "metric", "labels", "value", "runbook"),
    [
        ("observer", c.STREAM_UNACCOUNTED, (), 1, "records-unaccounted"),
        ("observer", c.STREAM_LAG, ("0",), 10_001, "scoring-behind"),
        ("observer", c.STREAM_RECENT, ("score", "0.99"), 6.0, "scores-late"),
        ("observer", c.STREAM_RECENT, ("notification", "0.99"), 11.0, "alerts-late"),
        ("alert-relay", c.UNSENT_AGE, (), 61, "messages-unsent"),
        ("alert-relay", c.BREAKER_OPEN, (), 1, "alerts-held"),
        ("label-applier", c.LABELS_FAR_BEHIND, (), 1, "labels-late"),
        ("archiver", c.ARCHIVE_GAPS, (), 1, "archive-gap"),
    ],
)
def test_what_is_wrong_names_a_runbook_that_there_is(
    process: c.ProcessName, metric: Gauge, labels: tuple[str, ...], value: float, runbook: str
) -> None:
    board = Board(process)
    board.set(metric, value, *labels)

    (trouble,) = a_frame(process, board).trouble
    assert trouble.runbook == f"docs/runbooks/{runbook}.md"
    assert (RUNBOOKS / trouble.runbook).is_file()


def test_a_process_that_is_away_or_long_without_a_step_is_seen() -> None:
    quiet = Board("scorer")
    quiet.set(c.WORKED_AT, NOW - 31)
    shown = frame({"scorer": read(quiet.text()), "alert-relay": Figures(trouble="refused")}, moment=NOW)

    assert [line.health for line in shown.processes] == ["quiet", "away"]
    assert [each.sentence for each in shown.trouble] == ["alert-relay does not answer: refused"]


def test_a_process_that_is_switched_off_is_not_missed(
    boards: dict[str, Board], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Retraining may be left out; whoever looks must not be sent to a runbook for it, nor see it take part."""
    answering = running_targets()
    monkeypatch.setenv("METRICS_TARGETS", rendered({**answering, "retrain": f"127.0.0.1:{a_free_port()}"}))
    monkeypatch.setenv("RETRAIN", "0")

    assert top(every=1.0, once=True, json_only=True, clock=ManualClock(NOW))

    told = json.loads(capsys.readouterr().out)
    assert {each["name"]: each["health"] for each in told["processes"]} == dict.fromkeys(boards, "works") | {
        "retrain": "off"
    }
    monkeypatch.setenv("RETRAIN", "1")
    assert not top(every=1.0, once=True, json_only=True, clock=ManualClock(NOW))


def test_a_process_that_answers_though_it_is_switched_off_is_shown_as_it_is() -> None:
    board = Board("retrain")
    board.set(c.FAILING, 2)

    shown = frame({"retrain": read(board.text())}, moment=NOW, off={"retrain"})

    assert [line.health for line in shown.processes] == ["failing"]
    assert not shown.healthy


def test_where_nothing_runs_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("METRICS_TARGETS", raising=False)
    monkeypatch.setenv("FRAUDSTREAM_HOME", str(tmp_path))

    with pytest.raises(ConfigurationError, match=r"no demo runs in .*make demo.*make top"):
        top(every=1.0, once=True, json_only=False)


def test_a_stack_that_has_stopped_meanwhile_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_TARGETS", f"scorer=127.0.0.1:{a_free_port()}")

    with pytest.raises(TemporarilyUnavailable, match=r"none of the 1 processes answers.*has the stack stopped"):
        top(every=1.0, once=True, json_only=False)


def test_the_running_demo_is_found_by_the_file_it_leaves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("METRICS_TARGETS", raising=False)
    monkeypatch.setenv("FRAUDSTREAM_HOME", str(tmp_path))
    targets = {"scorer": "127.0.0.1:20001", "alert-relay": "127.0.0.1:20002"}
    write_endpoints(tmp_path, {"DATABASE_URL": "postgresql://a:b c@d/e", "METRICS_TARGETS": rendered(targets)})

    assert running_targets() == targets


@pytest.mark.parametrize("text", ["scorer", "scorer=", "scorer=host", "=host:1", "scorer=host:port"])
def test_targets_that_are_none_are_refused_with_their_shape(text: str) -> None:
    with pytest.raises(ConfigurationError, match="NAME=HOST:PORT"):
        parsed(text)
