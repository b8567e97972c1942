"""The verbs of `fraudstream archive`; like the command line itself it imports nothing heavy."""

from typing import Annotated

import typer

archive = typer.Typer(help="Raw records and scores in parquet on S3.", no_args_is_help=True)


@archive.command("run")
def run(*, once: Annotated[bool, typer.Option("--once", help="Archive what waits now, then end.")] = False) -> None:
    """Archive what is committed, until stopped."""
    from fraudstream.archive.main import run as go  # noqa: PLC0415

    if not go(once=once) and once:
        raise typer.Exit(1)


@archive.command("verify")
def verify(
    *, json_only: Annotated[bool, typer.Option("--json", help="Print the one JSON line alone.")] = False
) -> None:
    """Prove that everything archived is there, once, and as stored."""
    from fraudstream.archive.main import verify as go  # noqa: PLC0415

    raise typer.Exit(0 if go(json_only=json_only).holds else 1)


@archive.command("accept-gaps")
def accept_gaps() -> None:
    """Take note of raw records that the broker forgot."""
    from fraudstream.archive.main import accept_gaps as go  # noqa: PLC0415

    typer.echo(f"{go()} gaps accepted")
