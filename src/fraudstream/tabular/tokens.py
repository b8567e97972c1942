"""Card numbers of a table replaced by keyed tokens, before anything else sees them.

A token is the same for the same card under the same key, and says nothing about the card without it.
"""

import csv
import hashlib
import hmac
import os
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fraudstream.errors import ConfigurationError, ImpossibleRequest
from fraudstream.tabular.cards import has_card, is_only_card, replaced
from fraudstream.tabular.reading import Problem, Table

PREFIX = "tok_"
TOKEN_HEX = 32
"""Hexadecimal digits of a token: 128 bits of the HMAC."""
SHORTEST_KEY = 32
"""Bytes."""


@dataclass(frozen=True)
class Tokenized:
    """What was done: rows written, tokens by column, and columns that were replaced whole."""

    rows: int
    tokens: Mapping[str, int]
    whole: Sequence[str]


@dataclass(frozen=True)
class Tokenizer:
    """Makes tokens under one key.

    Raises:
        ConfigurationError: the key is too short.
    """

    key: bytes

    def __post_init__(self) -> None:
        """Check the key; never repeat it."""
        if len(self.key) < SHORTEST_KEY:
            raise ConfigurationError(
                f"the key of the tokens has {len(self.key)} bytes and needs {SHORTEST_KEY}: unset TOKEN_KEY, and "
                "TOKEN_KEY_FILE gets a random one"
            )

    def token(self, digits: str) -> str:
        """The token of a card number's digits, or of any other text."""
        return PREFIX + hmac.new(self.key, digits.encode(), hashlib.sha256).hexdigest()[:TOKEN_HEX]

    def rewrite(self, table: Table, target: Path) -> Tokenized:
        """Write the table with tokens in place of card numbers; the target appears whole or not at all.

        In a column where at least half of what is there are card numbers, everything is replaced: a mistyped card
        number is still one. Elsewhere numbers are replaced where they stand. Only whoever writes may read the target.

        Raises:
            ImpossibleRequest: a row can't be read, or the heading holds a card number.
            ConfigurationError: the target can't be written, or is there already.
        """
        if any(has_card(name) for name in table.heading):
            raise ImpossibleRequest(f"{table.name}: the first line holds a card number; put a heading before it")
        whole = self._whole_columns(table)
        try:
            return self._written(table, target, whole)
        except FileExistsError as error:
            raise ConfigurationError(f"{target} is there already; name another file with --to") from error
        except OSError as error:
            raise ConfigurationError(f"{target} can't be written: {error.strerror}; name another file") from error

    def _whole_columns(self, table: Table) -> list[str]:
        filled: Counter[str] = Counter()
        cards: Counter[str] = Counter()
        for row in table.rows():
            if isinstance(row, Problem):
                raise ImpossibleRequest(f"{table.name}, {row.sentence}; mend it, so that no card number is overlooked")
            present = [name for name, cell in row.cells.items() if cell]
            filled.update(present)
            cards.update(name for name in present if is_only_card(row.cells[name]))
        return [name for name in table.heading if 2 * cards[name] >= filled[name] > 0]

    def _written(self, table: Table, target: Path, whole: Sequence[str]) -> Tokenized:
        rows, tokens = 0, dict.fromkeys(table.heading, 0)
        handle, unfinished = tempfile.mkstemp(dir=target.parent, prefix=".tokenize-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, delimiter=table.delimiter)
                writer.writerow(table.heading)
                for row in table.rows():
                    if isinstance(row, Problem):
                        raise ImpossibleRequest(f"{table.name} has changed meanwhile; try again")
                    cells = {name: self._cell(cell, whole=name in whole) for name, cell in row.cells.items()}
                    for name, cell in cells.items():
                        tokens[name] += cell != row.cells[name]
                    writer.writerow(cells.values())
                    rows += 1
            os.link(unfinished, target)
        finally:
            Path(unfinished).unlink()
        return Tokenized(rows, {name: count for name, count in tokens.items() if count}, whole)

    def _cell(self, cell: str, *, whole: bool) -> str:
        if whole and cell:
            return self.token(cell.replace(" ", "").replace("-", ""))
        return replaced(cell, self.token)


def key_in(path: Path) -> bytes:
    """The key in a file; a random one is made, with the file, at the first call.

    Raises:
        ConfigurationError: it can't be read or made, or others may read it.
    """
    try:
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
                file.write(os.urandom(SHORTEST_KEY).hex() + "\n")
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(f"others may read {path}, and try card numbers with it: chmod 600 {path}")
        return path.read_bytes().strip()
    except OSError as error:
        raise ConfigurationError(
            f"the key {path} can't be read or made: {error.strerror}; set TOKEN_KEY_FILE"
        ) from error
