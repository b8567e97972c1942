"""The scoring API as a process."""

import contextlib
import signal
import socket
from functools import partial

import structlog
import uvicorn
from starlette.types import ASGIApp

from fraudstream import logs
from fraudstream.adapters.database.standing_reader import PostgresStandings
from fraudstream.analyst.guard import OWN_NAMES, Guard
from fraudstream.analyst.measured import Measured
from fraudstream.analyst.token_file import read_or_make_token, token_file
from fraudstream.clock import SystemClock
from fraudstream.errors import ConfigurationError, FraudstreamError
from fraudstream.heartbeat import Heartbeat
from fraudstream.metrics.board import exported
from fraudstream.scoring.warm_up import compile_everything
from fraudstream.service_settings import ScoringApiSettings
from fraudstream.serving.api import create_app
from fraudstream.serving.what_if import WhatIf
from fraudstream.settings import DatabaseSettings, ScoringSettings

CONNECTIONS = 64
"""Connections served at a time; more are told to come again."""
FINISH_WITHIN = 10
"""Seconds that requests have to end when the service is stopped."""
LARGEST_INVOCATION = 6 * 1024 * 1024
"""Bytes that SageMaker passes on in one invocation."""


def serve() -> None:
    """Answer over HTTP whoever has the token, until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: a setting is missing, the token can't be read, or the address is taken.
    """
    logs.configure("scoring-api")
    settings = ScoringApiSettings.load()
    token = read_or_make_token(settings.scoring_api_settings_dir)
    with _listening(settings.scoring_api_host, settings.scoring_api_port) as listener:
        app = create_app(_what_if(settings), Heartbeat.load())
        guard = Guard(app, token, OWN_NAMES | settings.names, "SCORING_API_NAMES")
        structlog.get_logger().info(
            "scoring api ready",
            address=f"http://{settings.scoring_api_host}:{settings.scoring_api_port}",
            token_file=str(token_file(settings.scoring_api_settings_dir)),
        )
        _run(guard, listener)


def serve_in_sagemaker(port: int) -> None:
    """Answer SageMaker's `GET /ping` and `POST /invocations`, until SIGTERM.

    There is no token: nobody but SageMaker reaches the container, and its endpoint asks for a signature.

    Raises:
        ConfigurationError: a setting is missing, or the address is taken.
    """
    logs.configure("scoring-api")
    settings = ScoringApiSettings.load()
    with _listening("0.0.0.0", port) as listener:  # noqa: S104 - SageMaker comes from outside the container
        app = create_app(_what_if(settings), Heartbeat.load())
        guard = Guard(app, token=None, names=None, largest_body=LARGEST_INVOCATION)
        structlog.get_logger().info("inference container ready", port=port)
        _run(guard, listener)


def _what_if(settings: ScoringApiSettings) -> WhatIf:
    reader = PostgresStandings(
        DatabaseSettings.load().database_url.get_secret_value(),
        sessions=settings.scoring_api_sessions,
        statement_timeout_ms=settings.scoring_api_timeout_ms,
    )
    what_if = WhatIf(reader, SystemClock(), ScoringSettings.load().max_future.total_seconds())
    compile_everything()
    with contextlib.suppress(FraudstreamError):  # each request says what is missing, as long as it is
        what_if.get_ready()
    return what_if


def _run(app: ASGIApp, listener: socket.socket) -> None:
    config = partial(
        uvicorn.Config,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=FINISH_WITHIN,
    )
    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn stops on them, and raises them again at the end
        signal.signal(number, lambda *_: None)
    with exported("scoring-api") as board:
        uvicorn.Server(config(Measured(app, board))).run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = str(error.strerror or error).partition(" (while")[0]
        raise ConfigurationError(
            f"{host}:{port} can't be listened on ({reason}): set SCORING_API_HOST or SCORING_API_PORT"
        ) from error
