"""A scored stream in a database, labels on a real broker, and a label applier at work between the two."""

import contextlib
import datetime as dt
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
import stamina
from tests.integration.verify.postgres_stack import PostgresStack

from fraudstream.adapters.database.label_store import PostgresLabelStore
from fraudstream.adapters.kafka import KafkaAdmin, KafkaConsumer
from fraudstream.clock import SystemClock
from fraudstream.contracts.topics import LABELS
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.feedback.applier import LabelApplier
from fraudstream.feedback.consumption import LabelLoop
from fraudstream.settings import KafkaSettings

PATIENCE = 60.0


@dataclass
class LabelledStream:
    """Payments are scored by `stack`; what is said of them goes over the broker."""

    kafka: KafkaSettings
    stack: PostgresStack
    group: str
    workers: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(2))

    @contextlib.contextmanager
    def applier_at_work(self) -> Iterator[None]:
        """The label applier, as its process runs it."""
        stopped = threading.Event()
        running = self.workers.submit(self._run, stopped)
        try:
            yield
        finally:
            stopped.set()
            running.result(PATIENCE)

    def _run(self, stopped: threading.Event) -> None:
        admin = KafkaAdmin(self.kafka)
        store = PostgresLabelStore(self.stack.url)
        applier = LabelApplier(store, LABELS, admin.describe(LABELS).topic_id, dt.timedelta(days=1))
        consumer = KafkaConsumer(self.kafka, LABELS, group=self.group)
        with contextlib.closing(consumer), contextlib.closing(store):
            LabelLoop(applier, consumer, admin, SystemClock()).run(stopped.is_set)


@contextlib.contextmanager
def labelled_stream(
    kafka: KafkaSettings, url: str, unique_name: Callable[[str], str], environment: pytest.MonkeyPatch
) -> Iterator[LabelledStream]:
    """A stream of its own, which the environment names."""
    admin = KafkaAdmin(kafka)
    admin.ensure_topics({LABELS: 1}, 1)
    for attempt in stamina.retry_context(on=TemporarilyUnavailable, attempts=20, timeout=2 * PATIENCE):
        with attempt:  # a broker on a busy machine takes its time until a new topic is there
            log = admin.describe(LABELS)
    environment.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka.kafka_bootstrap_servers)
    environment.setenv("DATABASE_URL", url)
    with contextlib.ExitStack() as resources:
        stream = LabelledStream(kafka, PostgresStack(url, resources), unique_name("appliers"))
        resources.callback(stream.workers.shutdown)
        # What other tests said before is none of this one's business.
        stream.stack.run("INSERT INTO positions VALUES (%s, 0, %s, %s, 0)", log.topic_id, LABELS, log.bounds[0][1])
        yield stream
