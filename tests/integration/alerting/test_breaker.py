"""The breaker on a real database: what it holds is seen, let go, balanced, and never lost by a crash."""

import contextlib
import signal
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.verify.postgres_stack import PostgresStack, fill
from typer.testing import CliRunner

from fraudstream.adapters.database.outbox_store import PostgresOutbox
from fraudstream.adapters.memory import MemoryBroker, MemoryProducer
from fraudstream.alerting.breaker import Breaker
from fraudstream.alerting.relay import Relay
from fraudstream.cli import app
from fraudstream.clock import ManualClock, SystemClock
from fraudstream.contracts.alert import parse_alert
from fraudstream.contracts.topics import ALERTS, TOPICS

pytestmark = pytest.mark.integration

DYING_RELAY = """
import os, signal, sys
from pathlib import Path
from fraudstream.adapters.database.outbox_store import PostgresOutbox
from fraudstream.adapters.memory import MemoryBroker, MemoryProducer
from fraudstream.alerting.breaker import Breaker
from fraudstream.alerting.relay import Relay
from fraudstream.clock import ManualClock
from fraudstream.contracts.topics import ALERTS, TOPICS

broker = MemoryBroker()
broker.ensure_topics({topic.name: 1 for topic in TOPICS}, 1)

class DiesBeforeMarking(PostgresOutbox):
    def settle(self, sent):
        Path(sys.argv[4]).write_bytes(b"\\n".join(record.value for record in broker.logs[ALERTS, 0]))
        os.kill(os.getpid(), signal.SIGKILL)

breaker = Breaker(ManualClock(float(sys.argv[2])), int(sys.argv[3]))
Relay(DiesBeforeMarking(sys.argv[1]), MemoryProducer(broker), breaker=breaker).run_once(1.0)
"""


class World:
    """Alerts that the scorer committed, and a relay with a budget."""

    def __init__(self, stack: PostgresStack) -> None:
        self.stack = stack
        self.clock = ManualClock(1_764_000_000.0)
        self.broker = MemoryBroker(clock=self.clock)
        self.broker.ensure_topics({topic.name: 1 for topic in TOPICS}, 1)
        stack.run("UPDATE outbox SET sent_at = NULL; DELETE FROM notifications")
        self.every = [
            parse_alert(bytes(value)).alert_id
            for (value,) in stack.run(
                "SELECT value FROM outbox WHERE topic = %s ORDER BY not_before, outbox_id", ALERTS
            )
        ]

    def relay(self, alerts_per_hour: int | None) -> None:
        """Relay until nothing is due; each call is a process of its own."""
        breaker = None if alerts_per_hour is None else Breaker(self.clock, alerts_per_hour)
        with contextlib.closing(PostgresOutbox(self.stack.url)) as outbox:
            worker = Relay(outbox, MemoryProducer(self.broker), breaker=breaker)
            slept = False
            while not slept:
                slept = worker.run_once(0.0) == 0

    def published(self) -> list[uuid.UUID]:
        return [parse_alert(record.value or b"").alert_id for record in self.broker.logs[ALERTS, 0]]

    def held(self) -> list[uuid.UUID]:
        """Alerts held in the outbox, whose status says so, too, but for those whose payments were labelled since."""
        marked = {uuid.UUID(key) for (key,) in self.stack.run("SELECT alert_id FROM alerts WHERE status = 'held'")}
        worked = "SELECT alert_id FROM alerts WHERE status IN ('confirmed', 'dismissed')"
        worked_on = {uuid.UUID(key) for (key,) in self.stack.run(worked)}
        values = self.stack.run("SELECT value FROM outbox WHERE held_at IS NOT NULL ORDER BY not_before, outbox_id")
        kept = [parse_alert(bytes(value)).alert_id for (value,) in values]
        assert marked == set(kept) - worked_on
        return kept

    def notify(self) -> None:
        """What Lambda and inbox come to."""
        for alert in self.published():
            self.stack.run(
                "INSERT INTO notifications (message_id, alert_id) VALUES (%s, %s) ON CONFLICT DO NOTHING",
                str(alert),
                str(alert),
            )


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    with contextlib.ExitStack() as resources:
        stack = PostgresStack(database_url, resources)
        fill(stack)
        yield World(stack)


def test_what_is_held_is_marked_and_published_in_order_hour_by_hour(world: World) -> None:
    assert len(world.every) > 4
    world.relay(2)
    assert (world.published(), world.held()) == (world.every[:2], world.every[2:])

    world.relay(2)
    assert world.published() == world.every[:2]

    world.clock.sleep(3_600)
    world.relay(2)
    assert (world.published(), world.held()) == (world.every[:4], world.every[4:])

    world.relay(None)
    assert (world.published(), world.held()) == (world.every, [])


def test_no_score_and_no_decision_changes(world: World) -> None:
    queries = (
        "SELECT * FROM scored_transactions ORDER BY 3",
        "SELECT alert_id, score, threshold FROM alerts ORDER BY 1",
    )
    before = [world.stack.run(query) for query in queries]
    world.relay(1)

    assert [world.stack.run(query) for query in queries] == before


def test_the_balance_holds_while_alerts_are_held_and_after_their_release(world: World) -> None:
    world.relay(2)
    world.notify()
    balance = world.stack.verify()

    assert balance.problems == ()
    assert (balance.notified, balance.held, balance.alerts_unpublished) == (2, len(world.every) - 2, 0)
    assert balance.pending_outbox == 0

    world.relay(None)
    world.notify()
    assert (world.stack.verify().held, world.stack.verify().notified) == (0, len(world.every))


def test_an_alert_that_lost_its_place_in_the_outbox_is_not_excused_by_its_status(world: World) -> None:
    world.relay(2)
    world.notify()
    world.stack.run(
        "DELETE FROM outbox WHERE outbox_id = (SELECT max(outbox_id) FROM outbox WHERE held_at IS NOT NULL)"
    )
    balance = world.stack.verify()

    assert balance.alerts_unpublished == 1
    assert not balance.holds


def test_a_relay_killed_between_publishing_and_marking_loses_nothing_and_gets_no_new_budget(
    world: World, tmp_path: Path
) -> None:
    moment, most, said = str(world.clock.now()), "3", tmp_path / "published"
    command = [sys.executable, "-c", DYING_RELAY, world.stack.url, moment, most, str(said)]
    died = subprocess.run(command, check=False, timeout=60, capture_output=True, text=True)
    assert died.returncode == -signal.SIGKILL, died.stderr
    first = [parse_alert(line).alert_id for line in said.read_bytes().splitlines()]
    assert world.held() == []
    world.relay(3)

    assert first == world.every[:3] == world.published()
    assert world.held() == world.every[3:]
    world.relay(None)
    assert Counter(first + world.published()) == Counter(world.every + world.every[:3])


def test_an_analysts_status_is_left_alone(world: World) -> None:
    last = str(world.every[-1])
    world.stack.run("UPDATE alerts SET status = 'closed' WHERE alert_id = %s", last)
    world.relay(0)
    world.relay(None)

    assert world.stack.run("SELECT status FROM alerts WHERE alert_id = %s", last) == [("closed",)]
    assert world.published() == world.every


def test_a_person_sees_and_releases_what_is_held(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", world.stack.url)
    monkeypatch.setenv("ALERTS_PER_HOUR", "1")
    world.clock.time = SystemClock().now()
    world.relay(1)

    def say(*words: str, status: int = 0) -> str:
        done = CliRunner().invoke(app, ["breaker", *words])
        assert done.exit_code == status, done.output
        return done.output

    count = len(world.every) - 1
    assert f"{count} alerts are held, the first of them since" in say("status")
    assert "1 of 1 alerts are published this hour, 0 are left." in say("status")
    lines = CliRunner().invoke(app, ["alerts", "--last", "1000"]).output.splitlines()
    assert any("  held  " in line and line.endswith(f"alert {world.every[-1]}") for line in lines)

    assert "1 released" in say("release", str(world.every[1]))
    assert f"{count - 1} released" in say("release", "--all")
    assert "is not held" in say("release", str(world.every[1]), status=1)
    assert "name one alert, or say --all" in say("release", status=2)
    world.relay(1)

    assert world.published() == world.every
    assert "No alert is held." in say("status")
