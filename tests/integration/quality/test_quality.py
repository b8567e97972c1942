"""Live quality from the scorer's rows and the label applier's: cohorts that move, roles, and a service that stops."""

import contextlib
import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence

import pytest
from tests.integration.scraping import a_free_port, scraped
from tests.integration.verify.postgres_stack import PostgresStack
from tests.unit.verify.memory_stack import a_payment
from typer.testing import CliRunner

from fraudstream.adapters.database.quality_store import PostgresQuality
from fraudstream.cli import app
from fraudstream.ports.quality import DayQuality
from fraudstream.quality.measure import Measurement, Wanted

pytestmark = pytest.mark.integration

PATIENCE = 60.0
PAYMENTS = 40
DAY = dt.date(2025, 6, 15)
"""The day of `a_payment`, whose number is also its minute."""


class World:
    """Forty payments of one day, scored, and a clock that stands at the day's end."""

    def __init__(self, stack: PostgresStack) -> None:
        self.stack = stack
        stack.deploy("2", weight=0.05, threshold=0.58)
        stack.clock.time = dt.datetime(2025, 6, 15, 23, tzinfo=dt.UTC).timestamp()
        for number in range(1, PAYMENTS + 1):
            amount = 900.0 if number % 7 == 0 else 10.25
            stack.send(a_payment(number, user_id=1 + number % 4, amount=amount, merchant_id=7))
        stack.score()
        self.alerted = [
            uuid.UUID(key).int for (key,) in stack.run("SELECT transaction_id FROM alerts ORDER BY transaction_id")
        ]
        self.silent = sorted(set(range(1, PAYMENTS + 1)) - set(self.alerted))
        assert len(self.alerted) > 3
        assert len(self.silent) > 3

    def tell(self, *numbers: int, is_fraud: bool, after: int) -> None:
        """Let labels arrive so many days after the payments."""
        moment = dt.datetime.combine(DAY + dt.timedelta(days=after), dt.time(9), dt.UTC).timestamp()
        self.stack.clock.time = max(self.stack.clock.time, moment)
        for number in numbers:
            self.stack.label(uuid.UUID(int=number), is_fraud=is_fraud)

    def measured(self, wanted: Wanted | None = None) -> Sequence[DayQuality]:
        with contextlib.closing(PostgresQuality(self.stack.url)) as store:
            result = Measurement(store).run(wanted or Wanted(day=DAY))
        assert result is not None
        return result.cohorts


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with contextlib.ExitStack() as resources:
        yield World(PostgresStack(database_url, resources))


@pytest.fixture
def environment(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """The database in the environment, as a command finds it."""
    monkeypatch.setenv("DATABASE_URL", world.stack.url)
    return world


def run(*words: str, status: int = 0) -> str:
    done = CliRunner().invoke(app, ["quality", *words])
    assert done.exit_code == status, done.output
    return done.output


def later(days: int) -> dt.date:
    return DAY + dt.timedelta(days=days)


def test_precision_and_recall_of_a_day_move_as_its_labels_arrive(world: World) -> None:
    caught, false_alarm, *_ = world.alerted
    world.tell(caught, is_fraud=True, after=2)
    world.tell(world.silent[0], is_fraud=True, after=5)
    world.tell(false_alarm, *world.silent[1:], is_fraud=False, after=30)
    rows = world.measured()

    assert [row.as_known_on for row in rows] == [DAY, later(2), later(5), later(30)]
    assert {(row.payments, row.alerts) for row in rows} == {(PAYMENTS, len(world.alerted))}
    assert [row.labelled for row in rows] == [0, 1, 2, 2 + len(world.silent)]
    assert [row.precision for row in rows] == [None, 1.0, 1.0, 0.5]
    assert [row.recall for row in rows] == [None, 1.0, 0.5, 0.5]


def test_a_late_reversal_is_known_from_its_day_on_and_not_before(world: World) -> None:
    suspected, missed = world.alerted[0], world.silent[0]
    world.tell(suspected, is_fraud=True, after=1)
    world.tell(missed, is_fraud=False, after=30)
    world.tell(suspected, is_fraud=False, after=40)
    world.tell(missed, is_fraud=True, after=41)
    rows = {row.as_known_on: row for row in world.measured()}

    assert (rows[later(1)].precision, rows[later(1)].recall) == (1.0, 1.0)
    assert (rows[later(30)].precision, rows[later(30)].recall) == (1.0, 1.0)
    assert (rows[later(40)].precision, rows[later(40)].recall) == (0.0, None)
    assert (rows[later(41)].precision, rows[later(41)].recall) == (0.0, 0.0)
    assert rows[later(41)].labelled == 2
    assert [rows[later(day)].fraud_value for day in (1, 40, 41)] == [world_amount(suspected), 0.0, world_amount(missed)]
    known_then = world.measured(Wanted(day=DAY, known_on=later(35)))
    assert list(known_then) == [row for row in rows.values() if row.as_known_on <= later(35)]


def world_amount(number: int) -> float:
    return 900.0 if number % 7 == 0 else 10.25


def test_a_payment_scored_late_counts_for_its_own_day(world: World) -> None:
    world.tell(world.alerted[0], is_fraud=True, after=2)
    before = world.measured()
    world.stack.deploy("3", weight=0.08, threshold=0.5)
    for number in (50, 45):
        world.stack.send(a_payment(number, merchant_id=7))
    world.stack.score()
    rows = world.measured()

    assert [row for row in rows if row.model_version == "2"] == list(before)
    assert [row.payments for row in rows if row.model_version == "3"] == [2]


def test_the_days_are_printed_with_what_is_known_now(environment: World) -> None:
    environment.tell(environment.alerted[0], is_fraud=True, after=2)
    said = run()

    (line,) = [line for line in said.splitlines() if line.startswith(str(DAY))]
    assert line.split()[8:10] == ["100.0", "100.0"]
    assert f"as known on {later(2)}" in said


def test_a_day_is_printed_as_its_labels_arrived(environment: World) -> None:
    environment.tell(environment.alerted[0], is_fraud=True, after=2)
    environment.tell(environment.alerted[1], is_fraud=False, after=30)

    assert [line.split()[0] for line in run("--day", str(DAY)).splitlines() if line.startswith("2025-")] == [
        str(DAY),
        str(later(2)),
        str(later(30)),
    ]
    assert str(later(30)) not in run("--day", str(DAY), "--as-known-on", str(later(10)))


def test_json_is_one_line(environment: World) -> None:
    environment.tell(environment.alerted[0], is_fraud=True, after=2)
    said = json.loads(run("--json", "--days", "1"))

    assert [(row["day"], row["recall"]) for row in said["cohorts"]] == [(str(DAY), None), (str(DAY), 1.0)]


def test_nothing_is_stored_unless_it_is_asked_for(environment: World) -> None:
    run()
    assert environment.stack.run("SELECT count(*) FROM live_quality") == [(0,)]

    run("--store")
    stored = environment.stack.run("SELECT day, as_known_on, payments FROM live_quality")
    assert stored == [(DAY, DAY, PAYMENTS)]


def test_before_the_first_payment_the_command_says_so(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)

    assert "no payment has been scored yet" in run(status=1)


def test_watching_stores_what_is_new_until_it_is_told_to_stop(world: World) -> None:
    environment = os.environ | {"DATABASE_URL": world.stack.url}
    command = [sys.executable, "-m", "fraudstream", "quality", "--watch", "--every", "1"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as watching:
        try:
            wait_for(world, 1)
            world.tell(world.alerted[0], is_fraud=True, after=2)
            wait_for(world, 2)
            watching.send_signal(signal.SIGTERM)
            assert watching.wait(20) == 0
        finally:
            watching.kill()

    assert world.stack.run(
        "SELECT recall FROM (SELECT frauds_alerted / frauds AS recall FROM live_quality WHERE frauds > 0) AS known"
    ) == [(1,)]


def test_what_is_measured_is_told_to_prometheus(world: World) -> None:
    caught, false_alarm, *_ = world.alerted
    world.tell(caught, is_fraud=True, after=2)
    world.tell(false_alarm, is_fraud=False, after=3)
    port = a_free_port()
    environment = os.environ | {"DATABASE_URL": world.stack.url, "METRICS_PORT": str(port)}
    command = [sys.executable, "services/live_quality/main.py", "--every", "1"]
    with subprocess.Popen(command, env=environment) as watching:
        try:
            figures = scraped(port, "fraudstream_quality_precision")
            world.tell(world.silent[0], is_fraud=True, after=4)
            later_figures = scraped(port, "fraudstream_quality_recall", lambda value: value == 0.5)
        finally:
            watching.kill()

    def shown(name: str, days: int) -> str:
        return f'{name}{{age_days="{days}",model_version="2"}}'

    assert figures[shown("fraudstream_quality_precision", 3)] == 0.5
    assert figures[shown("fraudstream_quality_recall", 3)] == 1.0
    assert figures[shown("fraudstream_quality_labels_known", 3)] == 2
    assert figures[shown("fraudstream_quality_alert_rate", 3)] == len(world.alerted) / PAYMENTS
    assert later_figures[shown("fraudstream_quality_recall", 4)] == 0.5


def wait_for(world: World, rows: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while world.stack.run("SELECT count(*) FROM live_quality") != [(rows,)]:
        assert time.monotonic() < deadline, "nothing was stored"
