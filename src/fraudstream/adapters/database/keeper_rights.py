"""What `fraudstream retain` may do: look at what is old, and delete it; a month of scores by a function alone."""

from collections.abc import Mapping

from sqlalchemy import Table

from fraudstream.adapters.database import (
    archive_tables,
    dashboard_tables,
    model_tables,
    replay_tables,
    retention_tables,
    tables,
)
from fraudstream.adapters.database.rights import DELETE, SELECT, Privilege, insert, update


def _see(*columns: str) -> Privilege:
    return Privilege("SELECT", columns)


_PLACE = ("topic_id", "partition", "offset")

KEEPER: Mapping[Table, tuple[Privilege, ...]] = {
    tables.positions: (_see("topic_id", "partition", "next_offset"),),
    tables.scored_transactions: (_see(*_PLACE, "log_time", "transaction_id"),),
    tables.transaction_ids: (_see("id", *_PLACE), DELETE),
    tables.alerts: (_see(*_PLACE, "alert_id", "status", "created_at"), DELETE),
    tables.quarantine: (_see(*_PLACE, "log_time"), DELETE),
    tables.outbox: (_see("outbox_id", "topic", "value", "sent_at", "held_at", "created_at"), DELETE),
    tables.notifications: (_see("alert_id"), DELETE),
    tables.labels: (_see("label_seq", "transaction_id"),),
    model_tables.challengers: (_see("digest", "active", "ended_at"),),
    model_tables.shadow_scores: (_see("digest", *_PLACE), DELETE),
    archive_tables.archive_files: (_see("topic_id", "partition", "zone", "last_offset"),),
    replay_tables.replays: (_see("replay_id", *_PLACE, "begun_at", "settled_at"), DELETE),
    replay_tables.disclosures: (_see("disclosure_id", "at"), DELETE),
    dashboard_tables.alert_decisions: (_see("alert_id"), DELETE),
    dashboard_tables.alert_deliveries: (_see("alert_id"), DELETE),
    dashboard_tables.dashboard_sessions: (_see("token_hash", "seen_at"), DELETE),
    dashboard_tables.api_tokens: (_see("token_id", "expires_at", "revoked_at"), DELETE),
    dashboard_tables.audit_log: (
        _see("audit_id", "at"),
        insert("account", "address", "action", "about", "detail"),
        DELETE,
    ),
    retention_tables.forgotten_ranges: (SELECT, update("ids_forgotten_at")),
    retention_tables.forgotten_customers: (),
}
"""A table without rights is here to be readable for the reader."""
