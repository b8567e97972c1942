"""`ArchiveLedger` on Postgres: partitions are held by advisory locks of the session, ranges by a unique constraint."""

import datetime as dt
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import psycopg2
from psycopg2 import errors
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class
from psycopg2.extras import execute_values

from fraudstream.adapters.database.archive_rows import FILE_COLUMNS, file_of, gap_of
from fraudstream.adapters.database.refusals import is_the_roles, unavailable
from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.ports.archive import ArchivedFile, ArchivedLog, Backlog, Gap, ScoredRow, Zone

ONE_OWNER = 0x61726368697665
"""Seed of the advisory locks' keys, one for each partition of a log."""

_SESSION = "SET statement_timeout = '60s'; SET idle_in_transaction_session_timeout = '60s'"
_LOGS = "SELECT topic_id, partition FROM positions"
_OWN = "SELECT pg_try_advisory_lock(hashtextextended(%s || '/' || %s, %s))"
_BACKLOG = f"""
SELECT topic, coalesce(archived.next, waiting.first), waiting.last, waiting.seconds
FROM positions
CROSS JOIN LATERAL (
    SELECT (SELECT last_offset + 1 FROM archive_files
            WHERE topic_id = positions.topic_id AND partition = positions.partition AND zone = '{Zone.PROCESSED}'
            ORDER BY first_offset DESC LIMIT 1) AS next
) AS archived
CROSS JOIN LATERAL (
    SELECT min(first_offset) AS first, max(last_offset) AS last,
           extract(epoch FROM clock_timestamp() - min(stored_at))::float8 AS seconds
    FROM slices
    WHERE topic_id = positions.topic_id AND partition = positions.partition
    AND last_offset >= coalesce(archived.next, 0)
    AND first_offset >= coalesce((SELECT max(first_offset) FROM slices AS cut
                                  WHERE cut.topic_id = positions.topic_id AND cut.partition = positions.partition
                                  AND cut.first_offset <= archived.next), 0)
) AS waiting
WHERE topic_id = %s AND partition = %s AND waiting.last IS NOT NULL
"""  # noqa: S608 - a text of this file
"""Slices of one partition commit in the order of their offsets, which may therefore be a cursor; their ids may not."""
_KNOWS = "SELECT FROM positions WHERE topic_id = %s LIMIT 1"
_SCORED = """
SELECT scored."offset", (extract(epoch FROM log_time) * 1000000)::int8, slice_id, transaction_id, body_hash, user_id,
       (extract(epoch FROM event_time) * 1000000)::int8, amount, merchant_category, location, payment_method,
       merchant_id, device_id, channel, currency, score, alert, model_version, catalogue_version, features
FROM scored_transactions AS scored JOIN slices USING (slice_id)
WHERE scored.topic_id = %s AND scored.partition = %s AND scored."offset" >= %s AND scored."offset" < %s
ORDER BY scored."offset"
"""
_RECORD = f"INSERT INTO archive_files ({FILE_COLUMNS}) VALUES %s"  # noqa: S608 - a text of this project
_RECORD_GAP = "INSERT INTO archive_gaps (topic_id, partition, first_offset, last_offset) VALUES (%s, %s, %s, %s)"
_UNLISTED = """
SELECT DISTINCT day, topic_id, partition FROM archive_files WHERE listed_at IS NULL ORDER BY topic_id, partition, day
"""
_FILES = f"""
SELECT {FILE_COLUMNS} FROM archive_files WHERE day = %s AND topic_id = %s AND partition = %s ORDER BY zone, first_offset
"""  # noqa: S608 - a text of this project
_LISTED = "UPDATE archive_files SET listed_at = clock_timestamp() WHERE path = ANY(%s) AND listed_at IS NULL"
_OPEN_GAPS = """
SELECT topic_id, partition, first_offset, last_offset, false FROM archive_gaps WHERE accepted_at IS NULL
ORDER BY topic_id, partition, first_offset
"""
_ACCEPT = "UPDATE archive_gaps SET accepted_at = clock_timestamp() WHERE accepted_at IS NULL"


class PostgresArchiveLedger:
    """See `ArchiveLedger`; a session that breaks is opened again by the next call, and owns nothing then."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None
        self._owned: set[ArchivedLog] = set()

    def claim(self) -> Sequence[Backlog]:
        """See `ArchiveLedger.claim`."""
        with self._cursor() as cursor:
            cursor.execute(_LOGS)
            for topic_id, partition in cursor.fetchall():
                self._own(cursor, ArchivedLog(topic_id, partition))
            found = [self._backlog(cursor, log) for log in sorted(self._owned)]
        return [backlog for backlog in found if backlog is not None]

    def knows(self, topic_id: str) -> bool:
        """See `ArchiveLedger.knows`."""
        with self._cursor() as cursor:
            cursor.execute(_KNOWS, (topic_id,))
            return cursor.fetchone() is not None

    def scored(self, log: ArchivedLog, first: int, end: int) -> Sequence[ScoredRow]:
        """See `ArchiveLedger.scored`."""
        with self._cursor() as cursor:
            cursor.execute(_SCORED, (log.topic_id, log.partition, first, end))
            return [
                ScoredRow(*row[:3], uuid.UUID(row[3]), *row[4:-1], bytes(row[-1]))  # type: ignore[call-arg]
                for row in cursor.fetchall()
            ]

    def record(self, files: Sequence[ArchivedFile], gap: Gap | None = None) -> None:
        """See `ArchiveLedger.record`."""
        with self._cursor() as cursor:
            self._must_own(log for log in (file.log for file in files))
            try:
                execute_values(cursor, _RECORD, [_values(file) for file in files])
                if gap is not None:
                    cursor.execute(_RECORD_GAP, (gap.log.topic_id, gap.log.partition, gap.first, gap.last))
            except errors.UniqueViolation as error:
                raise TemporarilyUnavailable(f"another archiver was faster: {error.diag.message_detail}") from error

    def unlisted(self) -> Sequence[tuple[dt.date, ArchivedLog]]:
        """See `ArchiveLedger.unlisted`."""
        with self._cursor() as cursor:
            cursor.execute(_UNLISTED)
            found = [(day, ArchivedLog(topic_id, partition)) for day, topic_id, partition in cursor]
        return [(day, log) for day, log in found if log in self._owned]

    def files(self, date: dt.date, log: ArchivedLog) -> Sequence[ArchivedFile]:
        """See `ArchiveLedger.files`."""
        with self._cursor() as cursor:
            self._must_own([log])
            cursor.execute(_FILES, (date, log.topic_id, log.partition))
            return [file_of(row) for row in cursor]

    def mark_listed(self, files: Sequence[ArchivedFile]) -> None:
        """See `ArchiveLedger.mark_listed`."""
        with self._cursor() as cursor:
            cursor.execute(_LISTED, ([file.path for file in files],))

    def open_gaps(self) -> Sequence[Gap]:
        """See `ArchiveLedger.open_gaps`."""
        with self._cursor() as cursor:
            cursor.execute(_OPEN_GAPS)
            return [gap_of(row) for row in cursor]

    def accept_gaps(self) -> int:
        """See `ArchiveLedger.accept_gaps`."""
        with self._cursor() as cursor:
            cursor.execute(_ACCEPT)
            return int(cursor.rowcount)

    def close(self) -> None:
        """See `ArchiveLedger.close`."""
        self._owned.clear()
        if self._connection is not None:
            with suppress(psycopg2.Error):
                self._connection.close()
            self._connection = None

    def _own(self, cursor: Cursor, log: ArchivedLog) -> None:
        if log not in self._owned:
            cursor.execute(_OWN, (log.topic_id, str(log.partition), ONE_OWNER))
            if cursor.fetchone() == (True,):
                self._owned.add(log)

    def _must_own(self, logs: Iterator[ArchivedLog] | Sequence[ArchivedLog]) -> None:
        lost = sorted(set(logs) - self._owned)
        if lost:
            raise TemporarilyUnavailable(
                f"partition {lost[0].partition} of {lost[0].topic_id} is not this archiver's any more: its session "
                "ended in between; what it did is done again"
            )

    @staticmethod
    def _backlog(cursor: Cursor, log: ArchivedLog) -> Backlog | None:
        cursor.execute(_BACKLOG, (log.topic_id, log.partition))
        row = cursor.fetchone()
        return None if row is None else Backlog(row[0], log, row[1], row[2], row[3])

    @contextmanager
    def _cursor(self) -> Iterator[Cursor]:
        """One transaction; its end leaves the session's locks alone."""
        try:
            if self._connection is None:
                self._connection = connect(self._url, application="fraudstream archive")
                with self._connection.cursor() as cursor:
                    cursor.execute(_SESSION)
                self._connection.commit()
            with self._connection, self._connection.cursor() as cursor:
                yield cursor
        except psycopg2.Error as error:
            if is_the_roles(error, self._connection):
                told = f"{error.diag.message_primary}: DATABASE_URL must name the archiver's role"
                raise ConfigurationError(told) from error
            self.close()
            raise unavailable("the ledger of the archive did not answer", error) from error


def _values(file: ArchivedFile) -> tuple[object, ...]:
    log = file.log
    return (
        file.path,
        str(file.zone),
        file.topic,
        log.topic_id,
        log.partition,
        file.date,
        file.first,
        file.last,
        file.rows,
        file.size,
        file.sha256,
    )
