"""`fraudstream rebuild-state`: the registry's initial state and the database's past become a new state."""

from rich.console import Console

from fraudstream.adapters.database.rebuild_store import PostgresRebuildStore
from fraudstream.adapters.model_registry import MlflowRegistry
from fraudstream.clock import SystemClock
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.ports.rebuild import Checkpoint
from fraudstream.settings import DatabaseSettings, RegistrySettings
from fraudstream.training.promote import initial_state
from fraudstream.training.rebuild import Rebuild
from fraudstream.training.rebuild_progress import RebuildProgress


def rebuild_state(*, version: str | None) -> Checkpoint:
    """Build the state of this program's feature catalogue, beginning with that of a registered version, or the newest.

    Raises:
        ConfigurationError: a missing setting, a scorer is at work, or nothing can be rebuilt; see `Rebuild.run`.
        ModelUnavailable: there is no such version, or its state is missing or of another catalogue version.
        TemporarilyUnavailable: registry or database did not answer; run it again, it goes on where it was.
    """
    clock = SystemClock()
    store = PostgresRebuildStore(DatabaseSettings.load().database_url.get_secret_value(), clock)
    registry = MlflowRegistry(RegistrySettings.load())
    state = initial_state(registry, registry.find(version))
    with RebuildProgress(Console(stderr=True, highlight=False), clock) as progress:
        return Rebuild(store, CATALOGUE_VERSION, progress.report).run(state)
