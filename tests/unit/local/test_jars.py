"""Jars are what the lock says, or the set-up stops; what is there is not fetched again."""

import hashlib
import os
from pathlib import Path

import pytest

from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.local.jars import LOCK, JarCache, locked_set, postgres_set

JAVA = """#!/bin/sh
[ "$1" = -version ] && { echo 'openjdk version "17.0.1"' >&2; exit 0; }
echo run >>"$0.runs"
while [ $# -gt 0 ]; do case $1 in -retrieve) pattern=$2 ;; -ivy) module=$2 ;; esac; shift; done
sed -n 's/.* name="\\([^"]*\\)" rev="\\([^"]*\\)".*/\\1 \\2/p' "$module" | while read -r name revision; do
    [ -e "$0.offline" ] && { echo "SERVER ERROR: no route to the repository"; exit 1; }
    printf 'content of %s' "$name" >"$(dirname "$pattern")/$name-$revision.jar"
    echo "[SUCCESSFUL ] $name"
done
"""


class Repository:
    """Stands in for Java, Ivy and a repository: it delivers `content of NAME` as the jar of NAME."""

    def __init__(self, folder: Path) -> None:
        self.java = folder / "java"
        self.java.write_text(JAVA)
        self.java.chmod(0o755)
        self.environment = {"PATH": f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin"}

    @property
    def runs(self) -> int:
        log = self.java.with_name("java.runs")
        return log.read_text().count("run") if log.exists() else 0

    def go_offline(self) -> None:
        self.java.with_name("java.offline").touch()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "bin"
    folder.mkdir()
    return Repository(folder)


def a_cache(tmp_path: Path, repository: Repository, **digests: str) -> JarCache:
    """A cache whose lock has one set, `demo`, of the jars `first` and `second`."""
    found = {name: hashlib.sha256(f"content of {name}".encode()).hexdigest() for name in ("first", "second")} | digests
    lock = tmp_path / "jars.lock"
    lock.write_text("[demo]\n" + "".join(f'"org:{name}:1.0" = "{digest}"\n' for name, digest in found.items()))
    return JarCache(tmp_path / "cache", environment=repository.environment, lock=lock)


def test_jars_are_fetched_in_the_order_of_the_lock(tmp_path: Path, repository: Repository) -> None:
    jars = a_cache(tmp_path, repository).ensure("demo")

    assert [jar.name for jar in jars] == ["first-1.0.jar", "second-1.0.jar"]
    assert jars[0].read_text() == "content of first"


def test_jars_that_are_there_are_neither_fetched_nor_read_again(tmp_path: Path, repository: Repository) -> None:
    cache = a_cache(tmp_path, repository)
    first = cache.ensure("demo")[0]
    written = first.stat()
    first.write_text("content of f1rst")  # as long as before
    os.utime(first, ns=(written.st_atime_ns, written.st_mtime_ns))

    assert cache.ensure("demo")[0] == first
    assert repository.runs == 1


def test_a_wrong_digest_stops_with_the_name_of_the_file(tmp_path: Path, repository: Repository) -> None:
    cache = a_cache(tmp_path, repository, second="0" * 64)

    with pytest.raises(
        ConfigurationError, match=r"second-1\.0\.jar is not the file that was locked.*jars\.lock says 000.*make setup"
    ):
        cache.ensure("demo")
    assert not cache.folder("demo").exists()


def test_a_jar_that_was_changed_later_is_found_and_named(tmp_path: Path, repository: Repository) -> None:
    cache = a_cache(tmp_path, repository)
    cache.ensure("demo")[1].write_text("something else")

    with pytest.raises(
        ConfigurationError, match=r"second-1\.0\.jar.*delete it from .*demo-.* and run `make setup` again"
    ):
        cache.ensure("demo")


def test_a_jar_that_was_only_touched_is_verified_again(tmp_path: Path, repository: Repository) -> None:
    cache = a_cache(tmp_path, repository)
    os.utime(cache.ensure("demo")[0], (1, 1))

    assert len(cache.ensure("demo")) == 2
    assert repository.runs == 1


def test_a_deleted_jar_is_fetched_again(tmp_path: Path, repository: Repository) -> None:
    cache = a_cache(tmp_path, repository)
    cache.ensure("demo")[1].unlink()

    assert all(jar.exists() for jar in cache.ensure("demo"))
    assert repository.runs == 2


def test_what_a_killed_set_up_left_is_cleared_away(tmp_path: Path, repository: Repository) -> None:
    cache = a_cache(tmp_path, repository)
    abandoned = cache.folder("demo").parent / ".fetch-killed" / "demo"
    abandoned.mkdir(parents=True)
    cache.ensure("demo")

    assert not abandoned.parent.exists()


def test_a_repository_that_does_not_answer_is_tried_three_times(tmp_path: Path, repository: Repository) -> None:
    repository.go_offline()

    with pytest.raises(TemporarilyUnavailable, match=r"no route to the repository.*MAVEN_REPOSITORY_URL"):
        a_cache(tmp_path, repository).ensure("demo")
    assert repository.runs == 3


def test_progress_counts_up_to_the_whole_set(tmp_path: Path, repository: Repository) -> None:
    steps: list[tuple[str, int, int]] = []
    plain = a_cache(tmp_path, repository)
    JarCache(plain.root, None, plain.environment, lambda *step: steps.append(step), plain.lock).ensure("demo")

    assert steps == [("demo", 0, 2), ("demo", 1, 2), ("demo", 2, 2)]


def test_another_lock_has_a_folder_of_its_own(tmp_path: Path, repository: Repository) -> None:
    first = a_cache(tmp_path, repository).folder("demo")

    assert a_cache(tmp_path, repository, second="0" * 64).folder("demo") != first


def test_an_unknown_set_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"no set nothing, only kafka, spark, "):
        locked_set("nothing")


def test_the_committed_lock_has_digests_and_no_addresses() -> None:
    text = LOCK.read_text()

    assert "://" not in text
    for name in ("kafka", "spark", "spark-s3", "spark-msk", "postgres-amd64", "postgres-arm64"):
        assert all(len(digest) == 64 for digest in locked_set(name).digests.values())


def test_the_committed_jars_fit_the_installed_spark() -> None:
    import importlib.metadata  # noqa: PLC0415 - of this test alone

    spark = {artifact.name: artifact.revision for artifact in locked_set("spark").digests}

    assert spark["spark-sql-kafka-0-10_2.13"] == importlib.metadata.version("pyspark")


@pytest.mark.parametrize(("machine", "name"), [("x86_64", "postgres-amd64"), ("aarch64", "postgres-arm64")])
def test_the_database_server_fits_the_machine(monkeypatch: pytest.MonkeyPatch, machine: str, name: str) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)

    assert postgres_set() == name


def test_a_machine_without_a_database_server_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")

    with pytest.raises(ConfigurationError, match="not on Linux riscv64"):
        postgres_set()
