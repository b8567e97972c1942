"""Looks at what `make demo` keeps on this machine: packages, jars, disks, ports, and whether it runs now."""

import fcntl
import shutil
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from pathlib import Path

from fraudstream.errors import ConfigurationError, FraudstreamError
from fraudstream.local.findings import Finding, Severity, Way
from fraudstream.local.jars import KAFKA, SPARK, STAMP, JarCache, postgres_set
from fraudstream.local.listeners import who_listens
from fraudstream.local.ports import KEPT_IN, is_free, kept_ports
from fraudstream.settings import LocalSettings

GIB = 2**30
MIB = 2**20
NEEDED_DISK = 3 * GIB
"""Environment, jars, and an hour of the demo's data."""
NEEDED_TO_RUN = 512 * MIB
"""Without this much the demo refuses to start: its log, database and checkpoint grow by some megabytes a second."""
PACKAGES = ("pyspark", "mlflow", "scikit-learn", "confluent-kafka", "psycopg2-binary", "numba", "moto")
"""Without these there is no demo."""


def home_of(environment: Mapping[str, str]) -> Path:
    """The folder of everything the embedded stack keeps."""
    return Path(environment.get("FRAUDSTREAM_HOME") or ".local").absolute()


def home_findings(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Everything about the home folder and what the demo is made of. Never raises."""
    yield _packages()
    yield _jars(environment)
    yield from disk_findings(environment)
    try:
        yield port_finding(home_of(environment))
    except OSError as error:
        yield Finding(Severity.PROBLEM, "ports of the demo", f"cannot be looked at ({error})", prevents=(Way.DEMO,))


def _packages() -> Finding:
    there, missing = [], []
    for name in PACKAGES:
        try:
            there.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        seen = f"{', '.join(missing)} missing"
        return Finding(Severity.PROBLEM, "packages", seen, "`make setup` installs them", (Way.DEMO,))
    return Finding(Severity.FINE, "packages", ", ".join(there))


def _jars(environment: Mapping[str, str]) -> Finding:
    root = environment.get("FRAUDSTREAM_CACHE")
    try:
        cache = JarCache.of(LocalSettings(fraudstream_cache=Path(root) if root else None))
        missing = [name for name in (KAFKA, SPARK, postgres_set()) if not (cache.folder(name) / STAMP).is_file()]
    except (FraudstreamError, OSError, RuntimeError) as error:
        return Finding(Severity.PROBLEM, "jars", str(error), prevents=(Way.DEMO,))
    if missing:
        seen = f"{', '.join(missing)} not fetched yet"
        return Finding(Severity.NOTE, "jars", seen, "`make setup` fetches them, and so does `make demo`")
    return Finding(Severity.FINE, "jars", f"all fetched, in {cache.root}")


def disk_findings(environment: Mapping[str, str]) -> Iterator[Finding]:
    """The disks of the environment's packages, of the demo's data, of the jars; each once."""
    seen: set[int] = set()
    places: tuple[tuple[str, str, Callable[[], Path]], ...] = (
        ("disk", "FRAUDSTREAM_HOME", lambda: home_of(environment)),
        ("cache disk", "FRAUDSTREAM_CACHE", lambda: _cache_of(environment)),
    )
    for subject, variable, find in places:
        step = f"free 3 GiB there, or set {variable} to a folder on another disk"
        try:
            folder = _existing(find())
            free = shutil.disk_usage(folder).free
            device = folder.stat().st_dev
        except (OSError, RuntimeError) as error:
            yield Finding(Severity.PROBLEM, subject, f"cannot be looked at ({error})", step, (Way.DEMO,))
            continue
        if device in seen:
            continue
        seen.add(device)
        told = f"{free / GIB:.1f} GiB free at {folder}"
        if free >= NEEDED_DISK:
            yield Finding(Severity.FINE, subject, told)
        elif free >= NEEDED_TO_RUN:
            yield Finding(Severity.NOTE, subject, told, step)
        else:
            yield Finding(Severity.PROBLEM, subject, told, step, (Way.DEMO,))


def _cache_of(environment: Mapping[str, str]) -> Path:
    named = environment.get("FRAUDSTREAM_CACHE")
    return Path(named) if named else Path.home() / ".cache" / "fraudstream"


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(place for place in (folder, *folder.parents) if place.is_dir())


def require_room(home: Path) -> None:
    """Refuse to start on a disk that is nearly full.

    Raises:
        ConfigurationError: less than `NEEDED_TO_RUN` is free.
    """
    folder = _existing(home.absolute())
    free = shutil.disk_usage(folder).free
    if free < NEEDED_TO_RUN:
        raise ConfigurationError(
            f"the disk of {folder} has {free / MIB:,.0f} MiB left and the demo needs {NEEDED_TO_RUN / MIB:,.0f}: free "
            "some space, delete what earlier demos stored (`fraudstream reset`), or set FRAUDSTREAM_HOME to a folder "
            "on another disk"
        )


def port_finding(home: Path) -> Finding:
    """Whether the ports that this home has kept are its own."""
    kept = kept_ports(home)
    if owner := owner_of(home):
        return Finding(Severity.FINE, "demo", f"is running in {home}, started by process {owner}")
    taken = [
        f"{port} of {name} by {who_listens(port) or 'another program'}"
        for name, port in kept.items()
        if not is_free(port)
    ]
    if taken:
        step = f"stop that program, or delete {home / KEPT_IN} to have other ports chosen"
        return Finding(Severity.PROBLEM, "ports of the demo", f"taken: {', '.join(taken)}", step, (Way.DEMO,))
    seen = f"{', '.join(map(str, kept.values()))} free" if kept else "chosen at the first start"
    return Finding(Severity.FINE, "ports of the demo", seen)


def owner_of(home: Path) -> str:
    """Process id of the demo that runs in a home folder, empty if none does."""
    try:
        with (home / "run" / "owner").open() as guard:
            try:
                fcntl.flock(guard, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return guard.read().strip() or "unknown"
    except FileNotFoundError:
        pass
    return ""
