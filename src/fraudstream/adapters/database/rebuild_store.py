"""`RebuildStore` on Postgres: each step reads a window of the past and moves one catalogue version's state."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import fields, replace

import numpy as np
import psycopg2
from psycopg2 import errors
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class
from sqlalchemy.engine import make_url

from fraudstream.adapters.database import life_cycle_rows, rebuild_rows
from fraudstream.adapters.database.binary_rows import (
    BIGINT,
    DOUBLE,
    MOMENT,
    UUID,
    copy_rows,
    floats,
    ints,
    keyed,
    raw,
    seconds,
)
from fraudstream.adapters.database.label_queries import PUT_CUSTOMERS, PUT_MERCHANTS
from fraudstream.adapters.database.label_rows import array_literal, bytes_literal
from fraudstream.adapters.database.ledger_reader import PostgresLedgerSnapshot
from fraudstream.adapters.database.scorer_runs import ScorerRuns
from fraudstream.adapters.database.sessions import connect
from fraudstream.clock import Clock
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.features.events import Codes, EventColumns, Floats, Ints
from fraudstream.features.label_history import RiskRows, customer_rows, merchant_rows
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.models.initial_state import InitialState
from fraudstream.ports.ledger import LedgerSlices
from fraudstream.ports.rebuild import Checkpoint, RecordedPast, RecordedPayments, Stage
from fraudstream.ports.records import TopicPartitions

_LIMITS = "SET LOCAL statement_timeout = '120s'; SET LOCAL lock_timeout = '30s'; SET LOCAL work_mem = '64MB'"
_LOGS = "SELECT DISTINCT topic, topic_id FROM positions WHERE epoch > 0 ORDER BY topic_id"
"""The logs that a scorer ever took; the log of labels has no epochs."""
_PLACES = "SELECT DISTINCT topic_id, partition FROM slices ORDER BY 1, 2"
_LABEL_SEQ = "SELECT coalesce((SELECT label_seq FROM label_progress), 0)"
_LABEL_BASE = "SELECT coalesce(min(label_seq), 0) FROM state_versions"

_SMALL = ">i2"
_PAYMENT_LAYOUT = {
    "offset": BIGINT,
    "slice_id": BIGINT,
    "transaction_id": UUID,
    "user_id": BIGINT,
    "event_time": MOMENT,
    "amount": DOUBLE,
    "category": _SMALL,
    "location": _SMALL,
    "payment_method": _SMALL,
    "merchant_id": BIGINT,
    "device_id": BIGINT,
    "channel": _SMALL,
}
_PAYMENTS = """
SELECT "offset", slice_id, transaction_id, user_id, event_time, amount, merchant_category, location, payment_method,
       coalesce(merchant_id, -1), coalesce(device_id, -1), coalesce(channel, (-1)::int2)
FROM scored_transactions
WHERE topic_id = %s AND partition = %s AND "offset" >= %s AND "offset" < %s ORDER BY "offset"
"""
_STATES = "SELECT user_id, state FROM customer_state WHERE catalogue_version = %s AND user_id = ANY(%s::bigint[])"
_CUSTOMER_RISK = "SELECT user_id, risk FROM customer_risk WHERE catalogue_version = %s AND user_id = ANY(%s::bigint[])"
_MERCHANT_RISK = (
    "SELECT merchant_id, risk FROM merchant_risk WHERE catalogue_version = %s AND merchant_id = ANY(%s::bigint[])"
)
_PUT_STATES = """
INSERT INTO customer_state (catalogue_version, user_id, state)
SELECT %s, user_id, state FROM unnest(%s::bigint[], %s::bytea[]) AS moved (user_id, state)
ON CONFLICT (catalogue_version, user_id) DO UPDATE SET state = excluded.state
"""


class PostgresRebuildStore:
    """Opens a connection for each call; `clock` bounds the wait for a scorer that is just stopping."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._url = url
        self._clock = clock

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See `RebuildStore.alone`."""
        with self._transaction() as cursor:
            cursor.execute(_LOGS)
            logs: Sequence[tuple[str, str]] = cursor.fetchall()
        with ExitStack() as held:
            for topic, topic_id in logs:
                runs = held.enter_context(ScorerRuns(self._url, TopicPartitions(topic, topic_id, {}), self._clock))
                try:
                    runs.acquire(takeover=False)
                except ConfigurationError as error:
                    raise ConfigurationError(
                        f"a scorer, or another rebuild, is at work on {topic}; stop it first: a state is rebuilt "
                        "while nobody scores"
                    ) from error
            yield

    def at_work(self) -> int | None:
        """See `RebuildStore.at_work`."""
        with self._transaction() as cursor:
            found = life_cycle_rows.active(cursor)
        return None if found is None else found.catalogue_version

    def checkpoint(self, catalogue_version: int) -> Checkpoint | None:
        """See `RebuildStore.checkpoint`."""
        with self._transaction() as cursor:
            return rebuild_rows.checkpoint_of(cursor, catalogue_version)

    def begin(self, catalogue_version: int, kernel: int, state: InitialState) -> Checkpoint:
        """See `RebuildStore.begin`."""
        with self._transaction() as cursor:
            rebuild_rows.begin_rows(cursor, catalogue_version, state)
            base = _number(cursor, _LABEL_BASE)
            begun = Checkpoint(catalogue_version, Stage.RUNNING, kernel, base, base, 0, 0, 0, 0, {})
            rebuild_rows.reach(cursor, begun)
        return begun

    def past(self) -> RecordedPast:
        """See `RebuildStore.past`."""
        with self._transaction() as cursor:
            cursor.execute(f"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; {_PLACES}")
            places: list[tuple[str, int]] = cursor.fetchall()
            reader = PostgresLedgerSnapshot(cursor, tracked=False)
            slices = [
                _placed(reader.slices(topic_id), topic_id, places) for topic_id in dict.fromkeys(t for t, _ in places)
            ]
            return RecordedPast(places, _joined(slices), _number(cursor, _LABEL_SEQ))

    @contextmanager
    def step(self, catalogue_version: int) -> Iterator["PostgresRebuildStep"]:
        """See `RebuildStore.step`."""
        with self._transaction() as cursor:
            yield PostgresRebuildStep(cursor, catalogue_version)

    @contextmanager
    def _transaction(self) -> Iterator[Cursor]:
        try:
            with (
                closing(connect(self._url, application="fraudstream-rebuild")) as connection,
                connection,
                connection.cursor() as cursor,
            ):
                cursor.execute(_LIMITS)
                yield cursor
        except errors.InsufficientPrivilege as error:
            raise ConfigurationError(
                f"the database role {make_url(self._url).username} may not do this ({error}); "
                "DATABASE_URL must name the role that promotes"
            ) from error
        except psycopg2.Error as error:
            raise TemporarilyUnavailable(
                f"PostgreSQL did not take the rebuild's last step ({error}); run it again, it goes on where it was"
            ) from error


class PostgresRebuildStep(PostgresLedgerSnapshot):
    """`RebuildStep` in one open transaction; labels and initial rows are read as the ledger reads them."""

    def __init__(self, cursor: Cursor, catalogue_version: int) -> None:
        super().__init__(cursor, tracked=False)
        self._version = catalogue_version

    def payments(self, topic_id: str, partition: int, first: int, end: int) -> RecordedPayments:
        """See `RebuildStep.payments`."""
        rows = copy_rows(self._cursor, _PAYMENTS, _PAYMENT_LAYOUT, [topic_id, partition, first, end])

        def codes(name: str) -> Codes:
            return rows[name].astype(np.int16)

        events = EventColumns(
            transaction_id=raw(rows, "transaction_id"),
            user_id=ints(rows, "user_id"),
            event_time=seconds(rows, "event_time"),
            amount=floats(rows, "amount"),
            category=codes("category"),
            location=codes("location"),
            payment_method=codes("payment_method"),
            merchant_id=ints(rows, "merchant_id"),
            device_id=ints(rows, "device_id"),
            channel=codes("channel"),
        )
        return RecordedPayments(ints(rows, "offset"), ints(rows, "slice_id"), events)

    def states(self, users: Ints) -> Floats:
        """See `RebuildStep.states`."""
        keys, rows = keyed(self._cursor, _STATES, [self._version, users.tolist()], CUSTOMER_STATE_WIDTH)
        states = np.zeros((len(users), CUSTOMER_STATE_WIDTH))
        states[np.searchsorted(users, keys)] = rows
        return states

    def risks(self, users: Ints, merchants: Ints) -> tuple[RiskRows, RiskRows]:
        """See `RebuildStep.risks`."""
        customers, shops = customer_rows(users), merchant_rows(merchants)
        customers.put(*keyed(self._cursor, _CUSTOMER_RISK, [self._version, users.tolist()], CUSTOMER_RISK_WIDTH))
        shops.put(*keyed(self._cursor, _MERCHANT_RISK, [self._version, merchants.tolist()], MERCHANT_RISK_WIDTH))
        return customers, shops

    def put_states(self, users: Ints, states: Floats) -> None:
        """See `RebuildStep.put_states`."""
        self._cursor.execute(_PUT_STATES, [self._version, array_literal(users.tolist()), bytes_literal(states)])

    def put_risks(self, customers: RiskRows, merchants: RiskRows) -> None:
        """See `RebuildStep.put_risks`."""
        for statement, rows in ((PUT_CUSTOMERS, customers), (PUT_MERCHANTS, merchants)):
            values = [self._version, array_literal(rows.keys.tolist()), bytes_literal(rows.rows[:-1])]
            self._cursor.execute(statement, values)

    def reach(self, checkpoint: Checkpoint) -> None:
        """See `RebuildStep.reach`."""
        rebuild_rows.reach(self._cursor, checkpoint)


def _placed(slices: LedgerSlices, topic_id: str, places: list[tuple[str, int]]) -> LedgerSlices:
    """Slices of one log with places in the stead of their partitions."""
    place = {partition: number for number, (topic, partition) in enumerate(places) if topic == topic_id}
    return replace(slices, partition=np.array([place[p] for p in slices.partition.tolist()], np.int64))


def _joined(parts: Sequence[LedgerSlices]) -> LedgerSlices:
    nothing = np.empty(0, np.int64)
    return LedgerSlices(
        *(np.concatenate([nothing, *(getattr(part, column.name) for part in parts)]) for column in fields(LedgerSlices))
    )


def _number(cursor: Cursor, query: str) -> int:
    cursor.execute(query)
    row = cursor.fetchone()
    return int(row[0]) if row else 0
