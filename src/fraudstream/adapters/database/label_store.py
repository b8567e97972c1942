"""`LabelStore` on Postgres: one transaction for labels, their turns, the risk rows they move and the position."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from struct import unpack
from typing import Any

import numpy as np
import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class
from psycopg2.extras import execute_values

from fraudstream.adapters.database import label_queries as queries
from fraudstream.adapters.database.label_rows import (
    FLOAT64,
    array_literal,
    bytes_literal,
    label_arrays,
    label_row,
    moment,
)
from fraudstream.adapters.database.refusals import FOR_A_TIME, unavailable
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.database.slice_rows import OUTBOX_CHANNEL
from fraudstream.contracts.alert import CONFIRMED, DISMISSED
from fraudstream.contracts.quarantine import QuarantineRecord, as_text, encode_quarantine_record, masked
from fraudstream.contracts.topics import QUARANTINE
from fraudstream.features.catalogue import CATALOGUE_VERSION, index_of
from fraudstream.features.events import Ints
from fraudstream.features.label_history import LabelHistory, RiskRows, customer_rows, merchant_rows
from fraudstream.ports.labels import LabelledPayment, LabelProgress, LabelRow, RefusedRecord

Partition = tuple[str, int]
"""Topic id and partition of a log of payments."""

_LIMITS = "SET LOCAL statement_timeout = '60s'; SET LOCAL lock_timeout = '20s'"
_RELEASE_RANGE = 50_000
"""Scored records that one look for released labels goes over at the most, in each partition."""


class PostgresLabelStore:
    """`LabelStore` on one connection, which is opened when it is first needed and again after it broke."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None
        self._looked_at: dict[Partition, int] | None = None
        self._versions = -1

    @contextmanager
    def transaction(self) -> Iterator["PostgresLabelTransaction"]:
        """See `LabelStore.transaction`."""
        try:
            if self._connection is None:
                self._connection = connect(self._url, application="fraudstream-label-applier")
            with self._connection, self._connection.cursor() as cursor:
                cursor.execute(_LIMITS)
                transaction = PostgresLabelTransaction(cursor, self._looked_at, self._versions)
                yield transaction
            self._looked_at, self._versions = transaction.looked_at, transaction.versions
        except FOR_A_TIME as error:
            self.close()
            raise unavailable("the label transaction was not confirmed", error) from error

    def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            with suppress(psycopg2.Error):
                self._connection.close()
            self._connection = None


class PostgresLabelTransaction:
    """`LabelTransaction` in one open transaction.

    `looked_at` says up to where, in each partition of payments, no waiting label is left behind.
    """

    def __init__(self, cursor: Cursor, looked_at: dict[Partition, int] | None, versions: int) -> None:
        self._cursor = cursor
        self.looked_at = looked_at
        self.versions = versions
        self._stateless = False

    def next_offset(self, topic_id: str, partition: int) -> int:
        """See `LabelTransaction.next_offset`."""
        self._cursor.execute(
            "SELECT next_offset FROM positions WHERE topic_id = %s AND partition = %s FOR UPDATE", (topic_id, partition)
        )
        row = self._cursor.fetchone()
        return int(row[0]) if row else 0

    def progress(self) -> LabelProgress:
        """See `LabelTransaction.progress`."""
        self._cursor.execute("INSERT INTO label_progress DEFAULT VALUES ON CONFLICT DO NOTHING")
        self._cursor.execute("SELECT label_seq FROM label_progress FOR UPDATE")
        turn = self._cursor.fetchone()
        self._cursor.execute(queries.BASE, (CATALOGUE_VERSION, CATALOGUE_VERSION))
        base = self._cursor.fetchone()
        self._stateless = base is None
        return LabelProgress(int(turn[0]) if turn else 0, int(base[0]) if base else None)

    def payments(self, ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, LabelledPayment]:
        """See `LabelTransaction.payments`; a scored payment goes before a historical one."""
        first = index_of("amount_ratio") * FLOAT64.itemsize + 1
        self._cursor.execute(queries.PAYMENTS, {"ids": array_literal(ids), "first": first})
        return {
            uuid.UUID(key): LabelledPayment(
                user_id,
                merchant_id,
                event_time,
                amount,
                ratio if vector is None else unpack("<d", vector)[0],
            )
            for key, user_id, merchant_id, event_time, amount, ratio, vector in self._cursor
        }

    def outcomes(self, ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, bool]:
        """See `LabelTransaction.outcomes`."""
        self._cursor.execute(queries.OUTCOMES, (array_literal(ids),))
        return {uuid.UUID(key): is_fraud for key, is_fraud in self._cursor}

    def waiting(self, ids: Sequence[uuid.UUID]) -> Sequence[LabelRow]:
        """See `LabelTransaction.waiting`."""
        self._cursor.execute(queries.WAITING, (array_literal(ids),))
        return [label_row(row) for row in self._cursor]

    def released(self, most: int) -> Sequence[LabelRow]:
        """See `LabelTransaction.released`.

        Everything is looked at once after a start and after a deployment with a new history; from then on only
        what was scored since. A cursor over offsets is safe: positions move in the commit of their rows.
        """
        if self._stateless:  # no label can take its turn, and none may be left behind
            return []
        self._cursor.execute(
            "SELECT (SELECT count(*) FROM state_versions), EXISTS (SELECT FROM labels WHERE label_seq IS NULL)"
        )
        versions, any_waiting = self._cursor.fetchone() or (0, False)
        self._cursor.execute("SELECT topic_id, partition, next_offset FROM positions")
        ends: dict[Partition, int] = {(topic_id, partition): end for topic_id, partition, end in self._cursor}
        if not any_waiting:
            self.looked_at, self.versions = ends, versions
            return []
        if self.looked_at is None or versions != self.versions:
            self._cursor.execute(queries.RELEASED_ANYWHERE, (most,))
            rows = [label_row(row) for row in self._cursor]
            if len(rows) < most:
                self.looked_at, self.versions = ends, versions
            return rows
        return self._released_since(self.looked_at, ends)

    def past(self, users: Ints, merchants: Ints, *, after: int) -> LabelHistory:
        """See `LabelTransaction.past`."""
        self._cursor.execute(queries.PAST, (after, users.tolist(), merchants.tolist()))
        rows = self._cursor.fetchall()
        ids = b"".join(uuid.UUID(row[1]).bytes for row in rows)
        return LabelHistory(
            label_seq=np.array([row[0] for row in rows], np.int64),
            transaction_id=np.frombuffer(ids, np.uint8).reshape(-1, 16),
            user_id=np.array([row[2] for row in rows], np.int64),
            merchant_id=np.array([row[3] for row in rows], np.int64),
            arrived_at=np.array([row[4] for row in rows], np.float64),
            is_fraud=np.array([row[5] for row in rows], np.bool_),
            event_time=np.array([row[6] for row in rows], np.float64),
            amount_ratio=np.array([row[7] for row in rows], np.float64),
        )

    def risk(self, users: Ints, merchants: Ints, *, initial: bool = False) -> tuple[RiskRows, RiskRows]:
        """See `LabelTransaction.risk`."""
        customers, shops = customer_rows(users), merchant_rows(merchants)
        for rows, key in ((customers, "user_id"), (shops, "merchant_id")):
            self._cursor.execute(
                f"{queries.RISK[key, initial]} WHERE catalogue_version = %s AND {key} = ANY(%s)",
                (CATALOGUE_VERSION, rows.keys.tolist()),
            )
            found = self._cursor.fetchall()
            ids = np.array([row[0] for row in found], np.int64)
            values = np.frombuffer(b"".join(row[1] for row in found), FLOAT64)
            rows.put(ids, values.reshape(len(ids), rows.rows.shape[1]))
        return customers, shops

    def put_risk(self, customers: RiskRows, merchants: RiskRows) -> None:
        """See `LabelTransaction.put_risk`."""
        for statement, rows in ((queries.PUT_CUSTOMERS, customers), (queries.PUT_MERCHANTS, merchants)):
            values = (CATALOGUE_VERSION, array_literal(rows.keys.tolist()), bytes_literal(rows.rows[:-1]))
            self._cursor.execute(statement, values)

    def put_labels(self, labels: Sequence[LabelRow]) -> None:
        """See `LabelTransaction.put_labels`."""
        if labels:
            self._cursor.execute(queries.PUT_LABELS, label_arrays(labels))

    def work_alerts(self, outcomes: Mapping[uuid.UUID, bool]) -> None:
        """See `LabelTransaction.work_alerts`; an alert that is held becomes worked, too, and stays in the outbox."""
        status = [CONFIRMED if is_fraud else DISMISSED for is_fraud in outcomes.values()]
        self._cursor.execute(queries.WORK_ALERTS, (array_literal(list(outcomes)), status))

    def refuse(self, records: Sequence[RefusedRecord], topic_id: str) -> None:
        """See `LabelTransaction.refuse`."""
        if not records:
            return
        kept = []
        outgoing = []
        for item in records:
            record, size = item.record, len(item.record.value or b"")
            raw = masked(record.value)
            place = (record.partition, record.offset)
            kept.append((topic_id, *place, record.topic, item.reason, item.detail, raw, size, moment(record.log_time)))
            word = QuarantineRecord(
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                reason=item.reason,
                detail=item.detail,
                raw=as_text(raw),
                raw_size=size,
            )
            key = f"{record.topic}/{record.partition}/{record.offset}".encode()
            outgoing.append((QUARANTINE, key, encode_quarantine_record(word)))
        execute_values(self._cursor, queries.REFUSE, kept)
        execute_values(
            self._cursor,
            "INSERT INTO outbox (topic, key, value, not_before) VALUES %s",
            outgoing,
            template="(%s, %s, %s, clock_timestamp())",
        )
        self._cursor.execute(f"NOTIFY {OUTBOX_CHANNEL}")

    def advance(self, topic: str, topic_id: str, next_offsets: Mapping[int, int]) -> None:
        """See `LabelTransaction.advance`; the log of labels has no epochs."""
        rows = [(topic_id, partition, topic, offset, 0) for partition, offset in next_offsets.items()]
        execute_values(self._cursor, queries.ADVANCE, rows)

    def take_turns(self, label_seq: int) -> None:
        """See `LabelTransaction.take_turns`."""
        self._cursor.execute("UPDATE label_progress SET label_seq = %s", (label_seq,))

    def _released_since(self, start: dict[Partition, int], ends: dict[Partition, int]) -> list[LabelRow]:
        found: list[tuple[Any, ...]] = []
        reached = dict(start)
        for place, end in ends.items():
            first = start.get(place, 0)
            reached[place] = min(end, first + _RELEASE_RANGE)
            if reached[place] > first:
                self._cursor.execute(queries.RELEASED_BY, (*place, first, reached[place]))
                found += self._cursor.fetchall()
        self.looked_at = reached
        rows = [(row[-1], label_row(row)) for row in found]
        return [row for _, row in sorted(rows, key=lambda found: (found[0], found[1].partition, found[1].offset))]
