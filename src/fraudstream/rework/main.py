"""Quarantine and parked alerts as commands, on the stack of the environment."""

import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from fraudstream import logs
from fraudstream.adapters.database.quarantine_desk import PostgresQuarantine
from fraudstream.adapters.database.replay_book import PostgresReplayBook
from fraudstream.adapters.kafka import KafkaAdmin, KafkaProducer
from fraudstream.clock import SystemClock
from fraudstream.contracts.topics import FAILED_ALERTS, TRANSACTIONS
from fraudstream.errors import ConfigurationError, ImpossibleRequest
from fraudstream.ports.quarantine import Fate
from fraudstream.rework import quarantine_sheet, redrive_sheet
from fraudstream.rework.journalled import JournalledSending
from fraudstream.rework.places import read_place, written
from fraudstream.rework.quarantine import WORDS, QuarantineWork, Repair
from fraudstream.rework.redrive import RedriveWork, named, open_alerts
from fraudstream.rework.sending import Order, PlainSending, Resender
from fraudstream.settings import DatabaseSettings, KafkaSettings, ProducerSettings, ScoringSettings
from fraudstream.training.authorship import author_of

STANDARD_INPUT = "-"
Say = Callable[[str], None]


def quarantine_lines(reason: str | None, last: int) -> list[str]:
    """What is in quarantine, for people.

    Raises:
        ConfigurationError: a setting is missing.
        TemporarilyUnavailable: the database did not answer.
    """
    work = _quarantine()
    return quarantine_sheet.list_lines(work.counts(reason), work.newest(last, reason))


def record_lines(place: str) -> list[str]:
    """One record in quarantine, for people; masked.

    Raises:
        ImpossibleRequest: it is not there.
        ConfigurationError: a setting is missing.
        TemporarilyUnavailable: the database did not answer.
    """
    return quarantine_sheet.show_lines(_quarantine().find(read_place(place, TRANSACTIONS)))


def raw_record(place: str, *, author: str | None, because: str) -> bytes:
    """The exact bytes of a record in quarantine; that they were shown is written down before.

    Raises:
        ImpossibleRequest: it is not there, or its bytes are gone.
        ConfigurationError: a setting is missing, or the database role may not see them.
        TemporarilyUnavailable: database or broker did not answer.
    """
    work = _quarantine()
    worked = work.find(read_place(place, TRANSACTIONS))
    return work.raw(worked, author=author_of(author), reason=because)


def replay(places: Sequence[str], repair: Repair, order: Order, *, wait: float, say: Say) -> bool:
    """Send records in quarantine again, one after the other, and say of each what became of it.

    Returns:
        Whether every one of them was sent and none is in quarantine again.

    Raises:
        ConfigurationError: a setting is missing, or the database role may not do this.
        TemporarilyUnavailable: database or broker did not answer; what was not named yet was not sent.
    """
    work, well = _quarantine(), True
    kafka = KafkaSettings.load()
    admin = KafkaAdmin(kafka)
    ids = {topic: admin.topic_id(topic) for topic in work.shapes}
    sending = JournalledSending(KafkaProducer(kafka), ProducerSettings.load().journal_dir, work.clock, ids)
    with closing(sending):
        resender = Resender(work.book, admin, sending)
        for place in places:
            try:
                sent = work.replay(work.find(read_place(place, TRANSACTIONS)), repair, order, resender)
            except ImpossibleRequest as error:
                say(f"{place}: not sent, {error}")
                well = False
                continue
            say(f"{place}: sent to {written(sent)}")
            fate = work.follow(sent, patience=wait)
            say(f"{written(sent)}: {WORDS[fate]}")
            well = well and fate != Fate.QUARANTINED
    return well


def repair_of(changes: dict[str, str], file: str | None) -> Repair:
    """What a person changes, with the bytes of a file (`-`: standard input) but for its last line feed.

    Raises:
        ConfigurationError: it can't be read.
    """
    if file is None:
        return Repair(fields=changes)
    try:
        value = sys.stdin.buffer.read() if file == STANDARD_INPUT else Path(file).read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"{file} can't be read: {error.strerror}; name a file that holds one record"
        ) from error
    return Repair(value=value.removesuffix(b"\n"))


def parked_lines(last: int) -> list[str]:
    """What is parked, for people.

    Raises:
        ConfigurationError: a setting or the topic is missing.
        TemporarilyUnavailable: database or broker did not answer.
    """
    return redrive_sheet.list_lines(_redrive().parked(), last=last)


def parked_record_lines(place: str) -> list[str]:
    """One parked record, for people; masked.

    Raises:
        ImpossibleRequest: it is not there.
        ConfigurationError: a setting or the topic is missing.
        TemporarilyUnavailable: database or broker did not answer.
    """
    return redrive_sheet.show_lines(_redrive().find(read_place(place, FAILED_ALERTS)))


def redrive(places: Sequence[str], order: Order, *, everything: bool, say: Say) -> bool:
    """Send parked alerts back, and say of each where it stands; returns whether every one of them was sent.

    Raises:
        ConfigurationError: a setting is missing, or the database role may not do this.
        TemporarilyUnavailable: database or broker did not answer; what was not named yet was not sent.
    """
    work, well = _redrive(), True
    kafka = KafkaSettings.load()
    resender = Resender(work.book, KafkaAdmin(kafka), PlainSending(KafkaProducer(kafka)))
    chosen = open_alerts(work.parked()) if everything else [work.find(read_place(p, FAILED_ALERTS)) for p in places]
    if not chosen:
        say("nothing waits to be sent back")
    for parked in chosen:
        try:
            say(f"{named(parked)}: sent to {written(work.send(parked, order, resender))}")
        except ImpossibleRequest as error:
            say(f"{named(parked)}: not sent, {error}")
            well = False
    return well


def _quarantine() -> QuarantineWork:
    logs.beside_the_answer()
    url = DatabaseSettings.load().database_url.get_secret_value()
    return QuarantineWork(
        PostgresQuarantine(url),
        PostgresReplayBook(url),
        KafkaAdmin(KafkaSettings.load()),
        SystemClock(),
        ScoringSettings.load().max_future.total_seconds(),
    )


def _redrive() -> RedriveWork:
    logs.beside_the_answer()
    url = DatabaseSettings.load().database_url.get_secret_value()
    return RedriveWork(KafkaAdmin(KafkaSettings.load()), PostgresReplayBook(url))
