"""`fraudstream alerts` shows stored alerts, and with `--follow` new ones until it is told to stop."""

import contextlib
import os
import signal
import subprocess
import sys
import uuid

import pytest

from fraudstream.adapters.database.sessions import connect
from fraudstream.alerting.main import show_alerts

pytestmark = pytest.mark.integration

INSERT = """
INSERT INTO alerts (alert_id, topic_id, partition, "offset", slice_id, transaction_id, user_id, amount, event_time,
                    score, threshold, reasons, model_version)
VALUES (%s, %s, 0, 0, 1, %s, 42, 12.5, now(), 0.97, 0.4, %s, '7')
"""
REASONS = '[{"feature": "amount_ratio", "value": 6.2, "contribution": 1.8, "text": "reason [number] %d"}]'


def store(url: str, number: int) -> str:
    alert_id = str(uuid.UUID(int=number))
    with contextlib.closing(connect(url, application="test")) as connection, connection, connection.cursor() as cursor:
        cursor.execute(INSERT, (alert_id, alert_id, alert_id, REASONS % number))
    return alert_id


def test_the_last_alerts_are_printed_with_their_reasons(
    database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = [store(database_url, number) for number in (1, 2, 3)]
    monkeypatch.setenv("DATABASE_URL", database_url)

    show_alerts(last=2)

    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-1] for line in lines[::2]] == ids[1:]
    assert [line.strip() for line in lines[1::2]] == ["reason [number] 2", "reason [number] 3"]


def test_following_prints_new_alerts_until_it_is_told_to_stop(database_url: str) -> None:
    first = store(database_url, 1)
    script = "from fraudstream.alerting.main import show_alerts; show_alerts(follow=True, last=10)"
    environment = {"DATABASE_URL": database_url, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", script], env=os.environ | environment, stdout=subprocess.PIPE, text=True
    ) as following:
        assert following.stdout is not None
        assert first in following.stdout.readline()
        assert "reason [number] 1" in following.stdout.readline()

        second = store(database_url, 2)

        assert second in following.stdout.readline()
        following.send_signal(signal.SIGTERM)
        assert following.wait(30) == 0
