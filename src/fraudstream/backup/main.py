"""Taking a copy of the database, and going back to one."""

import datetime as dt
import zipfile
from pathlib import Path

from fraudstream import __version__
from fraudstream.adapters.database.copies import Filling, fill_empty, snapshot
from fraudstream.backup import file
from fraudstream.errors import ConfigurationError
from fraudstream.settings import DatabaseSettings


def backup(path: Path) -> str:
    """Write everything the database holds at this moment into a new file; returns a line about it.

    The work of others goes on meanwhile. What fails leaves no file behind.

    Raises:
        ConfigurationError: a setting is missing, the role may not read everything, or the file is there already.
        TemporarilyUnavailable: the database did not answer.
    """
    archive = file.begin(path)
    try:
        manifest = _write(archive)
        file.finish(archive, manifest)
    except BaseException:
        file.abandon(archive, path)
        raise
    rows = sum(member.rows for member in manifest.tables.values())
    return f"copied {rows:,} rows of {len(manifest.tables)} tables at {manifest.taken_at} into {path}"


def restore(path: Path) -> str:
    """Fill an empty database from such a file, in one commit; returns a line that says where work goes on.

    Raises:
        ConfigurationError: a setting is missing, the file is no whole copy, or the database is not empty.
        TemporarilyUnavailable: the database did not answer; nothing of the copy is in it.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        raise ConfigurationError(f"{path} is no copy that `fraudstream backup` made: {error}") from error
    with archive:
        manifest = file.read_manifest(archive)
        fill_empty(
            DatabaseSettings.load().database_url.get_secret_value(),
            manifest.revision,
            lambda filling: _read(archive, manifest, filling),
        )
    rows = sum(member.rows for member in manifest.tables.values())
    places = ", ".join(f"{place.topic}/{place.partition} at {place.next_offset}" for place in manifest.positions)
    return f"restored {rows:,} rows as of {manifest.taken_at}; work goes on with {places or 'the first record'}"


def _write(archive: zipfile.ZipFile) -> file.Manifest:
    with snapshot(DatabaseSettings.load().database_url.get_secret_value()) as moment:
        revision = moment.revision()
        taken_at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        tables = {}
        for table, columns in moment.tables().items():
            with archive.open(table, "w", force_zip64=True) as stream:
                digesting = file.Digesting(stream)
                rows = moment.copy(table, columns, digesting)
            tables[table] = file.Member(columns, rows, digesting.sha256)
        return file.Manifest(
            format=file.FORMAT,
            version=__version__,
            revision=revision,
            taken_at=taken_at,
            months=tuple(month.isoformat() for month in moment.months()),
            sequences=moment.sequences(),
            positions=tuple(file.Position(*place) for place in moment.positions()),
            tables=tables,
        )


def _read(archive: zipfile.ZipFile, manifest: file.Manifest, filling: Filling) -> None:
    filling.make_months([dt.date.fromisoformat(month) for month in manifest.months])
    for table, member in manifest.tables.items():
        try:
            with archive.open(table) as stream:
                digesting = file.Digesting(stream)
                rows = filling.fill(table, member.columns, digesting)
        except (KeyError, zipfile.BadZipFile) as error:
            raise ConfigurationError(f"{archive.filename} is damaged at {table}: {error}") from error
        if (rows, digesting.sha256) != (member.rows, member.sha256):
            raise ConfigurationError(
                f"{archive.filename} is damaged: {table} is not what its manifest says; use another copy"
            )
    filling.set_sequences(manifest.sequences)
