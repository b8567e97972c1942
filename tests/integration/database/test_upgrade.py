"""A new version starts on what an earlier one left: schema, rows, positions, processes still at work."""

import contextlib
import uuid
from collections.abc import Iterator, Mapping

import pytest
from tests.integration.database.earlier import REVISIONS, Rows, bring_to, cursor_of, fill_as, rows_of, schema_of
from tests.integration.database.role_world import RoleWorld
from tests.integration.verify.postgres_stack import PostgresStack, fill
from tests.servers.databases import Databases
from tests.unit.verify.memory_stack import a_payment

from fraudstream.adapters.database.migrate import upgrade
from fraudstream.adapters.database.roles import Role, grant_privileges
from fraudstream.adapters.database.scorer_runs import ScorerRuns
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.errors import ConfigurationError, Fenced

pytestmark = pytest.mark.integration

CONTRACTED: Mapping[str, frozenset[str]] = {}
"""What a revision may take away or narrow (`table`, `table.column` or a function), because no version from the one
before it on uses it any more. Empty: nothing was ever taken away."""

WAITING = uuid.UUID(int=77_000)
"""A payment whose label came before it was scored."""
MISPLACED = """
    SELECT count(*) FROM transaction_ids AS known FULL JOIN scored_transactions AS scored ON transaction_id = known.id
    WHERE (known.topic_id, known.partition, known."offset")
        IS DISTINCT FROM (scored.topic_id, scored.partition, scored."offset")
"""
BY_HAND = """
    UPDATE outbox SET sent_at = NULL, held_at = now() WHERE outbox_id = (SELECT min(outbox_id) FROM outbox);
    INSERT INTO alert_windows VALUES ('2025-11-24', 12);
    INSERT INTO archive_files SELECT 'raw/a.parquet', 'raw', 'transaction-events', topic_id, 0, '2025-11-24', 0, 3, 4,
        1000, repeat('a', 64), NULL FROM positions LIMIT 1;
    INSERT INTO archive_gaps SELECT topic_id, 1, 0, 3 FROM positions LIMIT 1;
    INSERT INTO replays (topic, topic_id, partition, "offset", attempt, author, reason, repair, value_hash)
        SELECT topic, topic_id, partition, "offset", 1, 'ann', 'a try', '', repeat('b', 32) FROM quarantine LIMIT 1;
    INSERT INTO disclosures (author, reason, topic, topic_id, partition, "offset")
        SELECT 'ann', 'a look', topic, topic_id, partition, "offset" FROM quarantine LIMIT 1;
    INSERT INTO live_quality VALUES ('2025-11-23', '2025-11-24', '1', 9, 3, 2, 1, 1, 1, 900, 900);
    INSERT INTO drift_references VALUES ('1', 'amount', '{1, 2}', '{3, 4, 5}', '2025-11-01', '2025-11-08');
    INSERT INTO feature_drift VALUES ('2025-11-23', '1', 'amount', 0.1, 12);
    INSERT INTO state_rebuilds VALUES (1, 'ready', 1, 0, 1, 1, 1, 1, 1, '{}');
    INSERT INTO forgotten_ranges VALUES (gen_random_uuid(), 0, '2024-01-01', '2024-02-01', 9, 9);
    INSERT INTO forgotten_customers VALUES (77);
    INSERT INTO accounts (name, role, password_hash, one_time) VALUES ('ann', 'analyst', 'a hash', false);
    INSERT INTO dashboard_sessions (token_hash, account_id, form_token, seen_at)
        SELECT repeat('a', 64), account_id, 'a token', now() FROM accounts;
    INSERT INTO audit_log (account, address, action, about, detail) VALUES ('ann', '127.0.0.1', 'sign in', '', '');
    INSERT INTO alert_decisions (alert_id, turn, author, outcome, note)
        SELECT alert_id, 1, 'ann', 'snooze', '' FROM alerts LIMIT 1;
    INSERT INTO api_tokens (name, role, token_hash, created_by, expires_at)
        VALUES ('a program', 'viewer', repeat('c', 64), 'ann', now() + interval '1 day');
    INSERT INTO alert_deliveries (alert_id, channel, attempts) SELECT alert_id, 'webhook', 1 FROM alerts LIMIT 1
"""


@pytest.fixture
def resources() -> Iterator[contextlib.ExitStack]:
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture
def old(world: RoleWorld, resources: contextlib.ExitStack) -> PostgresStack:
    """A stream in the middle of its work: every table has rows, and each kind of work something left to do."""
    stack = PostgresStack(world.url(Role.MIGRATE), resources, world.urls())
    with ScorerRuns(world.url(Role.SCORER), stack.broker.describe(TRANSACTIONS), stack.clock) as runs:
        stack.epoch = runs.begin(host="old", pid=1).epoch
    stack.challenge("9", weight=0.07, threshold=0.4)
    fill(stack)
    stack.label(WAITING, is_fraud=True)
    for number in range(80_000, 80_004):
        stack.send(a_payment(number, user_id=number % 4, amount=950.0, merchant_id=7))
    stack.score()
    stack.run(BY_HAND)
    stack.send(a_payment(80_004, user_id=3, amount=955.0, merchant_id=8))
    return stack


@pytest.fixture
def upgraded(world: RoleWorld, databases: Databases) -> Iterator[RoleWorld]:
    """An empty database beside it, of the same roles."""
    other = RoleWorld(databases.url, f"test_{uuid.uuid4().hex[:12]}", world.mlflow_database)
    try:
        other.ensure_roles()
        yield other
    finally:
        databases.drop(other.database)


@pytest.mark.parametrize("revision", REVISIONS)
def test_an_upgrade_loses_and_changes_nothing_and_the_work_goes_on(
    revision: str, old: PostgresStack, upgraded: RoleWorld, resources: contextlib.ExitStack
) -> None:
    url = upgraded.url(Role.MIGRATE)
    bring_to(url, revision)
    schema = schema_of(url)
    fill_as(schema, url, old.url)
    before = rows_of(url, schema)
    assert [table for table, rows in before.items() if not rows] == []

    upgrade(url)
    grant_privileges(url)
    assert changed(before, rows_of(url, schema)) == {}

    positions = dict(old.run("SELECT partition, next_offset FROM positions WHERE topic = %s", TRANSACTIONS))
    log = old.broker.describe(TRANSACTIONS)
    with ScorerRuns(upgraded.url(Role.SCORER), log, old.clock) as runs:
        runs.acquire(takeover=False)
        assert runs.has_deployment()
        run = runs.begin(host="new", pid=2)
        runs.make_months(old.clock.now())
    assert (run.epoch > old.epoch, run.next_offset) == (True, positions)

    new = PostgresStack(url, resources, upgraded.urls(), old.clock, old.broker, run.epoch, is_new=False)
    go_on(new)
    balance = new.verify(window_records=20)
    assert balance.problems == ()
    assert (balance.log_records, balance.scored, balance.quarantined, balance.repeats_dropped) == (60, 55, 3, 2)
    assert (balance.in_flight, balance.mismatched, balance.alerts) == (0, 0, balance.notified)
    assert new.run(MISPLACED) == [(0,)]


def test_ids_that_an_old_scorer_reserved_after_the_migration_are_placed_by_the_next_run(old: PostgresStack) -> None:
    old.run('UPDATE transaction_ids SET topic_id = NULL, partition = NULL, "offset" = NULL')
    with ScorerRuns(old.url_of(Role.SCORER), old.broker.describe(TRANSACTIONS), old.clock) as runs:
        runs.begin(host="new", pid=2)

    assert old.run(MISPLACED) == [(0,)]


def go_on(stack: PostgresStack) -> None:
    """The new version's processes take up what the old ones left, and more."""
    stack.send(a_payment(WAITING.int, user_id=1, amount=20.0, merchant_id=7))
    stack.send(a_payment(80_000, user_id=0, amount=950.0, merchant_id=7))  # known since before the upgrade
    stack.score()
    stack.score(1)
    stack.label(uuid.UUID(int=80_001), is_fraud=True)
    stack.label(uuid.UUID(int=1), is_fraud=True)
    assert stack.run("SELECT count(*) FROM labels WHERE label_seq IS NULL") == [(0,)]
    stack.deploy("3", weight=0.06, threshold=0.4)
    stack.send(a_payment(80_010, user_id=2, amount=40.0, merchant_id=7), partition=1)
    stack.score(1)
    stack.run("UPDATE outbox SET held_at = NULL")
    stack.deliver_alerts()


def test_a_scorer_of_the_old_version_that_is_still_at_work_is_fenced_off(old: PostgresStack) -> None:
    with ScorerRuns(old.url_of(Role.SCORER), old.broker.describe(TRANSACTIONS), old.clock) as runs:
        runs.begin(host="new", pid=2)

    with pytest.raises(Fenced):
        old.score()


def test_what_an_old_version_relies_on_stays(upgraded: RoleWorld) -> None:
    """Expand, then contract: while a migration has run and old processes still do, their statements must work."""
    url = upgraded.url(Role.MIGRATE)
    bring_to(url, REVISIONS[0])
    taken: dict[str, set[str]] = {}
    before = schema_of(url)
    for revision in REVISIONS[1:]:
        bring_to(url, revision)
        after = schema_of(url)
        found = {
            f"{table}.{column}"
            for table, columns in before.columns.items()
            for column, kind in columns.items()
            if after.columns.get(table, {}).get(column) != kind
        }
        found |= {f"{table}.{column}" for table, column in after.required - before.required if table in before.columns}
        found |= {f"{table}: {rule}" for table, rule in after.rules - before.rules if table in before.columns}
        found |= before.functions - after.functions
        taken |= {revision: found} if found else {}
        before = after

    assert taken == CONTRACTED


def test_a_version_that_is_older_than_the_schema_says_so_and_changes_nothing(database_url: str) -> None:
    with cursor_of(database_url) as cursor:
        cursor.execute("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(ConfigurationError, match="migrated by another version, probably a newer one"):
        upgrade(database_url)


def changed(before: Rows, after: Rows) -> dict[str, tuple[list[str], list[str]]]:
    """For each table whose rows differ: those that are gone, and those that are new."""
    return {
        table: (sorted(set(rows) - set(after[table])), sorted(set(after[table]) - set(rows)))
        for table, rows in before.items()
        if rows != after[table]
    }
