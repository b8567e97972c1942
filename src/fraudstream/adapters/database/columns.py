"""What all tables are made with: one collection, one way to name constraints, one way to stamp a time."""

from sqlalchemy import Column, DateTime, MetaData, func

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def stamp(name: str) -> Column[object]:
    """A time that the server sets when the row is written."""
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.clock_timestamp())
