"""A card payment as it stands in the log, and the one parser that reads it.

Live scoring, the oracle, replay and the command line all read a payment through `parse_transaction`; there is
no second reading of the same bytes anywhere.
"""

import datetime as dt
import hashlib
import uuid
from typing import Annotated, Literal

import msgspec

from fraudstream.errors import MalformedEvent

MerchantCategory = Literal[
    "Electronics",
    "Groceries",
    "Clothing",
    "Gas Station",
    "Online Purchase",
    "Subscription Service",
    "Luxury Goods",
    "Fast Food",
    "Travel",
    "Entertainment",
]
Location = Literal["New York", "Los Angeles", "Chicago", "Houston", "San Francisco", "Miami", "Seattle"]
PaymentMethod = Literal["Credit Card", "Debit Card", "PayPal", "Bitcoin"]
Channel = Literal["card_present", "online"]

MAX_AMOUNT = 1_000_000.0
"""Largest amount of one payment, in units of its currency; more is taken for an error of the sender."""
EARLIEST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
"""Timestamps before this are taken for an unset clock."""

INT64_MAX = 2**63 - 1
Identifier = Annotated[int, msgspec.Meta(ge=0, le=INT64_MAX)]


class Transaction(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One card payment, version 1 of the contract.

    `amount` is in units of `currency`; `timestamp` is when the cardholder paid (UTC where it names no zone).
    `merchant_id` and `device_id` are the issuer's own numbers; absent means unknown. Unknown fields are ignored.
    """

    transaction_id: uuid.UUID
    user_id: Identifier
    amount: Annotated[float, msgspec.Meta(ge=0, le=MAX_AMOUNT)]
    timestamp: dt.datetime
    merchant_category: MerchantCategory
    location: Location
    payment_method: PaymentMethod
    merchant_id: Identifier | None = None
    device_id: Identifier | None = None
    channel: Channel | None = None
    currency: Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$", max_length=3)] | None = None
    schema_version: Annotated[int, msgspec.Meta(ge=1)] | None = None


class IncomingTransaction(Transaction, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A payment as a producer may send it: with the outcome inside, which `parse_transaction` splits off."""

    is_fraud: bool | Literal[0, 1] | None = None


class ParsedTransaction(msgspec.Struct, frozen=True, gc=False):
    """What one record holds: the payment, its body hash, the label that travelled with it.

    `event_time` is in seconds since 1970 (UTC); `body_hash` is a signed 64-bit digest of the payment's fields,
    equal for two records exactly when every known field but the label is equal.
    """

    transaction: Transaction
    event_time: float
    body_hash: int
    is_fraud: bool | None


_decoder = msgspec.json.Decoder(Transaction)
_labelled_decoder = msgspec.json.Decoder(IncomingTransaction)
_encoder = msgspec.json.Encoder(order="deterministic")


def parse_transaction(value: bytes | None, *, latest: float) -> ParsedTransaction:
    """Read one record's value.

    Args:
        value: the raw bytes of the record, as they stand in the log.
        latest: the newest event time accepted, in seconds since 1970 (the record's broker time plus
            `MAX_FUTURE`).

    Raises:
        MalformedEvent: with a reason from `contracts.quarantine` and one sentence of detail.
    """
    transaction, is_fraud = _decode(value)
    event_time = _event_seconds(transaction.timestamp, latest)
    return ParsedTransaction(transaction, event_time, body_hash(transaction), is_fraud)


def body_hash(transaction: Transaction) -> int:
    """Signed 64-bit BLAKE2b digest of the payment's canonical JSON form."""
    digest = hashlib.blake2b(_encoder.encode(transaction), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def encode_transaction(transaction: Transaction) -> bytes:
    """The payment as a producer writes it: UTF-8 JSON without the fields that are unset."""
    return _encoder.encode(transaction)


def _decode(value: bytes | None) -> tuple[Transaction, bool | None]:
    if not value:
        raise MalformedEvent("empty", "the record has no value")
    try:
        if not value.isascii():
            value.decode("utf-8")
        # A name may be spelt with escapes, too; whatever holds neither has no label inside.
        if b"is_fraud" in value or b"\\" in value:
            return _split(_labelled_decoder.decode(value))
        return _decoder.decode(value), None
    except UnicodeDecodeError as error:
        raise MalformedEvent("invalid_utf8", f"byte {error.start} is not UTF-8") from error
    except msgspec.ValidationError as error:
        reason = "not_an_object" if "Expected `object`" in str(error) and "$" not in str(error) else "invalid_field"
        raise MalformedEvent(reason, str(error)) from error
    except msgspec.DecodeError as error:
        raise MalformedEvent("not_json", str(error)) from error
    except RecursionError as error:
        raise MalformedEvent("nested_too_deeply", "the JSON is nested too deeply to be read") from error


def _split(incoming: IncomingTransaction) -> tuple[Transaction, bool | None]:
    transaction = Transaction(
        transaction_id=incoming.transaction_id,
        user_id=incoming.user_id,
        amount=incoming.amount,
        timestamp=incoming.timestamp,
        merchant_category=incoming.merchant_category,
        location=incoming.location,
        payment_method=incoming.payment_method,
        merchant_id=incoming.merchant_id,
        device_id=incoming.device_id,
        channel=incoming.channel,
        currency=incoming.currency,
        schema_version=incoming.schema_version,
    )
    return transaction, None if incoming.is_fraud is None else bool(incoming.is_fraud)


def _event_seconds(timestamp: dt.datetime, latest: float) -> float:
    try:
        moment = timestamp.replace(tzinfo=dt.UTC) if timestamp.tzinfo is None else timestamp.astimezone(dt.UTC)
    except OverflowError as error:
        raise MalformedEvent("timestamp_out_of_range", f"{timestamp.isoformat()} is not a time in UTC") from error
    if moment < EARLIEST:
        raise MalformedEvent("timestamp_out_of_range", f"{moment.isoformat()} is before {EARLIEST.isoformat()}")
    seconds = moment.timestamp()
    if seconds > latest:
        raise MalformedEvent("timestamp_out_of_range", f"{moment.isoformat()} lies in the future of the broker")
    return seconds
