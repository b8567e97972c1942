"""One look for card numbers: in tables, in the topics that we write, and in files such as logs."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from fraudstream import logs
from fraudstream.adapters.database.texts import texts
from fraudstream.adapters.kafka import KafkaAdmin
from fraudstream.card_numbers import find
from fraudstream.contracts.topics import LABELS, TOPICS, TRANSACTIONS
from fraudstream.ports.records import LogReader
from fraudstream.settings import DatabaseSettings, KafkaSettings

GIVEN = frozenset({TRANSACTIONS, LABELS})
"""Topics that hold what others sent, as they sent it: whoever may read them sees it."""
SHOWN = 3
"""Findings that are shown of a place."""
RECORDS = 10_000

Texts = Iterable[tuple[str, bytes]]
"""A place and bytes that stand there."""


def find_card_numbers(files: Iterable[Path], *, database: bool, topics: bool) -> list[str]:
    """A line for each place with card numbers, masked; none if there are none.

    Raises:
        ConfigurationError: a setting is missing, or something may not be read.
        TemporarilyUnavailable: database or broker did not answer.
    """
    logs.beside_the_answer()
    found = found_in(in_files(files))
    if database:
        found += found_in(texts(DatabaseSettings.load().database_url.get_secret_value()))
    if topics:
        found += found_in(in_topics(KafkaAdmin(KafkaSettings.load())))
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
    """Every line of these files, and of all files below these folders."""
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
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
