"""The producer's journal on disk: intents before their records are sent, outcomes as they become known."""

import contextlib
import errno
import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from fraudstream.contracts.journal import Intent, LogIdentity, Outcome, encode_line
from fraudstream.errors import ConfigurationError
from fraudstream.producer.outgoing import Outgoing

HASH_BYTES = 16
MOST_ALIKE = 100
"""Journals of one second and one process id."""


class Journal:
    """One file of one run, named by its start (UTC), process id and number; begins with the logs its records go to.

    The number is left out where it is 1. Start and process don't tell all runs apart: in containers the process is
    often the first, and one process may begin two journals within a second.

    `logs` are the ids of the topics, by their names.

    Intents are on disk when `intend` returns. Outcomes reach the file with the next intents or `write_outcomes`; a
    crash before that leaves their records "unknown", never "failed".

    Raises:
        ConfigurationError: the file cannot be created, or cannot be written any more; nothing that is not in the
            journal is sent.
    """

    def __init__(self, folder: Path, *, started_at: float, pid: int, logs: Mapping[str, str]) -> None:
        name = f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime(started_at))}-{pid}"
        self._next = 0
        self._unwritten: list[bytes] = []
        self._file = _created(folder, name)
        self.path = Path(self._file.name)
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


def _created(folder: Path, name: str) -> BinaryIO:
    """A new file of that name, numbered where there is one already: it may be of another process that still writes."""
    path = folder / f"{name}.jsonl"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(2, MOST_ALIKE + 2):
            with contextlib.suppress(FileExistsError):
                file = path.open("xb")
                _make_durable(folder)
                return file
            path = folder / f"{name}-{number}.jsonl"
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    except OSError as error:
        raise _unwritable(path, error) from error


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
