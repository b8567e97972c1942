"""What every peer is given: the log, the model, the state that customers begin with, and a table for its rows.

All of them compute the same features with the same compiled kernel and walk the same trees, which is faster than
calling scikit-learn; what differs is the engine around it.
"""

import io
import json
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psycopg2

from fraudstream.contracts.transaction import parse_transaction
from fraudstream.features.events import ABSENT, EventColumns, Floats, Ints, columns_of
from fraudstream.features.kernel import vectors
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.models.archive import digest_of, load_model
from fraudstream.models.arrays import ScoringModel
from fraudstream.models.walker import score

VARIABLE = "FRAUDSTREAM_BENCHMARK"
"""Names a file with what follows as JSON."""
NOBODY = np.zeros(1, np.int64)
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
COPY = "COPY peer_rows (transaction_id, user_id, event_time, amount, score, features) FROM STDIN (FORMAT binary)"
FIELDS = struct.Struct(">hi16siqiqididi")
"""A row but for the bytes of its features: how many fields, and the length of each before it."""


@dataclass(frozen=True)
class Given:
    """Addresses, files, and the number of payments in the log."""

    bootstrap_servers: str
    topic: str
    payments: int
    database: str
    model: str
    state: str
    folder: str
    jars: str = ""


class Row(NamedTuple):
    """A scored payment as a peer stores it."""

    transaction_id: bytes
    user_id: int
    event_time: float
    amount: float
    score: float
    features: bytes


@lru_cache(maxsize=1)
def given() -> Given:
    """What the harness has prepared."""
    return Given(**json.loads(Path(os.environ[VARIABLE]).read_text(encoding="utf-8")))


@dataclass
class Start:
    """The rows that customers and merchants begin with, by their ids."""

    customers: dict[int, Floats] = field(default_factory=dict)
    customer_risk: dict[int, Floats] = field(default_factory=dict)
    merchant_risk: dict[int, Floats] = field(default_factory=dict)

    @classmethod
    def read(cls, path: str) -> "Start":
        """From the file that the harness wrote."""
        with np.load(path) as arrays:
            return cls(
                dict(zip(arrays["user_ids"].tolist(), arrays["customer_state"], strict=True)),
                dict(zip(arrays["user_ids"].tolist(), arrays["customer_risk"], strict=True)),
                dict(zip(arrays["merchant_ids"].tolist(), arrays["merchant_risk"], strict=True)),
            )


def model_given() -> ScoringModel:
    """The model at work."""
    content = Path(given().model).read_bytes()
    return load_model(content, digest=digest_of(content))


class OneCustomer:
    """Scores payments of one customer at a time: the shape of every engine with state by key."""

    def __init__(self) -> None:
        self.model = model_given()
        self.start = Start.read(given().state)

    def first_state(self, user_id: int) -> Floats:
        """What a customer begins with."""
        known = self.start.customers.get(user_id)
        return np.zeros(CUSTOMER_STATE_WIDTH) if known is None else known.copy()

    def features(self, values: Sequence[bytes], state: Floats) -> tuple[EventColumns, Floats]:
        """Payments of one customer in their order; `state` (56,) is changed in place."""
        columns = columns_of([parse_transaction(value, latest=1e12) for value in values])
        merchants, merchant_row = np.unique(columns.merchant_id, return_inverse=True)
        nothing = np.zeros(MERCHANT_RISK_WIDTH)
        risk = np.array(
            [nothing if id_ == ABSENT else self.start.merchant_risk.get(id_, nothing) for id_ in merchants.tolist()]
        )
        own = self.start.customer_risk.get(int(columns.user_id[0]), np.zeros(CUSTOMER_RISK_WIDTH))
        rows = np.zeros(len(columns), np.int64)
        return columns, vectors(columns, state[np.newaxis], rows, own[np.newaxis], risk, merchant_row.astype(np.int64))

    def score(self, features: Floats) -> Floats:
        """Probabilities (n,)."""
        return score(self.model, features, top=0).probability


class Everybody:
    """Scores payments of many customers at once, all of their states in the memory of one process."""

    def __init__(self) -> None:
        self.model = model_given()
        with np.load(given().state) as arrays:
            self._users, self._state, self._risk = _indexed(
                arrays["user_ids"], arrays["customer_state"], arrays["customer_risk"]
            )
            self._merchants, self._merchant_risk, _ = _indexed(
                arrays["merchant_ids"], arrays["merchant_risk"], arrays["merchant_risk"]
            )

    def score(self, values: Sequence[bytes]) -> tuple[EventColumns, Floats, Floats]:
        """Payments in their order; returns them with features (n, F) and probabilities (n,)."""
        columns = columns_of([parse_transaction(value, latest=1e12) for value in values])
        customer_row, merchant_row = self._rows(columns)
        found = vectors(columns, self._state, customer_row, self._risk, self._merchant_risk, merchant_row)
        return columns, found, score(self.model, found, top=0).probability

    def _rows(self, columns: EventColumns) -> tuple[Ints, Ints]:
        users = self._users
        for user in columns.user_id.tolist():
            if user not in users:
                users[user] = len(users) + 1
        if len(users) >= len(self._state):
            self._state = _grown(self._state)
            self._risk = _grown(self._risk)
        customer = np.array([users[user] for user in columns.user_id.tolist()], np.int64)
        merchant = np.array([self._merchants.get(merchant, 0) for merchant in columns.merchant_id.tolist()], np.int64)
        return customer, merchant


def _indexed(ids: Ints, rows: Floats, other: Floats) -> tuple[dict[int, int], Floats, Floats]:
    """Row of each id from 1 on; row 0 is nobody's."""
    return (
        {id_: row for row, id_ in enumerate(ids.tolist(), 1)},
        np.vstack([np.zeros((1, rows.shape[1])), rows]),
        np.vstack([np.zeros((1, other.shape[1])), other]),
    )


def _grown(rows: Floats) -> Floats:
    return np.vstack([rows, np.zeros_like(rows)])


class Table:
    """The table of a peer; rows go in by binary COPY, the fastest way there is."""

    def __init__(self) -> None:
        self._connection = psycopg2.connect(given().database)

    def write(self, rows: Sequence[Row]) -> None:
        """Store rows and commit."""
        content = io.BytesIO()
        content.write(HEADER)
        for row in rows:
            microseconds = round(row.event_time * 1e6) - 946_684_800_000_000
            content.write(
                FIELDS.pack(
                    *(6, 16, row.transaction_id, 8, row.user_id, 8, microseconds),
                    *(8, row.amount, 8, row.score, len(row.features)),
                )
            )
            content.write(row.features)
        content.write(TRAILER)
        content.seek(0)
        with self._connection, self._connection.cursor() as cursor:
            cursor.copy_expert(COPY, content)


def rows_of(columns: EventColumns, features: Floats, probability: Floats) -> list[Row]:
    """Scored payments as rows."""
    ids = columns.transaction_id.tobytes()
    return [
        Row(ids[16 * n : 16 * n + 16], user, moment, amount, chance, features[n].tobytes())
        for n, (user, moment, amount, chance) in enumerate(
            zip(
                columns.user_id.tolist(),
                columns.event_time.tolist(),
                columns.amount.tolist(),
                probability.tolist(),
                strict=True,
            )
        )
    ]
