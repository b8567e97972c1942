"""MLflow as the model registry: the only module that imports mlflow, and only when a registry is opened.

Importing mlflow and opening its store take seconds; the scorer never does either.
"""

import contextlib
import errno
import logging
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fraudstream.errors import ConfigurationError, FraudstreamError, ModelUnavailable, TemporarilyUnavailable
from fraudstream.ports.registry import ModelVersion, TrainingRun
from fraudstream.settings import RegistrySettings

REQUEST_TIMEOUT = 30
"""Seconds one request to a tracking server may take."""
REQUEST_RETRIES = 4
"""Attempts after the first; the pause between them doubles from 2 seconds."""

_FULL = {errno.ENOSPC, errno.EDQUOT}
_MISSING = {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "NOT_FOUND"}


class MlflowRegistry:
    """`ModelRegistry` on an MLflow tracking server, or directly on its database.

    Opening it imports mlflow and, on a database, creates or checks its tables.

    Raises:
        TemporarilyUnavailable: the server or database did not answer.
    """

    def __init__(self, settings: RegistrySettings) -> None:
        self._name = settings.model_name
        self._artifact_root = settings.mlflow_artifact_root
        with _translated("opening the registry"):
            self._client = _client(settings.mlflow_tracking_uri)

    def register(self, run: TrainingRun) -> ModelVersion:
        """See `ModelRegistry.register`."""
        with _translated("recording the training"):
            run_id, source = self._record(run)
        with _translated(f"making a version of run {run_id}"):
            self._ensure_model()
            return _version(self._client.create_model_version(self._name, source, run_id, tags=dict(run.tags)))

    def find(self, version: str | None = None) -> ModelVersion:
        """See `ModelRegistry.find`."""
        with _translated(
            "looking a version up", f"model {self._name} has no version {version or 'at all'}; run `fraudstream train`"
        ):
            if version is not None:
                return _version(self._client.get_model_version(self._name, version))
            known = self._client.search_model_versions(
                f"name='{self._name}'", max_results=1, order_by=["version_number DESC"]
            )
        if not known:
            raise ModelUnavailable(f"model {self._name} has no version at all; run `fraudstream train`")
        return _version(known[0])

    def find_alias(self, alias: str) -> ModelVersion:
        """See `ModelRegistry.find_alias`."""
        with _translated(
            "looking an alias up", f"model {self._name} has no alias {alias}; run `fraudstream train` or `promote`"
        ):
            return _version(self._client.get_model_version_by_alias(self._name, alias))

    def set_alias(self, alias: str, version: str) -> None:
        """See `ModelRegistry.set_alias`."""
        with _translated("setting an alias", f"model {self._name} has no version {version}; run `fraudstream train`"):
            self._client.set_registered_model_alias(self._name, alias, version)

    def artefact(self, version: ModelVersion, name: str) -> bytes:
        """See `ModelRegistry.artefact`."""
        missing = f"version {version.version} of model {self._name} has no file {name}"
        with tempfile.TemporaryDirectory() as folder, _translated("fetching a file", missing):
            try:
                return Path(self._client.download_artifacts(version.run_id, name, folder)).read_bytes()
            except FileNotFoundError as error:
                raise ModelUnavailable(missing) from error

    def _record(self, run: TrainingRun) -> tuple[str, str]:
        from mlflow.entities import Metric, Param, RunTag  # noqa: PLC0415 - slow to import

        started_ms = int(run.started_at * 1_000)
        created = self._client.create_run(self._experiment(), start_time=started_ms, run_name=f"train-{started_ms}")
        run_id = created.info.run_id
        try:
            self._client.log_batch(
                run_id,
                metrics=[Metric(name, value, started_ms, 0) for name, value in run.metrics.items()],
                params=[Param(name, value) for name, value in run.parameters.items()],
                tags=[RunTag(name, value) for name, value in run.tags.items()],
            )
            with tempfile.TemporaryDirectory() as folder:
                for name, content in run.artefacts.items():
                    path = Path(folder) / name
                    path.parent.mkdir(exist_ok=True)
                    path.write_bytes(content)
                self._client.log_artifacts(run_id, folder)
        except Exception:
            self._client.set_terminated(run_id, "FAILED")
            raise
        self._client.set_terminated(run_id)
        return run_id, created.info.artifact_uri

    def _experiment(self) -> str:
        known = self._client.get_experiment_by_name(self._name)
        if known is not None:
            return str(known.experiment_id)
        return str(self._client.create_experiment(self._name, artifact_location=self._artifact_root))

    def _ensure_model(self) -> None:
        from mlflow.exceptions import MlflowException  # noqa: PLC0415 - slow to import

        try:
            self._client.create_registered_model(self._name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise


def _client(uri: str) -> Any:  # noqa: ANN401 - mlflow's types are not followed
    # SQLAlchemy warns about mlflow's own mappings; nothing here can change them.
    warnings.filterwarnings("ignore", message="The ``noload`` loader strategy is deprecated")
    for chatty in ("mlflow", "alembic"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    from mlflow import environment_variables as variables  # noqa: PLC0415 - slow to import
    from mlflow.telemetry import set_telemetry_client  # noqa: PLC0415 - same
    from mlflow.tracking.client import MlflowClient  # noqa: PLC0415 - same

    variables.MLFLOW_DISABLE_TELEMETRY.set(True)
    set_telemetry_client()  # reads the line above: nothing is reported to anybody
    variables.MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT.set(True)
    variables.MLFLOW_HTTP_REQUEST_TIMEOUT.set(REQUEST_TIMEOUT)
    variables.MLFLOW_HTTP_REQUEST_MAX_RETRIES.set(REQUEST_RETRIES)
    return MlflowClient(uri, uri)


def _version(known: Any) -> ModelVersion:  # noqa: ANN401 - mlflow's types are not followed
    return ModelVersion(str(known.name), str(known.version), str(known.run_id), dict(known.tags))


@contextlib.contextmanager
def _translated(doing: str, missing: str | None = None) -> Iterator[None]:
    """Turn mlflow's errors into ours; `missing` is the sentence for what turned out not to be there."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - slow to import

    try:
        yield
    except MlflowException as error:
        if missing is not None and error.error_code in _MISSING:
            raise ModelUnavailable(missing) from error
        raise TemporarilyUnavailable(f"MLflow failed while {doing}; is it running? {error.message}") from error
    except FraudstreamError:
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise ConfigurationError(f"no space is left for the files of a model, while {doing}: {error}") from error
        raise TemporarilyUnavailable(f"MLflow could not be reached while {doing}; is it running? {error}") from error
    except Exception as error:  # its database's and its transport's own errors come through too, of many kinds
        raise TemporarilyUnavailable(f"MLflow could not be reached while {doing}; is it running? {error}") from error
