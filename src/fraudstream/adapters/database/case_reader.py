"""`CaseReader` on Postgres; each call is one read-only snapshot on a connection of its own."""

import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import msgspec
import numpy as np
import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database import case_queries as queries
from fraudstream.adapters.database.label_desk import stored_labels
from fraudstream.adapters.database.label_rows import FLOAT64
from fraudstream.adapters.database.ledger_queries import COMMIT_TIME, STORING_TIME
from fraudstream.adapters.database.sessions import connect
from fraudstream.contracts.decision import Reason
from fraudstream.contracts.quarantine import masked
from fraudstream.contracts.topics import ALERTS
from fraudstream.errors import ModelUnavailable, TemporarilyUnavailable
from fraudstream.features.events import CATEGORIES, CHANNELS, LOCATIONS, PAYMENT_METHODS, Floats
from fraudstream.features.state import LABELS, MERCHANT_LABELS
from fraudstream.ports.cases import (
    EARLIER,
    AlertWay,
    Case,
    KnownOutcomes,
    ReceivedNotification,
    RecordPlace,
    RefusedPayment,
    Relayed,
    ScoredPayment,
)
from fraudstream.ports.label_desk import KnownPayment
from fraudstream.ports.slices import Deployment

_COLUMNS = (
    *("log_time", "user_id", "event_time", "amount", "merchant_category", "location", "payment_method"),
    *("merchant_id", "device_id", "channel", "currency", "score", "alert"),
    *("slice_id", "label_seq", "committed_at", "features"),
)
"""What stands between the place of a payment and its deployment."""
_LIMITS = "SET LOCAL statement_timeout = '30s'"

_reasons = msgspec.json.Decoder(tuple[Reason, ...])


class PostgresCases:
    """See `CaseReader`; any thread may ask."""

    def __init__(self, url: str) -> None:
        self._url = url

    def case(self, transaction_id: uuid.UUID) -> Case:
        """See `CaseReader.case`."""
        with self._reading() as cursor:
            payment = _payment(cursor, transaction_id)
            customer = merchant = KnownOutcomes()
            if payment is not None:
                customer = _known(cursor, "user_id", payment.user_id, payment, LABELS)
                merchant = _known(cursor, "merchant_id", payment.merchant_id, payment, MERCHANT_LABELS)
            return Case(
                transaction_id=transaction_id,
                payment=payment,
                customer=customer,
                merchant=merchant,
                labels=tuple(stored_labels(cursor, transaction_id)),
                alert=None if payment is None else _alert(cursor, transaction_id, payment.user_id),
                refused=_refused(cursor, transaction_id),
                historical=_historical(cursor, transaction_id),
            )

    def artefact(self, digest: str) -> bytes:
        """See `CaseReader.artefact`."""
        with self._reading() as cursor:
            cursor.execute("SELECT content FROM model_artefacts WHERE digest = %s", (digest,))
            row = cursor.fetchone()
        if row is None:
            raise ModelUnavailable(f"no model artefact with SHA-256 {digest} is stored")
        return bytes(row[0])

    @contextmanager
    def _reading(self) -> Iterator[Cursor]:
        try:
            with closing(connect(self._url, application="fraudstream-explain")) as connection:
                connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
                with connection.cursor() as cursor:
                    cursor.execute(_LIMITS)
                    yield cursor
        except psycopg2.Error as error:
            raise TemporarilyUnavailable(f"the payment could not be looked up: {error}") from error


def _payment(cursor: Cursor, transaction_id: uuid.UUID) -> ScoredPayment | None:
    cursor.execute("SHOW track_commit_timestamp")
    committed = COMMIT_TIME if cursor.fetchone() == ("on",) else STORING_TIME
    cursor.execute(queries.PAYMENT.format(committed=committed), (str(transaction_id),))
    row = cursor.fetchone()
    if row is None:
        return None
    values = dict(zip(_COLUMNS, row[4:21], strict=True))
    place, deployment = RecordPlace(*row[:4]), Deployment(*row[21:])
    values |= {
        "merchant_category": CATEGORIES[values["merchant_category"]],
        "location": LOCATIONS[values["location"]],
        "payment_method": PAYMENT_METHODS[values["payment_method"]],
        "channel": None if values["channel"] is None else CHANNELS[values["channel"]],
        "features": _numbers(values["features"]),
    }
    earlier = _earlier(cursor, values, place, deployment)
    return ScoredPayment(place=place, deployment=deployment, earlier=earlier, **values)


def _earlier(cursor: Cursor, values: dict[str, Any], place: RecordPlace, deployment: Deployment) -> Floats:
    asked = {name: values[name] for name in ("user_id", "slice_id")}
    asked |= {"offset": place.offset, "catalogue_version": deployment.catalogue_version, "most": EARLIER}
    cursor.execute(queries.EARLIER, asked)
    rows = [_numbers(content) for (content,) in cursor]
    return np.array(rows, np.float64).reshape(len(rows), len(values["features"]))


def _known(cursor: Cursor, key: str, value: int | None, payment: ScoredPayment, slot: int) -> KnownOutcomes:
    if value is None:
        return KnownOutcomes()
    version = payment.deployment.catalogue_version
    cursor.execute(queries.KNOWN[key], {"key": value, "label_seq": payment.label_seq, "catalogue_version": version})
    initial, payments, frauds = cursor.fetchone() or (None, 0, 0)
    return KnownOutcomes(0 if initial is None else int(_numbers(initial)[slot]), payments, frauds)


def _alert(cursor: Cursor, transaction_id: uuid.UUID, user_id: int) -> AlertWay | None:
    cursor.execute(queries.ALERT, (str(transaction_id),))
    row = cursor.fetchone()
    if row is None:
        return None
    alert_id, threshold, reasons, created_at = row
    cursor.execute(queries.RELAYED, {"topic": ALERTS, "key": str(user_id).encode(), "alert_id": alert_id})
    relayed = tuple(Relayed(*times) for times in cursor)
    cursor.execute(queries.NOTIFIED, (alert_id,))
    notified = tuple(ReceivedNotification(*message) for message in cursor)
    return AlertWay(uuid.UUID(alert_id), threshold, _reasons.decode(reasons), created_at, relayed, notified)


def _refused(cursor: Cursor, transaction_id: uuid.UUID) -> tuple[RefusedPayment, ...]:
    canonical = str(transaction_id)
    spellings = {"canonical": canonical, "upper": canonical.upper(), "hex": transaction_id.hex}
    # What is kept of a record is masked: digits of an id may look like a card's number.
    sought = {name: masked(spelling.encode()) for name, spelling in spellings.items()}
    cursor.execute(queries.REFUSED, {**sought, "id": canonical})
    return tuple(RefusedPayment(RecordPlace(*row[:4]), *row[4:]) for row in cursor)


def _historical(cursor: Cursor, transaction_id: uuid.UUID) -> KnownPayment | None:
    cursor.execute(queries.HISTORICAL, (str(transaction_id),))
    row = cursor.fetchone()
    return None if row is None else KnownPayment(*row)


def _numbers(content: bytes | memoryview) -> Floats:
    return np.frombuffer(bytes(content), FLOAT64).astype(np.float64)
