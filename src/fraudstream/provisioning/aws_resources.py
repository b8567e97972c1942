"""Topic, queue, table and buckets of an AWS that may forget them: created, and put back as often as needed."""

from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from fraudstream import logs
from fraudstream.adapters.aws.resources import AlertingResources, AwsResources, ResourceNames
from fraudstream.clock import Clock, SystemClock, pause
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.heartbeat import Heartbeat
from fraudstream.metrics.board import Board, exported
from fraudstream.metrics.catalogue import FAILING, FAILURES, RESOURCES_MADE, WORKED_AT
from fraudstream.service import stop_on_signals
from fraudstream.settings import AlertingSettings

EVERY = 5.0
"""Seconds between two looks."""
FIRST_PAUSE = 0.5
"""Seconds until the next look after one that failed; doubled with each further failure, up to the usual ones."""
DOUBLINGS = 10

log = structlog.get_logger()


class Resources(Protocol):
    """Things that must exist somewhere."""

    def missing(self) -> Sequence[str]:
        """What is not there, each in words; looks and changes nothing.

        Raises:
            TemporarilyUnavailable: the place did not answer.
        """
        ...

    def ensure(self) -> AlertingResources:
        """Create what is missing; again and again without harm.

        Raises:
            TemporarilyUnavailable: the place did not answer; some of it may have been created.
            ConfigurationError: it must not be created here.
        """
        ...


def provision_aws(buckets: Sequence[str] = ()) -> str:
    """Create what is missing once; returns a line about all of it.

    Raises:
        ConfigurationError: a setting is missing or doesn't fit this AWS, or we may not create these.
        TemporarilyUnavailable: the endpoint did not answer.
    """
    made = AwsResources(ResourceNames.of(AlertingSettings.load(), buckets)).ensure()
    return "aws: " + ", ".join((made.topic_arn, made.queue_url, made.idempotency_table, *buckets))


def keep_until_stopped(buckets: Sequence[str] = ()) -> None:
    """Keep everything there until SIGTERM or SIGINT, see `keep`.

    Raises:
        ConfigurationError: a setting is missing or doesn't fit this AWS, or we may not look or create.
    """
    logs.configure("aws-resources")
    settings, stopping = AlertingSettings.load(), stop_on_signals()
    with exported("aws-resources") as board:
        keep_resources(
            settings, buckets, stopping=stopping, clock=SystemClock(), heartbeat=Heartbeat.load(), board=board
        )


def keep_resources(
    settings: AlertingSettings,
    buckets: Sequence[str] = (),
    *,
    every: float = EVERY,
    stopping: Callable[[], bool],
    clock: Clock,
    heartbeat: Heartbeat | None = None,
    board: Board | None = None,
) -> None:
    """`keep` for what these settings and buckets name.

    Raises:
        ConfigurationError: a setting doesn't fit this AWS, or we may not look or create.
    """
    resources = AwsResources(ResourceNames.of(settings, buckets))
    keep(resources, every=every, stopping=stopping, clock=clock, heartbeat=heartbeat, board=board)


def keep(
    resources: Resources,
    *,
    every: float,
    stopping: Callable[[], bool],
    clock: Clock,
    heartbeat: Heartbeat | None = None,
    board: Board | None = None,
) -> None:
    """Look every so many seconds whether all is there and create what is not, until `stopping`.

    A place that does not answer is asked again, for ever. The heart beats when everything is there.

    Raises:
        ConfigurationError: as `Resources` raises it.
    """
    heart, shown = heartbeat or Heartbeat(), board or Board("aws-resources")
    failures, unfinished = 0, False
    while not stopping():
        try:
            missing = resources.missing()
            if missing or unfinished:
                unfinished = True
                made = resources.ensure()
                unfinished = False
                shown.count(RESOURCES_MADE)
                log.info("aws resources created", created=missing, topic=made.topic_arn, queue=made.queue_url)
        except TemporarilyUnavailable as error:
            failures += 1
            shown.count(FAILURES)
            log.warning("trying again", error=str(error), failures=failures)
        else:
            failures = 0
            shown.set(WORKED_AT, clock.now())
            heart.beat()
        shown.set(FAILING, failures)
        pause(_seconds(failures, every), stopping=stopping, clock=clock)


def _seconds(failures: int, every: float) -> float:
    return min(FIRST_PAUSE * 2.0 ** min(failures - 1, DOUBLINGS), every) if failures else every
