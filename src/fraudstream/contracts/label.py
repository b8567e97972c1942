"""What became of a payment, as the bank or an analyst reports it later."""

import datetime as dt
import uuid
from typing import Literal

import msgspec

from fraudstream.contracts.json_record import decoded
from fraudstream.contracts.transaction import Identifier

LabelSource = Literal["bank", "analyst", "matured", "event"]
"""`bank`: a reported fraud; `analyst`: a worked alert; `matured`: genuine for lack of a report within the
maturity period; `event`: carried inside the payment by its producer."""
PersonalSource = Literal["analyst", "bank"]
"""Those that a person may claim: the others are what a process found."""


class Label(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The outcome of one payment, version 1 of the contract.

    `arrived_at` is when the outcome became known (in the stream's own time, UTC); it may only influence scores
    of payments that are scored after the label was applied.
    """

    transaction_id: uuid.UUID
    user_id: Identifier
    is_fraud: bool
    arrived_at: dt.datetime
    source: LabelSource = "bank"


_decoder = msgspec.json.Decoder(Label)


def parse_label(value: bytes | None) -> Label:
    """Read one record of the label topic.

    Raises:
        MalformedEvent: the bytes are not a label.
    """
    return decoded(_decoder, value)


def encode_label(label: Label) -> bytes:
    """The label as it stands in its topic: UTF-8 JSON."""
    return msgspec.json.encode(label)
