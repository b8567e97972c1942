"""The trainer: from simulated history to a registered version, and from a version to the active deployment."""

import time
from dataclasses import dataclass
from functools import partial

from rich.console import Console

from fraudstream.adapters.database.deployment_store import PostgresDeployments
from fraudstream.adapters.model_registry import MlflowRegistry
from fraudstream.clock import SystemClock
from fraudstream.ports import CHALLENGER, ModelRegistry, ModelVersion
from fraudstream.settings import DatabaseSettings, RegistrySettings
from fraudstream.simulation.city import CityWorld
from fraudstream.slice_port import Deployment
from fraudstream.training.background_registry import BackgroundRegistry
from fraudstream.training.evaluate import Evaluation
from fraudstream.training.promote import promote_version
from fraudstream.training.provenance import code_version
from fraudstream.training.train import DIGEST_TAG, run_training


@dataclass(frozen=True)
class TrainedVersion:
    """A registered version: `digest` is the SHA-256 of its artefact, `seconds` what each step took."""

    name: str
    version: str
    run_id: str
    digest: str
    threshold: float
    evaluation: Evaluation
    baseline: Evaluation
    seconds: dict[str, float]


def train(
    *, seed: int, customers: int, history_days: int, start: float, promote_because: str | None = None
) -> TrainedVersion:
    """Train on the first days of a simulated city and register the model as `challenger`.

    Args:
        seed: of the city and of the fit.
        customers: cardholders in the city.
        history_days: days of history.
        start: midnight UTC of the first day, in seconds since 1970.
        promote_because: if given, deploy the version at once, for this reason; the database is needed then.

    Raises:
        ConfigurationError: a missing setting, or a history with too little in it.
        TemporarilyUnavailable: registry or database did not answer.
    """
    started_at = SystemClock().now()
    settings = RegistrySettings.load()
    deployments = _deployments() if promote_because is not None else None
    console = Console(highlight=False)
    with BackgroundRegistry(partial(MlflowRegistry, settings)) as registry:
        trained = run_training(
            CityWorld(seed, customers, start),
            history_days,
            started_at=started_at,
            code_version=code_version(),
            progress=console.print,
        )
        begun = time.perf_counter()
        version = registry.register(trained.run)
        registry.set_alias(CHALLENGER, version.version)
        seconds = trained.seconds | {"register": time.perf_counter() - begun}
        console.print(f"register: {seconds['register']:.1f} s")
        if deployments is not None and promote_because is not None:
            promote_version(registry, deployments, version, reason=promote_because)
    return TrainedVersion(
        name=version.name,
        version=version.version,
        run_id=version.run_id,
        digest=version.tags[DIGEST_TAG],
        threshold=trained.model.threshold,
        evaluation=trained.evaluation,
        baseline=trained.baseline,
        seconds=seconds,
    )


def promote(*, version: str | None = None, alias: str | None = None, reason: str) -> Deployment:
    """Put a registered version to work: that number, that alias, or the newest.

    Raises:
        ConfigurationError: a missing setting.
        ModelUnavailable: there is no such version, or it did not pass the gate; nothing has changed.
        TemporarilyUnavailable: registry or database did not answer.
    """
    deployments = _deployments()
    registry = MlflowRegistry(RegistrySettings.load())
    return promote_version(registry, deployments, _wanted(registry, version, alias), reason=reason)


def _wanted(registry: ModelRegistry, version: str | None, alias: str | None) -> ModelVersion:
    return registry.find_alias(alias) if alias is not None else registry.find(version)


def _deployments() -> PostgresDeployments:
    return PostgresDeployments(DatabaseSettings.load().database_url.get_secret_value())
