"""Alerts, records and a memory of sent alerts, with just what a test cares about."""

import datetime as dt
import time
import uuid
from typing import Any

from aws_lambda_powertools.utilities.idempotency import BasePersistenceLayer
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyItemAlreadyExistsError,
    IdempotencyItemNotFoundError,
)
from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord

from fraudstream.contracts.alert import Alert, alert_id_for, encode_alert
from fraudstream.contracts.decision import Reason
from fraudstream.contracts.topics import ALERTS
from fraudstream.ports.records import Record

LOG_TIME = 1_750_000_000.0


def an_alert(number: int = 1, **changes: Any) -> Alert:  # noqa: ANN401 - any field of an alert
    """The alert of payment `number`."""
    transaction_id = uuid.UUID(int=number)
    fields: dict[str, Any] = {
        "alert_id": alert_id_for(transaction_id),
        "transaction_id": transaction_id,
        "user_id": 42,
        "amount": 1_234.5,
        "event_time": dt.datetime(2026, 3, 1, 12, 30, tzinfo=dt.UTC),
        "merchant_category": "electronics",
        "location": "Chicago",
        "payment_method": "credit_card",
        "score": 0.973,
        "threshold": 0.4,
        "reasons": (Reason("amount_ratio", 6.2, 1.8, "6.2 times the usual amount"),),
        "model_version": "7",
    }
    return Alert(**(fields | changes))


def a_record(offset: int, value: bytes | None = None, *, partition: int = 0, log_time: float = LOG_TIME) -> Record:
    """A record of the alert topic; by default it holds the alert of payment `offset + 1`."""
    content = encode_alert(an_alert(offset + 1)) if value is None else value
    return Record(ALERTS, partition, offset, b"42", content, log_time)


class SentInMemory(BasePersistenceLayer):
    """Powertools' memory of sent alerts, in this process."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.records: dict[str, DataRecord] = {}

    def _get_record(self, idempotency_key: str) -> DataRecord:
        try:
            return self.records[idempotency_key]
        except KeyError:
            raise IdempotencyItemNotFoundError from None

    def _put_record(self, data_record: DataRecord) -> None:
        known = self.records.get(data_record.idempotency_key)
        if known is not None and not known.is_expired and not _is_abandoned(known):
            raise IdempotencyItemAlreadyExistsError(old_data_record=known)
        self.records[data_record.idempotency_key] = data_record

    def _update_record(self, data_record: DataRecord) -> None:
        self.records[data_record.idempotency_key] = data_record

    def _delete_record(self, data_record: DataRecord) -> None:
        self.records.pop(data_record.idempotency_key, None)


def _is_abandoned(record: DataRecord) -> bool:
    expiry = record.in_progress_expiry_timestamp
    return record.status == "INPROGRESS" and expiry is not None and expiry < time.time() * 1_000
