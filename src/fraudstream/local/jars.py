"""The jars of the JVM parts: fetched once, verified against `jars.lock`, shared between checkouts."""

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fraudstream.errors import ConfigurationError
from fraudstream.local.ivy import Artifact, Ivy
from fraudstream.local.java import find_java
from fraudstream.settings import LocalSettings

KAFKA = "kafka"
SPARK = "spark"
SPARK_S3 = "spark-s3"
SPARK_MSK = "spark-msk"
"""Logging in to Amazon MSK by IAM; works with the SDK in `spark-s3`."""
LOCK = Path(__file__).with_name("jars.lock")
STAMP = ".verified.json"
"""Beside the jars of a set: size and time of each when its digest was last computed."""
SCRATCH = ".fetch-"
"""Beginning of the folders that jars arrive in; one that is there while nobody fetches was abandoned."""
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}

Report = Callable[[str, int, int], None]
"""Told (set, jars that are there, jars in all) while a set is fetched."""


@dataclass(frozen=True)
class JarSet:
    """One set of `jars.lock`: each artifact with the SHA-256 of its jar, in hex."""

    name: str
    digests: Mapping[Artifact, str]

    @property
    def folder_name(self) -> str:
        """Changes with the content of the set, so that two checkouts with other locks share a cache."""
        content = "".join(f"{artifact} {digest}\n" for artifact, digest in self.digests.items())
        return f"{self.name}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"


def locked_set(name: str, lock: Path = LOCK) -> JarSet:
    """One set as the lock file has it.

    Raises:
        ConfigurationError: there is no such set.
    """
    sets = tomllib.loads(lock.read_text(encoding="utf-8"))
    if name not in sets:
        raise ConfigurationError(f"jars.lock has no set {name}, only {', '.join(sets)}.")
    return JarSet(name, {Artifact(*coordinates.split(":")): digest for coordinates, digest in sets[name].items()})


def postgres_set() -> str:
    """Name of the set with the PostgreSQL server for this machine.

    Raises:
        ConfigurationError: there is none.
    """
    machine = platform.machine().lower()
    if platform.system() != "Linux" or machine not in MACHINES:
        raise ConfigurationError(
            f"the embedded servers run on Linux on x86_64 or arm64, not on {platform.system()} {machine}: "
            "use a Linux machine, or run the servers in containers."
        )
    return f"postgres-{MACHINES[machine]}"


def _no_report(_name: str, _done: int, _total: int) -> None:
    pass


@dataclass(frozen=True)
class JarCache:
    """A folder of verified jars that any number of checkouts use at the same time."""

    root: Path
    repository_url: str | None = None
    environment: Mapping[str, str] | None = None
    """Where JAVA_HOME and PATH are looked up; the process's own if `None`."""
    report: Report = _no_report
    lock: Path = LOCK

    @classmethod
    def of(cls, settings: LocalSettings, report: Report = _no_report) -> "JarCache":
        """The cache that the settings name."""
        root = settings.fraudstream_cache or Path.home() / ".cache" / "fraudstream"
        return cls(root.expanduser().absolute(), settings.maven_repository_url, report=report)

    def ensure(self, set_name: str) -> list[Path]:
        """The jars of one set, in the order of the lock, fetched if they aren't there; blocks meanwhile.

        Raises:
            ConfigurationError: a jar's digest is not the one in `jars.lock`, or there is no Java.
            TemporarilyUnavailable: the repository did not deliver.
        """
        wanted = locked_set(set_name, self.lock)
        folder = self.folder(set_name)
        if not _is_intact(folder, wanted):
            with _locked(self.root / "jars.guard"):
                self._complete(folder, wanted)
        return [folder / artifact.file_name for artifact in wanted.digests]

    def folder(self, set_name: str) -> Path:
        """Where the jars of one set are, or will be."""
        return self.root / "jars" / locked_set(set_name, self.lock).folder_name

    def _complete(self, folder: Path, wanted: JarSet) -> None:
        if folder.is_dir() and all((folder / artifact.file_name).is_file() for artifact in wanted.digests):
            if not _is_intact(folder, wanted):
                _verify(folder, wanted, next_step=f"delete it from {folder} and run `make setup` again")
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        for abandoned in folder.parent.glob(f"{SCRATCH}*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=SCRATCH, dir=folder.parent) as scratch:
            fresh = Path(scratch) / wanted.name
            fresh.mkdir()
            self._fetch(fresh, wanted)
            shutil.rmtree(folder, ignore_errors=True)
            fresh.rename(folder)

    def _fetch(self, folder: Path, wanted: JarSet) -> None:
        ivy = Ivy(find_java(self.environment or os.environ), self.root / "ivy", self.repository_url)
        total, fetched = len(wanted.digests), 0
        self.report(wanted.name, 0, total)

        def count() -> None:
            nonlocal fetched
            fetched += 1
            if fetched < total:
                self.report(wanted.name, fetched, total)

        ivy.retrieve(list(wanted.digests), f"{folder}/[artifact]-[revision].[ext]", on_fetched=count)
        _verify(folder, wanted, next_step="run `make setup` again to fetch it anew", on_wrong=ivy.forget)
        self.report(wanted.name, total, total)


def ensure_jars(set_name: str, settings: LocalSettings | None = None) -> list[Path]:
    """The jars of one set from the cache that the settings name; see `JarCache.ensure`."""
    return JarCache.of(settings or LocalSettings.load()).ensure(set_name)


def spark_jars(settings: LocalSettings | None = None) -> list[Path]:
    """What Spark's Kafka source needs beside pyspark, all in one folder; see `JarCache.ensure`."""
    return ensure_jars(SPARK, settings)


def _is_intact(folder: Path, wanted: JarSet) -> bool:
    """Whether every jar is there and unchanged since its digest was computed, without reading it."""
    try:
        stamped = json.loads((folder / STAMP).read_text(encoding="utf-8"))
        return all(
            stamped[artifact.file_name] == _signature(folder / artifact.file_name, digest)
            for artifact, digest in wanted.digests.items()
        )
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _signature(path: Path, digest: str) -> list[int | str]:
    status = path.stat()
    return [digest, status.st_size, status.st_mtime_ns]


def _verify(
    folder: Path, wanted: JarSet, *, next_step: str, on_wrong: Callable[[Artifact], None] = lambda _artifact: None
) -> None:
    for artifact, digest in wanted.digests.items():
        with (folder / artifact.file_name).open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
        if found != digest:
            on_wrong(artifact)
            raise ConfigurationError(
                f"{artifact.file_name} is not the file that was locked: its SHA-256 is {found}, but jars.lock says "
                f"{digest}; {next_step}."
            )
    stamp = {artifact.file_name: _signature(folder / artifact.file_name, d) for artifact, d in wanted.digests.items()}
    (folder / STAMP).write_text(json.dumps(stamp, indent=1), encoding="utf-8")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time; the others wait."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        yield
