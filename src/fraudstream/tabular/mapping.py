"""Which column of a table is which field of a payment."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from fraudstream.contracts.transaction import IncomingTransaction
from fraudstream.errors import ConfigurationError
from fraudstream.tabular.reading import Table

FIELDS = {field.name: field for field in msgspec.structs.fields(IncomingTransaction)}
NAMED = "transaction_id"
"""The field that makes itself where no column has it."""
NUMBERED = "#"
"""Before a column: its names are turned into numbers, the same name always into the same."""
TERMS = ("decimal", "time", "zone", "encoding", "delimiter")
"""What else a map may say, always with `:=`."""
MARKS = {"comma": ",", "point": ".", "semicolon": ";", "tab": "\t", "pipe": "|"}
MAY_BE_NUMBERED = frozenset({"transaction_id", "user_id", "merchant_id", "device_id"})


@dataclass(frozen=True)
class Source:
    """The column a field comes from; `numbered` columns hold names that become numbers."""

    column: str
    numbered: bool = False


@dataclass(frozen=True)
class TableMap:
    """How rows become payments.

    `columns` are the columns of fields, `fixed` the values of fields that are the same in every row. `decimal` is the
    mark before an amount's cents, `time` is strftime's format (ISO 8601 if empty), `zone` that of times without one.
    `encoding` and `delimiter` are the file's; the delimiter is found out if empty.
    """

    columns: Mapping[str, Source]
    fixed: Mapping[str, str]
    decimal: str = "."
    time: str = ""
    zone: str = "UTC"
    encoding: str = "utf-8"
    delimiter: str = ""

    @classmethod
    def read(cls, text: str) -> "TableMap":
        """Read `field=Column,field=#Column,field:=value,term:=value`.

        Terms are decimal, time, zone, encoding and delimiter; a mark may be written as a word (comma, tab).

        Raises:
            ConfigurationError: no such field, term, mark or zone, or a text that is no list of pairs.
        """
        pairs = _pairs(text)
        terms = {name: value for name, (value, fixed) in pairs.items() if name in TERMS and fixed}
        terms |= {name: MARKS.get(terms[name], terms[name]) for name in ("decimal", "delimiter") if name in terms}
        if terms.get("decimal", ".") not in {".", ","}:
            raise ConfigurationError(f"amounts have a point or a comma before their cents, not {terms['decimal']!r}")
        if len(terms.get("delimiter", ",")) != 1:
            raise ConfigurationError(f"{terms['delimiter']!r} can't stand between cells: {', '.join(MARKS)} can")
        zone = terms.get("zone", "UTC")
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ConfigurationError(f"there is no time zone {zone}; try Europe/Berlin or UTC") from error
        columns = {field: _source(field, column) for field, (column, fixed) in pairs.items() if not fixed}
        constants = {field: value for field, (value, fixed) in pairs.items() if fixed and field not in TERMS}
        return cls(columns, constants, **terms)

    def table(self, content: BinaryIO, name: str) -> Table:
        """A table that is read in these terms; see `Table`."""
        return Table(content, name, self.encoding, self.delimiter)

    def fitted(self, heading: Sequence[str]) -> "TableMap":
        """This map on a heading; a column that is called like a field is that field, if nothing else is.

        Raises:
            ConfigurationError: a column isn't there, or a field that every payment has comes from nowhere.
        """
        for source in self.columns.values():
            if source.column not in heading:
                near = difflib.get_close_matches(source.column, heading, 1, 0.5)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(heading)}"
                raise ConfigurationError(f"there is no column {source.column}; {hint}")
        same = {name: Source(name) for name in FIELDS if name in heading and name not in self.fixed}
        columns = {**same, **self.columns}
        missing = [
            name
            for name, field in FIELDS.items()
            if field.required and name != NAMED and name not in columns and name not in self.fixed
        ]
        if missing:
            raise ConfigurationError(
                f"no column is {', '.join(missing)}: map each as {missing[0]}=COLUMN, or set one value for all rows as "
                f"{missing[0]}:=VALUE. The columns are {', '.join(heading)}"
            )
        return replace(self, columns=columns)


def _source(field: str, column: str) -> Source:
    numbered = column.startswith(NUMBERED)
    if numbered and field not in MAY_BE_NUMBERED:
        raise ConfigurationError(f"{field} is no name: only {', '.join(sorted(MAY_BE_NUMBERED))} may have a {NUMBERED}")
    return Source(column.removeprefix(NUMBERED), numbered)


def _pairs(text: str) -> dict[str, tuple[str, bool]]:
    """Values by field or term, and whether each is a value and no column."""
    pairs: dict[str, tuple[str, bool]] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = part.partition("=")
        fixed = name.rstrip().endswith(":")
        name, value = name.strip().removesuffix(":").strip(), value.strip()
        if not equals or not value:
            raise ConfigurationError(f"{part!r} is no pair: write field=Column or field:=value, with commas between")
        if name not in FIELDS and not (fixed and name in TERMS):
            near = difflib.get_close_matches(name, FIELDS, 1, 0.5)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(FIELDS)}"
            raise ConfigurationError(f"a payment has no field {name}; {hint}")
        if name in pairs:
            raise ConfigurationError(f"{name} is named twice; leave one of them out")
        pairs[name] = value, fixed
    return pairs
