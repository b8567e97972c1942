"""The apps of the stack as processes beside the servers."""

import datetime as dt
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from fraudstream.adapters.database.roles import Role
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.kafka import KafkaAdmin
from fraudstream.contracts.topics import TRANSACTIONS
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.local.ports import LOOPBACK
from fraudstream.local.processes import Command, Process, Supervisor
from fraudstream.local.schedule import DemoPlan
from fraudstream.metrics.catalogue import ProcessName
from fraudstream.settings import ChannelSettings, DatabaseSettings, KafkaSettings

PRODUCER = "producer"
TRAINING_TIMEOUT = 300.0
"""Seconds a training run may take on a busy machine."""
RAMP_SECONDS = "5"
"""Seconds in which the stream gets up to its rate: Java compiles what is new to it meanwhile."""
RESTARTS = 5
"""How often an app that ended by itself is started again before the demo gives up."""
FLUSH_TIMEOUT = 60.0
"""Seconds the producer has to get its last records acknowledged."""

DATABASE = "DATABASE_URL"
DASHBOARD_DATABASE = "DASHBOARD_DATABASE_URL"
REGISTRY = "MLFLOW_TRACKING_URI"
METRICS_PORT, METRICS_HOST = "METRICS_PORT", "METRICS_HOST"
"""One port of the person's own environment is none for many processes: empty, nobody serves metrics."""
DEMO: ProcessName = "demo"
MEASURED: tuple[ProcessName, ...] = (
    "observer",
    "scorer",
    "label-applier",
    "alert-relay",
    "lambda-trigger",
    "notification-inbox",
    "archiver",
    "retention",
    "alert-channels",
    "producer",
    "dashboard",
    DEMO,
)
"""What tells metrics in the demo; channels of alerts only where there are some."""

RUNNING_SINCE = """
SELECT ready_at IS NOT NULL FROM runs WHERE topic_id = %s ORDER BY epoch DESC LIMIT 1
"""


@dataclass(frozen=True)
class Environments:
    """What the apps' environments are made of.

    `common` may hold passwords, as the environment of a person does; an app gets that of its own role alone.
    """

    common: Mapping[str, str]
    database_urls: Mapping[Role, str]
    metrics_ports: Mapping[ProcessName, int] = field(default_factory=dict)
    """On loopback; a process that is not named tells no metrics."""

    def telling(self, process: ProcessName) -> Mapping[str, str]:
        """What lets this process tell its metrics, or none."""
        port = self.metrics_ports.get(process)
        return {METRICS_PORT: "" if port is None else str(port), METRICS_HOST: LOOPBACK}

    def of(self, role: Role | None = None, *, registry: bool = False) -> Mapping[str, str]:
        """The environment of an app that reaches the database as `role`, if at all, and the model registry or not."""
        withheld = {DATABASE, DASHBOARD_DATABASE, METRICS_PORT} | (set() if registry else {REGISTRY})
        shared = {name: value for name, value in self.common.items() if name not in withheld}
        return shared if role is None else {**shared, DATABASE: self.database_urls[role]}


def trainer(environments: Environments, plan: DemoPlan, start: float) -> Command:
    """Train on the history of the plan's city, and put the model to work."""
    environment = environments.of(Role.PROMOTER, registry=True)
    return _app("trainer", environment, "train", "--promote", *_world(plan, start))


def scorer(environments: Environments) -> Command:
    """Score; started again when it dies."""
    environment = {**environments.of(Role.SCORER), **environments.telling("scorer")}
    return _app("scorer", environment, "score", restarts=RESTARTS)


def standing_by(scorer: Command, name: str) -> Command:
    """The same scorer, which gets ready and waits where another one is at work."""
    environment = {**scorer.environment, METRICS_PORT: ""}
    return replace(scorer, name=name, arguments=(*scorer.arguments, "--standby"), environment=environment)


def services(environments: Environments) -> tuple[Command, ...]:
    """Everything else that runs beside the scorer; each is started again when it dies."""
    verbs: dict[str, tuple[str, Role | None, ProcessName]] = {
        "label-applier": ("apply-labels", Role.LABELS, "label-applier"),
        "alert-relay": ("relay", Role.RELAY, "alert-relay"),
        "lambda-trigger": ("lambda-trigger", None, "lambda-trigger"),
        "inbox": ("inbox", Role.INBOX, "notification-inbox"),
        "archiver": ("archive run", Role.ARCHIVER, "archiver"),
    }
    every = tuple(
        _app(name, {**environments.of(role), **environments.telling(process)}, *verb.split(), restarts=RESTARTS)
        for name, (verb, role, process) in verbs.items()
    )
    every += (
        _app(
            "retention",
            {**environments.of(Role.KEEPER), **environments.telling("retention")},
            "retain",
            "--watch",
            restarts=RESTARTS,
        ),
    )
    if ChannelSettings.load().channels:
        environment = {**environments.of(Role.INBOX), **environments.telling("alert-channels")}
        every += (_app("alert-channels", environment, "notify", restarts=RESTARTS),)
    return every


def observer(environments: Environments) -> Command:
    """Measure the stream for whoever looks at it."""
    environment = {**environments.of(Role.READER), **environments.telling("observer")}
    return _app("observer", environment, "observe", restarts=RESTARTS)


def scoring_api(environments: Environments, port: int, folder: Path) -> Command:
    """Score on request, on a port of this machine; `folder` holds the token."""
    own = {"SCORING_API_PORT": str(port), "SCORING_API_SETTINGS_DIR": str(folder)}
    return _app("scoring-api", {**environments.of(Role.SERVING), **own}, "scoring-api", restarts=RESTARTS)


def dashboard(environments: Environments) -> Command:
    """The analyst's page: it reads as the reader, and keeps accounts and decisions as its own role."""
    own = {DASHBOARD_DATABASE: environments.database_urls[Role.DASHBOARD]}
    environment = {**environments.of(Role.READER), **own, **environments.telling("dashboard")}
    return _app("dashboard", environment, "dashboard", restarts=RESTARTS)


def producer(environments: Environments, plan: DemoPlan, start: float) -> Command:
    """Send the days after the history, or after an earlier demo's, at the plan's rate."""
    arguments = (*_world(plan, start), "--rate", str(plan.rate), "--ramp", RAMP_SECONDS, "--resume")
    environment = {**environments.of(), **environments.telling("producer")}
    return _app(PRODUCER, environment, "produce", *arguments, stop_timeout=FLUSH_TIMEOUT)


def finish(
    supervisor: Supervisor, process: Process, timeout: float, *, meanwhile: Callable[[], None] = lambda: None
) -> str:
    """Wait for a process that ends by itself, and call `meanwhile` again and again; returns the last line it printed.

    Raises:
        ProcessEnded: it failed, or took longer than `timeout` seconds.
    """

    def ended() -> bool:
        meanwhile()
        return not process.is_running()

    try:
        supervisor.wait_until(process, ended, timeout)
    finally:
        status = process.popen.poll()
        supervisor.stop_process(process.command.name)
    if status != 0:
        raise process.ended()
    lines = process.log.read_text(encoding="utf-8").strip().splitlines()
    return lines[-1] if lines else ""


def ready_probe(database: DatabaseSettings, kafka: KafkaSettings) -> Callable[[], bool]:
    """A question to ask again and again: would a payment sent now be scored?"""
    topic_id = KafkaAdmin(kafka).topic_id(TRANSACTIONS)

    def is_ready() -> bool:
        try:
            connection = connect(database.database_url.get_secret_value(), application="fraudstream demo")
        except TemporarilyUnavailable:
            return False
        try:
            with connection.cursor() as cursor:
                cursor.execute(RUNNING_SINCE, (topic_id,))
                return cursor.fetchone() == (True,)
        finally:
            connection.close()

    return is_ready


def _world(plan: DemoPlan, start: float) -> tuple[str, ...]:
    moment = dt.datetime.fromtimestamp(start, dt.UTC).strftime("%Y-%m-%d")
    return (
        "--seed",
        str(plan.seed),
        "--customers",
        str(plan.customers),
        "--history-days",
        str(plan.history_days),
        "--start",
        moment,
    )


def _app(
    name: str, environment: Mapping[str, str], *arguments: str, restarts: int = 0, stop_timeout: float = 20.0
) -> Command:
    return Command(
        name=name,
        arguments=(sys.executable, "-P", "-m", "fraudstream", *arguments),
        environment={METRICS_PORT: "", **environment},
        stop_timeout=stop_timeout,
        restarts=restarts,
    )
