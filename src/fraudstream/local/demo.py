"""The demo: the whole system on real parts, a scripted fraud, and a balance sheet at the end."""

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace

from rich.console import Console

from fraudstream.adapters.database.roles import Role
from fraudstream.clock import Clock, SystemClock
from fraudstream.dashboard.access import FIRST_ADMIN, first_secret
from fraudstream.errors import ConfigurationError
from fraudstream.local import apps
from fraudstream.local.endpoints import write_endpoints
from fraudstream.local.home_findings import require_room
from fraudstream.local.launch import prepare, start_apps
from fraudstream.local.ports import LOOPBACK, reserve
from fraudstream.local.schedule import DemoPlan, world_start
from fraudstream.local.stack import EmbeddedStack
from fraudstream.local.watch import Watch
from fraudstream.metrics.board import Board, exported
from fraudstream.metrics.catalogue import ProcessName
from fraudstream.producer.bookmark import read_bookmark
from fraudstream.settings import ChannelSettings, LocalSettings, ProducerSettings
from fraudstream.verify.main import verify
from fraudstream.watching.targets import VARIABLE, rendered

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
    require_room(home)
    with EmbeddedStack(home, clock=chosen) as stack:
        progress.say("Kafka, PostgreSQL and the AWS endpoint accept connections")
        environments = replace(prepare(stack, progress.say), metrics_ports=_metrics_ports(stack, plan))
        with exported(apps.DEMO, port=environments.metrics_ports[apps.DEMO]) as board:
            return _watched(stack, plan, environments, progress, board)


def _watched(
    stack: EmbeddedStack, plan: DemoPlan, environments: apps.Environments, progress: Progress, board: Board
) -> int:
    watch = Watch(stack.supervisor, plan, progress.console, progress.clock, _urls(environments.common), board)
    try:
        _start_apps(stack, plan, environments, progress)
        watch.until_over()
    except KeyboardInterrupt:
        progress.say("stopping early")
    return _close(stack, plan, watch, progress)


def _start_apps(stack: EmbeddedStack, plan: DemoPlan, environments: apps.Environments, progress: Progress) -> None:
    supervisor = stack.supervisor
    start = _start_of(plan)
    start_apps(stack, plan, environments, start, progress.say)
    stack.start_mlflow_ui()  # for people alone: nobody waits until it has come up
    progress.say(_start_dashboard(stack, environments))
    supervisor.start(apps.observer(environments))
    targets: dict[str, str] = {name: f"{LOOPBACK}:{port}" for name, port in environments.metrics_ports.items()}
    path = write_endpoints(stack.home, {**environments.common, VARIABLE: rendered(targets)})
    progress.say(f"ready: addresses are in {path}; `fraudstream top` shows how everything is")
    if plan.producer:
        supervisor.start(apps.producer(environments, plan, start))


def _start_dashboard(stack: EmbeddedStack, environments: apps.Environments) -> str:
    """Start the analyst's page; says where it is, and once how to sign in."""
    secret = first_secret(environments.database_urls[Role.DASHBOARD])
    stack.supervisor.start(apps.dashboard(environments))
    way = (
        f"the one-time secret {secret}"
        if secret
        else "your password (`fraudstream dashboard-secret` gives a new way in)"
    )
    return f"the analyst's page: {_dashboard_url(environments.common)}, sign in as {FIRST_ADMIN} with {way}"


def _dashboard_url(environment: Mapping[str, str]) -> str:
    return f"http://{LOOPBACK}:{environment['DASHBOARD_PORT']}"


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


def _metrics_ports(stack: EmbeddedStack, plan: DemoPlan) -> Mapping[ProcessName, int]:
    """A port on loopback for each process that tells metrics, the same at each start."""
    left_out = set[str]() if plan.producer else {apps.PRODUCER}
    left_out |= set() if ChannelSettings.load().channels else {"alert-channels"}
    names = [name for name in apps.MEASURED if name not in left_out]
    ports = reserve(stack.home, [f"metrics of {name}" for name in names])
    return {name: ports[f"metrics of {name}"] for name in names}


def _urls(environment: Mapping[str, str]) -> Mapping[str, str]:
    return {
        "Analyst": _dashboard_url(environment),
        "MLflow": environment["MLFLOW_UI_URL"],
        "Kafka": environment["KAFKA_BOOTSTRAP_SERVERS"],
    }
