"""The table of privileges covers every table, and names what there is."""

import pytest
from sqlalchemy import Table

from fraudstream.adapters.database.privileges import FUNCTIONS, GRANTEES, PRIVILEGES, SEQUENCES, WITHHELD, Role
from fraudstream.adapters.database.rights import SELECT
from fraudstream.adapters.database.schema import metadata

CHANGED_BY = {
    "customer_state": {Role.SCORER, Role.PROMOTER},  # whoever promotes rebuilds the state of a new catalogue
    "customer_risk": {Role.LABELS, Role.PROMOTER},
    "merchant_risk": {Role.LABELS, Role.PROMOTER},
    "state_versions": {Role.PROMOTER},
    "state_rebuilds": {Role.PROMOTER},
    "forgotten_ranges": {Role.KEEPER},
    "label_progress": {Role.LABELS},
    "labels": {Role.LABELS},
    "positions": {Role.SCORER, Role.LABELS},
    "runs": {Role.SCORER},
    "outbox": {Role.RELAY},
    "alerts": {Role.RELAY, Role.LABELS},  # held or let go by one, worked by the other
    "alert_windows": {Role.RELAY},
    "live_quality": {Role.QUALITY},
    "feature_drift": {Role.QUALITY},
    "archive_files": {Role.ARCHIVER},
    "archive_gaps": {Role.ARCHIVER},
    "deployments": {Role.PROMOTER, Role.DASHBOARD},  # by command and on the page, one decision at a time
    "challengers": {Role.PROMOTER, Role.DASHBOARD},
    "replays": {Role.OPERATOR, Role.DASHBOARD},
    "accounts": {Role.DASHBOARD},
    "api_tokens": {Role.DASHBOARD},
    "alert_deliveries": {Role.INBOX},
    "dashboard_sessions": {Role.DASHBOARD},
    "alert_decisions": {Role.DASHBOARD},
}
"""Tables whose rows change after they were written, and by whom; all others are only added to."""


def test_every_table_has_its_entry() -> None:
    """Who may do what with a new table is decided in `privileges.py`, not forgotten."""
    assert set(PRIVILEGES) == set(metadata.tables.values())


@pytest.mark.parametrize("table", PRIVILEGES, ids=str)
def test_columns_are_the_tables_own(table: Table) -> None:
    named = {column for rights in PRIVILEGES[table].values() for right in rights for column in right.columns}

    assert named <= set(table.columns.keys())


@pytest.mark.parametrize("table", PRIVILEGES, ids=str)
def test_the_reader_reads_everything_but_secrets_and_does_nothing_else(table: Table) -> None:
    assert PRIVILEGES[table].get(Role.READER, ()) == (() if table in WITHHELD else (SELECT,))


@pytest.mark.parametrize("table", PRIVILEGES, ids=str)
def test_rows_change_by_the_hand_of_one_process_and_in_named_columns(table: Table) -> None:
    updates = {
        role: right.columns for role, rights in PRIVILEGES[table].items() for right in rights if right.verb == "UPDATE"
    }

    assert set(updates) == CHANGED_BY.get(table.name, set())
    assert () not in updates.values()


@pytest.mark.parametrize("table", PRIVILEGES, ids=str)
def test_times_that_the_server_stamps_are_given_by_nobody(table: Table) -> None:
    if table.name == "state_rebuilds":
        return  # one row for each rebuild, its time moves on with each checkpoint of the one process that writes it
    stamped = {column.name for column in table.columns if "clock_timestamp" in str(column.server_default)}
    inserts = [right for rights in PRIVILEGES[table].values() for right in rights if right.verb == "INSERT"]

    assert stamped == set() or all(right.columns and not stamped & set(right.columns) for right in inserts)


def test_rights_are_given_to_roles_that_own_nothing() -> None:
    given = {role for rights in PRIVILEGES.values() for role in rights} | {*SEQUENCES.values(), *FUNCTIONS.values()}

    assert given == set(GRANTEES)
    assert not given & {Role.MIGRATE, Role.MLFLOW}
