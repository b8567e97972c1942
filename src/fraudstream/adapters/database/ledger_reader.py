"""`Ledger` on Postgres: everything stored, read in one read-only snapshot."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager

import numpy as np
import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database import ledger_queries as queries
from fraudstream.adapters.database.binary_rows import (
    BIGINT,
    Rows,
    copy_rows,
    floats,
    ints,
    keyed,
    raw,
    seconds,
    uuid_array,
)
from fraudstream.adapters.database.held_alerts import alert_ids
from fraudstream.adapters.database.ledger_alerts import alert_facts
from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import ModelUnavailable, TemporarilyUnavailable
from fraudstream.features.catalogue import FEATURE_COUNT
from fraudstream.features.events import Bytes, Floats, Ints
from fraudstream.features.label_history import LabelHistory, RiskRows, customer_rows, merchant_rows
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.ports.ledger import (
    AlertFacts,
    FirstAlert,
    LabelSteps,
    LedgerSlices,
    Pending,
    StoredBodies,
    StoredQuarantine,
    StoredScores,
    StoredVectors,
)
from fraudstream.ports.slices import Deployment

ENDLESS = 2**63 - 1


class PostgresLedger:
    """`Ledger`; each call opens and closes its own connection, and none of them can write."""

    def __init__(self, url: str) -> None:
        self._url = url

    @contextmanager
    def snapshot(self) -> Iterator["PostgresLedgerSnapshot"]:
        """See `Ledger.snapshot`."""
        with self._reading() as (connection, cursor):
            cursor.execute("SHOW track_commit_timestamp")
            yield PostgresLedgerSnapshot(cursor, tracked=cursor.fetchone() == ("on",))
            connection.rollback()

    def pending(self, topic_id: str, *, before: float | None = None) -> Pending:
        """See `Ledger.pending`."""
        with self._reading() as (_, cursor):
            positions = _positions(cursor, topic_id)
            cursor.execute(queries.PENDING, [before, before])
            now, unsent, unnotified = cursor.fetchone() or (0.0, 0, 0)
        return Pending(now, positions, unsent, unnotified)

    def notified(self) -> Sequence[uuid.UUID]:
        """See `Ledger.notified`."""
        with self._reading() as (_, cursor):
            return _ids(cursor, queries.NOTIFIED)

    def held(self) -> Sequence[uuid.UUID]:
        """See `Ledger.held`."""
        with self._reading() as (_, cursor):
            cursor.execute(queries.HELD)
            return alert_ids(bytes(value) for (value,) in cursor)

    @contextmanager
    def _reading(self) -> Iterator[tuple[Connection, Cursor]]:
        try:
            with closing(connect(self._url, application="fraudstream-verify")) as connection:
                connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL statement_timeout = '120s'; SET LOCAL work_mem = '64MB'")
                    yield connection, cursor
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            raise TemporarilyUnavailable(f"the ledger could not be read: {error}") from error


class PostgresLedgerSnapshot:
    """`LedgerSnapshot` in one open transaction."""

    def __init__(self, cursor: Cursor, *, tracked: bool) -> None:
        self._cursor = cursor
        self._committed = queries.COMMIT_TIME if tracked else queries.STORING_TIME

    def positions(self, topic_id: str) -> Mapping[int, int]:
        """See `LedgerSnapshot.positions`."""
        return _positions(self._cursor, topic_id)

    def slices(self, topic_id: str) -> LedgerSlices:
        """See `LedgerSnapshot.slices`."""
        rows = copy_rows(
            self._cursor, queries.SLICES.format(committed=self._committed), queries.SLICE_LAYOUT, [topic_id]
        )
        columns = {name: ints(rows, name) for name in queries.SLICE_LAYOUT if name != "committed_at"}
        return LedgerSlices(**columns, committed_at=seconds(rows, "committed_at"))

    def deployments(self) -> Mapping[int, Deployment]:
        """See `LedgerSnapshot.deployments`."""
        self._cursor.execute(queries.DEPLOYMENTS)
        return {row[0]: Deployment(*row) for row in self._cursor}

    def active_version(self) -> str:
        """See `LedgerSnapshot.active_version`."""
        self._cursor.execute("SELECT model_version FROM deployments WHERE active")
        row = self._cursor.fetchone()
        return str(row[0]) if row else ""

    def artefact(self, digest: str) -> bytes:
        """See `LedgerSnapshot.artefact`."""
        self._cursor.execute("SELECT content FROM model_artefacts WHERE digest = %s", (digest,))
        row = self._cursor.fetchone()
        if row is None:
            raise ModelUnavailable(f"no model artefact with SHA-256 {digest} is stored; its scores can't be verified")
        return bytes(row[0])

    def customers(self, topic_id: str, first_offsets: Mapping[int, int]) -> tuple[Ints, Ints]:
        """See `LedgerSnapshot.customers`."""
        partitions = list(first_offsets)
        values = [partitions, [first_offsets[partition] for partition in partitions], topic_id]
        rows = copy_rows(self._cursor, queries.CUSTOMERS, {"user_id": BIGINT, "rows": BIGINT}, values)
        return ints(rows, "user_id"), ints(rows, "rows")

    def scores(self, topic_id: str, partition: int, first: int, end: int | None) -> StoredScores:
        """See `LedgerSnapshot.scores`."""
        rows = copy_rows(self._cursor, queries.SCORES, queries.SCORE_LAYOUT, [topic_id, partition, first, _end(end)])
        return StoredScores(
            offset=ints(rows, "offset"),
            slice_id=ints(rows, "slice_id"),
            transaction_id=raw(rows, "transaction_id"),
            body_hash=ints(rows, "body_hash"),
            user_id=ints(rows, "user_id"),
            event_time=seconds(rows, "event_time"),
            amount=floats(rows, "amount"),
            log_time=seconds(rows, "log_time"),
            score=floats(rows, "score"),
            alert=rows["alert"].astype(np.bool_),
        )

    def vectors(self, topic_id: str, partition: int, first: int, end: int, users: Ints) -> StoredVectors:
        """See `LedgerSnapshot.vectors`."""
        width = 8 * FEATURE_COUNT
        unfit = np.full(FEATURE_COUNT, np.nan).tobytes()
        values = [width, unfit, topic_id, partition, first, end, users.tolist()]
        offsets, features = keyed(self._cursor, queries.VECTORS, values, FEATURE_COUNT)
        return StoredVectors(offsets, features)

    def quarantined(self, topic_id: str, partition: int, first: int, end: int | None) -> StoredQuarantine:
        """See `LedgerSnapshot.quarantined`."""
        self._cursor.execute(queries.QUARANTINED, [topic_id, partition, first, _end(end)])
        rows = self._cursor.fetchall()
        return StoredQuarantine(np.array([row[0] for row in rows], np.int64), tuple(row[1] for row in rows))

    def strangers(self, topic_id: str, partitions: Sequence[int]) -> int:
        """See `LedgerSnapshot.strangers`."""
        self._cursor.execute(queries.STRANGERS, [topic_id, list(partitions), topic_id, list(partitions)])
        return _number(self._cursor)

    def bodies(self, ids: Bytes) -> StoredBodies:
        """See `LedgerSnapshot.bodies`."""
        rows = copy_rows(self._cursor, queries.BODIES, queries.BODY_LAYOUT, [uuid_array(ids)])
        return StoredBodies(raw(rows, "transaction_id"), ints(rows, "body_hash"))

    def duplicates(self) -> int:
        """See `LedgerSnapshot.duplicates`."""
        self._cursor.execute(queries.DUPLICATES)
        return _number(self._cursor)

    def label_base(self, catalogue_version: int) -> int:
        """See `LedgerSnapshot.label_base`."""
        self._cursor.execute("SELECT label_seq FROM state_versions WHERE catalogue_version = %s", (catalogue_version,))
        row = self._cursor.fetchone()
        return int(row[0]) if row else 0

    def initial_customers(self, catalogue_version: int, users: Ints) -> tuple[Floats, RiskRows]:
        """See `LedgerSnapshot.initial_customers`."""
        risk = customer_rows(users)
        state = np.zeros((len(users), CUSTOMER_STATE_WIDTH))
        values = [catalogue_version, users.tolist()]
        keys, states = keyed(self._cursor, queries.INITIAL_STATE, values, CUSTOMER_STATE_WIDTH)
        state[risk.row_of(keys)] = states
        risk.put(*keyed(self._cursor, queries.INITIAL_CUSTOMER_RISK, values, CUSTOMER_RISK_WIDTH))
        return state, risk

    def initial_merchants(self, catalogue_version: int, merchants: Ints | None = None) -> RiskRows:
        """See `LedgerSnapshot.initial_merchants`."""
        if merchants is None:
            found = copy_rows(self._cursor, queries.MERCHANTS, {"merchant_id": BIGINT}, [catalogue_version])
            merchants = ints(found, "merchant_id")
        rows = merchant_rows(merchants)
        values = [catalogue_version, merchants.tolist()]
        rows.put(*keyed(self._cursor, queries.INITIAL_MERCHANT_RISK, values, MERCHANT_RISK_WIDTH))
        return rows

    def labels(self, after: int, upto: int) -> LabelSteps:
        """See `LedgerSnapshot.labels`."""
        rows = copy_rows(self._cursor, queries.LABELS, queries.LABEL_LAYOUT | {"before": ">i2"}, [after, upto])
        return LabelSteps(_history(rows), rows["before"].astype(np.int16))

    def past(self, users: Ints, merchants: Ints, *, after: int, upto: int) -> LabelHistory:
        """See `LedgerSnapshot.past`."""
        values = [after, upto, users.tolist(), merchants.tolist()]
        return _history(copy_rows(self._cursor, queries.PAST, queries.LABEL_LAYOUT, values))

    def alerts(self) -> AlertFacts:
        """See `LedgerSnapshot.alerts`."""
        return alert_facts(self._cursor)

    def first_alert(self, transactions: Sequence[uuid.UUID]) -> FirstAlert | None:
        """See `LedgerSnapshot.first_alert`."""
        statement = queries.FIRST_ALERT.format(committed=self._committed)
        self._cursor.execute(statement, ([str(key) for key in transactions],))
        row = self._cursor.fetchone()
        return None if row is None else FirstAlert(*row)


def _positions(cursor: Cursor, topic_id: str) -> dict[int, int]:
    cursor.execute("SELECT partition, next_offset FROM positions WHERE topic_id = %s", (topic_id,))
    return dict(cursor.fetchall())


def _history(rows: Rows) -> LabelHistory:
    return LabelHistory(
        label_seq=ints(rows, "label_seq"),
        transaction_id=raw(rows, "transaction_id"),
        user_id=ints(rows, "user_id"),
        merchant_id=ints(rows, "merchant_id"),
        arrived_at=seconds(rows, "arrived_at"),
        is_fraud=rows["is_fraud"].astype(np.bool_),
        event_time=seconds(rows, "event_time"),
        amount_ratio=floats(rows, "amount_ratio"),
    )


def _ids(cursor: Cursor, query: str) -> list[uuid.UUID]:
    cursor.execute(query)
    return [uuid.UUID(key) for (key,) in cursor]


def _number(cursor: Cursor) -> int:
    row = cursor.fetchone()
    return int(row[0]) if row else 0


def _end(end: int | None) -> int:
    return ENDLESS if end is None else end
