"""The projector as a process."""

import contextlib

import structlog

from fraudstream import logs
from fraudstream.adapters.aws.score_table import DynamoDbScoreTable
from fraudstream.adapters.database.committed_scores import PostgresCommittedScores
from fraudstream.clock import SystemClock
from fraudstream.heartbeat import Heartbeat
from fraudstream.metrics.board import exported
from fraudstream.projection.projector import Projector
from fraudstream.service import serve, stop_on_signals
from fraudstream.service_settings import DynamoDbSettings
from fraudstream.settings import DatabaseSettings


def project(*, create_table: bool) -> None:
    """Copy committed scores to DynamoDB, until SIGTERM or SIGINT.

    Args:
        create_table: make the table where it is missing, as an emulator that forgets needs it.

    Raises:
        ConfigurationError: a setting is missing, or there is no such table.
        TemporarilyUnavailable: database or table did not answer for minutes.
    """
    logs.configure("dynamodb-projector")
    settings, clock = DynamoDbSettings.load(), SystemClock()
    url = DatabaseSettings.load().database_url.get_secret_value()
    table = DynamoDbScoreTable(settings.scores_table, kept=settings.scores_kept.total_seconds())
    stopping = stop_on_signals()
    if create_table:
        table.ensure()
    with contextlib.closing(PostgresCommittedScores(url)) as committed, exported("dynamodb-projector") as board:
        structlog.get_logger().info("projector ready", table=settings.scores_table)
        step = Projector(committed, table, clock, board).step
        serve(step, stopping=stopping, clock=clock, heartbeat=Heartbeat.load(), board=board)
