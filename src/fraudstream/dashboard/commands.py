"""The page's verbs of the command line."""

from typing import Annotated

import typer

dashboard = typer.Typer()


@dashboard.command("dashboard")
def serve() -> None:
    """Show the analyst's page, until stopped."""
    from fraudstream.dashboard.service import serve as run  # noqa: PLC0415

    run()


@dashboard.command("dashboard-secret")
def secret(
    name: Annotated[str, typer.Argument(help="Account; admin is made if it is not there.")] = "admin",
) -> None:
    """Print a new one-time secret for an account of the analyst's page."""
    from fraudstream.dashboard.service import new_secret  # noqa: PLC0415

    typer.echo(new_secret(name))
