"""What an object of the archive holds, read back and compared with what was stored."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from fraudstream.archive.parquet import columns_of
from fraudstream.contracts.transaction import ParsedTransaction, parse_transaction
from fraudstream.errors import MalformedEvent
from fraudstream.ports.archive import ArchivedFile, Totals, Zone


@dataclass(frozen=True)
class ObjectContent:
    """Offsets of an object's rows, the sums over scores, and what each record or score is the payment of.

    `bodies` are body hashes by offset; of raw records those that are payments at all. `amounts` are theirs.
    """

    offsets: tuple[int, ...]
    totals: Totals = field(default_factory=Totals)
    bodies: dict[int, int] = field(default_factory=dict)
    amounts: dict[int, float] = field(default_factory=dict)

    def amount_at(self, offsets: Iterable[int]) -> Decimal:
        """The sum of the amounts at some offsets; what is no payment, or not there, adds nothing."""
        return _exact_sum([self.amounts[offset] for offset in offsets if offset in self.amounts])

    def rows_up_to(self, offset: int) -> int:
        """How many rows stand at or before an offset."""
        return sum(one <= offset for one in self.offsets)


def read_object(file: ArchivedFile, content: bytes) -> ObjectContent:
    """Read an object that is what was uploaded.

    Raises:
        ValueError: it is not parquet.
    """
    if file.zone is Zone.RAW:
        offsets, values = columns_of(content, "offset", "value")
        read = {offset: _payment(value) for offset, value in zip(offsets, values, strict=True)}
        payments = {offset: payment for offset, payment in read.items() if payment is not None}
        return ObjectContent(
            tuple(offsets),
            bodies={offset: payment.body_hash for offset, payment in payments.items()},
            amounts={offset: payment.transaction.amount for offset, payment in payments.items()},
        )
    offsets, hashes, amounts, scores, alerts = columns_of(content, "offset", "body_hash", "amount", "score", "alert")
    totals = Totals(
        rows=len(offsets),
        alerts=sum(alerts),
        amount=_exact_sum(amounts),
        score=_exact_sum(scores),
        bodies=sum(hashes),
    )
    bodies, by_offset = (dict(zip(offsets, column, strict=True)) for column in (hashes, amounts))
    return ObjectContent(tuple(offsets), totals, bodies, by_offset)


def unlike(file: ArchivedFile, content: ObjectContent, stored: Totals | None, raw: ObjectContent | None) -> str | None:
    """Why an object is not what it should be, in a few words.

    Args:
        file: what the ledger says of it.
        content: what it holds.
        stored: sums over the stored scores of its range, for an object of scores.
        raw: the records of the same range; none where the log had forgotten them.
    """
    offsets = content.offsets
    if len(offsets) != file.rows:
        return f"{len(offsets)} rows, and the ledger says {file.rows}"
    if any(later <= earlier for earlier, later in pairwise(offsets)):
        return "a record twice, or out of order"
    if offsets and not file.first <= offsets[0] <= offsets[-1] <= file.last:
        return "records outside of its range"
    if stored is not None and content.totals != stored:
        return "sums other than those of the stored scores"
    if file.zone is Zone.PROCESSED and raw is not None and not content.bodies.items() <= raw.bodies.items():
        return "scores of payments that are not the raw records"
    return None


def _payment(value: bytes | None) -> ParsedTransaction | None:
    try:
        return parse_transaction(value, latest=math.inf)
    except MalformedEvent:
        return None


def _exact_sum(values: list[float]) -> Decimal:
    """Of 15 digits each, as the database adds them."""
    return sum((Decimal(f"{value:.15g}") for value in values), Decimal(0))
