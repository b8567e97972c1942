"""What each of the database's roles may do with each table: data, which a test compares with the schema."""

from collections.abc import Mapping

from sqlalchemy import Table

from fraudstream.adapters.database import (
    archive_tables,
    dashboard_tables,
    model_tables,
    quality_tables,
    rebuild_tables,
    replay_tables,
    tables,
)
from fraudstream.adapters.database.keeper_rights import KEEPER
from fraudstream.adapters.database.rights import INSERT, SELECT, Privilege, Rights, Role
from fraudstream.adapters.database.rights import insert as _insert
from fraudstream.adapters.database.rights import update as _update

__all__ = ["FUNCTIONS", "GRANTEES", "PRIVILEGES", "SEQUENCES", "WITHHELD", "Privilege", "Role"]

GRANTEES = tuple(role for role in Role if role not in {Role.MIGRATE, Role.MLFLOW})
"""Roles that own nothing: what they may do is what is granted to them here."""


def _given(table: Table) -> tuple[str, ...]:
    """The columns that whoever inserts has to give: the others are the server's own, as its time is."""
    return tuple(column.name for column in table.columns if column.server_default is None)


def _measured(table: Table) -> tuple[str, ...]:
    """The columns that a second measurement of the same thing replaces: all but the key."""
    return tuple(column.name for column in table.columns if not column.primary_key)


_ARCHIVED = ("slice_id", "topic_id", "partition", "first_offset", "last_offset", "model_version", "catalogue_version")
"""What the archiver reads of a slice, besides the time it was stored."""
_PUBLISH = _insert("topic", "key", "value", "not_before")
_PLACE = Privilege("SELECT", ("topic_id", "partition", "offset"))
_MOVE_STATE = (SELECT, INSERT, _update("state"))
_PUT_RISK = (SELECT, INSERT, _update("risk"))
_RISK: Rights = {
    Role.SCORER: (SELECT,),
    Role.LABELS: _PUT_RISK,
    Role.PROMOTER: _PUT_RISK,
    Role.SERVING: (SELECT,),
}
_SETTLED = ("settled_at", "sent_topic", "sent_topic_id", "sent_partition", "sent_offset", "error")
_TOKEN = ("name", "role", "token_hash", "created_by", "expires_at")
_TRIED = ("alert_id", "channel", "attempts", "tried_at", "delivered_at", "message_id", "error")
_APPLY_LABEL = _update("label_seq", "user_id", "merchant_id", "event_time", "amount", "amount_ratio")

_WRITERS: Mapping[Table, Rights] = {
    tables.runs: {Role.SCORER: (SELECT, _insert("topic_id", "host", "pid"), _update("ready_at"))},
    tables.positions: {
        Role.SCORER: (SELECT, INSERT, _update("next_offset", "epoch")),
        Role.LABELS: (SELECT, INSERT, _update("next_offset")),
        Role.ARCHIVER: (Privilege("SELECT", ("topic_id", "partition", "topic")),),
        Role.QUALITY: (SELECT,),
        Role.PROMOTER: (SELECT,),
        Role.OPERATOR: (SELECT,),
    },
    tables.slices: {
        Role.SCORER: (_insert("slice_id", *_given(tables.slices)),),
        Role.ARCHIVER: (Privilege("SELECT", (*_ARCHIVED, "stored_at")),),
        Role.PROMOTER: (SELECT,),
        Role.QUALITY: (SELECT,),
    },
    tables.transaction_ids: {
        Role.SCORER: (SELECT, INSERT),
        Role.LABELS: (SELECT,),
        Role.QUALITY: (SELECT,),
        Role.SERVING: (SELECT,),
    },
    tables.scored_transactions: {
        Role.SCORER: (INSERT,),
        Role.ARCHIVER: (SELECT,),
        Role.LABELS: (SELECT,),
        Role.PROMOTER: (SELECT,),
        Role.QUALITY: (SELECT,),
        Role.OPERATOR: (_PLACE,),
    },
    tables.alerts: {
        Role.SCORER: (_insert(*_given(tables.alerts)),),
        Role.LABELS: (Privilege("SELECT", ("transaction_id", "status")), _update("status")),
        Role.RELAY: (Privilege("SELECT", ("alert_id", "user_id", "status")), _update("status")),
    },
    tables.quarantine: {
        Role.SCORER: (_insert(*_given(tables.quarantine)),),
        Role.LABELS: (_insert(*_given(tables.quarantine)),),
        Role.OPERATOR: (SELECT,),
    },
    replay_tables.replays: {
        Role.OPERATOR: (
            SELECT,
            _insert(*(name for name in _given(replay_tables.replays) if name not in _SETTLED)),
            _update(*_SETTLED),
        ),
        Role.DASHBOARD: (
            SELECT,
            _insert(*(name for name in _given(replay_tables.replays) if name not in _SETTLED)),
            _update(*_SETTLED),
        ),
    },
    replay_tables.disclosures: {Role.OPERATOR: (_insert(*_given(replay_tables.disclosures)),)},
    tables.outbox: {
        Role.SCORER: (_PUBLISH,),
        Role.LABELS: (_PUBLISH,),
        Role.RELAY: (SELECT, _update("sent_at", "held_at", "released_at")),
    },
    tables.alert_windows: {Role.RELAY: (SELECT, INSERT, _update("published"))},
    tables.notifications: {
        Role.INBOX: (Privilege("SELECT", ("message_id",)), _insert("message_id", "alert_id")),
    },
    model_tables.model_artefacts: {
        Role.SCORER: (SELECT,),
        Role.SERVING: (SELECT,),
        Role.PROMOTER: (SELECT, _insert("digest", "content")),
        Role.DASHBOARD: (SELECT, _insert("digest", "content")),
    },
    model_tables.deployments: {
        Role.SCORER: (SELECT,),
        Role.SERVING: (SELECT,),
        Role.LABELS: (Privilege("SELECT", ("active", "catalogue_version")),),
        Role.PROMOTER: (SELECT, _insert(*_given(model_tables.deployments)), _update("active")),
        Role.DASHBOARD: (SELECT, _insert(*_given(model_tables.deployments)), _update("active")),
    },
    model_tables.challengers: {
        Role.SCORER: (SELECT,),
        Role.PROMOTER: (
            SELECT,
            _insert(*(name for name in _given(model_tables.challengers) if name != "ended_at")),
            _update("active", "ended_at"),
        ),
        Role.DASHBOARD: (SELECT, _update("active", "ended_at")),
    },
    model_tables.shadow_scores: {Role.SCORER: (INSERT,), Role.PROMOTER: (SELECT,)},
    model_tables.model_decisions: {
        Role.PROMOTER: (SELECT, _insert(*_given(model_tables.model_decisions))),
        Role.DASHBOARD: (SELECT, _insert(*_given(model_tables.model_decisions))),
    },
    dashboard_tables.accounts: {
        Role.DASHBOARD: (
            SELECT,
            _insert("name", "role", "password_hash", "one_time"),
            _update("role", "password_hash", "one_time", "disabled_at"),
        ),
    },
    dashboard_tables.dashboard_sessions: {
        Role.DASHBOARD: (
            SELECT,
            _insert("token_hash", "account_id", "form_token", "seen_at"),
            _update("seen_at", "ended_at"),
        ),
    },
    dashboard_tables.audit_log: {Role.DASHBOARD: (SELECT, _insert(*_given(dashboard_tables.audit_log)))},
    dashboard_tables.alert_decisions: {
        Role.DASHBOARD: (
            SELECT,
            _insert("alert_id", "turn", "author", "outcome", "note", "until"),
            _update("settled_at", "error"),
        ),
    },
    dashboard_tables.api_tokens: {Role.DASHBOARD: (SELECT, _insert(*_TOKEN), _update("revoked_at", "used_at"))},
    dashboard_tables.alert_deliveries: {Role.INBOX: (SELECT, _insert(*_TRIED[:3]), _update(*_TRIED[2:]))},
    tables.customer_state: {Role.SCORER: _MOVE_STATE, Role.PROMOTER: _MOVE_STATE, Role.SERVING: (SELECT,)},
    tables.customer_risk: _RISK,
    tables.merchant_risk: _RISK,
    tables.initial_customer_state: {Role.PROMOTER: (SELECT, INSERT)},
    tables.initial_customer_risk: {Role.LABELS: (SELECT,), Role.PROMOTER: (SELECT, INSERT)},
    tables.initial_merchant_risk: {Role.LABELS: (SELECT,), Role.PROMOTER: (SELECT, INSERT)},
    tables.state_versions: {
        Role.SCORER: (SELECT,),
        Role.LABELS: (SELECT,),
        Role.PROMOTER: (SELECT, _insert(*_given(tables.state_versions)), _update("as_of_positions")),
    },
    rebuild_tables.state_rebuilds: {
        Role.PROMOTER: (SELECT, INSERT, _update(*_measured(rebuild_tables.state_rebuilds))),
    },
    tables.labels: {
        Role.LABELS: (SELECT, _insert(*_given(tables.labels)), _APPLY_LABEL),
        Role.PROMOTER: (SELECT,),
        Role.QUALITY: (SELECT,),
        Role.OPERATOR: (_PLACE,),
    },
    tables.label_progress: {
        Role.SCORER: (SELECT,),
        Role.SERVING: (SELECT,),
        Role.LABELS: (SELECT, INSERT, _update("label_seq")),
        Role.PROMOTER: (SELECT,),
    },
    tables.history_transactions: {Role.LABELS: (SELECT,), Role.PROMOTER: (SELECT, INSERT)},
    quality_tables.live_quality: {
        Role.QUALITY: (
            SELECT,
            _insert(*_given(quality_tables.live_quality)),
            _update(*_measured(quality_tables.live_quality)),
        ),
    },
    quality_tables.drift_references: {Role.QUALITY: (SELECT, _insert(*_given(quality_tables.drift_references)))},
    quality_tables.feature_drift: {
        Role.PROMOTER: (SELECT,),
        Role.QUALITY: (
            SELECT,
            _insert(*_given(quality_tables.feature_drift)),
            _update(*_measured(quality_tables.feature_drift)),
        ),
    },
    archive_tables.archive_files: {
        Role.ARCHIVER: (
            SELECT,
            _insert(*(name for name in _given(archive_tables.archive_files) if name != "listed_at")),
            _update("listed_at"),
        ),
        Role.PROMOTER: (SELECT,),
    },
    archive_tables.archive_gaps: {
        Role.ARCHIVER: (
            SELECT,
            _insert(*(name for name in _given(archive_tables.archive_gaps) if name != "accepted_at")),
            _update("accepted_at"),
        ),
    },
}

WITHHELD = frozenset({dashboard_tables.accounts, dashboard_tables.dashboard_sessions, dashboard_tables.api_tokens})
"""What even the reader may not read: with it one could try passwords elsewhere, or see who is signed in."""

PRIVILEGES: Mapping[Table, Rights] = {
    table: {
        **({} if table in WITHHELD else {Role.READER: (SELECT,)}),
        **_WRITERS.get(table, {}),
        **({Role.KEEPER: KEEPER[table]} if table in KEEPER else {}),
    }
    for table in dict.fromkeys((*_WRITERS, *KEEPER))
}
"""Everything that a role which owns nothing may do with a table; what is not here is refused."""

SEQUENCES: Mapping[str, Role] = {f"{tables.slices.name}_slice_id_seq": Role.SCORER}
"""Sequences whose next number a role may take by itself; those behind other identities need no grant."""

FUNCTIONS: Mapping[str, Role] = {
    "create_month_of_scores(timestamptz)": Role.SCORER,
    "drop_month_of_scores(timestamptz)": Role.KEEPER,
    "hold_active_deployment()": Role.SCORER,
    "hold_label_progress()": Role.PROMOTER,
    "place_transaction_ids()": Role.SCORER,
}
"""Functions that do with their owner's rights the one thing that a role needs them for."""
