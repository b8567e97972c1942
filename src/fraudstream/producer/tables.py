"""A user's own table on its way: looked at first, then sent as the producer sends, what is no payment put aside."""

import csv
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TextIO

from fraudstream.clock import Clock
from fraudstream.errors import ConfigurationError
from fraudstream.producer.lines import MAX_FUTURE, outgoing_line
from fraudstream.producer.pace import Pace
from fraudstream.producer.requests import Requests
from fraudstream.producer.sending import Sender, Summary
from fraudstream.producer.stream import GROUP, TICK
from fraudstream.tabular.mapping import TableMap
from fraudstream.tabular.payments import PaymentReader
from fraudstream.tabular.reading import Problem, Table

SAMPLE = 5
"""Payments a preview shows."""
TOLD = 20
"""Problems it names."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""Spreadsheets run a cell that begins so; a leading apostrophe makes it a text for good."""


@dataclass(frozen=True)
class Preview:
    """What a table holds: payments that can be sent, the first of them as JSON, and what is none.

    `reasons` counts problems by column and reason.
    """

    good: int
    bad: int
    sample: Sequence[str]
    problems: Sequence[Problem]
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)


def reader_of(table: Table, how: TableMap, clock: Clock) -> PaymentReader:
    """The payments of a table without card numbers.

    Raises:
        ImpossibleRequest: it holds a card number.
        ConfigurationError: the map does not fit the heading.
    """
    table.check_cards()
    return PaymentReader(table, how, latest=clock.now() + MAX_FUTURE)


def preview(reader: PaymentReader, *, told: int = TOLD) -> Preview:
    """Read the whole table and send nothing."""
    good, sample, problems, reasons = 0, list[str](), list[Problem](), Counter[tuple[str, str]]()
    for found in reader.payments():
        if isinstance(found, Problem):
            reasons[found.column, found.reason] += 1
            problems += [found] * (len(problems) < told)
        else:
            good += 1
            sample += [found[1].decode()] * (len(sample) < SAMPLE)
    return Preview(good, reasons.total(), sample, problems, reasons)


def preview_lines(name: str, seen: Preview) -> Iterator[str]:
    """A preview for people."""
    yield f"{name}: {seen.good:,} payments, {seen.bad:,} rows that are none"
    for line in seen.sample:
        yield f"  {line}"
    for problem in seen.problems:
        yield f"  {problem.sentence}"
    if seen.bad > len(seen.problems):
        yield f"  and {seen.bad - len(seen.problems):,} more"


class Report:
    """Rows that are no payments, in a CSV file of their own; it is there only if there are any.

    Raises:
        ConfigurationError: it can't be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file: TextIO | None = None
        with suppress(FileNotFoundError):
            path.unlink()

    def add(self, problem: Problem) -> None:
        """Put one row down."""
        try:
            if self._file is None:
                descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
                self._file = os.fdopen(descriptor, "w", encoding="utf-8", newline="")
                csv.writer(self._file).writerow(("line", "column", "value", "reason"))
            csv.writer(self._file).writerow(
                [problem.line, *map(_harmless, (problem.column, problem.value, problem.reason))]
            )
        except OSError as error:
            raise ConfigurationError(
                f"{self.path} can't be written: {error.strerror}; give another --report"
            ) from error
        self.count += 1

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()


@dataclass
class TableReplay:
    """Sends the payments of a table in their order; hands what is none to `refuse`."""

    reader: PaymentReader
    refuse: Callable[[Problem], None]
    sender: Sender
    pace: Pace
    requests: Requests
    clock: Clock
    report: Callable[[Summary, int], None] = lambda _, __: None
    _sent: int = 0

    def run(self) -> None:
        """Send; returns once everything is handed over, acknowledged or not, or as a stop is asked for."""
        waiting = self._good()
        while not self.requests.stop:
            allowed = self.pace.allowance(self._sent, GROUP)
            if not allowed:
                self.clock.sleep(TICK)
            elif not (group := list(islice(waiting, allowed))):
                return
            else:
                self.sender.send([outgoing_line(value, self.clock) for value in group])
                self._sent += len(group)
            self.sender.poll()
            self.report(self.sender.summary, self._sent)

    def _good(self) -> Iterator[bytes]:
        for found in self.reader.payments():
            if isinstance(found, Problem):
                self.refuse(found)
            else:
                yield found[1]


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA) else cell
