"""Records of a range of the log, read as the scorer reads them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fraudstream.contracts.transaction import ParsedTransaction, parse_transaction
from fraudstream.errors import MalformedEvent
from fraudstream.features.events import Bytes, Floats, Ints
from fraudstream.ports.ledger import Bools
from fraudstream.ports.records import Record
from fraudstream.verify.journal import HASH_BYTES, Acknowledged

_NO_ID = bytes(16)


@dataclass(frozen=True)
class LogRange:
    """`n` records of one partition by offset; a record that is no payment has a `reason` and zeros elsewhere.

    `log_time` and `event_time` are in seconds since 1970 UTC, `transaction_id` is (n, 16) bytes.
    """

    partition: int
    offset: Ints
    log_time: Floats
    parsed: tuple[ParsedTransaction | None, ...]
    reason: tuple[str | None, ...]
    readable: Bools
    transaction_id: Bytes
    body_hash: Ints
    user_id: Ints
    event_time: Floats
    amount: Floats

    def __len__(self) -> int:
        """Number of records."""
        return len(self.offset)


def read_range(partition: int, records: Sequence[Record], *, max_future: float) -> LogRange:
    """Parse records; `max_future` seconds is how far a payment may lie beyond the broker's time."""
    read = [_read(record, max_future) for record in records]
    parsed = tuple(item if isinstance(item, ParsedTransaction) else None for item in read)
    payments = [(None if item is None else item.transaction) for item in parsed]
    ids = b"".join(_NO_ID if payment is None else payment.transaction_id.bytes for payment in payments)
    return LogRange(
        partition=partition,
        offset=np.array([record.offset for record in records], np.int64),
        log_time=np.array([record.log_time for record in records], np.float64),
        parsed=parsed,
        reason=tuple(item if isinstance(item, str) else None for item in read),
        readable=np.array([item is not None for item in parsed], np.bool_),
        transaction_id=np.frombuffer(ids, np.uint8).reshape(-1, 16),
        body_hash=np.array([0 if item is None else item.body_hash for item in parsed], np.int64),
        user_id=np.array([-1 if payment is None else payment.user_id for payment in payments], np.int64),
        event_time=np.array([0.0 if item is None else item.event_time for item in parsed], np.float64),
        amount=np.array([0.0 if payment is None else payment.amount for payment in payments], np.float64),
    )


def found_in_log(acknowledged: Acknowledged, records: Sequence[Record]) -> Bools:
    """Which acknowledged records of one range stand at their place, byte for byte, shape (n,)."""
    at = {record.offset: record.value for record in records}
    expected = acknowledged.value_hash.tobytes()
    found = np.zeros(len(acknowledged), np.bool_)
    for row, offset in enumerate(acknowledged.offset.tolist()):
        value = at.get(offset)
        if value is not None:
            digest = hashlib.blake2b(value, digest_size=HASH_BYTES).digest()
            found[row] = digest == expected[row * HASH_BYTES : (row + 1) * HASH_BYTES]
    return found


def found_by_value(acknowledged: Acknowledged, records: Sequence[Record]) -> Bools:
    """Which acknowledged records stand anywhere among these, byte for byte, shape (n,); each record is one's alone."""
    waiting: dict[bytes, list[int]] = {}
    for row, value_hash in enumerate(acknowledged.value_hash):
        waiting.setdefault(value_hash.tobytes(), []).append(row)
    found = np.zeros(len(acknowledged), np.bool_)
    for value in [record.value for record in records if record.value is not None] if waiting else ():
        rows = waiting.get(hashlib.blake2b(value, digest_size=HASH_BYTES).digest())
        if rows:
            found[rows.pop()] = True
    return found


def _read(record: Record, max_future: float) -> ParsedTransaction | str:
    try:
        return parse_transaction(record.value, latest=record.log_time + max_future)
    except MalformedEvent as error:
        return error.reason
