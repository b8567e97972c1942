"""`ReplayBook` on Postgres; each call opens and closes its own connection."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager

from psycopg2 import errors
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.refusals import refusals_told
from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import ImpossibleRequest
from fraudstream.ports.cases import RecordPlace
from fraudstream.ports.replays import Replay, ReplayRequest

FORBIDDEN = (
    "this database role may neither send records again nor see their bytes: DATABASE_URL must name the operator's "
    "role, or the schema's owner"
)
_BEGIN = """
INSERT INTO replays (topic, topic_id, partition, "offset", attempt, author, reason, repair, value_hash)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING replay_id
"""
_SENT = """
UPDATE replays SET settled_at = clock_timestamp(), sent_topic = %s, sent_topic_id = %s, sent_partition = %s,
    sent_offset = %s
WHERE replay_id = %s AND settled_at IS NULL
"""
_FAILED = "UPDATE replays SET settled_at = clock_timestamp(), error = %s WHERE replay_id = %s AND settled_at IS NULL"
_DISCLOSE = """
INSERT INTO disclosures (author, reason, topic, topic_id, partition, "offset") VALUES (%s, %s, %s, %s, %s, %s)
"""
ASKED = 'unnest(%s::uuid[], %s::int[], %s::bigint[]) AS asked (topic_id, partition, "offset")'
"""Places to look up, see `columns_of`."""
_ORIGINS = f"""
SELECT sent_topic_id::text, sent_partition, sent_offset, replays.topic, replays.topic_id::text, replays.partition,
       replays."offset"
FROM {ASKED} JOIN replays
    ON sent_topic_id = asked.topic_id AND sent_partition = asked.partition AND sent_offset = asked."offset"
"""  # noqa: S608 - a constant
_REPLAYS = f"""
SELECT topic, topic_id::text, partition, "offset", attempt, author, reason, repair, value_hash, replay_id, role,
       begun_at, sent_topic, sent_topic_id::text, sent_partition, sent_offset, error
FROM replays JOIN {ASKED} USING (topic_id, partition, "offset") ORDER BY replay_id
"""  # noqa: S608 - a constant


class PostgresReplayBook:
    """See `ReplayBook`."""

    def __init__(self, url: str) -> None:
        self._url = url

    def begin(self, request: ReplayRequest) -> int:
        """See `ReplayBook.begin`."""
        origin = request.origin
        place = origin.topic, origin.topic_id, origin.partition, origin.offset
        words = request.attempt, request.author, request.reason, request.repair, request.value_hash
        with self._transaction() as cursor:
            cursor.execute(_BEGIN, (*place, *words))
            (replay_id,) = cursor.fetchone() or (0,)
        return int(replay_id)

    def settle(self, replay_id: int, sent: RecordPlace | str) -> None:
        """See `ReplayBook.settle`."""
        with self._transaction() as cursor:
            if isinstance(sent, str):
                cursor.execute(_FAILED, (sent, replay_id))
            else:
                cursor.execute(_SENT, (sent.topic, sent.topic_id, sent.partition, sent.offset, replay_id))

    def origins(self, places: Sequence[RecordPlace]) -> Mapping[RecordPlace, RecordPlace]:
        """See `ReplayBook.origins`."""
        asked = {(place.topic_id, place.partition, place.offset): place for place in places}
        with self._transaction() as cursor:
            cursor.execute(_ORIGINS, columns_of(places))
            return {asked[row[:3]]: RecordPlace(*row[3:]) for row in cursor}

    def replays(self, origins: Sequence[RecordPlace]) -> Mapping[RecordPlace, Sequence[Replay]]:
        """See `ReplayBook.replays`."""
        asked = {(place.topic_id, place.partition, place.offset): place for place in origins}
        found = defaultdict[RecordPlace, list[Replay]](list)
        with self._transaction() as cursor:
            cursor.execute(_REPLAYS, columns_of(origins))
            for row in cursor:
                request = ReplayRequest(RecordPlace(*row[:4]), *row[4:9])
                sent = None if row[12] is None else RecordPlace(*row[12:16])
                found[asked[row[1:4]]].append(Replay(row[9], request, row[10], row[11], sent, row[16]))
        return dict(found)

    def disclose(self, place: RecordPlace, *, author: str, reason: str) -> None:
        """See `ReplayBook.disclose`."""
        with self._transaction() as cursor:
            cursor.execute(_DISCLOSE, (author, reason, place.topic, place.topic_id, place.partition, place.offset))

    @contextmanager
    def _transaction(self) -> Iterator[Cursor]:
        try:
            with (
                refusals_told(forbidden=FORBIDDEN, trouble="the book of replays did not answer"),
                closing(connect(self._url, application="fraudstream replay")) as connection,
                connection,
                connection.cursor() as cursor,
            ):
                cursor.execute("SET LOCAL statement_timeout = '30s'; SET LOCAL lock_timeout = '20s'")
                yield cursor
        except errors.UniqueViolation as error:
            raise ImpossibleRequest("somebody else has just sent this record again; look at it first") from error


def columns_of(places: Sequence[RecordPlace]) -> tuple[list[str], list[int], list[int]]:
    """Places as the parameters of a query that asks for several at once."""
    return (
        [place.topic_id for place in places],
        [place.partition for place in places],
        [place.offset for place in places],
    )
