"""Looking at what is old in PostgreSQL, and deleting it in small commits, each run of which is in the audit log."""

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace

from psycopg2 import errors
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database import retention_queries as queries
from fraudstream.adapters.database.refusals import refusals_told
from fraudstream.adapters.database.sessions import connect
from fraudstream.contracts.topics import ALERTS
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.retention import LogsNow, Place, Removal, StoredMonth

FORBIDDEN = "this database role may not delete what is old: DATABASE_URL must name the role fraudstream_keeper"
AT_ONCE = 10_000
"""Rows deleted in one commit."""


class PostgresRetention:
    """One session of the keeper.

    Args:
        url: SQLAlchemy URL of the role that may delete.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def months(self, before: dt.datetime) -> list[StoredMonth]:
        """Months of scored rows that ended before a time, from the oldest on."""
        with self._transaction() as cursor:
            cursor.execute(queries.MONTHS)
            begins = [dt.datetime.combine(day, dt.time(), dt.UTC) for (day,) in cursor]
            return [_month(cursor, each) for each in begins if _next(each) <= before]

    def positions(self) -> Mapping[Place, int]:
        """How far each log was scored or applied."""
        return self._ends(queries.POSITIONS)

    def archived(self) -> Mapping[Place, int]:
        """How far stored scores are in the archive."""
        return self._ends(queries.ARCHIVED)

    def drop_month(self, month: StoredMonth) -> bool:
        """Drop a month; returns whether it is gone, which it isn't while somebody reads the table for long."""
        told = Removal(f"scores of {month.begins:%Y-%m}", month.rows, month.oldest, month.newest)
        try:
            with self._transaction() as cursor:
                cursor.execute(queries.LOCK_TIMEOUT)
                self._audit(cursor, told)
                cursor.execute(queries.DROP_MONTH, [month.begins])
        except TemporarilyUnavailable as error:
            if isinstance(error.__cause__, errors.LockNotAvailable):
                return False
            raise
        return True

    def old_ids(self, before: dt.datetime) -> Removal:
        """Ids of payments whose rows were dropped and whose month ended before a time."""
        with self._transaction() as cursor:
            cursor.execute(queries.FORGETTABLE_IDS, [before])
            ranges = cursor.fetchall()
        times = [time for row in ranges for time in row[4:]]
        return Removal("ids", sum(row[3] for row in ranges), min(times, default=None), max(times, default=None))

    def delete_ids(self, before: dt.datetime) -> Removal:
        """Delete these ids, in one walk over all of them; returns what went."""
        told = self.old_ids(before)
        if not told.rows:
            return told
        with self._transaction() as cursor:
            self._audit(cursor, told)
            cursor.execute(queries.FORGETTABLE_IDS, [before])
            ends: dict[Place, int] = {}
            for topic_id, partition, end, *_ in cursor:
                ends[topic_id, partition] = max(end, ends.get((topic_id, partition), 0))
        above, gone = str(uuid.UUID(int=0)), 0
        while True:
            with self._transaction() as cursor:
                cursor.execute(queries.IDS_ABOVE, [above, AT_ONCE])
                rows = cursor.fetchall()
                going = [key for key, topic_id, partition, offset in rows if _below(ends, topic_id, partition, offset)]
                if going:
                    cursor.execute(queries.DELETE_IDS, [going])
            gone += len(going)
            if len(rows) < AT_ONCE:
                break
            above = rows[-1][0]
        with self._transaction() as cursor:
            cursor.execute(queries.IDS_FORGOTTEN, [before])
        return replace(told, rows=gone)

    def old_alerts(self, before: dt.datetime) -> Removal:
        """Closed alerts whose payments' rows were dropped, created before a time."""
        statement = queries.COUNT.format(time="created_at", table="alerts", which=queries.OLD_ALERTS)
        with self._transaction() as cursor:
            cursor.execute(statement, {"before": before, "topic": ALERTS})
            return Removal("closed alerts", *(cursor.fetchone() or (0, None, None)))

    def delete_alerts(self, before: dt.datetime) -> Removal:
        """Delete these alerts with what was sent, notified, delivered and decided of them, in one commit."""
        told = self.old_alerts(before)
        if told.rows:
            with self._transaction() as cursor:
                self._audit(cursor, told)
                cursor.execute(queries.DELETE_ALERTS, {"before": before, "topic": ALERTS})
                ids = [alert for (alert,) in cursor.fetchall()]
                for statement in queries.DELETE_OF_ALERTS:
                    cursor.execute(statement, {"topic": ALERTS, "ids": ids})
        return told

    def old(self, what: str, before: dt.datetime, logs: LogsNow) -> Removal:
        """What one of `SWEEPS` finds older than a time."""
        table, _, time, which = queries.SWEEPS[what]
        with self._transaction() as cursor:
            cursor.execute(queries.COUNT.format(time=time, table=table, which=which), _values(before, logs))
            return Removal(what, *(cursor.fetchone() or (0, None, None)))

    def delete(self, what: str, before: dt.datetime, logs: LogsNow) -> Removal:
        """Delete it; returns what went."""
        told = self.old(what, before, logs)
        table, key, _, which = queries.SWEEPS[what]
        statement, gone = queries.DELETE_SOME.format(table=table, key=key, which=which), 0
        while told.rows:
            with self._transaction() as cursor:
                if not gone:
                    self._audit(cursor, told)
                cursor.execute(statement, _values(before, logs) | {"most": AT_ONCE})
                some = cursor.rowcount
            gone += some
            if some < AT_ONCE:
                break
        return replace(told, rows=gone)

    def _ends(self, statement: str) -> dict[Place, int]:
        with self._transaction() as cursor:
            cursor.execute(statement)
            return {(topic_id, partition): end for topic_id, partition, end in cursor}

    def _audit(self, cursor: Cursor, told: Removal) -> None:
        times = f", {told.oldest:%Y-%m-%d} to {told.newest:%Y-%m-%d}" if told.oldest and told.newest else ""
        cursor.execute(queries.AUDIT, ["fraudstream retain", told.what, f"{told.rows} rows{times}"])

    @contextmanager
    def _transaction(self) -> Iterator[Cursor]:
        with (
            refusals_told(forbidden=FORBIDDEN, trouble="what is old could not be looked at or deleted"),
            closing(_opened(self._url)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            yield cursor


def _opened(url: str) -> Connection:
    return connect(url, application="fraudstream-retain")


def _month(cursor: Cursor, begins: dt.datetime) -> StoredMonth:
    bounds = [begins, _next(begins)]
    cursor.execute(queries.PARTS, bounds)
    parts = cursor.fetchall()
    return StoredMonth(
        begins=begins,
        ends_at=bounds[1],
        rows=sum(part[2] for part in parts),
        oldest=min((part[4] for part in parts), default=None),
        newest=max((part[5] for part in parts), default=None),
        ends={(topic_id, partition): end for topic_id, partition, _, end, *_ in parts},
        open_alerts=_count(cursor, queries.OPEN_ALERTS, bounds),
        waiting_labels=_count(cursor, queries.WAITING_LABELS, bounds),
    )


def _next(month: dt.datetime) -> dt.datetime:
    return (month + dt.timedelta(days=32)).replace(day=1)


def _count(cursor: Cursor, statement: str, values: Sequence[object]) -> int:
    cursor.execute(statement, values)
    return int((cursor.fetchone() or (0,))[0])


def _below(ends: Mapping[Place, int], topic_id: str | None, partition: int | None, offset: int | None) -> bool:
    """An id without a place stays."""
    if topic_id is None or partition is None or offset is None:
        return False
    return offset < ends.get((topic_id, partition), 0)


def _values(before: dt.datetime, logs: LogsNow) -> dict[str, object]:
    partitions = sorted(logs.first_offsets)
    return {
        "before": before,
        "topic": ALERTS,
        "log": logs.topic_id,
        "partitions": partitions,
        "firsts": [logs.first_offsets[partition] for partition in partitions],
    }
