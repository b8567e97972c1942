"""One peer at work: started on a log of its own, watched until its rows are there, compared with what they must be."""

import contextlib
import json
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import psycopg2
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class

from benchmarks.contenders import PEERS_PYTHON, ROOT, Computes, Contender
from benchmarks.peers.given import VARIABLE, Given
from benchmarks.stand import SERVERS, Stand
from benchmarks.usage import Sampler
from fraudstream.local.processes import Command

BATCHES = "console_batches"
"""Of whoever stores nothing: how many rows each micro-batch has shown."""
TABLES = {
    "peer_rows": (
        "transaction_id uuid, user_id bigint, event_time timestamp, amount float8, score float8, features bytea"
    ),
    "tutorial_rows": ("transaction_id uuid, user_id bigint, event_time timestamptz, amount float8, score float8"),
    BATCHES: "rows bigint",
}
MOST_SECONDS = 300.0
"""Seconds after which a peer is stopped; what it has done until then counts."""
FEWEST_COMMITS = 5
"""Whoever stores its rows in fewer has no rate: there is too little between the first and the last."""
COMMITS = "SELECT count(DISTINCT xmin::text) FROM {table}"
RATE = """
SELECT coalesce(sum({rows}), 0), coalesce(sum({rows}) FILTER (WHERE stored_at > begun), 0),
    coalesce(extract(epoch FROM min(begun)), 0)::float8, coalesce(extract(epoch FROM max(stored_at)), 0)::float8
FROM {table}, (SELECT percentile_disc(0.1) WITHIN GROUP (ORDER BY stored_at) AS begun FROM {table}) AS first
"""
"""Without the first tenth, the first batch of engines that store in batches: what came before it is unknown."""


@dataclass(frozen=True)
class Result:
    """What one contender did in one round; `error` says what went wrong, empty if nothing did.

    `core_seconds_per_million` are those of the payments that count for the rate, and `processes` those of each family
    of processes, which add up to them; `start_core_seconds` were spent before.
    """

    name: str
    rows: int
    rate: float
    core_seconds_per_million: float
    megabytes: float
    error: str = ""
    processes: Mapping[str, float] = field(default_factory=dict)
    start_core_seconds: float = 0.0


Expected = Mapping[bytes, tuple[float, bytes]]
"""Score and features of each payment by its id."""


def run_peer(stand: Stand, contender: Contender, given: Given, folder: Path, expected: Expected) -> Result:
    """Start one peer, wait until it ends, and look at its rows."""
    if contender.elsewhere and not PEERS_PYTHON.exists():
        missing = f"{PEERS_PYTHON.relative_to(ROOT)} is not there: `make .venv-peers` makes it"
        return Result(contender.name, 0, 0.0, 0.0, 0.0, missing)
    folder.mkdir(parents=True)
    file = folder / "given.json"
    file.write_text(json.dumps(asdict(given) | {"folder": str(folder)}), encoding="utf-8")
    with _database(given.database) as connection:
        _new_table(connection, contender.table)
        name = contender.process
        environment = {**stand.environments.common, **contender.environment, VARIABLE: str(file)}
        error = ""
        peer = stand.stack.supervisor.start(Command(name, contender.command, environment))
        with Sampler(lambda: stand.pids(name, *SERVERS)) as sampler:
            deadline = time.monotonic() + MOST_SECONDS
            while peer.is_running() and time.monotonic() < deadline:
                time.sleep(0.2)
        if peer.is_running():
            error = f"was stopped after {MOST_SECONDS:.0f} s"
        elif peer.popen.returncode:
            error = str(peer.ended())
        stand.stack.supervisor.stop_process(name)
        shutil.rmtree(folder, ignore_errors=True)
        return _looked_at(connection, contender, given, sampler, expected, error)


def _looked_at(
    connection: Connection, contender: Contender, given: Given, sampler: Sampler, expected: Expected, error: str
) -> Result:
    with connection, connection.cursor() as cursor:
        rows_each = "rows" if contender.table == BATCHES else "1"
        cursor.execute(RATE.format(table=contender.table, rows=rows_each))
        rows, counted, begun, ended = cursor.fetchone() or (0, 0, 0.0, 0.0)
        rows, counted, seconds = int(rows), int(counted), ended - begun
        cursor.execute(COMMITS.format(table=contender.table))
        (commits,) = cursor.fetchone() or (0,)
        differing = ""
        if not error and contender.computes is not Computes.OWN:
            differing = _difference(connection, expected, contender.rounding)
    memory = max(sampler.megabytes(contender.process))
    spent = {name: took / max(counted, 1) * 1e6 for name, took in sampler.cpu_seconds(begun, ended).items()}
    if not error and rows != given.payments:
        error = f"stored {rows:,} rows of {given.payments:,}"
    elif not error and commits < FEWEST_COMMITS:
        error = f"stored everything in {commits} commits, between which no rate can be told"
    rate = counted / seconds if seconds else 0.0
    started = sum(sampler.cpu_seconds(end=begun).values())
    return Result(contender.name, rows, rate, sum(spent.values()), memory, error or differing, spent, started)


def _difference(connection: Connection, expected: Expected, rounding: float) -> str:
    """What is wrong with the rows, compared with what they should be; nothing if they are equal.

    Features to the last bit, and so are scores where no `rounding` is allowed.
    """
    found = 0
    with connection.cursor("rows") as cursor:
        cursor.itersize = 20_000
        cursor.execute("SELECT uuid_send(transaction_id), score, features FROM peer_rows")
        for id_, score, features in cursor:
            wanted = expected.get(bytes(id_))
            if wanted is None or wanted[1] != bytes(features) or not abs(wanted[0] - score) <= rounding:
                return f"computes otherwise: {score} instead of {wanted and wanted[0]}"
            found += 1
    return "" if found else "stored nothing"


@contextlib.contextmanager
def _database(url: str) -> Iterator[Connection]:
    with contextlib.closing(psycopg2.connect(url)) as connection:
        yield connection


def _new_table(connection: Connection, name: str) -> None:
    with connection, connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {name}")
        cursor.execute(f"CREATE TABLE {name} ({TABLES[name]})")
        cursor.execute(f"ALTER TABLE {name} ADD COLUMN stored_at timestamptz DEFAULT clock_timestamp()")


def middle(results: Sequence[Result]) -> Result:
    """The median of some rounds of one contender; the first error, if there is one."""
    errors = [result.error for result in results if result.error]
    numbers = {
        name: float(np.median([getattr(result, name) for result in results]))
        for name in ("rate", "core_seconds_per_million", "megabytes", "start_core_seconds")
    }
    processes = {
        name: float(np.median([result.processes.get(name, 0.0) for result in results])) for name in results[0].processes
    }
    return Result(results[0].name, results[0].rows, **numbers, error=errors[0] if errors else "", processes=processes)
