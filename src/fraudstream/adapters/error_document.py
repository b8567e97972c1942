"""The JSON document in which Lambda tells that a function failed: `errorType` and `errorMessage`."""

import json


def write_error_document(kind: str, message: str) -> bytes:
    """The document as AWS writes it."""
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


def read_error_document(payload: bytes) -> str | None:
    """The document as one line, or `None` if the payload is no such document."""
    try:
        told = json.loads(payload)
        return f"{told['errorType']}: {told['errorMessage']}"
    except (ValueError, KeyError, TypeError):
        return None
