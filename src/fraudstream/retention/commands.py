"""The verb `fraudstream retain`; like the command line itself it imports nothing heavy."""

from typing import Annotated

import typer

retention = typer.Typer()

DAY = 86_400.0


@retention.command("retain")
def retain(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would go.")] = False,
    json_only: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Delete again and again, until stopped.")] = False,
    every: Annotated[float, typer.Option(min=1, help="Seconds between two runs of --watch.")] = DAY,
) -> None:
    """Delete what was kept for as long as KEEP_... says."""
    from fraudstream.retention import main  # noqa: PLC0415

    if watch and (dry_run or json_only):
        raise typer.BadParameter("--watch deletes; leave it out to look")
    if watch:
        main.watch(every=every)
    else:
        typer.echo(main.retain(dry_run=dry_run, json_only=json_only))
