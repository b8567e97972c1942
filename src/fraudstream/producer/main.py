"""The producer as a process: a simulated city's payments, or a user's own file."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec
import structlog

from fraudstream import logs
from fraudstream.adapters.kafka import KafkaAdmin, KafkaProducer
from fraudstream.clock import Clock, SystemClock
from fraudstream.contracts.topics import LABELS, TRANSACTIONS
from fraudstream.errors import ConfigurationError
from fraudstream.heartbeat import Heartbeat
from fraudstream.metrics.board import exported
from fraudstream.producer.bookmark import Bookmark, BookmarkKeeper, read_bookmark
from fraudstream.producer.journal import Journal
from fraudstream.producer.lines import opened
from fraudstream.producer.pace import Pace
from fraudstream.producer.progress import Progress
from fraudstream.producer.replay import LineReplay
from fraudstream.producer.requests import Requests, listen
from fraudstream.producer.scripted import ScriptedFrauds
from fraudstream.producer.sending import Sender, Summary
from fraudstream.producer.stream import Limits, LiveStream
from fraudstream.producer.tables import Report, TableReplay, preview, preview_lines, reader_of
from fraudstream.producer.timeline import Timeline, a_day_ahead
from fraudstream.settings import KafkaSettings, ProducerSettings
from fraudstream.simulation.city import DEFAULT_START, CityWorld, SimulatedDay
from fraudstream.tabular.mapping import TableMap
from fraudstream.tabular.payments import PaymentReader
from fraudstream.tabular.reading import opened as opened_table

FLUSH_TIMEOUT = 130.0
"""Seconds to wait for the last acknowledgements: longer than the client itself tries to deliver a record."""
STOP_TIMEOUT = 30.0
"""Seconds to wait for them when a stop was asked for."""
DAY = 86_400.0


@dataclass(frozen=True, kw_only=True)
class LiveRequest:
    """What to stream: a city's days after its history, or, to `resume`, after the day an earlier stream has reached.

    `start` is midnight UTC of the first day of the history, in seconds since 1970; unset, that of the stream to
    resume, or `DEFAULT_START`. Payments go out at `rate` a second, or at `speed` simulated seconds in a second, or at
    the slower of the two; both unset means as fast as they are taken. The stream ends after `count` payments or
    `seconds` seconds, or when it is stopped. The rate grows evenly to its height within the first `ramp` seconds.
    """

    seed: int
    customers: int
    history_days: int
    start: float | None = None
    rate: float | None = None
    speed: float | None = None
    count: int | None = None
    seconds: float | None = None
    resume: bool = False
    ramp: float = 0.0


def produce_live(request: LiveRequest) -> int:
    """Stream a city; returns the exit status, 0 if everything was acknowledged.

    Labels go to their own topic at the simulated moment they arrive. Nothing is sent before its simulated time has
    come: a stream that reaches the present slows down to real time. SIGTERM and SIGINT end it in good order; each
    SIGUSR1 plays one scripted fraud and leaves a `scripted-*.json` beside the journal.

    Raises:
        ConfigurationError: a missing setting or topic, an impossible world, a bookmark of another city.
        TemporarilyUnavailable: the broker does not answer.
    """
    requests = listen()
    clock = SystemClock()
    city = _city(request)
    live_from = city.moment
    if live_from > clock.now():
        raise ConfigurationError(
            f"what comes before the stream ends in the future, on {_date(live_from)}; start the history earlier"
        )

    def send(sender: Sender, progress: Progress, journal: Journal) -> None:
        world = CityWorld(city.seed, city.customers, city.start)
        days = world.days()
        if not _skip(days, round((live_from - city.start) / DAY), progress, requests):
            return
        bookmark = BookmarkKeeper(journal.path.parent, city, clock)
        LiveStream(
            timeline=Timeline(a_day_ahead(days), start=live_from),
            sender=sender,
            pace=Pace(clock, rate=request.rate, speed=request.speed, simulated=live_from, ramp=request.ramp),
            limits=Limits(request.count, request.seconds),
            requests=requests,
            frauds=ScriptedFrauds(world, journal.path.parent, journal.path.stem),
            bookmark=bookmark,
            progress=progress,
            clock=clock,
            heartbeat=Heartbeat.load(),
        ).run()
        bookmark.write()

    return _account(send, requests, clock, topics=(TRANSACTIONS, LABELS))


def produce_file(path: str, *, rate: float | None = None) -> int:
    """Send every line of a file (`-`: standard input) unchanged; returns the exit status, 0 if all were acknowledged.

    A line is keyed by its customer if it is a JSON object with an integer `user_id`. Nothing is checked: what is no
    payment ends in quarantine with its reason. An empty line is an empty record.

    Raises:
        ConfigurationError: an unreadable file, a missing setting or topic, an unwritable journal.
        TemporarilyUnavailable: the broker does not answer.
    """
    requests = listen()
    clock = SystemClock()
    with opened(path) as descriptor:

        def send(sender: Sender, progress: Progress, _: Journal) -> None:
            LineReplay(descriptor, sender, Pace(clock, rate=rate), requests, progress, clock).run()

        return _account(send, requests, clock, topics=(TRANSACTIONS,))


@dataclass(frozen=True)
class TableRequest:
    """A user's own CSV file, what its columns are, and where rows that are no payments go."""

    path: Path
    how: TableMap
    report: Path | None = None
    rate: float | None = None
    dry_run: bool = False


def produce_table(request: TableRequest, say: Callable[[str], None]) -> int:
    """Send the payments of a CSV file, or only say what it holds; returns the exit status.

    It is 0 if every row is a payment and all were acknowledged. What is no payment is not sent and stands in the
    report, with line, column, value and reason.

    Raises:
        ImpossibleRequest: the file holds a card number; nothing was sent.
        ConfigurationError: an unreadable file, a map that does not fit, a missing setting, an unwritable report.
        TemporarilyUnavailable: the broker does not answer.
    """
    clock = SystemClock()
    with opened_table(request.path) as content:
        table = request.how.table(content, str(request.path))
        reader = reader_of(table, request.how, clock)
        if request.dry_run:
            seen = preview(reader)
            for line in preview_lines(table.name, seen):
                say(line)
            return 1 if seen.bad else 0
        with closing(Report(request.report or request.path.with_suffix(".problems.csv"))) as report:
            status = _send_table(reader, report, request.rate, clock)
        if report.count:
            say(f"{report.count:,} rows are no payments and were not sent: {report.path} says why")
        return 1 if report.count else status


def _send_table(reader: PaymentReader, report: Report, rate: float | None, clock: Clock) -> int:
    requests = listen()

    def send(sender: Sender, progress: Progress, _: Journal) -> None:
        TableReplay(reader, report.add, sender, Pace(clock, rate=rate), requests, clock, progress.report).run()

    return _account(send, requests, clock, topics=(TRANSACTIONS,))


def _city(request: LiveRequest) -> Bookmark:
    """The city to stream, with the moment its stream begins: after its history, or after what was sent before."""
    before = read_bookmark(ProducerSettings.load().journal_dir) if request.resume else None
    start = request.start
    if start is None:
        start = DEFAULT_START if before is None else before.start
    live_from = start + request.history_days * DAY
    city = Bookmark(request.seed, request.customers, request.history_days, start, live_from)
    if before is None:
        return city
    if msgspec.structs.replace(before, moment=city.moment) != city:
        raise ConfigurationError(
            f"the stream to go on with is of seed {before.seed}, {before.customers} customers and "
            f"{before.history_days} days of history from {_date(before.start)} on: ask for the same, or choose another "
            "JOURNAL_DIR"
        )
    return msgspec.structs.replace(city, moment=start + before.next_day() * DAY)


def _skip(days: Iterator[SimulatedDay], count: int, progress: Progress, requests: Requests) -> bool:
    """Make so many days again and drop them; says whether nobody asked to stop meanwhile."""
    for done, _ in enumerate(islice(days, count), start=1):
        progress.preparing(done, count)
        if requests.stop:
            return False
    return True


def _account(
    send: Callable[[Sender, Progress, Journal], None], requests: Requests, clock: Clock, *, topics: tuple[str, ...]
) -> int:
    logs.configure("producer")
    folder = ProducerSettings.load().journal_dir
    kafka = KafkaSettings.load()
    admin = KafkaAdmin(kafka)
    logs_of = {topic: admin.topic_id(topic) for topic in topics}
    producer = KafkaProducer(kafka)
    with (
        Journal(folder, started_at=clock.now(), pid=os.getpid(), logs=logs_of) as journal,
        exported("producer") as board,
        Progress(clock, board=board) as progress,
    ):
        sender = Sender(producer, journal, clock)
        send(sender, progress, journal)
        summary = sender.finish(STOP_TIMEOUT if requests.stop else FLUSH_TIMEOUT)
    _tell(summary, sender.last_error, journal.path)
    return summary.exit_status


def _tell(summary: Summary, last_error: str | None, journal: Path) -> None:
    log = structlog.get_logger()
    account = {
        "sent": summary.sent,
        "acknowledged": summary.acknowledged,
        "failed": summary.failed,
        "unknown": summary.unknown,
        "journal": str(journal),
    }
    if summary.exit_status == 0:
        log.info("everything was acknowledged", **account)
    else:
        log.error("not everything was acknowledged", last_error=last_error, **account)


def _date(moment: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(moment))
