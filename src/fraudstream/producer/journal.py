"""The producer's journal on disk: intents before their records are sent, outcomes as they become known."""

import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from fraudstream.contracts.journal import Intent, LogIdentity, Outcome, encode_line
from fraudstream.errors import ConfigurationError
from fraudstream.producer.outgoing import Outgoing

HASH_BYTES = 16


class Journal:
    """One file of one run, named by its start (UTC) and process id; begins with the logs its records go to.

    `logs` are the ids of the topics, by their names.

    Intents are on disk when `intend` returns. Outcomes reach the file with the next intents or `write_outcomes`; a
    crash before that leaves their records "unknown", never "failed".

    Raises:
        ConfigurationError: the file cannot be created, or cannot be written any more; nothing that is not in the
            journal is sent.
    """

    def __init__(self, folder: Path, *, started_at: float, pid: int, logs: Mapping[str, str]) -> None:
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(started_at))
        self.path = folder / f"{stamp}-{pid}.jsonl"
        self._next = 0
        self._unwritten: list[bytes] = []
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("xb")
            _make_durable(folder)
        except OSError as error:
            raise _unwritable(self.path, error) from error
        self._unwritten += [encode_line(LogIdentity(topic, topic_id)) for topic, topic_id in logs.items()]
        self._write([])

    def __enter__(self) -> Self:
        """Nothing to do: the file is open."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Write what is known and close the file."""
        try:
            self.write_outcomes()
        finally:
            self._file.close()

    def intend(self, records: Sequence[Outgoing]) -> int:
        """Put records down as about to be sent; returns the sequence number of the first, the others follow."""
        first = self._next
        self._next += len(records)
        self._write([encode_line(_intent(first + place, record)) for place, record in enumerate(records)])
        return first

    def note(self, outcome: Outcome) -> None:
        """Remember an outcome until the next write."""
        self._unwritten.append(encode_line(outcome))

    def write_outcomes(self) -> None:
        """Write the outcomes noted so far; another process can read them then."""
        self._write([])

    def _write(self, intents: list[bytes]) -> None:
        unwritten, self._unwritten = self._unwritten, []
        if not unwritten and not intents:
            return
        try:
            self._file.write(b"".join(unwritten + intents))
            self._file.flush()
            if intents:
                os.fsync(self._file.fileno())
        except OSError as error:
            raise _unwritable(self.path, error) from error


def _intent(sequence: int, record: Outgoing) -> Intent:
    digest = hashlib.blake2b(record.value, digest_size=HASH_BYTES).hexdigest()
    return Intent(
        sequence,
        record.topic,
        digest,
        record.transaction_id,
        record.body_hash,
        record.user_id,
        record.amount,
    )


def _make_durable(folder: Path) -> None:
    """A new file survives a power cut only once its folder is on disk too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"the journal {path} cannot be written: {error.strerror}. Free the disk or point JOURNAL_DIR elsewhere."
    )
