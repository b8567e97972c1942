"""The analyst's service as a process."""

import signal
import socket
from contextlib import closing
from functools import partial

import structlog
import uvicorn

from fraudstream import logs
from fraudstream.adapters.database.alert_store import PostgresAlerts
from fraudstream.adapters.database.case_reader import PostgresCases
from fraudstream.analyst.api import Desk, create_app
from fraudstream.analyst.guard import OWN_NAMES, Guard
from fraudstream.analyst.main import labelling
from fraudstream.analyst.measured import Measured
from fraudstream.analyst.token_file import read_or_make_token, token_file
from fraudstream.errors import ConfigurationError
from fraudstream.heartbeat import Heartbeat
from fraudstream.metrics.board import exported
from fraudstream.settings import AnalystSettings, DatabaseSettings

CONNECTIONS = 64
"""Connections served at a time; more are told to come again."""
FINISH_WITHIN = 10
"""Seconds that requests have to end when the service is stopped."""


def serve() -> None:
    """Answer the analyst over HTTP, until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: a setting is missing, the token can't be read, or the address is taken.
    """
    logs.configure("analyst-api")
    settings = AnalystSettings.load()
    url = DatabaseSettings.load().database_url.get_secret_value()
    token = read_or_make_token(settings.analyst_settings_dir)
    desk = Desk(
        labelling=labelling(),
        cases=PostgresCases(url),
        feed=lambda: closing(PostgresAlerts(url, application="fraudstream analyst")),
        heartbeat=Heartbeat.load(),
    )
    guard = Guard(create_app(desk), token, OWN_NAMES | settings.names)
    config = partial(
        uvicorn.Config,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=FINISH_WITHIN,
    )
    with (
        listening(settings.analyst_host, settings.analyst_port, "ANALYST_HOST or ANALYST_PORT") as listener,
        exported("analyst-api") as board,
    ):
        structlog.get_logger().info(
            "analyst api ready",
            address=f"http://{settings.analyst_host}:{settings.analyst_port}",
            token_file=str(token_file(settings.analyst_settings_dir)),
        )
        for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn stops on them, and raises them again at the end
            signal.signal(number, lambda *_: None)
        uvicorn.Server(config(Measured(guard, board))).run(sockets=[listener])


def listening(host: str, port: int, named_by: str) -> socket.socket:
    """A socket that listens.

    Raises:
        ConfigurationError: it can't; `named_by` says which settings to change.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = str(error.strerror or error).partition(" (while")[0]
        raise ConfigurationError(f"{host}:{port} can't be listened on ({reason}): set {named_by}") from error
