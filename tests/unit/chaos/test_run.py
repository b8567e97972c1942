"""The exit status says what the outcome does."""

import dataclasses
import signal
from pathlib import Path

import pytest
from tests.unit.chaos.test_report import OUTCOME

from fraudstream.chaos import run as chaos
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
