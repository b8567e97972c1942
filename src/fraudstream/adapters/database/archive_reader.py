"""`ArchiveReader` on Postgres: the ledger of the archive and the stored scores, in one read-only snapshot."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.archive_rows import FILE_COLUMNS, file_of, gap_of
from fraudstream.adapters.database.refusals import refusals_told
from fraudstream.adapters.database.sessions import connect
from fraudstream.ports.archive import ArchivedFile, ArchivedLog, Gap, ScoredLog, Totals, Zone

_FILES = f"""
SELECT {FILE_COLUMNS}, listed_at IS NOT NULL FROM archive_files ORDER BY topic_id, partition, zone, first_offset
"""  # noqa: S608 - a text of this project
_GAPS = """
SELECT topic_id, partition, first_offset, last_offset, accepted_at IS NOT NULL FROM archive_gaps ORDER BY 1, 2, 3
"""
_LOGS = f"""
SELECT slices.topic_id, slices.partition, min(first_offset), max(last_offset),
       coalesce(max(last_offset) FILTER (WHERE last_offset <= archived.last), -1),
       coalesce(sum(rows + quarantined + repeats) FILTER (WHERE last_offset <= archived.last), 0)::int8
FROM slices
LEFT JOIN (SELECT topic_id, partition, max(last_offset) AS last FROM archive_files WHERE zone = '{Zone.PROCESSED}'
           GROUP BY 1, 2) AS archived USING (topic_id, partition)
GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - a text of this file
_TOTALS = """
SELECT count(*), count(*) FILTER (WHERE alert), coalesce(sum(amount::numeric), 0), coalesce(sum(score::numeric), 0),
       coalesce(sum(body_hash::numeric), 0)
FROM scored_transactions WHERE topic_id = %s AND partition = %s AND "offset" BETWEEN %s AND %s
"""
"""A float8 becomes a numeric of 15 digits."""
FORBIDDEN = "this database role may not see all of the ledger: DATABASE_URL must name the reader's role"


class PostgresArchiveReader:
    """See `ArchiveReader`; nothing is written."""

    def __init__(self, url: str) -> None:
        self._url = url

    @contextmanager
    def snapshot(self) -> Iterator["PostgresArchiveSnapshot"]:
        """See `ArchiveReader.snapshot`."""
        with (
            refusals_told(forbidden=FORBIDDEN, trouble="the ledger of the archive could not be read"),
            closing(connect(self._url, application="fraudstream archive verify")) as connection,
        ):
            connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = '120s'; SET LOCAL work_mem = '64MB'")
                yield PostgresArchiveSnapshot(cursor)


class PostgresArchiveSnapshot:
    """`ArchiveSnapshot` in one open transaction."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def files(self) -> Sequence[tuple[ArchivedFile, bool]]:
        """See `ArchiveSnapshot.files`."""
        self._cursor.execute(_FILES)
        return [(file_of(row[:-1]), row[-1]) for row in self._cursor]

    def gaps(self) -> Sequence[Gap]:
        """See `ArchiveSnapshot.gaps`."""
        self._cursor.execute(_GAPS)
        return [gap_of(row) for row in self._cursor]

    def logs(self) -> Sequence[ScoredLog]:
        """See `ArchiveSnapshot.logs`."""
        self._cursor.execute(_LOGS)
        return [ScoredLog(ArchivedLog(row[0], row[1]), *row[2:]) for row in self._cursor]

    def totals(self, log: ArchivedLog, first: int, last: int) -> Totals:
        """See `ArchiveSnapshot.totals`."""
        self._cursor.execute(_TOTALS, (log.topic_id, log.partition, first, last))
        rows, alerts, amount, score, bodies = self._cursor.fetchone() or (0, 0, 0, 0, 0)
        return Totals(rows, alerts, amount, score, int(bodies))
