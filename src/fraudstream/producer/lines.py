"""A user's own file of JSON lines, record by record and unchanged."""

import os
import select
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import msgspec

from fraudstream.clock import Clock
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.contracts.transaction import parse_transaction
from fraudstream.errors import ConfigurationError, MalformedEvent
from fraudstream.producer.outgoing import Outgoing, key_of
from fraudstream.producer.requests import Requests

CHUNK = 1 << 20
"""Bytes read at a time at the most."""
PATIENCE = 0.2
"""Seconds to wait for input before looking whether a stop is asked for."""
MAX_FUTURE = 86_400.0
"""Seconds; a line that lies further ahead is sent like any other, and journalled as no payment."""


class _Owner(msgspec.Struct):
    user_id: int


_owner = msgspec.json.Decoder(_Owner)


@contextmanager
def opened(path: str) -> Iterator[int]:
    """Descriptor of the file, or of standard input for `-`.

    Raises:
        ConfigurationError: it cannot be opened.
    """
    if path == "-":
        yield sys.stdin.fileno()
        return
    with ExitStack() as stack:
        try:
            source = stack.enter_context(Path(path).open("rb", buffering=0))
        except OSError as error:
            raise ConfigurationError(
                f"{path} cannot be read: {error.strerror}; give a file of JSON lines, or -"
            ) from error
        yield source.fileno()


def read_lines(descriptor: int, requests: Requests) -> Iterator[list[bytes]]:
    """Lines without their line feeds, as many as there are at the moment; an empty list while none arrives.

    The last line may lack its line feed. Ends early, between two lines, if a stop is asked for.
    """
    begun = b""
    while not requests.stop:
        if not select.select([descriptor], [], [], PATIENCE)[0]:
            yield []
            continue
        chunk = os.read(descriptor, CHUNK)
        if not chunk:
            if begun:
                yield [begun]
            return
        *lines, begun = (begun + chunk).split(b"\n")
        yield lines


def outgoing_line(line: bytes, clock: Clock) -> Outgoing:
    """A line as one record, byte for byte; keyed by its customer if it names one."""
    key = owner_key(line)
    try:
        parsed = parse_transaction(line, latest=clock.now() + MAX_FUTURE)
    except MalformedEvent:
        return Outgoing(TRANSACTIONS, key, line)
    payment = parsed.transaction
    return Outgoing(
        TRANSACTIONS,
        key,
        line,
        str(payment.transaction_id),
        parsed.body_hash,
        payment.user_id,
        payment.amount,
    )


def owner_key(line: bytes) -> bytes | None:
    """The key of the customer that a JSON object names as `user_id`, if it is one and names an integer."""
    try:
        return key_of(_owner.decode(line).user_id)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
