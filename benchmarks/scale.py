"""How cost grows with customers, stored rows, event size, partitions and workers: one thing at a time."""

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from confluent_kafka.admin import AdminClient, NewPartitions
from sqlalchemy.engine import make_url

from benchmarks.backlog import Drain, drain
from benchmarks.payments import city_for
from benchmarks.scale_fill import fill_customers, fill_rows, first_clone, stored_bytes
from benchmarks.stand import FOR_BACKLOGS, SCORER, Stand, opened_stand
from fraudstream.adapters.database.roles import DATABASE
from fraudstream.adapters.kafka import KafkaAdmin
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.simulation.population import FIRST_USER_ID

REQUEST_TIMEOUT = 20.0
PAYMENTS = 600_000
"""Payments of each step; their rate counts without the first tenth."""
STEPS: Mapping[str, Sequence[int]] = {
    "event_bytes": (300, 1_000, 4_000),
    "customers": (10_000, 100_000, 1_000_000),
    "workers": (1, 2),
    "partitions": (2, 4, 8),
    "stored_rows": (0, 10_000_000, 50_000_000),
}
NEEDED_DISK = 55e9
"""Bytes that the database and its log take at the most."""
DIMENSIONS = tuple(STEPS)
STEPS_IN_ALL = sum(map(len, STEPS.values()))

Record = tuple[bytes, bytes]
Found = dict[str, dict[str, dict[str, float]]]


@dataclass
class Scale:
    """A stand, the payments that nobody has seen yet, and how many records have been scored."""

    stand: Stand
    fresh: Iterator[Record]
    scored: int = 0

    def step(self, records: Iterator[Record], **settings: str) -> dict[str, float]:
        """Drain these records with a scorer of its own; what it did is returned for the results."""
        filled = self.stand.fill(itertools.islice(records, PAYMENTS))
        scorer = self.stand.start_scorer(**FOR_BACKLOGS, **settings)
        measured: Drain = drain(self.stand, scorer, filled, begin=self.scored)
        self.stand.stack.supervisor.stop_process(SCORER)
        self.scored = filled
        return {
            "events_per_s": round(measured.rate),
            "core_seconds_per_million": round(measured.core_seconds_per_million, 1),
            "megabytes": round(max(measured.megabytes)),
        }

    def event_bytes(self, size: int) -> dict[str, float]:
        """Events of at least so many bytes; what is added is white space, which JSON allows."""
        return self.step((key, value[:-1] + b" " * (size - len(value)) + value[-1:]) for key, value in self.fresh)

    def customers(self, count: int) -> dict[str, float]:
        """Payments of so many: of some of the city's customers, or of several who each live like one of its own."""
        clones = count // self.stand.city.customers
        if not clones:
            return self.step(record for record in self.fresh if int(record[0]) < FIRST_USER_ID + count)
        fill_customers(self._administrator, clones)
        return self.step(_shared_out(clones, self.fresh))

    def stored_rows(self, count: int) -> dict[str, float]:
        """Payments on top of so many rows of earlier months, with their reserved ids."""
        fill_rows(self._administrator, count)
        return self.step(self.fresh) | {"database_megabytes": round(stored_bytes(self._administrator) / 1e6)}

    def partitions(self, count: int) -> dict[str, float]:
        """Payments on so many partitions; a topic only ever gets more."""
        admin = AdminClient({"bootstrap.servers": self.stand.kafka.kafka_bootstrap_servers})
        there = len(KafkaAdmin(self.stand.kafka).describe(TRANSACTIONS).bounds)
        if count > there:
            admin.create_partitions([NewPartitions(TRANSACTIONS, count)])[TRANSACTIONS].result(REQUEST_TIMEOUT)
        return self.step(self.fresh)

    def workers(self, count: int) -> dict[str, float]:
        """Payments on a standalone cluster of so many workers with a core each."""
        return self.step(self.fresh, SPARK_MASTER=f"local-cluster[{count},1,1024]")

    @property
    def _administrator(self) -> str:
        """Address of the stream's database for who may do everything, checkpoints included."""
        url = make_url(self.stand.stack.administrator_url).set(database=DATABASE)
        return url.render_as_string(hide_password=False)


def measure_scale(now: float, dimensions: Sequence[str] = DIMENSIONS) -> Found:
    """Take the steps of these dimensions on one stand, and print each; what a dimension fills, the next ones keep."""
    if "stored_rows" in dimensions:
        _need_disk()
    found: Found = {}
    payments = (STEPS_IN_ALL + 2) * PAYMENTS  # the step of few customers leaves out half of what it reads
    with opened_stand(city_for(payments, now=now)) as stand:
        print(stand.train())
        scale = Scale(stand, stand.city.records(payments))
        for dimension in (one for one in DIMENSIONS if one in dimensions):
            take: Callable[[int], dict[str, float]] = getattr(scale, dimension)
            for size in STEPS[dimension]:
                step = take(size)
                found.setdefault(dimension, {})[str(size)] = step
                print(f"{dimension} {size:>12,}: " + ", ".join(f"{name} {value:,}" for name, value in step.items()))
    return found


def _need_disk() -> None:
    """Refuse to begin what would fill the disk half an hour later."""
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if free < NEEDED_DISK:
        others = " ".join(dimension for dimension in DIMENSIONS if dimension != "stored_rows")
        raise SystemExit(
            f"{free / 1e9:.0f} GB are free in {folder}, and 50 million rows need {NEEDED_DISK / 1e9:.0f}: name another "
            f'folder in TMPDIR, or leave them out with ARGS="--dimensions {others}"'
        )


def _shared_out(clones: int, records: Iterator[Record]) -> Iterator[Record]:
    """Each payment as one of its customer's clones, whichever comes by lot."""
    drawn = np.random.default_rng(clones)
    for key, value in records:
        user = first_clone(int(key), clones) + int(drawn.integers(clones))
        payment = msgspec.json.decode(value)
        yield b"%d" % user, msgspec.json.encode(payment | {"user_id": user})
