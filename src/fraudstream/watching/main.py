"""The observer as a process."""

from contextlib import closing

import structlog

from fraudstream import logs
from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.adapters.database.ledger_watch import LedgerWatch
from fraudstream.adapters.kafka import KafkaAdmin
from fraudstream.clock import SystemClock, pause
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.heartbeat import Heartbeat
from fraudstream.metrics.board import exported
from fraudstream.service import serve, stop_on_signals
from fraudstream.settings import DatabaseSettings, KafkaSettings
from fraudstream.watching.observing import StreamShown

EVERY = 5.0
"""Seconds between two looks."""
FIRST_LOOK_TIMEOUT = "120s"
"""Of a statement: the first look counts everything that is stored."""


def observe(*, every: float = EVERY) -> None:
    """Measure the stream and tell Prometheus, until SIGTERM or SIGINT; reads, and writes nothing.

    Args:
        every: seconds between two looks.

    Raises:
        ConfigurationError: a setting is missing, or there is no topic.
        TemporarilyUnavailable: broker or database did not answer for minutes.
    """
    logs.configure("observer")
    stopping, clock = stop_on_signals(), SystemClock()
    admin = KafkaAdmin(KafkaSettings.load())
    url = DatabaseSettings.load().database_url.get_secret_value()
    pool = ConnectionPool(
        url, application="fraudstream observer", size=1, statement_timeout=FIRST_LOOK_TIMEOUT, readonly=True
    )
    with closing(pool), exported("observer") as board:
        ledger, shown = LedgerWatch(pool, TRANSACTIONS), StreamShown(board)
        structlog.get_logger().info("observer ready", every=every)

        def step() -> None:
            log = admin.describe(TRANSACTIONS)
            shown.show(ledger.look(), log, moment=clock.monotonic())
            pause(every, stopping=stopping, clock=clock)

        serve(step, stopping=stopping, clock=clock, heartbeat=Heartbeat.load(), board=board)
