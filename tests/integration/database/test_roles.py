"""Roles and their rights are brought about, kept exact, and never told with a password."""

import traceback
from collections.abc import Iterator

import pytest
from sqlalchemy.engine import make_url
from tests.integration.database.role_world import PASSWORDS, RoleWorld, execute
from tests.servers.databases import Databases

from fraudstream.adapters.database import roles
from fraudstream.adapters.database.privileges import GRANTEES
from fraudstream.adapters.database.roles import Role, ensure_roles, grant_privileges
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable

pytestmark = pytest.mark.integration

ROLES = """
SELECT rolname, rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolconfig
FROM pg_roles WHERE rolname ~ '^(fraudstream_|mlflow$)' ORDER BY 1
"""
DATABASE_RIGHTS = """
SELECT pg_get_userbyid(datdba), acl.grantee::regrole::text, privilege_type
FROM pg_database, aclexplode(datacl) AS acl WHERE datname = current_database() ORDER BY 1, 2, 3
"""
TABLE_RIGHTS = """
SELECT relname, NULL, acl.grantee::regrole::text, privilege_type FROM pg_class, aclexplode(relacl) AS acl
WHERE relnamespace = 'public'::regnamespace
UNION ALL
SELECT relname, attname, acl.grantee::regrole::text, privilege_type
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid, aclexplode(attacl) AS acl
WHERE relnamespace = 'public'::regnamespace
UNION ALL
SELECT proname, NULL, acl.grantee::regrole::text, privilege_type FROM pg_proc, aclexplode(proacl) AS acl
WHERE pronamespace = 'public'::regnamespace
ORDER BY 1, 2, 3, 4
"""
BY_HAND = {
    "a table's": "GRANT DELETE ON positions TO fraudstream_relay",
    "a column's": "GRANT UPDATE (value) ON outbox TO fraudstream_relay",
    "everybody's": "GRANT SELECT ON labels TO PUBLIC",
    "a partition's": "GRANT SELECT ON scored_transactions_default TO fraudstream_inbox",
    "a sequence's": "GRANT UPDATE ON SEQUENCE slices_slice_id_seq TO fraudstream_scorer",
    "a function's": "GRANT EXECUTE ON FUNCTION create_month_of_scores TO PUBLIC",
    "the registry's": "GRANT SELECT ON alerts TO mlflow",
    "the migrations'": "GRANT UPDATE ON alembic_version TO fraudstream_promoter",
}


def test_roles_log_in_and_may_do_nothing_to_the_server(world: RoleWorld) -> None:
    found = {row[0]: row[1:7] for row in world.administer(ROLES)}

    assert found == dict.fromkeys(Role, (True, False, False, False, False, False))


def test_a_second_call_changes_nothing(world: RoleWorld) -> None:
    before = [world.administer(query) for query in (ROLES, DATABASE_RIGHTS, TABLE_RIGHTS)]
    world.ensure_roles()
    grant_privileges(world.url(Role.MIGRATE))

    assert [world.administer(query) for query in (ROLES, DATABASE_RIGHTS, TABLE_RIGHTS)] == before


def test_a_new_password_replaces_the_old_one(world: RoleWorld) -> None:
    world.ensure_roles({Role.INBOX: "another"})

    with pytest.raises(ConfigurationError, match="refuses the password of fraudstream_inbox"):
        world.run(Role.INBOX, "SELECT 1")
    assert execute(world.url(Role.INBOX, password="another"), "SELECT 1") == [(1,)]


def test_the_server_never_sees_a_password(world: RoleWorld) -> None:
    """A server that hashes what it sees with MD5 still holds what was hashed before it came."""
    try:
        world.administer("ALTER ROLE CURRENT_USER SET password_encryption = 'md5'")
        world.ensure_roles()
    finally:
        world.administer("ALTER ROLE CURRENT_USER RESET password_encryption")
    rows = world.administer("SELECT rolpassword FROM pg_authid WHERE rolname ~ '^(fraudstream_|mlflow$)'")

    assert len(rows) == len(Role)
    assert all(stored.startswith("SCRAM-SHA-256$") for (stored,) in rows)


def test_power_given_by_hand_is_taken_back(world: RoleWorld) -> None:
    world.administer(
        "ALTER ROLE fraudstream_scorer SUPERUSER CREATEDB CREATEROLE REPLICATION BYPASSRLS",
        "ALTER ROLE fraudstream_reader SET default_transaction_read_only = off",
        f"GRANT ALL ON DATABASE {world.database} TO fraudstream_inbox, PUBLIC",
    )
    world.ensure_roles()

    assert {row[2:7] for row in world.administer(ROLES)} == {(False,) * 5}
    assert world.run(Role.READER, "SHOW default_transaction_read_only") == [("on",)]
    assert {row[1:] for row in world.administer(DATABASE_RIGHTS)} == {
        *((role, "CONNECT") for role in (*GRANTEES, Role.MIGRATE)),
        (Role.MIGRATE, "CREATE"),
        (Role.MIGRATE, "TEMPORARY"),
        (Role.SCORER, "TEMPORARY"),
    }


@pytest.mark.parametrize("statement", BY_HAND.values(), ids=BY_HAND.keys())
def test_a_right_given_by_hand_is_taken_back(world: RoleWorld, statement: str) -> None:
    before = world.administer(TABLE_RIGHTS)
    world.run(Role.MIGRATE, statement)
    changed = world.administer(TABLE_RIGHTS)
    grant_privileges(world.url(Role.MIGRATE))

    assert changed != before
    assert world.administer(TABLE_RIGHTS) == before


def test_rights_of_others_are_left_alone(world: RoleWorld) -> None:
    world.administer("CREATE ROLE test_analyst", "GRANT SELECT ON alerts TO test_analyst")
    try:
        before = world.administer(TABLE_RIGHTS)
        grant_privileges(world.url(Role.MIGRATE))
        after = world.administer(TABLE_RIGHTS)
    finally:
        world.administer("DROP OWNED BY test_analyst", "DROP ROLE test_analyst")

    assert ("alerts", None, "test_analyst", "SELECT") in before
    assert after == before


def test_a_role_that_the_server_lacks_is_passed_over(world: RoleWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roles, "GRANTEES", ("fraudstream_nobody", *GRANTEES))
    grant_privileges(world.url(Role.MIGRATE))


def test_one_role_that_owns_everything_still_works(database_url: str) -> None:
    grant_privileges(database_url)

    assert execute(database_url, "SELECT label_seq FROM label_progress") == [(0,)]


@pytest.mark.parametrize("role", [Role.SCORER, Role.READER])
def test_rights_are_granted_by_the_owner_alone(granted: RoleWorld, role: Role) -> None:
    with pytest.raises(ConfigurationError, match=f"the role {role} does not own the tables"):
        grant_privileges(granted.url(role))


def test_a_database_without_tables_says_what_comes_first(empty_database_url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"there are none yet; .* after the migrations"):
        grant_privileges(empty_database_url)


def test_a_role_without_a_password_is_named(granted: RoleWorld) -> None:
    passwords = PASSWORDS | {Role.LABELS: ""}
    del passwords[Role.RELAY]

    with pytest.raises(ConfigurationError, match="roles fraudstream_labels, fraudstream_relay; each needs one"):
        ensure_roles(granted.admin_url, passwords)


def test_a_role_that_is_no_administrator_is_told_without_passwords(granted: RoleWorld) -> None:
    with pytest.raises(ConfigurationError, match="role fraudstream_migrate may not create roles") as raised:
        granted.ensure_roles(admin_url=granted.url(Role.MIGRATE))

    told = "".join(traceback.format_exception(raised.value))
    assert [password for password in PASSWORDS.values() if password in told] == []


def test_an_absent_server_is_a_temporary_problem() -> None:
    with pytest.raises(TemporarilyUnavailable, match="did not accept the connection"):
        ensure_roles("postgresql+psycopg2://postgres:secret@127.0.0.1:1/postgres", PASSWORDS)


def test_a_database_of_somebody_else_is_refused(world: RoleWorld) -> None:
    world.administer(f"ALTER DATABASE {world.database} OWNER TO mlflow")

    with pytest.raises(ConfigurationError, match=f"the database {world.database} belongs to the role mlflow and not"):
        world.ensure_roles()


@pytest.fixture
def chief(world: RoleWorld) -> Iterator[str]:
    """URL of an administrator as a managed server has one: it may create roles and databases, and is no superuser."""
    everyone = ", ".join(Role)
    world.administer(
        "CREATE ROLE test_administrator LOGIN CREATEROLE CREATEDB PASSWORD 'chief'",
        f"GRANT {everyone} TO test_administrator WITH ADMIN TRUE, INHERIT FALSE, SET FALSE",
    )
    url = make_url(world.admin_url).set(username="test_administrator", password="chief")
    yield url.render_as_string(hide_password=False)
    world.administer("DROP OWNED BY test_administrator CASCADE", "DROP ROLE test_administrator")


def test_an_administrator_without_all_power_is_enough(world: RoleWorld, chief: str, databases: Databases) -> None:
    before = world.administer(DATABASE_RIGHTS)
    made = RoleWorld(world.admin_url, f"{world.database}_made", world.mlflow_database)
    try:
        made.ensure_roles(admin_url=chief)
        rights = made.administer(DATABASE_RIGHTS)
    finally:
        databases.drop(made.database)

    assert rights == before
