"""Where everything is measured: a real broker and database of our own, a trained model at work, and our scorer."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from benchmarks.payments import City
from fraudstream.adapters.database.roles import Role
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.kafka import KafkaAdmin, KafkaProducer
from fraudstream.clock import SystemClock
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.local import apps
from fraudstream.local.launch import environment_put_back, prepare
from fraudstream.local.processes import Process
from fraudstream.local.schedule import DemoPlan
from fraudstream.local.stack import EmbeddedStack
from fraudstream.scoring_settings import Profile
from fraudstream.settings import DatabaseSettings, KafkaSettings

READY_TIMEOUT, FILL_TIMEOUT, TRAINING_TIMEOUT = 180.0, 120.0, 900.0
"""Seconds the scorer may take to its first trigger, the broker to take the last records, and a training."""
MODEL = "extra-trees"
"""The family that `fraudstream evaluate` serves."""
SCORER = "scorer"
FOR_BACKLOGS: Mapping[str, str] = {"SCORING_PROFILE": Profile.THROUGHPUT}
"""Our documented settings for draining what has piled up; latencies are measured with the defaults."""
SERVERS = ("kafka", "postgres")


@dataclass(frozen=True)
class Watched:
    """How far the database is."""

    cursor: Cursor

    def scored(self) -> int:
        """How many records are behind the committed positions."""
        return self._number("coalesce(sum(next_offset), 0) FROM positions")

    def logged(self) -> int:
        """Bytes of its write-ahead log so far."""
        return self._number("pg_current_wal_lsn() - '0/0'::pg_lsn")

    def _number(self, expression: str) -> int:
        self.cursor.execute(f"SELECT {expression}")
        (found,) = self.cursor.fetchone() or (0,)
        return int(found)


@dataclass
class Stand:
    """The parts of a measurement, from `opened_stand`."""

    stack: EmbeddedStack
    environments: apps.Environments
    city: City

    @property
    def kafka(self) -> KafkaSettings:
        """The broker."""
        return KafkaSettings(kafka_bootstrap_servers=self.environments.common["KAFKA_BOOTSTRAP_SERVERS"])

    def url(self, role: Role) -> str:
        """SQLAlchemy URL of the database."""
        return self.stack.database_urls[role]

    def train(self, model: str = MODEL) -> str:
        """Train on the city's history and put the model to work; returns what the trainer says last."""
        plan = DemoPlan(
            seconds=None,
            rate=0.0,
            producer=True,
            seed=self.city.seed,
            customers=self.city.customers,
            history_days=self.city.history_days,
        )
        command = apps.trainer(self.environments, plan, self.city.start)
        training = self.stack.supervisor.start(replace(command, arguments=(*command.arguments, "--model", model)))
        return apps.finish(self.stack.supervisor, training, TRAINING_TIMEOUT)

    def fill(self, records: Iterable[tuple[bytes, bytes]], topic: str = TRANSACTIONS) -> int:
        """Put payments into a log as fast as the broker takes them; returns how many stand in it then.

        Raises:
            TimeoutError: the broker did not take everything.
        """
        producer = KafkaProducer(self.kafka, linger_ms=20)
        for number, (key, value) in enumerate(records):
            producer.send(topic, key=key, value=value)
            if number % 1_000 == 0:
                producer.poll()
        left = producer.flush(FILL_TIMEOUT)
        if left:
            raise TimeoutError(f"the broker has not taken {left:,} payments after {FILL_TIMEOUT:.0f} s")
        return sum(end for _, end in KafkaAdmin(self.kafka).describe(topic).bounds.values())

    def start_scorer(self, *arguments: str, **settings: str) -> Process:
        """Start our scorer with these settings, or in its place what is started by `arguments`; it is not ready yet."""
        command = apps.scorer(self.environments)
        environment = {**command.environment, **settings}
        arguments = arguments or command.arguments
        return self.stack.supervisor.start(replace(command, arguments=arguments, environment=environment, restarts=0))

    def wait_until_ready(self, scorer: Process) -> None:
        """Wait until a payment sent now would be scored.

        Raises:
            ProcessEnded: it ended, or took too long.
        """
        reader = DatabaseSettings.model_validate({"database_url": self.url(Role.READER)})
        self.stack.supervisor.wait_until(scorer, apps.ready_probe(reader, self.kafka), READY_TIMEOUT)

    @contextlib.contextmanager
    def watched(self) -> Iterator["Watched"]:
        """The database, asked as often as wanted in one session."""
        opened = contextlib.closing(connect(self.url(Role.READER), application="fraudstream benchmark"))
        with opened as connection, connection.cursor() as cursor:
            connection.autocommit = True
            yield Watched(cursor)

    def pids(self, *names: str) -> Mapping[str, int]:
        """The first process of each family by its name."""
        return {name: self.stack.supervisor.processes[name].pid for name in names}


@contextlib.contextmanager
def opened_stand(city: City, *, say: bool = True) -> Iterator[Stand]:
    """Broker, database and AWS endpoint with tables and topics, in a folder that is removed afterwards."""
    home = Path(tempfile.mkdtemp(prefix="fraudstream-bench-"))
    try:
        with EmbeddedStack(home, clock=SystemClock()) as stack, environment_put_back():
            environments = prepare(stack, print if say else lambda _: None)
            yield Stand(stack, environments, city)
    finally:
        shutil.rmtree(home, ignore_errors=True)
