"""`SliceStore` on PostgreSQL: one slice, one transaction (docs/decisions/0003-isolation-of-a-slice.md)."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg2
from psycopg2 import errors
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.binary_copy import bigint_array, copy_out_row, in_order, keyed_rows
from fraudstream.adapters.database.customer_states import CustomerStates
from fraudstream.adapters.database.id_reservations import IdReservations
from fraudstream.adapters.database.refusals import FOR_A_TIME, unavailable
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.database.slice_rows import write_result
from fraudstream.errors import Fenced, ModelUnavailable, TemporarilyUnavailable
from fraudstream.features.events import Bytes, Floats, Ints
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.ports.slices import Deployment, LogPart, Reservation, Shadow, SliceResult, Snapshot

SESSION = """
    SET default_transaction_isolation = 'read committed';
    SET statement_timeout = '120s';
    SET lock_timeout = '60s';
    SET idle_in_transaction_session_timeout = '60s';
    SET work_mem = '64MB';
    SET jit = off;
    SET enable_seqscan = off;
    SET enable_hashjoin = off;
    SET enable_mergejoin = off;
    CREATE TEMPORARY TABLE moved_state (user_id bigint, state bytea STORAGE PLAIN) ON COMMIT DELETE ROWS
"""
"""Every wait is bounded; a session that was stopped in the middle of a slice gives its locks back. Rows are found by
their keys, so that a slice costs the same however much is stored, and whatever the planner knows of it."""
DEPLOYMENT_READS = 3
"""A promotion that commits while we wait for its lock hides both the old and the new row once."""

TAKE_POSITION = """
    SELECT next_offset, epoch FROM positions WHERE topic_id = %(topic_id)s AND partition = %(partition)s FOR UPDATE
"""
ADMIT_PARTITION = """
    INSERT INTO positions (topic_id, partition, topic, next_offset, epoch)
    SELECT %(topic_id)s, %(partition)s, %(topic)s, 0, %(epoch)s
    WHERE NOT EXISTS (SELECT FROM runs WHERE topic_id = %(topic_id)s AND epoch > %(epoch)s)
    ON CONFLICT DO NOTHING
"""
AT_WORK = """
    SELECT deployment_id, held.model_version, held.digest, held.catalogue_version, held.threshold,
        challengers.model_version, challengers.digest
    FROM hold_active_deployment() AS held
    LEFT JOIN challengers ON challengers.active AND challengers.digest <> held.digest
        AND challengers.catalogue_version = held.catalogue_version
"""
SNAPSHOT = """
    SELECT nextval(pg_get_serial_sequence('slices', 'slice_id')), label_seq,
        (SELECT string_agg(int8send(user_id) || risk, ''::bytea) FROM customer_risk
         WHERE catalogue_version = %s AND user_id = ANY (%s::bigint[])),
        (SELECT string_agg(int8send(merchant_id) || risk, ''::bytea) FROM merchant_risk
         WHERE catalogue_version = %s AND merchant_id = ANY (%s::bigint[]))
    FROM label_progress
"""


@dataclass(frozen=True)
class _Memory:
    """What one slice teaches for the next, to ask less; the database decides all the same."""

    ids: IdReservations = field(default_factory=IdReservations)
    states: CustomerStates = field(default_factory=CustomerStates)


class PostgresSliceStore:
    """Keeps one connection and opens it again where it broke; not for use by several threads at once."""

    def __init__(self, url: str, *, application: str) -> None:
        self._url = url
        self._application = application
        self._connection: Connection | None = None
        self._memory = _Memory()

    @contextlib.contextmanager
    def open(self, part: LogPart) -> Iterator["PostgresSlice"]:
        """See `SliceStore.open`."""
        with self._transaction() as cursor:
            yield PostgresSlice(cursor, part, _take_position(cursor, part), self._memory)

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg2.Error):
                connection.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Cursor]:
        try:
            connection = self._connection or self._connect()
            with connection, connection.cursor() as cursor:
                yield cursor
        except (errors.SerializationFailure, errors.DeadlockDetected, errors.LockNotAvailable) as error:
            raise TemporarilyUnavailable(f"another transaction was in the way: {error}") from error
        except FOR_A_TIME as error:
            self.close()
            raise unavailable("the connection to PostgreSQL broke", error) from error

    def _connect(self) -> Connection:
        connection = connect(self._url, application=self._application)
        with connection, connection.cursor() as cursor:
            cursor.execute(SESSION)
        self._connection = connection
        return connection


class PostgresSlice:
    """`SliceTransaction` on the transaction of one cursor."""

    def __init__(self, cursor: Cursor, part: LogPart, next_offset: int, memory: _Memory) -> None:
        self._memory = memory
        self._cursor = cursor
        self._part = part
        self._next_offset = next_offset
        self._shadow: Shadow | None = None

    @property
    def next_offset(self) -> int:
        """See `SliceTransaction.next_offset`."""
        return self._next_offset

    def reserve(self, transaction_id: Bytes, body_hash: Ints, offset: Ints) -> Reservation:
        """See `SliceTransaction.reserve`."""
        return self._memory.ids.reserve(self._cursor, self._part, transaction_id, body_hash, offset)

    def deployment(self) -> Deployment:
        """See `SliceTransaction.deployment`."""
        for _ in range(DEPLOYMENT_READS):
            self._cursor.execute(AT_WORK)
            row = self._cursor.fetchone()
            if row is not None:
                *deployed, version, digest = row
                deployment = Deployment(*deployed)
                self._shadow = None if digest is None else Shadow(version, digest, deployment.catalogue_version)
                return deployment
        raise ModelUnavailable("no model is deployed; `fraudstream train` and `fraudstream promote` put one to work")

    def shadow(self) -> Shadow | None:
        """See `SliceTransaction.shadow`."""
        return self._shadow

    def artefact(self, digest: str) -> bytes:
        """See `SliceTransaction.artefact`."""
        self._cursor.execute("SELECT content FROM model_artefacts WHERE digest = %s", [digest])
        row = self._cursor.fetchone()
        if row is None:
            raise ModelUnavailable(f"no model artefact with SHA-256 {digest} is stored; promote a version again")
        return bytes(row[0])

    def lock_states(self, catalogue_version: int, user_id: Ints) -> Floats:
        """See `SliceTransaction.lock_states`."""
        return self._memory.states.lock(self._cursor, catalogue_version, user_id)

    def snapshot(self, catalogue_version: int, user_id: Ints, merchant_id: Ints) -> Snapshot:
        """See `SliceTransaction.snapshot`."""
        wanted = bigint_array(user_id.tolist()), bigint_array(merchant_id.tolist())
        values = [value for keys in wanted for value in (catalogue_version, keys)]
        slice_id, label_seq, customers, merchants = copy_out_row(self._cursor, SNAPSHOT, values)
        if slice_id is None or label_seq is None:
            raise TypeError("a sequence and a column that is never empty gave nothing")
        return Snapshot(
            slice_id=int.from_bytes(slice_id, "big"),
            label_seq=int.from_bytes(label_seq, "big"),
            customer_risk=in_order(user_id, *keyed_rows(customers, CUSTOMER_RISK_WIDTH)),
            merchant_risk=in_order(merchant_id, *keyed_rows(merchants, MERCHANT_RISK_WIDTH)),
        )

    def write(self, result: SliceResult) -> None:
        """See `SliceTransaction.write`."""
        write_result(self._cursor, self._part, result)


def _take_position(cursor: Cursor, part: LogPart) -> int:
    """Lock the partition's position for this run; a partition that is new begins at 0."""
    place = {"topic_id": part.topic_id, "partition": part.partition, "topic": part.topic, "epoch": part.epoch}
    cursor.execute(TAKE_POSITION, place)
    row = cursor.fetchone()
    if row is None:
        cursor.execute(ADMIT_PARTITION, place)
        cursor.execute(TAKE_POSITION, place)
        row = cursor.fetchone()
    if row is None or row[1] > part.epoch:
        raise Fenced(f"{part.topic}/{part.partition} belongs to a newer run than {part.epoch}, which stops here")
    return int(row[0])
