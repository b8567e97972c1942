"""Retraining as a command and as a service."""

import contextlib
from functools import partial

from rich.console import Console

from fraudstream import logs
from fraudstream.adapters.database.deployment_store import PostgresDeployments
from fraudstream.adapters.database.matured_scores import PostgresMaturedScores
from fraudstream.adapters.database.quality_store import PostgresQuality
from fraudstream.adapters.database.training_history import PostgresTrainingHistory
from fraudstream.adapters.model_registry import MlflowRegistry
from fraudstream.clock import SystemClock
from fraudstream.heartbeat import Heartbeat
from fraudstream.metrics.board import exported
from fraudstream.ports.registry import ModelRegistry
from fraudstream.progress import Progress
from fraudstream.service import stop_on_signals
from fraudstream.settings import DatabaseSettings, RegistrySettings
from fraudstream.training.authorship import author_of
from fraudstream.training.drift import worst_drift
from fraudstream.training.gate import GateRules
from fraudstream.training.register import TrainingPlan
from fraudstream.training.retrain import NextStep, RetrainRules
from fraudstream.training.retraining import Retraining, Sources, keep_retraining


def retrain(
    rules: RetrainRules, city: TrainingPlan | None, *, seed: int, interval: float | None, author: str | None
) -> NextStep | None:
    """Do the next step of retraining, or, with an interval in seconds, one after the other until SIGTERM or SIGINT.

    Args:
        rules: when a training is due.
        city: what to train on where the log has too little; without, it is waited for.
        seed: of the fit.
        interval: seconds between two steps.
        author: who signs; the login name if unset.

    Raises:
        ConfigurationError: a missing setting, a database role without the right, no space for a model's files, or
            nothing that could be learned; a service goes on after the last two.
        ModelUnavailable: the trained model is of no use; a service goes on.
        TemporarilyUnavailable: database or registry did not answer, a service waits for minutes.
    """
    settings, url = RegistrySettings.load(), DatabaseSettings.load().database_url.get_secret_value()
    console = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    heart = Heartbeat.load()

    def open_registry() -> ModelRegistry:
        return MlflowRegistry(settings)

    def tell(line: str) -> None:
        heart.beat()
        console.print(line)

    quality = PostgresQuality(url)
    with contextlib.closing(quality), Progress("payments of the log read") as live:
        retraining = Retraining(
            deployments=PostgresDeployments(url),
            sources=Sources(PostgresTrainingHistory(url), city, seed),
            scores=PostgresMaturedScores(url),
            open_registry=open_registry,
            drift=partial(worst_drift, quality),
            rules=rules,
            gate_rules=GateRules(maturity=rules.maturity),
            author=author_of(author),
            progress=tell,
            report=live.report,
        )
        if interval is None:
            return retraining.run_once()
        logs.configure("retraining")
        stopping, clock = stop_on_signals(), SystemClock()
        with exported("retrain") as board:
            keep_retraining(retraining, interval, stopping=stopping, clock=clock, heart=heart, board=board)
    return None
