"""The analyst's commands, put together: settings, adapters, and what is printed."""

from rich.console import Console

from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.adapters.database.label_desk import PostgresLabelDesk
from fraudstream.adapters.kafka import KafkaAdmin, KafkaProducer
from fraudstream.analyst.labelling import Labelling, Word
from fraudstream.analyst.receipt import receipt
from fraudstream.clock import SystemClock
from fraudstream.settings import DatabaseSettings, KafkaSettings


def label(word: Word, *, wait_seconds: float) -> bool:
    """Say a label, print what became of it; returns whether it was taken.

    Raises:
        ConfigurationError: a setting is missing, or there is no log of labels.
        ImpossibleRequest: the word doesn't fit what is known.
        TemporarilyUnavailable: database or broker did not answer.
    """
    saying = labelling()
    said = saying.say(word)
    fate = saying.follow(said, patience=wait_seconds)
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    for line in receipt(said, fate):
        console.print(line)
    return fate is None or not fate.refused


def labelling() -> Labelling:
    """What says labels, on the broker and the database of the environment.

    Raises:
        ConfigurationError: a setting is missing.
    """
    kafka = KafkaSettings.load()
    desk = PostgresLabelDesk(ConnectionPool(_database_url(), application="fraudstream-label", readonly=True))
    return Labelling(desk, KafkaProducer(kafka, linger_ms=0), KafkaAdmin(kafka), SystemClock())


def _database_url() -> str:
    return DatabaseSettings.load().database_url.get_secret_value()
