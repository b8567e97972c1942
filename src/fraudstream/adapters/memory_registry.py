"""A model registry in memory, held to the same suite as MLflow's."""

import uuid
from dataclasses import dataclass, field

from fraudstream.errors import ModelUnavailable
from fraudstream.ports.registry import ModelVersion, TrainingRun


@dataclass
class MemoryRegistry:
    """`ModelRegistry` of one model."""

    name: str = "fraudstream"
    runs: dict[str, TrainingRun] = field(default_factory=dict)
    versions: list[ModelVersion] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)

    def register(self, run: TrainingRun) -> ModelVersion:
        """See `ModelRegistry.register`."""
        run_id = uuid.uuid4().hex
        self.runs[run_id] = run
        version = ModelVersion(self.name, str(len(self.versions) + 1), run_id, dict(run.tags))
        self.versions.append(version)
        return version

    def find(self, version: str | None = None) -> ModelVersion:
        """See `ModelRegistry.find`."""
        for known in reversed(self.versions):
            if version in (None, known.version):
                return known
        raise ModelUnavailable(f"model {self.name} has no version {version or 'at all'}; run `fraudstream train`")

    def find_alias(self, alias: str) -> ModelVersion:
        """See `ModelRegistry.find_alias`."""
        if alias not in self.aliases:
            raise ModelUnavailable(f"model {self.name} has no alias {alias}; run `fraudstream train` or `promote`")
        return self.find(self.aliases[alias])

    def set_alias(self, alias: str, version: str) -> None:
        """See `ModelRegistry.set_alias`."""
        self.aliases[alias] = self.find(version).version

    def artefact(self, version: ModelVersion, name: str) -> bytes:
        """See `ModelRegistry.artefact`."""
        run = self.runs.get(version.run_id)
        if run is None or name not in run.artefacts:
            raise ModelUnavailable(f"version {version.version} of model {self.name} has no file {name}")
        return run.artefacts[name]
