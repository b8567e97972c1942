"""The verbs `fraudstream backup` and `restore`; like the command line itself they import nothing heavy."""

from pathlib import Path
from typing import Annotated

import typer

copies = typer.Typer()


@copies.command("backup")
def backup(file: Annotated[Path, typer.Argument(help="A new file, which its owner alone may read.")]) -> None:
    """Copy the database, of one moment, into a file."""
    from fraudstream.backup.main import backup as run  # noqa: PLC0415

    typer.echo(run(file))


@copies.command("restore")
def restore(file: Annotated[Path, typer.Argument(help="What `fraudstream backup` wrote.")]) -> None:
    """Fill an empty database from such a file."""
    from fraudstream.backup.main import restore as run  # noqa: PLC0415

    typer.echo(run(file))
