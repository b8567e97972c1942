"""Bring a database to the newest schema; the migrations live in `db/` and travel inside the wheel."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from fraudstream.adapters.database.sessions import refusal, single_use_engine
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable

MIGRATION_LOCK = 7_305_818_266_041_137
"""Advisory lock under which one process migrates while others wait; any constant would do."""
LOCK_TIMEOUT = "120s"
"""How long to wait for another process that migrates, or for a table that is in use."""

_PACKAGED = Path(__file__).parent / "migrations"
_REPOSITORY = Path(__file__).parents[4] / "db" / "migrations"


def upgrade(url: str) -> None:
    """Upgrade the database at a SQLAlchemy URL to the newest migration; does nothing where it is there already.

    Several processes may call this at once: one migrates, the others wait for it.

    Raises:
        TemporarilyUnavailable: the server did not answer.
        ConfigurationError: the migrations are not installed, the database is newer than they are, or the server
            refuses the URL's password.
    """
    engine = single_use_engine(url, application="fraudstream-migrate")
    try:
        with engine.begin() as connection:
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            command.upgrade(configuration(connection), "head")
    except OperationalError as error:
        raise refusal(make_url(url), error.orig) or TemporarilyUnavailable(
            f"the database could not be migrated: {error.orig}"
        ) from error
    except CommandError as error:
        raise ConfigurationError(
            f"the database was migrated by another version, probably a newer one ({error}); an older version works "
            "on it as it is: restart its services without `fraudstream migrate`, or install the newer version"
        ) from error


def newest_revision() -> str:
    """The newest migration that is installed.

    Raises:
        ConfigurationError: the migrations are not installed.
    """
    return str(ScriptDirectory.from_config(_configuration()).get_current_head())


def configuration(connection: Connection) -> Config:
    """Alembic's configuration for one open connection.

    Raises:
        ConfigurationError: the migrations are neither in the package nor in a checkout around it.
    """
    config = _configuration()
    config.attributes["connection"] = connection
    return config


def _configuration() -> Config:
    for folder in (_PACKAGED, _REPOSITORY):
        if (folder / "env.py").is_file():
            config = Config()
            config.set_main_option("script_location", str(folder))
            return config
    raise ConfigurationError(
        f"the migrations are missing: neither {_PACKAGED} nor {_REPOSITORY} holds env.py; install fraudstream again"
    )
