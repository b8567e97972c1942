"""What keeps models in their place: gate, way back and overview, on the database and, if it is there, the registry."""

from rich.console import Console

from fraudstream.adapters.database.deployment_store import PostgresDeployments
from fraudstream.adapters.database.matured_scores import PostgresMaturedScores
from fraudstream.adapters.model_registry import MlflowRegistry
from fraudstream.errors import ModelUnavailable
from fraudstream.ports.life_cycle import Signature
from fraudstream.ports.registry import ModelRegistry
from fraudstream.ports.slices import Deployment
from fraudstream.settings import DatabaseSettings, RegistrySettings
from fraudstream.training.authorship import author_of
from fraudstream.training.gate import GateReport, GateRules, Outcome, carry_out, examine
from fraudstream.training.gate_report import gate_json, gate_lines
from fraudstream.training.overview import overview_lines
from fraudstream.training.rollback import move_champion, roll_back


def gate(rules: GateRules, *, carry: bool, as_json: bool, author: str | None) -> Outcome:
    """Compare the version on trial with the one at work, print what was found, and, if asked to, do what follows.

    Raises:
        ConfigurationError: a missing setting, or a database role without the right.
        ModelUnavailable: no version is on trial.
        TemporarilyUnavailable: the database did not answer, or somebody else decided meanwhile.
    """
    deployments = PostgresDeployments(_database_url())
    report = examined(deployments, rules)
    deployed = carry_out(deployments, report, author_of(author)) if carry else None
    console = _console()
    lines = [gate_json(report, carried_out=carry)] if as_json else gate_lines(report)
    for line in lines:
        console.print(line)
    if deployed is not None:
        _tell_champion(deployed, quiet=as_json)
    return report.verdict.outcome


def promote_through_gate(version: str | None, rules: GateRules, *, reason: str, author: str | None) -> Deployment:
    """Put the version on trial to work if the gate lets it pass; if it is only no better, its trial goes on.

    Raises:
        ConfigurationError: a missing setting, or a database role without the right.
        ModelUnavailable: it did not pass, or another version, or none, is on trial.
        TemporarilyUnavailable: the database did not answer, or somebody else decided meanwhile.
    """
    deployments = PostgresDeployments(_database_url())
    report = examined(deployments, rules)
    tried, verdict = report.challenger.model_version, report.verdict
    if version not in (None, tried):
        raise ModelUnavailable(f"version {tried} is on trial, not version {version}; only what was tried can pass")
    deployed = None
    if verdict.outcome != Outcome.KEEP:
        deployed = carry_out(deployments, report, author_of(author), reason=reason)
    if deployed is None:
        raise ModelUnavailable(f"version {tried} did not pass the gate ({verdict.outcome}): {verdict.reason}")
    _tell_champion(deployed)
    return deployed


def examined(deployments: PostgresDeployments, rules: GateRules) -> GateReport:
    """What the gate finds in the database that these deployments are in."""
    console = Console(highlight=False, stderr=True)
    with console.status("comparing") as status:
        return examine(
            deployments,
            PostgresMaturedScores(_database_url()),
            rules,
            progress=lambda count: status.update(f"comparing: {count:,} payments"),
        )


def rollback(*, to: str | None, reason: str, author: str | None) -> Deployment:
    """Put an earlier deployment back to work; needs the database alone, and says what the registry made of it.

    Raises:
        ConfigurationError: a missing setting, or a database role without the right.
        ModelUnavailable: there is no such deployment, or its artefact is of no use; nothing has changed.
        TemporarilyUnavailable: the database did not answer, or somebody else decided meanwhile.
    """
    way = roll_back(PostgresDeployments(_database_url()), Signature(author_of(author), reason), to=to)
    _console().print(
        f"version {way.restored.model_version} is at work again from the next slice on (deployment "
        f"{way.restored.deployment_id}), instead of version {way.instead_of.model_version}"
    )
    _tell_champion(way.restored)
    return way.restored


def show_models(*, most: int) -> None:
    """Print what is at work and on trial, and the latest deployments and decisions.

    Raises:
        ConfigurationError: a missing setting.
        TemporarilyUnavailable: the database did not answer.
    """
    for line in overview_lines(PostgresDeployments(_database_url()), most=most):
        _console().print(line)


def _tell_champion(deployed: Deployment, *, quiet: bool = False) -> None:
    problem = move_champion(_open_registry, deployed)
    if not quiet:
        _console().print(
            f"the registry's alias champion means version {deployed.model_version}"
            if problem is None
            else f"the registry's alias champion could not be moved: {problem}"
        )


def _open_registry() -> ModelRegistry:
    return MlflowRegistry(RegistrySettings.load())


def _console() -> Console:
    return Console(highlight=False, markup=False, emoji=False, soft_wrap=True)


def _database_url() -> str:
    return DatabaseSettings.load().database_url.get_secret_value()
