"""What is not in the table of privileges is refused."""

import contextlib

import pytest
from psycopg2.errors import InsufficientPrivilege, InvalidParameterValue, LockNotAvailable, ReadOnlySqlTransaction
from tests.integration.database.role_world import RoleWorld, execute

from fraudstream.adapters.database.privileges import FUNCTIONS, GRANTEES, PRIVILEGES, SEQUENCES
from fraudstream.adapters.database.roles import Role
from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import ConfigurationError

pytestmark = pytest.mark.integration

TABLES_OF = """
SELECT relname, verb FROM pg_class, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES',
    'TRIGGER']) AS verb
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND has_table_privilege(pg_class.oid, verb)
"""
COLUMNS_OF = """
SELECT relname, attname, verb FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid,
    unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS verb
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0
    AND has_column_privilege(pg_class.oid, attnum, verb)
"""
SEQUENCES_OF = """
SELECT relname, verb FROM pg_class, unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) AS verb
WHERE relnamespace = 'public'::regnamespace AND relkind = 'S' AND has_sequence_privilege(pg_class.oid, verb)
"""
FUNCTIONS_OF = """
SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND has_function_privilege(oid, 'EXECUTE')
"""
OVERSTEPS = [
    (Role.SCORER, "UPDATE deployments SET active = false"),
    (Role.SCORER, "SELECT FROM deployments WHERE active FOR SHARE"),
    (Role.SCORER, "UPDATE scored_transactions SET score = 0"),
    (Role.SCORER, "DELETE FROM transaction_ids"),
    (Role.SCORER, "INSERT INTO customer_risk VALUES (1, 1, '')"),
    (Role.SCORER, "INSERT INTO alerts (status) VALUES ('closed')"),
    (Role.SCORER, "SELECT FROM scored_transactions_default"),
    (
        Role.SCORER,
        "CREATE TABLE more PARTITION OF scored_transactions FOR VALUES FROM ('2031-01-01') TO ('2031-02-01')",
    ),
    (Role.SCORER, "SELECT setval('slices_slice_id_seq', 1)"),
    (Role.SCORER, "UPDATE challengers SET active = true"),
    (Role.SCORER, "SELECT FROM shadow_scores"),
    (Role.SCORER, "UPDATE shadow_scores SET score = 1"),
    (Role.SCORER, "INSERT INTO model_decisions (action) VALUES ('promote')"),
    (Role.LABELS, "UPDATE positions SET epoch = 0"),
    (Role.LABELS, "INSERT INTO scored_transactions SELECT * FROM scored_transactions"),
    (Role.LABELS, "SELECT reasons FROM alerts"),
    (Role.LABELS, "UPDATE alerts SET score = 0"),
    (Role.LABELS, "UPDATE labels SET is_fraud = false"),
    (Role.LABELS, "UPDATE initial_customer_risk SET risk = ''"),
    (Role.LABELS, "SELECT hold_active_deployment()"),
    (Role.RELAY, "UPDATE outbox SET value = ''"),
    (Role.RELAY, "INSERT INTO outbox (topic, key, value, not_before) VALUES ('', '', '', now())"),
    (Role.RELAY, "DELETE FROM outbox"),
    (Role.RELAY, "SELECT reasons FROM alerts"),
    (Role.RELAY, "UPDATE alerts SET score = 0"),
    (Role.QUALITY, "UPDATE drift_references SET counts = '{}'"),
    (Role.QUALITY, "SELECT FROM customer_state"),
    (Role.QUALITY, "DELETE FROM live_quality"),
    (Role.INBOX, "SELECT FROM alerts"),
    (Role.INBOX, "SELECT alert_id FROM notifications"),
    (Role.INBOX, "INSERT INTO notifications VALUES ('', gen_random_uuid(), '2020-01-01')"),
    (Role.PROMOTER, "UPDATE deployments SET threshold = 1"),
    (Role.PROMOTER, "UPDATE model_artefacts SET content = ''"),
    (Role.PROMOTER, "UPDATE initial_customer_state SET state = state"),
    (Role.PROMOTER, "DELETE FROM customer_state"),
    (Role.PROMOTER, "UPDATE challengers SET digest = ''"),
    (Role.PROMOTER, "INSERT INTO shadow_scores VALUES ('', gen_random_uuid(), 0, 0, 1)"),
    (Role.PROMOTER, "UPDATE model_decisions SET reason = ''"),
    (Role.PROMOTER, "DELETE FROM model_decisions"),
    (Role.PROMOTER, "INSERT INTO model_decisions (role) VALUES ('somebody else')"),
    (Role.PROMOTER, "INSERT INTO scored_transactions SELECT * FROM scored_transactions"),
    (Role.PROMOTER, "SELECT create_month_of_scores('2031-01-01')"),
    (Role.OPERATOR, "UPDATE quarantine SET raw = ''"),
    (Role.OPERATOR, "SELECT features FROM scored_transactions"),
    (Role.OPERATOR, "UPDATE replays SET author = 'somebody else'"),
    (Role.OPERATOR, "DELETE FROM replays"),
    (Role.OPERATOR, "INSERT INTO replays (role) VALUES ('somebody else')"),
    (Role.OPERATOR, "SELECT FROM disclosures"),
    (Role.OPERATOR, "DELETE FROM disclosures"),
    (Role.OPERATOR, "INSERT INTO outbox (topic, key, value, not_before) VALUES ('', '', '', now())"),
    (Role.ARCHIVER, "UPDATE archive_files SET sha256 = ''"),
    (Role.ARCHIVER, "DELETE FROM archive_files"),
    (Role.ARCHIVER, "UPDATE archive_gaps SET last_offset = 0"),
    (Role.ARCHIVER, "UPDATE slices SET rows = 0"),
    (Role.ARCHIVER, "SELECT epoch FROM positions"),
    (Role.ARCHIVER, "SELECT raw FROM quarantine"),
    (Role.ARCHIVER, "UPDATE scored_transactions SET score = 0"),
    (Role.SCORER, "SELECT FROM archive_files"),
    (Role.READER, "SELECT nextval('slices_slice_id_seq')"),
    (Role.READER, "SELECT password_hash FROM accounts"),
    (Role.READER, "SELECT FROM dashboard_sessions"),
    (Role.DASHBOARD, "UPDATE audit_log SET account = 'somebody else'"),
    (Role.DASHBOARD, "DELETE FROM audit_log"),
    (Role.DASHBOARD, "UPDATE alert_decisions SET author = 'somebody else'"),
    (Role.DASHBOARD, "INSERT INTO audit_log (at) VALUES ('2020-01-01')"),
    (Role.DASHBOARD, "UPDATE alerts SET status = 'confirmed'"),
    (Role.DASHBOARD, "INSERT INTO labels SELECT * FROM labels"),
    (Role.DASHBOARD, "SELECT FROM scored_transactions"),
    (Role.DASHBOARD, "UPDATE deployments SET threshold = 1"),
    (Role.SERVING, "UPDATE customer_state SET state = ''"),
    (Role.SERVING, "SELECT FROM scored_transactions"),
    (Role.SERVING, "SELECT FROM alerts"),
    (Role.SERVING, "INSERT INTO outbox (topic, key, value, not_before) VALUES ('', '', '', now())"),
    (Role.SERVING, "SELECT place_transaction_ids()"),
    (Role.KEEPER, "DELETE FROM scored_transactions"),
    (Role.KEEPER, "DELETE FROM labels"),
    (Role.KEEPER, "DELETE FROM positions"),
    (Role.KEEPER, "DELETE FROM model_decisions"),
    (Role.KEEPER, "DROP TABLE scored_transactions_default"),
    (Role.KEEPER, "UPDATE audit_log SET account = 'somebody else'"),
    (Role.KEEPER, "INSERT INTO audit_log (at) VALUES ('2020-01-01')"),
    (Role.KEEPER, "SELECT features FROM scored_transactions"),
    (Role.KEEPER, "SELECT raw FROM quarantine"),
    (Role.KEEPER, "SELECT password_hash FROM accounts"),
    (Role.KEEPER, "SELECT token_hash FROM api_tokens"),
    (Role.KEEPER, "UPDATE alert_deliveries SET delivered_at = NULL"),
    (Role.SCORER, "SELECT drop_month_of_scores('2020-01-01')"),
]


@pytest.mark.parametrize("role", GRANTEES)
def test_a_role_may_do_with_tables_what_is_declared_and_no_more(granted: RoleWorld, role: Role) -> None:
    whole, columns = set(), set()
    for table, rights in PRIVILEGES.items():
        for privilege in rights.get(role, ()):
            if not privilege.columns:
                whole.add((table.name, privilege.verb))
            if privilege.verb != "DELETE":  # which is of whole rows
                columns |= {(table.name, name, privilege.verb) for name in privilege.columns or table.columns.keys()}

    assert set(granted.run(role, TABLES_OF)) == whole
    assert set(granted.run(role, COLUMNS_OF)) == columns


@pytest.mark.parametrize("role", GRANTEES)
def test_a_role_may_use_its_sequences_and_functions_and_no_more(granted: RoleWorld, role: Role) -> None:
    assert granted.run(role, SEQUENCES_OF) == [(name, "USAGE") for name, user in SEQUENCES.items() if user == role]
    assert {name for (name,) in granted.run(role, FUNCTIONS_OF)} == {
        signature.split("(")[0] for signature, user in FUNCTIONS.items() if user == role
    }


@pytest.mark.parametrize(("role", "statement"), OVERSTEPS)
def test_an_overstep_is_refused(granted: RoleWorld, role: Role, statement: str) -> None:
    with pytest.raises(InsufficientPrivilege, match=r"permission denied|must be owner"):
        granted.run(role, "SET default_transaction_read_only = off", "COMMIT", statement)


@pytest.mark.parametrize("role", GRANTEES)
@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine ()",
        "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE positions ADD COLUMN mine int",
        "DROP TABLE outbox",
        "GRANT SELECT ON alembic_version TO PUBLIC",
        "CREATE ROLE mine",
        "CREATE DATABASE mine",
        "ALTER FUNCTION hold_active_deployment() SECURITY INVOKER",
    ],
)
def test_nobody_but_the_owner_changes_the_schema(granted: RoleWorld, role: Role, statement: str) -> None:
    with contextlib.closing(connect(granted.url(role), application="test")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SET default_transaction_read_only = off")
            with pytest.raises(InsufficientPrivilege, match=r"permission denied|must be owner"):
                cursor.execute(statement)


@pytest.mark.parametrize("role", Role)
def test_nobody_becomes_somebody_else(granted: RoleWorld, role: Role) -> None:
    for other in (*Role, "pg_read_all_data", "pg_write_all_data", "pg_execute_server_program"):
        if other != role:
            with pytest.raises(InsufficientPrivilege, match="permission denied to set role"):
                granted.run(role, f"SET ROLE {other}")


@pytest.mark.parametrize("role", Role)
def test_nobody_enters_the_others_database(granted: RoleWorld, role: Role) -> None:
    foreign = granted.database if role == Role.MLFLOW else granted.mlflow_database

    with pytest.raises(ConfigurationError, match=f"does not let {role} into the database {foreign}"):
        connect(granted.url(role, database=foreign), application="test")


@pytest.mark.parametrize("role", GRANTEES)
def test_temporary_tables_are_the_scorers_alone(granted: RoleWorld, role: Role) -> None:
    allowed = granted.run(role, "SELECT has_database_privilege(current_database(), 'TEMPORARY')")

    assert allowed == [(role == Role.SCORER,)]


def test_the_reader_cannot_write_even_when_it_tries(granted: RoleWorld) -> None:
    with pytest.raises(ReadOnlySqlTransaction, match="cannot execute DELETE"):
        granted.run(Role.READER, "DELETE FROM outbox")
    for table in PRIVILEGES:
        with pytest.raises(InsufficientPrivilege, match=f"permission denied for table {table.name}"):
            granted.run(Role.READER, "SET default_transaction_read_only = off", "COMMIT", f"TRUNCATE {table.name}")


def test_a_session_begins_with_the_limits_of_its_role(granted: RoleWorld) -> None:
    names = ("statement_timeout", "idle_in_transaction_session_timeout", "default_transaction_read_only")

    def settings(role: Role) -> list[object]:
        return [granted.run(role, f"SHOW {name}")[0][0] for name in names]

    assert settings(Role.RELAY) == ["30s", "3min", "off"]
    assert settings(Role.READER) == ["2min", "30min", "on"]


def test_a_month_is_made_with_the_owners_rights(world: RoleWorld) -> None:
    world.run(Role.SCORER, "SET timezone = 'America/New_York'", "SELECT create_month_of_scores('2031-05-01 00:00+00')")
    made = world.run(
        Role.MIGRATE,
        "SET timezone = 'UTC'",
        "SELECT tableowner, pg_get_expr(relpartbound, pg_class.oid) FROM pg_tables JOIN pg_class ON relname = tablename"
        " WHERE tablename = 'scored_transactions_2031_05'",
    )

    bounds = "FOR VALUES FROM ('2031-05-01 00:00:00+00') TO ('2031-06-01 00:00:00+00')"
    assert made == [(Role.MIGRATE, bounds)]
    with pytest.raises(InsufficientPrivilege, match="permission denied for table scored_transactions_2031_05"):
        world.run(Role.SCORER, "SELECT FROM scored_transactions_2031_05")


@pytest.mark.parametrize(
    "month",
    ["'2031-05-02 00:00+00'", "'2031-05-01 00:00+02'", "'infinity'", "'-infinity'", "NULL", "'1999-12-01 00:00+00'"],
)
def test_what_is_no_month_is_refused(granted: RoleWorld, month: str) -> None:
    with pytest.raises(InvalidParameterValue, match="is not the first instant of a month, UTC"):
        granted.run(Role.SCORER, f"SELECT create_month_of_scores({month})")


def test_a_deployment_that_is_held_stays_active(world: RoleWorld) -> None:
    world.run(
        Role.PROMOTER,
        "INSERT INTO deployments (model_name, model_version, digest, catalogue_version, threshold, reason, active)"
        " VALUES ('m', '1', '0', 1, 0.5, 'test', true)",
    )
    session = contextlib.closing(connect(world.url(Role.SCORER), application="test"))
    with session as connection, connection.cursor() as cursor:
        cursor.execute("SELECT model_version FROM hold_active_deployment()")
        held = cursor.fetchall()
        with pytest.raises(LockNotAvailable, match="lock timeout"):
            world.run(Role.PROMOTER, "SET lock_timeout = '50ms'", "UPDATE deployments SET active = false")
    world.run(Role.PROMOTER, "SET lock_timeout = '10s'", "UPDATE deployments SET active = false")

    assert held == [("1",)]


def test_a_shadowing_table_does_not_mislead_the_owners_functions(world: RoleWorld) -> None:
    """The scorer may make temporary tables, and searches them first; functions with the owner's rights don't."""
    found = world.run(
        Role.SCORER,
        "CREATE TEMPORARY TABLE deployments AS SELECT 1 AS deployment_id, true AS active",
        "SELECT count(*) FROM hold_active_deployment()",
    )

    assert found == [(0,)]


def test_the_registrys_role_owns_its_database(granted: RoleWorld) -> None:
    owner = execute(
        granted.url(Role.MLFLOW),
        "CREATE TABLE tried ()",
        "DROP TABLE tried",
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()",
    )

    assert owner == [(Role.MLFLOW,)]
