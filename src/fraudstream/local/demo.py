"""The demo: the whole system on real parts, a scripted fraud, and a balance sheet at the end."""

import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace

from rich.console import Console

from fraudstream.adapters.aws.resources import ensure_alerting_resources
from fraudstream.adapters.database.roles import Role
from fraudstream.clock import Clock, SystemClock
from fraudstream.errors import ConfigurationError
from fraudstream.local import apps, mlflow
from fraudstream.local.endpoints import write_endpoints
from fraudstream.local.ports import is_listening
from fraudstream.local.schedule import DemoPlan, world_start
from fraudstream.local.stack import EmbeddedStack
from fraudstream.local.watch import Watch
from fraudstream.producer.bookmark import read_bookmark
from fraudstream.provisioning.database import migrate_database
from fraudstream.provisioning.topics import provision_topics
from fraudstream.settings import (
    AlertingSettings,
    DatabaseSettings,
    KafkaSettings,
    LocalSettings,
    ProducerSettings,
)
from fraudstream.verify.main import verify

READY_TIMEOUT = 180.0
"""Seconds the scorer may take to its first trigger, training included."""
DRAIN_SECONDS = 90.0
"""Seconds that what is in flight may take to arrive once the producer has stopped."""


@dataclass(frozen=True)
class Progress:
    """Says what happened, and how long after the start."""

    console: Console
    clock: Clock
    began: float

    def say(self, text: str) -> None:
        """One line, with the seconds since the start."""
        self.console.print(f"[{self.clock.monotonic() - self.began:5.1f} s] {text}", highlight=False, markup=False)


def run(plan: DemoPlan, clock: Clock | None = None) -> int:
    """Run the demo; returns the exit status.

    0 means that the balance holds and that the scripted fraud, where the demo's own producer played it, was alerted
    and notified. Ctrl-C ends the stream early and still draws up the balance.
    """
    chosen = clock or SystemClock()
    console = Console(highlight=False)
    progress = Progress(console, chosen, chosen.monotonic())
    settings = LocalSettings.load()
    home = settings.fraudstream_home
    if plan.seconds is None and not console.is_terminal:
        plan = replace(plan, seconds=settings.demo_seconds)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with EmbeddedStack(home, clock=chosen) as stack:
        progress.say("Kafka, PostgreSQL and the AWS endpoint accept connections")
        environments = _prepare(stack, progress)
        watch = Watch(stack.supervisor, plan, console, chosen, _urls(environments.common))
        try:
            _start_apps(stack, plan, environments, progress)
            watch.until_over()
        except KeyboardInterrupt:
            progress.say("stopping early")
        return _close(stack, plan, watch, progress)


def _prepare(stack: EmbeddedStack, progress: Progress) -> apps.Environments:
    """Tables, topics and AWS resources; from here on this process may only read what the apps store."""
    os.environ.update(stack.environment)
    progress.say(migrate_database())
    progress.say(provision_topics())
    resources = ensure_alerting_resources(AlertingSettings.load())
    environments = apps.Environments({**stack.environment, **resources.environment()}, stack.database_urls)
    os.environ.update(environments.of(Role.READER))
    progress.say("SNS topic, SQS queue and DynamoDB table are there")
    return environments


def _start_apps(stack: EmbeddedStack, plan: DemoPlan, environments: apps.Environments, progress: Progress) -> None:
    supervisor = stack.supervisor
    start = _start_of(plan)
    training = supervisor.start(apps.trainer(environments, plan, start))
    scorer = supervisor.start(apps.scorer(environments))
    for command in apps.services(environments):
        supervisor.start(command)
    progress.say("training a model on simulated history while Spark starts")
    progress.say(apps.finish(supervisor, training, apps.TRAINING_TIMEOUT))
    supervisor.wait_until(scorer, apps.ready_probe(DatabaseSettings.load(), KafkaSettings.load()), READY_TIMEOUT)
    progress.say("the scorer is ready")
    ui = stack.start_mlflow_ui()
    if not plan.producer:
        port = int(environments.common["MLFLOW_UI_URL"].rsplit(":", 1)[1])
        supervisor.wait_until(ui, lambda: is_listening(port), mlflow.START_TIMEOUT)
    path = write_endpoints(stack.home, environments.common)
    progress.say(f"ready: addresses are in {path}")
    if plan.producer:
        supervisor.start(apps.producer(environments, plan, start))


def _start_of(plan: DemoPlan) -> float:
    """First day of the city: of the one that an earlier demo in this home began, if it is the same."""
    folder = ProducerSettings.load().journal_dir
    before = read_bookmark(folder)
    if before is None:
        return world_start(plan)
    if not before.same_city(seed=plan.seed, customers=plan.customers, history_days=plan.history_days):
        raise ConfigurationError(
            f"an earlier demo left a city of seed {before.seed}, {before.customers} customers and "
            f"{before.history_days} days of history: ask for the same, begin anew with `make clean`, or set "
            "FRAUDSTREAM_HOME to another folder"
        )
    return before.start


def _close(stack: EmbeddedStack, plan: DemoPlan, watch: Watch, progress: Progress) -> int:
    """Stop the producer, let everything arrive, and prove it."""
    if stack.supervisor.stop_process(apps.PRODUCER):
        progress.say("the stream has ended; waiting for what is in flight, then recomputing")
    else:
        progress.say("the producer did not stop by itself: what it left open counts as unknown")
    balance = verify(seed=plan.seed, wait_seconds=DRAIN_SECONDS, json_only=False)
    if plan.producer and not watch.scripted_was_notified():
        sys.stderr.write("fraudstream: the scripted fraud was not alerted and notified\n")
        return 1
    return 0 if balance.holds else 1


def _urls(environment: Mapping[str, str]) -> Mapping[str, str]:
    return {"MLflow": environment["MLFLOW_UI_URL"], "Kafka": environment["KAFKA_BOOTSTRAP_SERVERS"]}
