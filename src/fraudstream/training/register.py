"""A training that ends in the registry."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.life_cycle import Action, Deployments, Figures, Signature
from fraudstream.ports.registry import CHALLENGER, ModelRegistry
from fraudstream.progress import Report, unreported
from fraudstream.simulation.city import DEFAULT_START, CityWorld
from fraudstream.training.dataset import DAY
from fraudstream.training.evaluate import Evaluation
from fraudstream.training.families import families_named
from fraudstream.training.history_file import file_past
from fraudstream.training.parts import DIGEST_TAG
from fraudstream.training.past import Past, simulated_past
from fraudstream.training.provenance import code_version
from fraudstream.training.recipes import USUAL, Recipe, recipes_of
from fraudstream.training.retrain import AS_OF
from fraudstream.training.train import Progress, Trained, run_training


@dataclass(frozen=True)
class TrainedVersion:
    """A registered version.

    `digest` is the SHA-256 of its artefact, `seconds` what each step took, `known_on` how far the labels it was trained
    on reached, in seconds since 1970 UTC of the payments' own time.
    """

    name: str
    version: str
    run_id: str
    digest: str
    threshold: float
    evaluation: Evaluation
    baseline: Evaluation
    seconds: dict[str, float]
    known_on: float


@dataclass(frozen=True)
class TrainingPlan:
    """What to train: the first `history_days` days of a city, from `start` (seconds since 1970 UTC) on.

    `model` names a family, or `best` for the best of all; unset, it is the one that is quick to train.
    """

    seed: int
    customers: int
    history_days: int
    start: float | None
    model: str | None = None

    def world(self) -> CityWorld:
        """The city; it starts at the simulation's own time if the plan names none."""
        return CityWorld(self.seed, self.customers, self._start)

    def past(self) -> Past:
        """The history.

        Raises:
            ConfigurationError: it is too short.
        """
        return simulated_past(self.world(), self.history_days)

    def recipes(self) -> tuple[Recipe, ...]:
        """What is tried.

        Raises:
            ConfigurationError: there is no such family.
        """
        return recipes_named(self.model)

    @property
    def end(self) -> float:
        """The end of the history, in seconds since 1970 UTC."""
        return self._start + self.history_days * DAY

    def until(self, moment: float, *, most: int) -> "TrainingPlan":
        """The same city, with its history going on up to a moment, but over no more than `most` days."""
        return replace(self, history_days=min(max(self.history_days, int((moment - self._start) // DAY)), most))

    @property
    def _start(self) -> float:
        return DEFAULT_START if self.start is None else self.start


@dataclass(frozen=True)
class FilePlan:
    """What to train: the history in a file of JSON lines; `model` as in `TrainingPlan`."""

    path: Path
    seed: int
    model: str | None = None

    def past(self) -> Past:
        """The history.

        Raises:
            ConfigurationError: the file cannot be read, is empty or covers too little.
        """
        return file_past(self.path, seed=self.seed)

    def recipes(self) -> tuple[Recipe, ...]:
        """What is tried.

        Raises:
            ConfigurationError: there is no such family.
        """
        return recipes_named(self.model)


def train_and_register(
    registry: ModelRegistry,
    plan: TrainingPlan | FilePlan,
    *,
    started_at: float,
    progress: Progress,
    report: Report = unreported,
) -> TrainedVersion:
    """Train, register the model, and let `challenger` mean it; `report` is told how much of the history is replayed.

    Raises:
        ConfigurationError: a history with too little in it.
        TemporarilyUnavailable: the registry did not answer.
    """
    past = plan.past()
    trained = run_training(
        past,
        started_at=started_at,
        code_version=code_version(),
        progress=progress,
        recipes=plan.recipes(),
        report=report,
    )
    return register(registry, trained, known_on=past.end, progress=progress)


def register(registry: ModelRegistry, trained: Trained, *, known_on: float, progress: Progress) -> TrainedVersion:
    """Register a finished training, whose labels reached `known_on`, and let `challenger` mean it.

    Raises:
        ConfigurationError: there is no space for its files.
        TemporarilyUnavailable: the registry did not answer.
    """
    begun = time.perf_counter()
    version = registry.register(trained.run)
    registry.set_alias(CHALLENGER, version.version)
    seconds = trained.seconds | {"register": time.perf_counter() - begun}
    progress(f"register: {seconds['register']:.1f} s")
    return TrainedVersion(
        name=version.name,
        version=version.version,
        run_id=version.run_id,
        digest=version.tags[DIGEST_TAG],
        threshold=trained.model.threshold,
        evaluation=trained.evaluation,
        baseline=trained.baseline,
        seconds=seconds,
        known_on=known_on,
    )


def put_on_record(
    deployments: Deployments,
    trained: TrainedVersion,
    *,
    author: str,
    reason: str = "trained",
    figures: Figures | None = None,
) -> None:
    """Note a training among the decisions, with what it was worth, and further `figures`.

    Raises:
        TemporarilyUnavailable: the database did not answer; the version is registered all the same.
    """
    worth = trained.evaluation.metrics() | {"threshold": trained.threshold, AS_OF: trained.known_on}
    signature = Signature(author, reason, worth | dict(figures or {}))
    try:
        deployments.record(Action.TRAIN, trained.name, trained.version, signature)
    except TemporarilyUnavailable as error:
        raise TemporarilyUnavailable(f"version {trained.version} is registered, but not on record: {error}") from error


def recipes_named(model: str | None) -> tuple[Recipe, ...]:
    """What is tried for a family, or `best` for all; unset, what is quick to train.

    Raises:
        ConfigurationError: there is no such family.
    """
    return USUAL if model is None else recipes_of(families_named(model))
