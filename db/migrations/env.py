"""What Alembic runs: on the connection that `adapters.database.migrate` hands over, or on `DATABASE_URL`."""

from alembic import context
from sqlalchemy import Connection, text

from fraudstream.adapters.database.schema import metadata
from fraudstream.adapters.database.sessions import engine
from fraudstream.settings import DatabaseSettings

PARTITIONS = text("SELECT relname FROM pg_class WHERE relispartition AND relkind IN ('r', 'p')")


def run(connection: Connection) -> None:
    """Run the wanted command; partitions are their parent's affair and are not compared."""
    partitions = set(connection.scalars(PARTITIONS))

    def compared(name: str | None, kind: str, _parents: object) -> bool:
        return kind != "table" or name not in partitions

    context.configure(
        connection=connection, target_metadata=metadata, include_name=compared, compare_server_default=True
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with engine(DatabaseSettings.load(), application="fraudstream-migrate").connect() as opened:
        run(opened)
        opened.commit()
