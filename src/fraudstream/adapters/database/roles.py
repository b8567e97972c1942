"""The database's roles in a server: created by an administrator, granted their rights by the schema's owner."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager

import psycopg2
from psycopg2 import errors, sql
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class
from psycopg2.extensions import encrypt_password
from sqlalchemy.engine import make_url

from fraudstream.adapters.database import tables
from fraudstream.adapters.database.migrate import LOCK_TIMEOUT, MIGRATION_LOCK
from fraudstream.adapters.database.privileges import FUNCTIONS, GRANTEES, PRIVILEGES, SEQUENCES, Privilege, Role
from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable

__all__ = ["DATABASE", "MLFLOW_DATABASE", "Role", "ensure_roles", "grant_privileges"]

DATABASE = "fraudstream"
MLFLOW_DATABASE = "mlflow"

SETTINGS: Mapping[Role, Mapping[str, str]] = {
    Role.SCORER: {"statement_timeout": "120s", "idle_in_transaction_session_timeout": "60s"},
    Role.LABELS: {"statement_timeout": "60s", "idle_in_transaction_session_timeout": "60s"},
    Role.RELAY: {"statement_timeout": "30s", "idle_in_transaction_session_timeout": "180s"},
    Role.INBOX: {"statement_timeout": "30s", "idle_in_transaction_session_timeout": "60s"},
    Role.ARCHIVER: {"statement_timeout": "60s", "idle_in_transaction_session_timeout": "60s"},
    Role.KEEPER: {"statement_timeout": "600s", "idle_in_transaction_session_timeout": "60s"},
    Role.QUALITY: {"statement_timeout": "120s", "idle_in_transaction_session_timeout": "60s"},
    Role.PROMOTER: {"statement_timeout": "120s", "idle_in_transaction_session_timeout": "60s"},
    Role.OPERATOR: {"statement_timeout": "30s", "idle_in_transaction_session_timeout": "60s"},
    Role.SERVING: {
        "statement_timeout": "5s",
        "idle_in_transaction_session_timeout": "10s",
        "default_transaction_read_only": "on",
    },
    Role.DASHBOARD: {"statement_timeout": "10s", "idle_in_transaction_session_timeout": "60s"},
    Role.READER: {
        "statement_timeout": "120s",
        "idle_in_transaction_session_timeout": "30min",
        "default_transaction_read_only": "on",
    },
    Role.MLFLOW: {"statement_timeout": "300s", "idle_in_transaction_session_timeout": "60s"},
}
"""What a session of a role begins with. The reader may be idle in a transaction for as long as verification
recomputes; migrations take the time they need."""

OWN_RELATIONS = """
SELECT relkind = 'S', array_agg(relname::text ORDER BY relname) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    AND pg_has_role(relowner, 'USAGE')
    AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid
                    AND deptype = 'e')
GROUP BY 1
"""
OWNS_TABLES = "SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass(%s)"
SCHEMA = "public"
IAM_ROLE = "rds_iam"
"""RDS lets members of it log in with a token alone."""
PUBLIC = sql.SQL("PUBLIC")


def ensure_roles(
    admin_url: str,
    passwords: Mapping[Role, str] | None,
    *,
    database: str = DATABASE,
    mlflow_database: str = MLFLOW_DATABASE,
) -> None:
    """Bring the login roles and the two databases about; what is there already is adjusted.

    Passwords reach the server hashed, so they can stand neither in its log nor in an error.

    Args:
        admin_url: SQLAlchemy URL of a role that may create roles and databases, and of any database.
        passwords: of every role; `None` on RDS where each logs in by IAM, which takes its password away.
        database: the project's, owned by `Role.MIGRATE`.
        mlflow_database: the model registry's, owned by `Role.MLFLOW`.

    Raises:
        ConfigurationError: a password is missing, the administrator may not do this, or a database belongs to
            somebody else.
        TemporarilyUnavailable: the server did not answer.
    """
    missing = [role for role in Role if passwords is not None and not passwords.get(role)]
    if missing:
        raise ConfigurationError(f"no password is given for the database roles {', '.join(missing)}; each needs one")
    with _session(admin_url, "may not create roles and databases; name an administrator") as cursor:
        cursor.connection.autocommit = True  # a database can't be created in a transaction
        cursor.execute("SET lock_timeout = %s", [LOCK_TIMEOUT])
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        with cursor.connection:
            if passwords is None:
                _require_iam(cursor)
            for role in Role:
                _put_role(cursor, role, None if passwords is None else passwords[role])
        _put_database(cursor, database, Role.MIGRATE)
        _put_database(cursor, mlflow_database, Role.MLFLOW)
        with cursor.connection:
            _admit(cursor, database, Role.MIGRATE, GRANTEES)
            _admit(cursor, mlflow_database, Role.MLFLOW, ())
            _run(cursor, "GRANT TEMPORARY ON DATABASE {} TO {}", database, Role.SCORER)


def grant_privileges(url: str) -> None:
    """Give each role exactly what `privileges.py` says, in the database at a URL of its schema's owner.

    Other rights of these roles and of PUBLIC to the owner's tables are withdrawn in the same transaction. Roles
    that the server doesn't have are passed over: one role that owns everything can do all the work.

    Raises:
        ConfigurationError: the role of the URL doesn't own the tables, or they are not there.
        TemporarilyUnavailable: the server did not answer.
    """
    with _session(url, "may not grant these rights") as cursor, cursor.connection:
        cursor.execute("SET LOCAL lock_timeout = %s", [LOCK_TIMEOUT])
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
        cursor.execute(OWNS_TABLES, [f"{SCHEMA}.{tables.positions.name}"])
        if cursor.fetchone() != (True,):
            raise ConfigurationError(
                f"the role {make_url(url).username} does not own the tables, or there are none yet; their owner "
                "grants rights to them after the migrations: run `fraudstream migrate` as the owner"
            )
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname = ANY(%s)", [[*GRANTEES, Role.MLFLOW]])
        present = [name for (name,) in cursor.fetchall()]
        _withdraw(cursor, present)
        for role in GRANTEES:
            if role in present:
                _grant(cursor, role)


def _require_iam(cursor: Cursor) -> None:
    cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [IAM_ROLE])
    if cursor.fetchone() is None:
        raise ConfigurationError(
            f"DATABASE_AUTH=iam, but the server has no role {IAM_ROLE}: turn IAM authentication on for the database in "
            "RDS, or give passwords"
        )


def _put_role(cursor: Cursor, role: Role, password: str | None) -> None:
    cursor.execute("SELECT rolsuper OR rolreplication OR rolbypassrls FROM pg_roles WHERE rolname = %s", [role])
    found = cursor.fetchone()
    verb = "CREATE" if found is None else "ALTER"
    # An administrator that is no superuser may not even name these attributes of a role that exists.
    above = "NOSUPERUSER NOREPLICATION NOBYPASSRLS" if found == (True,) else ""
    verifier = None if password is None else encrypt_password(password, role, cursor.connection, "scram-sha-256")
    statement = sql.SQL(f"{verb} ROLE {{}} LOGIN NOCREATEDB NOCREATEROLE {above} PASSWORD {{}}")
    cursor.execute(statement.format(sql.Identifier(role), sql.Literal(verifier)))
    if password is None:
        _run(cursor, "GRANT {} TO {}", IAM_ROLE, role)
    for name, value in SETTINGS.get(role, {}).items():
        setting = sql.SQL("ALTER ROLE {} SET {} = {}")
        cursor.execute(setting.format(sql.Identifier(role), sql.Identifier(name), sql.Literal(value)))


def _put_database(cursor: Cursor, name: str, owner: Role) -> None:
    cursor.execute("SELECT pg_has_role(%s, 'SET')", [owner])
    if cursor.fetchone() == (False,):  # to give something away, an administrator must be its new owner too
        _run(cursor, "GRANT {} TO CURRENT_USER", owner)
    cursor.execute("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", [name])
    found = cursor.fetchone()
    if found is None:
        _run(cursor, "CREATE DATABASE {} OWNER {} TEMPLATE template0", name, owner)
    elif found != (owner,):
        raise ConfigurationError(
            f"the database {name} belongs to the role {found[0]} and not to {owner}, as one of an earlier version does;"
            " begin anew, which deletes what it stores (`make clean` where the demo made it), or make "
            f"{owner} the owner of the database and of everything in it"
        )


def _admit(cursor: Cursor, database: str, owner: Role, roles: Sequence[Role]) -> None:
    """Let these roles and the owner connect, and nobody else but administrators."""
    strangers = [sql.Identifier(role) for role in Role if role != owner]
    statement = sql.SQL("REVOKE ALL ON DATABASE {} FROM {}")
    cursor.execute(statement.format(sql.Identifier(database), sql.SQL(", ").join([PUBLIC, *strangers])))
    for role in roles:
        _run(cursor, "GRANT CONNECT ON DATABASE {} TO {}", database, role)


def _withdraw(cursor: Cursor, roles: Sequence[str]) -> None:
    """Take back every right to the owner's relations and to the functions; a column's goes with its table's."""
    grantees = sql.SQL(", ").join([PUBLIC, *map(sql.Identifier, roles)])
    cursor.execute(OWN_RELATIONS)
    for is_sequence, names in cursor.fetchall():
        kind = sql.SQL("SEQUENCE" if is_sequence else "TABLE")
        relations = sql.SQL(", ").join(sql.Identifier(SCHEMA, name) for name in names)
        cursor.execute(sql.SQL("REVOKE ALL ON {} {} FROM {}").format(kind, relations, grantees))
    for function in FUNCTIONS:
        cursor.execute(
            sql.SQL("REVOKE ALL ON FUNCTION {}.{} FROM {}").format(sql.Identifier(SCHEMA), sql.SQL(function), grantees)
        )
    for role in roles:
        _run(cursor, "REVOKE ALL ON SCHEMA {} FROM {}", SCHEMA, role)


def _grant(cursor: Cursor, role: Role) -> None:
    _run(cursor, "GRANT USAGE ON SCHEMA {} TO {}", SCHEMA, role)
    for table, rights in PRIVILEGES.items():
        for privilege in rights.get(role, ()):
            statement = sql.SQL("GRANT {} ON {} TO {}")
            place = sql.Identifier(SCHEMA, table.name)
            cursor.execute(statement.format(_what(privilege), place, sql.Identifier(role)))
    for sequence in (name for name, user in SEQUENCES.items() if user == role):
        _run(cursor, "GRANT USAGE ON SEQUENCE {}.{} TO {}", SCHEMA, sequence, role)
    for function in (name for name, user in FUNCTIONS.items() if user == role):
        statement = sql.SQL("GRANT EXECUTE ON FUNCTION {}.{} TO {}")
        cursor.execute(statement.format(sql.Identifier(SCHEMA), sql.SQL(function), sql.Identifier(role)))


def _what(privilege: Privilege) -> sql.Composable:
    if not privilege.columns:
        return sql.SQL(privilege.verb)
    columns = sql.SQL(", ").join(map(sql.Identifier, privilege.columns))
    return sql.SQL("{} ({})").format(sql.SQL(privilege.verb), columns)


def _run(cursor: Cursor, statement: str, *names: str) -> None:
    cursor.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def _session(url: str, not_allowed: str) -> Iterator[Cursor]:
    connection = connect(url, application="fraudstream-roles")
    try:
        with closing(connection), connection.cursor() as cursor:
            yield cursor
    except errors.InsufficientPrivilege as error:
        role = make_url(url).username
        raise ConfigurationError(f"the role {role} {not_allowed}: {error.diag.message_primary}") from error
    except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
        raise TemporarilyUnavailable(f"the roles could not be adjusted: {error}") from error
