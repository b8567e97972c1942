"""The stack under load, with wires that can be cut between its parts, and hands that start again what has died."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from fraudstream.adapters.database.roles import Role
from fraudstream.adapters.database.vitals import port_of, rerouted, scorer_at_work
from fraudstream.chaos.proxy import Wire
from fraudstream.chaos.pulse import StandsStill
from fraudstream.clock import Clock
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.local import apps, aws, postgres
from fraudstream.local.apps import Environments
from fraudstream.local.launch import Say, start_apps
from fraudstream.local.ports import is_listening
from fraudstream.local.processes import Command
from fraudstream.local.schedule import DemoPlan
from fraudstream.local.stack import EmbeddedStack
from fraudstream.settings import DatabaseSettings, KafkaSettings

RESTARTS = 1_000
"""Apps are started again as often as they die, as an orchestrator would."""
WIRED = (Role.SCORER, Role.LABELS, Role.RELAY, Role.INBOX)
"""Roles whose way to the database goes over a wire."""
SCORER, STANDBY = "scorer", "scorer-standby"
"""Two that take turns: the one that is not at work stands by."""
READY_TO_SCORE = "standing by"
"""What a scorer says that could take over now."""
SERVERS = ("kafka", "postgres", "aws", "mlflow")
SERVER_TIMEOUT = 120.0
POLL_SECONDS = 0.05
SMALL_DISK = "size=12m"
MOUNT_TIMEOUT = 10.0


@dataclass
class Stage:
    """A running stack, its wires, and what is known of it."""

    stack: EmbeddedStack
    plan: DemoPlan
    clock: Clock
    say: Say
    database: Wire
    endpoint: Wire
    small_disk: bool
    has_standby: bool
    environments: Environments
    start: float
    kafka: KafkaSettings = field(default_factory=KafkaSettings.load)
    stops: dict[str, float] = field(default_factory=dict)
    """For each process that was asked to stop, the longest it took, in seconds."""

    @property
    def reader_url(self) -> str:
        """The database, for who may only read."""
        return DatabaseSettings.load().database_url.get_secret_value()

    @property
    def checkpoints(self) -> Path:
        """Folder of Spark's checkpoints."""
        return Path(self.stack.environment["CHECKPOINT_DIR"])

    def begin(self) -> None:
        """Start every app, and send payments."""
        start_apps(self.stack, self.plan, self.environments, self.start, self.say, adapt=self._adapted)
        if self.has_standby:
            self.stack.supervisor.start(self.scorer(STANDBY))
        self.stack.start_mlflow_ui()
        self.stack.supervisor.start(lasting(apps.producer(self.environments, self.plan, self.start)))

    def scorer(self, name: str) -> Command:
        """A scorer as this stage runs it."""
        return self._adapted(replace(apps.scorer(self.environments), name=name))

    def until_one_stands_by(self, timeout: float) -> None:
        """Wait until the scorer that is not at work is ready to take over, where there is one.

        Raises:
            StandsStill: it did not get ready in time.
        """
        deadline = self.clock.monotonic() + timeout
        while self.has_standby and not self._stands_by():
            if self.clock.monotonic() > deadline:
                raise StandsStill(f"no scorer stands by after {timeout:.0f} s; the logs of the two say more")
            self.attend()
            self.clock.sleep(POLL_SECONDS)

    def _stands_by(self) -> bool:
        at_work = self.scorer_at_work()
        others = [name for name in (SCORER, STANDBY) if name != at_work]
        return all(READY_TO_SCORE in self.stack.supervisor.processes[name].output() for name in others)

    def scorer_at_work(self) -> str:
        """Name of the scorer at work; the one that would be, while the database does not say."""
        processes = self.stack.supervisor.processes
        with contextlib.suppress(TemporarilyUnavailable):
            pid = scorer_at_work(self.reader_url)
            return next((name for name, process in processes.items() if process.pid == pid), SCORER)
        return SCORER

    def _adapted(self, command: Command) -> Command:
        is_scorer = command.name in (SCORER, STANDBY)
        return lasting(apps.standing_by(command, command.name) if is_scorer and self.has_standby else command)

    def attend(self) -> None:
        """Start again whatever app has died."""
        for name in self.stack.supervisor.check():
            self.say(f"{name} had died and was started again")

    def stop(self, name: str) -> None:
        """Ask a process to stop, and note how long that takes; in the end it is killed."""
        began = self.clock.monotonic()
        self.stack.supervisor.stop_process(name)
        self.stops[name] = max(self.stops.get(name, 0.0), self.clock.monotonic() - began)

    def stop_apps(self) -> None:
        """Stop whatever is no server, one after the other."""
        for name in [name for name in self.stack.supervisor.processes if name not in SERVERS]:
            self.stop(name)

    def server_again(self, name: str) -> None:
        """Kill a server, unless it has ended, and start it until it listens: its old self may be in the way at first.

        Raises:
            ProcessEnded: it did not come up in time.
        """
        deadline = self.clock.monotonic() + SERVER_TIMEOUT
        process = self.stack.supervisor.again(name)
        while not is_listening(self.port_of(name)):
            if self.clock.monotonic() > deadline:
                raise process.ended()
            if not process.is_running():
                process = self.stack.supervisor.again(name)
            self.clock.sleep(POLL_SECONDS)

    def port_of(self, name: str) -> int:
        """Where a server listens."""
        addresses = {
            "kafka": self.stack.environment["KAFKA_BOOTSTRAP_SERVERS"],
            "aws": self.stack.environment["AWS_ENDPOINT_URL"],
            "mlflow": self.stack.environment["MLFLOW_UI_URL"],
        }
        if name == postgres.NAME:
            return port_of(self.stack.environment["DATABASE_URL"])
        return int(addresses[name].rsplit(":", 1)[1])


def lasting(command: Command) -> Command:
    """The command, started again however often it dies."""
    return replace(command, restarts=RESTARTS)


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A folder on a disk of a few megabytes where the system allows one; says whether it is."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = os.geteuid() == 0 and _run("mount", "-t", "tmpfs", "-o", SMALL_DISK, "tmpfs", str(folder))
    try:
        yield mounted
    finally:
        if mounted:
            _run("umount", "--lazy", str(folder))


def wired(environments: Environments, database: Wire, endpoint: Wire) -> Environments:
    """The environments with the scorer's and the other apps' ways to the database and to AWS over wires."""
    urls = {
        role: rerouted(url, database.port) if role in WIRED else url for role, url in environments.database_urls.items()
    }
    common = {**environments.common, **aws.aws_environment(endpoint.port)}
    return Environments(common, urls)


def _run(*words: str) -> bool:
    if shutil.which(words[0]) is None:
        return False
    done = subprocess.run(words, capture_output=True, timeout=MOUNT_TIMEOUT, check=False)
    return done.returncode == 0
