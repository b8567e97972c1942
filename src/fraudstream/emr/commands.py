"""The verbs of EMR Serverless; like the command line itself it imports nothing heavy."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from fraudstream.adapters.aws.job_runs import JobRuns
    from fraudstream.emr.job_run import JobRun

emr = typer.Typer(help="The scorer on EMR Serverless.", no_args_is_help=True)

RunId = Annotated[str | None, typer.Argument(metavar="RUN", help="Id of the run; every one that is at work if unset.")]
MISSING = 1


@emr.command()
def submit(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the request and send nothing.")] = False,
    preflight: Annotated[bool, typer.Option("--preflight", help="Examine image and cluster instead.")] = False,
) -> None:
    """Start the scorer; its settings are those of this environment."""
    request = _job_run().request(preflight=preflight)
    if dry_run:
        import json  # noqa: PLC0415

        typer.echo(json.dumps(request, indent=2))
        return
    typer.echo(_runs().start(request))


@emr.command()
def status(run: RunId = None) -> None:
    """Show where runs stand."""
    runs = _runs()
    states = runs.at_work() if run is None else [runs.state(run)]
    for state in states:
        typer.echo(str(state))
    if not states:
        typer.echo("no run is at work")


@emr.command()
def stop(run: RunId = None) -> None:
    """Ask runs to end; what they have not committed is read again by the next one."""
    runs = _runs()
    for run_id in [state.run_id for state in runs.at_work()] if run is None else [run]:
        runs.stop(run_id)
        typer.echo(f"{run_id} is asked to stop")


@emr.command()
def preflight() -> None:
    """Import and run once everything that the scorer needs, here, and say what is missing."""
    from fraudstream.emr.preflight import preflight as run  # noqa: PLC0415
    from fraudstream.settings import KafkaSettings, SaslMechanism, ScoringSettings, set_here  # noqa: PLC0415

    checks = run(
        in_a_bucket="://" in ScoringSettings.load().checkpoint_dir,
        by_iam=set_here(KafkaSettings).get("KAFKA_SASL_MECHANISM") == SaslMechanism.AWS_MSK_IAM,
    )
    for check in checks:
        typer.echo(str(check))
    if any(check.problem for check in checks):
        raise typer.Exit(MISSING)


def _job_run() -> "JobRun":
    from fraudstream.emr.job_run import JobRun  # noqa: PLC0415
    from fraudstream.service_settings import EmrSettings  # noqa: PLC0415
    from fraudstream.settings import (  # noqa: PLC0415
        DatabaseSettings,
        KafkaSettings,
        LogSettings,
        MetricsSettings,
        ScoringSettings,
        sdk_environment,
        set_here,
    )

    given = set_here(KafkaSettings, DatabaseSettings, ScoringSettings, LogSettings, MetricsSettings)
    own = {"SPARK_MASTER", "SPARK_JARS_DIR", "CHECKPOINT_DIR", "SPARK_DRIVER_MEMORY", "SPARK_EXECUTOR_MEMORY"}
    region = {name: value for name, value in sdk_environment().items() if name in {"AWS_REGION", "AWS_DEFAULT_REGION"}}
    KafkaSettings.load()
    return JobRun(EmrSettings.load(), {name: value for name, value in given.items() if name not in own} | region)


def _runs() -> "JobRuns":
    from fraudstream.adapters.aws.job_runs import JobRuns  # noqa: PLC0415
    from fraudstream.service_settings import EmrSettings  # noqa: PLC0415

    return JobRuns(EmrSettings.load().emr_application_id)
