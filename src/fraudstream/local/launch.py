"""The apps of a stack brought to life on its servers, in the order they need."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from fraudstream.adapters.aws.bucket import ensure_bucket
from fraudstream.adapters.aws.resources import ensure_alerting_resources
from fraudstream.adapters.database.roles import Role
from fraudstream.local import apps
from fraudstream.local.processes import Command, Process
from fraudstream.local.schedule import DemoPlan
from fraudstream.local.stack import EmbeddedStack
from fraudstream.provisioning.database import migrate_database
from fraudstream.provisioning.topics import provision_topics
from fraudstream.settings import AlertingSettings, ArchiveSettings, DatabaseSettings, KafkaSettings

READY_TIMEOUT = 180.0
"""Seconds the scorer may take to its first trigger, training included."""
REMIND_EVERY = 15.0
"""Seconds of silence after which a person is told that work goes on."""

Say = Callable[[str], None]
Adapt = Callable[[Command], Command]


@contextlib.contextmanager
def environment_put_back() -> Iterator[None]:
    """Whatever `prepare` puts into the environment of this process is gone afterwards."""
    before = dict(os.environ)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@dataclass
class Reminder:
    """Says, when it is asked, that something still goes on: every `REMIND_EVERY` seconds and no more often."""

    say: Say
    what: str
    now: Callable[[], float] = time.monotonic
    _begun: float = field(init=False)
    _said: int = 0

    def __post_init__(self) -> None:
        """It begins now."""
        self._begun = self.now()

    def __call__(self) -> None:
        """Say so if it is time."""
        passed = self.now() - self._begun
        if passed >= (self._said + 1) * REMIND_EVERY:
            self._said = int(passed // REMIND_EVERY)
            self.say(f"{self.what}, for {passed:.0f} s")


def prepare(stack: EmbeddedStack, say: Say) -> apps.Environments:
    """Tables, topics and AWS resources; from here on this process may only read what the apps store."""
    os.environ.update(stack.environment)
    say(migrate_database())
    say(provision_topics())
    resources = ensure_alerting_resources(AlertingSettings.load())
    ensure_bucket(ArchiveSettings.load().archive_bucket)
    environments = apps.Environments({**stack.environment, **resources.environment()}, stack.database_urls)
    os.environ.update(environments.of(Role.READER))
    say("SNS topic, SQS queue, DynamoDB table and S3 bucket are there")
    return environments


def start_apps(
    stack: EmbeddedStack,
    plan: DemoPlan,
    environments: apps.Environments,
    start: float,
    say: Say,
    *,
    adapt: Adapt = lambda command: command,
) -> Process:
    """Train, score and everything beside it, until a payment would be scored; returns the scorer.

    Args:
        stack: the servers.
        plan: which city.
        environments: of the apps.
        start: first day of the city, in seconds since 1970.
        say: told each step.
        adapt: changes how an app that stays is run.

    Raises:
        ProcessEnded: one of them ended, or took too long.
    """
    supervisor = stack.supervisor
    training = supervisor.start(apps.trainer(environments, plan, start))
    scorer = supervisor.start(adapt(apps.scorer(environments)))
    for command in apps.services(environments):
        supervisor.start(adapt(command))
    say("training a model on simulated history while Spark starts")
    say(apps.finish(supervisor, training, apps.TRAINING_TIMEOUT, meanwhile=Reminder(say, "the model is still trained")))
    starting = Reminder(say, "Spark still starts")
    is_ready = apps.ready_probe(DatabaseSettings.load(), KafkaSettings.load())

    def scores() -> bool:
        starting()
        return is_ready()

    supervisor.wait_until(scorer, scores, READY_TIMEOUT)
    say("the scorer is at work")
    return scorer
