"""A command that cannot be done says why in one sentence and ends with status 2."""

import sys

import pytest

from fraudstream import cli
from fraudstream.errors import ConfigurationError, Fenced, FraudstreamError, ImpossibleRequest, TemporarilyUnavailable


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConfigurationError("there is no such topic"), 2),
        (TemporarilyUnavailable("the broker did not answer"), 2),
        (Fenced("a newer run is at work"), 1),
        (ImpossibleRequest("it is sent already"), 1),
    ],
)
def test_an_error_of_ours_is_a_sentence_and_a_status(
    error: FraudstreamError, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing() -> None:
        raise error

    monkeypatch.setattr(cli, "app", failing)
    monkeypatch.setattr(sys, "argv", ["fraudstream", "verify"])

    with pytest.raises(SystemExit) as ended:
        cli.main()

    assert ended.value.code == status
    assert capsys.readouterr().err == f"fraudstream: {error}\n"
