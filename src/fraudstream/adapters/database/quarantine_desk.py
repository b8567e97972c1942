"""`QuarantineDesk` on Postgres; reads alone, so whoever may only look may use it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.replay_book import ASKED, columns_of
from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.cases import RecordPlace
from fraudstream.ports.quarantine import Fate, QuarantineEntry, ReasonCount

_COUNTS = """
SELECT topic, reason, count(*), min(log_time), max(log_time) FROM quarantine
WHERE %(reason)s::text IS NULL OR reason = %(reason)s GROUP BY topic, reason ORDER BY count(*) DESC, topic, reason
"""
_ENTRY = 'SELECT topic, topic_id::text, partition, "offset", reason, detail, raw, raw_size, log_time FROM quarantine'
_NEWEST = f"""
{_ENTRY} WHERE %(reason)s::text IS NULL OR reason = %(reason)s
ORDER BY log_time DESC, topic, partition, "offset" DESC LIMIT %(most)s
"""
_FIND = f'{_ENTRY} WHERE topic = %s AND partition = %s AND "offset" = %s ORDER BY stored_at DESC LIMIT 1'
_FATES = f"""
SELECT asked.topic_id::text, asked.partition, asked."offset", CASE
    WHEN EXISTS (SELECT FROM scored_transactions AS here WHERE here.topic_id = asked.topic_id
        AND here.partition = asked.partition AND here."offset" = asked."offset") THEN '{Fate.SCORED}'
    WHEN EXISTS (SELECT FROM labels AS here WHERE here.topic_id = asked.topic_id
        AND here.partition = asked.partition AND here."offset" = asked."offset") THEN '{Fate.STORED}'
    WHEN EXISTS (SELECT FROM quarantine AS here WHERE here.topic_id = asked.topic_id
        AND here.partition = asked.partition AND here."offset" = asked."offset") THEN '{Fate.QUARANTINED}'
    WHEN positions.next_offset > asked."offset" THEN '{Fate.DROPPED}'
    ELSE '{Fate.IN_FLIGHT}' END
FROM {ASKED} LEFT JOIN positions ON positions.topic_id = asked.topic_id AND positions.partition = asked.partition
"""  # noqa: S608 - constants


class PostgresQuarantine:
    """See `QuarantineDesk`; each call opens and closes its own connection."""

    def __init__(self, url: str) -> None:
        self._url = url

    def counts(self, reason: str | None = None) -> Sequence[ReasonCount]:
        """See `QuarantineDesk.counts`."""
        with self._reading() as cursor:
            cursor.execute(_COUNTS, {"reason": reason})
            return [ReasonCount(*row) for row in cursor]

    def newest(self, most: int, reason: str | None = None) -> Sequence[QuarantineEntry]:
        """See `QuarantineDesk.newest`."""
        with self._reading() as cursor:
            cursor.execute(_NEWEST, {"reason": reason, "most": most})
            return [_entry(row) for row in cursor]

    def find(self, topic: str, partition: int, offset: int) -> QuarantineEntry | None:
        """See `QuarantineDesk.find`."""
        with self._reading() as cursor:
            cursor.execute(_FIND, (topic, partition, offset))
            row = cursor.fetchone()
        return None if row is None else _entry(row)

    def fates(self, places: Sequence[RecordPlace]) -> Mapping[RecordPlace, Fate]:
        """See `QuarantineDesk.fates`."""
        asked = {(place.topic_id, place.partition, place.offset): place for place in places}
        with self._reading() as cursor:
            cursor.execute(_FATES, columns_of(places))
            return {asked[row[:3]]: Fate(row[3]) for row in cursor}

    @contextmanager
    def _reading(self) -> Iterator[Cursor]:
        try:
            with closing(connect(self._url, application="fraudstream quarantine")) as connection:
                connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL statement_timeout = '30s'")
                    yield cursor
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            raise TemporarilyUnavailable(f"the quarantine did not answer: {error}") from error


def _entry(row: tuple[Any, ...]) -> QuarantineEntry:
    reason, detail, raw, raw_size, log_time = row[4:]
    return QuarantineEntry(RecordPlace(*row[:4]), reason, detail, bytes(raw), raw_size, log_time)
