"""Logs are one line for each thing that happened, in words of ours."""

import ast
import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina
import structlog
from stamina.instrumentation import set_on_retry_hooks
from tests.unit.alerting.builders import a_record

from fraudstream import logs
from fraudstream.adapters.memory import MemoryBroker, MemoryProducer
from fraudstream.alerting.parking import Parking
from fraudstream.contracts.topics import FAILED_ALERTS
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.masking import CARD_NUMBER, masked_text
from fraudstream.settings import LogSettings

SOURCE = Path(__file__).parents[2] / "src" / "fraudstream"
VERBS = {"debug", "info", "warning", "error", "exception", "critical"}
CARD = "4111 1111 1111 1111"
PAYMENT = "0b9d4f6e-52b3-4d57-8a07-0f2c4b7ad9a1"


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    set_on_retry_hooks(None)


def test_a_call_that_is_tried_again_is_told_as_our_loops_tell_it(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("label-applier", LogSettings(log_format="json"))

    _try_twice()

    printed = capsys.readouterr()
    line = json.loads(printed.err)
    told = {name: line[name] for name in ("process", "level", "event", "error", "failures")}
    assert told == {
        "process": "label-applier",
        "level": "warning",
        "event": "trying again",
        "error": "PostgreSQL is starting, try again later.",
        "failures": 1,
    }
    assert "stamina" not in printed.err
    assert printed.out == ""


def test_what_a_command_logs_is_not_in_its_answer(capsys: pytest.CaptureFixture[str]) -> None:
    logs.beside_the_answer()

    _try_twice()

    printed = capsys.readouterr()
    assert "trying again" in printed.err
    assert printed.out == ""


def test_a_command_leaves_a_process_with_logs_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("demo", LogSettings(log_format="json"))
    logs.beside_the_answer()

    _try_twice()

    assert json.loads(capsys.readouterr().err)["process"] == "demo"


def _try_twice() -> None:
    with stamina.set_testing(testing=True, attempts=2):
        for attempt in stamina.retry_context(on=TemporarilyUnavailable, attempts=2):
            with attempt:
                if attempt.num == 1:
                    raise TemporarilyUnavailable("PostgreSQL is starting,\n\ttry again later.\n")


@functools.cache
def log_calls() -> tuple[tuple[str, ast.Call], ...]:
    """Every call of a logger in the program, with its file."""
    return tuple(
        (path.relative_to(SOURCE).as_posix(), node)
        for path in sorted(SOURCE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in VERBS
        if ast.unparse(node.func.value) in {"log", "self._log", "structlog.get_logger()"}
    )


def test_no_line_of_the_program_names_a_person_or_a_secret() -> None:
    calls = log_calls()
    named = {
        (path, word.arg) for path, call in calls for word in call.keywords if word.arg in logs.PERSONAL | logs.SECRET
    }

    assert len(calls) > 40
    assert named == set()


def test_what_happened_is_words_and_what_it_happened_to_has_a_name() -> None:
    """A sentence that is put together can't be looked for, and hides what a field would show."""
    composed = [path for path, call in log_calls() if any(isinstance(each, ast.JoinedStr) for each in call.args)]

    assert composed == []


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"invalid: `{CARD}`", "invalid: `***************1111`"),
        (f"alert of {PAYMENT} at offset 1764000000123", f"alert of {PAYMENT} at offset *********0123"),
        (
            "could not connect to postgresql://fraudstream_reader:hunter2@db:5432/fraudstream",
            "could not connect to postgresql://fraudstream_reader:***@db:5432/fraudstream",
        ),
        ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_card_numbers_and_passwords_are_masked_and_ids_are_not(said: str, shown: str) -> None:
    assert masked_text(said) == shown


def a_trigger(monkeypatch: pytest.MonkeyPatch) -> Parking:
    """One that parks in memory, with a logger that is the test's own: a module keeps its first one."""
    logs.configure("lambda-trigger", LogSettings(log_format="json"))
    monkeypatch.setattr("fraudstream.alerting.parking.log", structlog.get_logger())
    broker = MemoryBroker()
    broker.ensure_topics({FAILED_ALERTS: 1}, 1)
    return Parking(MemoryProducer(broker))


def test_a_line_is_json_with_the_payments_id_and_without_the_person(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    alert = json.dumps({"transaction_id": PAYMENT, "user_id": 4711, "amount": 12.5}).encode()
    a_trigger(monkeypatch).park(a_record(7, value=alert), "record_failed", f"no notification for {CARD}", 4)
    structlog.get_logger().warning("a test", user_id=4711, password="hunter2", nested={"card": CARD, "offset": 3})

    printed = capsys.readouterr().err
    parked, tested = map(json.loads, printed.splitlines())
    assert (parked["event"], parked["transaction_id"], parked["offset"]) == ("record parked", PAYMENT, 7)
    assert (tested["user_id"], tested["password"], tested["nested"]) == ("***", "***", {"card": "***", "offset": 3})
    for word in ("4711", "hunter2", CARD):
        assert word not in printed
    assert not re.search(CARD_NUMBER, printed.replace(PAYMENT, "").replace(parked["timestamp"], ""))


def test_a_line_about_a_record_that_is_no_alert_has_its_place_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    a_trigger(monkeypatch).park(a_record(8, value=b"no alert"), "record_failed", "not json", 1)

    told = json.loads(capsys.readouterr().err)
    assert (told["transaction_id"], told["topic"], told["offset"]) == (None, "fraud-alerts", 8)
