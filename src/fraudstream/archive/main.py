"""The archiver as a process, its verification, and the person's word on a gap."""

import contextlib
import sys

import structlog
from rich.console import Console

from fraudstream import logs
from fraudstream.adapters.aws.objects import S3Objects
from fraudstream.adapters.database.archive_reader import PostgresArchiveReader
from fraudstream.adapters.database.archive_store import PostgresArchiveLedger
from fraudstream.adapters.kafka import KafkaAdmin
from fraudstream.archive.archiver import Archiver
from fraudstream.archive.balance import ArchiveBalance, show
from fraudstream.archive.cut import Cutter
from fraudstream.archive.verification import ArchiveVerification
from fraudstream.clock import SystemClock, pause
from fraudstream.heartbeat import Heartbeat
from fraudstream.metrics.board import exported
from fraudstream.progress import Progress
from fraudstream.service import serve, stop_on_signals
from fraudstream.settings import ArchiveSettings, DatabaseSettings, KafkaSettings

IDLE = 1.0
"""Seconds between two looks at what waits, where nothing is due."""
MEGABYTE = 1_000_000


def run(*, once: bool = False) -> bool:
    """Archive what is committed, until SIGTERM or SIGINT; with `once`, all that waits now, whatever its size.

    While there is a gap that nobody has accepted, work goes on and the heart does not beat.

    Returns:
        Whether there is no such gap.

    Raises:
        ConfigurationError: a setting is missing, we may not write, or the broker is another than was scored from.
        TemporarilyUnavailable: broker, database or S3 did not answer for minutes.
    """
    logs.configure("archiver")
    stopping, clock, heart = stop_on_signals(), SystemClock(), Heartbeat.load()
    settings = ArchiveSettings.load()
    roll_bytes = settings.archive_roll_megabytes * MEGABYTE
    with contextlib.closing(PostgresArchiveLedger(_database_url())) as ledger, exported("archiver") as board:
        worker = Archiver(
            ledger,
            S3Objects(settings.archive_bucket),
            Cutter(KafkaAdmin(KafkaSettings.load()), ledger, clock, roll_bytes),
            roll_bytes=roll_bytes,
            roll_seconds=0.0 if once else settings.archive_roll.total_seconds(),
            stopping=stopping,
            board=board,
        )
        structlog.get_logger().info("archiver ready", bucket=settings.archive_bucket)
        finished = False

        def step() -> None:
            nonlocal finished
            busy = worker.run_once()
            if not worker.gaps():
                heart.beat()
            finished = once and not busy
            if not busy and not once:
                pause(IDLE, stopping=stopping, clock=clock)

        serve(step, stopping=lambda: finished or stopping(), clock=clock, board=board)
        return not worker.gaps()


def verify(*, json_only: bool) -> ArchiveBalance:
    """Compare ledger, objects, manifests and stored scores, and print the balance; its last line is `ARCHIVE {json}`.

    Args:
        json_only: print the line of JSON alone.

    Raises:
        ConfigurationError: a setting is missing.
        TemporarilyUnavailable: database or S3 did not answer.
    """
    objects = S3Objects(ArchiveSettings.load().archive_bucket)
    with Progress("objects read") as progress:
        balance = ArchiveVerification(PostgresArchiveReader(_database_url()), objects, progress.report).run()
    if json_only:
        sys.stdout.write(f"{balance.to_json()}\n")
    else:
        show(balance, Console())
        sys.stdout.write(f"ARCHIVE {balance.to_json()}\n")
    sys.stdout.flush()
    return balance


def accept_gaps() -> int:
    """Take note of all gaps in the raw zone; returns how many that were.

    Raises:
        ConfigurationError: a setting is missing, or the database role may not do this.
        TemporarilyUnavailable: the database did not answer.
    """
    with contextlib.closing(PostgresArchiveLedger(_database_url())) as ledger:
        return ledger.accept_gaps()


def _database_url() -> str:
    return DatabaseSettings.load().database_url.get_secret_value()
