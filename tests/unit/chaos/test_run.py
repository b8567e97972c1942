"""The exit status says what the outcome does."""

import dataclasses
import signal
import tempfile
from pathlib import Path

import pytest
from tests.unit.chaos.test_report import OUTCOME

from fraudstream.chaos import run as chaos
from fraudstream.chaos.pulse import StandsStill
from fraudstream.chaos.report import Outcome


@pytest.mark.parametrize(
    ("outcome", "status"), [(OUTCOME, 0), (dataclasses.replace(OUTCOME, kills=0, faults={}, recoveries=()), 1)]
)
def test_a_run_in_which_no_fault_fired_fails(
    outcome: Outcome, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(chaos, "_run", lambda *_: outcome)

    assert chaos.run(chaos.Request(seed=7, kills=2, seconds=1.0, rate=1.0), home=tmp_path) == status
    assert capsys.readouterr().out.splitlines()[-1] == f"CHAOS {outcome.to_json()}"


def test_what_a_run_left_is_kept_unless_everything_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also when it could not go on: the logs in the folder are all there is to look at."""

    def broken(_request: chaos.Request, home: Path, *_: object) -> Outcome:
        (home / "scorer.log").write_text("why")
        raise StandsStill("no new notifications")

    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(chaos, "_run", lambda *_: OUTCOME)
    chaos.run(chaos.Request(seed=7, kills=2, seconds=1.0, rate=1.0))
    assert list(tmp_path.iterdir()) == []

    monkeypatch.setattr(chaos, "_run", broken)
    with pytest.raises(StandsStill):
        chaos.run(chaos.Request(seed=7, kills=2, seconds=1.0, rate=1.0))
    assert [file.read_text() for file in tmp_path.glob("*/scorer.log")] == ["why"]
    assert "logs and data are kept in" in capsys.readouterr().out
