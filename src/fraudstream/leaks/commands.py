"""The verb `fraudstream find-card-numbers`; like the command line itself it imports nothing heavy."""

from pathlib import Path
from typing import Annotated

import typer

leaks = typer.Typer()


@leaks.command("find-card-numbers")
def find_card_numbers(
    files: Annotated[list[Path] | None, typer.Argument(help="Files or folders to look into, too.", exists=True)] = None,
    *,
    database: Annotated[bool, typer.Option(help="Look into the tables.")] = True,
    topics: Annotated[bool, typer.Option(help="Look into the topics that we write.")] = True,
    archive: Annotated[bool, typer.Option(help="Look into the archive, but not into its raw zone.")] = True,
) -> None:
    """Look for card numbers where there must be none."""
    from fraudstream.leaks.main import find_card_numbers as run  # noqa: PLC0415

    found = run(files or [], database=database, topics=topics, archive=archive)
    for line in found:
        typer.echo(line)
    typer.echo("no card number was found" if not found else f"card numbers in {len(found)} places", err=bool(found))
    raise typer.Exit(1 if found else 0)
