"""The verbs of `fraudstream provision`; like the command line itself it imports nothing heavy."""

from pathlib import Path
from typing import Annotated

import typer

provision = typer.Typer(help="Prepare what the apps need; each step may be repeated.", no_args_is_help=True)


@provision.command("secrets")
def secrets(folder: Annotated[Path, typer.Argument(help="Where they are kept.", exists=True)]) -> None:
    """Make a random password for each database role and a token for the analyst's service, as files."""
    from fraudstream.provisioning.secret_files import write_secrets  # noqa: PLC0415
    from fraudstream.settings import AdministratorSettings  # noqa: PLC0415

    given = AdministratorSettings.load().postgres_password
    made = write_secrets(folder, administrator_password=given.get_secret_value() if given else None)
    typer.echo("secrets: made" if made else "secrets: there already")


@provision.command("database")
def database() -> None:
    """Make roles and databases, migrate, grant."""
    from fraudstream.provisioning.database import provision_database  # noqa: PLC0415

    for line in provision_database():
        typer.echo(line)


@provision.command("topics")
def topics() -> None:
    """Create the missing topics."""
    from fraudstream.provisioning.topics import provision_topics  # noqa: PLC0415

    typer.echo(provision_topics())


@provision.command("kafka-access")
def kafka_access(folder: Annotated[Path, typer.Argument(help="Where passwords are kept.", exists=True)]) -> None:
    """Give each process a name, a password and its rights in a broker with SCRAM."""
    from fraudstream.provisioning.kafka_access import provision_kafka_access  # noqa: PLC0415

    typer.echo(provision_kafka_access(folder))


@provision.command("aws")
def aws(
    *,
    bucket: Annotated[list[str] | None, typer.Option(help="A bucket that must exist, too.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Go on looking; an emulator forgets.")] = False,
) -> None:
    """Create topic, queue, table and buckets in the AWS of the environment."""
    from fraudstream.provisioning import aws_resources  # noqa: PLC0415

    if keep:
        aws_resources.keep_until_stopped(bucket or [])
    else:
        typer.echo(aws_resources.provision_aws(bucket or []))
