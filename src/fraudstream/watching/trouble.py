"""What is wrong right now, as far as one look can tell, each with the runbook that says what to do.

Prometheus' rules say the same of a while, and know more: a look can't tell whether something has just begun.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from fraudstream.metrics import catalogue
from fraudstream.metrics.metric import Gauge
from fraudstream.metrics.scrape import Figures

RUNBOOKS = "docs/runbooks"
SLOW_SCORE = 5.0
"""Seconds; the objectives that Prometheus' rules hold the stream to."""
SLOW_NOTIFICATION = 10.0
FAR_BEHIND = 10_000
"""Records."""
UNSENT_FOR = 60.0
"""Seconds a message may be due and not published."""


class Trouble(msgspec.Struct, frozen=True):
    """One thing that is wrong: a sentence, and the page that says what to do."""

    sentence: str
    runbook: str


class _Bound(NamedTuple):
    metric: Gauge
    most: float
    sentence: str
    runbook: str
    labels: tuple[str, ...] = ()


BOUNDS = (
    _Bound(catalogue.STREAM_UNACCOUNTED, 0, "{0:.0f} records were passed and are nowhere", "records-unaccounted"),
    _Bound(catalogue.SCORER_STANDS_STILL, 0, "scoring stands still; the scorer's log says why", "scoring-stands-still"),
    _Bound(
        catalogue.STREAM_RECENT, SLOW_SCORE, "one score in a hundred takes {0:.1f} s", "scores-late", ("score", "0.99")
    ),
    _Bound(
        catalogue.STREAM_RECENT,
        SLOW_NOTIFICATION,
        "one notification in a hundred takes {0:.1f} s",
        "alerts-late",
        ("notification", "0.99"),
    ),
    _Bound(catalogue.UNSENT_AGE, UNSENT_FOR, "a message has waited {0:.0f} s to be published", "messages-unsent"),
    _Bound(catalogue.BREAKER_OPEN, 0, "alerts are held back by the breaker", "alerts-held"),
    _Bound(catalogue.LABELS_FAR_BEHIND, 0, "labels are far behind; scores lack their news", "labels-late"),
    _Bound(catalogue.ARCHIVE_GAPS, 0, "{0:.0f} ranges are missing from the archive for good", "archive-gap"),
)


def troubles(answers: Mapping[str, Figures], together: Figures) -> Iterator[Trouble]:
    """What is wrong, the worst first.

    Args:
        answers: of each process, by name.
        together: all of them in one.
    """
    for name, figures in answers.items():
        if figures.trouble is not None:
            yield _trouble(f"{name} does not answer: {figures.trouble}", "process-down")
    for bound in BOUNDS:
        value = together.value(bound.metric, *bound.labels)
        if value is not None and value > bound.most:
            yield _trouble(bound.sentence.format(value), bound.runbook)
    behind = sum(together.each(catalogue.STREAM_LAG).values())
    if behind > FAR_BEHIND:
        yield _trouble(f"{behind:,.0f} records wait to be scored", "scoring-behind")
    yield from _of_each(
        answers, lambda told: told.value(catalogue.FAILING) or 0, "{name} fails, {0:.0f} times in a row"
    )


def _of_each(answers: Mapping[str, Figures], figure: Callable[[Figures], float], sentence: str) -> Iterator[Trouble]:
    for name, told in answers.items():
        if (value := figure(told)) > 0:
            yield _trouble(sentence.format(value, name=name), "process-failing")


def _trouble(sentence: str, runbook: str) -> Trouble:
    return Trouble(sentence, f"{RUNBOOKS}/{runbook}.md")
