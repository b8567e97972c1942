"""Names of objects, and the manifest that lists them for readers without the database."""

import datetime as dt
import hashlib
import uuid
from collections.abc import Sequence

import msgspec

from fraudstream.ports.archive import ArchivedFile, ArchivedLog, Zone

MANIFESTS = "manifest"
"""Prefix of the manifests."""
PREFIXES = (*(f"{zone}/" for zone in Zone), f"{MANIFESTS}/")
"""Everything in the bucket that is ours begins so."""
DIGEST_LETTERS = 16


class ListedFile(msgspec.Struct, frozen=True):
    """One object in a manifest; it holds the records with `first_offset <= offset <= last_offset`."""

    path: str
    zone: Zone
    first_offset: int
    last_offset: int
    rows: int
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """All objects of one partition whose records the broker stamped on one day (UTC)."""

    date: dt.date
    topic: str
    topic_id: str
    partition: int
    files: tuple[ListedFile, ...]
    version: int = 1

    def archived(self) -> tuple[ArchivedFile, ...]:
        """The objects as the ledger knows them."""
        log = ArchivedLog(self.topic_id, self.partition)
        return tuple(
            ArchivedFile(
                path=file.path,
                zone=file.zone,
                topic=self.topic,
                log=log,
                date=self.date,
                first=file.first_offset,
                last=file.last_offset,
                rows=file.rows,
                size=file.size,
                sha256=file.sha256,
            )
            for file in self.files
        )


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Manifest)


def archived_file(
    zone: Zone, topic: str, log: ArchivedLog, date: dt.date, offsets: tuple[int, int], rows: int, content: bytes
) -> ArchivedFile:
    """How an object is called and what the ledger is to say of it; `offsets` are its first and last.

    The name holds the log, the range and the beginning of the digest: two objects of one name have one content, so
    nothing that is uploaded again, by whatever run, can take the place of anything else.
    """
    first, last = offsets
    digest = hashlib.sha256(content).hexdigest()
    name = f"{log.topic_id}-{log.partition}-{first:016d}-{last:016d}-{digest[:DIGEST_LETTERS]}.parquet"
    return ArchivedFile(
        path=f"{zone}/date={date}/{name}",
        zone=zone,
        topic=topic,
        log=log,
        date=date,
        first=first,
        last=last,
        rows=rows,
        size=len(content),
        sha256=digest,
    )


def manifest_path(date: dt.date, log: ArchivedLog) -> str:
    """Where the manifest of one day and partition lies."""
    return f"{MANIFESTS}/date={date}/{log.topic_id}-{log.partition}.json"


def encode_manifest(files: Sequence[ArchivedFile]) -> bytes:
    """The manifest of the objects of one day and partition, of which there is at least one."""
    any_file = files[0]
    listed = tuple(ListedFile(f.path, f.zone, f.first, f.last, f.rows, f.size, f.sha256) for f in files)
    log = any_file.log
    return _encoder.encode(Manifest(any_file.date, any_file.topic, log.topic_id, log.partition, listed)) + b"\n"


def decode_manifest(content: bytes) -> Manifest:
    """Read what `encode_manifest` wrote.

    Raises:
        ValueError: it is nothing of the kind.
    """
    manifest = _decoder.decode(content)
    uuid.UUID(manifest.topic_id)
    return manifest


def day_of(seconds: float) -> dt.date:
    """The day (UTC) of a moment in seconds since 1970."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).date()
