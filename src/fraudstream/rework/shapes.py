"""What a record of each log has to be, so that it is not refused again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from fraudstream.contracts.label import Label, parse_label
from fraudstream.contracts.topics import LABELS, TRANSACTIONS
from fraudstream.contracts.transaction import IncomingTransaction, parse_transaction


@dataclass(frozen=True)
class Shape:
    """A contract: its fields, and the parser that its consumer reads it with.

    `check` takes the bytes and the newest time accepted (seconds since 1970 UTC), and raises `MalformedEvent`.
    """

    contract: type[msgspec.Struct]
    check: Callable[[bytes, float], None]


def _check_payment(value: bytes, latest: float) -> None:
    parse_transaction(value, latest=latest)


def _check_label(value: bytes, _: float) -> None:
    parse_label(value)


PAYMENT = Shape(IncomingTransaction, _check_payment)
LABEL = Shape(Label, _check_label)
SHAPES: Mapping[str, Shape] = {TRANSACTIONS: PAYMENT, LABELS: LABEL}
"""Every log whose records may end in quarantine."""
