"""A process that works touches its file, at most once a second; one that is not asked to touches nothing."""

import os
from pathlib import Path

import pytest

from fraudstream.clock import ManualClock
from fraudstream.heartbeat import INTERVAL, Heartbeat


def aged(path: Path) -> None:
    os.utime(path, (0, 0))


def test_a_beat_touches_the_file(tmp_path: Path) -> None:
    path = tmp_path / "healthy"

    Heartbeat(path, ManualClock()).beat()

    assert path.exists()


def test_beats_within_a_second_are_one(tmp_path: Path) -> None:
    path, clock = tmp_path / "healthy", ManualClock()
    heartbeat = Heartbeat(path, clock)
    heartbeat.beat()
    aged(path)

    clock.sleep(INTERVAL / 2)
    heartbeat.beat()
    untouched = path.stat().st_mtime
    clock.sleep(INTERVAL / 2)
    heartbeat.beat()

    assert untouched == 0
    assert path.stat().st_mtime > 0


def test_the_file_is_the_one_that_the_environment_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEALTH_FILE", str(tmp_path / "healthy"))

    Heartbeat.load().beat()

    assert (tmp_path / "healthy").exists()


def test_without_a_file_nothing_is_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEALTH_FILE", raising=False)

    Heartbeat.load().beat()
