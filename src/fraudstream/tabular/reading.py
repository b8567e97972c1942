"""A CSV file, row by row, each with the line it begins on; what can't be read is told and passed over."""

import csv
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import BinaryIO, Protocol

from fraudstream.errors import ConfigurationError, ImpossibleRequest
from fraudstream.tabular.cards import has_card

LARGEST_CELL = 10_000
"""Characters one cell may have."""
MOST_COLUMNS = 500
SNIFFED = 16_384
"""Bytes that tell what stands between two cells."""
DELIMITERS = ",;\t|"
CHUNK = 1 << 20
SHOWN = 60
"""Characters of a value that a problem repeats."""


@dataclass(frozen=True)
class Problem:
    """Why a row is no payment: its line, the column and value that are wrong, and what would be right."""

    line: int
    column: str
    value: str
    reason: str

    @property
    def sentence(self) -> str:
        """For people."""
        where = f"line {self.line}" + (f", column {self.column}" if self.column else "")
        return f"{where}: {self.value!r} {self.reason}" if self.value else f"{where}: {self.reason}"


@dataclass(frozen=True)
class Row:
    """The cells of one row by the names of their columns."""

    line: int
    cells: Mapping[str, str]


@dataclass
class Table:
    """A CSV file with a heading; may be read again and again.

    Args:
        content: the bytes; owned by whoever made it.
        name: how messages call it.
        encoding: of the text.
        delimiter: what stands between two cells; found out if empty.

    Raises:
        ConfigurationError: no such encoding, no heading, or one that names a column twice.
    """

    content: BinaryIO
    name: str
    encoding: str = "utf-8"
    delimiter: str = ""

    def __post_init__(self) -> None:
        """Read the heading."""
        try:
            "".encode(self.encoding)
        except LookupError as error:
            raise ConfigurationError(f"there is no encoding {self.encoding}; try utf-8 or latin-1") from error
        self.delimiter = self.delimiter or self._sniffed()
        try:
            self.heading: Sequence[str] = [cell.strip() for cell in next(self._reader(), [])]
        except (csv.Error, UnicodeError) as error:
            raise ConfigurationError(
                f"{self.name}: the heading can't be read: {error}; is it a CSV file? Say with --map how it is written"
            ) from error
        if not any(self.heading):
            raise ConfigurationError(f"{self.name} has no heading: its first line must name the columns")
        twice = sorted({name for name in self.heading if self.heading.count(name) > 1})
        if twice or len(self.heading) > MOST_COLUMNS:
            raise ConfigurationError(
                f"{self.name}: the heading names {', '.join(map(repr, twice))} twice; rename columns"
                if twice
                else f"{self.name}: the heading names {len(self.heading)} columns; leave {MOST_COLUMNS} at most"
            )

    def digest(self) -> str:
        """SHA-256 of the bytes."""
        self.content.seek(0)
        digest = hashlib.sha256()
        while chunk := self.content.read(CHUNK):
            digest.update(chunk)
        return digest.hexdigest()

    def rows(self) -> Iterator[Row | Problem]:
        """Every row but empty ones, in order; what can't be read is a problem."""
        reader = self._reader()
        next(reader, None)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                yield Problem(line, "", "", f"can't be read as CSV: {error}")
                continue
            if cells is None:
                return
            if any(cells):
                yield self._row(line, cells)

    def check_cards(self) -> None:
        """Refuse a file that holds a card number anywhere, its heading included; nothing of it is repeated.

        Raises:
            ImpossibleRequest: there is one.
        """
        reader, line = self._reader(), 1
        while True:
            try:
                cells = next(reader, None)
            except csv.Error:
                cells = [""]
            if cells is None:
                return
            for place, cell in enumerate(cells):
                if has_card(cell):
                    column = self.heading[place] if line > 1 and place < len(self.heading) else f"{place + 1}"
                    raise ImpossibleRequest(
                        f"{self.name}: a card number stands in line {line}, column {column}. Nothing was sent. "
                        "`fraudstream tokenize` replaces card numbers by tokens; send what it writes"
                    )
            line = reader.line_num + 1

    def _row(self, line: int, cells: Sequence[str]) -> Row | Problem:
        if len(cells) != len(self.heading):
            return Problem(line, "", "", f"has {len(cells)} cells, the heading has {len(self.heading)}")
        for name, cell in zip(self.heading, cells, strict=True):
            if any("\ud800" <= character <= "\udfff" for character in cell):
                shown = cell.encode(self.encoding, "replace").decode(self.encoding, "replace")[:SHOWN]
                return Problem(line, name, shown, f"is not {self.encoding}; encoding:=latin-1 maps another")
            if len(cell) > LARGEST_CELL:
                return Problem(line, name, cell[:SHOWN], f"is longer than {LARGEST_CELL:,} characters")
        return Row(line, dict(zip(self.heading, (cell.strip() for cell in cells), strict=True)))

    def _reader(self) -> "_Reader":
        self.content.seek(0)
        encoding = "utf-8-sig" if self.encoding.lower().replace("_", "-") in {"utf-8", "utf8"} else self.encoding
        text = TextIOWrapper(_Lent(self.content), encoding, errors="surrogateescape", newline="")
        return csv.reader(text, delimiter=self.delimiter, strict=True)

    def _sniffed(self) -> str:
        self.content.seek(0)
        first = self.content.read(SNIFFED).decode(self.encoding, "replace").partition("\n")[0]
        return max(DELIMITERS, key=first.count) if any(mark in first for mark in DELIMITERS) else ","


class _Reader(Protocol):
    """What `csv.reader` makes."""

    @property
    def line_num(self) -> int:
        """The line that was read last."""
        ...

    def __next__(self) -> list[str]:
        """The cells of the next row."""
        ...


class _Lent(BytesIO):
    """Reads from another file and leaves it open, whatever becomes of the text around it."""

    def __init__(self, source: BinaryIO) -> None:
        super().__init__()
        self._source = source

    def read(self, size: int | None = -1, /) -> bytes:
        return self._source.read(-1 if size is None else size)

    def read1(self, size: int | None = -1, /) -> bytes:
        return self.read(size)


def opened(path: Path) -> BinaryIO:
    """The file, open for reading.

    Raises:
        ConfigurationError: it can't be.
    """
    try:
        return path.open("rb")
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}; name a CSV file") from error
