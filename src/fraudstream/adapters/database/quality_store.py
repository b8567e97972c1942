"""`QualityStore` on Postgres: sums are made where the rows are, and only they and samples are read."""

import datetime as dt
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from dataclasses import astuple

import msgspec
import numpy as np
import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class
from psycopg2.extras import execute_values

from fraudstream.adapters.database import quality_queries as queries
from fraudstream.adapters.database.binary_rows import DOUBLE, copy_rows, floats
from fraudstream.adapters.database.refusals import FOR_A_TIME, is_the_roles, unavailable
from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import ConfigurationError
from fraudstream.features.catalogue import CATALOGUE_VERSION, FEATURE_COUNT
from fraudstream.features.stability import Histogram
from fraudstream.ports.quality import (
    DayPayments,
    DayQuality,
    FeatureDrift,
    Horizon,
    OutcomeChange,
    Reference,
    VectorSample,
)

NEWEST = 1_000
"""Payments of each partition, and labels, that are looked at to know the stream's time."""

_LIMITS = "SET LOCAL statement_timeout = '110s'; SET LOCAL work_mem = '64MB'"
_SAMPLE_LAYOUT = {"score": DOUBLE, "features": f"({FEATURE_COUNT},)<f8"}


class _Mark(msgspec.Struct, frozen=True):
    """The last turn a label has taken, and where each partition stands: topic id, partition, next offset."""

    turn: int
    positions: list[tuple[str, int, int]]


FORBIDDEN = (
    "this database role may not store what is measured: DATABASE_URL must name the role of live quality, or the "
    "schema's owner"
)


class PostgresQuality:
    """See `QualityStore`; a connection that breaks is opened again at the next call."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Connection | None = None

    def horizon(self) -> Horizon | None:
        """See `QualityStore.horizon`."""
        with self._transaction() as cursor:
            cursor.execute(queries.HORIZON, {"newest": NEWEST})
            paid_at, told_at, positions, turn = cursor.fetchone() or (None, None, [], 0)
        if paid_at is None:
            return None
        newest = _day_of(paid_at)
        known_on = newest if told_at is None else max(newest, _day_of(told_at))
        return Horizon(newest, known_on, msgspec.json.encode(_Mark(turn, positions)).decode())

    def touched(self, since: str) -> AbstractSet[dt.date]:
        """See `QualityStore.touched`."""
        mark = msgspec.json.decode(since, type=_Mark)
        stood = {(topic_id, partition): offset for topic_id, partition, offset in mark.positions}
        days: set[dt.date] = set()
        with self._transaction() as cursor:
            cursor.execute(queries.LABELLED_DAYS, (mark.turn,))
            days.update(day for (day,) in cursor)
            cursor.execute(queries.POSITIONS)
            for topic_id, partition, offset in cursor.fetchall():
                first = stood.get((topic_id, partition), 0)
                if first < offset:
                    cursor.execute(queries.SCORED_DAYS, (topic_id, partition, first, offset))
                    days.update(day for (day,) in cursor)
        return days

    def payments(self, day: dt.date) -> Sequence[DayPayments]:
        """See `QualityStore.payments`."""
        with self._transaction() as cursor:
            cursor.execute(queries.PAYMENTS, _bounds(day))
            return [DayPayments(*row) for row in cursor.fetchall()]

    def changes(self, day: dt.date) -> Sequence[OutcomeChange]:
        """See `QualityStore.changes`."""
        with self._transaction() as cursor:
            cursor.execute(queries.CHANGES, _bounds(day))
            return [OutcomeChange(*row) for row in cursor.fetchall()]

    def began_at(self, model_version: str) -> dt.datetime | None:
        """See `QualityStore.began_at`."""
        with self._transaction() as cursor:
            cursor.execute(queries.FIRST_SLICE, (model_version,))
            place = cursor.fetchone()
            if place is None:
                return None
            cursor.execute(queries.BEGAN_AT, place)
            (moment,) = cursor.fetchone() or (None,)
        return None if moment is None else moment.astimezone(dt.UTC)

    def sample(self, model_version: str, begins: dt.datetime, ends: dt.datetime, *, every: int) -> VectorSample:
        """See `QualityStore.sample`; a hash of the payment decides."""
        values = [begins, ends, every, 8 * FEATURE_COUNT, model_version, CATALOGUE_VERSION]
        with self._transaction() as cursor:
            rows = copy_rows(cursor, queries.SAMPLE, _SAMPLE_LAYOUT, values)
        return VectorSample(rows["features"].astype(np.float64), floats(rows, "score"))

    def reference(self, model_version: str) -> Reference | None:
        """See `QualityStore.reference`."""
        with self._transaction() as cursor:
            cursor.execute(queries.REFERENCE, (model_version,))
            rows = cursor.fetchall()
        if not rows:
            return None
        *_, begins_at, ends_at = rows[0]
        histograms = {feature: Histogram(tuple(edges), tuple(counts)) for feature, edges, counts, _, _ in rows}
        return Reference(model_version, begins_at.astimezone(dt.UTC), ends_at.astimezone(dt.UTC), histograms)

    def put_reference(self, reference: Reference) -> None:
        """See `QualityStore.put_reference`."""
        rows = [
            (
                reference.model_version,
                feature,
                list(histogram.edges),
                list(histogram.counts),
                reference.begins_at,
                reference.ends_at,
            )
            for feature, histogram in reference.histograms.items()
        ]
        self._put(queries.PUT_REFERENCE, rows)

    def put_quality(self, rows: Sequence[DayQuality]) -> None:
        """See `QualityStore.put_quality`."""
        self._put(queries.PUT_QUALITY, [astuple(row) for row in rows])

    def put_drift(self, rows: Sequence[FeatureDrift]) -> None:
        """See `QualityStore.put_drift`."""
        self._put(queries.PUT_DRIFT, [astuple(row) for row in rows])

    def stored_quality(self, first: dt.date, last: dt.date) -> Sequence[DayQuality]:
        """See `QualityStore.stored_quality`."""
        with self._transaction() as cursor:
            cursor.execute(queries.STORED_QUALITY, (first, last))
            return [DayQuality(*row) for row in cursor.fetchall()]

    def stored_drift(self, first: dt.date, last: dt.date) -> Sequence[FeatureDrift]:
        """See `QualityStore.stored_drift`."""
        with self._transaction() as cursor:
            cursor.execute(queries.STORED_DRIFT, (first, last))
            return [FeatureDrift(*row) for row in cursor.fetchall()]

    def close(self) -> None:
        """End the session."""
        if self._connection is not None:
            with suppress(psycopg2.Error):
                self._connection.close()
            self._connection = None

    def _put(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        if rows:
            with self._transaction() as cursor:
                execute_values(cursor, statement, rows)

    @contextmanager
    def _transaction(self) -> Iterator[Cursor]:
        try:
            if self._connection is None:
                self._connection = connect(self._url, application="fraudstream quality")
            with self._connection, self._connection.cursor() as cursor:
                cursor.execute(_LIMITS)
                yield cursor
        except psycopg2.Error as error:
            if is_the_roles(error, self._connection):
                raise ConfigurationError(f"{FORBIDDEN} ({error.diag.message_primary})") from error
            if not isinstance(error, FOR_A_TIME):
                raise
            self.close()
            raise unavailable("live quality could not be read or stored", error) from error


def _bounds(day: dt.date) -> dict[str, dt.datetime]:
    begins = dt.datetime.combine(day, dt.time(), dt.UTC)
    return {"begins": begins, "ends": begins + dt.timedelta(days=1)}


def _day_of(moment: dt.datetime) -> dt.date:
    return moment.astimezone(dt.UTC).date()
