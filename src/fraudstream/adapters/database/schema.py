"""The whole schema, defined once; the migrations in `db/` are compared with it by a test."""

from fraudstream.adapters.database import (
    archive_tables,
    dashboard_tables,
    model_tables,
    quality_tables,
    rebuild_tables,
    replay_tables,
    retention_tables,
    tables,
)
from fraudstream.adapters.database.columns import metadata

__all__ = ["THEMES", "metadata"]

THEMES = (
    *(archive_tables, tables, model_tables, quality_tables, rebuild_tables, replay_tables, dashboard_tables),
    retention_tables,
)
"""The modules whose tables make up `metadata`; a new one is added here."""
