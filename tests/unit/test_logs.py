"""Logs are one line for each thing that happened, in words of ours."""

import json
from collections.abc import Iterator

import pytest
import stamina
import structlog
from stamina.instrumentation import set_on_retry_hooks

from fraudstream import logs
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.settings import LogSettings


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
