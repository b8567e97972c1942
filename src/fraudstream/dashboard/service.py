"""The analyst's page as a process."""

import signal
import sys
from functools import partial

import structlog
import uvicorn

from fraudstream import logs
from fraudstream.adapters.database.account_store import PostgresAccounts
from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.adapters.registry_alias import RegistryAliases, aliases_of
from fraudstream.analyst.guard import OWN_NAMES, Guard
from fraudstream.analyst.measured import Measured
from fraudstream.analyst.service import listening
from fraudstream.dashboard.access import FIRST_ADMIN, Access
from fraudstream.dashboard.application import HEADERS, create_app
from fraudstream.dashboard.bring_page import LARGEST_FILE, UPLOADS
from fraudstream.dashboard.parts import Surroundings, parts_of
from fraudstream.errors import ConfigurationError
from fraudstream.metrics.board import exported
from fraudstream.settings import (
    DashboardSettings,
    DatabaseSettings,
    KafkaSettings,
    ProducerSettings,
    RegistrySettings,
    ScoringSettings,
)

CONNECTIONS = 300
"""Connections served at a time, streams of open pages among them."""
FINISH_WITHIN = 3
"""Seconds that requests have to end when the page is stopped."""
LARGEST_FORM = 65_536
"""Bytes of a form; a decision about two hundred alerts takes a quarter of it."""


def serve() -> None:
    """Show the page, until SIGTERM or SIGINT.

    Raises:
        ConfigurationError: a setting is missing or the address is taken.
        TemporarilyUnavailable: the database did not answer.
    """
    logs.configure("dashboard")
    settings = DashboardSettings.load()
    parts = parts_of(
        Surroundings(
            DatabaseSettings.load().database_url.get_secret_value(),
            settings.dashboard_database_url.get_secret_value(),
            KafkaSettings.load(),
            ScoringSettings.load().max_future.total_seconds(),
            ProducerSettings.load().journal_dir,
            _aliases(),
        )
    )
    guard = Guard(
        create_app(parts),
        None,
        OWN_NAMES | settings.names,
        largest_body=LARGEST_FORM,
        safe_headers=HEADERS,
        names_variable="DASHBOARD_NAMES",
        larger_bodies=dict.fromkeys(UPLOADS, LARGEST_FILE),
    )
    config = partial(
        uvicorn.Config,
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=FINISH_WITHIN,
    )
    host, port = settings.dashboard_host, settings.dashboard_port
    with listening(host, port, "DASHBOARD_HOST or DASHBOARD_PORT") as listener, exported("dashboard") as board:
        _tell_first_admin(parts.access)
        structlog.get_logger().info("dashboard ready", address=f"http://{host}:{port}")
        for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn stops on them, and raises them again at the end
            signal.signal(number, lambda *_: None)
        try:
            uvicorn.Server(config(Measured(guard, board))).run(sockets=[listener])
        finally:
            parts.close()


def new_secret(name: str) -> str:
    """A new one-time secret for an account, made if it is the first admin's and not there yet.

    Raises:
        ImpossibleRequest: there is no such account.
        ConfigurationError: a setting is missing.
        TemporarilyUnavailable: the database did not answer.
    """
    url = DashboardSettings.load().dashboard_database_url.get_secret_value()
    accounts = PostgresAccounts(ConnectionPool(url, application="fraudstream dashboard-secret", size=1))
    access = Access(accounts)
    made = access.first_admin() if name == FIRST_ADMIN else None
    if made is None:
        made = access.new_secret(name)
        accounts.note("the command line", "this machine", "gave a new secret", name)
    return made


def _aliases() -> RegistryAliases | None:
    """The registry's aliases, if this environment names a registry: the page does without."""
    try:
        settings = RegistrySettings.load()
    except ConfigurationError:
        return None
    return aliases_of(settings.mlflow_tracking_uri, settings.model_name)


def _tell_first_admin(access: Access) -> None:
    """Once, and to whoever started the page: it is stored nowhere in clear, and good for one sign-in."""
    secret = access.first_admin()
    if secret is not None:
        sys.stdout.write(f"sign in as {FIRST_ADMIN} with the one-time secret {secret}\n")
        sys.stdout.flush()
