"""Monthly partitions of the scored rows; whatever falls between them lands in the default partition."""

import datetime as dt

from psycopg2 import errors
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class

MONTHS_BEFORE = 1
MONTHS_AHEAD = 3
LOCK_TIMEOUT = "5s"
"""How long to wait for readers of the table; a month that can't be made now is made at the next start."""


def ensure_partitions(connection: Connection, around: dt.datetime) -> list[str]:
    """Create the missing monthly partitions of `scored_transactions` around a moment, and commit.

    A month whose rows already lie in the default partition, or whose lock can't be had, is left out: its rows
    stay in the default partition, where every query finds them too.

    Args:
        connection: without an open transaction.
        around: the broker's time, UTC.

    Returns:
        The names of the partitions created.
    """
    created = []
    first = _month(around, -MONTHS_BEFORE)
    for ahead in range(MONTHS_BEFORE + MONTHS_AHEAD + 1):
        start = _month(first, ahead)
        name = f"scored_transactions_{start:%Y_%m}"
        if _create(connection, name, start):
            created.append(name)
    return created


def _create(connection: Connection, name: str, start: dt.datetime) -> bool:
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [name])
            if cursor.fetchone() == (True,):
                return False
            cursor.execute("SET LOCAL lock_timeout = %s", [LOCK_TIMEOUT])
            cursor.execute("SELECT create_month_of_scores(%s)", [start])
    except (errors.CheckViolation, errors.LockNotAvailable, errors.DuplicateTable):
        return False
    return True


def _month(moment: dt.datetime, ahead: int) -> dt.datetime:
    """The first instant of the month `ahead` months after that of `moment`."""
    months = moment.year * 12 + moment.month - 1 + ahead
    return dt.datetime(months // 12, months % 12 + 1, 1, tzinfo=dt.UTC)
