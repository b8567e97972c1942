"""Records of one partition, read: payments in log order, and what could not be read with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from fraudstream.contracts.quarantine import QuarantineReason, masked
from fraudstream.contracts.transaction import ParsedTransaction, parse_transaction
from fraudstream.errors import MalformedEvent
from fraudstream.features.events import Floats, Ints
from fraudstream.ports.slices import QuarantinedRow

DETAIL_LIMIT = 200
"""Characters of a quarantine detail; the parser quotes values, and a value may be a whole record."""


@dataclass(frozen=True, slots=True)
class LogRecords:
    """`n` records of one partition in log order; `log_time` is the broker's, in seconds since 1970 UTC."""

    offset: Ints
    log_time: Floats
    values: Sequence[bytes | None]


@dataclass(frozen=True, slots=True)
class ReadRecords:
    """`n` payments with their offsets, times and bytes, and the malformed records between them."""

    offset: Ints
    log_time: Floats
    values: Sequence[bytes]
    parsed: Sequence[ParsedTransaction]
    malformed: Sequence[QuarantinedRow]

    def since(self, offset: int) -> "ReadRecords":
        """Only what lies at `offset` or behind it."""
        first = int(np.searchsorted(self.offset, offset))
        return ReadRecords(
            offset=self.offset[first:],
            log_time=self.log_time[first:],
            values=self.values[first:],
            parsed=self.parsed[first:],
            malformed=[row for row in self.malformed if row.offset >= offset],
        )

    def bounds(self) -> tuple[int, int] | None:
        """The first and the last offset of all records, or nothing if there are none."""
        offsets = [*self.offset[:1].tolist(), *self.offset[-1:].tolist()]
        offsets += [row.offset for row in self.malformed]
        return (min(offsets), max(offsets)) if offsets else None


def read_records(records: LogRecords, *, max_future: float) -> ReadRecords:
    """Read every record; `max_future` is how many seconds a payment may lie beyond its broker time."""
    rows: list[int] = []
    parsed: list[ParsedTransaction] = []
    malformed: list[QuarantinedRow] = []
    latest = (records.log_time + max_future).tolist()
    for row, value in enumerate(records.values):
        try:
            parsed.append(parse_transaction(value, latest=latest[row]))
            rows.append(row)
        except MalformedEvent as error:
            reason = cast("QuarantineReason", error.reason)
            malformed.append(
                quarantined(int(records.offset[row]), float(records.log_time[row]), reason, error.detail, value)
            )
    kept = np.array(rows, np.int64)
    values = [records.values[row] or b"" for row in rows]
    return ReadRecords(records.offset[kept], records.log_time[kept], values, parsed, malformed)


def quarantined(
    offset: int, log_time: float, reason: QuarantineReason, detail: str, value: bytes | None
) -> QuarantinedRow:
    """A record for quarantine: its bytes and the detail masked, bounded and printable."""
    shown = masked(detail.encode("utf-8", "backslashreplace")).decode("utf-8", "replace")[:DETAIL_LIMIT]
    printable = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in shown)
    return QuarantinedRow(offset, log_time, reason, printable, masked(value), len(value or b""))
