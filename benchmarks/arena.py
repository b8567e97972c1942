"""One round: the same payments for everybody, state and model as our scorer has them, everybody's rows compared."""

import contextlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path

import numpy as np
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from benchmarks.backlog import drain
from benchmarks.contenders import Computes, Contender, Log
from benchmarks.peers.given import VARIABLE, Everybody, Given, OneCustomer, given
from benchmarks.round_of_peers import Expected, Result, run_peer
from benchmarks.stand import FOR_BACKLOGS, SCORER, Stand
from fraudstream.adapters.database.roles import Role
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.kafka import KafkaAdmin
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.features.events import Floats
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.local.processes import ProcessEnded

OURS = "fraudstream"
PARTITIONS = 2
REFERENCE_BATCH = 10_000
PEERS_DATABASE = "peers"
CATCH_UP_TIMEOUT = 300.0
"""Seconds our scorer may take for what somebody else has left of a round's payments."""
STATE = """
SELECT state.user_id, state.state, coalesce(risk, decode(repeat('00', %s), 'hex')) FROM customer_state AS state
LEFT JOIN customer_risk AS risk USING (catalogue_version, user_id)
"""


@dataclass(frozen=True)
class Sizes:
    """Payments of each log, how often everybody runs, and for how many seconds latency is measured at each rate."""

    payments: dict[Log, int]
    rounds: int
    seconds: float = 0.0


@dataclass
class Arena:
    """A stand with everything that is the same for all contenders."""

    stand: Stand
    sizes: Sizes
    peers: str
    scored: int = 0
    _stream: Iterator[tuple[bytes, bytes]] = field(init=False)

    def __post_init__(self) -> None:
        self._stream = self.stand.city.records()

    def round(self, number: int, contenders: Sequence[Contender]) -> list[Result]:
        """Everybody once, on payments nobody has seen; ours first in even rounds and last in odd ones.

        Who takes our scorer's place does so before everybody in even rounds, and after everybody in odd ones.
        """
        instead = [contender for contender in contenders if contender.in_our_place]
        beside = [contender for contender in contenders if not contender.in_our_place]
        if number % 2:
            return [*self._beside_us(number, beside), *self._in_our_place(number, instead)]
        return [*self._in_our_place(number, instead), *self._beside_us(number, beside)]

    def _beside_us(self, number: int, contenders: Sequence[Contender]) -> list[Result]:
        """Our scorer, and each peer on a log of its own."""
        folder = self._folder(f"round-{number}")
        records = self._records()
        topics = {
            log: self._fill(f"bench-{number}-{log}", records[:count]) for log, count in self.sizes.payments.items()
        }
        shared = self._given(folder, topics[Log.LARGE], len(records))
        expected = {computes: self._expected(shared, records, computes) for computes in Computes}
        order: list[Contender | None] = [*contenders, None]
        results = []
        for contender in order if number % 2 else order[::-1]:
            if contender is None:
                result = self._drained(None, records, expected[Computes.SAME])
            else:
                place = replace(shared, topic=topics[contender.log], payments=self.sizes.payments[contender.log])
                at = folder / contender.process
                result = run_peer(self.stand, contender, place, at, expected[contender.computes])
            results.append(_told(number, result))
        return results

    def _in_our_place(self, number: int, contenders: Sequence[Contender]) -> list[Result]:
        """Each contender on the log that our scorer scores, with payments of its own."""
        results = []
        for contender in contenders:
            folder = self._folder(f"round-{number}-{contender.process}")
            records = self._records()
            shared = self._given(folder, TRANSACTIONS, len(records))
            expected = self._expected(shared, records, contender.computes)
            try:
                result = self._drained(contender, records, expected)
            except (ProcessEnded, TimeoutError) as error:
                result = Result(contender.name, 0, 0.0, 0.0, 0.0, str(error))
                self._catch_up()
            results.append(_told(number, result))
        return results

    def _catch_up(self) -> None:
        """Have our scorer score what whoever was in its place has left."""
        supervisor = self.stand.stack.supervisor
        supervisor.stop_process(SCORER)
        self.scored = self.stand.fill(())
        scorer = self.stand.start_scorer(**FOR_BACKLOGS)
        with self.stand.watched() as database:
            supervisor.wait_until(scorer, lambda: database.scored() >= self.scored, CATCH_UP_TIMEOUT)
        supervisor.stop_process(SCORER)

    def digest(self) -> str:
        """SHA-256 of the model at work."""
        with _cursor(self.stand.url(Role.READER)) as cursor:
            cursor.execute("SELECT digest FROM deployments WHERE active")
            return str((cursor.fetchone() or ("",))[0])

    def _folder(self, name: str) -> Path:
        folder = self.stand.stack.home / name
        folder.mkdir()
        return folder

    def _records(self) -> list[tuple[bytes, bytes]]:
        """Payments that nobody has seen."""
        return list(islice(self._stream, self.sizes.payments[Log.LARGE]))

    def _fill(self, topic: str, records: Sequence[tuple[bytes, bytes]]) -> str:
        KafkaAdmin(self.stand.kafka).ensure_topics({topic: PARTITIONS}, 1)
        self.stand.fill(records, topic)
        return topic

    def _given(self, folder: Path, topic: str, payments: int) -> Given:
        """Log, model, and the state that our scorer would begin with now."""
        self._write_state(folder / "state.npz")
        model = folder / "model.npz"
        with _cursor(self.stand.url(Role.PROMOTER)) as cursor:
            cursor.execute("SELECT content FROM model_artefacts JOIN deployments USING (digest) WHERE active")
            model.write_bytes(bytes((cursor.fetchone() or (b"",))[0]))
        return Given(
            bootstrap_servers=self.stand.kafka.kafka_bootstrap_servers,
            topic=topic,
            payments=payments,
            database=self.peers,
            model=str(model),
            state=str(folder / "state.npz"),
            folder=str(folder),
            jars=self.stand.environments.common["SPARK_JARS_DIR"],
        )

    def _write_state(self, path: Path) -> None:
        """The rows that our scorer begins with, for everybody else."""
        with _cursor(self.stand.url(Role.PROMOTER)) as cursor:
            cursor.execute(STATE, (8 * CUSTOMER_RISK_WIDTH,))
            customers = cursor.fetchall()
            cursor.execute("SELECT merchant_id, risk FROM merchant_risk")
            merchants = cursor.fetchall()
        np.savez(
            path,
            user_ids=np.array([user for user, _, _ in customers], np.int64),
            customer_state=_rows([state for _, state, _ in customers], CUSTOMER_STATE_WIDTH),
            customer_risk=_rows([risk for _, _, risk in customers], CUSTOMER_RISK_WIDTH),
            merchant_ids=np.array([merchant for merchant, _ in merchants], np.int64),
            merchant_risk=_rows([risk for _, risk in merchants], MERCHANT_RISK_WIDTH),
        )

    def _expected(self, shared: Given, records: Sequence[tuple[bytes, bytes]], computes: Computes) -> Expected:
        """What everybody's rows must be, computed here in one process and in one order."""
        if computes is Computes.OWN:
            return {}
        with _given_here(shared):
            found: dict[bytes, tuple[float, bytes]] = {}
            everybody, one = Everybody(), OneCustomer()
            values = [value for _, value in records]
            if computes is Computes.STATELESS:
                values = values[: self.sizes.payments[Log.MEDIUM]]
            for place in range(0, len(values), REFERENCE_BATCH):
                batch = values[place : place + REFERENCE_BATCH]
                if computes is Computes.SAME:
                    columns, features, probability = everybody.score(batch)
                    ids = columns.transaction_id.tobytes()
                    found |= {
                        ids[16 * n : 16 * n + 16]: (float(probability[n]), features[n].tobytes())
                        for n in range(len(columns))
                    }
                else:
                    for value in batch:
                        columns, features = one.features([value], np.zeros(CUSTOMER_STATE_WIDTH))
                        found[columns.transaction_id.tobytes()] = (
                            float(one.score(features)[0]),
                            features[0].tobytes(),
                        )
            return found

    def _drained(self, instead: Contender | None, records: Sequence[tuple[bytes, bytes]], expected: Expected) -> Result:
        """The log that our scorer scores, from where it stands, set to what a backlog needs; or somebody `instead`."""
        filled = self.stand.fill(records)
        command, environment = (instead.command, instead.environment) if instead else ((), {})
        scorer = self.stand.start_scorer(*command, **FOR_BACKLOGS, **environment)
        measured = drain(self.stand, scorer, filled, begin=self.scored)
        self.stand.stack.supervisor.stop_process(SCORER)
        error = self._difference(expected)
        self.scored = filled
        return Result(
            instead.name if instead else OURS,
            len(records),
            measured.rate,
            measured.core_seconds_per_million,
            max(measured.megabytes),
            error,
            {name: seconds / measured.counted * 1e6 for name, seconds in measured.cpu_seconds.items()},
            measured.start_cpu_seconds,
        )

    def _difference(self, expected: Expected) -> str:
        left = len(expected)
        with (
            contextlib.closing(connect(self.stand.url(Role.READER), application="fraudstream benchmark")) as connection,
            connection,
            connection.cursor("rows") as cursor,
        ):
            cursor.itersize = 20_000
            cursor.execute("SELECT uuid_send(transaction_id), score, features FROM scored_transactions")
            for id_, score, features in cursor:
                wanted = expected.get(bytes(id_))
                if wanted is None:
                    continue
                left -= 1
                if wanted != (score, bytes(features)):
                    return f"computes otherwise: {score} instead of {wanted[0]}"
        return f"{left:,} payments are not scored" if left else ""


def _told(number: int, result: Result) -> Result:
    print(f"round {number + 1}: {result.name:<20} {result.rate:>10,.0f} a second  {result.error[:200]}", flush=True)
    return result


def _rows(found: Sequence[bytes], width: int) -> Floats:
    return np.frombuffer(b"".join(map(bytes, found)), "<f8").reshape(-1, width)


@contextlib.contextmanager
def _given_here(shared: Given) -> Iterator[None]:
    """This process is given what a peer is."""
    file = Path(shared.folder) / "given.json"
    file.write_text(json.dumps(asdict(shared)), encoding="utf-8")
    os.environ[VARIABLE] = str(file)
    given.cache_clear()
    yield
    del os.environ[VARIABLE]


@contextlib.contextmanager
def _cursor(url: str) -> Iterator[Cursor]:
    opened = contextlib.closing(connect(url, application="fraudstream benchmark"))
    with opened as connection, connection, connection.cursor() as cursor:
        yield cursor


def peers_database(stand: Stand) -> str:
    """A database of the peers' own on the same server; returns its address for libpq."""
    url = stand.stack.administrator_url
    with contextlib.closing(connect(url, application="fraudstream benchmark")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {PEERS_DATABASE}")
    return url.replace("postgresql+psycopg2://", "postgresql://").rsplit("/", 1)[0] + f"/{PEERS_DATABASE}"
