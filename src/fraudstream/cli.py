"""The command line: one verb for each arrow of the diagram, imports nothing heavy before a verb is chosen."""

import errno
import sys
from typing import Annotated

import typer

from fraudstream import __version__
from fraudstream.alerting.commands import breaker
from fraudstream.analyst.commands import analyst
from fraudstream.archive.commands import archive
from fraudstream.backup.commands import copies
from fraudstream.chaos.commands import chaos
from fraudstream.cloud.commands import aws_commands, doctor
from fraudstream.dashboard.commands import dashboard, tokens
from fraudstream.emr.commands import emr
from fraudstream.errors import ConfigurationError, FraudstreamError, TemporarilyUnavailable
from fraudstream.evaluation.commands import evaluation
from fraudstream.leaks.commands import leaks
from fraudstream.producer.commands import Customers, HistoryDays, Seed, producer
from fraudstream.projection.commands import projection
from fraudstream.provisioning.commands import provision
from fraudstream.quality.commands import quality
from fraudstream.retention.commands import retention
from fraudstream.rework.commands import quarantine, redrive
from fraudstream.sagemaker.commands import sagemaker
from fraudstream.sagemaker.training_job import with_job
from fraudstream.serving.commands import serving
from fraudstream.settings import training_variables
from fraudstream.training.commands import life_cycle
from fraudstream.training.train_command import trainer
from fraudstream.watching.commands import watching

app = typer.Typer(
    name="fraudstream",
    help="Real-time fraud detection whose every score can be proved. Start with `make demo`.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,  # rich would double the time that --help takes
)

NO_SPACE = {errno.ENOSPC, errno.EDQUOT}


@app.command()
def demo(
    *,
    seconds: Annotated[int | None, typer.Option(min=10, help="Length, counted from ready.")] = None,
    rate: Annotated[float, typer.Option(min=1, max=100_000, help="Payments a second.")] = 1_000,
    producer: Annotated[bool, typer.Option(help="Send simulated payments; without, bring your own client.")] = True,
    seed: Seed = 7,
    customers: Customers = 2_000,
    history_days: HistoryDays = 45,
) -> None:
    """Run the whole system live and draw up its balance."""
    from fraudstream.local.demo import run  # noqa: PLC0415
    from fraudstream.local.schedule import DemoPlan  # noqa: PLC0415

    plan = DemoPlan(
        seconds=seconds, rate=rate, producer=producer, seed=seed, customers=customers, history_days=history_days
    )
    raise typer.Exit(run(plan))


app.add_typer(producer)


@app.command()
def score(
    *,
    seconds: Annotated[float | None, typer.Option(min=1, help="Stop after so many seconds.")] = None,
    takeover: Annotated[bool, typer.Option("--takeover", help="End a running scorer and take its place.")] = False,
    standby: Annotated[
        bool, typer.Option("--standby", help="Get ready beside a running scorer, and take its place when it is gone.")
    ] = False,
) -> None:
    """Score payments with Spark until stopped."""
    from fraudstream.scoring.main import Start  # noqa: PLC0415
    from fraudstream.scoring.main import score as run  # noqa: PLC0415

    if takeover and standby:
        raise typer.BadParameter("give --takeover or --standby, not both")
    run(seconds=seconds, start=Start.TAKE_OVER if takeover else Start.STAND_BY if standby else Start.REFUSE)


app.add_typer(trainer)
app.add_typer(life_cycle)


@app.command("apply-labels")
def apply_labels() -> None:
    """Apply labels as they arrive, until stopped."""
    from fraudstream.feedback.main import apply_labels as run  # noqa: PLC0415

    run()


@app.command()
def relay() -> None:
    """Publish what was committed to be published, until stopped."""
    from fraudstream.alerting.main import relay as run  # noqa: PLC0415

    run()


@app.command("lambda-trigger")
def lambda_trigger() -> None:
    """Feed the alert Lambda as AWS would, until stopped."""
    from fraudstream.alerting.main import trigger as run  # noqa: PLC0415

    run()


@app.command()
def notify() -> None:
    """Deliver alerts on the channels of ALERT_CHANNELS, until stopped."""
    from fraudstream.alerting.channel_service import notify as run  # noqa: PLC0415

    run()


@app.command()
def inbox() -> None:
    """Record the notifications that arrive, until stopped."""
    from fraudstream.alerting.main import inbox as run  # noqa: PLC0415

    run()


@app.command()
def alerts(
    *,
    follow: Annotated[bool, typer.Option("--follow", help="Wait for new ones.")] = False,
    last: Annotated[int, typer.Option(min=0, help="How many of the latest to begin with.")] = 10,
) -> None:
    """Show alerts with their reasons."""
    from fraudstream.alerting.main import show_alerts  # noqa: PLC0415

    show_alerts(follow=follow, last=last)


@app.command()
def migrate() -> None:
    """Create or upgrade the database and the topics."""
    from fraudstream.provisioning.database import migrate_database  # noqa: PLC0415
    from fraudstream.provisioning.topics import provision_topics  # noqa: PLC0415

    typer.echo(migrate_database())
    typer.echo(provision_topics())


app.add_typer(provision, name="provision")
app.add_typer(analyst)
app.add_typer(serving)
app.add_typer(projection)
app.add_typer(emr, name="emr")
app.add_typer(sagemaker, name="sagemaker")
app.add_typer(dashboard)
app.add_typer(tokens, name="api-token")
app.add_typer(breaker, name="breaker")
app.add_typer(quarantine, name="quarantine")
app.add_typer(redrive, name="redrive")
app.add_typer(archive, name="archive")
app.add_typer(quality)
app.add_typer(retention)
app.add_typer(copies)
app.add_typer(leaks)
app.add_typer(evaluation)
app.add_typer(chaos)
app.add_typer(aws_commands, name="aws")
app.add_typer(doctor)
app.add_typer(watching)


@app.command()
def ready(
    *,
    place: Annotated[list[str] | None, typer.Option(help="NAME=ADDRESS=NOTE of something to open.")] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds to wait for the first alert.")] = 180.0,
    linger: Annotated[float, typer.Option(min=0, help="Seconds to stay afterwards.")] = 5.0,
) -> None:
    """Say where everything is, once an alert has arrived."""
    from fraudstream.provisioning.ready import announce  # noqa: PLC0415

    raise typer.Exit(announce(place or [], timeout=timeout, linger=linger))


@app.command()
def verify(
    *,
    json_only: Annotated[bool, typer.Option("--json", help="Print the one JSON line alone.")] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for what is still in flight.")] = 30.0,
    seed: Annotated[int, typer.Option(help="Seed of the choice of customers that are recomputed.")] = 0,
    parity: Annotated[bool, typer.Option("--parity", help="Recompute every customer, not a sample.")] = False,
) -> None:
    """Prove that nothing was lost, doubled or scored otherwise."""
    from fraudstream.verify.main import verify as run  # noqa: PLC0415

    raise typer.Exit(0 if run(seed=seed, wait_seconds=wait, json_only=json_only, parity=parity).holds else 1)


@app.command()
def reset(*, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Delete everything that the demo has stored here, after asking."""
    from fraudstream.local.reset import ask  # noqa: PLC0415
    from fraudstream.local.reset import reset as run  # noqa: PLC0415

    typer.echo(run((lambda _question: True) if yes else ask))


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line; an error of ours is one sentence on standard error, never a traceback.

    Exit status 2 says that it could not be done, as things are or because nobody answered, 1 that it did not succeed.
    """
    try:
        sys.argv[1:] = with_job(sys.argv[1:], training_variables())
        app()
    except (ConfigurationError, TemporarilyUnavailable) as error:
        typer.echo(f"fraudstream: {error}", err=True)
        sys.exit(2)
    except FraudstreamError as error:
        typer.echo(f"fraudstream: {error}", err=True)
        sys.exit(1)
    except OSError as error:
        if error.errno not in NO_SPACE:
            raise
        typer.echo(f"fraudstream: the disk is full ({error.filename or error.strerror}): free some space", err=True)
        sys.exit(1)
