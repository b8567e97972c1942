"""The verbs of a model's life; like the command line itself it imports nothing heavy."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from fraudstream.errors import ConfigurationError

if TYPE_CHECKING:
    from fraudstream.training.archive_days import ArchiveDays
    from fraudstream.training.gate import GateRules

life_cycle = typer.Typer()

Author = Annotated[str | None, typer.Option(help="Who decides, for the record; the login name if unset.")]
Version = Annotated[str | None, typer.Option(help="Registered version; the newest if unset.")]
Days = Annotated[float, typer.Option(min=0, help="Days of the payments' time after which outcomes count as known.")]
FromArchive = Annotated[
    bool, typer.Option("--from-archive", help="Scores in the archive, with the database's labels; not the city.")
]
FirstDay = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day of the archive to read.")
]
LastDay = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day of it.")]

DAY = 86_400.0
FEWEST_DAYS = 45
"""Days of a simulated history at the least."""
PASSES, STAYS, TOO_EARLY = 0, 4, 5
"""Exit codes of `gate`: the challenger is better; it is not, or must not be used; too little has matured."""


def archive_days(
    *, from_archive: bool, first: datetime | None, last: datetime | None, maturity: float
) -> "ArchiveDays | None":
    """The days of the archive that `train` is asked for; `maturity` is in days.

    Raises:
        ConfigurationError: days of the archive without the archive, or in the wrong order.
    """
    if not from_archive:
        if first is not None or last is not None:
            raise ConfigurationError("--from and --to are days of the archive; give --from-archive too, or neither")
        return None
    if first is not None and last is not None and first > last:
        raise ConfigurationError(f"--from {first.date()} is after --to {last.date()}; exchange them")
    from fraudstream.training.archive_days import ArchiveDays  # noqa: PLC0415

    return ArchiveDays(maturity * DAY, first and first.date(), last and last.date())


@life_cycle.command()
def promote(
    *,
    version: Version = None,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "promoted by hand",
    author: Author = None,
    gate: Annotated[bool, typer.Option("--gate", help="Only the version on trial, and only if it is better.")] = False,
    maturity: Days = 7.0,
) -> None:
    """Put a registered model to work at once."""
    if gate:
        from fraudstream.training.operate import promote_through_gate  # noqa: PLC0415

        deployment = promote_through_gate(version, _rules(maturity), reason=reason, author=author)
    else:
        from fraudstream.training.main import promote as run  # noqa: PLC0415

        deployment = run(version=version, reason=reason, author=author)
    typer.echo(f"version {deployment.model_version} is active (deployment {deployment.deployment_id})")


@life_cycle.command()
def shadow(
    *,
    version: Version = None,
    stop: Annotated[bool, typer.Option("--stop", help="End the trial that is running.")] = False,
    reason: Annotated[str, typer.Option(help="Why, for the record.")] = "by hand",
    author: Author = None,
) -> None:
    """Try a registered model beside the one at work."""
    from fraudstream.training import main  # noqa: PLC0415

    if stop:
        if version is not None:
            raise ConfigurationError("name a version to try, or --stop to end the trial that is running; not both")
        ended = main.stop_trial(reason=reason, author=author)
        typer.echo(f"the trial of version {ended.model_version} has ended")
    else:
        begun = main.begin_trial(version=version, reason=reason, author=author)
        typer.echo(f"version {begun.model_version} scores beside the one at work; `fraudstream gate` compares them")


@life_cycle.command()
def gate(
    *,
    promote: Annotated[bool, typer.Option("--promote", help="Do what it says: deploy it, or end its trial.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON instead of a table.")] = False,
    maturity: Days = 7.0,
    fewest_frauds: Annotated[int, typer.Option(min=1, help="Matured frauds without which nothing is decided.")] = 50,
    margin: Annotated[float, typer.Option(min=0, max=1, help="Least gain in average precision.")] = 0.01,
    author: Author = None,
) -> None:
    """Compare the model on trial with the one at work."""
    from fraudstream.training import operate  # noqa: PLC0415

    outcome = operate.gate(
        _rules(maturity, fewest_frauds=fewest_frauds, margin=margin), carry=promote, as_json=as_json, author=author
    )
    raise typer.Exit({"promote": PASSES, "wait": TOO_EARLY}.get(outcome, STAYS))


@life_cycle.command()
def rollback(
    *,
    to: Annotated[str | None, typer.Option(help="Version that was at work; the one before if unset.")] = None,
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    author: Author = None,
) -> None:
    """Put the model before back to work, with the next slice."""
    from fraudstream.training import operate  # noqa: PLC0415

    operate.rollback(to=to, reason=reason, author=author)


@life_cycle.command()
def models(
    *, last: Annotated[int, typer.Option(min=1, max=1_000, help="How many deployments and decisions.")] = 10
) -> None:
    """Show which models are at work and on trial, and why."""
    from fraudstream.training import operate  # noqa: PLC0415

    operate.show_models(most=last)


@life_cycle.command()
def retrain(
    *,
    watch: Annotated[
        bool, typer.Option("--watch/--once", help="One step after the other until stopped, or the one that is due.")
    ] = False,
    every: Annotated[float, typer.Option(min=0.01, help="Days of the payments' time between two trainings.")] = 7.0,
    maturity: Annotated[float, typer.Option(min=0.01, help="Days after which outcomes count as known.")] = 7.0,
    fewest_frauds: Annotated[int, typer.Option(min=1, help="New matured frauds without which it waits.")] = 50,
    drift: Annotated[bool, typer.Option(help="Train earlier where `fraudstream quality` has measured drift.")] = True,
    simulate: Annotated[bool, typer.Option(help="Train on the simulated city where the log has too little.")] = True,
    interval: Annotated[float, typer.Option(min=1, help="Seconds between two steps of --watch.")] = 60.0,
    seed: Annotated[int, typer.Option(help="Seed of the fit and of the simulated city.")] = 7,
    customers: Annotated[int, typer.Option(min=1, max=200_000, help="Simulated cardholders.")] = 2_000,
    start: Annotated[datetime | None, typer.Option(help="First simulated day.")] = None,
    author: Author = None,
) -> None:
    """Train, try and judge new models by itself, as their labels mature."""
    from fraudstream.training import retrain_main  # noqa: PLC0415
    from fraudstream.training.register import TrainingPlan  # noqa: PLC0415
    from fraudstream.training.retrain import RetrainRules  # noqa: PLC0415

    usual = RetrainRules()
    rules = RetrainRules(every * DAY, maturity * DAY, fewest_frauds, usual.psi if drift else None)
    begins = None if start is None else start.replace(tzinfo=start.tzinfo or UTC).timestamp()
    city = TrainingPlan(seed=seed, customers=customers, history_days=FEWEST_DAYS, start=begins) if simulate else None
    done = retrain_main.retrain(rules, city, seed=seed, interval=interval if watch else None, author=author)
    if done is not None:
        typer.echo(f"{done.step}: {done.reason}")


@life_cycle.command("rebuild-state")
def rebuild_state(*, version: Version = None) -> None:
    """Build a new feature catalogue's state by replay."""
    from fraudstream.training.renew import rebuild_state as run  # noqa: PLC0415

    reached = run(version=version)
    typer.echo(
        f"the state of catalogue version {reached.catalogue_version} is complete: {reached.rows:,} payments in "
        f"{reached.slices:,} slices, labels up to {reached.label_seq:,}; `fraudstream promote` switches to it"
    )


def _rules(maturity: float, *, fewest_frauds: int | None = None, margin: float | None = None) -> "GateRules":
    from fraudstream.training.gate import GateRules  # noqa: PLC0415

    usual = GateRules()
    return GateRules(
        maturity=maturity * DAY,
        fewest_frauds=usual.fewest_frauds if fewest_frauds is None else fewest_frauds,
        margin=usual.margin if margin is None else margin,
    )
