"""Repairing a record by hand: single fields of it, checked against its contract; everything else stays as it is."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fraudstream.errors import ImpossibleRequest


def changes_of(assignments: Sequence[str]) -> dict[str, str]:
    """Read `field=value` words.

    Raises:
        ImpossibleRequest: a word is none, or names a field twice.
    """
    changes: dict[str, str] = {}
    for word in assignments:
        field, equals, value = word.partition("=")
        if not (field and equals):
            raise ImpossibleRequest(f"{word!r} is no change: write field=value, for example amount=12.50")
        if field in changes:
            raise ImpossibleRequest(f"{field} is set twice; say it once")
        changes[field] = value
    return changes


def with_fields(value: bytes, changes: Mapping[str, str], contract: type[msgspec.Struct]) -> bytes:
    """The record with some fields replaced, as UTF-8 JSON; fields that the contract doesn't know are kept.

    A value is read as what its field holds: `12.50` as a number, `null` as nothing where a field may be absent.

    Raises:
        ImpossibleRequest: the record is no JSON object, the contract has no such field, or it can't have this value.
    """
    record = _object(value)
    fields = {field.encode_name: field.type for field in msgspec.structs.fields(contract)}
    for name, text in changes.items():
        if name not in fields:
            raise ImpossibleRequest(f"there is no field {name}; there are {', '.join(fields)}")
        try:
            record[name] = msgspec.to_builtins(msgspec.convert(text, fields[name], strict=False))
        except msgspec.ValidationError as error:
            raise ImpossibleRequest(f"{name} can't be {text!r}: {error}") from error
    return msgspec.json.encode(record)


def _object(value: bytes) -> dict[str, Any]:
    try:
        record = msgspec.json.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ImpossibleRequest(
            f"single fields can only be set in a JSON object, and this is none ({error}); write it anew: --file"
        ) from error
    if not isinstance(record, dict):
        raise ImpossibleRequest(
            "single fields can only be set in a JSON object, and this is JSON of another kind; write it anew: --file"
        )
    return record
