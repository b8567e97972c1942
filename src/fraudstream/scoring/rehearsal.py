"""A slice on trial: everything a real one does, and then it is rolled back.

The first slice of a worker opens a connection, loads the model and runs each statement for the first time; the first
records that Spark reads are the first its Java code sees. A payment shall not wait for that.
"""

import contextlib
import datetime as dt
import uuid
from collections.abc import Iterator

from fraudstream.contracts.transaction import Transaction, encode_transaction
from fraudstream.ports.slices import LogPart, SliceStore, SliceTransaction


class _RehearsalOver(Exception):  # noqa: N818 - nothing went wrong
    pass


class RehearsalStore:
    """`SliceStore` that commits nothing."""

    def __init__(self, store: SliceStore) -> None:
        self._store = store

    @contextlib.contextmanager
    def open(self, part: LogPart) -> Iterator[SliceTransaction]:
        """See `SliceStore.open`; rolled back at the end of the block, whatever happened in it."""
        with contextlib.suppress(_RehearsalOver), self._store.open(part) as opened:
            yield opened
            raise _RehearsalOver


def payment_on_trial(moment: dt.datetime) -> bytes:
    """A payment of nobody's, under an id of its own."""
    return encode_transaction(
        Transaction(
            transaction_id=uuid.uuid4(),
            user_id=0,
            amount=1.0,
            timestamp=moment,
            merchant_category="Groceries",
            location="Chicago",
            payment_method="Debit Card",
            merchant_id=0,
            device_id=0,
            channel="online",
        )
    )
