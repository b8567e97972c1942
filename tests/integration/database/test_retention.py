"""What is old and needed by nothing is deleted on a real database; what is left still adds up, to the last score."""

import contextlib
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from psycopg2.errors import InvalidParameterValue
from tests.integration.database.role_world import RoleWorld
from tests.integration.verify.postgres_stack import PostgresStack, fill
from tests.servers.databases import Databases
from tests.unit.verify.memory_stack import a_payment

from fraudstream.adapters.database.retention_store import PostgresRetention
from fraudstream.adapters.database.roles import Role
from fraudstream.adapters.database.scorer_runs import ScorerRuns
from fraudstream.adapters.memory import MemoryBroker
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.errors import ConfigurationError
from fraudstream.ports.records import TopicPartitions
from fraudstream.ports.retention import LogsNow
from fraudstream.retention.run import Outcome, Retention
from fraudstream.settings import RetentionSettings

pytestmark = pytest.mark.integration
DAY = 86_400.0
WITHOUT_ARCHIVE = RetentionSettings(keep_until_archived=False)
HELD = "scores of 2025-11 and later: the log still holds its records"
DELIVERED = "INSERT INTO alert_deliveries (alert_id, channel, attempts) SELECT alert_id, 'webhook', 1 FROM alerts"
DELIVERIES = "SELECT count(*), count(*) FILTER (WHERE alert_id IN (SELECT alert_id FROM alerts)) FROM alert_deliveries"
TOKENS = """
INSERT INTO api_tokens (name, role, token_hash, created_by, expires_at, revoked_at)
VALUES ('at-work', 'viewer', repeat('1', 64), 'ana', now() + interval '90 days', NULL),
       ('expired-lately', 'viewer', repeat('2', 64), 'ana', now() - interval '7 days', NULL),
       ('expired', 'viewer', repeat('3', 64), 'ana', now() - interval '8 years', NULL),
       ('revoked', 'viewer', repeat('4', 64), 'ana', now() + interval '1 day', now() - interval '8 years')
"""
ROWS = """
SELECT (SELECT count(*) FROM scored_transactions), (SELECT count(*) FROM transaction_ids), (SELECT count(*) FROM alerts)
"""


@dataclass
class ForgetfulBroker(MemoryBroker):
    """Has forgotten the first records of each partition, as a broker does with a retention time."""

    first: dict[int, int] = field(default_factory=dict)
    kept_for: dt.timedelta | None = None

    def describe(self, topic: str) -> TopicPartitions:
        described = super().describe(topic)
        bounds = {
            p: (self.first.get(p, 0) if topic == TRANSACTIONS else 0, end) for p, (_, end) in described.bounds.items()
        }
        return replace(described, bounds=bounds)

    def kept(self, topic: str) -> dt.timedelta | None:
        assert topic == TRANSACTIONS
        return self.kept_for

    def forget_everything(self) -> None:
        self.first = {p: end for p, (_, end) in super().describe(TRANSACTIONS).bounds.items()}


@pytest.fixture(scope="module")
def stack(granted: RoleWorld, databases: Databases) -> Iterator[PostgresStack]:
    """A month of everything, then more than a year of silence, then two payments more."""
    copy = replace(granted, database=f"{granted.database}_old")
    databases.create(copy.database, template=granted.database, owner=Role.MIGRATE)
    try:
        copy.ensure_roles()
        with contextlib.ExitStack() as resources:
            yield a_long_stream(copy, resources)
    finally:
        granted.ensure_roles()
        databases.drop(copy.database)


def a_long_stream(world: RoleWorld, resources: contextlib.ExitStack) -> PostgresStack:
    stack = PostgresStack(world.url(Role.MIGRATE), resources, world.urls(), broker=ForgetfulBroker())
    begin(stack)
    fill(stack)
    stack.run("UPDATE outbox SET sent_at = now() WHERE sent_at IS NULL")
    stack.clock.sleep(500 * DAY)
    begin(stack)
    stack.send(a_payment(90_001, user_id=1, amount=950.0))
    stack.send(a_payment(90_002, user_id=77), partition=1)
    stack.score(0)
    stack.score(1)
    stack.applier().release()
    stack.deliver_alerts()
    return stack


def begin(stack: PostgresStack) -> None:
    log = stack.broker.describe(TRANSACTIONS)
    with ScorerRuns(stack.url_of(Role.SCORER), log, stack.clock) as runs:
        stack.epoch = runs.begin(host="a", pid=1).epoch
        runs.make_months(stack.clock.now())


def retain(stack: PostgresStack, *, dry_run: bool = False) -> Outcome:
    assert isinstance(stack.broker, ForgetfulBroker)
    store = PostgresRetention(stack.url_of(Role.KEEPER))
    return Retention(store, stack.broker, WITHOUT_ARCHIVE, stack.clock).run(dry_run=dry_run)


def told(outcome: Outcome) -> dict[str, int]:
    return {removal.what: removal.rows for removal in outcome.removals}


def test_a_log_that_is_kept_longer_than_ids_stops_everything(stack: PostgresStack) -> None:
    assert isinstance(stack.broker, ForgetfulBroker)
    stack.broker.kept_for = dt.timedelta(days=900)

    with pytest.raises(ConfigurationError, match="KEEP_IDS is 800 days and the log keeps payments for 900"):
        retain(stack)
    stack.broker.kept_for = None


def test_whoever_is_not_the_keeper_is_told(stack: PostgresStack) -> None:
    store = PostgresRetention(stack.url_of(Role.READER))
    month = store.months(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))[-2]

    with pytest.raises(ConfigurationError, match="must name the role fraudstream_keeper"):
        store.drop_month(month)


def test_what_is_old_goes_and_what_is_left_adds_up(stack: PostgresStack) -> None:
    assert isinstance(stack.broker, ForgetfulBroker)
    before = stack.run(ROWS)
    assert "alerts of it are open" in retain(stack).stays[0]
    stack.run("UPDATE alerts SET status = 'dismissed'")
    assert [stays.split(" (")[0] for stays in retain(stack).stays] == [HELD]
    assert (stack.run(ROWS), stack.verify().problems) == (before, ())

    stack.broker.first = {0: 28, 1: 24}
    asked = retain(stack, dry_run=True)
    assert told(asked)["scores of 2025-11"] == 48
    assert [r.oldest and r.oldest.date() for r in asked.removals][:1] == [dt.date(2025, 11, 24)]
    assert stack.run(ROWS) == before

    gone = retain(stack)
    ((scores, ids, alerts),) = stack.run(ROWS)
    assert gone.stays == ()
    assert told(gone) == told(asked)
    assert (scores, ids, alerts) == (2, 50, before[0][2])
    audited = stack.run("SELECT about, detail FROM audit_log WHERE action = 'retain' AND about ~ '2025-11'")
    assert audited == [("scores of 2025-11", "48 rows, 2025-11-24 to 2025-11-24")]

    stack.send(a_payment(5, user_id=1))  # known since 500 days, with another body
    stack.send(a_payment(90_003, user_id=1))
    stack.score(0)
    balance = stack.verify()
    assert balance.problems == ()
    assert (balance.scored, balance.quarantined, balance.mismatch_checked) == (3, 1, 1)
    assert retain(stack).rows == 0


def test_ids_and_alerts_go_when_their_time_has_come_and_no_sooner(stack: PostgresStack) -> None:
    """Goes on where the test before has ended."""
    assert isinstance(stack.broker, ForgetfulBroker)
    stack.clock.sleep(290 * DAY)
    assert retain(stack).rows == 0
    stack.run("UPDATE alerts SET created_at = '2025-11-24' WHERE event_time < '2025-06-16'")

    stack.run(DELIVERED)

    stack.broker.first = {0: 30, 1: 24}  # the record that repeated an id is forgotten, too
    stack.clock.sleep(30 * DAY)
    gone = told(retain(stack))

    assert gone["ids"] == 48  # of those that were dropped
    assert gone["closed alerts"] > 0
    assert stack.run("SELECT count(*) FROM transaction_ids") == [(3,)]
    assert stack.run("SELECT count(*) FROM alerts") == stack.run(
        "SELECT count(*) FROM outbox WHERE topic = 'fraud-alerts'"
    )
    ((deliveries, of_alerts),) = stack.run(DELIVERIES)
    assert deliveries == of_alerts == stack.run("SELECT count(*) FROM alerts")[0][0] > 0
    assert stack.verify().problems == ()


def test_a_token_goes_when_its_end_is_as_old_as_the_audit(stack: PostgresStack) -> None:
    stack.run("TRUNCATE api_tokens")
    stack.run(TOKENS)
    store, years = PostgresRetention(stack.url_of(Role.KEEPER)), RetentionSettings().keep_audit
    before, logs = dt.datetime.now(dt.UTC) - years, LogsNow("log", {}, {}, {}, None)

    assert store.delete("ended tokens", before, logs).rows == 2
    assert stack.run("SELECT name FROM api_tokens ORDER BY 1") == [("at-work",), ("expired-lately",)]


@pytest.mark.parametrize("month", ["date_trunc('month', now(), 'UTC')", "'2025-11-02 00:00+00'", "NULL"])
def test_a_month_that_is_not_long_over_is_refused(granted: RoleWorld, month: str) -> None:
    with pytest.raises(InvalidParameterValue, match=r"is not the first instant|has not been over for 30 days"):
        granted.run(Role.KEEPER, f"SELECT drop_month_of_scores({month})")
