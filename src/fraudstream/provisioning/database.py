"""Roles, databases, migrations and grants of the server that the environment names."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from fraudstream.adapters.database.migrate import upgrade
from fraudstream.adapters.database.roles import Role, ensure_roles, grant_privileges
from fraudstream.errors import ConfigurationError
from fraudstream.provisioning.secret_files import read_passwords
from fraudstream.settings import DatabaseAuth, DatabaseSettings, ProvisioningSettings


def migrate_database() -> str:
    """Bring the schema to the newest migration, and every role's rights to what its work needs; returns a line.

    Raises:
        ConfigurationError: a setting is missing, or the password is refused.
        TemporarilyUnavailable: the database did not answer.
    """
    url = DatabaseSettings.load().database_url.get_secret_value()
    upgrade(url)
    grant_privileges(url)
    return "database: at the newest migration, rights granted"


def provision_database() -> Iterator[str]:
    """As the administrator make roles and databases, then migrate as the owner; yields a line for each step done.

    Raises:
        ConfigurationError: a setting is missing, a password is refused, or the file of passwords lacks a role.
        TemporarilyUnavailable: the database did not answer.
    """
    settings = ProvisioningSettings.load()
    pgpass = None if settings.database_auth is DatabaseAuth.IAM else settings.pgpassfile
    passwords = None if pgpass is None else _passwords(pgpass)
    ensure_roles(settings.database_admin_url.get_secret_value(), passwords)
    yield f"roles: {', '.join(Role)}"
    yield migrate_database()


def _passwords(pgpass: Path) -> Mapping[Role, str]:
    passwords = read_passwords(pgpass)
    missing = [role for role in Role if role not in passwords]
    if missing:
        raise ConfigurationError(
            f"PGPASSFILE={pgpass} lacks {', '.join(missing)}; `fraudstream provision secrets` adds them"
        )
    return {role: passwords[role] for role in Role}
