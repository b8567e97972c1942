"""The analyst's commands, put together: settings, adapters, and what is printed."""

import sys
import uuid

from rich.console import Console

from fraudstream.adapters.database.case_reader import PostgresCases
from fraudstream.adapters.database.label_desk import PostgresLabelDesk
from fraudstream.adapters.kafka import KafkaAdmin, KafkaProducer
from fraudstream.analyst.explanation import Explanation
from fraudstream.analyst.explanation import explain as put_together
from fraudstream.analyst.explanation_page import show
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
    labelling = _labelling()
    said = labelling.say(word)
    fate = labelling.follow(said, patience=wait_seconds)
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    for line in receipt(said, fate):
        console.print(line)
    return fate is None or not fate.refused


def explain(transaction_id: uuid.UUID, *, json_only: bool = False) -> Explanation:
    """Print everything about one payment; `holds` is what an exit status should say.

    Raises:
        ConfigurationError: a setting is missing.
        TemporarilyUnavailable: the database did not answer.
    """
    cases = PostgresCases(_database_url())
    explanation = put_together(cases.case(transaction_id), cases.artefact)
    if json_only:
        sys.stdout.write(f"{explanation.to_json()}\n")
    else:
        show(explanation, Console(highlight=False, markup=False, emoji=False))
    return explanation


def _labelling() -> Labelling:
    kafka = KafkaSettings.load()
    desk = PostgresLabelDesk(_database_url())
    return Labelling(desk, KafkaProducer(kafka, linger_ms=0), KafkaAdmin(kafka), SystemClock())


def _database_url() -> str:
    return DatabaseSettings.load().database_url.get_secret_value()
