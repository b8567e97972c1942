"""The value of a record as a contract, or the reason why it is none."""

from typing import TypeVar

import msgspec

from fraudstream.errors import MalformedEvent

Contract = TypeVar("Contract")


def decoded(decoder: msgspec.json.Decoder[Contract], value: bytes | None) -> Contract:
    """Read one record's value, UTF-8 JSON.

    Raises:
        MalformedEvent: it is empty, no JSON, or not what the contract asks for; its reason is one of
            `contracts.quarantine`.
    """
    if not value:
        raise MalformedEvent("empty", "the record has no value")
    try:
        return decoder.decode(value)
    except msgspec.ValidationError as error:
        raise MalformedEvent("invalid_field", str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedEvent("not_json", str(error)) from error
