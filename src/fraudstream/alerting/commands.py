"""The verbs of `fraudstream breaker`; like the command line itself it imports nothing heavy."""

from typing import Annotated
from uuid import UUID

import typer

breaker = typer.Typer(help="Alerts that are held back because their hour is full.", no_args_is_help=True)


@breaker.command("status")
def status() -> None:
    """Show what is held and what this hour has left."""
    from fraudstream.alerting.main import hold_lines  # noqa: PLC0415

    for line in hold_lines():
        typer.echo(line)


@breaker.command("release")
def release(
    *,
    alert: Annotated[UUID | None, typer.Argument(help="Id of an alert, as `fraudstream alerts` shows it.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that are held.")] = False,
) -> None:
    """Publish held alerts now, whatever the hour has left."""
    from fraudstream.alerting.main import release as run  # noqa: PLC0415

    if (alert is None) != everything:
        raise typer.BadParameter("name one alert, or say --all")
    released = run(alert)
    if alert is not None and not released:
        typer.echo(f"alert {alert} is not held", err=True)
        raise typer.Exit(1)
    typer.echo(f"{released} released; the relay publishes them now")
