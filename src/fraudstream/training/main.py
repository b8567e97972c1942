"""The trainer: from simulated history to a registered version, and from a version to the active deployment."""

from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console

from fraudstream.adapters.model_registry import MlflowRegistry
from fraudstream.clock import SystemClock
from fraudstream.ports.registry import ModelRegistry, ModelVersion
from fraudstream.settings import DatabaseSettings, RegistrySettings
from fraudstream.training.background_registry import BackgroundRegistry

if TYPE_CHECKING:  # what takes seconds to import is imported while the registry opens in its own process
    from fraudstream.ports.slices import Deployment
    from fraudstream.training.register import TrainedVersion


def train(
    *, seed: int, customers: int, history_days: int, start: float | None = None, promote_because: str | None = None
) -> "TrainedVersion":
    """Train on the first days of a simulated city and register the model as `challenger`.

    Args:
        seed: of the city and of the fit.
        customers: cardholders in the city.
        history_days: days of history.
        start: midnight UTC of the first day, in seconds since 1970; the simulation's own if unset.
        promote_because: if given, put the version to work at once, for this reason; the database is needed then.

    Raises:
        ConfigurationError: a missing setting, or a history with too little in it.
        TemporarilyUnavailable: registry or database did not answer.
    """
    started_at = SystemClock().now()
    settings = RegistrySettings.load()
    database = DatabaseSettings.load() if promote_because is not None else None
    console = Console(highlight=False)
    with BackgroundRegistry(partial(MlflowRegistry, settings)) as registry:
        from fraudstream.training.register import TrainingPlan, train_and_register  # noqa: PLC0415

        plan = TrainingPlan(seed=seed, customers=customers, history_days=history_days, start=start)
        trained = train_and_register(registry, plan, started_at=started_at, progress=console.print)
        if database is not None and promote_because is not None:
            _deploy(registry, registry.find(trained.version), database, reason=promote_because)
    return trained


def active_version() -> str | None:
    """Version of the model at work, if there is one.

    Raises:
        ConfigurationError: a missing setting.
        TemporarilyUnavailable: the database did not answer.
    """
    from fraudstream.adapters.database.deployment_store import PostgresDeployments  # noqa: PLC0415

    active = PostgresDeployments(DatabaseSettings.load().database_url.get_secret_value()).active()
    return None if active is None else active.model_version


def promote(*, version: str | None = None, alias: str | None = None, reason: str) -> "Deployment":
    """Put a registered version to work: that number, that alias, or the newest.

    Raises:
        ConfigurationError: a missing setting.
        ModelUnavailable: there is no such version, or it did not pass the gate; nothing has changed.
        TemporarilyUnavailable: registry or database did not answer.
    """
    database = DatabaseSettings.load()
    with BackgroundRegistry(partial(MlflowRegistry, RegistrySettings.load())) as registry:
        wanted = registry.find_alias(alias) if alias is not None else registry.find(version)
        return _deploy(registry, wanted, database, reason=reason)


def _deploy(registry: ModelRegistry, version: ModelVersion, database: DatabaseSettings, *, reason: str) -> "Deployment":
    from fraudstream.adapters.database.deployment_store import PostgresDeployments  # noqa: PLC0415
    from fraudstream.training.promote import promote_version  # noqa: PLC0415

    deployments = PostgresDeployments(database.database_url.get_secret_value())
    return promote_version(registry, deployments, version, reason=reason)
