"""A history of one's own: a file of JSON lines with payments and labels as their topics hold them, in order of time.

It is read twice and never held: first for what was fraud in the end and how far it reaches, then part by part.
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import NoReturn

import msgspec
import numpy as np
import numpy.typing as npt

from fraudstream.contracts.label import Label, parse_label
from fraudstream.contracts.transaction import ParsedTransaction, parse_transaction
from fraudstream.errors import ConfigurationError, MalformedEvent
from fraudstream.features.events import Bytes, Floats, Ints, columns_of, uuid_at
from fraudstream.features.replay import LabelArrivals
from fraudstream.training.card import Origin, moment_text
from fraudstream.training.dataset import DAY, SHORTEST_HISTORY
from fraudstream.training.id_index import UNKNOWN, IdIndex
from fraudstream.training.past import Past, PastPart

Bools = npt.NDArray[np.bool_]
Keys = npt.NDArray[np.bytes_]

LINES_AT_ONCE = 50_000
SCENARIO_NAMES = {1: "labelled fraud"}
OWN = Origin(
    caution="The payments are those of a file. Whatever was never labelled in it counts as genuine, and so do the "
    "frauds of\nits last days that nobody had reported when it ends.",
    measured="Measured on the last week of the file, by all labels in it. Training stopped a week before; calibration "
    "and\nthreshold come from the week between.",
)
_LABEL_FIELD = b'"arrived_at"'
_OUTCOME_FIELD = b'"is_fraud"'


class _Outcome(msgspec.Struct):
    transaction_id: uuid.UUID
    is_fraud: bool | int | None = None


_outcome = msgspec.json.Decoder(_Outcome)


@dataclass(frozen=True)
class _Survey:
    """First and last moment (seconds since 1970 UTC), and the ids (k,) that are fraud in the end, sorted."""

    first: float
    last: float
    frauds: Keys


def file_past(path: Path, *, seed: int) -> Past:
    """The history in a file; it begins and ends with whole days (UTC).

    Args:
        path: of the file. A label stands after its payment, and each payment has one at the most; an outcome inside a
            payment was known at once.
        seed: of the fit.

    Raises:
        ConfigurationError: the file cannot be read, has no payments, or covers too few days. What is wrong with a line
            is said when its part is read.
    """
    survey = _survey(path)
    start, end = survey.first // DAY * DAY, (survey.last // DAY + 1) * DAY
    if end - start < SHORTEST_HISTORY * DAY:
        raise ConfigurationError(
            f"{path} covers {(end - start) / DAY:.0f} days, too few to train on; at least {SHORTEST_HISTORY} are needed"
        )
    facts = {"world": "file", "file": path.name}
    return Past(start, end, lambda: _Reader(path, survey).parts(), facts, seed, SCENARIO_NAMES, OWN)


@dataclass
class _Reader:
    """Reads a file once; `number` is that of the line it is at, from 1 on, `newest` the time of the one before."""

    path: Path
    survey: _Survey
    number: int = 0
    newest: float = float("-inf")
    ids: IdIndex = field(default_factory=IdIndex)
    labelled: Bools = field(default_factory=lambda: np.empty(0, np.bool_))
    payments: list[tuple[int, ParsedTransaction]] = field(default_factory=list)
    labels: list[tuple[int, Label]] = field(default_factory=list)

    def parts(self) -> Iterator[PastPart]:
        with _opened(self.path) as file:
            for line in file:
                self.number += 1
                if line.isspace():
                    continue
                item = _parsed(self.path, self.number, line)
                moment = _moment_of(item)
                if moment < self.newest:
                    self._fail(
                        f"{moment_text(moment)} lies before {moment_text(self.newest)} of the line before; sort the "
                        "lines by time, payments by `timestamp` and labels by `arrived_at`"
                    )
                if len(self.payments) + len(self.labels) >= LINES_AT_ONCE and moment > self.newest:
                    yield self._part()
                self.newest = moment
                if isinstance(item, ParsedTransaction):
                    self.payments.append((self.number, item))
                else:
                    self.labels.append((self.number, item))
            if self.payments or self.labels:
                yield self._part()

    def _part(self) -> PastPart:
        """What has been read since the part before, checked."""
        lines = np.array([number for number, _ in self.payments], np.int64)
        parsed = [payment for _, payment in self.payments]
        events, first = columns_of(parsed), len(self.ids)
        twice = self.ids.add(events.transaction_id)
        if len(twice):
            again = int(twice[0])
            said = (
                f"transaction {uuid_at(events.transaction_id, again)} stands in the file before; remove one of the two"
            )
            self._fail(said, int(lines[again]))
        self.labelled = np.concatenate([self.labelled, np.zeros(len(events), np.bool_)])
        inside = np.flatnonzero(np.array([payment.is_fraud is not None for payment in parsed], np.bool_))
        own = _Labels(
            lines[inside],
            first + inside,
            events.event_time[inside],
            np.array([bool(parsed[row].is_fraud) for row in inside.tolist()], np.bool_),
        )
        labels = own.with_others(self._label_lines(lines, first))
        self._check_once(labels)
        scenario = np.isin(_keys(events.transaction_id), self.survey.frauds).astype(np.int8)
        self.payments, self.labels = [], []
        return PastPart(events, LabelArrivals(labels.row, labels.arrived_at, labels.is_fraud), scenario, self.newest)

    def _label_lines(self, payment_lines: Ints, first: int) -> "_Labels":
        """The labels that stand in lines of their own; `payment_lines` are those of the rows from `first` on."""
        lines = np.array([number for number, _ in self.labels], np.int64)
        ids = b"".join(label.transaction_id.bytes for _, label in self.labels)
        rows = self.ids.rows_of(np.frombuffer(ids, np.uint8).reshape(-1, 16))
        later = np.zeros(len(rows), np.bool_)
        here = rows >= first
        later[here] = payment_lines[rows[here] - first] > lines[here]
        wrong = np.flatnonzero((rows == UNKNOWN) | later)
        if len(wrong):
            number, label = self.labels[int(wrong[0])]
            self._fail(
                f"the label of transaction {label.transaction_id} stands before its payment, or that payment is "
                "missing; put it after its payment, or remove it",
                number,
            )
        return _Labels(
            lines,
            rows,
            np.array([_moment_of(label) for _, label in self.labels], np.float64),
            np.array([label.is_fraud for _, label in self.labels], np.bool_),
        )

    def _check_once(self, labels: "_Labels") -> None:
        known = self.labelled[labels.row]
        _, where = np.unique(labels.row, return_index=True)
        repeated = np.ones(len(labels.row), np.bool_)
        repeated[where] = False
        wrong = np.flatnonzero(known | repeated)
        if len(wrong):
            self._fail(
                "the payment it is about has a label already; keep the last one alone", int(labels.line[wrong[0]])
            )
        self.labelled[labels.row] = True

    def _fail(self, said: str, number: int | None = None) -> NoReturn:
        raise ConfigurationError(f"{self.path}, line {number or self.number:,}: {said}")


@dataclass(frozen=True)
class _Labels:
    """`k` labels in the order of their lines, and the rows of their payments."""

    line: Ints
    row: Ints
    arrived_at: Floats
    is_fraud: Bools

    def with_others(self, others: "_Labels") -> "_Labels":
        """Both, in the order of their lines."""
        columns = [np.concatenate([getattr(self, name), getattr(others, name)]) for name in vars(self)]
        order = np.argsort(columns[0], kind="stable")
        return _Labels(*(column[order] for column in columns))


def _survey(path: Path) -> _Survey:
    ends: list[tuple[int, bytes]] = []
    frauds = bytearray()
    with _opened(path) as file:
        for number, line in enumerate(file, 1):
            if _OUTCOME_FIELD in line:
                frauds += _fraud_id(line)
            if not line.isspace():
                ends[1:] = [(number, line)]
    if not ends:
        raise ConfigurationError(f"{path} has no lines; give a file of payments and labels as JSON lines")
    first, last = (_moment_of(_parsed(path, *ends[at])) for at in (0, -1))
    return _Survey(first, last, np.unique(_keys(np.frombuffer(bytes(frauds), np.uint8).reshape(-1, 16))))


def _fraud_id(line: bytes) -> bytes:
    """The id in a line that says a payment is fraud; nothing if it says otherwise, or is not understood here."""
    try:
        outcome = _outcome.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return b""  # said when the line is read in its turn
    return outcome.transaction_id.bytes if outcome.is_fraud else b""


def _parsed(path: Path, number: int, line: bytes) -> ParsedTransaction | Label:
    try:
        return parse_label(line) if _LABEL_FIELD in line else parse_transaction(line, latest=float("inf"))
    except MalformedEvent as error:
        raise ConfigurationError(f"{path}, line {number:,}: {error}; correct or remove the line") from error


def _moment_of(item: ParsedTransaction | Label) -> float:
    if isinstance(item, ParsedTransaction):
        return item.event_time
    moment = item.arrived_at
    return (moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment).timestamp()


@contextmanager
def _opened(path: Path) -> Iterator[BufferedReader]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}; give a file of JSON lines") from error


def _keys(ids: Bytes) -> Keys:
    """Ids (k, 16) as values that can be sorted; equal exactly if the ids are."""
    return np.ascontiguousarray(ids).view("S16").ravel()
