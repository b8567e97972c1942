"""What shows that a stack lives, and in which order it did its work; read by whoever disturbs it."""

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class
from sqlalchemy.engine import make_url

from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import TemporarilyUnavailable

APPLICATION = "fraudstream vitals"
LOOK = """
SELECT coalesce((SELECT max(slice_id) FROM slices), 0), coalesce((SELECT sum(rows) FROM slices), 0),
       (SELECT count(*) FROM notifications), (SELECT label_seq FROM label_progress)
"""
NEWEST = 'SELECT transaction_id, user_id FROM scored_transactions ORDER BY slice_id DESC, "offset" DESC LIMIT %s'
MISORDERED = """
SELECT count(*) FROM (
    SELECT slice_id < lag(slice_id) OVER (PARTITION BY topic_id, partition, user_id ORDER BY "offset") AS back
    FROM scored_transactions
) AS steps WHERE back
"""
AT_WORK = "SELECT pid FROM runs ORDER BY epoch DESC LIMIT 1"
POSITIONS = "SELECT topic_id, partition, next_offset FROM positions"
DOUBLED = "SELECT count(*) - count(DISTINCT transaction_id) FROM alerts"
PATIENT = "SET statement_timeout = '300s'"


@dataclass(frozen=True)
class Vitals:
    """The newest commit's number, and how many payments are scored, notifications received, labels applied."""

    newest_slice: int
    scored: int
    notifications: int
    labels: int


@dataclass(frozen=True)
class Order:
    """Payments of a customer scored in another order than they stand in the log, and alerts stored twice."""

    misordered: int
    alerts_doubled: int


def look(url: str) -> Vitals | None:
    """The vitals now; nothing while the database does not answer."""
    with contextlib.suppress(TemporarilyUnavailable, psycopg2.OperationalError), _cursor(url) as cursor:
        cursor.execute(LOOK)
        newest, scored, notifications, labels = cursor.fetchone() or (0, 0, 0, 0)
        return Vitals(int(newest), int(scored), int(notifications), int(labels))
    return None


def positions(url: str) -> dict[tuple[str, int], int]:
    """How far each partition is scored, by topic id and partition: the offset that comes next.

    Raises:
        TemporarilyUnavailable: the database did not answer.
    """
    with _cursor(url) as cursor:
        cursor.execute(POSITIONS)
        return {(str(topic_id), int(partition)): int(offset) for topic_id, partition, offset in cursor.fetchall()}


def scorer_at_work(url: str) -> int | None:
    """Process id of the scorer that began last, on its machine; nothing before the first.

    Raises:
        TemporarilyUnavailable: the database did not answer.
    """
    with _cursor(url) as cursor:
        cursor.execute(AT_WORK)
        found = cursor.fetchone()
        return None if found is None else int(found[0])


def newest_payments(url: str, count: int) -> list[tuple[uuid.UUID, int]]:
    """Ids and customers of the payments scored last.

    Raises:
        TemporarilyUnavailable: the database did not answer.
    """
    with _cursor(url) as cursor:
        cursor.execute(NEWEST, [count])
        return [(uuid.UUID(str(identifier)), int(user)) for identifier, user in cursor.fetchall()]


def read_order(url: str) -> Order:
    """Go over everything that is stored, in minutes if it is much.

    Raises:
        TemporarilyUnavailable: the database did not answer.
    """
    with _cursor(url) as cursor:
        cursor.execute(PATIENT)
        found = []
        for query in (MISORDERED, DOUBLED):
            cursor.execute(query)
            found.append(int((cursor.fetchone() or (0,))[0]))
    return Order(*found)


def port_of(url: str) -> int:
    """Where the server of a SQLAlchemy URL listens."""
    return make_url(url).port or 5432


def rerouted(url: str, port: int) -> str:
    """The same SQLAlchemy URL by another port."""
    return make_url(url).set(port=port).render_as_string(hide_password=False)


@contextlib.contextmanager
def _cursor(url: str) -> Iterator[Cursor]:
    opened = connect(url, application=APPLICATION)
    with contextlib.closing(opened) as connection, connection.cursor() as cursor:
        yield cursor
