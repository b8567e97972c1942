"""A training on the archive: the scores that its files hold, with the labels that the database has of them."""

from dataclasses import dataclass

from fraudstream.adapters.archived_history import ArchivedHistory
from fraudstream.errors import ConfigurationError
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.ports.archive import ArchiveReader, ObjectStore
from fraudstream.ports.registry import ModelRegistry
from fraudstream.ports.training_history import KnownFrauds
from fraudstream.progress import Report, unreported
from fraudstream.training.archive_days import ArchiveDays, ChosenFiles, chosen_files
from fraudstream.training.card import ARCHIVED
from fraudstream.training.provenance import code_version
from fraudstream.training.recipes import Recipe
from fraudstream.training.register import TrainedVersion, recipes_named, register
from fraudstream.training.relearn import Source, Spans, spans_of, train_on_log
from fraudstream.training.train import Progress


@dataclass(frozen=True)
class Archive:
    """Where a training reads: the ledger names the files, the object store holds them, the labels are elsewhere."""

    ledger: ArchiveReader
    objects: ObjectStore
    known: KnownFrauds


@dataclass(frozen=True)
class ArchivePlan:
    """A training on some days of the archive: `seed` is of the fit, `model` a family, or `best`."""

    days: ArchiveDays
    seed: int
    model: str | None = None

    @property
    def recipes(self) -> tuple[Recipe, ...]:
        """What is tried.

        Raises:
            ConfigurationError: there is no such family.
        """
        return recipes_named(self.model)


def train_from_archive(
    registry: ModelRegistry,
    archive: Archive,
    plan: ArchivePlan,
    *,
    started_at: float,
    progress: Progress,
    looked: Report = unreported,
    report: Report = unreported,
) -> TrainedVersion:
    """Train on some days of the archive, register the model, and let `challenger` mean it.

    Args:
        registry: where it is registered.
        archive: what is read.
        plan: how much of it, and what is trained.
        started_at: when this training began, in seconds since 1970 UTC.
        progress: told one line after each step.
        looked: told how many files are looked through.
        report: told how many payments are read.

    Raises:
        ConfigurationError: nothing is archived of these days, files are missing or damaged, or they hold too little.
        ModelUnavailable: the trained model is of no use.
        TemporarilyUnavailable: registry, database or object store did not answer.
    """
    recipes = plan.recipes
    chosen = _chosen(archive.ledger, plan.days, progress)
    history = ArchivedHistory(archive.objects, chosen.files, archive.known, looked)
    as_of = _matured_until(history, plan.days)
    trained = train_on_log(
        history,
        spans_of(as_of, plan.days.maturity),
        seed=plan.seed,
        started_at=started_at,
        code_version=code_version(),
        progress=progress,
        report=report,
        recipes=recipes,
        source=_source(chosen, plan.days, history),
    )
    return register(registry, trained, known_on=as_of, progress=progress)


def _chosen(ledger: ArchiveReader, days: ArchiveDays, progress: Progress) -> ChosenFiles:
    with ledger.snapshot() as snapshot:
        chosen = chosen_files([file for file, _ in snapshot.files()], days)
    progress(f"{len(chosen.files):,} archived files of {chosen.first} to {chosen.last}")
    if chosen.missing:
        progress(f"no scores are archived on {chosen.missing_text}")
    return chosen


def _matured_until(history: ArchivedHistory, days: ArchiveDays) -> float:
    """The time that the archive's last payments tell, if there is something to train on before it."""
    as_of = history.as_of()
    if as_of is None:
        raise ConfigurationError(f"the archive {days.text} holds no scores; give other days with --from and --to")
    _check(history, spans_of(as_of, days.maturity))
    return as_of


def _check(history: ArchivedHistory, spans: Spans) -> None:
    """Say what no number of further payments of this kind would mend."""
    if not history.fitting:
        raise ConfigurationError(
            f"all {history.rows:,} archived scores are of other feature catalogues than version {CATALOGUE_VERSION}; "
            "choose later days with --from, or train by `fraudstream train --history`"
        )
    extents = [history.extent(window) for window in (spans.training, spans.calibration, spans.evaluation)]
    payments, frauds = sum(extent.payments for extent in extents), sum(extent.frauds for extent in extents)
    if payments and frauds in (0, payments):
        what = "No label calls any" if not frauds else "Labels call all"
        raise ConfigurationError(
            f"there is nothing to learn from one outcome alone. {what} of the {payments:,} matured payments fraud; "
            "`fraudstream apply-labels` takes labels from their topic, `fraudstream label` is an analyst's word"
        )


def _source(chosen: ChosenFiles, days: ArchiveDays, history: ArchivedHistory) -> Source:
    facts = {
        **chosen.facts,
        "archived_scores": str(history.rows),
        "scores_of_other_catalogues": str(history.rows - history.fitting),
        "maturity_seconds": f"{days.maturity:g}",
    }
    return Source(f"the archive {days.text}", facts, ARCHIVED)
