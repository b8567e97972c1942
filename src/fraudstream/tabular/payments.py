"""Rows of a table as payments; every reading ends in the one parser that the scorer uses, too."""

import datetime as dt
import hashlib
import re
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, get_args
from zoneinfo import ZoneInfo

import msgspec

from fraudstream.contracts.transaction import MAX_AMOUNT, IncomingTransaction, parse_transaction
from fraudstream.errors import MalformedEvent
from fraudstream.tabular.mapping import FIELDS, NAMED, NUMBERED, Source, TableMap
from fraudstream.tabular.reading import SHOWN, Problem, Row, Table

IDS = uuid.UUID("5b0c2f5e-6a2c-5a7e-9d0e-5f1d7c1b3a90")
"""Namespace of the ids that are made of a file and a line, or of a name."""
TRUTHS: Mapping[str, bool] = {
    **dict.fromkeys(("1", "true", "yes", "y", "ja", "fraud"), True),
    **dict.fromkeys(("0", "false", "no", "n", "nein", "genuine"), False),
}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_GROUPED = re.compile(r"-?\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*(?!\d)", re.ASCII)
_PATH = re.compile(r" - at `\$\.(\w+)`")
_encoder = msgspec.json.Encoder()


class _Wrong(Exception):  # noqa: N818 - never leaves this module
    """Why one cell is not what its field takes."""


class PaymentReader:
    """Reads the rows of one table.

    The id of a payment whose table has none is made of the table's digest and the line, so that sending the same file
    again repeats the same payments, which are dropped as repeats.

    Args:
        table: its heading must have what the map names.
        how: which column is which field.
        latest: the newest time a payment may bear, in seconds since 1970.

    Raises:
        ConfigurationError: the map does not fit the heading.
    """

    def __init__(self, table: Table, how: TableMap, *, latest: float) -> None:
        self._table = table
        self._how = how.fitted(table.heading)
        self._zone = ZoneInfo(how.zone)
        self._latest = latest
        self._digest = "" if NAMED in self._how.columns else table.digest()

    @property
    def columns(self) -> Mapping[str, Source]:
        """Which column every field comes from."""
        return self._how.columns

    def payments(self) -> Iterator[tuple[int, bytes] | Problem]:
        """Of every row its line and payment, as it goes into the log, or why it is none."""
        for row in self._table.rows():
            yield row if isinstance(row, Problem) else self._payment(row)

    def _payment(self, row: Row) -> tuple[int, bytes] | Problem:
        values: dict[str, Any] = {}
        for field in FIELDS:
            source = self._how.columns.get(field)
            text = row.cells[source.column] if source else self._how.fixed.get(field, "")
            if not text and field == NAMED and source is None:
                values[field] = str(uuid.uuid5(IDS, f"{self._digest}:{row.line}"))
            elif text:
                try:
                    values[field] = self._value(field, text, numbered=source is not None and source.numbered)
                except _Wrong as wrong:
                    return Problem(row.line, _column(source), text[:SHOWN], str(wrong))
            elif FIELDS[field].required:
                return Problem(row.line, _column(source), "", f"is empty, and every payment has a {field}")
        return self._checked(row, values)

    def _checked(self, row: Row, values: Mapping[str, Any]) -> tuple[int, bytes] | Problem:
        value = _encoder.encode(values)
        try:
            parse_transaction(value, latest=self._latest)
        except MalformedEvent as error:
            named = _PATH.search(error.detail)
            field = named[1] if named else "timestamp"
            source = self._how.columns.get(field)
            text = row.cells[source.column] if source else self._how.fixed.get(field, "")
            detail = _PATH.sub("", error.detail) if field not in _TAKES else f"is not {_TAKES[field]}"
            return Problem(row.line, _column(source), text[:SHOWN], detail)
        return row.line, value

    def _value(self, field: str, text: str, *, numbered: bool) -> object:
        if field == "amount":
            return self._amount(text)
        if field == "timestamp":
            return self._time(text)
        if field == "is_fraud":
            if text.lower() not in TRUTHS:
                raise _Wrong(f"is not {_TAKES[field]}")
            return TRUTHS[text.lower()]
        if field == NAMED:
            return str(uuid.uuid5(IDS, text)) if numbered else _uuid(text)
        if field in _WHOLE:
            return number_of(text) if numbered else _whole(field, text)
        return text

    def _amount(self, text: str) -> float:
        plain = text.replace(" ", "").replace("\u00a0", "")
        other = "." if self._how.decimal == "," else ","
        if (grouped := _GROUPED.match(plain)) and grouped[1] == other:
            plain = plain.replace(other, "")
        if self._how.decimal == ",":
            plain = "?" if "." in plain else plain.replace(",", ".")
        if not _NUMBER.fullmatch(plain):
            hint = (
                "" if "," not in text or self._how.decimal == "," else "; for cents behind a comma map decimal:=comma"
            )
            raise _Wrong(f"is not {_TAKES['amount']}{hint}")
        return float(plain)

    def _time(self, text: str) -> str:
        wanted = self._how.time
        try:
            moment = dt.datetime.strptime(text, wanted) if wanted else dt.datetime.fromisoformat(text)  # noqa: DTZ007
        except ValueError as error:
            hint = (
                f"a time like {wanted}" if wanted else "a time as 2025-11-24T10:00:00; time:=%d.%m.%Y maps another way"
            )
            raise _Wrong(f"is not {hint}") from error
        return (moment if moment.tzinfo else moment.replace(tzinfo=self._zone)).astimezone(dt.UTC).isoformat()


def number_of(name: str) -> int:
    """The number that stands for a name: 63 bits of its BLAKE2b digest, the same in every file."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big") >> 1


def _whole(field: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise _Wrong(f"is no whole number; {field}={NUMBERED}COLUMN turns names into numbers")
    return int(text) if len(text) < 20 else 2**64  # noqa: PLR2004 - the parser says what is too large


def _uuid(text: str) -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise _Wrong(f"is no UUID; {NAMED}={NUMBERED}COLUMN makes one of any name") from error


def _column(source: Source | None) -> str:
    return source.column if source else ""


def _choices(field: str) -> str:
    arguments = get_args(IncomingTransaction.__annotations__.get(field) or FIELDS[field].type)
    return ", ".join(str(each) for each in arguments if isinstance(each, str))


_WHOLE = ("user_id", "merchant_id", "device_id", "schema_version")
_TAKES = {
    "amount": f"a number from 0 to {MAX_AMOUNT:,.0f}",
    "is_fraud": "1 or 0, true or false, yes or no",
    "currency": "three capital letters as EUR",
    **dict.fromkeys(_WHOLE, "a whole number that fits into 63 bits"),
    **{name: f"one of {_choices(name)}" for name in ("merchant_category", "location", "payment_method")},
    "channel": "card_present or online",
}
