"""The file of a copy: a zip with the rows of each table, and a manifest that says what must be in it."""

import hashlib
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

import msgspec

from fraudstream.errors import ConfigurationError

MANIFEST = "manifest.json"
FORMAT = 1
OWNER_ALONE = 0o600


class Member(msgspec.Struct, frozen=True):
    """One table: its columns in order, how many rows, and the SHA-256 of their text."""

    columns: tuple[str, ...]
    rows: int
    sha256: str


class Position(msgspec.Struct, frozen=True):
    """How far one log was scored or applied."""

    topic: str
    topic_id: str
    partition: int
    next_offset: int


class Manifest(msgspec.Struct, frozen=True):
    """What a copy is; `revision` is the schema's migration, `months` are first days."""

    format: int
    version: str
    revision: str
    taken_at: str
    months: tuple[str, ...]
    sequences: Mapping[str, int]
    positions: tuple[Position, ...]
    tables: Mapping[str, Member]


class Digesting:
    """Passes bytes on, and knows their SHA-256."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """Of everything that passed."""
        return self._digest.hexdigest()

    def write(self, data: bytes) -> int:
        """Pass on to the stream."""
        self._digest.update(data)
        return self._stream.write(data)

    def read(self, size: int = -1) -> bytes:
        """Pass on from the stream."""
        return self._passed(self._stream.read(size))

    def readline(self, size: int = -1) -> bytes:
        """Pass a line on from the stream."""
        return self._passed(self._stream.readline(size))

    def _passed(self, data: bytes) -> bytes:
        self._digest.update(data)
        return data


def begin(path: Path) -> zipfile.ZipFile:
    """A new file that its owner alone may read.

    Raises:
        ConfigurationError: it is there already, or its folder isn't.
    """
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, OWNER_ALONE)
    except OSError as error:
        raise ConfigurationError(f"{path} can't be made ({error.strerror}): name a new file in a folder") from error
    return zipfile.ZipFile(os.fdopen(descriptor, "w+b"), "w", zipfile.ZIP_DEFLATED, compresslevel=1)


def finish(archive: zipfile.ZipFile, manifest: Manifest) -> None:
    """Write the manifest, without which a file is no copy, and bring everything to the disk."""
    archive.writestr(MANIFEST, msgspec.json.encode(manifest))
    stream = archive.fp
    archive.close()
    if stream is not None:
        stream.flush()
        os.fsync(stream.fileno())
        stream.close()


def abandon(archive: zipfile.ZipFile, path: Path) -> None:
    """Leave no file behind."""
    stream, archive.fp = archive.fp, None
    if stream is not None:
        stream.close()
    path.unlink(missing_ok=True)


def read_manifest(archive: zipfile.ZipFile) -> Manifest:
    """What the file says it is.

    Raises:
        ConfigurationError: it is no copy, or one of another format.
    """
    try:
        manifest = msgspec.json.decode(archive.read(MANIFEST), type=Manifest)
    except (KeyError, msgspec.DecodeError, zipfile.BadZipFile) as error:
        raise ConfigurationError(f"{archive.filename} is no whole copy: {error}") from error
    if manifest.format != FORMAT:
        raise ConfigurationError(f"{archive.filename} is of format {manifest.format}; this version reads {FORMAT}")
    return manifest
