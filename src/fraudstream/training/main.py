"""The trainer: from a history to a registered version, and from a version to the active deployment."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from fraudstream.adapters.model_registry import MlflowRegistry
from fraudstream.clock import SystemClock
from fraudstream.errors import ConfigurationError
from fraudstream.progress import Progress
from fraudstream.settings import ArchiveSettings, DatabaseSettings, RegistrySettings
from fraudstream.training.archive_days import ArchiveDays
from fraudstream.training.authorship import author_of
from fraudstream.training.background_registry import BackgroundRegistry
from fraudstream.training.families import families_named

if TYPE_CHECKING:  # what takes seconds to import is imported while the registry opens in its own process
    from fraudstream.adapters.database.deployment_store import PostgresDeployments
    from fraudstream.ports.life_cycle import Challenger
    from fraudstream.ports.slices import Deployment
    from fraudstream.training.register import FilePlan, TrainedVersion, TrainingPlan


def train(
    *,
    seed: int,
    customers: int,
    history_days: int,
    start: float | None = None,
    model: str | None = None,
    history: Path | None = None,
    archive: ArchiveDays | None = None,
    promote_because: str | None = None,
    author: str | None = None,
    results: tuple[Path | None, Path | None] = (None, None),
) -> "TrainedVersion":
    """Train on the first days of a simulated city, on a file or on the archive, and register the model as `challenger`.

    Args:
        seed: of the city and of the fit.
        customers: cardholders in the city.
        history_days: days of history.
        start: midnight UTC of the first day, in seconds since 1970; the simulation's own if unset.
        model: a family, or `best` of all by the span before the one it is measured on; unset, a quick one.
        history: a file of payments and labels as JSON lines, instead of the city.
        archive: days of the archive, instead of the city; the database is needed then.
        promote_because: put the version to work at once for this reason, in the database; else it goes on record there.
        author: who decides; the login name if unset.
        results: folders that the version's files are copied to, and its figures written to, if at all.

    Raises:
        ConfigurationError: a missing setting, no such family, or a history with too little in it; nothing has changed.
        TemporarilyUnavailable: registry, database or object store did not answer.
    """
    started_at = SystemClock().now()
    if model is not None:
        families_named(model)  # before anything is opened
    settings = RegistrySettings.load()
    database = _database_if_set() if promote_because is None and archive is None else DatabaseSettings.load()
    with BackgroundRegistry(partial(MlflowRegistry, settings)) as registry:
        from fraudstream.training.register import FilePlan, TrainingPlan, put_on_record  # noqa: PLC0415

        if archive is not None and database is not None:
            trained = _train_from_archive(registry, database, archive, seed, model, started_at)
        else:
            city = TrainingPlan(seed, customers, history_days, start, model)
            trained = _train(registry, city if history is None else FilePlan(history, seed, model), started_at)
        _hand_over(registry, trained, *results)
        if database is not None:
            put_on_record(_deployments(database), trained, author=author_of(author))
            if promote_because is not None:
                _promote(registry, database, trained.version, promote_because, author)
    return trained


def _train(registry: BackgroundRegistry, plan: "TrainingPlan | FilePlan", started_at: float) -> "TrainedVersion":
    from fraudstream.training.register import train_and_register  # noqa: PLC0415

    say = Console(highlight=False).print
    with Progress("days of history replayed") as bar:
        return train_and_register(registry, plan, started_at=started_at, progress=say, report=bar.report)


def _hand_over(
    registry: BackgroundRegistry, trained: "TrainedVersion", files: Path | None, figures: Path | None
) -> None:
    from fraudstream.training.version_files import copy_files, write_figures  # noqa: PLC0415

    if files is not None:
        copy_files(registry, trained, files)
    if figures is not None:
        write_figures(trained, figures)


def _train_from_archive(
    registry: BackgroundRegistry,
    database: DatabaseSettings,
    days: ArchiveDays,
    seed: int,
    model: str | None,
    started_at: float,
) -> "TrainedVersion":
    from fraudstream.adapters.aws.objects import S3Objects  # noqa: PLC0415
    from fraudstream.adapters.database.archive_reader import PostgresArchiveReader  # noqa: PLC0415
    from fraudstream.adapters.database.known_frauds import PostgresKnownFrauds  # noqa: PLC0415
    from fraudstream.training.from_archive import Archive, ArchivePlan, train_from_archive  # noqa: PLC0415

    url, bucket = database.database_url.get_secret_value(), ArchiveSettings.load().archive_bucket
    with Progress("payments of the archive read") as bar:
        return train_from_archive(
            registry,
            Archive(PostgresArchiveReader(url), S3Objects(bucket), PostgresKnownFrauds(url)),
            ArchivePlan(days, seed, model),
            started_at=started_at,
            progress=Console(highlight=False).print,
            looked=bar.of("archived files looked through"),
            report=bar.report,
        )


def _promote(
    registry: BackgroundRegistry, database: DatabaseSettings, version: str, reason: str, author: str | None
) -> None:
    from fraudstream.ports.life_cycle import Signature  # noqa: PLC0415
    from fraudstream.training.promote import promote_version  # noqa: PLC0415

    promote_version(registry, _deployments(database), registry.find(version), Signature(author_of(author), reason))


def active_version() -> str | None:
    """Version of the model at work, if there is one.

    Raises:
        ConfigurationError: a missing setting.
        TemporarilyUnavailable: the database did not answer.
    """
    active = _deployments(DatabaseSettings.load()).active()
    return None if active is None else active.model_version


def promote(
    *, version: str | None = None, alias: str | None = None, reason: str, author: str | None = None
) -> "Deployment":
    """Put a registered version to work: that number, that alias, or the newest.

    Raises:
        ConfigurationError: a missing setting.
        ModelUnavailable: there is no such version, or it was refused; nothing has changed but the record.
        TemporarilyUnavailable: registry or database did not answer.
    """
    database = DatabaseSettings.load()
    with BackgroundRegistry(partial(MlflowRegistry, RegistrySettings.load())) as registry:
        from fraudstream.ports.life_cycle import Signature  # noqa: PLC0415
        from fraudstream.training.promote import promote_version  # noqa: PLC0415

        wanted = registry.find_alias(alias) if alias is not None else registry.find(version)
        return promote_version(registry, _deployments(database), wanted, Signature(author_of(author), reason))


def begin_trial(*, version: str | None, reason: str, author: str | None) -> "Challenger":
    """Let a registered version, or the newest, score beside the one at work.

    Raises:
        ConfigurationError: a missing setting.
        ModelUnavailable: there is no such version, it was refused, or it cannot be tried now.
        TemporarilyUnavailable: registry or database did not answer.
    """
    database = DatabaseSettings.load()
    with BackgroundRegistry(partial(MlflowRegistry, RegistrySettings.load())) as registry:
        from fraudstream.ports.life_cycle import Signature  # noqa: PLC0415
        from fraudstream.training import shadow  # noqa: PLC0415

        signature = Signature(author_of(author), reason)
        return shadow.begin_trial(registry, _deployments(database), registry.find(version), signature)


def stop_trial(*, reason: str, author: str | None) -> "Challenger":
    """End the running trial.

    Raises:
        ConfigurationError: a missing setting.
        ModelUnavailable: no version is on trial.
        TemporarilyUnavailable: the database did not answer.
    """
    from fraudstream.ports.life_cycle import Signature  # noqa: PLC0415
    from fraudstream.training import shadow  # noqa: PLC0415

    return shadow.stop_trial(_deployments(DatabaseSettings.load()), Signature(author_of(author), reason))


def _deployments(settings: DatabaseSettings) -> "PostgresDeployments":
    from fraudstream.adapters.database.deployment_store import PostgresDeployments  # noqa: PLC0415

    return PostgresDeployments(settings.database_url.get_secret_value())


def _database_if_set() -> DatabaseSettings | None:
    try:
        return DatabaseSettings.load()
    except ConfigurationError:
        return None
