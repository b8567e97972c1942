"""Everything the page works with, and how it is put together from two addresses of the database and a broker."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fraudstream.adapters.database.account_store import PostgresAccounts
from fraudstream.adapters.database.alert_queue import PostgresAlertQueue
from fraudstream.adapters.database.api_token_store import PostgresApiTokens
from fraudstream.adapters.database.calibration import PostgresCalibration
from fraudstream.adapters.database.case_context import PostgresCaseContext
from fraudstream.adapters.database.case_reader import PostgresCases
from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.adapters.database.decision_book import PostgresDecisionBook
from fraudstream.adapters.database.delivery_book import PostgresDeliveries
from fraudstream.adapters.database.deployment_store import PostgresDeployments
from fraudstream.adapters.database.label_desk import PostgresLabelDesk
from fraudstream.adapters.database.matured_scores import PostgresMaturedScores
from fraudstream.adapters.database.quality_store import PostgresQuality
from fraudstream.adapters.database.quarantine_desk import PostgresQuarantine
from fraudstream.adapters.database.replay_book import PostgresReplayBook
from fraudstream.adapters.kafka import KafkaAdmin, KafkaProducer
from fraudstream.adapters.registry_alias import RegistryAliases
from fraudstream.analyst.labelling import Labelling
from fraudstream.clock import Clock, SystemClock
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.dashboard.access import Access
from fraudstream.dashboard.api_tokens import ApiTokens
from fraudstream.ports.records import RecordProducer
from fraudstream.rework.journalled import JournalledSending
from fraudstream.rework.quarantine import QuarantineWork
from fraudstream.rework.sending import Resender
from fraudstream.settings import KafkaSettings

READING = 4
WRITING = 3
"""Connections at the most: a page that people look through takes no more of the server than this."""
PATIENCE = "5s"
"""A statement of the page that takes longer is given up."""


@dataclass(frozen=True)
class Parts:
    """What the pages read from and write to; `reading` may only look."""

    reading: ConnectionPool
    writing: ConnectionPool
    access: Access
    accounts: PostgresAccounts
    tokens: ApiTokens
    queue: PostgresAlertQueue
    book: PostgresDecisionBook
    deliveries: PostgresDeliveries
    context: PostgresCaseContext
    calibration: PostgresCalibration
    cases: PostgresCases
    labelling: Labelling
    deployments: PostgresDeployments
    matured: PostgresMaturedScores
    quarantine: QuarantineWork
    producer: RecordProducer
    journals: Path
    aliases: RegistryAliases | None
    quality: Callable[[], PostgresQuality]
    log: KafkaAdmin
    clock: Clock = field(default_factory=SystemClock)

    def topic_id(self) -> str:
        """The id of the log of payments, for a journal of what is sent to it."""
        return self.log.topic_id(TRANSACTIONS)

    @contextmanager
    def resender(self) -> Iterator[Resender]:
        """Sends records again as their producer does: journalled, so that `fraudstream verify` knows them."""
        sending = JournalledSending(self.producer, self.journals, self.clock, {TRANSACTIONS: self.topic_id()})
        with closing(sending):
            yield Resender(self.quarantine.book, self.log, sending)

    def close(self) -> None:
        """End the sessions of the pools."""
        self.reading.close()
        self.writing.close()


@dataclass(frozen=True)
class Surroundings:
    """Where the page stands: `reading_url` is of a role that only reads, `own_url` of the page's own."""

    reading_url: str
    own_url: str
    kafka: KafkaSettings
    max_future: float
    journals: Path
    aliases: RegistryAliases | None = None


def parts_of(around: Surroundings) -> Parts:
    """The real parts."""
    reading_url, own_url, kafka = around.reading_url, around.own_url, around.kafka
    reading = ConnectionPool(
        reading_url, application="fraudstream dashboard", size=READING, statement_timeout=PATIENCE, readonly=True
    )
    writing = ConnectionPool(own_url, application="fraudstream dashboard, own tables", size=WRITING)
    admin, producer, clock = KafkaAdmin(kafka), KafkaProducer(kafka), SystemClock()
    accounts, replays = PostgresAccounts(writing), PostgresReplayBook(own_url)
    return Parts(
        reading=reading,
        writing=writing,
        access=Access(accounts),
        accounts=accounts,
        tokens=ApiTokens(PostgresApiTokens(writing), accounts),
        queue=PostgresAlertQueue(reading),
        book=PostgresDecisionBook(writing),
        deliveries=PostgresDeliveries(reading),
        context=PostgresCaseContext(reading),
        calibration=PostgresCalibration(reading),
        cases=PostgresCases(reading_url),
        labelling=Labelling(PostgresLabelDesk(reading), producer, admin, clock),
        deployments=PostgresDeployments(own_url),
        matured=PostgresMaturedScores(reading_url),
        quarantine=QuarantineWork(PostgresQuarantine(reading_url), replays, admin, clock, around.max_future),
        producer=producer,
        journals=around.journals,
        aliases=around.aliases,
        quality=lambda: PostgresQuality(reading_url),
        log=admin,
        clock=clock,
    )
