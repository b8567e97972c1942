"""The producer's journal: the logs it was written against, what it meant to send there, and what became of it.

One JSON line each. The logs come first; an older journal names none, and nobody can tell which log it is of.
An intent is on disk (fsync) before its record is handed to the broker. A record whose outcome is missing may or
may not be in the log: its fate is unknown, never "failed".
"""

from typing import Literal

import msgspec

from fraudstream.errors import ConfigurationError


class LogIdentity(msgspec.Struct, frozen=True, gc=False, tag="log", tag_field="kind"):
    """A log that the journal's records go to: its topic, and the id that the broker gave that topic when it was made.

    Two stacks have logs of the same name, and so has a topic that was made anew; their ids differ.
    """

    topic: str
    topic_id: str


class Intent(msgspec.Struct, frozen=True, gc=False, tag="intent", tag_field="kind"):
    """One record about to be sent; `sequence` numbers the lines of one journal from 0.

    `transaction_id` and `body_hash` are empty where the bytes are not a payment (a user's own file may hold
    anything). `value_hash` is the hexadecimal BLAKE2b-128 digest of the bytes sent.
    """

    sequence: int
    topic: str
    value_hash: str
    transaction_id: str | None = None
    body_hash: int | None = None
    user_id: int | None = None
    amount: float | None = None


class Outcome(msgspec.Struct, frozen=True, gc=False, tag="outcome", tag_field="kind"):
    """What became of one intent: its place in the log, or why it is not there.

    `offset` is -1 of an acknowledged record whose place the broker did not tell. An older journal has null there, which
    is the same: whoever reads a journal's places takes them from `known_offset`.
    """

    sequence: int
    status: Literal["acknowledged", "failed"]
    partition: int = -1
    offset: int | None = -1
    error: str | None = None

    @property
    def known_offset(self) -> int:
        """Where the record stands in its partition, or -1."""
        return -1 if self.offset is None else self.offset


JournalLine = LogIdentity | Intent | Outcome
_decoder: msgspec.json.Decoder[JournalLine] = msgspec.json.Decoder(JournalLine)


def encode_line(line: JournalLine) -> bytes:
    """One line of the journal, with its line feed."""
    return msgspec.json.encode(line) + b"\n"


def parse_line(line: bytes) -> JournalLine:
    """Read one line.

    Raises:
        ConfigurationError: the line is no journal line (a torn last line after a crash is the caller's affair).
    """
    try:
        return _decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"this is not a line of a journal, leave its file out: {line[:80]!r} ({error})"
        ) from error
