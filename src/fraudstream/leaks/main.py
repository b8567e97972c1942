"""One look for card numbers: in tables, in the topics and the archive that we write, and in files such as logs."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from fraudstream import logs
from fraudstream.adapters.aws.objects import S3Objects
from fraudstream.adapters.database.texts import texts
from fraudstream.adapters.kafka import KafkaAdmin
from fraudstream.adapters.parquet_texts import parquet_texts
from fraudstream.card_numbers import find
from fraudstream.contracts.topics import LABELS, TOPICS, TRANSACTIONS
from fraudstream.errors import ConfigurationError
from fraudstream.ports.archive import ObjectStore, Zone
from fraudstream.ports.records import LogReader
from fraudstream.settings import ArchiveSettings, DatabaseSettings, KafkaSettings

GIVEN = frozenset({TRANSACTIONS, LABELS})
"""Topics that hold what others sent, as they sent it: whoever may read them sees it."""
AS_SENT = f"{Zone.RAW}/"
"""So do the objects whose names begin with this; what protects them is encryption, and who may read the bucket."""
PARQUET = ".parquet"
SHOWN = 3
"""Findings that are shown of a place."""
RECORDS = 10_000

Texts = Iterable[tuple[str, bytes]]
"""A place and bytes that stand there."""


def find_card_numbers(files: Iterable[Path], *, database: bool, topics: bool, archive: bool) -> list[str]:
    """A line for each place with card numbers, masked; none if there are none.

    Raises:
        ConfigurationError: a setting is missing, or something may not be read.
        TemporarilyUnavailable: database, broker or S3 did not answer.
    """
    logs.beside_the_answer()
    found = found_in(in_files(files))
    if database:
        found += found_in(texts(DatabaseSettings.load().database_url.get_secret_value()))
    if topics:
        found += found_in(in_topics(KafkaAdmin(KafkaSettings.load())))
    if archive:
        found += found_in(in_objects(S3Objects(ArchiveSettings.load().archive_bucket)))
    return found


def found_in(places: Texts) -> list[str]:
    """A line for each place that has any."""
    counts: Counter[str] = Counter()
    examples: dict[str, list[str]] = {}
    for place, content in places:
        for number in find(content):
            counts[place] += 1
            examples.setdefault(place, []).append(number)
    return [f"{place}: {count} ({', '.join(examples[place][:SHOWN])})" for place, count in counts.items()]


def in_files(paths: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
    """Every line of these files, and of all files below these folders; of parquet, every value."""
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.suffix == PARQUET and file.is_file():
                yield from _in_parquet(str(file), file.read_bytes())
            elif file.is_file():
                with file.open("rb") as lines:
                    yield from ((str(file), line) for line in lines)


def in_topics(reader: LogReader) -> Iterator[tuple[str, bytes]]:
    """Every key and value of the topics that we write."""
    for spec in TOPICS:
        if spec.name in GIVEN:
            continue
        for partition, (first, end) in reader.describe(spec.name).bounds.items():
            for begin in range(first, end, RECORDS):
                for record in reader.read(spec.name, partition, begin, min(begin + RECORDS, end)):
                    yield spec.name, (record.key or b"") + b" " + (record.value or b"")


def in_objects(objects: ObjectStore) -> Iterator[tuple[str, bytes]]:
    """Every value of the objects of a bucket, but of those that hold what others sent."""
    for path in objects.list(""):
        content = None if path.startswith(AS_SENT) else objects.get(path)
        if content is None:
            continue
        if path.endswith(PARQUET):
            yield from _in_parquet(path, content)
        else:
            yield path, content


def _in_parquet(place: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        yield from ((f"{place} ({column})", value) for column, value in parquet_texts(content))
    except ConfigurationError as error:
        raise ConfigurationError(f"{place}: {error}") from error
